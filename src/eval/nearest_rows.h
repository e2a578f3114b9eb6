/**
 * Exact nearest neighbors of many rows among rows that ranks share, without a graph.
 */
#ifndef KITH_EVAL_NEAREST_ROWS_H
#define KITH_EVAL_NEAREST_ROWS_H

#include "kith/eval.h"

/** Rows to choose from; each rank holds some. */
typedef struct kith_nearest_rows kith_nearest_rows;

/**
 * Collective.  Borrows `comm`.  Errors: KITH_ENOMEM.
 *
 * @param first, n, x  this rank's rows first … first + n - 1 of all; x [n, d] is copied
 */
kith_agreed kith_nearest_rows_create(const kith_comm *comm, int d, int k, int64_t first, int64_t n,
                                     const float *x, kith_nearest_rows **out) KITH_MUST_USE;
/** Local; accepts null. */
void kith_nearest_rows_destroy(kith_nearest_rows **rows);
/** The most queries of a call.  Local. */
int kith_nearest_rows_block(const kith_nearest_rows *rows);
/**
 * The k rows of the largest inner products with each query, best first, of equal ones the first; the same
 * bits on any number of ranks.  Collective.
 *
 * @param n_query, query  [n_query, d], the same on every rank
 * @param self            the first query is row `self`, and so on: a row is not its own neighbor; -1: they
 * are no rows
 * @param[out] item, score  [n_query, k] on rank 0, others pass null; -1 and -infinity where there are no more
 */
void kith_nearest_rows_find(kith_nearest_rows *rows, int n_query, const float *query, int64_t self,
                            int32_t *item, float *score);

#endif
