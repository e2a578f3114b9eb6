/* A sampler on a small graph, and what it has drawn, by nodes: users, then items. */
#ifndef KITH_TEST_SAMPLED_H
#define KITH_TEST_SAMPLED_H

#include "sample/sample.h"
#include "support/cut.h"

enum {
  USERS = 30,
  ITEMS = 40,
  NODES = USERS + ITEMS,
  EDGES = 400,
  HOPS = 2,
  SEEDS = 12,
  CUT = 7,
  CLUSTERS = 2,
  STEPS_OF_ROUND = (CUT + CLUSTERS - 1) / CLUSTERS
};

typedef struct test_sampled {
  test_graph t;
  kith_graph *g;
  kith_dist_csr *a;
  kith_sampler *s;
} test_sampled;

/* Edges have weights, by their ends' original numbers, where sampling is by weight.  Collective. */
test_sampled test_sampled_make_on(const kith_comm *comm, int parts, kith_sampler_options o, bool loops);
test_sampled test_sampled_make(int parts, kith_sampler_options o, bool loops);
void test_sampled_free(test_sampled *s);

/* Global numbers of all nodes, from the whole graph's items and the owners of users.  Collective. */
void test_sampled_numbers(const test_sampled *s, kith_gid number[NODES]);
/* Some nodes, others on every rank, users and items; returns how many. */
kith_lid test_sampled_seeds(const kith_gid number[NODES], kith_gid seed[SEEDS]);

int test_sampled_node(const kith_node_map *f, kith_lid row);
int test_sampled_part(int node); /* where the graph is cut into CUT parts */
bool test_sampled_linked(const test_graph *t, int a, int b);
int test_sampled_degree(const test_graph *t, int a);

/* Every third edge is a target of each step, as with `sampler.exclude_targets`; returns how many. */
int64_t test_sampled_targets(const test_sampled *s, const kith_gid number[NODES], kith_pair *excluded);

/* What a rank has drawn: the weight of neighbor b in a's row of each hop; 0: not drawn; TEST_ABSENT: a is no
 * row. */
typedef struct test_sampled_outcome {
  double weight[HOPS][NODES][NODES];
} test_sampled_outcome;
static const double TEST_ABSENT = -1;

/* Of the plan that is shown, and of a new one: to be freed. */
test_sampled_outcome *test_sampled_current(const test_sampled *s);
test_sampled_outcome *test_sampled_plan(test_sampled *s, kith_lid n, const kith_gid *seed, uint64_t step);

#endif
