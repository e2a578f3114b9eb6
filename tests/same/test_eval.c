/* ranks: 1 2 3 4 */
/*
 * Top-K and every metric against a slow oracle.  Vectors hold small whole numbers, so that scores are exact
 * and ties abound: the rule that the smaller item number wins is tested on every user.
 */
#include "support/ranked.h"
#include "support/mpi_main.h"

#include "eval/eval.h"
#include "eval/eval_impl.h"

static double score(int u, int i) {
  double s = 0;
  for (int k = 0; k < WIDTH; k++)
    s += (double)test_vector_value(0, u, k) * (double)test_vector_value(1, i, k);
  return s;
}

/* What is ranked: the oracle's words for a kith_eval_scope. */
typedef struct ranked {
  bool cold, everything, mask_valid, mask_views;
} ranked;

static bool is_cold(int i) {
  for (int64_t e = 0; e < test_ranked.n_edge; e++)
    if (test_ranked.item[e] == i) return false;
  return true;
}
static bool is_ranked(const ranked *r, int u, int i) {
  if (r->cold && !is_cold(i)) return false;
  if (r->mask_views && test_related(TEST_VIEW, u, i)) return false;
  return r->everything || !(test_trained(u, i) || (r->mask_valid && test_validated(u, i)));
}

static void set_scope(const ranked *r, kith_eval_scope *o) {
  if (r->everything) o->mask.n = 0;
  if (r->mask_views) snprintf(o->mask.of[o->mask.n++], KITH_NAME, "view");
  if (r->cold) o->candidates = KITH_CANDIDATES_COLD;
}

/* All candidates of a user, best first, by repeated search for the best that is left. */
static int oracle_list(int u, int k, const ranked *r, int *list) {
  static char gone[ITEMS];
  static double s[ITEMS];
  int n = 0;
  for (int i = 0; i < ITEMS; i++) {
    gone[i] = !is_ranked(r, u, i);
    s[i] = score(u, i);
  }
  for (; n < k; n++) {
    int best = -1;
    for (int i = 0; i < ITEMS; i++)
      if (!gone[i] && (best < 0 || s[i] > s[best])) best = i;
    if (best < 0) break;
    gone[best] = 1;
    list[n] = best;
  }
  return n;
}

static void the_best_items_are_the_oracles(void **state) {
  (void)state;
  kith_graph *g = test_ranked_share();
  float *x = test_vectors(g);
  int list[ITEMS], ks[] = {1, K, ITEMS + 50};
  const ranked usual = {.mask_valid = true};
  for (int c = 0; c < 3; c++) {
    kith_topk top;
    assert_int_equal(kith_eval_topk(test_comm, g, WIDTH, x, NULL, NULL, ks[c], NULL, 0, NULL, &top).status,
                     KITH_OK);
    assert_int_equal(top.n_user, g->n_own_of[0]);
    for (kith_lid u = 0; u < top.n_user; u++) {
      int who = (int)g->original[g->row_of[0][u]], n = oracle_list(who, ks[c], &usual, list);
      for (int j = 0; j < ks[c]; j++) {
        assert_int_equal(top.item[u * ks[c] + j], j < n ? list[j] : -1);
        if (j < n) assert_true((double)top.score[u * ks[c] + j] == score(who, list[j]));
      }
    }
    kith_topk_free(&top);
  }
  free(x);
  kith_graph_destroy(&g);
}

/* The held-out items of a user that count. */
static bool counts(bool on_test, const ranked *r, int u, int i) {
  return (on_test ? test_tested(u, i) : test_validated(u, i)) && is_ranked(r, u, i);
}

