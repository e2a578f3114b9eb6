/* Sums of bytes that add up in any order, and numbers mixed one after the other. */
#ifndef KITH_SRC_H5_HASH_H
#define KITH_SRC_H5_HASH_H

#include <stdint.h>

/** A number with its bits mixed (the finisher of SplitMix64).  Local. */
uint64_t kith__hash_mix(uint64_t x);
/** `next` mixed into what was mixed so far: the order counts.  Local. */
uint64_t kith__hash_combine(uint64_t sum, uint64_t next);
/** The sum of n bytes of which the first is number `first` of its block.  Local. */
uint64_t kith__hash_bytes(int64_t first, int64_t n, const void *bytes);
/** The sum of a whole block in files of version 2.  Local. */
uint64_t kith__hash_bytes_v2(int64_t n, const void *bytes);

#endif
