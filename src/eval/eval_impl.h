/* Private to the room eval: the ring of item shards, top-K heaps, sums of metrics. */
#ifndef KITH_SRC_EVAL_H
#define KITH_SRC_EVAL_H

#include "eval/eval.h"
#include "eval/groups.h"
#include "eval/topk_heap.h"
#include "ops/scores.h"

/* ---- scope.c: which items are ranked for a user, and which held-out items count ---- */

enum { KITH__MOST_MASKS = 2 + KITH_MAX_RELATIONS }; /* training, validation, relations */

typedef struct kith__scope {
  uint8_t *trained; /* [items] cold candidates: 1 if an item has a training interaction; else null */
  int n_mask;
  const kith_ragged *mask[KITH__MOST_MASKS]; /* lists of the owned users whose items are not ranked */
  int n_list;
  kith_ragged list[KITH_MAX_RELATIONS]; /* storage of the masks that are relations */
  const kith_ragged *truth;             /* held-out items of the owned users that count; or null */
  kith_ragged counted;                  /* truth, where some held-out items do not count */
  int64_t n_left_out;                   /* owned users whose held-out items do not count */
} kith__scope;

/* Of the owned users: mask_valid as in kith_eval_topk(); held_out null: no ground truth.  Collective. */
kith_agreed kith__scope_make(const kith_comm *comm, const kith_graph *g, const kith_eval_scope *o,
                             bool mask_valid, const kith_ragged *held_out, kith__scope *out) KITH_MUST_USE;
void kith__scope_free(kith__scope *s);
/* Whether a list of the user masks the item.  Candidates are those of the ring. */
bool kith__scope_masks(const kith__scope *s, kith_lid user, int32_t item);

/* ---- ring.c: item shards circulate; every rank sees all of them, each in another order ---- */

/* The items of one rank, packed for kith_scores_tile() and padded with zeros to whole tiles. */
typedef struct kith_shard {
  kith_lid n; /* items */
  kith_lid n_padded;
  float *packed;     /* [n_padded, d] */
  int64_t *original; /* [n] original item numbers */
} kith_shard;

typedef struct kith_ring kith_ring;

/* Of all items, or of those that `trained` [items] does not mark. */
kith_agreed kith__ring_create(const kith_comm *comm, const kith_graph *g, int d, const float *x,
                              const uint8_t *trained, kith_ring **out) KITH_MUST_USE;
/* Bytes of a ring of shards of at most `most` items. */
int64_t kith__ring_bytes(int size, int64_t most, int d);
void kith__ring_destroy(kith_ring **ring);
/* Next shard, valid until the following call; null after the last. It is forwarded meanwhile: call
 * kith__ring_progress() between tiles. */
const kith_shard *kith__ring_next(kith_ring *ring);
void kith__ring_progress(kith_ring *ring);

/* ---- pair_terms.c: terms of listed pairs, which are added to a tile of scores ---- */

/* A listed pair of a user of a tile with an item of a shard. */
typedef struct kith__pair {
  int32_t column, user;
  float value;
} kith__pair;

typedef struct kith__addends {
  const kith_pair_terms *terms; /* null: there are none */
  int32_t *column;              /* [items] of an item in the shard; -1: it is in another one */
  int64_t most;                 /* pairs of a tile */
  kith__pair *pair;             /* [threads, most] */
} kith__addends;

/* Empty without terms.  Local. */
kith_status kith__addend_make(const kith_graph *g, const kith_pair_terms *terms,
                              kith__addends *out) KITH_MUST_USE;
void kith__addend_free(kith__addends *p);
/* Look for items in another shard from now on. */
void kith__addend_locate(const kith__addends *p, const kith_shard *s);
/* This thread's list; null without terms. */
kith__pair *kith__addend_begin(const kith__addends *p);
/* Append the pairs of an owned user with items of the shard, as user `at` of a tile; returns how many. */
int64_t kith__addend_list(const kith__addends *p, kith_lid user, int32_t at, kith__pair *out);
/* By column, then user. */
void kith__addend_sort(int64_t n, kith__pair *pair);
/* What the score of an owned user with an item grows by. */
float kith__addend_one(const kith_pair_terms *terms, kith_lid user, int32_t item);

/* ---- metrics.c ---- */

