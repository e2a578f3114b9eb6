/* What nodes of test graphs are like. */
#ifndef KITH_TEST_FEATURES_H
#define KITH_TEST_FEATURES_H

#include "graph/graph.h"

/* Give the owned rows features, of which those of a type may have n[type]: a random third, with values of
 * either sign; some have none. */
void test_features(kith_graph *g, const int n[KITH_SIDES], uint64_t seed);

#endif
