/* Learned gates of entries: sigma(a' [x_i * x_j] + b), forward and backward. */
#include <math.h>

#include "ops/ops.h"

KITH_KERNEL void kith_gate_forward(const kith_csr *e, int d, kith_node_rows x, const float *a, float b,
                                   float *gate) {
#pragma omp parallel for schedule(dynamic, 128)
  for (kith_lid p = 0; p < e->n_row; p++) {
    const float *row = kith_row_at(x, d, e->perm[p]);
    for (kith_eid k = e->start[p]; k < e->start[p + 1]; k++) {
      float s = b + kith_dot3(d, a, row, kith_row_at(x, d, e->col[k]));
      gate[k] = (float)(1 / (1 + exp(-(double)s)));
    }
  }
}

KITH_KERNEL void kith_gate_add_slope(const kith_csr *e, const kith_eid *entry, const uint8_t *keep,
                                     float scale, int d, kith_node_rows x, kith_node_rows dy, float *slope) {
#pragma omp parallel for schedule(dynamic, 128)
  for (kith_lid p = 0; p < e->n_row; p++) {
    const float *x_i = kith_row_at(x, d, e->perm[p]), *dy_i = kith_row_at(dy, d, e->perm[p]);
    for (kith_eid k = e->start[p]; k < e->start[p + 1]; k++) {
      if (keep && !keep[entry[k]]) continue;
      slope[k] += scale * (kith_dot(d, dy_i, kith_row_at(x, d, e->col[k])) +
                           kith_dot(d, kith_row_at(dy, d, e->col[k]), x_i));
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
