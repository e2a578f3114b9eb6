/* Private to ingest: which list an interaction is dealt to, and the core. */
#ifndef KITH_INGEST_SPLIT_H
#define KITH_INGEST_SPLIT_H

#include "ingest/lists.h"

/** Marks of interactions. */
enum { KITH__TRAIN = 0, KITH__VALID = 1, KITH__TEST = 2, KITH__OUTSIDE = 3 };

/**
 * Mark the interactions outside of the k-core: the largest set of interactions in which each user and each
 * item has k or more.  Local.
 *
 * @param rows      distinct interactions, a row per user
 * @param[out] mark [entries] KITH__OUTSIDE, or left as it is within the core
 * @param[out] report  core_users … outside_pairs
 * Errors: KITH_EDATA (the core is empty), KITH_ENOMEM.  Cost: linear in interactions.  Memory: 4 bytes per
 * interaction, 24 per user and item.
 */
kith_status kith__core(const kith_ragged *rows, int k, uint8_t *mark,
                       kith_split_report *report) KITH_MUST_USE;

#endif
