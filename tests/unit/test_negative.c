/* ranks: 1 2 */
/*
 * Negatives follow their law, are never known to the user, and belong to the edge.  Counts of draws are held against
 * their expectations by chi-square at the level 1e-5; the draws are keyed, so an outcome is the same in every run.
 */
#include "support/cut.h"
#include "support/mpi_main.h"

#include "loss/pairs.h"

enum { USERS = 40, ITEMS = 60, EDGES = 700, DRAWS = 60000 };
static const double LEVEL = 4.265; /* standard normal quantile of 1 - 1e-5 */

static test_graph graph;
static kith_graph *share;

/* The quantile of chi-square with n degrees of freedom (Wilson and Hilferty 1931). */
static double chi_quantile(int n) { return n * pow(1 - 2.0 / (9 * n) + LEVEL * sqrt(2.0 / (9 * n)), 3); }

static kith_noise *noise_of(double popularity, double alpha, double hard) {
  kith_negative_options o = {.count = 1, .popularity = popularity, .alpha = alpha, .hard = hard, .pool = 4};
  kith_noise *z = NULL;
  assert_int_equal(KITH_OK, kith_noise_create(test_comm, share, &o, &z).status);
  return z;
}

static void law(double popularity, double alpha, double *p) {
  double degree[ITEMS] = {0}, sum = 0;
  for (int64_t e = 0; e < graph.n_edge; e++) degree[graph.item[e]]++;
  for (int i = 0; i < ITEMS; i++) sum += pow(degree[i], alpha);
  for (int i = 0; i < ITEMS; i++) p[i] = popularity * pow(degree[i], alpha) / sum + (1 - popularity) / ITEMS;
}

/* Cells that expect fewer than five draws are joined. */
static void expect_law(const double *count, const double *p, double n) {
  double chi = 0, rest[2] = {0};
  int cells = 0;
  for (int i = 0; i < ITEMS; i++)
    if (n * p[i] < 5) {
      rest[0] += count[i];
      rest[1] += n * p[i];
    } else {
      chi += (count[i] - n * p[i]) * (count[i] - n * p[i]) / (n * p[i]);
      cells++;
    }
  if (rest[1] > 0) chi += (rest[0] - rest[1]) * (rest[0] - rest[1]) / rest[1];
  else assert_true(rest[0] == 0);
  assert_true(chi < chi_quantile(cells - (rest[1] == 0)));
}

static void check_noise(double popularity, double alpha) {
  kith_noise *z = noise_of(popularity, alpha, 0);
  double p[ITEMS], count[ITEMS] = {0};
  law(popularity, alpha, p);
  for (uint64_t i = 0; i < DRAWS; i++) {
    kith_draw r = kith_random(7, KITH_USE_NEGATIVE, i, 0, 0);
    count[kith_noise_item(z, &r)]++;
  }
  expect_law(count, p, DRAWS);
  for (int i = 0; i < ITEMS; i++)
    if (p[i] > 0) assert_true(fabs(kith_noise_log(z, i) - log(p[i])) < 1e-5); /* weights are rounded to 2^-20 */
  kith_noise_destroy(&z);
}

static void draws_follow_their_law(void **state) {
  (void)state;
  check_noise(0, 0.75);
  check_noise(1, 0.75);
  check_noise(1, 1);
  check_noise(1, 0);
  check_noise(0.3, 0.5);
}

static void an_item_that_nobody_met_is_not_popular(void **state) {
  (void)state;
  kith_noise *z = noise_of(1, 0.75, 0);
  for (int i = 0; i < ITEMS; i++) {
    bool met = false;
    for (int64_t e = 0; e < graph.n_edge; e++) met = met || graph.item[e] == i;
    assert_true(met == (z->below[i + 1] > z->below[i]));
  }
  kith_noise_destroy(&z);
}

/* The law of a user's negatives is the noise's without the user's items. */
static void negatives_of_a_user_follow_the_law_of_the_others(void **state) {
  (void)state;
  kith_noise *z = noise_of(0.5, 0.75, 0);
  kith_epoch *e = NULL;
  assert_int_equal(KITH_OK, kith_epoch_create(share, 16, 3, &e));
  for (kith_lid u = 0; u < share->n_own_of[KITH_USER]; u += 9) {
    double p[ITEMS], count[ITEMS] = {0}, left = 0;
    law(0.5, 0.75, p);
    for (int i = 0; i < ITEMS; i++) left += p[i] *= !kith_lists_has(&share->train, u, i);
    for (int i = 0; i < ITEMS; i++) p[i] /= left;
    for (int i = 0; i < 20000; i++) count[kith_negative_draw(z, e, u, u, i % 100, i / 100)]++;
    expect_law(count, p, 20000);
  }
  kith_epoch_destroy(&e);
  kith_noise_destroy(&z);
}

