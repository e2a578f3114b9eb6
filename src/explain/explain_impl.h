/* Private to explain: the explainer, and a batch of queries. */
#ifndef KITH_EXPLAIN_IMPL_H
#define KITH_EXPLAIN_IMPL_H

#include "explain/explain.h"
#include "ops/panel.h"
#include "train/inference.h"

enum { BATCH = KITH_PANEL /* queries at once: one panel */ };

struct kith_explainer {
  const kith_comm *comm;
  const kith_graph *g;
  const kith_run *run;
  kith_inference inference;
  kith_lid *row_of[KITH_SIDES];     /* the local row of each user and item; -1: of another rank */
  int term[1 + KITH_MAX_RELATIONS]; /* the relation of each term of the merged matrix */
  int d, layers;
  double weight[KITH_EXPLAIN_HOPS + 1]; /* w of each layer */
  const float *final;                   /* [n_own, d] exported rows */
  const float *x;                       /* [n_own, d] input rows */
  float *all;                           /* [n_own, d] R(0) */
  float *rest;                          /* [n_own + n_ghost, d] R(1), ghosts filled; without layers unused */
  bool has_negative;                    /* whether any rank's matrix has a negative entry */
};

/* At most BATCH queries.  The same on every rank. */
typedef struct kith__batch {
  int n;
  const kith_explain_query *query;
  float *target; /* [BATCH, d] F_i, less that of the other item */
} kith__batch;

/* The node of a key of kith_node_key(). */
void kith__explain_node(int64_t key, int *type, int64_t *original);
/* Entry e, at position p of the matrix, as an edge; `nth` counts the entries of its term before it.  Local.
 */
kith_explain_edge kith__explain_edge(const kith_explainer *e, kith_lid p, kith_eid entry, kith_eid nth);
/* The term of an entry.  Local. */
static inline int kith__explain_term(const kith_explainer *e, kith_eid entry) {
  const kith_merged_relations *m = e->inference.a->merged;
  return m ? m->of[entry] : 0;
}

/* Fill sums [n] and reason [n, n_reason] for the queries whose users this rank owns; the others stay. */
kith_status kith__explain_reasons(const kith_explainer *e, const kith__batch *b, int n_reason,
                                  kith_explain_sums *sums, kith_explain_reason *reason) KITH_MUST_USE;

/* What paths end with. */
typedef enum kith__walk_end {
  WALK_END_ANYWHERE, /* at v after m entries: w_m <x_v, F_i> */
  WALK_END_AT_ITEM   /* at the item: 1; elsewhere 0 */
} kith__walk_end;

/* walk [n, most] of the batch, the same on every rank.  Collective. */
kith_agreed kith__explain_walks(kith_explainer *e, const kith__batch *b, kith__walk_end end, int most,
                                kith_explain_walk *walk) KITH_MUST_USE;

#endif
