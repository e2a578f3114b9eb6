/* Exact draws among the items that a user does not know, for users of whom rejection finds too few. */
#ifndef KITH_SRC_SAMPLE_COMPLEMENT_H
#define KITH_SRC_SAMPLE_COMPLEMENT_H

#include "kith/sample.h"

/**
 * The item that random bits draw from the noise without the training items of `user`: bits[1] choose the
 * component of the mixture, bits[0] the item.  In-batch draws are of the pairs in `others` whose items the
 * user does not know, where nothing else is drawn in an order that bits[2] and bits[3] give; where `others`
 * is null, or has no such pair and the other components have no item either, of all training pairs. The user
 * must not be saturated (kith_saturated_users_create()).  Local; O(log items), with in-batch draws at most
 * O(pairs of the step).
 */
int32_t kith__complement_draw(const kith_negative_distribution *z, const kith_ragged *train, kith_lid user,
                              const kith_inbatch_pairs *inbatch, const kith_draw *r);

#endif
