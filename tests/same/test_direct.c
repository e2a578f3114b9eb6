/* ranks: 1 2 3 4 */
/*
 * The direct term against an oracle: dense matrices in double precision, which share no code and no order of
 * sums with the ranking.  Cuts are random and of any number of parts, and every rank holds the whole truth.
 */
#include "support/cut.h"
#include "support/mpi_main.h"

#include "eval/direct.h"
#include "eval/eval_impl.h"

enum { USERS = 230, ITEMS = 620, EDGES = 6000, WIDTH = 5, K = 12 };

static test_graph graph;
static bool trained[USERS][ITEMS];
static double degree_of[2][ITEMS]; /* of users, of items */
static const kith_direct_term none = {0}, term = {.c = 1.3,
                                                  .lambda_1 = .8,
                                                  .user_power = .4,
                                                  .item_power = .5,
                                                  .input_power = .3,
                                                  .output_power = -.15};

static const kith_direct_term poly = {.c = -.7,
                                      .lambda_1 = .8,
                                      .user_power = .4,
                                      .item_power = .5,
                                      .input_power = .3,
                                      .output_power = -.15,
                                      .n_higher = 3,
                                      .higher = {2.5, 0, -1.1}};

static bool tested(int u, int i) { return u % 9 != 0 && (u + 3 * i) % 41 == 0 && !trained[u][i]; }

static void make_truth(void) {
  for (int64_t e = 0; e < graph.n_edge; e++) {
    trained[graph.user[e]][graph.item[e]] = true;
    degree_of[0][graph.user[e]]++;
    degree_of[1][graph.item[e]]++;
  }
}

/* A power of a degree; what has no interactions is in no sum. */
static double power(int side, int i, double exponent) {
  return degree_of[side][i] > 0 ? pow(degree_of[side][i], exponent) : 0;
}

static kith_graph *share(const kith_comm *comm, int parts, uint64_t seed) {
  kith_graph *g = test_graph_cut(&graph, comm, parts, seed);
  KITH_FREE(g->test.value);
  if (KITH_NEW(g->test.value, (int64_t)g->n_own_of[0] * ITEMS)) abort();
  for (kith_lid u = 0; u < g->n_own_of[0]; u++) {
    g->test.start[u + 1] = g->test.start[u];
    for (int i = 0; i < ITEMS; i++)
      if (tested((int)g->original[g->row_of[0][u]], i)) g->test.value[g->test.start[u + 1]++] = i;
  }
  return g;
}

static float value(int type, int64_t original, int k) {
  uint64_t bits = kith_random(23, KITH_RNG_INIT, (uint64_t)type, (uint64_t)original, (uint64_t)k).bits[0];
  return (float)((double)kith_random_below(bits, 2001) / 1000 - 1);
}

static float *vectors(const kith_graph *g) {
  float *x = calloc((size_t)g->n_own * WIDTH + 1, sizeof *x);
  for (kith_lid i = 0; i < g->n_own; i++)
    for (int k = 0; k < WIDTH; k++) x[i * WIDTH + k] = value(g->type[i], g->original[i], k);
  return x;
}

/* x = M'M x / lambda_1. */
static void oracle_product(const kith_direct_term *t, double *x) {
  static double middle[USERS];
  for (int v = 0; v < USERS; v++) {
    middle[v] = 0;
    for (int j = ITEMS - 1; j >= 0; j--)
      middle[v] += trained[v][j] ? power(0, v, -t->user_power) * power(1, j, -t->item_power) * x[j] : 0;
  }
  for (int i = 0; i < ITEMS; i++) {
    x[i] = 0;
    for (int v = USERS - 1; v >= 0; v--)
      x[i] += trained[v][i] ? power(0, v, -t->user_power) * power(1, i, -t->item_power) * middle[v] : 0;
    x[i] /= t->lambda_1;
  }
}

/* out [ITEMS] = the scores of user u: entry (i, u) of D_i^q (sum of c_j (M'M / lambda_1)^j) D_i^-p R', and
 * the rows. */
