/* ranks: 1 */
/* The filter of the spectral model: its formulas by hand, and no weight for what rounding left of zeros. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "spectral/filter.h"
#include "spectral/spectral.h"

enum { KNOTS = 3 };

static void knots_are_joined_by_lines_in_the_logarithm(void **state) {
  (void)state;
  const double last = 0.01, m[] = {1, 0.31622776601683794, 0.1, 0.031622776601683794, 0.01};
  const double g[] = {2, 3, 4, 2.5, 1}; /* at 0, 1/2, 1, 3/2 and 2 knots from the first */
  kith_spectral_options o = {.filter = KITH_FILTER_KNOTS, .knots = {.n = KNOTS, .of = {2, 4, 1}}};
  for (int i = 0; i < 5; i++) {
    double sum = 0;
    for (int j = 0; j < KNOTS; j++) sum += kith_spectral_hat(KNOTS, last, m[i], j);
    assert_true(fabs(sum - 1) < 1e-12);
    assert_true(fabs(kith_spectral_filter(&o, last, m[i]) - m[i] * g[i]) < 1e-12);
  }
}

static void a_ratio_is_m_over_m_plus_t(void **state) {
  (void)state;
  const kith_spectral_options o = {.filter = KITH_FILTER_RATIO, .t = 0.25};
  assert_true(fabs(kith_spectral_filter(&o, 0.01, 1) - 0.8) < 1e-12);
  assert_true(fabs(kith_spectral_filter(&o, 0.01, 0.75) - 0.75) < 1e-12);
}

/* With t = 0 the ratio is 1 for every eigenvalue but these. */
static void what_rounding_left_of_zeros_weighs_nothing(void **state) {
  (void)state;
  double value[] = {5, 1, 5e-7, -1e-9};
  const kith_spectrum s = {.k = 4, .width = 4, .value = value};
  const kith_spectral_options ratio = {.filter = KITH_FILTER_RATIO, .t = 0};
  const kith_spectral_options knots = {.filter = KITH_FILTER_KNOTS, .knots = {.n = 2, .of = {1, 1}}};
  assert_int_equal(kith_spectral_rank(&s), 2);
  assert_true(fabs(kith_spectral_last(&s) - 0.2) < 1e-12);
  for (int k = 0; k < s.k; k++) {
    double m = value[k] / value[0];
    assert_true(kith_spectral_filter(&ratio, 0.2, m) == (k < 2 ? 1 : 0));
    assert_true(fabs(kith_spectral_filter(&knots, 0.2, m) - (k < 2 ? m : 0)) < 1e-12);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(knots_are_joined_by_lines_in_the_logarithm),
      cmocka_unit_test(a_ratio_is_m_over_m_plus_t),
      cmocka_unit_test(what_rounding_left_of_zeros_weighs_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
