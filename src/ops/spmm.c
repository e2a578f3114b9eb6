/*
 * Sparse times dense: the heart of full-graph training, bound by how fast rows are gathered from memory.
 * A row of y is summed in registers, in strips of 64, 16 and 1 columns; rows of x to come are prefetched.
 */
#include "kith/ops.h"

enum { SPMM_AHEAD = 24, SPMM_LINE = 16 }; /* entries to look ahead; floats in a cache line */

/* One strip of WIDTH columns of one row; a macro, since the width must be a constant for the sum to stay in registers. */
#define SPMM_STRIP(WIDTH)                                                                                              \
  for (; k + (WIDTH) <= d; k += (WIDTH)) {                                                                             \
    float sum[WIDTH], *to = y + (size_t)a->row[p] * width + (size_t)k;                                                 \
    for (int j = 0; j < (WIDTH); j++) sum[j] = add ? to[j] : 0;                                                        \
    for (kith_eid e = a->start[p]; e < a->start[p + 1]; e++) {                                                         \
      const float *from = x + (size_t)a->col[e] * width + (size_t)k;                                                   \
      const float *next = x + (size_t)a->col[e + SPMM_AHEAD < n_entry ? e + SPMM_AHEAD : e] * width + (size_t)k;       \
      for (int j = 0; j < (WIDTH); j += SPMM_LINE) __builtin_prefetch(next + j);                                       \
      float w = a->weight[e];                                                                                          \
      for (int j = 0; j < (WIDTH); j++) sum[j] += w * from[j];                                                         \
    }                                                                                                                  \
    for (int j = 0; j < (WIDTH); j++) to[j] = sum[j];                                                                  \
  }

KITH_KERNEL void kith_spmm(const kith_csr *a, kith_lid first, kith_lid last, int d, const float *x, bool add, float *y) {
  const kith_eid n_entry = a->start[a->n_row];
  const size_t width = (size_t)d;
#pragma omp parallel for schedule(dynamic, 128)
  for (kith_lid p = first; p < last; p++) {
    int k = 0;
    SPMM_STRIP(64)
    SPMM_STRIP(16)
    SPMM_STRIP(1)
  }
}

KITH_KERNEL void kith_spmm_some(const kith_csr *a, kith_lid n, const kith_lid *place, int d, const float *x, float *y) {
  const bool add = false;
  const kith_eid n_entry = a->start[a->n_row];
  const size_t width = (size_t)d;
#pragma omp parallel for schedule(dynamic, 16)
  for (kith_lid i = 0; i < n; i++) {
    kith_lid p = place[i];
    int k = 0;
    SPMM_STRIP(64)
    SPMM_STRIP(16)
    SPMM_STRIP(1)
  }
}
