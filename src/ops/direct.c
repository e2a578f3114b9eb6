/*
 * The sparse product of the direct term, for one tile of users.
 *
 * Most users have no item in common with any of sixteen users of a tile.  Their vectors are not stored but
 * stand for one vector of zeros: adding it changes no sum, and the vectors that are read fit the second-level
 * cache, whose bandwidth is the limit.
 */
#include "ops/direct.h"

#include <string.h>

enum { DIRECT_PANEL = 16, DIRECT_AHEAD = 8 };

_Static_assert(KITH_SCORE_USERS % KITH_DIRECT_LANES == 0, "a tile is so many vectors wide");

typedef float direct_lanes
    __attribute__((vector_size(KITH_DIRECT_LANES * sizeof(float)), aligned(4), may_alias));

float *kith_direct_reach_at(kith_direct_reach *r, int64_t v, int u) {
  int32_t *slot = &r->slot[v * KITH_DIRECT_VECTORS + u / KITH_DIRECT_LANES];
  if (*slot == 0) {
    *slot = ++r->n;
    memset(r->vector + (size_t)r->n * KITH_DIRECT_LANES, 0, KITH_DIRECT_LANES * sizeof *r->vector);
  }
  return r->vector + (size_t)*slot * KITH_DIRECT_LANES + u % KITH_DIRECT_LANES;
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

/* Items in panels, so that their sums are in the first-level cache when they are transposed. */
KITH_KERNEL void kith_direct_tile(const kith_direct_lists *l, int n, const int64_t *item,
                                  const kith_direct_reach *reach, float *score) {
  float sum[DIRECT_PANEL * KITH_SCORE_USERS], factor[DIRECT_PANEL];
  for (int first = 0; first < n; first += DIRECT_PANEL) {
    int n_panel = n - first < DIRECT_PANEL ? n - first : DIRECT_PANEL;
    for (int j = 0; j < n_panel; j++) {
      int64_t i = item[first + j];
      direct_sum(l->start[i + 1] - l->start[i], l->user + l->start[i], reach, sum + j * KITH_SCORE_USERS);
      factor[j] = l->factor[i];
    }
    for (int u = 0; u < KITH_SCORE_USERS; u++) {
      float *row = score + u * KITH_SCORE_ITEMS + first;
      for (int j = 0; j < n_panel; j++) row[j] += factor[j] * sum[j * KITH_SCORE_USERS + u];
    }
  }
}

float kith_direct_one(const kith_direct_lists *l, int64_t item, const float *reach, float score) {
  float sum = 0;
  for (kith_eid e = l->start[item]; e < l->start[item + 1]; e++) sum += reach[l->user[e]];
  return score + l->factor[item] * sum;
}
