/* Learned weights of the relations of a merged matrix. */
#include "ops/ops.h"

void kith_relation_scale(kith_eid n, const uint8_t *of, const bool *learned, const float *omega,
                         const float *base, float *weight) {
#pragma omp parallel for schedule(static)
  for (kith_eid e = 0; e < n; e++)
    if (learned[of[e]]) weight[e] = omega[of[e]] * base[e];
}

/* One row: the sums of its entries, relation by relation, in their order. */
static void relation_row(const kith_csr *a, const kith_relation_entries *r, kith_lid p, int d,
                         const float *rows, const kith_node_rows column, double *sum) {
  const float *row = rows + (size_t)a->perm[p] * (size_t)d;
  for (kith_eid e = a->start[p]; e < a->start[p + 1]; e++) {
    if (!r->learned[r->of[e]] || (r->keep && !r->keep[e])) continue;
    sum[r->of[e]] += (double)r->base[e] * (double)kith_dot(d, row, kith_row_at(column, d, a->col[e]));
  }
}

void kith_relation_gradient(const kith_csr *a, const kith_relation_entries *r, int d, const float *row,
                            kith_node_rows column, kith_exact_sum *gradient) {
#pragma omp parallel
  {
    kith_exact_sum mine[1 + KITH_MAX_RELATIONS] = {{0}};
#pragma omp for schedule(dynamic, 128)
    for (kith_lid p = 0; p < a->n_row; p++) {
      double sum[1 + KITH_MAX_RELATIONS] = {0};
      relation_row(a, r, p, d, row, column, sum);
      for (int k = 0; k < r->n; k++)
        if (sum[k] != 0) kith_exact_sum_add(&mine[k], sum[k] * r->scale * KITH_RELATION_UNIT);
    }
#pragma omp critical
    for (int k = 0; k < r->n; k++) kith_exact_sum_merge(&gradient[k], &mine[k]);
  }
}
