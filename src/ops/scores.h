/**
 * Scores: the kernel of ranking.  One tile of users times one tile of items, then a scan for scores above a
 * threshold.
 *
 * Every score has the bits of kith_panel_product(): they do not depend on the user's or item's position, so
 * ranking gives the same digits on any number of ranks.
 */
#ifndef KITH_OPS_SCORES_H
#define KITH_OPS_SCORES_H

#include <stdint.h>

#include "ops/panel.h"

enum {
  KITH_SCORE_USERS = 96, /**< users in a tile */
  KITH_SCORE_ITEMS = 256 /**< items in a tile */
};

/**
 * Pack rows for kith_scores_tile(): panels of KITH_PANEL items, column-major within a panel.
 *
 * @param n       rows of x
 * @param n_padded a multiple of KITH_SCORE_ITEMS, at least n; padded with zeros
 * @param[out] packed  [n_padded, d]
 */
void kith_scores_pack(int64_t n, int64_t n_padded, int d, const float *x, float *packed);

/** score [KITH_SCORE_USERS, KITH_SCORE_ITEMS] = users [KITH_SCORE_USERS, d] times packed items
 * [KITH_SCORE_ITEMS, d]. */
void kith_scores_tile(int d, const float *users, const float *packed, float *score);

/** One score with the same bits: user [d] times item [d], which is not packed. */
float kith_scores_one(int d, const float *user, const float *item);

/**
 * Indices of the scores [n] that are at least `threshold`, ascending.
 *
 * @param[out] index  [n]
 * @return how many
 */
int kith_scores_above(int n, const float *score, float threshold, int32_t *index);

#endif
