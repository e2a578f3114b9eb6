/* ranks: 1 */
/* Attention without a number for each edge, against the definition in double numbers; and the exponential. */
#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "ops/attention.h"
#include "ops/exponential.h"
#include "support/mpi_main.h"

enum { ROWS = 60, COLUMNS = 90, MOST = 40, WIDEST = 130, HEADS = 8 };
static const double SLOPE = 0.2, TOLERANCE = 2e-5; /* sums of at most 40 x 130 floats below 1 */

typedef struct fixture {
  kith_csr a; /* rows of 0 to MOST entries, in another order than their numbers */
  kith_csc back;
  float *left, *right, *z, *dy, *y, *dleft, *dright, *dz;
  kith_attention_rows keep;
} fixture;

static double number(uint64_t use, int64_t i) {
  return kith_random_unit(kith_random(9, KITH_RNG_NEIGHBOR, use, (uint64_t)i, 0).bits[0]) - 0.5;
}

static float *numbers(uint64_t use, int64_t n, double scale) {
  float *x = kith_alloc(n, sizeof *x);
  for (int64_t i = 0; i < n; i++) x[i] = (float)(scale * number(use, i));
  return x;
}

static fixture fixture_make(void) {
  fixture f = {.a = {.n_row = ROWS, .n_col = COLUMNS}};
  assert_int_equal(KITH_OK, KITH_NEW(f.a.perm, ROWS) || KITH_NEW(f.a.start, ROWS + 1) ||
                                KITH_NEW(f.a.col, ROWS * MOST));
  for (kith_lid p = 0; p < ROWS; p++) {
    f.a.perm[p] = p * 7 % ROWS;
    f.a.start[p + 1] = f.a.start[p] + (p % 9 == 0 ? 0 : p % MOST + 1);
    for (kith_eid e = f.a.start[p]; e < f.a.start[p + 1]; e++)
      f.a.col[e] = (kith_lid)((number(2, e) + 0.5) * COLUMNS);
  }
  assert_int_equal(KITH_OK, kith_csc_make(COLUMNS, f.a.start[ROWS], &f.back));
  kith_csc_fill(&f.a, 0, NULL, &f.back);
  f.left = numbers(3, ROWS * HEADS, 4);
  f.right = numbers(4, COLUMNS * HEADS, 4);
  f.z = numbers(5, COLUMNS * WIDEST, 1);
  f.dy = numbers(6, ROWS * WIDEST, 1);
  f.y = numbers(7, ROWS * WIDEST, 1);
  f.dleft = numbers(8, ROWS * HEADS, 1);
  f.dright = numbers(9, COLUMNS * HEADS, 1);
  f.dz = numbers(10, COLUMNS * WIDEST, 1);
  f.keep.kept = kith_alloc(ROWS * KITH_ATTENTION_KEPT * HEADS, sizeof *f.keep.kept);
  f.keep.positive = kith_alloc(ROWS * WIDEST, sizeof *f.keep.positive);
  return f;
}

static void fixture_free(fixture *f) {
  float *all[] = {f->left,  f->right,  f->z,  f->dy,        f->y,
                  f->dleft, f->dright, f->dz, f->keep.kept, f->keep.positive};
  kith_csr_free(&f->a);
  kith_csc_free(&f->back);
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) kith_free(all[i]);
}

/* The gradients of one row and head, and its result, from their definitions. */
static void row_by_definition(const fixture *f, int heads, int d, kith_lid p, int h, double *y, double *dleft,
                              double *dright, double *dz) {
  int width = d / heads, row = f->a.perm[p];
  kith_eid from = f->a.start[p], n = f->a.start[p + 1] - from;
  double x[MOST], alpha[MOST], slope[MOST], total = 0, along = 0;
  for (int e = 0; e < n; e++) {
    x[e] = (double)f->left[row * heads + h] + (double)f->right[f->a.col[from + e] * heads + h];
    slope[e] = x[e] > 0 ? 1 : SLOPE;
    total += exp(slope[e] * x[e]);
  }
  for (int e = 0; e < n; e++) alpha[e] = exp(slope[e] * x[e]) / total;
  for (int pass = 0; pass < 2; pass++)
    for (int e = 0; e < n; e++) {
      int col = f->a.col[from + e];
      double product = 0;
      for (int k = h * width; k < (h + 1) * width; k++) {
        product += (double)f->dy[row * d + k] * (double)f->z[col * d + k];
        if (pass == 0) y[row * d + k] += alpha[e] * (double)f->z[col * d + k];
        else dz[col * d + k] += alpha[e] * (double)f->dy[row * d + k];
      }
      if (pass == 0) along += alpha[e] * product;
      else dleft[row * heads + h] += slope[e] * alpha[e] * (product - along);
      if (pass == 1) dright[col * heads + h] += slope[e] * alpha[e] * (product - along);
    }
}

