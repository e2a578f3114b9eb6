/* ranks: 1 2 3 4 */
/*
 * Eigenpairs of the weighted interaction matrix: those of a plain dense solver, with true residuals, the same
 * bits on any number of ranks and for any cut, and none where the matrix has none.
 */
#include "support/mpi_main.h"
#include "spectral/spectral_impl.h"
#include "support/spectrum_blocks.h"

enum { USERS = 50, ITEMS = 1300, EDGES = 4000, K = 20, OVERSAMPLE = 12, WIDTH = K + OVERSAMPLE };

/* The first K pairs are those of a dense solver. */
static void assert_dense_pairs(const test_graph *t, const double *m, const spectrum_outcome *o) {
  double *s = calloc(USERS * USERS, 8), *u = calloc(USERS * USERS, 8);
  for (int i = 0; i < USERS; i++)
    for (int j = 0; j < USERS; j++)
      for (int k = 0; k < ITEMS; k++) s[i * USERS + j] += m[i * ITEMS + k] * m[j * ITEMS + k];
  spectrum_jacobi(USERS, s, u);
  for (int j = 0; j < K; j++) {
    int best = 0, larger = 0;
    for (int i = 0; i < USERS; i++) {
      if (fabs(s[i * (USERS + 1)] - o->value[j]) < fabs(s[best * (USERS + 1)] - o->value[j])) best = i;
      larger += s[i * (USERS + 1)] > o->value[j] + 1e-5 * o->value[0];
    }
    double lambda = s[best * (USERS + 1)], dot = 0;
    assert_true(fabs(lambda - o->value[j]) < 1e-5 * o->value[0] && larger <= j);
    for (int i = 0; i < ITEMS; i++) {
      double v = 0;
      for (int k = 0; k < USERS; k++) v += m[k * ITEMS + i] * u[best * USERS + k];
      dot += v / sqrt(lambda) * (double)o->v[i * WIDTH + j];
    }
    assert_true(fabs(fabs(dot) - 1) < 1e-5);
  }
  assert_int_equal(spectrum_assert_orthonormal(t, o), WIDTH);
  spectrum_assert_errors(t, m, o, K);
  free(s);
  free(u);
}

static void pairs_are_those_of_a_dense_solver(void **state) {
  (void)state;
  test_graph t = test_graph_random(USERS, ITEMS, EDGES, 11);
  double *m = spectrum_dense(&t, SPECTRUM_A, SPECTRUM_B);
  spectrum_outcome o = spectrum_iterate(
      test_comm, &t, (spectrum_recipe){.k = K, .oversample = OVERSAMPLE, .rounds = 5, .parts = 7, .cut = 3});
  assert_dense_pairs(&t, m, &o);
  assert_true(o.residual < 1e-5);
  spectrum_outcome_free(&o);
  free(m);
  test_graph_free(&t);
}

static void early_residuals_are_true(void **state) {
  (void)state;
  test_graph t = test_graph_random(USERS, ITEMS, EDGES, 12);
  double *m = spectrum_dense(&t, SPECTRUM_A, SPECTRUM_B);
  spectrum_outcome o =
      spectrum_iterate(test_comm, &t,
                       (spectrum_recipe){.k = K, .oversample = 2, .rounds = 1, .parts = 5, .cut = 1});
  assert_true(o.residual > 1e-4);
  assert_int_equal(spectrum_assert_orthonormal(&t, &o), K + 2);
  spectrum_assert_errors(&t, m, &o, K);
  spectrum_outcome_free(&o);
  free(m);
  test_graph_free(&t);
}

/* Without the filter's recurrence, or with a lower degree, the errors are several times larger. */
static void three_rounds_converge_as_chebyshev_polynomials_do(void **state) {
  (void)state;
  test_graph t = test_graph_random(USERS, ITEMS, EDGES, 11);
  spectrum_outcome o =
      spectrum_iterate(test_comm, &t,
                       (spectrum_recipe){.k = K, .oversample = 4, .rounds = 3, .parts = 7, .cut = 3});
  assert_true(o.residual < 5e-4);
  spectrum_outcome_free(&o);
  test_graph_free(&t);
}

