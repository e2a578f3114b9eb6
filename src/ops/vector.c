/* Vectors and rows: clear, scale, inner product, normalization. */
#include <math.h>
#include <omp.h>

#include "ops/ops.h"

enum { LANES = 16 };

int kith_max_threads(void) { return omp_get_max_threads(); }
int kith_thread_num(void) { return omp_get_thread_num(); }

KITH_KERNEL void kith_clear(int64_t n, float *y) {
#pragma omp parallel for simd schedule(static)
  for (int64_t i = 0; i < n; i++) y[i] = 0;
}

KITH_KERNEL void kith_scale(int64_t n, float w, const float *x, bool add, float *y) {
#pragma omp parallel for simd schedule(static)
  for (int64_t i = 0; i < n; i++) y[i] = (add ? y[i] : 0) + w * x[i];
}

KITH_KERNEL void kith_scale_rows(int64_t n, int d, float w, const float *x, bool add, int ld, float *y) {
#pragma omp parallel for schedule(static)
  for (int64_t i = 0; i < n; i++)
    for (int k = 0; k < d; k++) y[i * ld + k] = (add ? y[i * ld + k] : 0) + w * x[i * d + k];
}

KITH_KERNEL float kith_dot(int d, const float *a, const float *b) {
  float lane[LANES] = {0};
  int k = 0;
  for (; k + LANES <= d; k += LANES)
    for (int j = 0; j < LANES; j++) lane[j] += a[k + j] * b[k + j];
  for (int j = 0; k + j < d; j++) lane[j] += a[k + j] * b[k + j];
  for (int half = LANES / 2; half > 0; half /= 2)
    for (int j = 0; j < half; j++) lane[j] += lane[j + half];
  return lane[0];
}

KITH_KERNEL float kith_dot3(int d, const float *a, const float *x, const float *y) {
  float lane[LANES] = {0};
  int k = 0;
  for (; k + LANES <= d; k += LANES)
    for (int j = 0; j < LANES; j++) lane[j] += a[k + j] * (x[k + j] * y[k + j]);
  for (int j = 0; k + j < d; j++) lane[j] += a[k + j] * (x[k + j] * y[k + j]);
  for (int half = LANES / 2; half > 0; half /= 2)
    for (int j = 0; j < half; j++) lane[j] += lane[j + half];
  return lane[0];
}

void kith_gather_normalize_forward(kith_lid n, const kith_lid *at, int d, const float *x, float *unit,
                                   float *norm) {
#pragma omp parallel for schedule(static)
  for (kith_lid i = 0; i < n; i++) {
    const float *from = x + (size_t)at[i] * (size_t)d;
    float *to = unit + (size_t)i * (size_t)d;
    norm[i] = sqrtf(kith_dot(d, from, from));
    float scale = norm[i] > 0 ? 1 / norm[i] : 0;
    for (int k = 0; k < d; k++) to[k] = scale * from[k];
  }
}

void kith_normalize_rows(kith_lid n, int d, float *x) {
#pragma omp parallel for schedule(static)
  for (kith_lid i = 0; i < n; i++) {
    float *row = x + (size_t)i * (size_t)d, norm = sqrtf(kith_dot(d, row, row));
    float scale = norm > 0 ? 1 / norm : 0;
    for (int k = 0; k < d; k++) row[k] *= scale;
  }
}

void kith_divide_by_length(int d, double power, float *x) {
  float length = sqrtf(kith_dot(d, x, x)), scale = length > 0 ? (float)pow(length, -power) : 0;
  for (int k = 0; k < d; k++) x[k] *= scale;
}

void kith_gather_normalize_backward(kith_lid n, const kith_lid *at, int d, const float *unit,
                                    const float *norm, const float *dunit, float *dx) {
#pragma omp parallel for schedule(static)
  for (kith_lid i = 0; i < n; i++) {
    const float *u = unit + (size_t)i * (size_t)d, *du = dunit + (size_t)i * (size_t)d;
    float *to = dx + (size_t)at[i] * (size_t)d;
    float along = kith_dot(d, u, du), scale = norm[i] > 0 ? 1 / norm[i] : 0;
    for (int k = 0; k < d; k++) to[k] = scale * (du[k] - along * u[k]);
  }
}

void kith_normalize_rows_forward(int64_t n, int d, const float *x, float *y, float *norm) {
#pragma omp parallel for schedule(static)
  for (int64_t i = 0; i < n; i++) {
    norm[i] = sqrtf(kith_dot(d, x + i * d, x + i * d));
    float scale = norm[i] > 0 ? 1 / norm[i] : 0;
    for (int k = 0; k < d; k++) y[i * d + k] = scale * x[i * d + k];
  }
}

void kith_normalize_rows_backward(int64_t n, int d, const float *y, const float *norm, const float *dy,
                                  float *dx) {
#pragma omp parallel for schedule(static)
  for (int64_t i = 0; i < n; i++) {
    float along = kith_dot(d, y + i * d, dy + i * d), scale = norm[i] > 0 ? 1 / norm[i] : 0;
    for (int k = 0; k < d; k++) dx[i * d + k] += scale * (dy[i * d + k] - along * y[i * d + k]);
  }
}
