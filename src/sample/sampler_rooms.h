/* Rooms of a sampler: what a step can need at most. */
#ifndef KITH_SRC_SAMPLE_SAMPLER_ROOMS_H
#define KITH_SRC_SAMPLE_SAMPLER_ROOMS_H

#include "sample/sampler.h"

/* The most rows of a step that begins with so many seed nodes on this rank.  Local. */
int64_t kith__sampler_reach(const kith_sampler_sizes *z, int64_t n_seed);

#endif
