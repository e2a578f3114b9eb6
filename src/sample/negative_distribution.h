/* By which law of the noise something is drawn. */
#ifndef KITH_SRC_SAMPLE_NEGATIVE_DISTRIBUTION_H
#define KITH_SRC_SAMPLE_NEGATIVE_DISTRIBUTION_H

#include "kith/sample.h"

/* Whether random bits draw in the batch. */
bool kith__negative_distribution_is_inbatch(const kith_negative_distribution *z, const kith_draw *r);
/* The share of draws that are uniform; 0 where it is no more than rounding. */
double kith__negative_distribution_uniform_share(const kith_negative_distribution *z);
/* Of n items the one with cdf[i] <= at < cdf[i + 1]. */
int32_t kith__cdf_find(int64_t n, const int64_t *cdf, int64_t at);

#endif
