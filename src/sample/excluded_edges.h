/* The edges that a step predicts, which its blocks exclude: their positions in this rank's rows. */
#ifndef KITH_SRC_SAMPLE_EXCLUDED_EDGES_H
#define KITH_SRC_SAMPLE_EXCLUDED_EDGES_H

#include "sample/sampler_method.h"

/* An edge has two ends.  The excluded positions of a row lie together; most rows have none, which head[]
 * tells in one read. */
typedef struct sample_excluded_edges {
  const kith_graph *g;
  const kith_dist_csr *a;
  const sample_relation_rows *by_relation;
  kith_gid first_gid;   /* first global id of this rank */
  int64_t stride;       /* above every position */
  kith_lid n;           /* ends in this rank's rows */
  kith_lid *head;       /* [n_own] 1 + where the row's positions begin in position[]; 0: it has none */
  kith_lid *row;        /* [2 max] row of an end … */
  int64_t *other;       /* [2 max] … and kith_node_key() of the other end */
  kith_key_value *sort; /* [4 max] row * stride + position of each end, to be sorted; workspace */
  int64_t *position;    /* [2 max] positions among the interactions, row by row, ascending … */
  kith_lid *count;      /* [2 max] … and at the first one of a row, how many the row has */
} sample_excluded_edges;

/* Allocate for up to `max_edges` excluded edges a step.  Local; on failure the caller frees *t. */
kith_status kith__excluded_edges_make(const sample_context *s, kith_lid max_edges,
                                      sample_excluded_edges *t) KITH_MUST_USE;
void kith__excluded_edges_free(sample_excluded_edges *t);
/* Replace the excluded edges.  Local; allocates nothing. */
void kith__excluded_edges_set(sample_excluded_edges *t, int64_t n, const kith_pair *pair);
/* Exclude a row's edges from a query.  Local, any thread. */
static inline void kith__excluded_edges_apply(const sample_excluded_edges *t, sample_query *q) {
  kith_lid head = t->head[q->row];
  if (head == 0) return;
  q->excluded = t->position + head - 1;
  q->n_excluded = t->count[head - 1];
  q->n_eligible -= q->n_excluded;
}

#endif