static void oracle_scores(int u, const kith_direct_term *t, double *out) {
  double x[ITEMS];
  for (int i = 0; i < ITEMS; i++) {
    x[i] = trained[u][i] ? power(1, i, -t->input_power) : 0;
    out[i] = 0;
    for (int k = 0; k < WIDTH; k++) out[i] += (double)value(0, u, k) * (double)value(1, i, k);
  }
  for (int j = 0; kith_direct_is_on(t) && j <= t->n_higher; j++) {
    oracle_product(t, x);
    double c = j == 0 ? t->c : t->higher[j - 1];
    for (int i = 0; i < ITEMS; i++) out[i] += c * power(1, i, t->output_power) * x[i];
  }
}

static bool is_ranked(bool cold, int u, int i) { return cold ? degree_of[1][i] == 0 : !trained[u][i]; }

/* The best items of user u by the oracle's scores, which are left in s [ITEMS]. */
static int oracle_list(int u, const kith_direct_term *t, bool cold, int k, int *list, double *s) {
  static bool gone[ITEMS];
  int n = 0;
  oracle_scores(u, t, s);
  for (int i = 0; i < ITEMS; i++) gone[i] = !is_ranked(cold, u, i);
  for (; n < k; n++) {
    int best = -1;
    for (int i = 0; i < ITEMS; i++)
      if (!gone[i] && (best < 0 || s[i] > s[best])) best = i;
    if (best < 0) break;
    gone[best] = true;
    list[n] = best;
  }
  return n;
}

static kith_eval_scope scope_of(bool cold) {
  kith_eval_scope scope = kith_eval_defaults().scope;
  if (cold) scope.candidates = KITH_CANDIDATES_COLD;
  return scope;
}

static void assert_lists_are_the_oracles(const kith_graph *g, const float *x, const kith_direct_term *t,
                                         bool cold) {
  static double s[ITEMS];
  const double rounding = 1e-5; /* of sums of a hundred floats of order one */
  const kith_eval_scope scope = scope_of(cold);
  int list[K];
  kith_topk top;
  assert_int_equal(kith_eval_topk(test_comm, g, WIDTH, x, t, NULL, K, &scope, 0, NULL, &top).status, KITH_OK);
  for (kith_lid u = 0; u < top.n_user; u++) {
    int n = oracle_list((int)g->original[g->row_of[0][u]], t, cold, K, list, s);
    for (int j = 0; j < K; j++) {
      assert_int_equal(top.item[u * K + j], j < n ? list[j] : -1);
      if (j < n) assert_true(fabs((double)top.score[u * K + j] - s[list[j]]) < rounding);
    }
  }
  kith_topk_free(&top);
}

static void lists_and_scores_are_the_oracles(void **state) {
  (void)state;
  for (int cut = 0; cut < 3; cut++) {
    kith_graph *g = share(test_comm, 4 + 3 * cut, (uint64_t)cut);
    float *x = vectors(g);
    for (int cold = 0; cold < 2; cold++) {
      assert_lists_are_the_oracles(g, x, &term, cold);
      assert_lists_are_the_oracles(g, x, &none, cold);
      if (cut == 1) assert_lists_are_the_oracles(g, x, &poly, cold);
    }
    free(x);
    kith_graph_destroy(&g);
  }
}

/* With rows of zeros, most of whose items then have other scores than the rows alone would give. */
static void the_term_alone_ranks_by_shared_users(void **state) {
  (void)state;
  kith_graph *g = share(test_comm, 5, 3);
  float *x = calloc((size_t)g->n_own * WIDTH + 1, sizeof *x);
  static double s[ITEMS];
  kith_topk top;
  assert_int_equal(kith_eval_topk(test_comm, g, WIDTH, x, &term, NULL, K, NULL, 0, NULL, &top).status,
                   KITH_OK);
  for (kith_lid u = 0; u < top.n_user; u++) {
    int who = (int)g->original[g->row_of[0][u]];
    oracle_scores(who, &term, s);
    for (int i = 0; i < ITEMS; i++)
      for (int k = 0; k < WIDTH; k++) s[i] -= (double)value(0, who, k) * (double)value(1, i, k);
    for (int j = 0; j < K; j++)
      assert_true(fabs((double)top.score[u * K + j] - s[top.item[u * K + j]]) < 1e-5);
    for (int i = 0; i < ITEMS; i++) {
      bool listed = trained[who][i];
      for (int j = 0; j < K; j++) listed |= top.item[u * K + j] == i;
      assert_true(listed || s[i] <= (double)top.score[u * K + K - 1] + 1e-5);
    }
  }
  kith_topk_free(&top);
  free(x);
  kith_graph_destroy(&g);
}

