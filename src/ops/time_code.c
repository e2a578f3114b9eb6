/* Codes of time in scores of attention: angles and sums in double, since ages have thousands of days. */
#include "ops/time_code.h"

#include <math.h>

static double time_angle(const kith_time_codes *c, kith_eid e, int k) {
  return (double)c->omega[k] * (double)c->age[e] + (double)c->phi[k];
}

void kith_time_score_forward(const kith_csr *a, const kith_time_codes *c, float slope, const float *left,
                             kith_node_rows right, float *s) {
  const int heads = c->heads, dim = c->dim;
#pragma omp parallel for schedule(dynamic, 64)
  for (kith_lid p = 0; p < a->n_row; p++)
    for (kith_eid e = a->start[p]; e < a->start[p + 1]; e++) {
      double code[KITH_TIME_DIM];
      for (int k = 0; k < dim; k++) code[k] = c->age[e] < 0 ? 0 : cos(time_angle(c, e, k));
      for (int h = 0; h < heads; h++) {
        double x = (double)left[(size_t)a->perm[p] * (size_t)heads + (size_t)h] +
                   (double)kith_row_at(right, heads, a->col[e])[h];
        for (int k = 0; k < dim; k++) x += (double)c->weight[h * dim + k] * code[k];
        s[e * heads + h] = (float)(x > 0 ? x : (double)slope * x);
      }
    }
}

/* One entry's part of the gradients: dweight [heads, dim], then domega and dphi [dim]. */
static void time_add(const kith_time_codes *c, kith_eid e, float slope, const float *s, const float *ds,
                     double *dweight, double *domega, double *dphi) {
  for (int k = 0; k < c->dim; k++) {
    const double angle = time_angle(c, e, k), cosine = cos(angle), sine = sin(angle);
    for (int h = 0; h < c->heads; h++) {
      const kith_eid at = e * c->heads + h;
      const double g = (double)ds[at] * (s[at] > 0 ? 1 : (double)slope);
      dweight[h * c->dim + k] += g * cosine;
      dphi[k] -= g * (double)c->weight[h * c->dim + k] * sine;
      domega[k] -= g * (double)c->weight[h * c->dim + k] * sine * (double)c->age[e];
    }
  }
}

void kith_time_score_backward(const kith_csr *a, const kith_time_codes *c, float slope, const float *s,
                              const float *ds, float *domega, float *dphi, float *dweight) {
  double sum[(KITH_TIME_HEADS + 2) * KITH_TIME_DIM] = {0}, *by_phase = sum + KITH_TIME_DIM,
                                     *by_weight = sum + 2 * KITH_TIME_DIM;
  for (kith_eid e = 0; e < a->start[a->n_row]; e++)
    if (c->age[e] >= 0) time_add(c, e, slope, s, ds, by_weight, sum, by_phase);
  for (int k = 0; k < c->dim; k++) {
    domega[k] += (float)sum[k];
    dphi[k] += (float)by_phase[k];
  }
  for (int k = 0; k < c->heads * c->dim; k++) dweight[k] += (float)by_weight[k];
}
