/* Scores of a tile, and the scan that lets nearly all of them go. */
#include "kith/scores.h"

enum { SCORES_GROUP = 32 };

/*
 * The tile has one shape, a multiple of every register block, so the BLAS sums each product over d in the same order
 * wherever a user or an item stands: the same bits for any number of ranks or threads on one kind of machine.
 */
void kith_scores_tile(int d, const float *users, const float *items, float *score) {
  kith_gemm_nt(KITH_SCORE_USERS, KITH_SCORE_ITEMS, d, 1, users, items, score);
}

/* Whole groups are passed over with one comparison each, since a full top-K lets few scores in. */
KITH_KERNEL int kith_scores_above(int n, const float *score, float threshold, int32_t *place) {
  int found = 0, j = 0;
  for (; j + SCORES_GROUP <= n; j += SCORES_GROUP) {
    int any = 0;
    for (int k = 0; k < SCORES_GROUP; k++) any |= score[j + k] >= threshold;
    if (!any) continue;
    for (int k = 0; k < SCORES_GROUP; k++)
      if (score[j + k] >= threshold) place[found++] = j + k;
  }
  for (; j < n; j++)
    if (score[j] >= threshold) place[found++] = j;
  return found;
}
