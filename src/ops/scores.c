/* Scores of a tile, and the scan that rejects nearly all of them. */
#include "ops/scores.h"

enum { SCORES_GROUP = 32 };

_Static_assert(KITH_SCORE_USERS % KITH_PANEL_ROWS == 0 && KITH_SCORE_ITEMS % KITH_PANEL == 0,
               "tiles are whole");

void kith_scores_pack(int64_t n, int64_t n_padded, int d, const float *x, float *packed) {
#pragma omp parallel for schedule(static)
  for (int64_t p = 0; p < n_padded; p += KITH_PANEL) {
    int64_t left = p < n ? n - p : 0;
    kith_strided items = {x + (left > 0 ? p * d : 0), 1, (size_t)d};
    kith_panel_pack((int)(left < KITH_PANEL ? left : KITH_PANEL), d, items, packed + p * d);
  }
}

void kith_scores_tile(int d, const float *users, const float *packed, float *score) {
  kith_strided a = {users, (size_t)d, 1};
  kith_panel_output o = {.ld = KITH_SCORE_ITEMS, .scale = 1};
  for (int j = 0; j < KITH_SCORE_ITEMS; j += KITH_PANEL)
    kith_panel_product(KITH_SCORE_USERS, d, a, packed + (size_t)j * (size_t)d, o, score + j);
}

/* A group without a hit costs one comparison: few scores enter a full top-K heap.  A group with hits is read
 * without branches, which would be mispredicted. */
KITH_KERNEL int kith_scores_above(int n, const float *score, float threshold, int32_t *index) {
  int found = 0, j = 0;
  for (; j + SCORES_GROUP <= n; j += SCORES_GROUP) {
    int any = 0;
    for (int k = 0; k < SCORES_GROUP; k++) any |= score[j + k] >= threshold;
    if (!any) continue;
    for (int k = 0; k < SCORES_GROUP; k++) {
      index[found] = j + k;
      found += score[j + k] >= threshold;
    }
  }
  for (; j < n; j++)
    if (score[j] >= threshold) index[found++] = j;
  return found;
}
