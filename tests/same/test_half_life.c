/* ranks: 1 2 3 4 */
/*
 * The choice of a half-life against an oracle of dense matrices: the same figures to the last digits,
 * whatever the number of ranks.  The oracle adds in the order of a row's columns, in floats, since ties
 * decide ranks.
 */
#include "support/cut.h"
#include "support/mpi_main.h"

#include "eval/half_life.h"
#include "eval/time_slice.h"
#include "halo/halo.h"

enum { USERS = 60, ITEMS = 50, EDGES = 900, NODES = USERS + ITEMS, SLICES = KITH_HALF_LIFE_SLICES };
enum { DAY = 86400, K = KITH_HALF_LIFE_K };

static test_graph graph;

/* Three years, from an hour in 2020 on. */
static int64_t time_of(int64_t u, int64_t i) {
  return 1577840400 +
         (int64_t)kith_random_below(kith_random(5, KITH_RNG_INIT, (uint64_t)u, (uint64_t)i, 0).bits[0],
                                    1095 * DAY);
}

static kith_graph *share(int64_t unit) {
  kith_graph *g = test_graph_cut(&graph, test_comm, 6, 5);
  if (KITH_NEW(g->time, g->start[g->n_own])) abort();
  for (kith_lid i = 0; i < g->n_own; i++)
    for (int64_t e = 0, to = g->start[i]; e < graph.n_edge; e++)
      if ((g->type[i] ? graph.item[e] : graph.user[e]) == g->original[i])
        g->time[to++] = unit * time_of(graph.user[e], graph.item[e]);
  return g;
}

/* ---- the oracle ---- */

static int by_size(const void *a, const void *b) {
  int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return (x > y) - (x < y);
}

/* The time at a share of the sorted times: as many are before it as the share says, rounded up. */
static void oracle_cuts(int64_t *cut) {
  int64_t *time = calloc((size_t)graph.n_edge, sizeof *time);
  for (int64_t e = 0; e < graph.n_edge; e++) time[e] = time_of(graph.user[e], graph.item[e]);
  qsort(time, (size_t)graph.n_edge, sizeof *time, by_size);
  for (int s = 0; s <= SLICES; s++) {
    int64_t n = (int64_t)ceil((0.6 + 0.4 * s / SLICES) * (double)graph.n_edge);
    cut[s] = time[n - 1] + 1;
  }
  free(time);
}

static float weight[NODES][NODES];

/* The interactions before `cut`, weighted by age. */
static void oracle_matrix(int64_t cut, double half_life) {
  static double count[NODES][NODES];
  double degree[NODES] = {0};
  int64_t now = 0;
  memset(count, 0, sizeof count);
  memset(weight, 0, sizeof weight);
  for (int64_t e = 0; e < graph.n_edge; e++) {
    int64_t t = time_of(graph.user[e], graph.item[e]);
    if (t < cut && t > now) now = t;
  }
  for (int64_t e = 0; e < graph.n_edge; e++) {
    int64_t u = graph.user[e], i = USERS + graph.item[e], t = time_of(u, graph.item[e]);
    if (t >= cut) continue;
    double halves = half_life > 0 ? (double)(now - t) / half_life : 0;
    count[u][i] = count[i][u] = exp2(-(halves < 60 ? halves : 60));
  }
  for (int a = 0; a < NODES; a++)
    for (int b = 0; b < NODES; b++) degree[a] += count[a][b];
  for (int a = 0; a < NODES; a++)
    for (int b = 0; b < NODES; b++)
      if (count[a][b] > 0) weight[a][b] = (float)(count[a][b] / (sqrt(degree[a]) * sqrt(degree[b])));
}

static void oracle_multiply(const float *x, float *y) {
  for (int a = 0; a < NODES; a++) {
    y[a] = 0;
    for (int b = 0; b < NODES; b++)
      if (weight[a][b] > 0) y[a] += weight[a][b] * x[b];
  }
}

/* NDCG of a user in a slice; -1: the user is not measured. */
static double oracle_user(int u, int64_t from, int64_t to) {
  float x[NODES] = {0}, one[NODES], two[NODES], three[NODES];
  bool target[ITEMS] = {false}, any = false, known = false;
  int n_target = 0;
  double gain = 0, ideal = 0;
  for (int64_t e = 0; e < graph.n_edge; e++) {
    int64_t t = time_of(graph.user[e], graph.item[e]);
    if (graph.user[e] != u) continue;
    known = known || t < from;
    if (t >= from && t < to) target[graph.item[e]] = any = true, n_target++;
  }
  if (!any || !known) return -1;
  x[u] = 1;
  oracle_multiply(x, one);
  oracle_multiply(one, two);
  oracle_multiply(two, three);
  for (int place = 0; place < K; place++) {
    int best = -1;
    for (int i = 0; i < ITEMS; i++)
      if (one[USERS + i] <= 0 && three[USERS + i] > 0 && (best < 0 || three[USERS + i] > three[USERS + best]))
        best = i;
    if (best < 0) break;
    three[USERS + best] = 0;
    gain += target[best] ? 1 / log2(place + 2.0) : 0;
  }
  for (int place = 0; place < K && place < n_target; place++) ideal += 1 / log2(place + 2.0);
  return gain / ideal;
}

