/**
 * Scores: the kernel of ranking.  One tile of users against one tile of items, then a scan for what beats a threshold.
 */
#ifndef KITH_SCORES_H
#define KITH_SCORES_H

#include <stdint.h>

#include "kith/ops.h"

/** The one shape of a tile: always computed whole, so that every inner product is summed in the same order. */
enum { KITH_SCORE_USERS = 64, KITH_SCORE_ITEMS = 512 };

/**
 * score [KITH_SCORE_USERS, KITH_SCORE_ITEMS] = users [KITH_SCORE_USERS, d] items' [KITH_SCORE_ITEMS, d].
 * Called by one thread inside a parallel region.
 */
void kith_scores_tile(int d, const float *users, const float *items, float *score);

/**
 * Places of score[0 … n - 1] that are at least `threshold`, ascending.
 *
 * @param[out] place  [n]
 * @return how many
 */
int kith_scores_above(int n, const float *score, float threshold, int32_t *place);

#endif
