/* The blend: its weights, and the rows and the direct term that they give. */
#include "blend/blend.h"

#include "base/base.h"
#include "blend/blend_impl.h"

static kith_agreed blend_value(void *context, const double *theta, kith__blend_point *out) {
  return kith__likelihood_at(context, theta, out);
}

kith_agreed kith_blend_fit(const kith_comm *comm, const kith_graph *g, const kith_blend_options *o,
                           int n_member, kith_blend_member *member, const kith_evidence_table *table,
                           double *weight, kith_blend_report *out) {
  kith_agreed st = {KITH_OK};
  kith__likelihood *l = NULL;
  kith__blend_point at;
  double theta[KITH_BLEND_MAX] = {0};
  bool bounded[KITH_BLEND_MAX] = {false};
  const int n = n_member + table->n;
  kith_blend_report r = {.n_pass = 1};
  for (int m = 0; m < n_member; m++) bounded[m] = true;
  KITH_TRY(kith__likelihood_create(comm, g, o, n_member, member, table, &l));
  kith__likelihood_count(l, &r.n_user, &r.n_pair);
  KITH_TRY(kith__likelihood_at(l, theta, &at));
  r.uniform = at.value;
  KITH_TRY(kith__blend_maximize(n, bounded, blend_value, l, theta, &at, &r.n_pass, &r.converged));
  r.log_likelihood = at.value;
  for (int m = 0; m < n_member; m++) member[m].gamma = theta[m];
  for (int k = 0; k < table->n; k++) weight[k] = theta[n_member + k];
  *out = r;
done:
  kith__likelihood_destroy(&l);
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
               "models %d and %d both have a direct term (model.spectral.direct); expected one at most",
               found + 1, m + 1);
    found = m;
    *out = member[m].direct;
    double factor = member[m].gamma / member[m].sigma;
    out->c *= factor;
    for (int j = 0; j < out->n_higher; j++) out->higher[j] *= factor;
  }
done:
  return st;
}
