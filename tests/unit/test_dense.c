/* ranks: 1 */
/* Dense layers of one and two inputs, against their definition in double numbers. */
#include <math.h>
#include <omp.h>
#include <stdlib.h>

#include "ops/dense.h"
#include "support/mpi_main.h"

enum { N = 301, WIDEST = 70, M = 37 }; /* neither whole blocks nor whole slices */
static int width = WIDEST;
static const double TOLERANCE = 1e-4; /* sums of at most 301 products of numbers below 1 */

typedef struct fixture {
  float *a, *b, *w[2], *bias[2], *y, *dy, *dx[2], *dw[2], *dbias[2];
} fixture;

static float *numbers(uint64_t use, int64_t n) {
  float *x = kith_alloc(n, sizeof *x);
  for (int64_t i = 0; i < n; i++)
    x[i] = (float)kith_random_unit(kith_random(9, KITH_RNG_NEIGHBOR, use, (uint64_t)i, 0).bits[0]) - 0.5f;
  return x;
}

static fixture fixture_make(void) {
  fixture f = {.a = numbers(1, N * width),
               .b = numbers(2, N * width),
               .y = numbers(3, N * M),
               .dy = numbers(4, N * M)};
  for (uint64_t i = 0; i < 2; i++) {
    f.w[i] = numbers(5 + i, width * M);
    f.bias[i] = numbers(7 + i, M);
    f.dx[i] = numbers(9 + i, N * width);
    f.dw[i] = numbers(11 + i, width * M);
    f.dbias[i] = numbers(13 + i, M);
  }
  return f;
}

static void fixture_free(fixture *f) {
  kith_free(f->a);
  kith_free(f->b);
  kith_free(f->y);
  kith_free(f->dy);
  for (int i = 0; i < 2; i++) {
    float *all[] = {f->w[i], f->bias[i], f->dx[i], f->dw[i], f->dbias[i]};
    for (int j = 0; j < 5; j++) kith_free(all[j]);
  }
}

static kith_dense layer_of(const fixture *f, kith_dense_inputs inputs, float slope) {
  return (kith_dense){.inputs = inputs,
                      .k = {width, width},
                      .m = M,
                      .slope = slope,
                      .w = {f->w[0], f->w[1]},
                      .bias = {f->bias[0], f->bias[1]}};
}

static kith_dense_gradients gradients_of(const fixture *f, bool add, float *scratch) {
  return (kith_dense_gradients){.dx = {f->dx[0], f->dx[1]},
                                .add = {add, add},
                                .dw = {f->dw[0], f->dw[1]},
                                .dbias = {f->dbias[0], f->dbias[1]},
                                .scratch = scratch};
}

static void run(fixture *f, kith_dense_inputs inputs, float slope, bool add) {
  kith_dense o = layer_of(f, inputs, slope);
  float *scratch = kith_alloc(kith_dense_scratch(&o), sizeof *scratch);
  kith_dense_gradients g = gradients_of(f, add, scratch);
  kith_dense_forward(&o, N, f->a, f->b, f->y);
  kith_dense_backward(&o, N, f->a, f->b, f->y, f->dy, &g);
  kith_free(scratch);
}

static void near(double expected, float found) { assert_true(fabs(expected - (double)found) < TOLERANCE); }

static double input(const fixture *f, kith_dense_inputs inputs, int part, int i, int k) {
  double a = (double)f->a[i * width + k], b = (double)f->b[i * width + k];
  if (inputs == KITH_DENSE_SUM_PRODUCT) return part == 0 ? a + b : a * b;
  return part == 0 ? a : b;
}

/* Before the activation. */
static double sum_of(const fixture *f, kith_dense_inputs inputs, int i, int m) {
  double sum = (double)f->bias[0][m] + (double)f->bias[1][m];
  for (int part = 0; part < (inputs == KITH_DENSE_ONE ? 1 : 2); part++)
    for (int k = 0; k < width; k++) sum += input(f, inputs, part, i, k) * (double)f->w[part][k * M + m];
  return sum;
}

