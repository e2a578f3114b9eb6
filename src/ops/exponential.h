/**
 * The exponential of numbers that are not positive, for sums of softmaxes: vectorized, and with the same bits
 * on every instruction set, unlike the C library's.
 */
#ifndef KITH_OPS_EXPONENTIAL_H
#define KITH_OPS_EXPONENTIAL_H

#include <string.h>

#include "ops/ops.h"

/** x = n log 2 + rest; power = 2^n, and the quotient is a polynomial in the rest. */
typedef struct kith_exponential_parts {
  float power, rest, quotient; /**< exp(x) = power (1 + rest quotient) */
} kith_exponential_parts;

KITH_INLINE kith_exponential_parts kith_exponential_split(float x) {
  const float magic = 12582912.0f; /* 1.5 * 2^23: adding it rounds to an integer */
  x = x < -87.0f ? -87.0f : x;
  float n = x * 1.44269504f + magic - magic;
  float r = x - n * 0.693145752f - n * 1.42860677e-6f; /* log 2 in two pieces */
  float p = 1.0f / 5040;
  p = p * r + 1.0f / 720;
  p = p * r + 1.0f / 120;
  p = p * r + 1.0f / 24;
  p = p * r + 1.0f / 6;
  p = p * r + 0.5f;
  p = p * r + 1.0f;
  int32_t bits = ((int32_t)n + 127) << 23;
  float power;
  memcpy(&power, &bits, sizeof power);
  return (kith_exponential_parts){power, r, p};
}

/**
 * exp(x) for x <= 0 to about one unit in the last place: x = n log 2 + r, a polynomial in r, then n into the
 * exponent. Below -87 the result is the smallest normal number, in effect zero.
 */
KITH_INLINE float kith_exponential(float x) {
  kith_exponential_parts e = kith_exponential_split(x);
  return (e.quotient * e.rest + 1.0f) * e.power;
}

/** exp(x) - 1 for x <= 0, as exact close to zero as elsewhere. */
KITH_INLINE float kith_exponential_minus_one(float x) {
  kith_exponential_parts e = kith_exponential_split(x);
  return e.power * (e.quotient * e.rest) + (e.power - 1.0f);
}

/** A row of logits s [n], not all minus infinity, becomes exp(s - *max); *sum is their sum.  softmax.c. */
void kith_softmax_exponentials(int n, float *s, float *max, float *sum);

#endif
