/* Private to generate: n things dealt to many, few of whom get much. */
#ifndef KITH_GENERATE_SPREAD_H
#define KITH_GENERATE_SPREAD_H

#include "base/base.h"

/**
 * Deal `total` things to `n` takers by weights of a Pareto law (exponent 3/2), none getting more than about
 * `most`. The shares follow from (seed, use, taker) and add up exactly.  Local.  total <= n * most.
 */
kith_status kith__spread_deal(uint64_t seed, kith_rng_stream use, int64_t n, int64_t total, int64_t most,
                              int32_t *share) KITH_MUST_USE;

#endif