/* More columns than a slab, so that the leading ones are removed from others. */
static void all_ranks_cuts_and_restarts_give_the_same_bits(void **state) {
  (void)state;
  test_graph t = test_graph_random(150, ITEMS, 6000, 13);
  kith_comm *alone = NULL;
  spectrum_recipe how = {.k = 70, .oversample = 11, .rounds = 3, .parts = 1, .cut = 5};
  assert_int_equal(KITH_OK, kith_comm_create(MPI_COMM_SELF, &alone).status);
  spectrum_outcome truth = spectrum_iterate(alone, &t, how);
  how.parts = 7;
  for (how.cut = 1; how.cut <= 2; how.cut++) {
    how.restart = how.cut == 2;
    spectrum_outcome mine = spectrum_iterate(test_comm, &t, how);
    spectrum_assert_same(&t, &truth, &mine);
    spectrum_outcome_free(&mine);
  }
  spectrum_outcome_free(&truth);
  kith_comm_destroy(&alone);
  test_graph_free(&t);
}

/* The complete graph has one eigenpair. */
static test_graph complete(int users, int items) {
  test_graph t = {.n_user = users, .n_item = items, .n_edge = (int64_t)users * items};
  t.user = calloc((size_t)t.n_edge, sizeof *t.user);
  t.item = calloc((size_t)t.n_edge, sizeof *t.item);
  for (int e = 0; e < users * items; e++) {
    t.user[e] = e / items;
    t.item[e] = e % items;
  }
  return t;
}

/* Between `least` and `most` pairs. */
static void check_few(test_graph t, int least, int most) {
  double *m = spectrum_dense(&t, SPECTRUM_A, SPECTRUM_B);
  for (int rounds = 1; rounds <= 4; rounds++) {
    spectrum_outcome o =
        spectrum_iterate(test_comm, &t,
                         (spectrum_recipe){.k = 40, .oversample = 48, .rounds = rounds, .parts = 3});
    int n = spectrum_assert_orthonormal(&t, &o);
    assert_true(n >= least && n <= t.n_item);
    spectrum_assert_errors(&t, m, &o, 40);
    for (int j = 0; j < o.width; j++)
      assert_true((j >= least || o.value[j] > 1e-3 * o.value[0]) &&
                  (j < most || o.value[j] < 1e-5 * o.value[0]));
    spectrum_outcome_free(&o);
  }
  free(m);
  test_graph_free(&t);
}

static void a_small_rank_leaves_columns_of_zeros(void **state) {
  (void)state;
  check_few(test_graph_random(100, 20, 400, 4), 15, 20);
}

static void a_complete_graph_has_one_pair(void **state) {
  (void)state;
  check_few(complete(9, 13), 1, 1);
}

/* ---- an older matrix ---- */

enum { BLOCK = 7, OLD_USERS = 40, BLOCK_ITEMS = 13, OLD_ITEMS = ITEMS - BLOCK_ITEMS - 27 };

static void append(test_graph *t, int64_t user, int64_t item) {
  t->user[t->n_edge] = (int32_t)user;
  t->item[t->n_edge++] = (int32_t)item;
}

/*
 * Two graphs: the older one, and one with more interactions of its users, who reach new items, too.  Ten more
 * users interact with thirteen items of their own: their eigenvector is orthogonal to all older columns.
 */
