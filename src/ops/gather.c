/* Gather of rows, and the scatter-add of their gradients in a fixed order. */
#include "ops/ops.h"

KITH_KERNEL void kith_gather_forward(const kith_gather_index *p, int d, float w, const float *x, bool add,
                                     int ld, float *z) {
#pragma omp parallel for schedule(static)
  for (kith_lid s = 0; s < p->n; s++) {
    const float *from = x + (size_t)p->row[s] * (size_t)d;
    float *to = z + (size_t)s * (size_t)ld;
    for (int k = 0; k < d; k++) to[k] = (add ? to[k] : 0) + w * from[k];
  }
}

KITH_KERNEL void kith_gather_backward(const kith_gather_index *p, int d, float w, int ld, const float *dz,
                                      float *dx) {
#pragma omp parallel for schedule(static)
  for (kith_lid i = 0; i < p->n_unique; i++) {
    float *to = dx + (size_t)p->unique_row[i] * (size_t)d;
    for (kith_lid m = p->start[i]; m < p->start[i + 1]; m++) {
      const float *from = dz + (size_t)p->member[m] * (size_t)ld;
      for (int k = 0; k < d; k++) to[k] += w * from[k];
    }
  }
}

double kith_gather_backward_weight(const kith_gather_index *p, int d, const float *x, int ld,
                                   const float *dz) {
  double sum = 0;
  for (kith_lid s = 0; s < p->n; s++)
    sum += (double)kith_dot(d, x + (size_t)p->row[s] * (size_t)d, dz + (size_t)s * (size_t)ld);
  return sum;
}
