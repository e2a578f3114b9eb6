/**
 * Direct term: the kernel that adds a sparse product of users with users to a tile of scores.
 *
 * Each score is one chain of additions over the users of its item, in the order of the list, and one
 * multiply-add that is not fused.  Its bits do not depend on the user's or item's position.
 */
#ifndef KITH_OPS_DIRECT_H
#define KITH_OPS_DIRECT_H

#include <string.h>

#include "ops/scores.h"

enum {
  KITH_DIRECT_LANES = 16, /**< users of a tile whose numbers lie together */
  KITH_DIRECT_VECTORS = KITH_SCORE_USERS / KITH_DIRECT_LANES
};

/** For each item the users who read it, and the factor of their sum: item i has the users
 * user[start[i]] … user[start[i + 1] - 1]. */
typedef struct kith_direct_lists {
  kith_eid *start; /**< [n_item + 1] */
  int32_t *user;   /**< [start[n_item]] */
  float *factor;   /**< [n_item] */
} kith_direct_lists;

/**
 * A matrix [users in all, KITH_SCORE_USERS] without the vectors that are zero: columns u of row v are lane u
 * % KITH_DIRECT_LANES of the vector slot[v, u / KITH_DIRECT_LANES].
 */
typedef struct kith_direct_reach {
  int32_t *slot; /**< [users in all, KITH_DIRECT_VECTORS]; 0: the vector is zero */
  float *vector; /**< [1 + users in all * KITH_DIRECT_VECTORS, KITH_DIRECT_LANES]; the first one is zero */
  int32_t n;     /**< vectors beside the first one */
} kith_direct_reach;

/** The number of row v and column u; zero, if it was not there.  Local. */
static inline float *kith_direct_reach_at(kith_direct_reach *r, int64_t v, int u) {
  int32_t *slot = &r->slot[v * KITH_DIRECT_VECTORS + u / KITH_DIRECT_LANES];
  if (*slot == 0) {
    *slot = ++r->n;
    memset(r->vector + (size_t)r->n * KITH_DIRECT_LANES, 0, KITH_DIRECT_LANES * sizeof *r->vector);
  }
  return r->vector + (size_t)*slot * KITH_DIRECT_LANES + u % KITH_DIRECT_LANES;
}

/**
 * score[u, j] += factor of item[j] times the sum of reach[v, u] over the users v of item[j].
 *
 * @param n      items, at most KITH_SCORE_ITEMS
 * @param item   [n] numbers of the items
 * @param[in,out] score  [KITH_SCORE_USERS, KITH_SCORE_ITEMS] of kith_scores_tile()
 */
void kith_direct_tile(const kith_direct_lists *l, int n, const int64_t *item, const kith_direct_reach *reach,
                      float *score);

/** The same for one score, with the same bits: reach [users in all]. */
float kith_direct_one(const kith_direct_lists *l, int64_t item, const float *reach, float score);

#endif