static test_graph grown(test_graph *old) {
  test_graph all = test_graph_random(OLD_USERS, ITEMS - BLOCK_ITEMS, EDGES, 21),
             block = complete(USERS - OLD_USERS, BLOCK_ITEMS), t = {.n_user = USERS, .n_item = ITEMS};
  int64_t most = all.n_edge + block.n_edge;
  *old = (test_graph){.n_user = OLD_USERS, .n_item = OLD_ITEMS};
  old->user = calloc((size_t)most, sizeof *old->user);
  old->item = calloc((size_t)most, sizeof *old->item);
  t.user = calloc((size_t)most, sizeof *t.user);
  t.item = calloc((size_t)most, sizeof *t.item);
  for (int64_t e = 0; e < all.n_edge; e++) {
    append(&t, all.user[e], all.item[e]);
    if (e % 10 != 0 && all.item[e] < OLD_ITEMS) append(old, all.user[e], all.item[e]);
  }
  for (int64_t e = 0; e < block.n_edge; e++)
    append(&t, OLD_USERS + block.user[e], ITEMS - BLOCK_ITEMS + block.item[e]);
  test_graph_free(&all);
  test_graph_free(&block);
  return t;
}

static spectrum_outcome iterate_old(const test_graph *old, int rounds) {
  return spectrum_iterate(
      test_comm, old,
      (spectrum_recipe){.k = K, .oversample = OVERSAMPLE, .rounds = rounds, .parts = 7, .cut = 3});
}

/* Rounds from what the older graph's have left; block 0: the usual one. */
static spectrum_recipe after(const spectrum_outcome *known, int rounds, int block) {
  return (spectrum_recipe){.k = K,
                           .oversample = OVERSAMPLE,
                           .rounds = rounds,
                           .parts = 7,
                           .cut = 3,
                           .known = known,
                           .n_known = OLD_ITEMS,
                           .block = block};
}

static void rounds_from_older_pairs_reach_those_of_a_dense_solver(void **state) {
  (void)state;
  test_graph old, t = grown(&old);
  double *m = spectrum_dense(&t, SPECTRUM_A, SPECTRUM_B);
  kith_comm *alone = NULL;
  assert_int_equal(KITH_OK, kith_comm_create(MPI_COMM_SELF, &alone).status);
  spectrum_outcome known = iterate_old(&old, 3);
  spectrum_recipe how = after(&known, 5, 0);
  for (how.block = 0; how.block <= BLOCK; how.block += BLOCK) {
    how.restart = false;
    how.cut = 3;
    spectrum_outcome o = spectrum_iterate(test_comm, &t, how);
    assert_dense_pairs(&t, m, &o);
    assert_true(o.residual < 1e-5);
    how.restart = true;
    how.cut = 4;
    spectrum_outcome again = spectrum_iterate(alone, &t, how);
    spectrum_assert_same(&t, &o, &again);
    spectrum_outcome_free(&again);
    spectrum_outcome_free(&o);
  }
  spectrum_outcome_free(&known);
  kith_comm_destroy(&alone);
  free(m);
  test_graph_free(&old);
  test_graph_free(&t);
}

/* x = P v, for the columns v [n_item, WIDTH]. */
static void dense_product(const test_graph *t, const double *m, const double *v, double *x) {
  double *y = calloc(WIDTH, sizeof *y);
  memset(x, 0, (size_t)t->n_item * WIDTH * sizeof *x);
  for (int64_t u = 0; u < t->n_user; u++) {
    memset(y, 0, WIDTH * sizeof *y);
    for (int64_t i = 0; i < t->n_item; i++)
      for (int j = 0; j < WIDTH; j++) y[j] += m[u * t->n_item + i] * v[i * WIDTH + j];
    for (int64_t i = 0; i < t->n_item; i++)
      for (int j = 0; j < WIDTH; j++) x[i * WIDTH + j] += m[u * t->n_item + i] * y[j];
  }
  free(y);
}

/* Gram and Schmidt, twice. */
static void dense_orthonormalize(const test_graph *t, double *x) {
  for (int twice = 0; twice < 2; twice++)
    for (int j = 0; j < WIDTH; j++)
      for (int k = 0; k <= j; k++) {
        double dot = 0;
        for (int64_t i = 0; i < t->n_item; i++) dot += x[i * WIDTH + j] * x[i * WIDTH + k];
        for (int64_t i = 0; i < t->n_item; i++)
          x[i * WIDTH + j] =
              j == k ? x[i * WIDTH + j] / sqrt(dot) : x[i * WIDTH + j] - dot * x[i * WIDTH + k];
      }
}

