/**
 * Generate: a synthetic social recommendation graph, seeded, streamed.
 */
#ifndef KITH_GENERATE_H
#define KITH_GENERATE_H

#include "kith/base.h"

typedef struct kith_generate_options {
  int64_t users, items, interactions;
  int64_t friends; /**< friendships in the whole graph */
  double noise;    /**< share of interactions outside the user's tastes, 0 … 1 */
  uint64_t seed;
  int communities; /**< latent taste communities */
  bool names;      /**< ids are readable names ("user-00017"), else integers from 0 */
} kith_generate_options;

KITH_API kith_generate_options kith_generate_defaults(void);

/**
 * Write `interactions` (lines user<TAB>item<TAB>time) and `social` (user<TAB>user; skipped when the path is
 * "") to text files, atomically.  Local.  Memory O(users + items + communities), whatever the number of
 * interactions. Errors: KITH_ECONFIG (impossible numbers), KITH_EOUTPUT, KITH_EIO, KITH_ENOMEM.
 */
KITH_API kith_status kith_generate(const kith_generate_options *o, const char *interactions,
                                   const char *social) KITH_MUST_USE;

#endif
