/** Drift: how interactions change over time. */
#ifndef KITH_GRAPH_DRIFT_H
#define KITH_GRAPH_DRIFT_H

#include "comm/comm.h"
#include "graph/graph.h"

/** The k-th smallest of the times of all ranks, of which this one has n; k = 0 … all - 1; by a histogram that
 * is refined around it.  Collective; `comm` null: Local, of these n times.  Cost: a few passes. */
int64_t kith_nth_time(const kith_comm *comm, int64_t n, const int64_t *time, int64_t k);

/**
 * Cut interactions by time into KITH_DRIFT_SLICES equal shares, and compare each with those before.
 * Collective; `comm` null: Local.
 *
 * @param rows    interactions, a row for each user of this rank; a user has one rank
 * @param time    [entries] their times; null: out->n is 0
 * @param n_item  items; numbers in the rows are below it
 * Errors: KITH_ENOMEM; out->n is 0.  Memory: 60 bytes for each item.
 */
kith_status kith_drift_measure(const kith_comm *comm, const kith_ragged *rows, const int64_t *time,
                               int64_t n_item, kith_drift *out) KITH_MUST_USE;

#endif
