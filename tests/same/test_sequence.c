/* ranks: 1 3 */
/* The latest items of users against a plain search, whatever the number of ranks; what they add to rows. */
#include "support/cut.h"
#include "support/mpi_main.h"

#include "sequence/recent.h"
#include "sequence/sequence.h"

enum { USERS = 40, ITEMS = 30, EDGES = 400, MOST = 5, D = 3, CUTOFF = 8 };

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

/* ---- what they add to rows ---- */

/* Number k of a node's row. */
static float number(int type, int64_t i, int k) {
  const kith_draw draw = kith_random(9, KITH_RNG_INIT, (uint64_t)type, (uint64_t)i, (uint64_t)k);
  return (float)(kith_random_unit(draw.bits[0]) - 0.4);
}

static float *rows(const kith_graph *g) {
  float *x = NULL;
  if (KITH_NEW(x, (int64_t)g->n_own * D)) abort();
  for (kith_lid i = 0; i < g->n_own; i++)
    for (int k = 0; k < D; k++) x[i * D + k] = number(g->type[i], g->original[i], k);
  return x;
}

/* The oracle: number k of the user's row, by the formula; and by Horner's rule, whose bits are asked for. */
static double oracle(int64_t u, int k, double decay, double weight, int64_t most, double *horner) {
  double sum = number(KITH_USER, u, k), from_the_earliest = 0;
  int64_t items[ITEMS], n = 0;
  for (int64_t e = 0; e < graph.n_edge; e++)
    if (graph.user[e] == u) {
      const int64_t p = later_than(u, graph.item[e]);
      if (p >= most) continue;
      items[p] = graph.item[e];
      n++;
      sum += weight * pow(decay, (double)p) * (double)number(KITH_ITEM, graph.item[e], k);
    }
  for (int64_t p = n - 1; p >= 0; p--)
    from_the_earliest = from_the_earliest * decay + (double)number(KITH_ITEM, items[p], k);
  *horner = (double)number(KITH_USER, u, k) + weight * from_the_earliest;
  return sum;
}

static void rows_of_users_get_the_sums_of_the_oracle(void **state) {
  (void)state;
  kith_graph *g = share();
  float *x = rows(g), *y = rows(g);
  const double number_of[][2] = {{.5, 2}, {0, 1}, {1, .25}, {.5, 0}};
  const int64_t live = kith_alloc_live();
  kith_recent *r = NULL;
  assert_int_equal(kith_recent_create(test_comm, g, MOST, D, &r).status, KITH_OK);
  kith_recent_gather(r, x);
  for (size_t c = 0; c < sizeof number_of / sizeof *number_of; c++) {
    kith_recent_add(r, number_of[c][0], number_of[c][1], x, y);
    for (kith_lid i = 0; i < g->n_own; i++)
      for (int k = 0; k < D; k++) {
        double horner = x[i * D + k], exact = horner;
        if (g->type[i] == KITH_USER)
          exact = oracle(g->original[i], k, number_of[c][0], number_of[c][1], MOST, &horner);
        assert_true(y[i * D + k] == (float)horner);
        assert_true(fabs((double)y[i * D + k] - exact) < 1e-6);
      }
    if (number_of[c][1] == 0) assert_memory_equal(x, y, (size_t)g->n_own * D * sizeof *x);
  }
  kith_recent_destroy(&r);
  assert_int_equal(kith_alloc_live(), live);
  KITH_FREE(x);
  KITH_FREE(y);
  kith_graph_destroy(&g);
}

/* ---- what is chosen ---- */

static bool trained(int64_t u, int64_t i) {
  for (int64_t e = 0; e < graph.n_edge; e++)
    if (graph.user[e] == u && graph.item[e] == i) return true;
  return false;
}

/* The validation item of a user: one that is like the latest item. */
static int64_t held_out(int64_t u) {
  for (int64_t e = 0; e < graph.n_edge; e++) {
    if (graph.user[e] != u || later_than(u, graph.item[e]) > 0) continue;
    const int64_t i = (graph.item[e] + 1) % ITEMS;
    return trained(u, i) ? -1 : i;
  }
  return -1;
}

