/* The blend: its weights, and the rows and the direct term that they give. */
#include "blend/blend.h"

#include <string.h>

#include "base/base.h"
#include "blend/blend_impl.h"

static const double BLEND_STEADY =
    1e-3; /* weights of two rounds as near, relative to their sum, are the same */
static const double BLEND_NEAR = 2e-2; /* candidates that come and go may keep them as far apart */

/* A search for weights. */
typedef struct blend_search {
  kith__likelihood *l;
  int n;
  bool bounded[KITH_BLEND_MAX];
  double theta[KITH_BLEND_MAX];
  kith_blend_report r;
} blend_search;

static kith_agreed blend_value(void *context, const double *theta, kith_newton_point *out) {
  return kith__likelihood_at(context, theta, out);
}

static double blend_size(int n, const double *theta) {
  double size = 0;
  for (int k = 0; k < n; k++) size += fabs(theta[k]);
  return size;
}

/* The largest change of a weight's share. */
static double blend_change(int n, const double *before, const double *after) {
  const double a = blend_size(n, before), b = blend_size(n, after);
  double change = 0;
  for (int k = 0; k < n && a > 0 && b > 0; k++) change = fmax(change, fabs(after[k] / b - before[k] / a));
  return change;
}

/* The maximum for the candidates that are kept now. */
static kith_agreed blend_round(blend_search *s) {
  kith_agreed st = {KITH_OK};
  kith_newton_point at;
  s->r.n_kept = kith__likelihood_count(s->l);
  if (s->r.n_kept == 0)
    KITH_TRY(kith_agreed_same(
        kith_fail(KITH_ECONFIG,
                  "kith blend: none of %lld validation items is among the %d items that a model or evidence "
                  "ranks highest for its user, and weights are chosen on those",
                  (long long)s->r.n_pair, s->r.n_round > 0 ? KITH_BLEND_KEPT : KITH_BLEND_POOL)));
  memset(s->theta, 0, sizeof s->theta);
  KITH_TRY(kith__likelihood_at(s->l, s->theta, &at));
  s->r.uniform = at.likelihood;
  s->r.n_pass++;
  KITH_TRY(kith_newton_maximize(s->n, s->bounded, blend_value, s->l, s->theta, &at, &s->r.n_pass,
                                &s->r.converged));
  s->r.log_likelihood = at.likelihood;
done:
  return st;
}

static kith_agreed blend_search_run(blend_search *s) {
  kith_agreed st = {KITH_OK};
  double before[KITH_BLEND_MAX], change = 1;
  KITH_TRY(blend_round(s)); /* among all candidates */
  while (change > BLEND_STEADY && s->r.n_round < KITH_BLEND_ROUNDS && blend_size(s->n, s->theta) > 0) {
    memcpy(before, s->theta, sizeof before);
    kith__likelihood_keep(s->l, s->theta);
    s->r.n_round++;
    KITH_TRY(blend_round(s));
    s->r.change = change = blend_change(s->n, before, s->theta);
  }
  s->r.converged = s->r.converged && (change <= BLEND_NEAR || blend_size(s->n, s->theta) == 0);
done:
  return st;
}

kith_agreed kith_blend_fit(const kith_comm *comm, const kith_graph *g, const kith_blend_options *o,
                           int n_member, kith_blend_member *member, const kith_evidence_table *table,
                           double *weight, kith_blend_report *out) {
  kith_agreed st = {KITH_OK};
  kith__candidates c = {.n = 0};
  blend_search s = {.n = n_member + table->n};
  for (int m = 0; m < n_member; m++) s.bounded[m] = true;
  KITH_TRY(kith__candidates_make(comm, g, o, n_member, member, table, &c));
  s.r.n_user = c.n_user_all;
  s.r.n_pair = c.n_truth_all;
  KITH_TRY(kith__likelihood_create(comm, &c, &s.l));
  KITH_TRY(blend_search_run(&s));
  for (int k = 0; k < s.n; k++) s.r.flat[k] = kith__likelihood_is_flat(s.l, k);
  for (int m = 0; m < n_member; m++) member[m].gamma = s.theta[m];
  for (int k = 0; k < table->n; k++) weight[k] = s.theta[n_member + k];
  *out = s.r;
done:
  kith__likelihood_destroy(&s.l);
  kith__candidates_free(&c);
  return st;
}

/* The last column of rows of width d. */
static void blend_column(const kith_graph *g, const kith_evidence_table *t, const kith_evidence *e, size_t d,
                         float *x) {
  for (kith_lid u = 0; u < g->n_own_of[KITH_USER]; u++) x[(size_t)g->row_of[KITH_USER][u] * d + d - 1] = 1;
  for (kith_lid i = 0; i < g->n_own_of[KITH_ITEM]; i++) {
    kith_lid row = g->row_of[KITH_ITEM][i];
    x[(size_t)row * d + d - 1] = (float)kith_evidence_of_item(t, e, g->original[row]);
  }
}

kith_status kith_blend_rows(const kith_graph *g, int n_member, const kith_blend_member *member,
                            const kith_evidence_table *table, const kith_evidence *evidence, int *d,
                            float **x) {
  kith_status st = KITH_OK;
  const kith_lid n_own = g->n_own;
  size_t at = 0;
  *d = 0;
  for (int m = 0; m < n_member; m++)
    if (member[m].gamma > 0) *d += member[m].d;
  const bool column = kith_evidence_has_columns(table) || (*d == 0 && table->n > 0);
  *d += column;
  if (*d == 0) return st;
  KITH_TRY(KITH_NEW(*x, (int64_t)n_own * *d));
  for (int m = 0; m < n_member; m++) {
    if (member[m].gamma <= 0) continue;
    const size_t width = (size_t)member[m].d;
    const float factor = kith_blend_factor(member[m].gamma, member[m].sigma);
    for (size_t i = 0; i < (size_t)n_own; i++)
      for (size_t c = 0; c < width; c++) (*x)[i * (size_t)*d + at + c] = factor * member[m].x[i * width + c];
    at += width;
  }
  if (column) blend_column(g, table, evidence, (size_t)*d, *x);
done:
  return st;
}

kith_status kith_blend_direct(int n_member, const kith_blend_member *member, kith_direct_term *out) {
  kith_status st = KITH_OK;
  int found = -1;
  *out = (kith_direct_term){.c = 0};
  for (int m = 0; m < n_member; m++) {
    if (member[m].gamma <= 0 || !kith_direct_is_on(&member[m].direct)) continue;
    KITH_CHECK(found < 0, KITH_ECONFIG,
               "models %s and %s both have a direct term (model.spectral.direct); expected one at most",
               member[found].name, member[m].name);
    found = m;
    *out = member[m].direct;
    double factor = member[m].gamma / member[m].sigma;
    out->c *= factor;
    for (int j = 0; j < out->n_higher; j++) out->higher[j] *= factor;
  }
done:
  return st;
}
