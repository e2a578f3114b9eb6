/*
 * Causal attention over sequences of different lengths, one thread a sequence: every sum is of one sequence,
 * in order, so that bits depend neither on the other sequences of a step nor on the threads.
 */
#include <math.h>

#include "ops/exponential.h"
#include "ops/sequence.h"

/* Softmax of s [n], in place. */
KITH_INLINE void causal_softmax(int n, float *s) {
  float max = s[0], sum = 0;
  for (int j = 1; j < n; j++) max = s[j] > max ? s[j] : max;
  for (int j = 0; j < n; j++) s[j] = kith_exponential(s[j] - max);
  for (int j = 0; j < n; j++) sum += s[j];
  for (int j = 0; j < n; j++) s[j] /= sum;
}

/* Row i of a sequence whose first row is at k and v, one head of w columns: rows are d apart. */
KITH_INLINE void causal_row_forward(int i, int w, int d, float scale, const float *q, const float *k,
                                    const float *v, float *p, float *y) {
  for (int j = 0; j <= i; j++) p[j] = scale * kith_dot(w, q, k + (int64_t)j * d);
  causal_softmax(i + 1, p);
  for (int c = 0; c < w; c++) y[c] = 0;
  for (int j = 0; j <= i; j++)
    for (int c = 0; c < w; c++) y[c] += p[j] * v[(int64_t)j * d + c];
}

KITH_KERNEL void kith_causal_attention_forward(const kith_sequences *s, int heads, int d, const float *q,
                                               const float *k, const float *v, float *p, float *y) {
  const int w = d / heads;
  const float scale = 1 / sqrtf((float)w);
#pragma omp parallel for schedule(dynamic, 16)
  for (int64_t u = 0; u < s->n; u++) {
    const int64_t first = s->start[u], n = s->start[u + 1] - first;
    for (int i = 0; i < (int)n; i++)
      for (int h = 0; h < heads; h++)
        causal_row_forward(i, w, d, scale, q + (first + i) * d + h * w, k + first * d + h * w,
                           v + first * d + h * w, p + ((first + i) * heads + h) * s->longest,
                           y + (first + i) * d + h * w);
  }
}

/* dp_j = <dy, v_j>, ds_j = p_j (dp_j - sum of p dp); dv_j += p_j dy, dq += scale ds_j k_j, dk_j += scale ds_j
 * q. */
KITH_INLINE void causal_row_backward(int i, int w, int d, float scale, const float *q, const float *k,
                                     const float *v, const float *p, const float *dy, float *dq, float *dk,
                                     float *dv) {
  float dp[KITH_MAX_SEQUENCE], mean = 0;
  for (int j = 0; j <= i; j++) dp[j] = kith_dot(w, dy, v + (int64_t)j * d);
  for (int j = 0; j <= i; j++) mean += p[j] * dp[j];
  for (int j = 0; j <= i; j++) {
    const int64_t at = (int64_t)j * d;
    const float ds = scale * (p[j] * (dp[j] - mean));
    for (int c = 0; c < w; c++) {
      dv[at + c] += p[j] * dy[c];
      dq[c] += ds * k[at + c];
      dk[at + c] += ds * q[c];
    }
  }
}

KITH_KERNEL void kith_causal_attention_backward(const kith_sequences *s, int heads, int d, const float *q,
                                                const float *k, const float *v, const float *p,
                                                const float *dy, float *dq, float *dk, float *dv) {
  const int w = d / heads;
  const float scale = 1 / sqrtf((float)w);
#pragma omp parallel for schedule(dynamic, 16)
  for (int64_t u = 0; u < s->n; u++) {
    const int64_t first = s->start[u], n = s->start[u + 1] - first;
    for (int i = 0; i < (int)n; i++)
      for (int h = 0; h < heads; h++) {
        const int64_t row = (first + i) * d + h * w, top = first * d + h * w;
        causal_row_backward(i, w, d, scale, q + row, k + top, v + top,
                            p + ((first + i) * heads + h) * s->longest, dy + row, dq + row, dk + top,
                            dv + top);
      }
  }
}

/* ---- the rows that enter ---- */

KITH_KERNEL void kith_sequence_rows_forward(int64_t n, int d, const int32_t *of, const int32_t *place,
                                            float scale, const float *item, const float *position, float *x) {
#pragma omp parallel for schedule(static)
  for (int64_t r = 0; r < n; r++) {
    const float *v = item + (int64_t)of[r] * d, *at = position + (int64_t)place[r] * d;
    for (int c = 0; c < d; c++) x[r * d + c] = scale * v[c] + at[c];
  }
}

KITH_KERNEL void kith_sequence_rows_backward(int64_t n, int d, const int32_t *of, const int32_t *place,
                                             float scale, const float *dx, float *ditem, float *dposition) {
  for (int64_t r = 0; r < n; r++) {
    float *v = ditem + (int64_t)of[r] * d, *at = dposition + (int64_t)place[r] * d;
    for (int c = 0; c < d; c++) {
      v[c] += scale * dx[r * d + c];
      at[c] += dx[r * d + c];
    }
  }
}