/* `was` is as it was before. */
static void check_weights(const fixture *f, const fixture *was, kith_dense_inputs inputs, const double *dz) {
  for (int part = 0; part < (inputs == KITH_DENSE_ONE ? 1 : 2); part++)
    for (int m = 0; m < M; m++) {
      double bias = (double)was->dbias[part][m];
      for (int i = 0; i < N; i++) bias += dz[i * M + m];
      near(bias, f->dbias[part][m]);
      for (int k = 0; k < width; k++) {
        double sum = (double)was->dw[part][k * M + m];
        for (int i = 0; i < N; i++) sum += input(f, inputs, part, i, k) * dz[i * M + m];
        near(sum, f->dw[part][k * M + m]);
      }
    }
}

static void check_inputs(const fixture *f, const fixture *was, kith_dense_inputs inputs, bool add,
                         const double *dz) {
  for (int i = 0; i < N; i++)
    for (int k = 0; k < width; k++) {
      double d[2] = {0};
      for (int part = 0; part < 2; part++)
        for (int m = 0; m < M; m++) d[part] += dz[i * M + m] * (double)f->w[part][k * M + m];
      double a = (double)f->a[i * width + k], b = (double)f->b[i * width + k];
      bool mixed = inputs == KITH_DENSE_SUM_PRODUCT;
      double da = mixed ? d[0] + d[1] * b : d[0], db = mixed ? d[0] + d[1] * a : d[1];
      near(da + (add ? (double)was->dx[0][i * width + k] : 0), f->dx[0][i * width + k]);
      if (inputs != KITH_DENSE_ONE)
        near(db + (add ? (double)was->dx[1][i * width + k] : 0), f->dx[1][i * width + k]);
    }
}

static void check(kith_dense_inputs inputs, double slope, bool add) {
  fixture f = fixture_make(), was = fixture_make();
  double *dz = calloc(N * M, sizeof *dz);
  run(&f, inputs, (float)slope, add);
  for (int i = 0; i < N; i++)
    for (int m = 0; m < M; m++) {
      double sum = sum_of(&f, inputs, i, m), factor = sum > 0 ? 1 : (double)(float)slope;
      near(factor * sum, f.y[i * M + m]);
      dz[i * M + m] = (f.y[i * M + m] > 0 ? 1 : (double)(float)slope) * (double)was.dy[i * M + m];
    }
  check_weights(&f, &was, inputs, dz);
  check_inputs(&f, &was, inputs, add, dz);
  free(dz);
  fixture_free(&f);
  fixture_free(&was);
}

static void layers_and_their_gradients_follow_the_definition(void **state) {
  (void)state;
  const double slope[] = {0, 0.2, 1};
  const int widths[] = {24, WIDEST}; /* one slice, two */
  for (int w = 0; w < 2; w++)
    for (int i = 0; i < 3; i++)
      for (int add = 0; add < 2; add++) {
        width = widths[w];
        check(KITH_DENSE_ONE, slope[i], add);
        check(KITH_DENSE_BESIDE, slope[i], add);
        check(KITH_DENSE_SUM_PRODUCT, slope[i], add);
      }
}

static void two_threads_give_the_bits_of_one(void **state) {
  (void)state;
  fixture one = fixture_make(), two = fixture_make();
  int before = omp_get_max_threads();
  omp_set_num_threads(1);
  run(&one, KITH_DENSE_SUM_PRODUCT, 0.2f, false);
  omp_set_num_threads(2);
  run(&two, KITH_DENSE_SUM_PRODUCT, 0.2f, false);
  omp_set_num_threads(before);
  assert_memory_equal(one.y, two.y, N * M * sizeof *one.y);
  for (int i = 0; i < 2; i++) {
    assert_memory_equal(one.dx[i], two.dx[i], (size_t)(N * width) * sizeof *one.y);
    assert_memory_equal(one.dw[i], two.dw[i], (size_t)(width * M) * sizeof *one.y);
    assert_memory_equal(one.dbias[i], two.dbias[i], M * sizeof *one.y);
  }
  fixture_free(&one);
  fixture_free(&two);
}

