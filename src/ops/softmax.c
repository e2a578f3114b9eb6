/* Softmax of rows: max, exp, sum, each in one order; vectorized with explicit lanes, not by reassociation. */
#include <math.h>

#include "ops/exponential.h"

enum { SOFTMAX_LANES = 16 };

/* Subtract the bias; mask the other candidates with the item of pair `i`, and its own unless that is in the
 * sum. */
KITH_INLINE void softmax_mask(int n, int64_t i, const int32_t *item, const float *bias, bool in_sum,
                              float *s) {
  float self = in_sum ? s[i] - bias[i] : -INFINITY;
  int32_t own = item[i];
  for (int j = 0; j < n; j++) s[j] = item[j] == own ? -INFINITY : s[j] - bias[j];
  s[i] = self;
}

KITH_INLINE float softmax_max(int n, const float *s) {
  float lane[SOFTMAX_LANES], max;
  for (int k = 0; k < SOFTMAX_LANES; k++) lane[k] = -INFINITY;
  for (int j = 0; j + SOFTMAX_LANES <= n; j += SOFTMAX_LANES)
    for (int k = 0; k < SOFTMAX_LANES; k++) lane[k] = s[j + k] > lane[k] ? s[j + k] : lane[k];
  for (int j = n - n % SOFTMAX_LANES; j < n; j++) lane[0] = s[j] > lane[0] ? s[j] : lane[0];
  max = lane[0];
  for (int k = 1; k < SOFTMAX_LANES; k++) max = lane[k] > max ? lane[k] : max;
  return max;
}

/* s = exp(s - max); returns their sum: sixteen partial sums, then in order. */
KITH_INLINE float softmax_exponentials(int n, float max, float *s) {
  float lane[SOFTMAX_LANES] = {0}, sum = 0;
  int n_full = n - n % SOFTMAX_LANES;
  for (int j = 0; j < n_full; j += SOFTMAX_LANES)
    for (int k = 0; k < SOFTMAX_LANES; k++) {
      float keep = s[j + k] == -INFINITY ? 0.0f : 1.0f;
      s[j + k] = keep * kith_exponential(s[j + k] - max);
      lane[k] += s[j + k];
    }
  for (int j = n_full; j < n; j++) {
    s[j] = s[j] == -INFINITY ? 0.0f : kith_exponential(s[j] - max);
    lane[j - n_full] += s[j];
  }
  for (int k = 0; k < SOFTMAX_LANES; k++) sum += lane[k];
  return sum;
}

/* s becomes probabilities of candidates alone; returns the log of their sum. */
KITH_INLINE float softmax_of_candidates(int n, float *s) {
  float max = softmax_max(n, s);
  if (max == -INFINITY) {
    for (int j = 0; j < n; j++) s[j] = 0;
    return KITH_EMPTY_SUM;
  }
  float sum = softmax_exponentials(n, max, s), scale = 1 / sum;
  for (int j = 0; j < n; j++) s[j] *= scale;
  return max + logf(sum);
}

KITH_KERNEL void kith_inbatch_softmax_rows(int m, int n, int64_t first, const int32_t *item,
                                           const float *bias, bool own, float *s, float *lse) {
  for (int i = 0; i < m; i++) {
    float *row = s + (size_t)i * (size_t)n;
    softmax_mask(n, first + i, item, bias, own, row);
    lse[i] = softmax_of_candidates(n, row);
  }
}

KITH_KERNEL void kith_inbatch_softmax_columns(int m, int n, int64_t first, const int32_t *item,
                                              const float *bias, const float *lse, bool own, float *s) {
  for (int i = 0; i < m; i++) {
    float *row = s + (size_t)i * (size_t)n;
    int64_t pair = first + i;
    int32_t same = item[pair];
    float off = bias[pair], self = own ? kith_exponential(row[pair] - off - lse[pair]) : 0.0f;
    for (int j = 0; j < n; j++) {
      float keep = item[j] == same ? 0.0f : 1.0f;
      row[j] = keep * kith_exponential(row[j] - off - lse[j]);
    }
    row[pair] = self;
  }
}

KITH_KERNEL void kith_sampled_softmax_rows(int m, int n, const float *bias, float *s, float *own,
                                           float *lse) {
  for (int i = 0; i < m; i++) {
    float *row = s + (size_t)i * (size_t)n;
    for (int j = 0; j < n; j++) row[j] -= bias[j];
    if (!own) {
      lse[i] = softmax_of_candidates(n, row);
      continue;
    }
    float max = softmax_max(n, row);
    max = own[i] > max ? own[i] : max;
    float self = kith_exponential(own[i] - max), sum = softmax_exponentials(n, max, row) + self,
          scale = 1 / sum;
    for (int j = 0; j < n; j++) row[j] *= scale;
    own[i] = self * scale;
    lse[i] = max + logf(sum);
  }
}

KITH_KERNEL void kith_softmax_exponentials(int n, float *s, float *max, float *sum) {
  *max = softmax_max(n, s);
  *sum = softmax_exponentials(n, *max, s);
}

KITH_KERNEL void kith_sampled_softmax_columns(int m, int n, const float *bias, const float *lse, float *s) {
  for (int i = 0; i < m; i++) {
    float *row = s + (size_t)i * (size_t)n;
    for (int j = 0; j < n; j++) row[j] = kith_exponential(row[j] - bias[i] - lse[j]);
  }
}
