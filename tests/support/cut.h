/* Small graphs for tests, cut among ranks by brute force: shares no code with the partition room or with
 * files. */
#ifndef KITH_TEST_CUT_H
#define KITH_TEST_CUT_H

#include "graph/graph.h"

/* A whole graph: every rank holds it. */
typedef struct test_graph {
  int64_t n_user, n_item, n_edge;
  int32_t *user, *item; /* [n_edge] sorted by user, then item; each pair once */
} test_graph;

/* `n_edge` distinct pairs at random, uneven degrees, some nodes without any. */
test_graph test_graph_random(int64_t n_user, int64_t n_item, int64_t n_edge, uint64_t seed);
void test_graph_free(test_graph *t);

/* Part of a node for tests: random, keyed by `seed`; part numbers 0 … parts - 1, some perhaps empty. */
int test_part(uint64_t seed, int parts, int type, int64_t original);

/* This rank's share when node i of a type lies in test_part(seed, parts, type, i). */
kith_graph *test_graph_cut(const test_graph *t, const kith_comm *comm, int parts, uint64_t seed);

#endif
