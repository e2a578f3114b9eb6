/**
 * LAPACK: small dense problems in double precision, on one thread, so that equal calls give equal bits; and
 * the inverse of a large matrix, on all threads, whose number may change the rounding.
 */
#ifndef KITH_OPS_LAPACK_H
#define KITH_OPS_LAPACK_H

#include "base/base.h"

/**
 * The inverse R^-1 of the Cholesky factor of a symmetric matrix G = R'R, R upper triangular.  Local.
 *
 * @param g        [n, n]; overwritten by R^-1, with zeros below its diagonal
 * @param least    *good only if every diagonal element of R is at least this
 * @param[out] good  otherwise g is overwritten by numbers without meaning
 */
void kith_cholesky_inverse(int n, double *g, double least, bool *good);
/**
 * The inverse of a symmetric positive definite matrix by its Cholesky factor, in place: n^3 flops on all
 * threads.  Local.
 *
 * @param g  [n, n] row-major; its lower triangle becomes that of the inverse, what is above is neither read
 * nor written
 * @param[out] good  false: g is not positive definite, and overwritten by numbers without meaning
 */
void kith_symmetric_inverse(int n, double *g, bool *good);
void kith_symmetric_inverse_float(int n, float *g, bool *good);
/**
 * Solve H z = w G z for symmetric H and positive definite G.  Local.  Errors: KITH_ENOMEM; KITH_ENUMERIC.
 *
 * @param h  [n, n]; overwritten: row j is eigenvector j, z'G z = 1
 * @param g  [n, n]; overwritten
 * @param w  [n] eigenvalues, ascending
 */
kith_status kith_eigen_generalized(int n, double *h, double *g, double *w) KITH_MUST_USE;
/** The same with the identity for G. */
kith_status kith_eigen_symmetric(int n, double *h, double *w) KITH_MUST_USE;

#endif