static void the_first_negative_is_the_one_that_has_always_been(void **state) {
  (void)state;
  kith_noise *z = noise_of(0, 0.75, 0);
  kith_epoch e = {.g = share, .seed = 5, .epoch = 2};
  for (kith_eid edge = 0; edge < 200; edge++) {
    int32_t item = -1;
    for (uint64_t try = 0; item < 0 || kith_lists_has(&share->train, 0, item); try++)
      item = (int32_t)kith_random_below(kith_random(5, KITH_USE_NEGATIVE, 2, (uint64_t)edge, try).bits[0], ITEMS);
    assert_int_equal(item, kith_negative_draw(z, &e, edge, 0, 0, 0));
  }
  kith_noise_destroy(&z);
}

static void the_share_of_hard_negatives_is_the_share_asked_for(void **state) {
  (void)state;
  const double shares[] = {0, 0.25, 0.8, 1};
  for (int k = 0; k < 4; k++) {
    kith_noise *z = noise_of(0, 0.75, shares[k]);
    kith_epoch e = {.g = share, .seed = 5};
    double hard = 0, spread = sqrt(DRAWS * shares[k] * (1 - shares[k]));
    for (int i = 0; i < DRAWS; i++) hard += kith_negative_is_hard(z, &e, i / 3, i % 3);
    assert_true(fabs(hard - DRAWS * shares[k]) <= LEVEL * spread);
    kith_noise_destroy(&z);
  }
}

/* Rows that a step wants, with scores by item number, so that the hardest of a pool is known. */
static void fill_rows(const kith_batch *b, kith_tensor *rows) {
  for (kith_lid i = 0; i < b->n_want; i++) {
    rows->value[i] = 1;
    for (int item = 0; item < ITEMS; item++)
      if (share->item_number[item] == b->want[i]) rows->value[i] = (float)(item % 7);
  }
}

static void check_picks(const kith_batch *b, kith_tape *t) {
  kith_tensor *rows = kith_tape_tensor(t, kith_batch_most_wanted(b), 1);
  kith_lid picked[3 * 128];
  int hard = 0, k = b->shape.n_negative, m = b->shape.n_pool;
  assert_non_null(rows);
  fill_rows(b, rows);
  kith__pick_negatives(b, rows, picked);
  for (kith_lid i = 0; i < b->n_pair * k; i++) {
    const int32_t *drawn = b->drawn + (size_t)i * (size_t)m;
    int most = drawn[0] % 7;
    for (int c = 1; c < m && drawn[c] >= 0; c++) most = drawn[c] % 7 > most ? drawn[c] % 7 : most;
    assert_int_equal(most, b->drawn[picked[i]] % 7);
    assert_true(rows->value[b->at[2][picked[i]]] == (float)most);
    assert_true(share->item_number[b->drawn[picked[i]]] == b->want[b->at[2][picked[i]]]);
    hard += drawn[1] >= 0;
  }
  int64_t sum[2] = {hard, b->n_pair * k};
  kith_comm_sum_int(test_comm, 2, sum);
  assert_in_range(sum[0], sum[1] / 4, 3 * sum[1] / 4);
}

static void the_hardest_of_a_pool_is_picked(void **state) {
  (void)state;
  kith_negative_options o = {.count = 3, .popularity = 0.4, .alpha = 0.75, .hard = 0.5, .pool = 6};
  kith_batch_shape shape = {.pairs = 128, .n_negative = o.count, .n_pool = o.pool};
  kith_noise *z = NULL;
  kith_relation *a = NULL;
  kith_batch *b = NULL;
  kith_epoch *e = NULL;
  kith_tape *t = NULL;
  assert_int_equal(KITH_OK, kith_noise_create(test_comm, share, &o, &z).status);
  assert_int_equal(KITH_OK, kith_relation_create(test_comm, share, 1, &a).status);
  assert_int_equal(KITH_OK, kith_batch_create(test_comm, share, a, z, &shape, &b).status);
  assert_int_equal(KITH_OK, kith_epoch_create(share, 128, 3, &e));
  assert_int_equal(KITH_OK, kith_tape_create(&t));
  kith_epoch_begin(e, 0);
  for (int64_t step = 0; step < e->n_step; step++) {
    kith_batch_pairs(b, e, step);
    for (kith_lid i = 0; i < b->n_pair * o.count * o.pool; i++)
      assert_false(b->drawn[i] >= 0 && kith_lists_has(&share->train, e->seeds[e->first[step] + i / (o.count * o.pool)].user, b->drawn[i]));
    check_picks(b, t);
  }
  kith_tape_destroy(&t);
  kith_epoch_destroy(&e);
  kith_batch_destroy(&b);
  kith_relation_destroy(&a);
  kith_noise_destroy(&z);
}

