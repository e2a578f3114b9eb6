/* The pairs that a step learns from, which its hops leave out: where they stand in the rows of this rank. */
#ifndef KITH_SRC_SAMPLE_EXCLUDED_EDGES_H
#define KITH_SRC_SAMPLE_EXCLUDED_EDGES_H

#include "sample/sampler_method.h"

/* A row's targets are a chain, found in one look, since nearly every row that is asked about has none. */
typedef struct sample_excluded_edges {
  const kith_graph *g;
  const kith_dist_csr *a;
  kith_gid first_gid; /* first number of this rank */
  kith_lid n;         /* ends that this rank owns */
  kith_lid *head;     /* [n_own] 1 + a row's last end, 0: it has none */
  kith_lid *next;     /* [2 most] 1 + the end before it in the same row, 0: it is the first */
  kith_lid *row;      /* [2 most] where an end is … */
  int64_t *other;     /* [2 most] … kith_node_key() of the other one … */
  int32_t *position;  /* [2 most] … and its place in the row; -1: it is no neighbor */
  int64_t *sorted;    /* [2 most] of the row that is being asked about */
} sample_excluded_edges;

/* Room for steps of up to `most` targets.  Local; what is made stays in *t, also on failure. */
kith_status kith__excluded_edges_make(const sample_context *s, kith_lid most,
                                      sample_excluded_edges *t) KITH_MUST_USE;
void kith__excluded_edges_free(sample_excluded_edges *t);
/* These instead of those before.  Local; allocates nothing. */
void kith__excluded_edges_set(sample_excluded_edges *t, int64_t n, const kith_pair *pair);
/* Leave the targets of a row that has some out of what may be drawn; what is said of them holds until the
 * next question.  Local. */
void kith__excluded_edges_apply(sample_excluded_edges *t, sample_query *q);
static inline bool kith__excluded_edges_has(const sample_excluded_edges *t, kith_lid row) {
  return t->head[row] > 0;
}

#endif
