/* The edges that a step predicts, which its blocks exclude: their positions in this rank's rows. */
#ifndef KITH_SRC_SAMPLE_EXCLUDED_EDGES_H
#define KITH_SRC_SAMPLE_EXCLUDED_EDGES_H

#include "sample/sampler_method.h"

/* An edge has two ends.  The ends in a row are a linked list; most rows have none, which head[] tells in one
 * read. */
typedef struct sample_excluded_edges {
  const kith_graph *g;
  const kith_dist_csr *a;
  const sample_relation_rows *by_relation;
  kith_gid first_gid; /* first global id of this rank */
  kith_lid n;         /* ends in this rank's rows */
  kith_lid *head;     /* [n_own] 1 + the first end in a row's list; 0: none */
  kith_lid *next;     /* [2 max] 1 + the next end in the list; 0: none */
  kith_lid *row;      /* [2 max] row of an end … */
  int64_t *other;     /* [2 max] … kith_node_key() of the other end … */
  int32_t *position;  /* [2 max] … and its position among interactions; -1: no neighbor */
  int64_t *sorted;    /* [2 max] sorted positions of the queried row */
} sample_excluded_edges;

/* Allocate for up to `max_edges` excluded edges a step.  Local; on failure the caller frees *t. */
kith_status kith__excluded_edges_make(const sample_context *s, kith_lid max_edges,
                                      sample_excluded_edges *t) KITH_MUST_USE;
void kith__excluded_edges_free(sample_excluded_edges *t);
/* Replace the excluded edges.  Local; allocates nothing. */
void kith__excluded_edges_set(sample_excluded_edges *t, int64_t n, const kith_pair *pair);
/* Exclude a row's edges from a query.  Local; q->excluded is valid until the next call. */
void kith__excluded_edges_apply(sample_excluded_edges *t, sample_query *q);
static inline bool kith__excluded_edges_has(const sample_excluded_edges *t, kith_lid row) {
  return t->head[row] > 0;
}

#endif
