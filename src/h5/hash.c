/*
 * An additive hash: threads and ranks hash the parts of a block that they hold, at any offset, and the sum of
 * these hashes is the hash of the block.
 *
 * Bytes are 32-bit little-endian words in groups of 256.  Within a group, word i is multiplied by weight[i],
 * and the group's sum by a factor of its own; all are odd and mixed.  So flipped bits and exchanged words,
 * sectors or pages are detected.  Zeros add nothing; a block's checksum therefore starts with a hash of its
 * dataset and index (seal.c).  Cost: one multiplication and addition per word, i.e. memory bandwidth.
 *
 * Files of version 2 multiply word i by 2 i + 1 and start at 0.
 */
#include <string.h>

#include "base/order.h"
#include "h5/hash.h"

enum { HASH_WORD = 4, HASH_GROUP = 256 };

uint64_t kith__hash_combine(uint64_t sum, uint64_t next) {
  return kith_mix(kith_mix(sum + 0x9e3779b97f4a7c15u) ^ next);
}

static void hash_weights(uint32_t weight[HASH_GROUP]) {
  for (uint64_t i = 0; i < HASH_GROUP; i++) weight[i] = (uint32_t)kith_mix(i + 1) | 1;
}

static uint64_t hash_group_weight(int64_t group) { return kith_mix(~(uint64_t)group) | 1; }

/* n words of one group, from index `first`. */
static uint64_t hash_words(const uint32_t *weight, int64_t first, int64_t n, const unsigned char *x) {
  uint64_t sum = 0;
  for (int64_t i = 0; i < n; i++) {
    uint32_t word;
    memcpy(&word, x + HASH_WORD * i, sizeof word);
    sum += (uint64_t)word * weight[first + i];
  }
  return sum;
}

/* Part of one word, at the beginning or end of a piece. */
static uint64_t hash_partial_word(const uint32_t *weight, int64_t first, int64_t n, const unsigned char *x) {
  uint64_t word = 0;
  for (int64_t i = 0; i < n; i++) word |= (uint64_t)x[i] << (8 * ((first + i) % HASH_WORD));
  return word * weight[first / HASH_WORD % HASH_GROUP];
}

uint64_t kith__hash_bytes(int64_t first, int64_t n, const void *bytes) {
  const unsigned char *x = bytes;
  uint32_t weight[HASH_GROUP];
  uint64_t sum = 0;
  hash_weights(weight);
  for (int64_t at = first, end = first + n, to; at < end; x += to - at, at = to) {
    int64_t group = at / (HASH_WORD * HASH_GROUP), odd = at % HASH_WORD;
    to = (group + 1) * HASH_WORD * HASH_GROUP;
    if (to > end) to = end;
    uint64_t here = 0;
    if (odd > 0 || to - at < HASH_WORD) {
      if (to > at - odd + HASH_WORD) to = at - odd + HASH_WORD;
      here = hash_partial_word(weight, at, to - at, x);
    } else {
      int64_t words = (to - at) / HASH_WORD;
      to = at + words * HASH_WORD;
      here = hash_words(weight, at / HASH_WORD % HASH_GROUP, words, x);
    }
    sum += here * hash_group_weight(group);
  }
  return sum;
}

uint64_t kith__hash_bytes_v2(int64_t n, const void *bytes) {
  const unsigned char *x = bytes;
  uint64_t sum = 0;
  uint32_t weight = 1;
  for (int64_t i = 0; i + HASH_WORD <= n; i += HASH_WORD, weight += 2) {
    uint32_t word;
    memcpy(&word, x + i, sizeof word);
    sum += (uint64_t)word * weight;
  }
  return sum;
}
