/** Rows composed with the kinds of the entries that lead to them. */
#ifndef KITH_OPS_COMPOSE_H
#define KITH_OPS_COMPOSE_H

#include "ops/ops.h"

/**
 * Sums that are exact without integers: t + 1.5 2^28 - 1.5 2^28 rounds t to a multiple of 2^-24, and what is
 * left of it is rounded to a multiple of 2^-54.  Multiples below 2^29, and 2^-1, are added without rounding,
 * in any order.
 */
KITH_INLINE void kith_split_add(double t, double *high, double *low) {
  double whole = (t + 0x1.8p28) - 0x1.8p28;
  *high += whole;
  *low += ((t - whole) + 0x1.8p-2) - 0x1.8p-2;
}
/** sum [n] += KITH_RELATION_UNIT times the sums high [n] and low [n] of `split` [2, n]. */
void kith_split_sum(int64_t n, const double *split, kith_exact_sum *sum);

/** Entries of a matrix with their weights and kinds. */
typedef struct kith_composed {
  kith_csr csr;
  uint16_t *kind; /**< [entries] row of q, counted from 1; 0: none, as if q were 1 */
} kith_composed;

/**
 * y_i = sum over the entries e of row i of weight_e x[col_e] * q[kind_e], elementwise, in their order, for
 * the rows at positions first … last - 1 of the matrix.
 *
 * @param q    [kinds, d]
 * @param x    [n_col, d]
 * @param add  y += instead
 * @param y    [n_row, d]
 * The gradient of x is this of the transpose and of y's gradient.
 */
void kith_compose(const kith_composed *m, kith_lid first, kith_lid last, int d, const float *q,
                  kith_node_rows x, bool add, kith_grad_rows y);
/**
 * dq [n_kind, d] += the sum over entries of weight_e x[col_e] * dy_i * KITH_RELATION_UNIT.  Entries without a
 * kind are not in it.  Each term is rounded to a multiple of 2^-54, and the sum is exact: the same bits for
 * any distribution of the rows, up to 2^24 terms of a kind and sums of 2^28.
 *
 * @param scratch  [2, n_kind, d]
 */
void kith_compose_gradient(const kith_composed *m, int n_kind, int d, kith_node_rows x, const float *dy,
                           double *scratch, kith_exact_sum *dq);
/** y [n, d] = x, row i divided by by[i] unless that is 0; x and y may be the same. */
void kith_divide_rows(int64_t n, int d, const float *by, const float *x, float *y);

#endif
