/**
 * Principal components: the plane in which rows differ most.
 *
 * Jolliffe, "Principal Component Analysis" (2002), sections 1.1 and 3: the covariance matrix of centered
 * rows, S = sum (x_i - m)(x_i - m)' / (n - 1), and its eigenvectors of the largest eigenvalues; each of these
 * is the variance along its axis, and all of them together sum to the variance of the rows.
 */
#ifndef KITH_REPORT_PCA_H
#define KITH_REPORT_PCA_H

#include "base/base.h"

enum { PCA_AXES = 2 };

typedef struct report_pca {
  int d, n_axis;             /* n_axis: of axes that have a variance above 0, at most PCA_AXES */
  double *mean;              /* [d] */
  double *axis;              /* [PCA_AXES, d] of length 1; what is largest in absolute value is above 0 */
  double variance[PCA_AXES]; /* along each axis */
  double all;                /* the variance of the rows */
} report_pca;

/**
 * Local.  Errors: KITH_ENOMEM, KITH_ENUMERIC (LAPACK failed); the caller frees *out, then too.
 *
 * @param x  [n, d]
 * Cost: n d^2 multiply-adds, and d^3 for the eigenvectors.  The same bits on any number of threads.
 */
kith_status kith__pca(int64_t n, int d, const float *x, report_pca *out) KITH_MUST_USE;
/** Coordinates of a row [d]. */
void kith__pca_project(const report_pca *pca, const float *row, double at[PCA_AXES]);
void kith__pca_free(report_pca *pca);

#endif
