/* ranks: 1 */
/* The metrics of users whose lists are shorter than K, by their definitions in docs/metrics.md. */
#include <math.h>

#include "support/mpi_main.h"
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

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(a_list_shorter_than_k_is_judged_at_k),
                                     cmocka_unit_test(without_items_nothing_is_found)};
  test_begin(&argc, &argv);
  return test_end(cmocka_run_group_tests(tests, NULL, NULL));
}
