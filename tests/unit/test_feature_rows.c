/* ranks: 1 */
/* Sparse features times weights, and its transpose, against sums in double precision; with dropout, too. */
#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "graph/graph.h"
#include "ops/ops.h"
#include "support/mpi_main.h"

enum { ROWS = 7, FEATURES = 300, WIDTH = 37 }; /* more columns than two threads take at once */

static float dense[ROWS * FEATURES], dropped[ROWS * FEATURES];
static float w[FEATURES * WIDTH], dy[ROWS * WIDTH];
static const int64_t node[ROWS] = {3, 0, 8, 1, 4, 90, 2};
static const uint8_t type[ROWS];

static float number(uint64_t what, int i) {
  return (float)(2 * kith_random_unit(kith_random(5, KITH_RNG_GENERATE, what, (uint64_t)i, 0).bits[0]) - 1);
}

/* Rows of any length: one of all features, one of none. */
static kith_features make(void) {
  kith_features f = {0};
  for (int i = 0; i < ROWS * FEATURES; i++) {
    const int row = i / FEATURES;
    dense[i] = number(1, i) < 2.0f * (float)row / (ROWS - 1) - 1 ? number(2, i) : 0;
  }
  for (int i = 0; i < FEATURES * WIDTH; i++) w[i] = number(3, i);
  for (int i = 0; i < ROWS * WIDTH; i++) dy[i] = number(4, i);
  assert_int_equal(KITH_OK, kith_features_from_dense(ROWS, FEATURES, dense, &f));
  return f;
}

static void expect(double want, float is) {
  if (!(fabs(want - (double)is) <= 1e-5 * (1 + fabs(want)))) fail_msg("%g, expected %g", (double)is, want);
}

static void check(const kith_features *f, const kith_feature_dropout *drop) {
  static float dw[FEATURES * WIDTH];
  float db[WIDTH] = {0}, *to[KITH_MAX_TYPES] = {dw}, *bias[KITH_MAX_TYPES] = {db};
  memset(dw, 0, sizeof dw);
  for (int i = 0; i < ROWS; i++) {
    float y[WIDTH] = {0};
    kith_features_forward(f, drop, i, WIDTH, w, y);
    for (int k = 0; k < WIDTH; k++) {
      double sum = 0;
      for (int j = 0; j < FEATURES; j++) sum += (double)dropped[i * FEATURES + j] * (double)w[j * WIDTH + k];
      expect(sum, y[k]);
    }
  }
  kith_features_backward(f, drop, type, ROWS, NULL, WIDTH, dy, to, bias);
  for (int k = 0; k < WIDTH; k++)
    for (int j = 0; j < FEATURES; j++) {
      double sum = 0, all = 0;
      for (int i = 0; i < ROWS; i++) {
        sum += (double)dropped[i * FEATURES + j] * (double)dy[i * WIDTH + k];
        all += (double)dy[i * WIDTH + k];
      }
      expect(sum, dw[j * WIDTH + k]);
      if (j == 0) expect(all, db[k]);
    }
}

static void products_are_sums_over_the_features_of_a_row(void **state) {
  (void)state;
  kith_features f = make();
  assert_true(f.start[1] == 0 && f.start[ROWS] - f.start[ROWS - 1] == FEATURES);
  memcpy(dropped, dense, sizeof dense);
  for (int threads = 1; threads < 4; threads++) {
    omp_set_num_threads(threads);
    check(&f, NULL);
  }
  kith_features_free(&f);
}

static void dropout_is_that_of_dense_rows(void **state) {
  (void)state;
  kith_features f = make();
  const kith_feature_dropout drop = {.of = {.p = 0.4, .seed = 1, .step = 7, .op = 3}, .node = node};
  kith_dropout_forward(&drop.of, ROWS, FEATURES, node, dense, dropped);
  assert_memory_not_equal(dense, dropped, sizeof dense);
  for (int threads = 1; threads < 4; threads++) {
    omp_set_num_threads(threads);
    check(&f, &drop);
  }
  kith_features_free(&f);
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(products_are_sums_over_the_features_of_a_row),
                                     cmocka_unit_test(dropout_is_that_of_dense_rows)};
  test_begin(&argc, &argv);
  return test_end(cmocka_run_group_tests(tests, NULL, NULL));
}
