/** How held-out interactions fall on rare and frequent items, for kith inspect. */
#ifndef KITH_DIAGNOSE_HELD_OUT_H
#define KITH_DIAGNOSE_HELD_OUT_H

#include "store/store.h"

enum { KITH_DEGREE_BUCKETS = 33 }; /**< degrees 0, 1, 2–3, 4–7, …, 2^31 and more */

/** Items of about one degree: of about one number of known interactions. */
typedef struct kith_degree_bucket {
  int64_t items, known, held; /**< items, and their known and their held-out interactions */
} kith_degree_bucket;

typedef struct kith_held_share {
  int n; /**< buckets up to the last one with an interaction */
  kith_degree_bucket bucket[KITH_DEGREE_BUCKETS];
  int64_t known, held; /**< sums over the buckets */
} kith_held_share;

/** Smallest degree of a bucket: 0, 1, 2, 4, …  Local. */
int64_t kith_degree_low(int bucket);

/**
 * Count the held-out interactions of a split by the degree of their items.  Local.
 *
 * @param d      a graph of users and items
 * @param test   true: of the test list, by degree among all other interactions: those of training and
 *               validation, and those outside of the core; false: of the validation list, by degree among
 *               the training interactions
 * Errors: KITH_ENOMEM.  Cost: linear in interactions and items.  Memory: 8 bytes per item.
 */
kith_status kith_held_share_measure(const kith_dataset *d, bool test, kith_held_share *out) KITH_MUST_USE;

/** Held-out over known interactions of a bucket; NAN where none are known.  Local. */
double kith_held_share_ratio(const kith_degree_bucket *b);
/** That ratio over the one of all items: the share of the held-out interactions over the share of the known
 * ones.  Local. */
double kith_held_share_lift(const kith_held_share *h, const kith_degree_bucket *b);

#endif
