/* By which law of the noise something is drawn. */
#ifndef KITH_SRC_SAMPLE_NOISE_H
#define KITH_SRC_SAMPLE_NOISE_H

#include "kith/sample.h"

/* Whether random bits draw in the batch. */
bool kith__noise_is_inbatch(const kith_noise *z, const kith_draw *r);

#endif
