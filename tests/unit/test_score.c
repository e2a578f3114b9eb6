/* ranks: 1 */
/* What epochs are compared by, and after which of them a run evaluates. */
#include "support/mpi_main.h"
#include "train/run.h"

static kith_run options(kith_eval_split split) {
  kith_run o = {.evaluate = kith_eval_defaults(), .train = kith_train_defaults()};
  o.evaluate.split = split;
  return o;
}

static kith_eval_result ranked(double recall, double ndcg) {
  return (kith_eval_result){
      .ranking = {.n_k = 2, .k = {10, 20}, .recall = {0.9, recall}, .ndcg = {0.9, ndcg}}};
}

static void recall_at_the_largest_cut_off_decides_and_ndcg_between_equals(void **state) {
  (void)state;
  kith_graph g = {.n_class = 0};
  kith_run o = options(KITH_EVAL_VALID);
  run r = {.g = &g, .o = &o};
  const kith_eval_result m[4] = {ranked(0.25, 0.9), ranked(0.250001, 0.1), ranked(0.250001, 0.2),
                                 ranked(0.3, 0.1)};
  for (int i = 1; i < 4; i++) assert_true(kith__run_score(&r, &m[i - 1]) < kith__run_score(&r, &m[i]));
}

static void right_answers_decide_and_the_loss_between_equals_or_alone(void **state) {
  (void)state;
  kith_graph g = {.n_class = 3};
  kith_run o = options(KITH_EVAL_VALID);
  run r = {.g = &g, .o = &o};
  const kith_eval_result m[3] = {{.classification = {100, 60, 0.1}},
                                 {.classification = {100, 61, 9}},
                                 {.classification = {100, 61, 3}}};
  for (int i = 1; i < 3; i++) assert_true(kith__run_score(&r, &m[i - 1]) < kith__run_score(&r, &m[i]));
  o.evaluate.select_by = KITH_SELECT_BY_LOSS;
  assert_true(kith__run_score(&r, &m[0]) > kith__run_score(&r, &m[2]) &&
              kith__run_score(&r, &m[2]) > kith__run_score(&r, &m[1]));
}

/* Runs are compared by this name: everything that changes the score changes it. */
static void a_score_has_a_name_where_epochs_are_picked(void **state) {
  (void)state;
  enum { N = 9 };
  kith_graph g[N];
  kith_run o[N];
  char name[N][KITH_SCORE_SIZE];
  for (int i = 0; i < N; i++) {
    g[i] = (kith_graph){.n_class = i < 6 ? 0 : 3};
    o[i] = options(i == 8 ? KITH_EVAL_TEST : KITH_EVAL_VALID);
  }
  o[1].evaluate.k[1] = 50;
  o[2].evaluate.split = KITH_EVAL_TEST, o[2].train.patience = 1;
  o[3].evaluate.sampled = 100;
  o[4].evaluate.sampled = 100, o[4].evaluate.seed = 2;
  o[5].evaluate.sampled = 99;
  o[7].evaluate.select_by = KITH_SELECT_BY_LOSS;
  for (int i = 0; i < N; i++) {
    run r = {.g = &g[i], .o = &o[i]};
    kith__run_score_name(&r, name[i]);
    for (int k = 0; k < i; k++) assert_string_not_equal(name[i], name[k]);
    assert_true((i == 8) == (name[i][0] == '\0'));
  }
  assert_string_equal(name[0], "recall@20 on valid");
  o[0].evaluate.k[0] = 5; /* the largest decides */
  o[0].evaluate.every = 7;
  run r = {.g = &g[0], .o = &o[0]};
  kith__run_score_name(&r, name[1]);
  assert_string_equal(name[0], name[1]);
  o[0].evaluate.every = 0;
  kith__run_score_name(&r, name[1]);
  assert_string_equal(name[1], "");
}

static void the_first_ten_epochs_are_evaluated_and_then_every_fifth(void **state) {
  (void)state;
  for (int64_t e = 1; e <= 100; e++) {
    assert_int_equal(kith_eval_is_due(KITH_EVERY_AUTO, e), e <= 10 || e % 5 == 0);
    assert_int_equal(kith_eval_is_due(7, e), e % 7 == 0);
    assert_false(kith_eval_is_due(0, e));
  }
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(recall_at_the_largest_cut_off_decides_and_ndcg_between_equals),
      cmocka_unit_test(right_answers_decide_and_the_loss_between_equals_or_alone),
      cmocka_unit_test(a_score_has_a_name_where_epochs_are_picked),
      cmocka_unit_test(the_first_ten_epochs_are_evaluated_and_then_every_fifth)};
  test_begin(&argc, &argv);
  return test_end(cmocka_run_group_tests(tests, NULL, NULL));
}
