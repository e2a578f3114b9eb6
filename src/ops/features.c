/* Embedding bags: the sparse matrix of the nodes' features times dense weights, and its transpose. */
#include "ops/ops.h"

enum {
  FEATURES_COLUMNS = 16, /* a thread takes a multiple of these */
  FEATURES_PIECE = 64    /* features of a row whose values are dropped at once */
};

/* The values of n features of a row, from entry e on, after dropout. */
KITH_INLINE const float *features_values(const kith_features *f, const kith_feature_dropout *drop,
                                         int64_t row, kith_eid e, int n, float *buffer) {
  if (!drop) return f->value + e;
  kith_dropout_elements(&drop->of, drop->node[row], n, f->index + e, f->value + e, buffer);
  return buffer;
}

KITH_INLINE int features_piece(kith_eid e, kith_eid end) {
  return end - e < FEATURES_PIECE ? (int)(end - e) : FEATURES_PIECE;
}

KITH_KERNEL void kith_features_forward(const kith_features *f, const kith_feature_dropout *drop, int64_t row,
                                       int d, const float *w, float *y) {
  float buffer[FEATURES_PIECE];
  for (kith_eid e = f->start[row], end = f->start[row + 1]; e < end; e += FEATURES_PIECE) {
    int n = features_piece(e, end);
    const float *value = features_values(f, drop, row, e, n, buffer);
    for (int i = 0; i < n; i++) {
      const float *from = w + (size_t)f->index[e + i] * (size_t)d;
      if (drop && value[i] == 0) continue;
      for (int k = 0; k < d; k++) y[k] += value[i] * from[k];
    }
  }
}

/* Gradients of weights and biases, by type. */
typedef struct gradients {
  float *const *dw, *const *db;
} gradients;

/* m columns of a row: dw[feature] += value * dy. */
KITH_INLINE void features_row(const kith_features *f, const kith_feature_dropout *drop, int64_t row, int d,
                              int m, const float *dy, float *dw) {
  float buffer[FEATURES_PIECE];
  for (kith_eid e = f->start[row], end = f->start[row + 1]; e < end; e += FEATURES_PIECE) {
    int n = features_piece(e, end);
    const float *value = features_values(f, drop, row, e, n, buffer);
    for (int i = 0; i < n; i++) {
      float *to = dw + (size_t)f->index[e + i] * (size_t)d;
      if (drop && value[i] == 0) continue;
      for (int k = 0; k < m; k++) to[k] += value[i] * dy[k];
    }
  }
}

/* The columns k … k + m - 1 of all rows. */
KITH_INLINE void features_columns(const kith_features *f, const kith_feature_dropout *drop,
                                  const uint8_t *type, int64_t n, const kith_lid *row, int d, int k, int m,
                                  const float *dy, gradients to) {
  for (int64_t i = 0; i < n; i++) {
    int64_t r = row ? row[i] : i;
    float *dw = to.dw[type[r]], *db = to.db[type[r]];
    const float *from = dy + i * d + k;
    if (!dw) continue;
    for (int j = 0; db && j < m; j++) db[k + j] += from[j];
    features_row(f, drop, r, d, m, from, dw + k);
  }
}

/* Columns of a thread: every thread draws the masks of its own columns, so few threads take many at once. */
static int features_share(int d) {
  int n = (d + FEATURES_COLUMNS - 1) / FEATURES_COLUMNS, threads = kith_max_threads();
  return (n + threads - 1) / threads * FEATURES_COLUMNS;
}

KITH_KERNEL void kith_features_backward(const kith_features *f, const kith_feature_dropout *drop,
                                        const uint8_t *type, int64_t n, const kith_lid *row, int d,
                                        const float *dy, float *const dw[KITH_MAX_TYPES],
                                        float *const db[KITH_MAX_TYPES]) {
  const int share = features_share(d);
#pragma omp parallel for schedule(static)
  for (int k = 0; k < d; k += share)
    features_columns(f, drop, type, n, row, d, k, d - k < share ? d - k : share, dy, (gradients){dw, db});
}
