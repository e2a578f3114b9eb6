/* The filter of eigenvalues: a ratio, or a curve through knots. */
#include "spectral/filter.h"

#include <math.h>

#include "spectral/spectral.h"

int kith_spectral_rank(const kith_spectrum *s) {
  int n = s->k;
  while (n > 0 && s->value[n - 1] <= KITH_SPECTRAL_ZERO * s->value[0]) n--;
  return n;
}

double kith_spectral_last(const kith_spectrum *s) {
  int n = kith_spectral_rank(s);
  return n > 0 ? s->value[n - 1] / s->value[0] : 1;
}

double kith_spectral_hat(int n, double last, double m, int j) {
  if (m <= KITH_SPECTRAL_ZERO) return 0;
  double at = last < 1 ? (n - 1) * log(m) / log(last) : 0;
  at = fmin(fmax(at, 0), n - 1);
  return fmax(0, 1 - fabs(at - j));
}

double kith_spectral_filter(const kith_spectral_options *o, double last, double m) {
  double g = 0;
  if (m <= KITH_SPECTRAL_ZERO || o->filter == KITH_FILTER_POLY) return 0;
  if (o->filter == KITH_FILTER_RATIO) return m / (m + o->t);
  for (int j = 0; j < o->knots.n; j++) g += o->knots.of[j] * kith_spectral_hat(o->knots.n, last, m, j);
  return m * g;
}
