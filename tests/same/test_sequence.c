/* ranks: 1 3 */
/* The latest items of users against a plain search, whatever the number of ranks; what they add to rows. */
#include "support/cut.h"
#include "support/mpi_main.h"

#include "sequence/sequence.h"

enum { USERS = 40, ITEMS = 30, EDGES = 400, MOST = 5 };

static test_graph graph;

/* Few different times, so that many are equal. */
static int64_t time_of(int64_t u, int64_t i) { return (7 * u + 5 * i) % 4 * 86400; }

static kith_graph *share(void) {
  kith_graph *g = test_graph_cut(&graph, test_comm, 6, 5);
  if (KITH_NEW(g->time, g->start[g->n_own])) abort();
  for (kith_lid i = 0; i < g->n_own; i++)
    for (int64_t e = 0, to = g->start[i]; e < graph.n_edge; e++)
      if ((g->type[i] ? graph.item[e] : graph.user[e]) == g->original[i])
        g->time[to++] = time_of(graph.user[e], graph.item[e]);
  return g;
}

static uint64_t tie(int64_t u, int64_t i) {
  return kith_random(0, KITH_RNG_LATEST, (uint64_t)u, (uint64_t)i, 0).bits[0];
}

/* The items of a user that are later than item i. */
static int64_t later_than(int64_t u, int64_t i) {
  int64_t n = 0;
  for (int64_t e = 0; e < graph.n_edge; e++) {
    const int64_t j = graph.item[e];
    if (graph.user[e] != u || j == i) continue;
    n += time_of(u, j) > time_of(u, i) || (time_of(u, j) == time_of(u, i) && tie(u, j) < tie(u, i));
  }
  return n;
}

static void the_latest_come_first_and_ties_by_key(void **state) {
  (void)state;
  kith_graph *g = share();
  int64_t n_tied = 0;
  for (int64_t most = 0; most <= MOST; most += MOST) {
    kith_ragged l;
    assert_int_equal(kith_sequence_latest(g, most, &l), KITH_OK);
    assert_int_equal(l.n_row, g->n_own_of[KITH_USER]);
    for (kith_lid u = 0; u < l.n_row; u++) {
      const int64_t user = g->original[g->row_of[KITH_USER][u]], n = l.start[u + 1] - l.start[u];
      const int64_t all = g->train.start[u + 1] - g->train.start[u];
      assert_int_equal(n, most > 0 ? kith_min(most, all) : all);
      for (int64_t p = 0; p < n; p++) {
        const int32_t *item = l.value + l.start[u];
        assert_int_equal(later_than(user, item[p]), p);
        n_tied += p > 0 && time_of(user, item[p]) == time_of(user, item[p - 1]) && item[p] < item[p - 1];
      }
    }
    kith_ragged_free(&l);
  }
  kith_comm_sum_int(test_comm, 1, &n_tied);
  assert_true(n_tied > 0); /* the smaller number comes later somewhere: the key decides, not the number */
  kith_graph_destroy(&g);
}

static void without_times_there_is_no_order(void **state) {
  (void)state;
  kith_graph *g = test_graph_cut(&graph, test_comm, 6, 5);
  kith_ragged l;
  assert_int_equal(kith_sequence_latest(g, 0, &l), KITH_ECONFIG);
  kith_ragged_free(&l);
  kith_graph_destroy(&g);
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(the_latest_come_first_and_ties_by_key),
                                     cmocka_unit_test(without_times_there_is_no_order)};
  test_begin(&argc, &argv);
  graph = test_graph_random(USERS, ITEMS, EDGES, 31);
  int failures = cmocka_run_group_tests(tests, NULL, NULL);
  test_graph_free(&graph);
  return test_end(failures);
}
