/* Inside the rank room: item shards that circulate, and lists that keep the best. */
#ifndef KITH_SRC_EVAL_H
#define KITH_SRC_EVAL_H

#include "kith/eval.h"
#include "kith/scores.h"

/* ---- ring.c: every rank sees every shard of items, in an order of its own ---- */

/* The items of one rank, as they travel: packed for kith_scores_tile(), padded with zeros to whole tiles. */
typedef struct kith_shard {
  kith_lid n; /* items */
  kith_lid n_padded;
  float *packed;     /* [n_padded, d] */
  int64_t *original; /* [n] original item numbers */
} kith_shard;

typedef struct kith_ring kith_ring;

kith_agreed kith__ring_create(const kith_comm *comm, const kith_graph *g, int d, const float *x,
                              kith_ring **out) KITH_MUST_USE;
void kith__ring_destroy(kith_ring **ring);
/* The shard that is here now; null when all have been.  Starts passing it on; call poke while working on it.
 */
const kith_shard *kith__ring_next(kith_ring *ring);
void kith__ring_progress(kith_ring *ring);

/* ---- keep.c: the K best so far ---- */

typedef struct kith_scored_item {
  float score;
  int32_t item;
} kith_scored_item;

/* Whether a stands before b: the higher score, then the smaller item number. */
static inline bool kith__scored_item_before(kith_scored_item a, kith_scored_item b) {
  return a.score > b.score || (a.score == b.score && a.item < b.item);
}

/* A heap [k] of the best entries, the worst of them on top. */
typedef struct kith_topk_heap {
  int n, k;
  kith_scored_item *entry;
} kith_topk_heap;

/* What an entry must beat: the worst kept score, or minus infinity while there is room. */
float kith__topk_heap_threshold(const kith_topk_heap *heap);
void kith__topk_heap_push(kith_topk_heap *heap, kith_scored_item e);
/* Sort the heap, best first. */
void kith__topk_heap_sort(kith_topk_heap *heap);

/* ---- measure.c ---- */

/* Sums over users of every metric at every cut-off. */
typedef struct kith__metric_sums {
  int64_t n_user, n_user_short;
  kith_exact_sum recall[KITH_MAX_CUTOFFS], ndcg[KITH_MAX_CUTOFFS], hit_rate[KITH_MAX_CUTOFFS],
      precision[KITH_MAX_CUTOFFS], mrr[KITH_MAX_CUTOFFS];
} kith__metric_sums;

/* Add one user: item [n] best first (-1 ends it), truth [n_truth] ascending. */
void kith__metric_sums_add(kith__metric_sums *t, const kith_eval_options *o, int n, const int32_t *item,
                           int64_t n_truth, const int32_t *truth);
/* Means over all users of all ranks.  Collective. */
void kith__metric_sums_reduce(const kith_comm *comm, kith__metric_sums *t, const kith_eval_options *o,
                              kith_metrics *out);

/* ---- protocol.c: the candidates of sampled-N ---- */

/* How many items an owned user has met in none of the three lists. */
int64_t kith__candidates_available(const kith_graph *g, kith_lid u);
/* Words of `taken` that a draw needs: a bit for every item. */
int64_t kith__candidates_words(const kith_graph *g);
/*
 * Draw n distinct items that the user has not met, at most kith__candidates_available(), into the items of e
 * [n], in no order. Local; `taken` [words] is overwritten; O(items met + n) and at most O(items).
 */
void kith__candidates_draw(const kith_graph *g, uint64_t seed, kith_lid u, int64_t n, uint64_t *taken,
                           kith_scored_item *e);

/* ---- sampled.c ---- */

enum { KITH__SAMPLED_BLOCK = 1 << 22 }; /* candidates that are held at once, 8 bytes each */

/* Users come in blocks of at most `block` candidates, unless one alone has more. */
kith_agreed kith__eval_sampled(const kith_comm *comm, const kith_graph *g, int d, const float *x,
                               const kith_eval_options *o, int64_t block, kith__metric_sums *t) KITH_MUST_USE;

/* KITH_EINTERRUPT on all ranks if o->should_stop is true on any of them; else what o->poll gives.  Null:
 * nothing. Collective. */
kith_agreed kith__eval_poll(const kith_comm *comm, const kith_eval_options *o) KITH_MUST_USE;

/* The owned users that have held-out items (all owned users when truth is null): user [n]. */
kith_status kith__eval_users(const kith_graph *g, const kith_ragged *truth, kith_lid *n,
                             kith_lid **user) KITH_MUST_USE;

#endif
