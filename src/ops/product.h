/**
 * Matrix products whose bits depend on the operands alone.
 *
 * Every element of the result is one chain of multiply-adds over k in order, fused where the CPU has FMA: the
 * same bits on every instruction set, at every position and shape, for any number of threads.  A BLAS
 * (kith_gemm_*) promises none of that.
 */
#ifndef KITH_OPS_PRODUCT_H
#define KITH_OPS_PRODUCT_H

#include <stdbool.h>

/**
 * Row-major products: by one thread inside a parallel region, by all threads outside.  Local.
 * nt: c [m, n] = scale (c + a [m, k] b' [n, k]);   nn: c [m, n] = scale (c + a [m, k] b [k, n]);
 * tn: c [m, n] = scale (c + a' [k, m] b [k, n]).
 *
 * Without `add` zero stands for the c on the right.  The scale 1 leaves the bits of a chain.
 * Nothing is allocated; a thread uses at most 170 KiB of stack.
 */
void kith_product_nt(int m, int n, int k, float scale, const float *a, const float *b, bool add, float *c);
void kith_product_nn(int m, int n, int k, float scale, const float *a, const float *b, bool add, float *c);
void kith_product_tn(int m, int n, int k, float scale, const float *a, const float *b, bool add, float *c);
/**
 * Parts of wider matrices: rows of a, b and c are lda, ldb and ldc apart.  Local.
 * nn_part: c [m, n] = a [m, k] b [k, n];   tn_part: c [m, n] = a' [k, m] b [k, n].
 */
void kith_product_nn_part(int m, int n, int k, const float *a, int lda, const float *b, int ldb, float *c,
                          int ldc);
void kith_product_tn_part(int m, int n, int k, const float *a, int lda, const float *b, int ldb, float *c,
                          int ldc);

#endif