/* The definitions of docs/metrics.md, written down once more. */
static void oracle_metrics(bool on_test, const ranked *r, const int *cut, int n_cut, double value_of[][5],
                           int *n_user, int *n_left_out) {
  int list[ITEMS];
  *n_user = *n_left_out = 0;
  for (int u = 0; u < USERS; u++) {
    int truth = 0, held_out = 0;
    for (int i = 0; i < ITEMS; i++) truth += counts(on_test, r, u, i);
    for (int i = 0; i < ITEMS; i++) held_out += on_test ? test_tested(u, i) : test_validated(u, i);
    *n_left_out += held_out > 0 && truth == 0;
    if (truth == 0) continue;
    ++*n_user;
    for (int c = 0; c < n_cut; c++) {
      int n = oracle_list(u, cut[c], r, list), hits = 0, first = 0;
      double gain = 0, ideal = 0;
      for (int j = 0; j < n; j++) {
        if (!counts(on_test, r, u, list[j])) continue;
        hits++;
        gain += 1 / log2(j + 2.0);
        if (!first) first = j + 1;
      }
      for (int j = 0; j < truth && j < cut[c]; j++) ideal += 1 / log2(j + 2.0);
      value_of[c][0] += (double)hits / truth;
      value_of[c][1] += gain / ideal;
      value_of[c][2] += hits > 0;
      value_of[c][3] += (double)hits / cut[c];
      value_of[c][4] += first ? 1.0 / first : 0;
    }
  }
}

static void assert_metrics_are_the_oracles(const kith_graph *g, const float *x, bool on_test, ranked r) {
  kith_eval_options o = test_eval_options(on_test ? KITH_EVAL_TEST : KITH_EVAL_VALID, 3, (int[]){1, 5, 40});
  kith_metrics m;
  double truth[3][5] = {{0}};
  int n_user, n_left_out;
  r.mask_valid = on_test;
  set_scope(&r, &o.scope);
  assert_int_equal(kith_eval_metrics(test_comm, g, WIDTH, x, &o, &m).status, KITH_OK);
  oracle_metrics(on_test, &r, o.k, 3, truth, &n_user, &n_left_out);
  assert_int_equal(m.n_user, n_user);
  assert_int_equal(m.n_user_left_out, n_left_out);
  assert_true(n_user > 0 && (n_left_out > 0 || !r.cold));
  for (int c = 0; c < 3; c++) {
    double mine[5] = {m.recall[c], m.ndcg[c], m.hit_rate[c], m.precision[c], m.mrr[c]};
    for (int k = 0; k < 5; k++) assert_true(fabs(mine[k] - truth[c][k] / n_user) < 1e-9);
  }
}

static void metrics_are_the_oracles(void **state) {
  (void)state;
  kith_graph *g = test_ranked_share();
  float *x = test_vectors(g);
  for (int i = 0; i < 16; i++)
    assert_metrics_are_the_oracles(g, x, i % 2,
                                   (ranked){.cold = i / 2 % 2, .everything = i / 4 % 2, .mask_views = i / 8});
  free(x);
  kith_graph_destroy(&g);
}

/* The number of a group: floor of five times the share of those with a smaller degree. */
static int group_of(int n, const int *degree, const bool *is, int at) {
  int smaller = 0, all = 0;
  for (int i = 0; i < n; i++) {
    all += is[i];
    smaller += is[i] && degree[i] < degree[at];
  }
  return 5 * smaller / all;
}

