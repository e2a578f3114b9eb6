/* Rows of several kinds fused by attention: y_i = sum over p of beta_p z_pi (HAN: Wang et al., WWW 2019, eq.
 * 9). */
#include <math.h>

#include "ops/ops.h"

void kith_softmax_weights(int n, const double *score, float *beta) {
  double most = score[0], sum = 0, e[KITH_MAX_SEMANTIC];
  for (int p = 1; p < n; p++)
    if (score[p] > most) most = score[p];
  for (int p = 0; p < n; p++) sum += e[p] = exp(score[p] - most);
  for (int p = 0; p < n; p++) beta[p] = (float)(e[p] / sum);
}

void kith_semantic_forward(int64_t n_row, int n, int d, int stride, const float *beta, const float *const *z,
                           float *y) {
#pragma omp parallel for schedule(static)
  for (int64_t i = 0; i < n_row; i++) {
    const float *b = beta + i * stride;
    for (int k = 0; k < d; k++) {
      float sum = 0;
      for (int p = 0; p < n; p++) sum += b[p] * z[p][i * d + k];
      y[i * d + k] = sum;
    }
  }
}

void kith_semantic_backward(int64_t n_row, int n, int d, int stride, const float *beta, const float *const *z,
                            const float *dy, float *const *dz, float *dbeta) {
#pragma omp parallel for schedule(static)
  for (int64_t i = 0; i < n_row; i++)
    for (int p = 0; p < n; p++) {
      float b = beta[i * stride + p];
      for (int k = 0; k < d; k++) dz[p][i * d + k] += b * dy[i * d + k];
      dbeta[i * n + p] = kith_dot(d, dy + i * d, z[p] + i * d);
    }
}

void kith_softmax_weights_backward(int n, const float *beta, const double *dbeta, double *dscore) {
  double mean = 0;
  for (int p = 0; p < n; p++) mean += (double)beta[p] * dbeta[p];
  for (int p = 0; p < n; p++) dscore[p] = (double)beta[p] * (dbeta[p] - mean);
}
