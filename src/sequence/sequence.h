/**
 * Sequences: the items of users in the order of time, the latest first.
 *
 * Which of two items of equal time is the later one depends on a key of the user and the item, so neither on
 * the order of lines nor on which item has the larger number.  A user's list is made by its owner alone: the
 * same on any number of ranks.
 */
#ifndef KITH_SEQUENCE_SEQUENCE_H
#define KITH_SEQUENCE_SEQUENCE_H

#include "graph/graph.h"

/**
 * The training items of the owned users, ascending, each once.  Local.
 *
 * @param[out] out   [owned users] original item numbers
 * @param[out] time  [start[n_row]] their times, of a graph with times that were read; null: not wanted
 * Errors: KITH_ENOMEM; *out and *time are freed by the caller, then too.
 */
kith_status kith_sequence_items(const kith_graph *g, kith_ragged *out, int64_t **time) KITH_MUST_USE;

/**
 * Sort the items of each row by time, the latest first.  Local.
 *
 * @param user  [n_row] original numbers of the users, for the key
 * @param time  [start[n_row]] in the order of the items as they are given
 * Errors: KITH_ENOMEM: items are unchanged.  Cost: n log n of each row's items.
 */
kith_status kith_sequence_sort(const int64_t *user, const int64_t *time, kith_ragged *items) KITH_MUST_USE;

/** The original numbers of the owned users, in the order of row_of[KITH_USER]: a new block.  Local.  Errors:
 * KITH_ENOMEM. */
kith_status kith_sequence_users(const kith_graph *g, int64_t **user) KITH_MUST_USE;

/**
 * The latest training items of the owned users, the latest first.  Local.
 *
 * @param g     with times that were read: kith_graph_times_read()
 * @param most  items of a user at most; 0: all of them
 * @param[out] out  [owned users] original item numbers; freed by the caller, also on failure
 * Errors: KITH_ENOMEM; KITH_ECONFIG (no times).
 */
kith_status kith_sequence_latest(const kith_graph *g, int64_t most, kith_ragged *out) KITH_MUST_USE;

#endif
