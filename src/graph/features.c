/* Sparse features: allocation. */
#include "graph/graph.h"

void kith_features_free(kith_features *features) {
  KITH_FREE(features->start);
  KITH_FREE(features->index);
  KITH_FREE(features->value);
  features->n_row = 0;
}

kith_status kith_features_from_dense(int64_t n_row, int d, const float *x, kith_features *out) {
  kith_status st = KITH_OK;
  kith_eid n = 0;
  for (int64_t i = 0; i < n_row * d; i++) n += x[i] != 0;
  KITH_TRY(kith_features_make(n_row, n, out));
  n = 0;
  for (int64_t i = 0; i < n_row; i++) {
    for (int k = 0; k < d; k++) {
      if (x[i * d + k] == 0) continue;
      out->index[n] = k;
      out->value[n++] = x[i * d + k];
    }
    out->start[i + 1] = n;
  }
done:
  return st;
}

int64_t kith_features_bytes(int64_t n_row, int64_t n) {
  const kith_features *f = NULL;
  return KITH_BYTES(f->start, n_row + 1) + KITH_BYTES(f->index, n) + KITH_BYTES(f->value, n);
}

kith_status kith_features_make(int64_t n_row, kith_eid n, kith_features *out) {
  kith_status st = KITH_OK;
  kith_features f = {.n_row = n_row};
  KITH_TRY(KITH_NEW(f.start, n_row + 1));
  KITH_TRY(KITH_NEW(f.index, n));
  KITH_TRY(KITH_NEW(f.value, n));
  *out = f;
  f = (kith_features){0};
done:
  kith_features_free(&f);
  return st;
}
