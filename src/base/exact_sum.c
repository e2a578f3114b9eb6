/* Fixed-point sums: integer addition is exact and independent of order, floating-point addition is not. */
#include <math.h>

#include "base/base.h"

#define EXACT_SUM_ONE ((int64_t)1 << 40)
#define EXACT_SUM_LIMIT 0x1p60

static void exact_sum_carry(kith_exact_sum *s) {
  int64_t carry = s->lo >> 40; /* arithmetic shift: floor */
  s->hi += carry;
  s->lo -= carry * EXACT_SUM_ONE;
}

void kith_exact_sum_add(kith_exact_sum *s, double x) {
  if (!(fabs(x) < EXACT_SUM_LIMIT)) {
    s->nan = 1;
    return;
  }
  double whole = floor(x);
  s->hi += (int64_t)whole;
  s->lo += (int64_t)nearbyint((x - whole) * (double)EXACT_SUM_ONE);
  exact_sum_carry(s);
}

void kith_exact_sum_merge(kith_exact_sum *s, const kith_exact_sum *other) {
  s->hi += other->hi;
  s->lo += other->lo;
  s->nan |= other->nan;
  exact_sum_carry(s);
}

double kith_exact_sum_value(const kith_exact_sum *s) {
  return s->nan ? NAN : (double)s->hi + (double)s->lo / (double)EXACT_SUM_ONE;
}
