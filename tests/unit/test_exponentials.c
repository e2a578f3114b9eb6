/* ranks: 1 */
/* Exponentials are those of the C library. */
#include <math.h>

#include "ops/exponential_double.h"
#include "support/mpi_main.h"

static double draw(uint64_t key, int i) {
  uint64_t r = kith_random(key, KITH_RNG_DROPOUT, 0, 0, (uint64_t)i).bits[0];
  return ldexp((double)(r % 2000001) / 1000000 - 1, (int)(r >> 40) % 24 - 12);
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
  const struct CMUnitTest tests[] = {cmocka_unit_test(exponentials_are_those_of_the_c_library)};
  test_begin(&argc, &argv);
  return test_end(cmocka_run_group_tests(tests, NULL, NULL));
}
