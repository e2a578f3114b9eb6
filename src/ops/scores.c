/*
 * Scores of a tile, and the scan that rejects nearly all of them.
 *
 * Six users times a panel of sixteen items are summed in registers: twelve vectors of eight, one chain of
 * fused multiply-adds each, which is what hides the latency of the multiply-add.
 */
#include "ops/scores.h"

enum { SCORES_GROUP = 32, SCORES_TOGETHER = 6 };

_Static_assert(KITH_SCORE_USERS % SCORES_TOGETHER == 0 && KITH_SCORE_ITEMS % KITH_SCORE_PANEL == 0,
               "tiles are whole");

void kith_scores_pack(int64_t n, int64_t n_padded, int d, const float *x, float *packed) {
#pragma omp parallel for schedule(static)
  for (int64_t p = 0; p < n_padded; p += KITH_SCORE_PANEL)
    for (int j = 0; j < KITH_SCORE_PANEL; j++)
      for (int k = 0; k < d; k++)
        packed[p * d + (int64_t)k * KITH_SCORE_PANEL + j] = p + j < n ? x[(p + j) * d + k] : 0;
}

/* Half a panel; the compiler splits it into vectors of the instruction set. */
typedef float scores_half
    __attribute__((vector_size(KITH_SCORE_PANEL / 2 * sizeof(float)), aligned(4), may_alias));

/* SCORES_TOGETHER users times one panel.  Only this file is compiled with contraction, so that s += w * p is
 * fused. */
KITH_INLINE void scores_panel(int d, const float *users, const float *panel, float *score) {
  scores_half left[SCORES_TOGETHER] = {{0}}, right[SCORES_TOGETHER] = {{0}};
  for (int k = 0; k < d; k++) {
    const scores_half *p = (const scores_half *)(const void *)(panel + (size_t)k * KITH_SCORE_PANEL);
    scores_half p0 = p[0], p1 = p[1];
#pragma GCC unroll 6
    for (int u = 0; u < SCORES_TOGETHER; u++) {
      float w = users[(size_t)u * (size_t)d + (size_t)k];
      left[u] += w * p0;
      right[u] += w * p1;
    }
  }
#pragma GCC unroll 6
  for (int u = 0; u < SCORES_TOGETHER; u++) {
    scores_half *to = (scores_half *)(void *)(score + (size_t)u * KITH_SCORE_ITEMS);
    to[0] = left[u];
    to[1] = right[u];
  }
}

KITH_KERNEL void kith_scores_tile(int d, const float *users, const float *packed, float *score) {
  for (int j = 0; j < KITH_SCORE_ITEMS; j += KITH_SCORE_PANEL)
    for (int u = 0; u < KITH_SCORE_USERS; u += SCORES_TOGETHER)
      scores_panel(d, users + (size_t)u * (size_t)d, packed + (size_t)j * (size_t)d,
                   score + (size_t)u * KITH_SCORE_ITEMS + j);
}

KITH_KERNEL float kith_scores_one(int d, const float *user, const float *packed, int64_t i) {
  const float *panel = packed + i / KITH_SCORE_PANEL * KITH_SCORE_PANEL * d + i % KITH_SCORE_PANEL;
  float sum = 0;
  for (int k = 0; k < d; k++) sum += user[k] * panel[(size_t)k * KITH_SCORE_PANEL];
  return sum;
}

/* A group without a hit costs one comparison: few scores enter a full top-K heap. */
KITH_KERNEL int kith_scores_above(int n, const float *score, float threshold, int32_t *index) {
  int found = 0, j = 0;
  for (; j + SCORES_GROUP <= n; j += SCORES_GROUP) {
    int any = 0;
    for (int k = 0; k < SCORES_GROUP; k++) any |= score[j + k] >= threshold;
    if (!any) continue;
    for (int k = 0; k < SCORES_GROUP; k++)
      if (score[j + k] >= threshold) index[found++] = j + k;
  }
  for (; j < n; j++)
    if (score[j] >= threshold) index[found++] = j;
  return found;
}
