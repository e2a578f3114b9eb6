/* An additive hash of bytes, for checksums, and an ordered hash of numbers. */
#ifndef KITH_SRC_H5_HASH_H
#define KITH_SRC_H5_HASH_H

#include <stdint.h>

/** Hash of the sequence hashed so far, followed by `next`.  Local. */
uint64_t kith__hash_combine(uint64_t sum, uint64_t next);
/** Hash of n bytes that begin at offset `first` of their block; hashes of disjoint parts add up.  Local. */
uint64_t kith__hash_bytes(int64_t first, int64_t n, const void *bytes);
/** Hash of a whole block in files of version 2.  Local. */
uint64_t kith__hash_bytes_v2(int64_t n, const void *bytes);

#endif
