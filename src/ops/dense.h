/**
 * Dense layers of one or two inputs, in blocks of rows that stay in a cache from the inputs to the activation
 * and back: what is multiplied by the weights is never stored.
 */
#ifndef KITH_OPS_DENSE_H
#define KITH_OPS_DENSE_H

#include "ops/ops.h"

/** What is multiplied by the weights w[0] and w[1]. */
typedef enum kith_dense_inputs {
  KITH_DENSE_ONE,         /**< a alone: w[1] is unused */
  KITH_DENSE_BESIDE,      /**< a and b */
  KITH_DENSE_SUM_PRODUCT, /**< a + b and a * b, elementwise; k[0] = k[1] */
} kith_dense_inputs;

/** y = f(x_0 w[0] + x_1 w[1] + bias[0] + bias[1]), f(x) = x where positive, else slope x. */
typedef struct kith_dense {
  kith_dense_inputs inputs;
  int k[2], m;
  float slope;            /**< 0: ReLU; 1: no activation */
  const float *w[2];      /**< [k, m] */
  const float *bias[2];   /**< [m]; null: none */
  const kith_lid *row[2]; /**< [n] which rows of a and b are the inputs; null: the first n */
} kith_dense;

/** Gradients; those that are null are not computed. */
typedef struct kith_dense_gradients {
  float *dx[2];    /**< of a and b, of their input rows … */
  bool add[2];     /**< … added to what is there */
  float *dw[2];    /**< [k, m] += */
  float *dbias[2]; /**< [m] += */
  float *scratch;  /**< [kith_dense_scratch()] */
  /** The n rows are these, ascending, of n_of, and sums over rows are cut as those of all n_of rows are: they
   * have the same bits if the other rows' gradients are zero.  Null: all. */
  const kith_lid *piece_row;
  int64_t n_of;
} kith_dense_gradients;

/** Numbers of scratch memory that backward needs. */
int64_t kith_dense_scratch(const kith_dense *o);

/** y [n, m] of the input rows of a [, k[0]] and b [, k[1]]. */
void kith_dense_forward(const kith_dense *o, int64_t n, const float *a, const float *b, float *y);
/**
 * @param y      [n, m] what forward gave
 * @param dy     [n, m] its gradient; afterwards that before the activation
 * Gradients of weights are summed in pieces of rows whose number does not depend on the threads.
 */
void kith_dense_backward(const kith_dense *o, int64_t n, const float *a, const float *b, const float *y,
                         float *dy, const kith_dense_gradients *g);

#endif
