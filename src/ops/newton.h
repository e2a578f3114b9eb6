/**
 * The maximum of a concave function of a few unknowns.
 */
#ifndef KITH_OPS_NEWTON_H
#define KITH_OPS_NEWTON_H

#include "base/base.h"
#include "comm/comm.h"

enum { KITH_NEWTON_MAX = 16 /**< most unknowns */ };

/** A function at a place: its value, gradient, and minus its second derivatives. */
typedef struct kith_newton_point {
  double value, likelihood; /**< the value; the value without a prior, which is the caller's alone */
  double gradient[KITH_NEWTON_MAX],
      curvature[KITH_NEWTON_MAX * KITH_NEWTON_MAX]; /**< [n, n], the upper triangle */
} kith_newton_point;

/** A concave function of n unknowns.  Collective; the same on every rank. */
typedef kith_agreed (*kith_newton_function)(void *context, const double *theta, kith_newton_point *out);

/**
 * Maximize it by damped Newton steps from theta [n] on, where it is `at`; both become those of the maximum.
 * The unknowns with bounded[k] stay at 0 or above.  Collective.
 *
 * @param n_pass          evaluations are added to it
 * @param[out] converged  a further step would gain nothing
 * Errors: KITH_ENUMERIC (the function has no finite maximum); those of f.
 */
kith_agreed kith_newton_maximize(int n, const bool *bounded, kith_newton_function f, void *context,
                                 double *theta, kith_newton_point *at, int *n_pass,
                                 bool *converged) KITH_MUST_USE;

#endif