/* Groups that have nodes, in order. */
static void groups_are_the_oracles(void **state) {
  (void)state;
  static int user_degree[USERS], item_degree[ITEMS], list[ITEMS];
  static bool measured[USERS], is_item[ITEMS], met[USERS][ITEMS];
  const ranked r = {.mask_valid = true};
  kith_graph *g = test_ranked_share();
  float *x = test_vectors(g);
  kith_eval_options o = test_eval_options(KITH_EVAL_TEST, 1, (int[]){40});
  kith_metrics m;
  kith_groups by;
  double recall[5] = {0};
  int users[5] = {0}, items[5] = {0}, held_out[5] = {0}, found[5] = {0}, n_user = 0, n_item = 0;
  for (int64_t e = 0; e < test_ranked.n_edge; e++) {
    user_degree[test_ranked.user[e]] += !met[test_ranked.user[e]][test_ranked.item[e]];
    item_degree[test_ranked.item[e]] += !met[test_ranked.user[e]][test_ranked.item[e]];
    met[test_ranked.user[e]][test_ranked.item[e]] = true;
  }
  for (int i = 0; i < ITEMS; i++) is_item[i] = true;
  for (int u = 0; u < USERS; u++)
    for (int i = 0; i < ITEMS && !measured[u]; i++) measured[u] = test_tested(u, i);
  for (int i = 0; i < ITEMS; i++) items[group_of(ITEMS, item_degree, is_item, i)]++;
  for (int u = 0; u < USERS; u++) {
    int n = oracle_list(u, 40, &r, list), truth = 0, hits = 0;
    if (!measured[u]) continue;
    for (int i = 0; i < ITEMS; i++) {
      int hit = 0;
      if (!test_tested(u, i)) continue;
      int k = group_of(ITEMS, item_degree, is_item, i);
      for (int j = 0; j < n; j++) hit += list[j] == i;
      truth++, hits += hit, held_out[k]++, found[k] += hit;
    }
    users[group_of(USERS, user_degree, measured, u)]++;
    recall[group_of(USERS, user_degree, measured, u)] += (double)hits / truth;
  }
  assert_int_equal(kith_eval_metrics_by_group(test_comm, g, WIDTH, x, &o, &m, &by).status, KITH_OK);
  for (int k = 0; k < 5; k++) {
    if (users[k] > 0) {
      const kith_user_group *group = &by.user[n_user++];
      assert_true(group->metrics.n_user == users[k]);
      assert_true(fabs(group->metrics.recall[0] - recall[k] / users[k]) < 1e-9);
    }
    if (items[k] == 0) continue;
    const kith_item_group *group = &by.item[n_item++];
    assert_true(group->n_item == items[k] && group->n_held_out == held_out[k]);
    assert_true(group->n_found[0] == found[k]);
  }
  assert_true(by.n_user == n_user && by.n_item == n_item && n_user > 3 && n_item > 2);
  free(x);
  kith_graph_destroy(&g);
}

static void lists_of_cold_items_are_the_oracles(void **state) {
  (void)state;
  kith_graph *g = test_ranked_share();
  float *x = test_vectors(g);
  kith_eval_scope scope = kith_eval_defaults().scope;
  const ranked r = {.cold = true, .mask_valid = true};
  kith_topk top;
  int list[ITEMS];
  set_scope(&r, &scope);
  assert_int_equal(kith_eval_topk(test_comm, g, WIDTH, x, NULL, NULL, K, &scope, 0, NULL, &top).status,
                   KITH_OK);
  for (kith_lid u = 0; u < top.n_user; u++) {
    int n = oracle_list((int)g->original[g->row_of[0][u]], K, &r, list);
    for (int j = 0; j < K; j++) assert_int_equal(top.item[u * K + j], j < n ? list[j] : -1);
  }
  kith_topk_free(&top);
  free(x);
  kith_graph_destroy(&g);
}

static void what_cannot_be_masked_or_ranked_is_refused(void **state) {
  (void)state;
  kith_graph *g = test_ranked_share();
  kith_eval_options o = test_eval_options(KITH_EVAL_TEST, 1, (int[]){5});
  assert_int_equal(kith_eval_check(g, &o), KITH_OK);
  o.sampled = 10;
  assert_int_equal(kith_eval_check(g, &o), KITH_OK);
  o.scope.candidates = KITH_CANDIDATES_COLD;
  assert_int_equal(kith_eval_check(g, &o), KITH_ECONFIG);
  o.scope.candidates = KITH_CANDIDATES_ALL;
  o.scope.mask.n = 0;
  assert_int_equal(kith_eval_check(g, &o), KITH_ECONFIG);
  o.sampled = 0;
  assert_int_equal(kith_eval_check(g, &o), KITH_OK);
  o.scope.mask.n = 1;
  static const char *const bad[] = {"interaction", "friend", "tagged"}, *const good[] = {"view",
                                                                                         "interactions"};
  for (int i = 0; i < 3; i++) {
    snprintf(o.scope.mask.of[0], KITH_NAME, "%s", bad[i]);
    assert_int_equal(kith_eval_check(g, &o), KITH_ECONFIG);
  }
  for (int i = 0; i < 2; i++) {
    snprintf(o.scope.mask.of[0], KITH_NAME, "%s", good[i]);
    assert_int_equal(kith_eval_check(g, &o), KITH_OK);
  }
  kith_graph_destroy(&g);
}