/* Every rank holds the marks of all pairs; each mark is checked by the rank that knows the user. */
static void check_marks(const kith_batch *b, const kith_epoch *e, int64_t step) {
  for (kith_eid s = e->first[step]; s < e->first[step + 1]; s++) {
    int64_t place = e->seeds[s].place - e->place_first[step];
    for (int c = 0; c < b->shared.n; c++) {
      bool marked = b->shared.marks.known[c / 64 * b->n_global + place] >> c % 64 & 1;
      assert_true(marked == kith_lists_has(&share->train, e->seeds[s].user, b->item[b->n_global + c]));
    }
  }
}

static void shared_negatives_follow_their_law_and_are_marked_for_those_who_know_them(void **state) {
  (void)state;
  enum { SHARED = 100, PAIRS = 50 };
  kith_batch_shape shape = {.pairs = PAIRS, .softmax = true, .n_negative = 1, .n_pool = 1, .n_shared = SHARED};
  kith_noise *z = noise_of(0.4, 0.75, 0);
  kith_relation *a = NULL;
  kith_batch *b = NULL;
  kith_epoch *e = NULL;
  double p[ITEMS], count[ITEMS] = {0}, drawn = 0;
  law(0.4, 0.75, p);
  assert_int_equal(KITH_OK, kith_relation_create(test_comm, share, 1, &a).status);
  assert_int_equal(KITH_OK, kith_batch_create(test_comm, share, a, z, &shape, &b).status);
  assert_int_equal(KITH_OK, kith_epoch_create(share, PAIRS, 3, &e));
  for (int64_t epoch = 0; epoch < 20; epoch++) {
    kith_epoch_begin(e, epoch);
    for (int64_t step = 0; step < e->n_step; step++) {
      kith_batch_softmax(b, e, step);
      assert_int_equal(b->shared.n, SHARED);
      for (int c = 0; c < SHARED; c++) count[b->item[b->n_global + c]]++;
      for (int c = 0; c < SHARED; c++) assert_true(fabs((double)b->shared.log_often[c] - log(SHARED * p[b->item[b->n_global + c]])) < 1e-5);
      drawn += SHARED;
      check_marks(b, e, step);
    }
  }
  expect_law(count, p, drawn);
  kith_epoch_destroy(&e);
  kith_batch_destroy(&b);
  kith_relation_destroy(&a);
  kith_noise_destroy(&z);
}

static void a_loss_without_candidates_is_refused(void **state) {
  (void)state;
  kith_loss_options loss = kith_loss_defaults();
  kith_negative_options negatives = kith_negative_defaults();
  assert_int_equal(KITH_OK, kith_loss_check(&loss, &negatives));
  loss.name = KITH_SOFTMAX;
  loss.inbatch = false;
  assert_int_equal(KITH_ECONFIG, kith_loss_check(&loss, &negatives));
  loss.shared = 1;
  assert_int_equal(KITH_OK, kith_loss_check(&loss, &negatives));
  loss.name = KITH_NCE;
  negatives.hard = 0.1;
  assert_int_equal(KITH_ECONFIG, kith_loss_check(&loss, &negatives));
}

static void a_step_of_too_many_rows_is_refused(void **state) {
  (void)state;
  kith_batch_shape shape = {.pairs = 10000000, .n_negative = 1000, .n_pool = 1};
  kith_batch *b = NULL;
  assert_int_equal(KITH_ECONFIG, kith_batch_create(test_comm, share, NULL, NULL, &shape, &b).status);
  assert_null(b);
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(draws_follow_their_law), cmocka_unit_test(an_item_that_nobody_met_is_not_popular),
      cmocka_unit_test(negatives_of_a_user_follow_the_law_of_the_others), cmocka_unit_test(the_first_negative_is_the_one_that_has_always_been),
      cmocka_unit_test(the_share_of_hard_negatives_is_the_share_asked_for), cmocka_unit_test(the_hardest_of_a_pool_is_picked),
      cmocka_unit_test(shared_negatives_follow_their_law_and_are_marked_for_those_who_know_them),
      cmocka_unit_test(a_loss_without_candidates_is_refused), cmocka_unit_test(a_step_of_too_many_rows_is_refused)};
  test_begin(&argc, &argv);
  graph = test_graph_random(USERS, ITEMS, EDGES, 8);
  share = test_graph_cut(&graph, test_comm, 5, 2);
  int failures = cmocka_run_group_tests(tests, NULL, NULL);
  kith_graph_destroy(&share);
  test_graph_free(&graph);
  return test_end(failures);
}
