/**
 * A row and the sums over its neighbors in several relations, of which it takes as much as a softmax says (Wu
 * et al., DiffNet++, TKDE 2020, section 4.2): y_i = x_i + sum over k of gamma_ik z_ki,   gamma_ik = softmax
 * over k of LeakyReLU(left_i + right_ki) + log w_k, over the relations k in which row i has entries; without
 * any y_i = x_i.
 */
#ifndef KITH_OPS_FUSE_H
#define KITH_OPS_FUSE_H

#include "ops/ops.h"

enum { KITH_FUSE_TERMS = 144 }; /**< most relations */

/** One relation that is fused. */
typedef struct kith_fuse_term {
  const kith_csr *csr; /**< its entries: of all terms with the same rows in the same order */
  float weight;        /**< w, above 0 */
  const float *right;  /**< [rows] */
  const float *z;      /**< [rows, d] */
  float *dright, *dz;  /**< backward: their gradients, which it adds to */
} kith_fuse_term;

/**
 * @param left  [rows], x [rows, d]
 * @param[out] gamma  [rows, n_term]: 0 where the row has no entries
 * @param[out] y      [rows, d]
 * Cost: one pass over x, y and the z of the rows that have entries; d and d + 1 multiplications for each.
 */
void kith_fuse_forward(int n_term, const kith_fuse_term *term, int d, float slope, const float *left,
                       const float *x, float *gamma, float *y);

/** dleft [rows] and dx [rows, d] +=, and those of the terms. */
void kith_fuse_backward(int n_term, const kith_fuse_term *term, int d, float slope, const float *left,
                        const float *gamma, const float *dy, float *dleft, float *dx);

#endif
