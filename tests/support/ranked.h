/* What tests of evaluation rank: a graph that holds interactions out by rule, and vectors of small whole
 * numbers, so that scores are exact and ties abound. */
#ifndef KITH_TEST_RANKED_H
#define KITH_TEST_RANKED_H

#include "support/cut.h"

#include "eval/eval.h"

enum { USERS = 70, ITEMS = 600, EDGES = 1500, WIDTH = 7, K = 15 };

/* The whole graph, with the relations of cut.h; the two make and free it. */
extern test_graph test_ranked;
void test_ranked_begin(void);
void test_ranked_end(void);

/* User u holds out the items i for test and validation that these say, of those that it was not trained on.
 */
bool test_trained(int u, int i);
bool test_tested(int u, int i);
bool test_validated(int u, int i);

/* This rank's share of the graph, to be destroyed; its rows [own, WIDTH], to be freed; and an element. */
kith_graph *test_ranked_share(void);
float *test_vectors(const kith_graph *g);
float test_vector_value(int type, int64_t original, int k);

kith_eval_options test_eval_options(kith_eval_split split, int n_k, const int *k);

#endif