/* Eigenvalues of X'PX, descending. */
static void dense_ritz(const test_graph *t, const double *m, double *x, double *value) {
  double *y = calloc((size_t)t->n_item * WIDTH, 8), *h = calloc(WIDTH * WIDTH, 8),
         *u = calloc(WIDTH * WIDTH, 8);
  dense_orthonormalize(t, x);
  dense_product(t, m, x, y);
  for (int j = 0; j < WIDTH; j++)
    for (int k = 0; k < WIDTH; k++)
      for (int64_t i = 0; i < t->n_item; i++) h[j * WIDTH + k] += x[i * WIDTH + j] * y[i * WIDTH + k];
  spectrum_jacobi(WIDTH, h, u);
  for (int j = 0; j < WIDTH; j++) {
    int larger = 0;
    for (int k = 0; k < WIDTH; k++) larger += h[k * (WIDTH + 1)] > h[j * (WIDTH + 1)];
    value[larger] = h[j * (WIDTH + 1)];
  }
  free(y);
  free(h);
  free(u);
}

/* One product of the older columns and of the random ones, in double. */
static void the_first_round_takes_one_product_of_older_columns(void **state) {
  (void)state;
  test_graph old, t = grown(&old);
  double *m = spectrum_dense(&t, SPECTRUM_A, SPECTRUM_B), *v = calloc(ITEMS * WIDTH, 8),
         *x = calloc(ITEMS * WIDTH, 8), value[WIDTH];
  spectrum_outcome known = iterate_old(&old, 1);
  spectrum_recipe how = after(&known, 0, 0);
  spectrum_outcome before = spectrum_iterate(test_comm, &t, how);
  for (int i = 0; i < ITEMS * WIDTH; i++) v[i] = (double)before.v[i];
  dense_product(&t, m, v, x);
  dense_ritz(&t, m, x, value);
  how.rounds = 1;
  spectrum_outcome o = spectrum_iterate(test_comm, &t, how);
  for (int j = 0; j < WIDTH; j++) assert_true(fabs(o.value[j] - value[j]) < 2e-6 * value[0]);
  assert_int_equal(spectrum_assert_orthonormal(&t, &o), WIDTH);
  spectrum_assert_errors(&t, m, &o, K);
  spectrum_outcome_free(&o);
  spectrum_outcome_free(&before);
  spectrum_outcome_free(&known);
  free(m);
  free(v);
  free(x);
  test_graph_free(&old);
  test_graph_free(&t);
}

/* out = sum over the columns of value x x'r / value_0, for a vector r: neither signs nor the order count. */
static void apply_pairs(int64_t n, const double *x, const double *value, double *out) {
  double most = 0;
  memset(out, 0, (size_t)n * sizeof *out);
  for (int j = 0; j < WIDTH; j++) most = fmax(most, value[j]);
  for (int j = 0; j < WIDTH; j++) {
    double c = 0;
    for (int64_t i = 0; i < n; i++) c += x[i * WIDTH + j] * sin((double)(7 * i));
    for (int64_t i = 0; i < n; i++) out[i] += c * value[j] / most * x[i * WIDTH + j];
  }
}

static double largest_difference(int64_t n, const double *a, const double *b) {
  double most = 0;
  for (int64_t i = 0; i < n; i++) most = fmax(most, fabs(a[i] - b[i]));
  return most;
}

/* Inner products of drawn columns, all of which are much alike, are known to 1e-7, and their least eigenvalue
 * is about 1e-3. */
static const double DRAWN = 2e-4;

/* Random numbers on the items that no older column v has. */
static void draw_new(const double *v, double *z) {
  memset(z, 0, (size_t)ITEMS * BLOCK * sizeof *z);
  for (int64_t i = 0; i < ITEMS; i++) {
    float draw[BLOCK];
    double sum = 0;
    for (int j = 0; j < WIDTH; j++) sum += fabs(v[i * WIDTH + j]);
    kith__columns_random(SPECTRUM_SEED, i, 0, 1, BLOCK, draw);
    for (int j = 0; sum == 0 && j < BLOCK; j++) z[i * BLOCK + j] = (double)draw[j];
  }
}

