/** Exponentials in double precision, vectorized, with the same bits on every instruction set. */
#ifndef KITH_OPS_EXPONENTIAL_DOUBLE_H
#define KITH_OPS_EXPONENTIAL_DOUBLE_H

#include "base/base.h"

/** y [n] = exp(x [n]) for x <= 0, to about one unit in the last place; below -700, also for minus infinity,
 * 0. */
void kith_exponentials(int n, const double *x, double *y);

#endif
