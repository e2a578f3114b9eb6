/* ranks: 1 2 3 4 */
/*
 * Importance neighbourhoods against a slow count: the walks of every node, one after the other from the whole list of
 * edges, their visits in a table, the most visited found by looking at all.
 */
#include "support/cut.h"
#include "support/mpi_main.h"

#include "kith/sample.h"

enum { USERS = 20, ITEMS = 30, NODES = USERS + ITEMS, EDGES = 130 };

/* Keys number users and items alternately; this numbers users first. */
static int node_of(int64_t key) { return (int)(key / KITH_TYPES) + (key % KITH_TYPES == KITH_ITEM ? USERS : 0); }
static int64_t key_of(int node) { return node < USERS ? kith_node_key(KITH_USER, node) : kith_node_key(KITH_ITEM, node - USERS); }

/* The k-th neighbour of a node, from the list of edges, which is sorted; -1 if it has no more. */
static int neighbour(const test_graph *t, int node, int64_t k) {
  for (int64_t e = 0; e < t->n_edge; e++) {
    if (node == t->user[e] && k-- == 0) return USERS + t->item[e];
    if (node == USERS + t->item[e] && k-- == 0) return t->user[e];
  }
  return -1;
}

static int64_t degree(const test_graph *t, int node) {
  int64_t n = 0;
  while (neighbour(t, node, n) >= 0) n++;
  return n;
}

static void count_visits(const test_graph *t, const kith_near_options *o, uint64_t seed, int from, int64_t visits[NODES]) {
  memset(visits, 0, NODES * sizeof *visits);
  for (int k = 0; k < o->walks; k++)
    for (int hop = 1, at = from; hop <= o->length; hop++) {
      kith_draw r = kith_random(seed, KITH_USE_NEAR, 0, (uint64_t)(key_of(from) * o->walks + k), (uint64_t)hop);
      int64_t n = degree(t, at);
      if (kith_random_unit(r.bits[1]) < o->restart) at = from;
      else if (n > 0) at = neighbour(t, at, (int64_t)kith_random_below(r.bits[0], (uint64_t)n));
      visits[at]++;
    }
  visits[from] = 0;
}

/* Leave the T most visited, ties by key, and return their sum. */
static int64_t keep_most(int64_t visits[NODES], int t) {
  bool stays[NODES] = {false};
  int64_t sum = 0;
  for (int k = 0; k < t; k++) {
    int best = -1;
    for (int i = 0; i < NODES; i++)
      if (!stays[i] && visits[i] > 0 && (best < 0 || visits[i] > visits[best] || (visits[i] == visits[best] && key_of(i) < key_of(best)))) best = i;
    if (best >= 0) stays[best] = true;
  }
  for (int i = 0; i < NODES; i++) {
    if (!stays[i]) visits[i] = 0;
    sum += visits[i];
  }
  return sum;
}

static void check(kith_near_options o) {
  test_graph t = test_graph_random(USERS, ITEMS, EDGES, 5);
  kith_graph *g = test_graph_cut(&t, test_comm, 6, 2);
  kith_relation *a = NULL;
  int64_t live = kith_alloc_live(), visits[NODES];
  assert_int_equal(KITH_OK, kith_near_create(test_comm, g, &o, 8, 4, &a).status);
  for (kith_lid row = 0; row < g->n_own; row++) {
    kith_eid first = a->csr.start[a->place[row]], last = a->csr.start[a->place[row] + 1];
    count_visits(&t, &o, 8, node_of(a->node[row]), visits);
    int64_t sum = keep_most(visits, o.neighbours), n = 0;
    for (int i = 0; i < NODES; i++) n += visits[i] > 0;
    assert_int_equal(n, last - first);
    for (kith_eid e = first; e < last; e++) {
      int64_t key = a->node[a->csr.col[e]];
      assert_true(visits[node_of(key)] > 0);
      assert_true(a->csr.weight[e] == (float)((double)visits[node_of(key)] / (double)sum));
      assert_true(e == first || a->node[a->csr.col[e - 1]] < key);
    }
  }
  kith_relation_destroy(&a);
  assert_int_equal(live, kith_alloc_live());
  kith_graph_destroy(&g);
  test_graph_free(&t);
}

static void the_most_visited_stay(void **state) {
  (void)state;
  check((kith_near_options){.walks = 30, .length = 4, .neighbours = 6});
  check((kith_near_options){.walks = 20, .length = 3, .neighbours = 5, .restart = 0.4});
}

/* Few walks: most visits are one, and ties decide. */
static void ties_are_decided_by_number(void **state) {
  (void)state;
  check((kith_near_options){.walks = 3, .length = 3, .neighbours = 2});
}

static void more_neighbours_than_there_are_keep_all(void **state) {
  (void)state;
  check((kith_near_options){.walks = 40, .length = 5, .neighbours = 1000});
}

/* So many walks that every node takes a turn of its own. */
static void nodes_take_turns(void **state) {
  (void)state;
  check((kith_near_options){.walks = 40000, .length = 1, .neighbours = 3});
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(the_most_visited_stay), cmocka_unit_test(ties_are_decided_by_number),
                                     cmocka_unit_test(more_neighbours_than_there_are_keep_all), cmocka_unit_test(nodes_take_turns)};
  test_begin(&argc, &argv);
  return test_end(cmocka_run_group_tests(tests, NULL, NULL));
}
