/*
 * The sparse product of the direct term, for one tile of users.
 *
 * Most users have no item in common with any of sixteen users of a tile.  Their vectors are not stored but
 * stand for one vector of zeros: adding it changes no sum, and the vectors that are read fit the second-level
 * cache, whose bandwidth is the limit.
 */
#include "ops/direct.h"
#include "ops/four.h"

enum {
  DIRECT_PANEL = 16, /* items whose sums are transposed together */
  DIRECT_AHEAD = 8,  /* users of a list whose slots are prefetched, … */
  DIRECT_NEXT = 4,   /* … and items whose lists are, … */
  DIRECT_LINES = 4   /* … so many cache lines of each */
};

_Static_assert(KITH_SCORE_ITEMS % DIRECT_PANEL == 0, "a tile is so many panels wide");
_Static_assert(KITH_SCORE_USERS % KITH_DIRECT_LANES == 0, "a tile is so many vectors wide");

typedef float direct_lanes
    __attribute__((vector_size(KITH_DIRECT_LANES * sizeof(float)), aligned(4), may_alias));
/* The list of an item that is summed soon: lists of a shard's items lie in no order. */
KITH_INLINE void direct_prefetch(const kith_direct_lists *l, int64_t item) {
  const int32_t *user = l->user + l->start[item], *end = l->user + l->start[item + 1];
  for (int line = 0; line < DIRECT_LINES && user < end; line++, user += 16) __builtin_prefetch(user);
}

/* sum [KITH_SCORE_USERS] = the rows of a list of users, added in its order. */
KITH_INLINE void direct_sum(kith_eid n, const int32_t *user, const kith_direct_reach *r, float *sum) {
  direct_lanes total[KITH_DIRECT_VECTORS] = {{0}}, *to = (direct_lanes *)(void *)sum;
  const direct_lanes *vector = (const direct_lanes *)(const void *)r->vector;
  for (kith_eid e = 0; e < n; e++) {
    const int32_t *slot = r->slot + (size_t)user[e] * KITH_DIRECT_VECTORS;
    if (e + DIRECT_AHEAD < n)
      __builtin_prefetch(r->slot + (size_t)user[e + DIRECT_AHEAD] * KITH_DIRECT_VECTORS);
#pragma GCC unroll 6
    for (int k = 0; k < KITH_DIRECT_VECTORS; k++) total[k] += vector[slot[k]];
  }
#pragma GCC unroll 6
  for (int k = 0; k < KITH_DIRECT_VECTORS; k++) to[k] = total[k];
}

/* Scores of four users and four items grow by the items' factors times their sums. */
KITH_INLINE void direct_add_four(const float *sum, const float *factor, float *score) {
  kith_four c[4];
  for (int j = 0; j < 4; j++) c[j] = *(const kith_four *)(const void *)(sum + j * KITH_SCORE_USERS);
  kith_four_transpose(c);
  for (int u = 0; u < 4; u++)
    *(kith_four *)(void *)(score + u * KITH_SCORE_ITEMS) += *(const kith_four *)(const void *)factor * c[u];
}

/* The scores of a panel of items, whose sums are in the first-level cache. */
KITH_INLINE void direct_add(const float *sum, const float *factor, float *score) {
  for (int u = 0; u < KITH_SCORE_USERS; u += 4)
    for (int j = 0; j < DIRECT_PANEL; j += 4)
      direct_add_four(sum + j * KITH_SCORE_USERS + u, factor + j, score + u * KITH_SCORE_ITEMS + j);
}

KITH_KERNEL void kith_direct_tile(const kith_direct_lists *l, int n, const int64_t *item,
                                  const kith_direct_reach *reach, float *score) {
  float sum[DIRECT_PANEL * KITH_SCORE_USERS], factor[DIRECT_PANEL];
  for (int first = 0; first < n; first += DIRECT_PANEL) {
    int n_panel = n - first < DIRECT_PANEL ? n - first : DIRECT_PANEL;
    for (int j = 0; j < n_panel; j++) {
      int64_t i = item[first + j];
      if (first + j + DIRECT_NEXT < n) direct_prefetch(l, item[first + j + DIRECT_NEXT]);
      direct_sum(l->start[i + 1] - l->start[i], l->user + l->start[i], reach, sum + j * KITH_SCORE_USERS);
      factor[j] = l->factor[i];
    }
    for (int j = n_panel; j < DIRECT_PANEL; j++) { /* columns of the tile without an item */
      direct_sum(0, l->user, reach, sum + j * KITH_SCORE_USERS);
      factor[j] = 0;
    }
    direct_add(sum, factor, score + first);
  }
}

float kith_direct_one(const kith_direct_lists *l, int64_t item, const float *reach, float score) {
  float sum = 0;
  for (kith_eid e = l->start[item]; e < l->start[item + 1]; e++) sum += reach[l->user[e]];
  return score + l->factor[item] * sum;
}
