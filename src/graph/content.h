/**
 * What the nodes of a type consist of, their features or their neighbors in a relation, on every rank, so
 * that any two of them can be compared; and sparse vectors.
 */
#ifndef KITH_GRAPH_CONTENT_H
#define KITH_GRAPH_CONTENT_H

#include "kith/comm.h"
#include "kith/graph.h"

/** The same on every rank and in every cut. */
typedef struct kith__content {
  int64_t n_row, n_column;
  kith_eid *start; /**< [n_row + 1] by original number */
  int32_t *column; /**< [start[n_row]] ascending within a row, each once: feature, or node of any type */
  float *value; /**< [start[n_row]] of the feature; of an edge its weight, or 1, summed over several edges */
} kith__content;

/** Of users or items (`type`) in relation r, whatever its direction; r = -1: their features.  Collective.
 * Errors: KITH_ENOMEM. */
kith_agreed kith__content_gather(const kith_comm *comm, const kith_graph *g, int type, int r,
                                 kith__content *out) KITH_MUST_USE;
/** Keep the columns that are items, renumbered as these, without loops.  Local. */
void kith__content_keep_items(const kith_graph *g, kith__content *c);
void kith__content_free_entries(kith__content *c); /**< Columns and values; the counts stay.  Local. */
void kith__content_free(kith__content *c);         /**< Local. */

/** n_of [n_column] += the rows that have each column.  Local. */
void kith__content_count(const kith__content *c, int64_t *n_of);
/**
 * tf-idf (Salton and Buckley, Inf. Process. Manage. 1988): w_ic = v_ic log(n / n_c)^power.  Local.
 *
 * @param n_of         [n_column] n_c, of kith__content_count()
 * @param[out] weight  [start[n_row]] w
 * @param[out] length  [n_row] |w_i|
 */
void kith__content_weigh(const kith__content *c, double power, const int64_t *n_of, double *weight,
                         double *length);

/** A sparse vector: value [n], of which the `touched` elements [n_touched] may be other than 0. */
typedef struct kith__sparse {
  int64_t n_touched;
  double *value;
  int32_t *touched;
  uint8_t *is_touched;
} kith__sparse;

kith_status kith__sparse_make(int64_t n,
                              kith__sparse *out) KITH_MUST_USE; /**< Local.  Errors: KITH_ENOMEM. */
void kith__sparse_free(kith__sparse *s);
void kith__sparse_clear(kith__sparse *s);
static inline void kith__sparse_add(kith__sparse *s, int32_t at, double value) {
  if (!s->is_touched[at]) s->touched[s->n_touched++] = at;
  s->is_touched[at] = 1;
  s->value[at] += value;
}

#endif
