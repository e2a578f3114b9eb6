/* Embedding bags: the sparse matrix of the nodes' features times dense weights, and its transpose. */
#include "ops/ops.h"

enum { FEATURES_COLUMNS = 16 }; /* taken by a thread at once */

KITH_KERNEL void kith_features_forward(const kith_features *f, int64_t row, int d, const float *w, float *y) {
  for (kith_eid e = f->start[row]; e < f->start[row + 1]; e++) {
    const float *from = w + (size_t)f->index[e] * (size_t)d, value = f->value[e];
    for (int k = 0; k < d; k++) y[k] += value * from[k];
  }
}

/* Gradients of weights and biases, by type. */
typedef struct gradients {
  float *const *dw, *const *db;
} gradients;

/* The columns k … k + m - 1 of all rows. */
KITH_INLINE void features_columns(const kith_features *f, const uint8_t *type, int64_t n, const kith_lid *row,
                                  int d, int k, int m, const float *dy, gradients to) {
  for (int64_t i = 0; i < n; i++) {
    int64_t r = row ? row[i] : i;
    float *dw = to.dw[type[r]], *db = to.db[type[r]];
    const float *from = dy + i * d + k;
    if (!dw) continue;
    for (int j = 0; j < m; j++) db[k + j] += from[j];
    for (kith_eid e = f->start[r]; e < f->start[r + 1]; e++)
      for (int j = 0; j < m; j++)
        dw[(size_t)f->index[e] * (size_t)d + (size_t)(k + j)] += f->value[e] * from[j];
  }
}

KITH_KERNEL void kith_features_backward(const kith_features *f, const uint8_t *type, int64_t n,
                                        const kith_lid *row, int d, const float *dy,
                                        float *const dw[KITH_TYPES], float *const db[KITH_TYPES]) {
#pragma omp parallel for schedule(static)
  for (int k = 0; k < d; k += FEATURES_COLUMNS)
    features_columns(f, type, n, row, d, k, d - k < FEATURES_COLUMNS ? d - k : FEATURES_COLUMNS, dy,
                     (gradients){dw, db});
}