/* With as many negatives as there are unmet items, sampled ranking is full ranking with all met items but the
 * truth left out. */
static void sampling_everything_is_ranking_everything(void **state) {
  (void)state;
  kith_graph *g = test_ranked_share();
  float *x = test_vectors(g);
  kith_eval_options full = test_eval_options(KITH_EVAL_TEST, 2, (int[]){5, 20}), all = full;
  all.sampled = 10 * ITEMS;
  kith_metrics a, b;
  assert_int_equal(kith_eval_metrics(test_comm, g, WIDTH, x, &full, &a).status, KITH_OK);
  assert_int_equal(kith_eval_metrics(test_comm, g, WIDTH, x, &all, &b).status, KITH_OK);
  for (int c = 0; c < 2; c++)
    assert_true(a.recall[c] == b.recall[c] && a.ndcg[c] == b.ndcg[c] && a.mrr[c] == b.mrr[c]);
  all.sampled = 20;
  assert_int_equal(kith_eval_metrics(test_comm, g, WIDTH, x, &all, &b).status, KITH_OK);
  assert_true(b.recall[1] > a.recall[1]); /* fewer rivals, higher figures */
  free(x);
  kith_graph_destroy(&g);
}

/* The protocol's definition: the first n distinct unmet items of the keyed sequence; whether so many are
 * among its first draws. */
static bool oracle_draw(int u, int n, uint64_t seed, bool *drawn) {
  int have = 0;
  for (int i = 0; i < ITEMS; i++) drawn[i] = false;
  for (uint64_t k = 0; have < n && k < 4 * ITEMS; k++) {
    int i = (int)kith_random_below(kith_random(seed, KITH_RNG_PROTOCOL, (uint64_t)u, k, 0).bits[0], ITEMS);
    if (drawn[i] || test_trained(u, i) || test_tested(u, i) || test_validated(u, i)) continue;
    drawn[i] = true;
    have++;
  }
  return have == n;
}

static void sampled_candidates_are_the_first_unmet_draws(void **state) {
  (void)state;
  kith_graph *g = test_ranked_share();
  uint64_t *taken = calloc((size_t)kith__candidates_words(g), sizeof *taken);
  kith_scored_item e[ITEMS];
  bool drawn[ITEMS];
  for (kith_lid u = 0; u < g->n_own_of[0]; u++) {
    int who = (int)g->original[g->row_of[0][u]];
    int64_t unmet = kith__candidates_available(g, u);
    for (int i = 0; i < ITEMS; i++)
      unmet -= !test_trained(who, i) && !test_tested(who, i) && !test_validated(who, i);
    assert_int_equal(unmet, 0);
    for (int n = 0; n <= 400; n += 80) {
      assert_true(oracle_draw(who, n, 9, drawn));
      kith__candidates_draw(g, 9, u, n, taken, e);
      for (int k = 0; k < n; k++) {
        assert_true(drawn[e[k].item]);
        drawn[e[k].item] = false; /* each once */
      }
    }
  }
  free(taken);
  kith_graph_destroy(&g);
}

/*
 * All but one of the unmet items: too many tries for rejection, so that a pass over the items ends the draw.
 * Every item is the one that is left with the same chance: chi-square by Wilson and Hilferty at the level
 * 1e-5; draws are keyed.
 */
