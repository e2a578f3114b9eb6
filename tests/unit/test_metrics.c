/* ranks: 1 */
/* The metrics of users whose lists are shorter than K, by their definitions in docs/metrics.md. */
#include <math.h>

#include "support/mpi_main.h"
#include "baseline/neighbors.h"
#include "eval/eval_impl.h"

static bool near(double a, double b) { return fabs(a - b) < 1e-9; }

static void a_list_shorter_than_k_is_judged_at_k(void **state) {
  (void)state;
  const kith_eval_options o = {.n_k = 2, .k = {1, 5}};
  const int32_t ranked[] = {7, 2, 9}, truth[] = {2, 5, 8};
  const double second = 1 / log2(3), third = 1 / log2(4);
  kith__metric_sums t = {0};
  kith_metrics m;
  kith__metric_sums_add(&t, &o, 3, ranked, 3, truth);
  kith__metric_sums_reduce(test_comm, &t, &o, &m);
  assert_true(m.n_user == 1 && near(m.recall[0], 0) && near(m.ndcg[0], 0) && near(m.mrr[0], 0));
  assert_true(near(m.recall[1], 1.0 / 3) && near(m.hit_rate[1], 1) && near(m.precision[1], 1.0 / 5) &&
              near(m.mrr[1], 0.5));
  assert_true(near(m.ndcg[1], second / (1 + second + third)));
}

static void without_items_nothing_is_found(void **state) {
  (void)state;
  const kith_eval_options o = {.n_k = 1, .k = {5}};
  const int32_t truth[] = {3};
  kith__metric_sums t = {0};
  kith_metrics m;
  kith__metric_sums_add(&t, &o, 0, NULL, 1, truth);
  kith__metric_sums_reduce(test_comm, &t, &o, &m);
  assert_true(near(m.recall[0], 0) && near(m.precision[0], 0) && near(m.hit_rate[0], 0) &&
              near(m.mrr[0], 0) && near(m.ndcg[0], 0));
}

/* Item 0 has the neighbors 1 and 2, item 1 has 2, and item 2 none. */
static void neighbors_add_to_their_items_or_items_to_their_neighbors(void **state) {
  (void)state;
  kith__neighbors n = {.n_item = 3, .k = 2};
  kith_baseline_settings s = {.similarity = KITH_SIMILARITY_COSINE, .neighbors = 2, .normalize = true};
  const int32_t user[] = {1, 2};
  float cosine[3] = {0}, conditional[3] = {0};
  assert_int_equal(KITH_NEW(n.item, 6), KITH_OK);
  assert_int_equal(KITH_NEW(n.weight, 6), KITH_OK);
  n.item[0] = 2, n.item[1] = n.item[2] = 3;
  n.weight[0] = 0.75f, n.weight[1] = 0.5f, n.weight[2] = 0.25f;
  assert_int_equal(kith__neighbors_take(&n, &s), KITH_OK);
  kith__neighbors_score(&n, 1, user + 1, cosine);
  assert_true(fabsf(cosine[0] - 0.4f) < 1e-6f && cosine[1] == 1 && cosine[2] == 0);
  s = (kith_baseline_settings){.similarity = KITH_SIMILARITY_CONDITIONAL, .neighbors = 1};
  assert_int_equal(kith__neighbors_take(&n, &s), KITH_OK);
  kith__neighbors_score(&n, 2, user, conditional);
  assert_true(conditional[0] == 0 && conditional[1] == 0 && conditional[2] == 0.25f);
  kith__neighbors_free(&n);
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(a_list_shorter_than_k_is_judged_at_k),
                                     cmocka_unit_test(without_items_nothing_is_found),
                                     cmocka_unit_test(
                                         neighbors_add_to_their_items_or_items_to_their_neighbors)};
  test_begin(&argc, &argv);
  return test_end(cmocka_run_group_tests(tests, NULL, NULL));
}
