/* By which law of the noise something is drawn. */
#ifndef KITH_SRC_SAMPLE_NOISE_H
#define KITH_SRC_SAMPLE_NOISE_H

#include "kith/sample.h"

/* Whether random bits draw in the batch. */
bool kith__noise_is_inbatch(const kith_noise *z, const kith_draw *r);
/* The share of draws that are uniform; 0 where it is no more than rounding. */
double kith__noise_uniform(const kith_noise *z);
/* Of n items the one with below[i] <= at < below[i + 1]. */
int32_t kith__noise_find(int64_t n, const int64_t *below, int64_t at);

#endif
