/*
 * The sparse product of the direct term, for one tile of users.
 *
 * Rows of `reach` are as wide as a tile, so that each user of an item costs six vectors of sixteen that are
 * added: the limit is the second-level or shared cache, from which the rows come in no order.
 */
#include "ops/direct.h"

enum {
  DIRECT_PANEL = 16,
  DIRECT_AHEAD = 8,
  DIRECT_LANES = 16,
  DIRECT_VECTORS = KITH_SCORE_USERS / DIRECT_LANES
};

_Static_assert(KITH_SCORE_USERS % DIRECT_LANES == 0, "a tile is so many vectors wide");

typedef float direct_lanes __attribute__((vector_size(DIRECT_LANES * sizeof(float)), aligned(4), may_alias));

/* sum [KITH_SCORE_USERS] = the rows of a list of users, added in its order. */
KITH_INLINE void direct_sum(kith_eid n, const int32_t *user, const float *reach, float *sum) {
  direct_lanes total[DIRECT_VECTORS] = {{0}}, *to = (direct_lanes *)(void *)sum;
  for (kith_eid e = 0; e < n; e++) {
    const float *row = reach + (size_t)user[e] * KITH_SCORE_USERS;
    const direct_lanes *of = (const direct_lanes *)(const void *)row;
    if (e + DIRECT_AHEAD < n)
      kith_prefetch_row(KITH_SCORE_USERS, reach + (size_t)user[e + DIRECT_AHEAD] * KITH_SCORE_USERS);
#pragma GCC unroll 6
    for (int k = 0; k < DIRECT_VECTORS; k++) total[k] += of[k];
  }
#pragma GCC unroll 6
  for (int k = 0; k < DIRECT_VECTORS; k++) to[k] = total[k];
}

/* Items in panels, so that their sums are in the first-level cache when they are transposed. */
KITH_KERNEL void kith_direct_tile(const kith_direct_lists *l, int n, const int64_t *item, const float *reach,
                                  float *score) {
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
