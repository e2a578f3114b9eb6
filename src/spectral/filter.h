/* What the spectral model makes of an eigenvalue. */
#ifndef KITH_SPECTRAL_FILTER_H
#define KITH_SPECTRAL_FILTER_H

#include "kith/model.h"

struct kith_spectrum;

/** Eigenvalues below this share of the largest one are rounding errors of zeros: their eigenvectors are
 * arbitrary, and weigh nothing. */
#define KITH_SPECTRAL_ZERO 1e-6

/** How many of the k wanted eigenvalues are not zero.  Local. */
int kith_spectral_rank(const struct kith_spectrum *s);

/** The smallest eigenvalue that is not zero among the k wanted ones, relative to the largest: the last knot.
 * Local.
 */
double kith_spectral_last(const struct kith_spectrum *s);

/**
 * Weight of knot j in g(log m): g is linear between n knots that are equally spaced in log m, from 0 to
 * log `last`.  The weights of all knots sum to 1; 0 if m is zero.  Local.
 */
double kith_spectral_hat(int n, double last, double m, int j);

/** f(m) of an eigenvalue that is m times the largest one; 0 if m is zero.  Local. */
double kith_spectral_filter(const kith_spectral_options *o, double last, double m);

#endif