/* Items 2 j and 2 j + 1 have the same users, and rows are zero: twins have the same score, the smaller number
 * is first.  So are cold items, all of which have the score zero. */
static void twins_tie_and_the_smaller_number_is_first(void **state) {
  (void)state;
  test_graph half = test_graph_random(USERS, ITEMS / 2, EDGES / 4, 5), twin = half;
  twin.n_item = ITEMS;
  twin.n_edge = 2 * half.n_edge;
  twin.user = malloc((size_t)twin.n_edge * sizeof *twin.user);
  twin.item = malloc((size_t)twin.n_edge * sizeof *twin.item);
  for (int64_t e = 0; e < twin.n_edge; e++) {
    twin.user[e] = half.user[e / 2];
    twin.item[e] = 2 * half.item[e / 2] + (int32_t)(e % 2);
  }
  kith_graph *g = test_graph_cut(&twin, test_comm, 5, 3);
  float *x = calloc((size_t)g->n_own * WIDTH + 1, sizeof *x);
  for (int cold = 0; cold < 2; cold++) {
    const kith_eval_scope scope = scope_of(cold);
    kith_topk top;
    assert_int_equal(kith_eval_topk(test_comm, g, WIDTH, x, &term, NULL, K, &scope, 0, NULL, &top).status,
                     KITH_OK);
    for (kith_lid u = 0; u < top.n_user; u++)
      for (int j = 0; j + 1 < K; j++) {
        const int32_t *item = top.item + u * K + j;
        const float *score = top.score + u * K + j;
        if (j % 2 == 0) assert_true(item[0] % 2 == 0 && item[1] == item[0] + 1 && score[0] == score[1]);
        assert_true(score[0] > score[1] || (score[0] == score[1] && item[0] < item[1]));
      }
    kith_topk_free(&top);
  }
  free(x);
  kith_graph_destroy(&g);
  free(twin.user);
  free(twin.item);
  test_graph_free(&half);
}

/* Users who are not in the graph have the scores of known ones with their rows and lists, and a list of all
 * items but their own, on every rank. */
static void new_users_are_the_oracles(void **state) {
  (void)state;
  enum { NEW = 9 };
  kith_graph *g = share(test_comm, 5, 2);
  float *x = vectors(g), query[NEW * WIDTH];
  kith_eid start[NEW + 1] = {0};
  static int32_t has[NEW * ITEMS];
  static double s[ITEMS];
  kith_topk top;
  for (int q = 0; q < NEW; q++) {
    for (int k = 0; k < WIDTH; k++) query[q * WIDTH + k] = value(0, 25 * q, k);
    start[q + 1] = start[q];
    for (int i = 0; i < ITEMS; i++)
      if (trained[25 * q][i]) has[start[q + 1]++] = i;
  }
  const kith_ragged lists = {.n_row = NEW, .start = start, .value = has};
  for (int direct = 0; direct < 3; direct++) {
    const kith_direct_term *t = direct == 2 ? &poly : direct ? &term : &none;
    assert_int_equal(
        kith_eval_nearest(test_comm, g, KITH_ITEM, WIDTH, x, NEW, query, &lists, t, K, &top).status, KITH_OK);
    for (int q = 0; q < NEW; q++) {
      int list[K], n = oracle_list(25 * q, t, false, K, list, s);
      assert_int_equal(n, K);
      for (int j = 0; j < K; j++) {
        assert_int_equal(top.item[q * K + j], list[j]);
        assert_true(fabs((double)top.score[q * K + j] - s[list[j]]) < 1e-5);
      }
    }
    kith_topk_free(&top);
  }
  free(x);
  kith_graph_destroy(&g);
}

