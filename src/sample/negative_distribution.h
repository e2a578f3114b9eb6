/* Components of the negative distribution. */
#ifndef KITH_SRC_SAMPLE_NEGATIVE_DISTRIBUTION_H
#define KITH_SRC_SAMPLE_NEGATIVE_DISTRIBUTION_H

#include "sample/sample.h"

/* Whether random bits choose the in-batch component. */
bool kith__negative_distribution_is_inbatch(const kith_negative_distribution *z, const kith_draw *r);
/* Share of the uniform component; 0 if it is only rounding error. */
double kith__negative_distribution_uniform_share(const kith_negative_distribution *z);
/* The item i with cdf[i] <= at < cdf[i + 1]: binary search. */
int32_t kith__cdf_find(int64_t n, const int64_t *cdf, int64_t at);

#endif
