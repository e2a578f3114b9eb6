/* One score: the chain of multiply-adds that kith_scores_tile() computes for this user and item, with the
 * instructions that it chooses on this CPU, whatever compiler built this file. */
#include <math.h>

#include "ops/blas.h"
#include "ops/scores.h"

static float score_rounded(int d, const float *user, const float *item) {
  float sum = 0;
  for (int k = 0; k < d; k++) sum += user[k] * item[k];
  return sum;
}

#if defined __x86_64__
__attribute__((target("fma"))) static float score_fused(int d, const float *user, const float *item) {
  float sum = 0;
  for (int k = 0; k < d; k++) sum = fmaf(user[k], item[k], sum);
  return sum;
}
#endif

float kith_scores_one(int d, const float *user, const float *item) {
#if defined __x86_64__
  if (kith_cpu_simd() >= KITH_SIMD_AVX2) return score_fused(d, user, item);
#endif
  return score_rounded(d, user, item);
}