static void hold_out(kith_graph *g) {
  const kith_lid n = g->n_own_of[KITH_USER];
  kith_ragged_free(&g->valid);
  g->valid = (kith_ragged){.n_row = n};
  if (KITH_NEW(g->valid.start, n + 1) || KITH_NEW(g->valid.value, n)) abort();
  for (kith_lid u = 0; u < n; u++) {
    const int64_t i = held_out(g->original[g->row_of[KITH_USER][u]]);
    g->valid.start[u + 1] = g->valid.start[u] + (i >= 0);
    if (i >= 0) g->valid.value[g->valid.start[u]] = (int32_t)i;
  }
}

/* NDCG of all users with a validation item, of which each has one. */
static double oracle_ndcg(double decay, double weight) {
  double sum = 0, horner;
  int n = 0;
  for (int64_t u = 0; u < USERS; u++) {
    const int64_t truth = held_out(u);
    double row[D], score[ITEMS];
    int before = 0;
    if (truth < 0) continue;
    for (int k = 0; k < D; k++) row[k] = oracle(u, k, decay, weight, MOST, &horner);
    for (int64_t i = 0; i < ITEMS; i++) {
      score[i] = 0;
      for (int k = 0; k < D; k++) score[i] += row[k] * (double)number(KITH_ITEM, i, k);
    }
    for (int64_t i = 0; i < ITEMS; i++) before += !trained(u, i) && score[i] > score[truth];
    sum += before < CUTOFF ? 1 / log2(before + 2.0) : 0;
    n++;
  }
  return sum / n;
}

static kith_recent_choice choose(const kith_graph *g, kith_recent_options o, kith_status expected) {
  kith_recent_choice c = {.k = 0};
  kith_recent *r = NULL;
  float *x = rows(g);
  kith_eval_options on = kith_eval_defaults();
  on.n_k = 1;
  on.k[0] = CUTOFF;
  assert_int_equal(kith_recent_create(test_comm, g, MOST, D, &r).status, KITH_OK);
  assert_int_equal(kith_recent_choose(r, &o, &on, x, &c).status, expected);
  kith_recent_destroy(&r);
  KITH_FREE(x);
  return c;
}

static void the_choice_is_the_best_that_was_tried(void **state) {
  (void)state;
  kith_graph *g = share();
  const kith_recent_options open = {.decay = KITH_RECENT_AUTO, .weight = KITH_RECENT_AUTO, .items = MOST};
  kith_recent_options o = open;
  hold_out(g);
  const int64_t live = kith_alloc_live();
  const kith_recent_choice c = choose(g, open, KITH_OK);
  assert_true(c.measured && c.k == CUTOFF && c.n_user > 10);
  assert_true(fabs(c.none - oracle_ndcg(0, 0)) < 1e-6);
  assert_true(fabs(c.chosen - oracle_ndcg(c.decay, c.weight)) < 1e-6);
  assert_true(c.weight > 0 && c.chosen > c.none);
  for (int i = -1; i <= 1; i += 2) { /* steps of the decay are no better */
    const double decay = c.decay + .1 * i;
    if (decay >= 0 && decay <= 1) assert_true(oracle_ndcg(decay, c.weight) <= c.chosen + 1e-6);
  }

  o.decay = .9;
  assert_true(choose(g, o, KITH_OK).decay == .9);
  o = open;
  o.weight = 1e-6; /* as good as nothing, but the job's */
  assert_true(choose(g, o, KITH_OK).weight == 1e-6);
  o.decay = .3;
  assert_false(choose(g, o, KITH_OK).measured);
  o = open;
  o.chosen = true;
  o.chosen_decay = .7;
  o.chosen_weight = 5;
  const kith_recent_choice of = choose(g, o, KITH_OK);
  assert_true(of.decay == .7 && of.weight == 5 && !of.measured);

  memset(g->valid.start, 0, (size_t)(g->valid.n_row + 1) * sizeof *g->valid.start);
  choose(g, open, KITH_ECONFIG);
  assert_int_equal(kith_alloc_live(), live);
  kith_graph_destroy(&g);
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(the_latest_come_first_and_ties_by_key),
                                     cmocka_unit_test(without_times_there_is_no_order),
                                     cmocka_unit_test(rows_of_users_get_the_sums_of_the_oracle),
                                     cmocka_unit_test(the_choice_is_the_best_that_was_tried)};
  test_begin(&argc, &argv);
  graph = test_graph_random(USERS, ITEMS, EDGES, 31);
  int failures = cmocka_run_group_tests(tests, NULL, NULL);
  test_graph_free(&graph);
  return test_end(failures);
}
