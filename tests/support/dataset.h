/* What a graph.h5 that was read back holds. */
#ifndef KITH_TEST_DATASET_H
#define KITH_TEST_DATASET_H

#include "store/graph.h"

/* The edges of a relation, a row for each node that they come from: "0: 1 2;1:;". */
void test_assert_rows(const kith_dataset *d, const char *relation, const char *expected);

#endif