static void nearly_all_unmet_items_are_drawn_alike(void **state) {
  (void)state;
  kith_graph *g = test_ranked_share();
  if (g->n_own_of[0] > 0) {
    uint64_t *taken = calloc((size_t)kith__candidates_words(g), sizeof *taken);
    kith_scored_item e[ITEMS];
    int64_t unmet = kith__candidates_available(g, 0), left[ITEMS] = {0}, draws = 6 * unmet;
    for (int64_t seed = 0; seed < draws; seed++) {
      bool there[ITEMS] = {false};
      kith__candidates_draw(g, (uint64_t)seed, 0, unmet - 1, taken, e);
      for (int64_t k = 0; k < unmet - 1; k++) {
        assert_false(there[e[k].item]);
        there[e[k].item] = true;
      }
      for (int i = 0; i < ITEMS; i++) left[i] += !there[i];
    }
    double chi = 0, expected = (double)draws / (double)unmet, n = (double)unmet - 1;
    int64_t met = 0;
    for (int i = 0; i < ITEMS; i++) {
      if (left[i] == draws) met++; /* never drawn */
      else chi += ((double)left[i] - expected) * ((double)left[i] - expected) / expected;
    }
    assert_int_equal(met, ITEMS - unmet);
    assert_true(chi < n * pow(1 - 2 / (9 * n) + 4.265 * sqrt(2 / (9 * n)), 3));
    free(taken);
  }
  kith_graph_destroy(&g);
}

/* Scores that this rank must compute: of its own users alone, each candidate once. */
static int64_t scores_of_own_users(const kith_graph *g, int n) {
  int64_t scores = 0;
  for (kith_lid u = 0; u < g->n_own_of[0]; u++) {
    int64_t n_truth = g->test.start[u + 1] - g->test.start[u];
    scores += n_truth > 0 ? n + n_truth : 0;
  }
  return scores;
}

/* The metrics of N = 30 from the definition, in blocks of one user and in one block; ties go to the smaller
 * number here too. */
static void sampled_metrics_are_the_oracles_in_blocks_of_any_size(void **state) {
  (void)state;
  kith_graph *g = test_ranked_share();
  float *x = test_vectors(g);
  kith_eval_options o = test_eval_options(KITH_EVAL_TEST, 1, (int[]){10});
  double recall = 0, mrr = 0, n_user = 0;
  o.sampled = 30;
  o.seed = 9;
  bool drawn[ITEMS];
  for (int u = 0; u < USERS; u++) {
    int n_truth = 0, hits = 0, first = 0;
    for (int i = 0; i < ITEMS; i++) n_truth += test_tested(u, i);
    if (n_truth == 0) continue;
    assert_true(oracle_draw(u, o.sampled, o.seed, drawn));
    for (int i = 0; i < ITEMS; i++) {
      int place = 1;
      for (int j = 0; j < ITEMS; j++)
        place += (drawn[j] || test_tested(u, j)) &&
                 (score(u, j) > score(u, i) || (score(u, j) == score(u, i) && j < i));
      if (!test_tested(u, i) || place > 10) continue;
      hits++;
      if (!first || place < first) first = place;
    }
    recall += (double)hits / n_truth;
    mrr += first ? 1.0 / first : 0;
    n_user++;
  }
  for (int64_t block = 1; block < 1 << 20; block = block * 200 + 1) {
    kith__metric_sums t = {0};
    kith_metrics m;
    assert_int_equal(kith__eval_sampled(test_comm, g, WIDTH, x, &o, block, &t).status, KITH_OK);
    assert_int_equal(t.n_scored, scores_of_own_users(g, o.sampled));
    assert_true(t.n_fetched <= t.n_scored && (t.n_fetched > 0) == (test_comm->size > 1 && t.n_scored > 0));
    if (block > t.n_scored) assert_true(t.n_fetched <= ITEMS - g->n_own_of[1]); /* each row once */
    kith__metric_sums_reduce(test_comm, &t, &o, &m);
    assert_true((double)m.n_user == n_user && m.n_user_short == 0);
    assert_true(fabs(m.recall[0] - recall / n_user) < 1e-9 && fabs(m.mrr[0] - mrr / n_user) < 1e-9);
  }
  o.sampled = ITEMS;
  kith_metrics all;
  assert_int_equal(kith_eval_metrics(test_comm, g, WIDTH, x, &o, &all).status, KITH_OK);
  assert_int_equal(all.n_user_short, all.n_user); /* nobody has not met every item */
  free(x);
  kith_graph_destroy(&g);
}