typedef struct kith__group_sums kith__group_sums;

/* Exact sums of every metric over users, at every cutoff. */
typedef struct kith__metric_sums {
  kith__group_sums *groups; /* the same by group; null: not wanted */
  int64_t n_user, n_user_short, n_user_left_out;
  int64_t n_scored, n_fetched; /* of this rank, sampled-N: scores computed, rows that came from other ranks */
  kith_exact_sum recall[KITH_MAX_CUTOFFS], ndcg[KITH_MAX_CUTOFFS], hit_rate[KITH_MAX_CUTOFFS],
      precision[KITH_MAX_CUTOFFS], mrr[KITH_MAX_CUTOFFS];
} kith__metric_sums;

/* Add one user: item [n] best first (-1 ends it), truth [n_truth] ascending. */
void kith__metric_sums_add(kith__metric_sums *t, const kith_eval_options *o, int n, const int32_t *item,
                           int64_t n_truth, const int32_t *truth);
/* Means over all users of all ranks.  Collective. */
void kith__metric_sums_reduce(const kith_comm *comm, kith__metric_sums *t, const kith_eval_options *o,
                              kith_metrics *out);

/* ---- groups.c ---- */

struct kith__group_sums {
  kith_groups *out;    /* the groups, and counts of their pairs */
  uint8_t *item_group; /* [items] */
  kith__metric_sums user[KITH_GROUPS];
};

/* Cut users with truth, and items, into groups.  Collective; s null: nothing. */
kith_agreed kith__group_sums_make(const kith_comm *comm, const kith_graph *g, const kith_ragged *truth,
                                  kith__group_sums *s) KITH_MUST_USE;
void kith__group_sums_free(kith__group_sums *s);
/* kith__metric_sums_add() of user u of g->train, also to groups. */
void kith__metric_sums_add_user(kith__metric_sums *t, const kith_eval_options *o, const kith_graph *g,
                                kith_lid u, int n, const int32_t *item, int64_t n_truth,
                                const int32_t *truth);
/* The figures of the groups of all ranks.  Collective; s null: nothing. */
void kith__group_sums_reduce(const kith_comm *comm, kith__group_sums *s, const kith_eval_options *o);

/* ---- candidates.c: negatives of the sampled-N protocol ---- */

/* Number of items that an owned user has not interacted with, in any split. */
int64_t kith__candidates_available(const kith_graph *g, kith_lid u);
/* Size of the bit set `taken`: one bit per item, in words of 64 bits. */
int64_t kith__candidates_words(const kith_graph *g);
/*
 * Draw n <= kith__candidates_available() distinct items that the user has not interacted with into e [n],
 * unsorted. Local; overwrites `taken`. Cost: O(interactions + n), at most O(items).
 */
void kith__candidates_draw(const kith_graph *g, uint64_t seed, kith_lid u, int64_t n, uint64_t *taken,
                           kith_scored_item *e);

/* ---- topk.c ---- */

/* Full ranking: users with held-out items are ranked once, at the largest cutoff, where there is time.
 * Collective.  Errors: those of kith_eval_topk(). */
kith_agreed kith__eval_full(const kith_comm *comm, const kith_graph *g, int d, const float *x,
                            const kith_eval_options *o, kith__metric_sums *t) KITH_MUST_USE;

/* ---- sampled.c ---- */

enum { KITH__SAMPLED_BLOCK = 1 << 22 }; /* candidates in memory, 16 bytes each */

/* Evaluate by the sampled-N protocol, in blocks of users with at most `block` candidates, or of one user. */
kith_agreed kith__eval_sampled(const kith_comm *comm, const kith_graph *g, int d, const float *x,
                               const kith_eval_options *o, int64_t block, kith__metric_sums *t) KITH_MUST_USE;

/* KITH_EINTERRUPT if o->should_stop() is true on any rank; else the result of o->poll. `o` may be null.
 * Collective. */
kith_agreed kith__eval_poll(const kith_comm *comm, const kith_eval_options *o) KITH_MUST_USE;

/* List the owned users with held-out items; all owned users if truth is null. */
kith_status kith__eval_users(const kith_graph *g, const kith_ragged *truth, kith_lid *n,
                             kith_lid **user) KITH_MUST_USE;

#endif
