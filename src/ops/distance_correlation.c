/*
 * Distance correlation of rows, with its gradient (Szekely, Rizzo and Bakirov, "Measuring and testing
 * dependence by correlation of distances", Annals of Statistics 2007, definitions 4 and 5).  Few rows, the
 * intents of a model, in double.
 *
 * With S_xy the sum of A_kl B_kl: dCor = sqrt(S_xy) / (S_xx S_yy)^(1/4), and since centering is a projection,
 * d dCor / d|x_k - x_l| = dCor (B_kl / S_xy - A_kl / S_xx) / 2.
 */
#include <math.h>

#include "ops/intents.h"

/* a [d, d]: distances of the numbers of a row, less the means of their row and column, plus that of all. */
static void correlation_center(int d, const float *x, double *mean, double *a) {
  double all = 0;
  for (int k = 0; k < d; k++) {
    mean[k] = 0;
    for (int l = 0; l < d; l++) mean[k] += fabs((double)x[k] - (double)x[l]) / d;
    all += mean[k] / d;
  }
  for (int k = 0; k < d; k++)
    for (int l = 0; l < d; l++) a[k * d + l] = fabs((double)x[k] - (double)x[l]) - mean[k] - mean[l] + all;
}

static double correlation_product(int d, const double *a, const double *b) {
  double sum = 0;
  for (int k = 0; k < d * d; k++) sum += a[k] * b[k];
  return sum;
}

/* dx += factor times the gradient; both (k, l) and (l, k) hold a distance. */
static void correlation_gradient(int d, double factor, const float *x, const double *a, double s_aa,
                                 const double *b, double s_ab, float *dx) {
  for (int k = 0; k < d; k++) {
    double sum = 0;
    for (int l = 0; l < d; l++) {
      double sign = (x[k] > x[l]) - (x[k] < x[l]);
      sum += sign * (b[k * d + l] / s_ab - a[k * d + l] / s_aa);
    }
    dx[k] += (float)(factor * sum);
  }
}

double kith_distance_correlation(int m, int d, const float *g, double factor, double *scratch, float *dg) {
  double *mean = scratch, *a = scratch + d, *b = a + (int64_t)d * d, all = 0;
  for (int p = 0; p < m; p++)
    for (int o = p + 1; o < m; o++) {
      const float *x = g + (int64_t)p * d, *y = g + (int64_t)o * d;
      correlation_center(d, x, mean, a);
      correlation_center(d, y, mean, b);
      double s_aa = correlation_product(d, a, a), s_bb = correlation_product(d, b, b),
             s_ab = correlation_product(d, a, b);
      if (!(s_aa > 0 && s_bb > 0 && s_ab > 0)) continue;
      double one = sqrt(s_ab / sqrt(s_aa * s_bb));
      all += one;
      correlation_gradient(d, factor * one, x, a, s_aa, b, s_ab, dg + (int64_t)p * d);
      correlation_gradient(d, factor * one, y, b, s_bb, a, s_ab, dg + (int64_t)o * d);
    }
  return all;
}