/* Column 1 of the older ones has `share` of column 0: 0 leaves the columns orthonormal. */
static void check_blocks(float share) {
  test_graph old, t = grown(&old);
  size_t n = (size_t)ITEMS * WIDTH;
  double *m = spectrum_dense(&t, SPECTRUM_A, SPECTRUM_B), *v = calloc(n, 8), *x = calloc(n, 8),
         *z = calloc((size_t)ITEMS * BLOCK, 8), value[WIDTH], is[ITEMS], wanted[ITEMS];
  spectrum_outcome known = iterate_old(&old, 2);
  for (int64_t i = 0; i < OLD_ITEMS; i++) known.v[i * WIDTH + 1] += share * known.v[i * WIDTH];
  for (int64_t i = 0; i < OLD_ITEMS * WIDTH; i++) v[i] = (double)known.v[i];
  draw_new(v, z);
  dense_blocks(&t, m, WIDTH, BLOCK, v, BLOCK, z, x, value);
  apply_pairs(ITEMS, x, value, wanted);
  spectrum_recipe how = after(&known, 1, BLOCK);
  spectrum_outcome o = spectrum_iterate(test_comm, &t, how);
  for (size_t i = 0; i < n; i++) x[i] = (double)o.v[i];
  apply_pairs(ITEMS, x, o.value, is);
  assert_true(largest_difference(ITEMS, is, wanted) < 5e-5);
  assert_true(fabs(o.value[1] - value[WIDTH - BLOCK]) < 1e-5 * o.value[0]); /* that of the new block */
  for (int j = 0; j < WIDTH; j++) {
    double nearest = INFINITY, most = j < WIDTH - BLOCK ? 2e-6 : DRAWN;
    for (int k = 0; k < WIDTH; k++) nearest = fmin(nearest, fabs(o.value[k] - value[j]));
    assert_true(nearest < most * o.value[0]);
  }
  spectrum_assert_errors(&t, m, &o, K);
  spectrum_outcome_free(&o);
  spectrum_outcome_free(&known);
  free(m);
  free(v);
  free(x);
  free(z);
  test_graph_free(&old);
  test_graph_free(&t);
}

static void the_first_round_in_blocks_is_that_of_a_dense_oracle(void **state) {
  (void)state;
  check_blocks(0);
  check_blocks(0.02F);
}

/* A probe has three pairs at most: within the tolerance the residual is what probes say, above it that of the
 * pairs. */
static void errors_within_the_tolerance_are_estimated(void **state) {
  (void)state;
  test_graph old, t = grown(&old);
  spectrum_outcome known = iterate_old(&old, 2), o[2];
  spectrum_recipe how = after(&known, 1, BLOCK);
  for (int by = 0; by < 2; by++) {
    how.tolerance = by;
    o[by] = spectrum_iterate(test_comm, &t, how);
  }
  const double ratio = o[1].residual / o[0].residual;
  if (ratio < 0.95 || ratio > 2) print_error("estimated %g, measured %g\n", o[1].residual, o[0].residual);
  assert_true(ratio > 0.95 && ratio < 2 && ratio != 1);
  assert_true(o[0].error[0] > 0 && o[1].error[0] == 0);
  o[1].residual = o[0].residual;
  memcpy(o[1].error, o[0].error, WIDTH * sizeof *o[0].error);
  spectrum_assert_same(&t, &o[0], &o[1]);
  spectrum_outcome_free(&o[0]);
  spectrum_outcome_free(&o[1]);
  spectrum_outcome_free(&known);
  test_graph_free(&old);
  test_graph_free(&t);
}

