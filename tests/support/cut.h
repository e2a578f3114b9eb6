/* Small graphs for tests, cut among ranks by brute force: shares no code with the partition room or with
 * files. */
#ifndef KITH_TEST_CUT_H
#define KITH_TEST_CUT_H

#include "graph/graph.h"

/* A whole graph: every rank holds it. */
typedef struct test_graph {
  int64_t n_user, n_item, n_edge;
  int32_t *user, *item; /* [n_edge] sorted by user, then item; each pair once */
  bool related;         /* the graph has TEST_TAGS tags and the relations below; test_graph_random(): no */
  bool ties;            /* directed, but friends read each other */
  bool kinds;           /* tags of items are of two kinds */
  bool directed;        /* users read those whom they follow, tags their items; views are of two kinds */
} test_graph;

/* Relations that share ghosts: users with users, items with tags, and users with items once more. */
enum { TEST_TAG = 2, TEST_TAGS = 6, TEST_FRIEND = 0, TEST_TAGGED, TEST_VIEW, TEST_RELATIONS };

/* Whether a relation has an edge between two nodes of its ends; the last nodes have few or none. */
bool test_related(int relation, int64_t from, int64_t to);
kith_schema test_schema(void);

/* The same of a graph that may be directed: its schema, and how often a node reads another one in a relation,
 * where edges of two kinds count twice. */
kith_schema test_schema_of(const test_graph *t);
int test_reads(const test_graph *t, int relation, int type, int64_t i, int of_type, int64_t j);

/* `n_edge` distinct pairs at random, uneven degrees, some nodes without any. */
test_graph test_graph_random(int64_t n_user, int64_t n_item, int64_t n_edge, uint64_t seed);
void test_graph_free(test_graph *t);

/* Part of a node for tests: random, keyed by `seed`; part numbers 0 … parts - 1, some perhaps empty. */
int test_part(uint64_t seed, int parts, int type, int64_t original);

/* This rank's share when node i of a type lies in test_part(seed, parts, type, i). */
kith_graph *test_graph_cut(const test_graph *t, const kith_comm *comm, int parts, uint64_t seed);

#endif
