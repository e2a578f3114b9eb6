/**
 * Optimizer: Adam, dense and on some rows.
 */
#ifndef KITH_OPTIMIZER_H
#define KITH_OPTIMIZER_H

#include "kith/base.h"

typedef struct kith_adam_options {
  double lr, beta1, beta2, epsilon;
} kith_adam_options;

KITH_API kith_adam_options kith_adam_defaults(void); /**< 0.001, 0.9, 0.999, 1e-8 */

/**
 * One step on n numbers (Kingma and Ba, ICLR 2015, Algorithm 1, with bias correction).  Local.
 *
 * @param step  counts from 1
 * @param g     [n] gradient
 * @param m, v, p  [n] first and second moment, parameters; updated
 */
KITH_API void kith_adam_step(const kith_adam_options *o, int64_t step, int64_t n, const float *g, float *m,
                             float *v, float *p);

#endif