/* Rows of a subset: those of the first input among all, those of the second one after the other. */
static kith_lid subset(kith_lid *row) {
  kith_lid n = 0;
  for (kith_lid i = 0; i < N; i++)
    if (i % 7 == 2 || (i > 100 && i < 120)) row[n++] = i;
  return n;
}

static void expect_rows(kith_lid n, const kith_lid *row, int d, const float *all, const float *some) {
  for (kith_lid i = 0; i < n; i++)
    for (int k = 0; k < d; k++) assert_true(all[row[i] * d + k] == some[i * d + k]);
}

/* As if the other rows had gradients of zero: their dx is what it was. */
static void check_subset(kith_dense_inputs inputs, float slope) {
  fixture all = fixture_make(), some = fixture_make(), was = fixture_make();
  kith_lid row[N], n = subset(row);
  float *b = kith_alloc(N * width, sizeof *b), *dy = all.dy;
  for (kith_lid i = 0, s = 0; i < N; i++) {
    bool there = s < n && row[s] == i;
    for (int k = 0; k < M && !there; k++) dy[i * M + k] = 0;
    for (int k = 0; k < width && there; k++) b[s * width + k] = some.b[i * width + k];
    for (int k = 0; k < M && there; k++) some.dy[s * M + k] = some.dy[i * M + k];
    s += there;
  }
  run(&all, inputs, slope, false);
  kith_dense o = layer_of(&some, inputs, slope);
  o.row[0] = row;
  float *scratch = kith_alloc(kith_dense_scratch(&o), sizeof *scratch);
  kith_dense_gradients g = gradients_of(&some, false, scratch);
  g.piece_row = row;
  g.n_of = N;
  kith_dense_forward(&o, n, some.a, b, some.y);
  kith_dense_backward(&o, n, some.a, b, some.y, some.dy, &g);
  expect_rows(n, row, M, all.y, some.y);
  for (kith_lid i = 0; i < n; i++)
    for (int k = 0; k < width; k++)
      assert_true(all.dx[0][row[i] * width + k] == some.dx[0][row[i] * width + k]);
  for (int k = 0; k < width; k++) assert_true(some.dx[0][k] == was.dx[0][k]); /* row 0 is no input */
  int parts = inputs == KITH_DENSE_ONE ? 1 : 2;
  if (parts == 2) expect_rows(n, row, width, all.dx[1], some.dx[1]);
  for (int part = 0; part < parts; part++)
    for (int i = 0; i < width * M; i++) assert_true(all.dw[part][i] == some.dw[part][i]);
  for (int i = 0; i < M; i++) assert_true(all.dbias[0][i] == some.dbias[0][i]);
  kith_free(scratch);
  kith_free(b);
  fixture_free(&all);
  fixture_free(&some);
  fixture_free(&was);
}

static void a_subset_has_the_bits_of_all_rows(void **state) {
  (void)state;
  const int widths[] = {24, WIDEST};
  for (int w = 0; w < 2; w++) {
    width = widths[w];
    check_subset(KITH_DENSE_ONE, 0);
    check_subset(KITH_DENSE_BESIDE, 1);
    check_subset(KITH_DENSE_SUM_PRODUCT, 0.2f);
  }
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(layers_and_their_gradients_follow_the_definition),
                                     cmocka_unit_test(two_threads_give_the_bits_of_one),
                                     cmocka_unit_test(a_subset_has_the_bits_of_all_rows)};
  test_begin(&argc, &argv);
  return test_end(cmocka_run_group_tests(tests, NULL, NULL));
}
