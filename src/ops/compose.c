/*
 * Rows composed with the kinds of the entries that lead to them: y_i = sum over entries e of row i of
 * w_e x[col_e] * q[kind_e], elementwise; forward beside backward.
 *
 * The gradient of x is this sum along the transpose.  That of q is summed exactly over rows; consecutive
 * entries of one kind in a row first among themselves.
 */
#include "ops/compose.h"

enum { COMPOSE_AHEAD = 24 }; /* prefetch distance in entries */

/* y [d] += w x * q; q null: all 1 */
KITH_INLINE void compose_add(int d, float w, const float *x, const float *q, float *y) {
  if (q)
    for (int k = 0; k < d; k++) y[k] += w * (x[k] * q[k]);
  else
    for (int k = 0; k < d; k++) y[k] += w * x[k];
}

KITH_KERNEL void kith_compose(const kith_composed *m, kith_lid first, kith_lid last, int d, const float *q,
                              kith_node_rows x, bool add, kith_grad_rows y) {
  const kith_csr *a = &m->csr;
  kith_eid end = a->start[a->n_row] - 1;
#pragma omp parallel for schedule(dynamic, 64)
  for (kith_lid p = first; p < last; p++) {
    float *to = kith_grad_row_at(y, d, a->perm[p]);
    for (int k = 0; k < d && !add; k++) to[k] = 0;
    for (kith_eid e = a->start[p]; e < a->start[p + 1]; e++) {
      const float *with = m->kind[e] > 0 ? q + (size_t)(m->kind[e] - 1) * (size_t)d : NULL;
      kith_prefetch_row(d, kith_row_at(x, d, a->col[kith_min(e + COMPOSE_AHEAD, end)]));
      compose_add(d, a->weight[e], kith_row_at(x, d, a->col[e]), with, to);
    }
  }
}

enum { COMPOSE_COLUMNS = 16 }; /* of a thread: a cache line */

/* Columns first … first + COMPOSE_COLUMNS - 1 of one row, or fewer: each run of entries of a kind has one
 * sum. */
KITH_INLINE void compose_gradient_row(const kith_composed *m, kith_lid p, int d, int first, int n,
                                      const kith_node_rows x, const float *dy, double *high, double *low) {
  const kith_csr *a = &m->csr;
  for (kith_eid e = a->start[p], next; e < a->start[p + 1]; e = next) {
    double sum[COMPOSE_COLUMNS] = {0};
    for (next = e; next < a->start[p + 1] && m->kind[next] == m->kind[e]; next++) {
      const float *from = kith_row_at(x, d, a->col[next]) + first;
      for (int k = 0; k < n; k++) sum[k] += (double)a->weight[next] * (double)from[k];
    }
    if (m->kind[e] == 0) continue;
    size_t to = (size_t)(m->kind[e] - 1) * (size_t)d + (size_t)first;
    for (int k = 0; k < n; k++) kith_split_add(sum[k] * (double)dy[first + k], high + to + k, low + to + k);
  }
}

KITH_KERNEL static void compose_gradient_columns(const kith_composed *m, int d, int first, kith_node_rows x,
                                                 const float *dy, double *high, double *low) {
  for (kith_lid p = 0; p < m->csr.n_row; p++) {
    const float *row = dy + (size_t)m->csr.perm[p] * (size_t)d;
    if (first + COMPOSE_COLUMNS <= d)
      compose_gradient_row(m, p, d, first, COMPOSE_COLUMNS, x, row, high, low);
    else compose_gradient_row(m, p, d, first, d - first, x, row, high, low);
  }
}

void kith_compose_gradient(const kith_composed *m, int n_kind, int d, kith_node_rows x, const float *dy,
                           double *scratch, kith_exact_sum *dq) {
  const int64_t n = (int64_t)n_kind * d;
  double *high = scratch, *low = scratch + n;
  for (int64_t i = 0; i < 2 * n; i++) scratch[i] = 0;
#pragma omp parallel for schedule(dynamic, 1)
  for (int first = 0; first < d; first += COMPOSE_COLUMNS)
    compose_gradient_columns(m, d, first, x, dy, high, low);
  kith_split_sum(n, scratch, dq);
}

void kith_split_sum(int64_t n, const double *split, kith_exact_sum *sum) {
  for (int64_t i = 0; i < n; i++) {
    kith_exact_sum_add(&sum[i], split[i] * KITH_RELATION_UNIT);
    kith_exact_sum_add(&sum[i], split[n + i] * KITH_RELATION_UNIT);
  }
}

void kith_divide_rows(int64_t n, int d, const float *by, const float *x, float *y) {
#pragma omp parallel for schedule(static)
  for (int64_t i = 0; i < n; i++)
    for (int k = 0; k < d; k++) y[i * d + k] = by[i] > 0 ? x[i * d + k] / by[i] : x[i * d + k];
}
