/* Private to ingest: which list an interaction is dealt to, and the core. */
#ifndef KITH_INGEST_SPLIT_H
#define KITH_INGEST_SPLIT_H

#include "comm/comm.h"
#include "ingest/lists.h"

/** Marks of interactions. */
enum { KITH__TRAIN = 0, KITH__VALID = 1, KITH__TEST = 2, KITH__OUTSIDE = 3 };

/** The ranks that split interactions together, and what this one has: rows of users in the order of ranks. */
typedef struct kith__split_share {
  const kith_comm *comm; /**< of several ranks; null: this rank has all */
  int64_t first;         /**< number of its first user */
  const kith_ids *ids; /**< [KITH_SIDES] of its users, and of all items: keys of random choices, which do not
                          depend on the order of lines; null: keyed by number */
} kith__split_share;

/** Agree on a status where there are several ranks. */
static inline kith_agreed kith__split_agree(const kith_comm *comm, kith_status mine) {
  return comm ? kith_agree(comm, mine) : kith_agreed_same(mine);
}

/** One more than the largest item of all ranks.  Collective, if `comm` is not null. */
int64_t kith__split_n_item(const kith_comm *comm, const kith_ragged *rows);

/**
 * Move held-out interactions from `train` to `valid` and, if keep_test, to `test`; those outside of the core
 * to `outside`, which is empty, without rows, for other methods.  Collective over the ranks of `share`.
 * Errors: KITH_ECONFIG, KITH_EDATA (nothing can be held out), KITH_ENOMEM.
 *
 * @param[out] report  of all ranks
 */
kith_agreed kith__split_shared(const kith__split_share *share, const kith_split *split, bool keep_test,
                               kith__edge_csr *train, kith__edge_csr *valid, kith__edge_csr *test,
                               kith__edge_csr *outside, kith_split_report *report) KITH_MUST_USE;

/**
 * Mark the interactions outside of the k-core: the largest set of interactions in which each user and each
 * item has k or more.  Collective; `comm` null: Local.
 *
 * @param rows      distinct interactions, a row per user of this rank
 * @param[out] mark [entries] KITH__OUTSIDE, or left as it is within the core
 * @param[in,out] report  core_users … outside_pairs, zero before
 * Errors: KITH_EDATA (the core is empty), KITH_ENOMEM.  Cost: linear in interactions; of several ranks also
 * items in each round.  Memory: 4 bytes per interaction, 24 per user, 33 per item.
 */
kith_agreed kith__core(const kith_comm *comm, const kith_ragged *rows, int k, uint8_t *mark,
                       kith_split_report *report) KITH_MUST_USE;

/** The earliest time from which on there are at most share * all of the times of all ranks, rounded.  Equal
 * times are not split: those that would exceed the share are before it.  INT64_MAX: from no time on.  time
 * [n], all > 0.  Collective; `comm` null: Local, all is n. */
int64_t kith__time_cut(const kith_comm *comm, int64_t all, int64_t n, const int64_t *time, double share);
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
