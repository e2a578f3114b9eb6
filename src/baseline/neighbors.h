/* Private to baseline: the items most similar to each item. */
#ifndef KITH_BASELINE_NEIGHBORS_H
#define KITH_BASELINE_NEIGHBORS_H

#include "baseline/baseline.h"

/* All training interactions, on every rank, by original numbers. */
typedef struct kith__pairs {
  kith_ragged items, users; /* of each user, of each item */
} kith__pairs;

/* Collective.  Errors: KITH_ENOMEM; *out is freed by the caller, then too. */
kith_agreed kith__pairs_gather(const kith_comm *comm, const kith_graph *g, kith__pairs *out) KITH_MUST_USE;
void kith__pairs_free(kith__pairs *p);

/* Neighbors of each item, the most similar first; and the entries that scores are sums of. */
typedef struct kith__neighbors {
  int64_t n_item;
  int k;         /* allocated for each item */
  int32_t *item; /* [n_item, k] number + 1; 0: there is none */
  float *weight; /* [n_item, k] similarity */
  kith_eid
      *start; /* [n_item + 1] item j of a user adds to the scores of of[start[j]] … of[start[j + 1] - 1] … */
  int32_t *of;
  float *by;   /* … what is here */
  float *base; /* [n_item] what an item's score begins with; null: 0 */
} kith__neighbors;

/*
 * The k items j of the largest s(i, j) for each item i, of equals the smaller numbers, the same on every
 * rank: of items with users in common, s(i, j) = sum of w_v^2 over the users v of both / (|w_i| |w_j| +
 * shrink), w_v = 1 or log(items / items of v), where |w_i| is the length of item i's vector of them; or,
 * conditional, s(i, j) = users of both / (users of i * (users of j)^power).
 *
 * Ranks and threads share the items.  Collective.  Errors: KITH_ENOMEM; *out is freed by the caller, then
 * too.
 *
 * @param s  similarity, shrink and power
 */
kith_agreed kith__neighbors_make(const kith_comm *comm, const kith__pairs *p, const kith_baseline_settings *s,
                                 int k, kith__neighbors *out) KITH_MUST_USE;
void kith__neighbors_free(kith__neighbors *n);
/*
 * Take the s->neighbors nearest of each item, at most those that were found, for kith__neighbors_score(): an
 * item's score is the sum of s(i, j) over the user's items j that are neighbors of i, divided by the sum of
 * all its neighbors with s->normalize; or, conditional, of s(j, i) over those that i is a neighbor of. Local.
 * Errors: KITH_ENOMEM.
 */
kith_status kith__neighbors_take(kith__neighbors *n, const kith_baseline_settings *s) KITH_MUST_USE;
/* Behind kith__neighbors_take(), of any similarity but the conditional one: a user's entries count less the
 * mean of each item j, m_j = users of j / users, and what an item has itself on average is added: the score
 * of i begins with m_i less the sum of s(i, j) m_j over its neighbors.  Local.  Errors: KITH_ENOMEM. */
kith_status kith__neighbors_center(kith__neighbors *n, const kith__pairs *p) KITH_MUST_USE;
/* Of a kith_item_scorer. */
void kith__neighbors_score(const void *neighbors, int64_t n, const int32_t *item, float *score);

int64_t kith__neighbors_bytes(int64_t n_user, int64_t n_item, kith_eid n_edge, int k);

#endif