static void every_figure_is_the_oracles(void **state) {
  (void)state;
  for (int64_t unit = 1; unit <= 1000; unit *= 1000) { /* seconds, milliseconds */
    kith_graph *g = share(unit);
    kith_half_life_report r;
    int64_t cut[SLICES + 1], live = kith_alloc_live();
    assert_int_equal(kith_half_life_choose(test_comm, g, &r).status, KITH_OK);
    assert_int_equal(kith_alloc_live(), live);
    oracle_cuts(cut);
    assert_int_equal(r.n_slice, SLICES);
    for (int s = 0; s < SLICES; s++)
      for (int c = 0; c < KITH_HALF_LIFE_CHOICES; c++) {
        double sum = 0;
        int64_t n = 0;
        oracle_matrix(cut[s], kith_half_life_choices[c]);
        for (int u = 0; u < USERS; u++) {
          double ndcg = oracle_user(u, cut[s], cut[s + 1]);
          if (ndcg < 0) continue;
          sum += ndcg;
          n++;
        }
        assert_int_equal(r.n_user[s], n);
        assert_true(fabs(r.ndcg[c][s] - sum / (double)n) < 1e-9);
      }
    kith_graph_destroy(&g);
  }
}

/* The rule: the best mean among those that are worse than none in no slice. */
static void chosen_is_the_best_that_is_never_worse(void **state) {
  (void)state;
  kith_half_life_report r = {.n_slice = 3};
  const double ndcg[KITH_HALF_LIFE_CHOICES][3] = {{.2, .3, .4},  {.3, .4, .4}, {.5, .6, .39}, {.3, .4, .5},
                                                  {.2, .31, .4}, {.1, .9, .9}, {.3, .4, .5}};
  for (int c = 0; c < KITH_HALF_LIFE_CHOICES; c++) memcpy(r.ndcg[c], ndcg[c], sizeof ndcg[c]);
  kith__half_life_pick(&r);
  assert_int_equal(r.chosen, 3);
  assert_true(fabs(r.mean[0] - .3) < 1e-12);
  r.n_slice = 1; /* one slice proves nothing */
  kith__half_life_pick(&r);
  assert_int_equal(r.chosen, 0);
}

/* Times as far apart as they may be: the search ends, and the shares are right. */
static void the_longest_times_have_cuts(void **state) {
  (void)state;
  kith_graph *g = share(1);
  int64_t cut[SLICES + 1], n[2] = {0};
  for (kith_eid e = 0; e < g->start[g->n_own]; e++)
    g->time[e] = g->time[e] % 2 ? INT64_C(1) << 62 : -(INT64_C(1) << 62);
  for (kith_eid e = 0; e < g->start[g->n_own]; e++) n[g->time[e] > 0]++;
  kith_comm_sum_int(test_comm, 2, n);
  assert_true((double)n[0] > 0.2 * (double)n[1] && (double)n[0] < 0.6 * (double)(n[0] + n[1]));
  kith__time_cuts(test_comm, g, SLICES, cut);
  for (int s = 0; s <= SLICES; s++) assert_int_equal(cut[s], (INT64_C(1) << 62) + 1);
  kith_graph_destroy(&g);
}

/* Of many users a keyed share is measured, the same whoever owns them. */
static void many_users_are_drawn(void **state) {
  (void)state;
  test_graph many = test_graph_random(3000, 40, 12000, 8);
  kith_graph *g = test_graph_cut(&many, test_comm, 5, 2);
  kith_time_slice s;
  if (KITH_NEW(g->time, g->start[g->n_own])) abort();
  for (kith_lid i = 0; i < g->n_own; i++) /* by turns before and in the slice */
    for (kith_eid e = g->start[i]; e < g->start[i + 1]; e++) g->time[e] = (e - g->start[i]) % 2;
  assert_int_equal(kith__time_slice_make(test_comm, g, 1, 2, 0, &s).status, KITH_OK);
  assert_true(s.n_user_all > 400 && s.n_user_all < 620);
  int64_t sum = 0;
  for (kith_lid i = 0; i < s.n_user; i++) sum += g->original[g->row_of[KITH_USER][s.user[i]]];
  kith_comm_sum_int(test_comm, 1, &sum);
  static int64_t truth; /* the first cut's */
  kith__time_slice_free(&s);
  kith_graph_destroy(&g);
  g = test_graph_cut(&many, test_comm, 9, 7);
  if (KITH_NEW(g->time, g->start[g->n_own])) abort();
  for (kith_lid i = 0; i < g->n_own; i++)
    for (kith_eid e = g->start[i]; e < g->start[i + 1]; e++) g->time[e] = (e - g->start[i]) % 2;
  assert_int_equal(kith__time_slice_make(test_comm, g, 1, 2, 0, &s).status, KITH_OK);
  for (kith_lid i = 0; i < s.n_user; i++) truth += g->original[g->row_of[KITH_USER][s.user[i]]];
  kith_comm_sum_int(test_comm, 1, &truth);
  assert_int_equal(sum, truth);
  kith__time_slice_free(&s);
  kith_graph_destroy(&g);
  test_graph_free(&many);
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(every_figure_is_the_oracles),
                                     cmocka_unit_test(chosen_is_the_best_that_is_never_worse),
                                     cmocka_unit_test(the_longest_times_have_cuts),
                                     cmocka_unit_test(many_users_are_drawn)};
  test_begin(&argc, &argv);
  graph = test_graph_random(USERS, ITEMS, EDGES, 31);
  int failures = cmocka_run_group_tests(tests, NULL, NULL);
  test_graph_free(&graph);
  return test_end(failures);
}
