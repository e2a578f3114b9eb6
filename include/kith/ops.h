/**
 * Ops: the product of a sparse matrix and dense rows, and the names of activations.  The other kernels are
 * private; the ops of kith/tape.h call them.  Pointers and sizes; no state, no allocation, no MPI, no errors.
 *
 * Every kernel gives the same bits for any number of threads: a row is summed by one thread, in one order.
 * Backward functions add to the gradients that they write, unless they say "=".
 */
#ifndef KITH_OPS_H
#define KITH_OPS_H

#include "kith/graph.h"

/* ---- sparse times dense ---- */

/**
 * SpMM: y = A x for the rows at positions first … last - 1 of A: y_i = sum over the row's entries of
 * weight_ij x_j, in their order.  Other rows of y are unchanged.
 *
 * @param x    [n_col, d]
 * @param add  y += A x instead
 * @param y    [n_row, d]
 * Cost: 4 d bytes gathered for each entry; bound by the machine's gather bandwidth.
 * Backward of a symmetric A is this function on the gradient.
 */
KITH_API void kith_spmm(const kith_csr *a, kith_lid first, kith_lid last, int d, const float *x, bool add,
                        float *y);

/**
 * x += A' y, as a gather: a column of A sums its entries in their order.
 *
 * @param back  the transpose of A, as kith_csc_fill() makes it
 * @param w     [entries] weights of A's entries, such as kith_csr.weight
 * @param y     [n_row, d] a row for each row of A
 * @param x     [n_col, d] a row for each column of A
 */
KITH_API void kith_spmm_transpose(const kith_csc *back, const float *w, int d, const float *y, float *x);

/* ---- elementwise ---- */

/** Activations; `slope` is LeakyReLU's negative slope (0.2 in GAT and NGCF) and ELU's alpha. */
typedef enum kith_activation {
  KITH_IDENTITY,
  KITH_RELU,
  KITH_LEAKY_RELU,
  KITH_ELU,
  KITH_SIGMOID,
  KITH_TANH
} kith_activation;

#endif
