/**
 * Sums of exponentials whose order does not matter: exponentials in double precision, and exact sums of a
 * block of numbers.  Both are vectorized, with the same bits on every instruction set.
 */
#ifndef KITH_OPS_EXACT_BLOCK_H
#define KITH_OPS_EXACT_BLOCK_H

#include "base/base.h"

enum { KITH_EXACT_BLOCK = 256 /**< most numbers of a block */ };

/** y [n] = exp(x [n]) for x <= 0, to about one unit in the last place; below -700, also for minus infinity,
 * 0. */
void kith_exponentials(int n, const double *x, double *y);

/** kith_exact_sum_add() of each of the n numbers, with the same result. */
void kith_exact_sum_block(int n, const double *x, kith_exact_sum *s);

/** kith_exact_sum_add() of each of the n products x y, or x y z, with the same result. */
void kith_exact_dot_block(int n, const double *x, const double *y, kith_exact_sum *s);
void kith_exact_dot3_block(int n, const double *x, const double *y, const double *z, kith_exact_sum *s);

#endif