/* Every rank ranks all users alone, in another cut. */
static void check_bits(const kith_direct_term *by) {
  kith_comm *alone = NULL;
  kith_topk top, truth;
  assert_int_equal(kith_comm_create(MPI_COMM_SELF, &alone).status, KITH_OK);
  kith_graph *whole = share(alone, 1, 1), *g = share(test_comm, 7, 8);
  float *x = vectors(whole), *mine = vectors(g);
  assert_int_equal(kith_eval_topk(alone, whole, WIDTH, x, by, NULL, K, NULL, 0, NULL, &truth).status,
                   KITH_OK);
  assert_int_equal(kith_eval_topk(test_comm, g, WIDTH, mine, by, NULL, K, NULL, 0, NULL, &top).status,
                   KITH_OK);
  for (kith_lid u = 0; u < top.n_user; u++) { /* alone, users have the order of original numbers */
    int64_t who = g->original[g->row_of[0][u]];
    assert_memory_equal(top.item + u * K, truth.item + who * K, K * sizeof *top.item);
    assert_memory_equal(top.score + u * K, truth.score + who * K, K * sizeof *top.score);
  }
  kith_topk_free(&top);
  kith_topk_free(&truth);
  free(x);
  free(mine);
  kith_graph_destroy(&whole);
  kith_graph_destroy(&g);
  kith_comm_destroy(&alone);
}

static void one_rank_and_any_cut_give_the_same_bits(void **state) {
  (void)state;
  check_bits(&term);
  check_bits(&poly);
}

static void assert_metrics_are_the_oracles(const kith_metrics *m, const kith_direct_term *t, bool cold) {
  static double s[ITEMS];
  double recall = 0, mrr = 0, n_user = 0;
  for (int u = 0; u < USERS; u++) {
    int list[K], n_truth = 0, hits = 0, first = 0, n = oracle_list(u, t, cold, K, list, s);
    for (int i = 0; i < ITEMS; i++) n_truth += tested(u, i) && is_ranked(cold, u, i);
    if (n_truth == 0) continue;
    for (int j = 0; j < n; j++) {
      hits += tested(u, list[j]);
      if (!first && tested(u, list[j])) first = j + 1;
    }
    recall += (double)hits / n_truth;
    mrr += first ? 1.0 / first : 0;
    n_user++;
  }
  assert_true(n_user > 0 && recall > 0);
  assert_true((double)m->n_user == n_user);
  assert_true(fabs(m->recall[0] - recall / n_user) < 1e-9 && fabs(m->mrr[0] - mrr / n_user) < 1e-9);
}

/* Sampled-N with all items as candidates is full ranking, since there is no validation split. */
static void check_metrics(const kith_direct_term *by) {
  kith_graph *g = share(test_comm, 6, 5);
  float *x = vectors(g);
  kith_eval_options o = kith_eval_defaults();
  kith_metrics m, all;
  o.n_k = 1;
  o.k[0] = K;
  o.split = KITH_EVAL_TEST;
  o.direct = *by;
  for (int cold = 0; cold < 2; cold++) {
    o.scope = scope_of(cold);
    assert_int_equal(kith_eval_metrics(test_comm, g, WIDTH, x, &o, &m).status, KITH_OK);
    assert_metrics_are_the_oracles(&m, by, cold);
  }
  o.scope = scope_of(false);
  assert_int_equal(kith_eval_metrics(test_comm, g, WIDTH, x, &o, &m).status, KITH_OK);
  o.sampled = ITEMS;
  assert_int_equal(kith_eval_metrics(test_comm, g, WIDTH, x, &o, &all).status, KITH_OK);
  assert_metrics_are_the_oracles(&all, by, false);
  assert_true(m.ndcg[0] == all.ndcg[0]);
  free(x);
  kith_graph_destroy(&g);
}

static void metrics_are_the_oracles(void **state) {
  (void)state;
  check_metrics(&term);
  check_metrics(&poly);
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(lists_and_scores_are_the_oracles),
                                     cmocka_unit_test(the_term_alone_ranks_by_shared_users),
                                     cmocka_unit_test(twins_tie_and_the_smaller_number_is_first),
                                     cmocka_unit_test(new_users_are_the_oracles),
                                     cmocka_unit_test(one_rank_and_any_cut_give_the_same_bits),
                                     cmocka_unit_test(metrics_are_the_oracles)};
  test_begin(&argc, &argv);
  graph = test_graph_random(USERS, ITEMS, EDGES, 37);
  make_truth();
  int failures = cmocka_run_group_tests(tests, NULL, NULL);
  test_graph_free(&graph);
  return test_end(failures);
}
