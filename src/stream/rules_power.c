/*
 * Powers of "together": among the items that a user has not met, P(i) is in proportion to the product over
 * rules of (share_k(i) + floor)^power_k.  The mean log-likelihood of validation events of such items is
 * concave in the powers, which are 0 or above (logarithmic opinion pools, Heskes 1998; here not held to a sum
 * of 1).
 */
#include <math.h>
#include <string.h>

#include "ops/newton.h"
#include "stream/rules_fit.h"

static const double POWER_RIDGE = 0.1; /* times the squares of powers, over all events together */

enum {
  POWER_MAX = KITH_RULES + 1 - KITH__RULE_FRESH,
  POWER_SUMS = 1 + POWER_MAX + POWER_MAX * (POWER_MAX + 1) / 2
};
_Static_assert((int)POWER_MAX <= (int)KITH_NEWTON_MAX, "Newton's unknowns");

kith_status kith__rule_powers_make(const kith_stream_rules *r, int64_t n_event, kith__rule_powers *p) {
  kith_status st = KITH_OK;
  const int64_t n_item = r->g->n[KITH_ITEM];
  *p = (kith__rule_powers){.n_rule = kith__rules_n(r) - KITH__RULE_FRESH, .n_item = n_item};
  KITH_TRY(KITH_NEW(p->log, n_event * p->n_rule * n_item));
  KITH_TRY(KITH_NEW(p->n_new, n_event));
  KITH_TRY(KITH_NEW(p->own, n_event));
done:
  return st;
}

void kith__rule_powers_free(kith__rule_powers *p) {
  KITH_FREE(p->log);
  KITH_FREE(p->n_new);
  KITH_FREE(p->own);
}

void kith__rule_powers_add(kith__rule_powers *p, const kith_stream_rules *r, int32_t item) {
  float *to = p->log + p->n * p->n_rule * p->n_item;
  int32_t n = 0;
  for (int64_t i = 0; i < p->n_item; i++) {
    if (r->met[i]) continue;
    if (i == item) p->own[p->n] = n;
    for (int k = 0; k < p->n_rule; k++) *to++ = (float)kith__rules_log(r, KITH__RULE_FRESH + k, i);
    n++;
  }
  p->n_new[p->n++] = n;
}

/* The probabilities of an event's items x [n, n_rule] into p [n]; returns log P(own). */
static double power_softmax(int n, int n_rule, const float *x, const double *theta, int own, double *p) {
  double most = -INFINITY, sum = 0, log_own = 0;
  for (int i = 0; i < n; i++) {
    p[i] = 0;
    for (int k = 0; k < n_rule; k++) p[i] += theta[k] * (double)x[i * n_rule + k];
    most = fmax(most, p[i]);
  }
  log_own = p[own] - most;
  for (int i = 0; i < n; i++) sum += p[i] = exp(p[i] - most);
  for (int i = 0; i < n; i++) p[i] /= sum;
  return log_own - log(sum);
}

/* Mean [n] and second moments [n, n], upper triangle, of the logarithms of an event's items under p. */
static void power_moments(int n, int n_rule, const float *x, const double *p, double *mean, double *two) {
  memset(mean, 0, (size_t)n_rule * sizeof *mean);
  memset(two, 0, (size_t)(n_rule * n_rule) * sizeof *two);
  for (int i = 0; i < n; i++, x += n_rule)
    for (int k = 0; k < n_rule; k++) {
      mean[k] += p[i] * (double)x[k];
      for (int l = k; l < n_rule; l++) two[k * n_rule + l] += p[i] * (double)x[k] * (double)x[l];
    }
}

typedef struct power_search {
  const kith_comm *comm;
  const kith__rule_powers *p;
  double *probability; /* [n_item] */
  int64_t n_all;       /* events of all ranks */
} power_search;

/* Add an event's log-likelihood, gradient and curvature to sums. */
static void power_add(const power_search *s, int64_t e, const double *theta, kith_exact_sum *sum) {
  const kith__rule_powers *p = s->p;
  const int n = p->n_rule;
  const float *x = p->log + e * n * p->n_item, *own = x + (int64_t)p->own[e] * n;
  double mean[POWER_MAX], two[POWER_MAX * POWER_MAX];
  kith_exact_sum_add(sum++, power_softmax(p->n_new[e], n, x, theta, p->own[e], s->probability));
  power_moments(p->n_new[e], n, x, s->probability, mean, two);
  for (int k = 0; k < n; k++) kith_exact_sum_add(sum++, (double)own[k] - mean[k]);
  for (int k = 0; k < n; k++)
    for (int l = k; l < n; l++) kith_exact_sum_add(sum++, two[k * n + l] - mean[k] * mean[l]);
}

static kith_agreed power_at(void *context, const double *theta, kith_newton_point *out) {
  const power_search *s = context;
  const int n = s->p->n_rule;
  const double many = (double)s->n_all;
  kith_exact_sum all[POWER_SUMS] = {{0}}, *sum = all;
  for (int64_t e = 0; e < s->p->n; e++) power_add(s, e, theta, all);
  kith_comm_sum(s->comm, 1 + n + n * (n + 1) / 2, all);
  *out = (kith_newton_point){.likelihood = kith_exact_sum_value(sum++) / many};
  out->value = out->likelihood;
  for (int k = 0; k < n; k++) {
    out->value -= POWER_RIDGE * theta[k] * theta[k] / many;
    out->gradient[k] = kith_exact_sum_value(sum++) / many - 2 * POWER_RIDGE * theta[k] / many;
  }
  for (int k = 0; k < n; k++)
    for (int l = k; l < n; l++)
      out->curvature[k * n + l] = (kith_exact_sum_value(sum++) + (k == l ? 2 * POWER_RIDGE : 0)) / many;
  return (kith_agreed){KITH_OK};
}

kith_agreed kith__rule_powers_fit(const kith_comm *comm, const kith__rule_powers *p, double *power) {
  kith_agreed st = {KITH_OK};
  power_search s = {.comm = comm, .p = p, .n_all = p->n};
  bool bounded[POWER_MAX], converged = false;
  double theta[POWER_MAX] = {0};
  kith_newton_point at;
  int n_pass = 0;
  for (int k = 0; k < POWER_MAX; k++) bounded[k] = true;
  memset(power, 0, (KITH_RULES + 1) * sizeof *power);
  kith_comm_sum_int(comm, 1, &s.n_all);
  if (s.n_all == 0) return st;
  KITH_TRY(kith_agree(comm, KITH_NEW(s.probability, p->n_item)));
  KITH_TRY(power_at(&s, theta, &at));
  KITH_TRY(kith_newton_maximize(p->n_rule, bounded, power_at, &s, theta, &at, &n_pass, &converged));
  memcpy(power + KITH__RULE_FRESH, theta, (size_t)p->n_rule * sizeof *theta);
done:
  KITH_FREE(s.probability);
  return st;
}
