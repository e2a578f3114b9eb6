/* Private to the room blend: what items consist of, their features or their neighbors in a relation, on every
 * rank. */
#ifndef KITH_SRC_BLEND_CONTENT_H
#define KITH_SRC_BLEND_CONTENT_H

#include "blend/evidence_impl.h"

/* The same on every rank and in every cut. */
typedef struct kith__content {
  int64_t n_item, n_column;
  kith_eid *start; /* [n_item + 1] by original number */
  int32_t *column; /* [start[n_item]] ascending within an item, each once: feature, or node of any type */
  float *value; /* [start[n_item]] of the feature; of an edge its weight, or 1, summed over several edges */
} kith__content;

/* Of relation r, whatever its direction; r = -1: the features of items.  Collective.  Errors: KITH_ENOMEM. */
kith_agreed kith__content_gather(const kith_comm *comm, const kith_graph *g, int r,
                                 kith__content *out) KITH_MUST_USE;
/* Keep the columns that are items, renumbered as these, without loops.  Local. */
void kith__content_keep_items(const kith_graph *g, kith__content *c);
void kith__content_free(kith__content *c); /* Local. */

/* A sparse vector: value [n], of which the `touched` elements [n_touched] may be other than 0. */
typedef struct kith__sparse {
  int64_t n_touched;
  double *value;
  int32_t *touched;
  uint8_t *is_touched;
} kith__sparse;

kith_status kith__sparse_make(int64_t n, kith__sparse *out) KITH_MUST_USE; /* Local.  Errors: KITH_ENOMEM. */
void kith__sparse_free(kith__sparse *s);
void kith__sparse_clear(kith__sparse *s);
static inline void kith__sparse_add(kith__sparse *s, int32_t at, double value) {
  if (!s->is_touched[at]) s->touched[s->n_touched++] = at;
  s->is_touched[at] = 1;
  s->value[at] += value;
}

#endif
