/* Exponentials in double precision, vectorized. */
#include "ops/exponential_double.h"

#include <string.h>

#include "ops/ops.h"

KITH_INLINE int64_t exponential_bits(double x) {
  int64_t bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}

/* exp(x) = 2^n exp(r) with |r| <= log(2) / 2, and Taylor's polynomial of exp(r). */
KITH_INLINE double exponential_of(double x) {
  const double magic = 6755399441055744.0; /* 1.5 * 2^52: adding it rounds to an integer */
  const double at = x < -700 ? -700 : x;
  double t = at * 1.4426950408889634 + magic, n = t - magic;
  double r = at - n * 0.693147180369123816490 - n * 1.90821492927058770002e-10; /* log 2 in two pieces */
  double p = 1.0 / 6227020800;
  p = p * r + 1.0 / 479001600;
  p = p * r + 1.0 / 39916800;
  p = p * r + 1.0 / 3628800;
  p = p * r + 1.0 / 362880;
  p = p * r + 1.0 / 40320;
  p = p * r + 1.0 / 5040;
  p = p * r + 1.0 / 720;
  p = p * r + 1.0 / 120;
  p = p * r + 1.0 / 24;
  p = p * r + 1.0 / 6;
  p = p * r + 0.5;
  p = p * r + 1.0;
  p = p * r + 1.0;
  int64_t power = (int64_t)((uint64_t)(exponential_bits(t) + 1023) << 52);
  double two;
  memcpy(&two, &power, sizeof two);
  return x < -700 ? 0 : p * two;
}

KITH_KERNEL void kith_exponentials(int n, const double *x, double *y) {
  for (int i = 0; i < n; i++) y[i] = exponential_of(x[i]);
}