/* The last wanted column has much of the first one: the whole round is made, with the same random columns. */
static void columns_far_from_right_angles_go_through_a_whole_round(void **state) {
  (void)state;
  test_graph old, t = grown(&old);
  spectrum_outcome known = iterate_old(&old, 2), o[2];
  spectrum_recipe how = after(&known, 1, 0);
  for (int64_t i = 0; i < OLD_ITEMS; i++) known.v[i * WIDTH + K - 1] += 0.5F * known.v[i * WIDTH];
  for (int by = 0; by < 2; by++) {
    how.block = by * BLOCK;
    o[by] = spectrum_iterate(test_comm, &t, how);
  }
  spectrum_assert_same(&t, &o[0], &o[1]);
  assert_int_equal(spectrum_assert_orthonormal(&t, &o[1]), WIDTH);
  spectrum_outcome_free(&o[0]);
  spectrum_outcome_free(&o[1]);
  spectrum_outcome_free(&known);
  test_graph_free(&old);
  test_graph_free(&t);
}

/* Each update begins with the columns of the last: errors fall, and what blocks have of each other does not
 * grow. */
static void updates_in_a_row_stay_right(void **state) {
  (void)state;
  test_graph old, t = grown(&old);
  double *m = spectrum_dense(&t, SPECTRUM_A, SPECTRUM_B);
  spectrum_outcome o = iterate_old(&old, 1), truth = iterate_old(&t, 5);
  spectrum_recipe how = {.k = K,
                         .oversample = OVERSAMPLE,
                         .rounds = 1,
                         .parts = 7,
                         .cut = 3,
                         .n_known = OLD_ITEMS,
                         .block = BLOCK};
  for (int update = 0; update < 10; update++) {
    spectrum_outcome known = o;
    how.known = &known;
    o = spectrum_iterate(test_comm, &t, how);
    spectrum_outcome_free(&known);
    how.n_known = ITEMS;
    spectrum_assert_errors(&t, m, &o, K);
  }
  assert_true(o.residual < 0.01);
  for (int j = 0; j < K; j++) assert_true(fabs(o.value[j] - truth.value[j]) < 0.005 * truth.value[0]);
  spectrum_outcome_free(&o);
  spectrum_outcome_free(&truth);
  free(m);
  test_graph_free(&old);
  test_graph_free(&t);
}

static void pairs_of_the_same_matrix_are_found_in_one_round(void **state) {
  (void)state;
  test_graph t = test_graph_random(USERS, ITEMS, EDGES, 11);
  spectrum_recipe how = {
      .k = K, .oversample = OVERSAMPLE, .rounds = 1, .parts = 7, .cut = 3, .n_known = ITEMS};
  spectrum_outcome known = iterate_old(&t, 5);
  how.known = &known;
  spectrum_outcome o = spectrum_iterate(test_comm, &t, how);
  assert_true(known.residual < 1e-5 && o.residual < 1e-5);
  for (int j = 0; j < K; j++) assert_true(fabs(o.value[j] - known.value[j]) < 1e-6 * known.value[0]);
  spectrum_outcome_free(&o);
  spectrum_outcome_free(&known);
  test_graph_free(&t);
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(pairs_are_those_of_a_dense_solver),
                                     cmocka_unit_test(early_residuals_are_true),
                                     cmocka_unit_test(three_rounds_converge_as_chebyshev_polynomials_do),
                                     cmocka_unit_test(all_ranks_cuts_and_restarts_give_the_same_bits),
                                     cmocka_unit_test(a_small_rank_leaves_columns_of_zeros),
                                     cmocka_unit_test(a_complete_graph_has_one_pair),
                                     cmocka_unit_test(rounds_from_older_pairs_reach_those_of_a_dense_solver),
                                     cmocka_unit_test(the_first_round_takes_one_product_of_older_columns),
                                     cmocka_unit_test(the_first_round_in_blocks_is_that_of_a_dense_oracle),
                                     cmocka_unit_test(errors_within_the_tolerance_are_estimated),
                                     cmocka_unit_test(columns_far_from_right_angles_go_through_a_whole_round),
                                     cmocka_unit_test(updates_in_a_row_stay_right),
                                     cmocka_unit_test(pairs_of_the_same_matrix_are_found_in_one_round)};
  test_begin(&argc, &argv);
  return test_end(cmocka_run_group_tests(tests, NULL, NULL));
}
