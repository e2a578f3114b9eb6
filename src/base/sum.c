/* Fixed-point sums: exact addition of integers does not care about order, addition of floats does. */
#include <math.h>

#include "kith/base.h"

#define SUM_ONE ((int64_t)1 << 40)
#define SUM_LIMIT 0x1p60

static void sum_carry(kith_sum *s) {
  int64_t carry = s->part >> 40; /* arithmetic shift: floor */
  s->whole += carry;
  s->part -= carry * SUM_ONE;
}

void kith_sum_add(kith_sum *s, double x) {
  if (!(fabs(x) < SUM_LIMIT)) {
    s->broken = 1;
    return;
  }
  double whole = floor(x);
  s->whole += (int64_t)whole;
  s->part += (int64_t)nearbyint((x - whole) * (double)SUM_ONE);
  sum_carry(s);
}

void kith_sum_join(kith_sum *s, const kith_sum *other) {
  s->whole += other->whole;
  s->part += other->part;
  s->broken |= other->broken;
  sum_carry(s);
}

double kith_sum_value(const kith_sum *s) {
  return s->broken ? NAN : (double)s->whole + (double)s->part / (double)SUM_ONE;
}
