/* Exact draws from the negative distribution given that the user has no interaction with the item: the
 * fallback where rejection sampling fails. */
#ifndef KITH_SRC_SAMPLE_COMPLEMENT_H
#define KITH_SRC_SAMPLE_COMPLEMENT_H

#include "sample/sample.h"

/**
 * Draw an item from the complement of the user's training items; returns its original id.
 *
 * Local.  O(log items); with in-batch draws at most O(pairs of the step).
 *
 * In-batch draws are made among the pairs in `inbatch` whose items are in the complement.  If there are none,
 * and the other components have no such item either, or if `inbatch` is NULL, they are made among all
 * training edges.
 *
 * @param user  not saturated (kith_saturated_users_create())
 * @param r     bits[1] choose the component of the mixture, bits[0] the item; bits[2] and bits[3] key the
 * search for a pair if the in-batch component is the only one
 */
int32_t kith__complement_draw(const kith_negative_distribution *z, const kith_ragged *train, kith_lid user,
                              const kith_inbatch_pairs *inbatch, const kith_draw *r);

#endif