/* Nodes of three classes, on every rank other ones; the largest logit that comes first is the answer, and the
 * loss is of the label. */
static void of_equal_logits_the_first_is_the_answer(void **state) {
  (void)state;
  float logits[] = {2, 2, 1, 2, 2, 1, 0, 3, 3, -1, -1, -1, 5, 0, 0};
  int32_t label[] = {0, 1, 1, 1, 0};
  int8_t split[] = {KITH_NODE_TEST, KITH_NODE_TEST, KITH_NODE_TEST, KITH_NODE_TEST, KITH_NODE_VALID};
  kith_graph g = {.n_own = 5, .n_class = 3, .label = label, .split = split};
  kith_accuracy a = kith_eval_accuracy(test_comm, &g, logits, KITH_NODE_TEST);
  double e = 2 * log(2 * exp(2) + exp(1)) - 4 + log(1 + 2 * exp(3)) - 3 + log(3);
  assert_int_equal(a.n, 4 * test_comm->size);
  assert_int_equal(a.correct, 2 * test_comm->size); /* the first and the third */
  assert_true(fabs(a.loss - e / 4) < 1e-9);
}

/* A rank that wants to stop from its so-manyeth look on. */
static int looks_left;
static bool wants_to_stop(void) { return __atomic_sub_fetch(&looks_left, 1, __ATOMIC_RELAXED) < 0; }

static void who_stops_stops_all(void **state) {
  (void)state;
  kith_graph *g = test_ranked_share();
  float *x = test_vectors(g);
  kith_eval_options o = test_eval_options(KITH_EVAL_TEST, 1, (int[]){5});
  kith_metrics truth, m;
  assert_int_equal(kith_eval_metrics(test_comm, g, WIDTH, x, &o, &truth).status, KITH_OK);
  int64_t live = kith_alloc_live();
  o.should_stop = wants_to_stop;
  for (int r = 0; r < test_comm->size; r++)
    for (int look = 0; look < 4; look++) {
      looks_left = test_comm->rank == r ? look : 1 << 20;
      kith_status st = kith_eval_metrics(test_comm, g, WIDTH, x, &o, &m).status;
      assert_int_equal(kith_comm_max(test_comm, (int64_t)st), (int64_t)st); /* the same on all */
      assert_true(st == KITH_EINTERRUPT || (st == KITH_OK && look > 0));
      if (st == KITH_OK) assert_true(m.recall[0] == truth.recall[0]);
      assert_int_equal(kith_alloc_live(), live);
    }
  o.should_stop = NULL; /* nothing of it is left */
  assert_int_equal(kith_eval_metrics(test_comm, g, WIDTH, x, &o, &m).status, KITH_OK);
  assert_true(m.recall[0] == truth.recall[0] && m.ndcg[0] == truth.ndcg[0]);
  free(x);
  kith_graph_destroy(&g);
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(the_best_items_are_the_oracles),
                                     cmocka_unit_test(metrics_are_the_oracles),
                                     cmocka_unit_test(groups_are_the_oracles),
                                     cmocka_unit_test(lists_of_cold_items_are_the_oracles),
                                     cmocka_unit_test(what_cannot_be_masked_or_ranked_is_refused),
                                     cmocka_unit_test(sampling_everything_is_ranking_everything),
                                     cmocka_unit_test(of_equal_logits_the_first_is_the_answer),
                                     cmocka_unit_test(sampled_candidates_are_the_first_unmet_draws),
                                     cmocka_unit_test(nearly_all_unmet_items_are_drawn_alike),
                                     cmocka_unit_test(sampled_metrics_are_the_oracles_in_blocks_of_any_size),
                                     cmocka_unit_test(who_stops_stops_all)};
  test_begin(&argc, &argv);
  test_ranked_begin();
  int failures = cmocka_run_group_tests(tests, NULL, NULL);
  test_ranked_end();
  return test_end(failures);
}
