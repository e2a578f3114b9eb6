/*
 * A number below 2^11 is rounded to a multiple of 2^-40 by adding 1.5 * 2^12, whose last bit stands for that:
 * the sum's bits then count multiples, and blocks of them are added as integers.
 */
#include "ops/exact_block.h"

#include <math.h>
#include <string.h>

#include "ops/ops.h"

static const double BLOCK_MAGIC = 6144, BLOCK_MOST = 2000; /* 1.5 * 2^12; numbers below are rounded by it */

KITH_INLINE int64_t block_bits(double x) {
  int64_t bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}

/* exp(x) = 2^n exp(r) with |r| <= log(2) / 2, and Taylor's polynomial of exp(r). */
KITH_INLINE double block_exponential(double x) {
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
  int64_t power = (int64_t)((uint64_t)(block_bits(t) + 1023) << 52);
  double two;
  memcpy(&two, &power, sizeof two);
  return x < -700 ? 0 : p * two;
}

KITH_KERNEL void kith_exponentials(int n, const double *x, double *y) {
  for (int i = 0; i < n; i++) y[i] = block_exponential(x[i]);
}

/* Add multiples of 2^-40. */
static void block_add(int64_t multiples, kith_exact_sum *s) {
  kith_exact_sum more = {.hi = multiples >> 40, .lo = multiples & ((INT64_C(1) << 40) - 1)};
  kith_exact_sum_merge(s, &more);
}

KITH_KERNEL void kith_exact_sum_block(int n, const double *x, kith_exact_sum *s) {
  int64_t sum = 0, large = 0;
  for (int i = 0; i < n; i++) {
    large += !(fabs(x[i]) < BLOCK_MOST); /* NaN included */
    sum += block_bits(x[i] + BLOCK_MAGIC) - block_bits(BLOCK_MAGIC);
  }
  if (large == 0) block_add(sum, s);
  for (int i = 0; i < n && large > 0; i++) kith_exact_sum_add(s, x[i]);
}

KITH_KERNEL void kith_exact_dot_block(int n, const double *x, const double *y, kith_exact_sum *s) {
  double product[KITH_EXACT_BLOCK];
  for (int i = 0; i < n; i++) product[i] = x[i] * y[i];
  kith_exact_sum_block(n, product, s);
}

KITH_KERNEL void kith_exact_dot3_block(int n, const double *x, const double *y, const double *z,
                                       kith_exact_sum *s) {
  double product[KITH_EXACT_BLOCK];
  for (int i = 0; i < n; i++) product[i] = x[i] * y[i] * z[i];
  kith_exact_sum_block(n, product, s);
}
