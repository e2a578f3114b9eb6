/* Principal components (pca.h). */
#include "report/pca.h"

#include <math.h>

#include "ops/lapack.h"
#include "ops/product.h"

enum { PCA_ROWS = 1024 /* whose products are summed in float; their sums are added in double */ };

static void pca_mean(int64_t n, int d, const float *x, double *mean) {
  for (int64_t i = 0; i < n; i++)
    for (int k = 0; k < d; k++) mean[k] += (double)x[i * d + k];
  for (int k = 0; k < d; k++) mean[k] /= (double)n;
}

/* s [d, d] is 0 before; centered [PCA_ROWS, d] and part [d, d] are scratch. */
static void pca_covariance(int64_t n, int d, const float *x, const double *mean, float *centered, float *part,
                           double *s) {
  for (int64_t first = 0; first < n; first += PCA_ROWS) {
    const int rows = (int)kith_min(PCA_ROWS, n - first);
    for (int64_t i = 0; i < rows; i++)
      for (int k = 0; k < d; k++) centered[i * d + k] = (float)((double)x[(first + i) * d + k] - mean[k]);
    kith_product_tn(d, d, rows, 1, centered, centered, false, part);
    for (int64_t j = 0; j < (int64_t)d * d; j++) s[j] += (double)part[j];
  }
  for (int64_t j = 0; j < (int64_t)d * d; j++) s[j] /= (double)(n - 1);
}

/* An eigenvector and its opposite are as good: take the one whose largest element is above 0, so that
 * pictures do not turn over. */
static void pca_fix_sign(int d, double *axis) {
  int most = 0;
  for (int k = 1; k < d; k++)
    if (fabs(axis[k]) > 1.000001 * fabs(axis[most])) most = k;
  const double sign = axis[most] < 0 ? -1 : 1;
  for (int k = 0; k < d; k++) axis[k] *= sign;
}

static kith_status pca_axes(int d, double *s, report_pca *out) {
  kith_status st = KITH_OK;
  double *value = NULL;
  KITH_TRY(KITH_NEW(value, d));
  for (int k = 0; k < d; k++) out->all += s[(int64_t)k * d + k];
  KITH_TRY(kith_eigen_symmetric(d, s, value));
  for (int a = 0; a < PCA_AXES && a < d && value[d - 1 - a] > 0; a++) {
    double *axis = out->axis + (int64_t)a * d;
    for (int k = 0; k < d; k++) axis[k] = s[(int64_t)(d - 1 - a) * d + k];
    out->variance[out->n_axis++] = value[d - 1 - a];
  }
  for (int a = 0; a < out->n_axis; a++) pca_fix_sign(d, out->axis + (int64_t)a * d);
done:
  KITH_FREE(value);
  return st;
}

kith_status kith__pca(int64_t n, int d, const float *x, report_pca *out) {
  kith_status st = KITH_OK;
  float *centered = NULL, *part = NULL;
  double *s = NULL;
  *out = (report_pca){.d = d};
  KITH_TRY(KITH_NEW(out->mean, d));
  KITH_TRY(KITH_NEW(out->axis, (int64_t)PCA_AXES * d));
  if (n < 2 || d == 0) return st;
  KITH_TRY(KITH_NEW(centered, (int64_t)PCA_ROWS * d));
  KITH_TRY(KITH_NEW(part, (int64_t)d * d));
  KITH_TRY(KITH_NEW(s, (int64_t)d * d));
  pca_mean(n, d, x, out->mean);
  pca_covariance(n, d, x, out->mean, centered, part, s);
  KITH_TRY(pca_axes(d, s, out));
done:
  KITH_FREE(centered);
  KITH_FREE(part);
  KITH_FREE(s);
  return st;
}

void kith__pca_project(const report_pca *pca, const float *row, double at[PCA_AXES]) {
  for (int a = 0; a < PCA_AXES; a++) {
    at[a] = 0;
    for (int k = 0; k < pca->d; k++)
      at[a] += ((double)row[k] - pca->mean[k]) * pca->axis[(int64_t)a * pca->d + k];
  }
}

void kith__pca_free(report_pca *pca) {
  KITH_FREE(pca->mean);
  KITH_FREE(pca->axis);
}
