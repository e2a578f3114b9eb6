/* Learned gates of entries: sigma(a' [x_i * x_j] + b), forward and backward. */
#include <math.h>

#include "ops/ops.h"

KITH_KERNEL void kith_gate_forward(const kith_csr *e, int d, const float *x, const float *a, float b,
                                   float *gate) {
#pragma omp parallel for schedule(dynamic, 128)
  for (kith_lid p = 0; p < e->n_row; p++) {
    const float *row = x + (size_t)e->perm[p] * (size_t)d;
    for (kith_eid k = e->start[p]; k < e->start[p + 1]; k++) {
      float s = b + kith_dot3(d, a, row, x + (size_t)e->col[k] * (size_t)d);
      gate[k] = (float)(1 / (1 + exp(-(double)s)));
    }
  }
}

KITH_KERNEL void kith_gate_add_slope(const kith_csr *e, const kith_eid *entry, const uint8_t *keep,
                                     float scale, int d, const float *x, const float *dy, float *slope) {
#pragma omp parallel for schedule(dynamic, 128)
  for (kith_lid p = 0; p < e->n_row; p++) {
    size_t i = (size_t)e->perm[p] * (size_t)d;
    for (kith_eid k = e->start[p]; k < e->start[p + 1]; k++) {
      size_t j = (size_t)e->col[k] * (size_t)d;
      if (keep && !keep[entry[k]]) continue;
      slope[k] += scale * (kith_dot(d, dy + i, x + j) + kith_dot(d, dy + j, x + i));
    }
  }
}

void kith_gate_backward_rows(int64_t n, int d, const float *a, const float *z, float *dx) {
#pragma omp parallel for schedule(static)
  for (int64_t i = 0; i < n; i++)
    for (int k = 0; k < d; k++) dx[i * d + k] += a[k] * z[i * d + k];
}

/* Columns first … first + n - 1 of the sums. */
static void gate_columns(int64_t n_row, int d, int first, int n, const float *x, const float *z,
                         kith_exact_sum *da) {
  for (int64_t i = 0; i < n_row; i++)
    for (int k = first; k < first + n; k++)
      kith_exact_sum_add(&da[k], 0.5 * (double)x[i * d + k] * (double)z[i * d + k] * KITH_RELATION_UNIT);
}

void kith_gate_backward_weight(int64_t n, int d, const float *x, const float *z, kith_exact_sum *da) {
  enum { COLUMNS = 16 }; /* a cache line */
#pragma omp parallel for schedule(dynamic, 1)
  for (int first = 0; first < d; first += COLUMNS)
    gate_columns(n, d, first, d - first < COLUMNS ? d - first : COLUMNS, x, z, da);
}