static void near(int64_t n, const double *expected, const float *found) {
  for (int64_t i = 0; i < n; i++) assert_true(fabs(expected[i] - (double)found[i]) < TOLERANCE);
}

static double *doubles(int64_t n, const float *from) {
  double *x = calloc((size_t)n, sizeof *x);
  for (int64_t i = 0; i < n && from; i++) x[i] = (double)from[i];
  return x;
}

static void run(fixture *f, int heads, int d, bool add) {
  kith_attention o = {.heads = heads, .d = d, .slope = (float)SLOPE};
  kith_attention_forward(&f->a, &o, f->left, kith_node_rows_together(f->right), kith_node_rows_together(f->z),
                         f->keep, f->y);
  kith_attention_backward_rows(&f->a, &o, f->keep, f->y, f->dy, f->dleft);
  kith_attention_backward_columns(&f->back, &o, f->keep, kith_node_rows_together(f->right),
                                  kith_node_rows_together(f->z), f->dy, kith_grad_rows_together(f->dright),
                                  add, kith_grad_rows_together(f->dz));
}

static void check(int heads, int d, bool add) {
  fixture f = fixture_make();
  double *y = doubles(ROWS * d, NULL), *dleft = doubles(ROWS * heads, f.dleft),
         *dright = doubles(COLUMNS * heads, f.dright), *dz = doubles(COLUMNS * d, add ? f.dz : NULL);
  for (kith_lid p = 0; p < ROWS; p++)
    for (int h = 0; h < heads; h++) row_by_definition(&f, heads, d, p, h, y, dleft, dright, dz);
  run(&f, heads, d, add);
  near(ROWS * d, y, f.y);
  near(ROWS * heads, dleft, f.dleft);
  near(COLUMNS * heads, dright, f.dright);
  near(COLUMNS * d, dz, f.dz);
  free(y);
  free(dleft);
  free(dright);
  free(dz);
  fixture_free(&f);
}

static void attention_and_its_gradients_follow_the_definition(void **state) {
  (void)state;
  const int shape[][2] = {{1, 64}, {2, 64}, {4, 64}, {8, 64}, {1, 7}, {3, 21}, {4, 12}, {5, 130}, {8, 128}};
  for (size_t i = 0; i < sizeof shape / sizeof *shape; i++)
    for (int add = 0; add < 2; add++) check(shape[i][0], shape[i][1], add);
}

static void two_threads_give_the_bits_of_one(void **state) {
  (void)state;
  fixture one = fixture_make(), two = fixture_make();
  int before = omp_get_max_threads();
  omp_set_num_threads(1);
  run(&one, 4, 64, true);
  omp_set_num_threads(2);
  run(&two, 4, 64, true);
  omp_set_num_threads(before);
  assert_memory_equal(one.y, two.y, ROWS * 64 * sizeof *one.y);
  assert_memory_equal(one.dleft, two.dleft, ROWS * 4 * sizeof *one.y);
  assert_memory_equal(one.dright, two.dright, COLUMNS * 4 * sizeof *one.y);
  assert_memory_equal(one.dz, two.dz, COLUMNS * 64 * sizeof *one.y);
  fixture_free(&one);
  fixture_free(&two);
}

static void exponentials_are_within_two_units(void **state) {
  (void)state;
  for (int i = 0; i < 870000; i++) {
    float x = -1e-4f * (float)i;
    double e = exp((double)x), m = expm1((double)x), unit = 0x1p-23;
    assert_true(fabs((double)kith_exponential(x) - e) <= 2 * unit * e);
    assert_true(fabs((double)kith_exponential_minus_one(x) - m) <= 2 * unit * fabs(m));
  }
  assert_true(kith_exponential(0) == 1 && kith_exponential_minus_one(0) == 0);
  assert_true(kith_exponential(-1e30f) < 1e-37f && kith_exponential_minus_one(-1e30f) == -1);
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(attention_and_its_gradients_follow_the_definition),
                                     cmocka_unit_test(two_threads_give_the_bits_of_one),
                                     cmocka_unit_test(exponentials_are_within_two_units)};
  test_begin(&argc, &argv);
  return test_end(cmocka_run_group_tests(tests, NULL, NULL));
}
