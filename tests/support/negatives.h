/* The law that negatives follow, from its formula, and counts of draws held against it. */
#ifndef KITH_TEST_NEGATIVES_H
#define KITH_TEST_NEGATIVES_H

#include "sample/sample.h"
#include "support/cut.h"

kith_negative_distribution *test_distribution(const kith_graph *g, kith_negative_options o);

/* The probability of every item; in-batch items are those of `pairs`, or of all pairs if null. */
void test_distribution_law(const test_graph *t, kith_negative_options o, const kith_inbatch_pairs *pairs,
                           double *p);
/* Of a law, what is left of it without the items that a user knows; returns how much was left. */
double test_distribution_without(const kith_ragged *known, kith_lid user, int n_item, double *p);

/* `n` draws of which count[i] are item i: held against their expectations by chi-square at the level 1e-5. */
void expect_distribution(int n_item, const double *count, const double *p, double n);
static const double TEST_LEVEL = 4.265; /* standard normal quantile of 1 - 1e-5 */

/* A graph in which user u has all items but the first `lacks[u]` that t does not give it; -1: as it is. */
test_graph test_graph_with_missing_items(const test_graph *t, const int *lacks);

#endif
