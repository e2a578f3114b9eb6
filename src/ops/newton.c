/*
 * Projected Newton (Bertsekas 1982): unknowns at their bound whose derivative points outward rest; the others
 * take a Newton step, which is cut at the bounds and halved until the value grows enough.
 */
#include "ops/newton.h"

#include <math.h>
#include <string.h>

#include "ops/lapack.h"

enum { NEWTON_STEPS = 100, NEWTON_HALVINGS = 40 };
static const double NEWTON_ARMIJO = 1e-4; /* least gain, as a share of what the slope promises */
static const double NEWTON_RIDGE = 1e-10; /* of each curvature: models that agree have no one maximum */
static const double NEWTON_GAIN = 1e-13;  /* a step that promises less is not taken */
static const double NEWTON_STALL = 1e-9;  /* where rounding hides a gain, the maximum is as near */

/* The unknowns that move: free [n]; returns how many.  One that the value does not depend on rests. */
static int newton_free(int n, const bool *bounded, const double *theta, const kith_newton_point *at,
                       int *out) {
  int m = 0;
  for (int k = 0; k < n; k++) {
    bool rests = bounded[k] && theta[k] <= 0 && at->gradient[k] <= 0;
    bool flat = at->gradient[k] == 0 && at->curvature[k * n + k] == 0;
    if (!rests && !flat) out[m++] = k;
  }
  return m;
}

/* Solve a y = b, a [m, m] symmetric and given by its upper triangle, which is overwritten.  False: a is not
 * positive definite. */
static bool newton_solve(int m, double *a, const double *b, double *y) {
  double half[KITH_NEWTON_MAX] = {0};
  bool good = false;
  kith_cholesky_inverse(m, a, 0, &good);
  if (!good) return false;
  for (int k = 0; k < m; k++) /* a is S, upper triangular, S S' the inverse: y = S (S' b) */
    for (int i = 0; i <= k; i++) half[k] += a[i * m + k] * b[i];
  for (int k = 0; k < m; k++) {
    y[k] = 0;
    for (int i = k; i < m; i++) y[k] += a[k * m + i] * half[i];
  }
  return true;
}

/* The Newton step of the m free unknowns: step [n], 0 for the others.  False: the curvature has no inverse.
 */
static bool newton_step(int n, int m, const int *of, const kith_newton_point *at, double *step) {
  double a[KITH_NEWTON_MAX * KITH_NEWTON_MAX], b[KITH_NEWTON_MAX], y[KITH_NEWTON_MAX];
  memset(step, 0, (size_t)n * sizeof *step);
  for (int k = 0; k < m; k++) {
    b[k] = at->gradient[of[k]];
    for (int l = 0; l < m; l++)
      a[k * m + l] = at->curvature[of[k] * n + of[l]] * (k == l ? 1 + NEWTON_RIDGE : 1);
  }
  if (!newton_solve(m, a, b, y)) return false;
  for (int k = 0; k < m; k++) step[of[k]] = y[k];
  return true;
}

/* theta + share * step, at 0 or above where bounded; returns what the slope promises. */
static double newton_move(int n, const bool *bounded, const double *theta, const kith_newton_point *at,
                          double share, const double *step, double *to) {
  double promise = 0;
  for (int k = 0; k < n; k++) {
    to[k] = theta[k] + share * step[k];
    if (bounded[k]) to[k] = fmax(to[k], 0);
    promise += at->gradient[k] * (to[k] - theta[k]);
  }
  return promise;
}

/* Halve the step until it gains; *gains is false where none does. */
static kith_agreed newton_search(int n, const bool *bounded, kith_newton_function f, void *context,
                                 const double *step, double *theta, kith_newton_point *at, int *n_pass,
                                 bool *gains) {
  kith_agreed st = {KITH_OK};
  double to[KITH_NEWTON_MAX], share = 1;
  kith_newton_point there;
  *gains = false;
  for (int h = 0; h < NEWTON_HALVINGS && !*gains; h++, share /= 2) {
    double promise = newton_move(n, bounded, theta, at, share, step, to);
    if (promise <= NEWTON_GAIN) return st;
    KITH_TRY(f(context, to, &there));
    ++*n_pass;
    *gains = there.value >= at->value + NEWTON_ARMIJO * promise;
  }
  if (!*gains) return st;
  memcpy(theta, to, (size_t)n * sizeof *theta);
  *at = there;
done:
  return st;
}

kith_agreed kith_newton_maximize(int n, const bool *bounded, kith_newton_function f, void *context,
                                 double *theta, kith_newton_point *at, int *n_pass, bool *converged) {
  kith_agreed st = {KITH_OK};
  double step[KITH_NEWTON_MAX] = {0}, next[KITH_NEWTON_MAX];
  int free[KITH_NEWTON_MAX];
  *converged = false;
  for (int s = 0; s < NEWTON_STEPS; s++) {
    bool gains = false;
    int m = newton_free(n, bounded, theta, at, free);
    if (m > 0 && !newton_step(n, m, free, at, step))
      KITH_TRY(kith_agreed_same(
          kith_fail(KITH_ENUMERIC, "the likelihood of the validation items has no finite maximum")));
    if (m > 0) KITH_TRY(newton_search(n, bounded, f, context, step, theta, at, n_pass, &gains));
    if (gains) continue;
    *converged = newton_move(n, bounded, theta, at, 1, step, next) <= NEWTON_STALL;
    break;
  }
done:
  return st;
}
