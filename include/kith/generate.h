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

kith_generate_options kith_generate_defaults(void);

/**
 * Write `interactions` (lines user<TAB>item<TAB>time) and `social` (user<TAB>user; skipped when the path is
 * "") to text files, atomically.  Local.  Memory O(users + items + communities), whatever the number of
 * interactions. Errors: KITH_ECONFIG (impossible numbers), KITH_EOUTPUT, KITH_EIO, KITH_ENOMEM.
 */
kith_status kith_generate(const kith_generate_options *o, const char *interactions,
                          const char *social) KITH_MUST_USE;

/**
 * Write what the same world's users, or items, are like: lines id<TAB>tag tag …, atomically.  Most of a
 * node's tags tell its tastes, or where it belongs; one tells nothing.  Local.  Memory and errors as above.
 */
kith_status kith_generate_features(const kith_generate_options *o, bool items,
                                   const char *path) KITH_MUST_USE;

#endif
