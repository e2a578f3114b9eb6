/* ranks: 1 */
/* Dense layers of one and two inputs, against their definition in double numbers. */
#include <math.h>
#include <omp.h>
#include <stdlib.h>

#include "ops/dense.h"
#include "support/mpi_main.h"

enum { N = 301, K = 70, M = 37 };     /* neither whole blocks nor whole slices */
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
  fixture f = {.a = numbers(1, N * K),
               .b = numbers(2, N * K),
               .y = numbers(3, N * M),
               .dy = numbers(4, N * M)};
  for (uint64_t i = 0; i < 2; i++) {
    f.w[i] = numbers(5 + i, K * M);
    f.bias[i] = numbers(7 + i, M);
    f.dx[i] = numbers(9 + i, N * K);
    f.dw[i] = numbers(11 + i, K * M);
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

static void run(fixture *f, kith_dense_inputs inputs, float slope, bool add) {
  kith_dense o = {inputs, {K, K}, M, slope, {f->w[0], f->w[1]}, {f->bias[0], f->bias[1]}};
  float *scratch = kith_alloc(kith_dense_scratch(&o), sizeof *scratch);
  kith_dense_gradients g = {
      {f->dx[0], f->dx[1]}, {add, add}, {f->dw[0], f->dw[1]}, {f->dbias[0], f->dbias[1]}, scratch};
  kith_dense_forward(&o, N, f->a, f->b, f->y);
  kith_dense_backward(&o, N, f->a, f->b, f->y, f->dy, &g);
  kith_free(scratch);
}

static void near(double expected, float found) { assert_true(fabs(expected - (double)found) < TOLERANCE); }

static double input(const fixture *f, kith_dense_inputs inputs, int part, int i, int k) {
  double a = (double)f->a[i * K + k], b = (double)f->b[i * K + k];
  if (inputs == KITH_DENSE_SUM_PRODUCT) return part == 0 ? a + b : a * b;
  return part == 0 ? a : b;
}

/* Before the activation. */
static double sum_of(const fixture *f, kith_dense_inputs inputs, int i, int m) {
  double sum = (double)f->bias[0][m] + (double)f->bias[1][m];
  for (int part = 0; part < (inputs == KITH_DENSE_ONE ? 1 : 2); part++)
    for (int k = 0; k < K; k++) sum += input(f, inputs, part, i, k) * (double)f->w[part][k * M + m];
  return sum;
}

/* `was` is as it was before. */
static void check_weights(const fixture *f, const fixture *was, kith_dense_inputs inputs, const double *dz) {
  for (int part = 0; part < (inputs == KITH_DENSE_ONE ? 1 : 2); part++)
    for (int m = 0; m < M; m++) {
      double bias = (double)was->dbias[part][m];
      for (int i = 0; i < N; i++) bias += dz[i * M + m];
      near(bias, f->dbias[part][m]);
      for (int k = 0; k < K; k++) {
        double sum = (double)was->dw[part][k * M + m];
        for (int i = 0; i < N; i++) sum += input(f, inputs, part, i, k) * dz[i * M + m];
        near(sum, f->dw[part][k * M + m]);
      }
    }
}

static void check_inputs(const fixture *f, const fixture *was, kith_dense_inputs inputs, bool add,
                         const double *dz) {
  for (int i = 0; i < N; i++)
    for (int k = 0; k < K; k++) {
      double d[2] = {0};
      for (int part = 0; part < 2; part++)
        for (int m = 0; m < M; m++) d[part] += dz[i * M + m] * (double)f->w[part][k * M + m];
      double a = (double)f->a[i * K + k], b = (double)f->b[i * K + k];
      bool mixed = inputs == KITH_DENSE_SUM_PRODUCT;
      double da = mixed ? d[0] + d[1] * b : d[0], db = mixed ? d[0] + d[1] * a : d[1];
      near(da + (add ? (double)was->dx[0][i * K + k] : 0), f->dx[0][i * K + k]);
      if (inputs != KITH_DENSE_ONE) near(db + (add ? (double)was->dx[1][i * K + k] : 0), f->dx[1][i * K + k]);
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
  for (int i = 0; i < 3; i++)
    for (int add = 0; add < 2; add++) {
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
    assert_memory_equal(one.dx[i], two.dx[i], N * K * sizeof *one.y);
    assert_memory_equal(one.dw[i], two.dw[i], K * M * sizeof *one.y);
    assert_memory_equal(one.dbias[i], two.dbias[i], M * sizeof *one.y);
  }
  fixture_free(&one);
  fixture_free(&two);
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(layers_and_their_gradients_follow_the_definition),
                                     cmocka_unit_test(two_threads_give_the_bits_of_one)};
  test_begin(&argc, &argv);
  return test_end(cmocka_run_group_tests(tests, NULL, NULL));
}
