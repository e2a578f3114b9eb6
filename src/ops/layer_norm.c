/* Normalization of layers, row by row; sums of sixteen lanes, so that their bits are the same everywhere. */
#include <math.h>

#include "ops/sequence.h"

enum { LAYER_NORM_LANES = 16 };
static const float LAYER_NORM_EPSILON = 1e-5f;

KITH_INLINE float layer_norm_add(float *lane) {
  for (int half = LAYER_NORM_LANES / 2; half > 0; half /= 2)
    for (int j = 0; j < half; j++) lane[j] += lane[j + half];
  return lane[0];
}

KITH_INLINE float layer_norm_mean(int d, const float *x) {
  float lane[LAYER_NORM_LANES] = {0};
  int k = 0;
  for (; k + LAYER_NORM_LANES <= d; k += LAYER_NORM_LANES)
    for (int j = 0; j < LAYER_NORM_LANES; j++) lane[j] += x[k + j];
  for (int j = 0; k + j < d; j++) lane[j] += x[k + j];
  return layer_norm_add(lane) / (float)d;
}

KITH_INLINE float layer_norm_variance(int d, const float *x, float mean) {
  float lane[LAYER_NORM_LANES] = {0};
  int k = 0;
  for (; k + LAYER_NORM_LANES <= d; k += LAYER_NORM_LANES)
    for (int j = 0; j < LAYER_NORM_LANES; j++) lane[j] += (x[k + j] - mean) * (x[k + j] - mean);
  for (int j = 0; k + j < d; j++) lane[j] += (x[k + j] - mean) * (x[k + j] - mean);
  return layer_norm_add(lane) / (float)d;
}

KITH_KERNEL void kith_layer_norm_forward(int64_t n, int d, const float *x, const float *gain,
                                         const float *bias, float *y, float *moment) {
#pragma omp parallel for schedule(static)
  for (int64_t i = 0; i < n; i++) {
    const float *from = x + i * d, mean = layer_norm_mean(d, from),
                root = 1 / sqrtf(layer_norm_variance(d, from, mean) + LAYER_NORM_EPSILON);
    moment[2 * i] = mean;
    moment[2 * i + 1] = root;
    for (int c = 0; c < d; c++) y[i * d + c] = gain[c] * ((from[c] - mean) * root) + bias[c];
  }
}

/* With z = (x - mean) * root and g = gain * dy: dx = root * (g - mean of g - z * mean of g * z). */
KITH_INLINE void layer_norm_row_backward(int d, const float *x, const float *gain, float mean, float root,
                                         const float *dy, float *dx) {
  float all[LAYER_NORM_LANES] = {0}, with[LAYER_NORM_LANES] = {0};
  for (int k = 0; k < d; k += LAYER_NORM_LANES)
    for (int j = 0; j < LAYER_NORM_LANES && k + j < d; j++) {
      float g = gain[k + j] * dy[k + j];
      all[j] += g;
      with[j] += g * ((x[k + j] - mean) * root);
    }
  const float mean_g = layer_norm_add(all) / (float)d, mean_gz = layer_norm_add(with) / (float)d;
  for (int c = 0; c < d; c++) dx[c] += root * (gain[c] * dy[c] - mean_g - (x[c] - mean) * root * mean_gz);
}

KITH_KERNEL void kith_layer_norm_backward(int64_t n, int d, const float *x, const float *gain,
                                          const float *moment, const float *dy, float *dx, float *dgain,
                                          float *dbias) {
#pragma omp parallel for schedule(static)
  for (int64_t i = 0; i < n; i++)
    layer_norm_row_backward(d, x + i * d, gain, moment[2 * i], moment[2 * i + 1], dy + i * d, dx + i * d);
  for (int64_t i = 0; i < n; i++) {
    const float mean = moment[2 * i], root = moment[2 * i + 1];
    for (int c = 0; c < d; c++) {
      dgain[c] += dy[i * d + c] * ((x[i * d + c] - mean) * root);
      dbias[c] += dy[i * d + c];
    }
  }
}
