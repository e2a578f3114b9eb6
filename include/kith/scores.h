/**
 * Scores: the kernel of ranking.  One tile of users against one tile of items, then a scan for what beats a
 * threshold.
 *
 * Every score is one chain of multiply-adds over the columns in their order, fused where the CPU can (every
 * one since 2013), so its bits do not depend on where a user or an item stands: ranking gives the same digits
 * for any number of ranks.  (A BLAS does not promise that: its kernels for the middle and the edge of a
 * matrix round differently.)
 */
#ifndef KITH_SCORES_H
#define KITH_SCORES_H

#include <stdint.h>

#include "kith/ops.h"

enum {
  KITH_SCORE_USERS = 48,  /**< users in a tile */
  KITH_SCORE_ITEMS = 512, /**< items in a tile */
  KITH_SCORE_PANEL = 16   /**< items that stand together in packed form */
};

/**
 * Pack rows for kith_scores_tile(): panels of KITH_SCORE_PANEL items, column by column within a panel.
 *
 * @param n       rows of x
 * @param n_padded a multiple of KITH_SCORE_ITEMS, at least n; what stands behind the last row is zero
 * @param[out] packed  [n_padded, d]
 */
void kith_scores_pack(int64_t n, int64_t n_padded, int d, const float *x, float *packed);

/** score [KITH_SCORE_USERS, KITH_SCORE_ITEMS] = users [KITH_SCORE_USERS, d] times packed items
 * [KITH_SCORE_ITEMS, d]. */
void kith_scores_tile(int d, const float *users, const float *packed, float *score);

/** One score with the same bits: user [d] times item `i` of packed rows. */
float kith_scores_one(int d, const float *user, const float *packed, int64_t i);

/**
 * Places of score[0 … n - 1] that are at least `threshold`, ascending.
 *
 * @param[out] place  [n]
 * @return how many
 */
int kith_scores_above(int n, const float *score, float threshold, int32_t *place);

#endif
