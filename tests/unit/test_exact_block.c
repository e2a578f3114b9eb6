/* ranks: 1 */
/* Blocks have the exact sums of their numbers one by one, and exponentials are those of the C library. */
#include <math.h>

#include "ops/exact_block.h"
#include "support/mpi_main.h"

static double draw(uint64_t key, int i) {
  uint64_t r = kith_random(key, KITH_RNG_DROPOUT, 0, 0, (uint64_t)i).bits[0];
  return ldexp((double)(r % 2000001) / 1000000 - 1, (int)(r >> 40) % 24 - 12);
}

static void assert_same(const kith_exact_sum *a, const kith_exact_sum *b) {
  assert_int_equal(a->hi, b->hi);
  assert_int_equal(a->lo, b->lo);
  assert_int_equal(a->nan != 0, b->nan != 0);
}

static void a_block_is_summed_as_its_numbers_one_by_one(void **state) {
  (void)state;
  double x[KITH_EXACT_BLOCK], y[KITH_EXACT_BLOCK], z[KITH_EXACT_BLOCK];
  for (int trial = 0; trial < 200; trial++) {
    kith_exact_sum block[3] = {{0}}, one[3] = {{0}};
    int n = trial % KITH_EXACT_BLOCK + 1;
    for (int i = 0; i < n; i++) {
      x[i] = draw((uint64_t)trial, 3 * i);
      y[i] = draw((uint64_t)trial, 3 * i + 1);
      z[i] = draw((uint64_t)trial, 3 * i + 2);
    }
    if (trial % 7 == 3) x[n / 2] = 1e9; /* too large to be rounded in the fast way */
    if (trial % 11 == 5) x[n - 1] = NAN;
    for (int i = 0; i < n; i++) {
      kith_exact_sum_add(&one[0], x[i]);
      kith_exact_sum_add(&one[1], x[i] * y[i]);
      kith_exact_sum_add(&one[2], x[i] * y[i] * z[i]);
    }
    kith_exact_sum_block(n, x, &block[0]);
    kith_exact_dot_block(n, x, y, &block[1]);
    kith_exact_dot3_block(n, x, y, z, &block[2]);
    for (int k = 0; k < 3; k++) assert_same(&block[k], &one[k]);
  }
}

static void exponentials_are_those_of_the_c_library(void **state) {
  (void)state;
  for (int i = 0; i < 70000; i++) {
    double x = -(double)i / 100 - fabs(draw(9, i)) / 4096, y;
    kith_exponentials(1, &x, &y);
    assert_true(x < -700 ? y == 0 : fabs(y - exp(x)) <= 4e-16 * exp(x));
  }
  double far[4] = {0, -INFINITY, -1e-300, -701}, y[4];
  kith_exponentials(4, far, y);
  assert_true(y[0] == 1 && y[1] == 0 && y[2] == 1 && y[3] == 0);
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(a_block_is_summed_as_its_numbers_one_by_one),
                                     cmocka_unit_test(exponentials_are_those_of_the_c_library)};
  test_begin(&argc, &argv);
  return test_end(cmocka_run_group_tests(tests, NULL, NULL));
}
