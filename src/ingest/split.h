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

/** The earliest time from which on there are at most share * n of n times, rounded.  Equal times are not
 * split: those that would exceed the share are before it.  INT64_MAX: from no time on.  time [n], n > 0.
 * Local. */
int64_t kith__time_cut(int64_t n, const int64_t *time, double share);
/** Move the marked entries of `train` to `valid` and `test`; marks are compacted.  Local.  Errors:
 * KITH_ENOMEM.
 */
kith_status kith__split_extract(kith__edge_csr *train, uint8_t *mark, kith__edge_csr *valid,
                                kith__edge_csr *test) KITH_MUST_USE;

/** The events of a list of interactions, in order of time.  Local.  Errors: KITH_ECONFIG (no times),
 * KITH_ENOMEM; *out is freed by the caller, then too.
 *
 * @param[out] moved  lines that are not in order of time */
kith_status kith__events_make(const kith__edge_list *edges, kith__event_list *out,
                              int64_t *moved) KITH_MUST_USE;
/**
 * Split events, and the interactions `train` that have the time of their first event: one is held out if its
 * first event is.  Local.  Errors: KITH_ECONFIG (shares), KITH_EDATA (no event can be held out), KITH_ENOMEM.
 */
kith_status kith__events_split(const kith_split *split, kith__event_list *events, kith__edge_csr *train,
                               kith__edge_csr *valid, kith__edge_csr *test,
                               kith_split_report *report) KITH_MUST_USE;

#endif
