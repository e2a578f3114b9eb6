/*
 * EASE where items are many: Steck (WWW 2019), equation 8, with X'X = V S V' cut to its k leading eigenpairs.
 *
 * With w = s / (s + lambda) of each eigenvalue, (X'X + lambda I)^-1 = (I - V diag(w) V') / lambda, so
 *   B_ji = sum_k v_jk w_k v_ik / (1 - sum_k w_k v_ik^2)  for j != i,
 * which is exact if k is the rank of X'X.  A score is then an inner product: of the user's row, sum over the
 * user's items j of v_j w, and of the item's, v_i / (1 - sum_k w_k v_ik^2).  Those rows are the ones of the
 * spectral model without powers of degrees, but for the divisor.  No array has items by items.
 *
 * The scores of the user's own items would have the diagonal in their sums, but they are not ranked.
 */
#include "baseline/ease_low.h"

#include "base/base.h"
#include "model/model.h"
#include "ops/ops.h"
#include "spectral/filter.h"
#include "spectral/rows.h"

static const double LOW_TOLERANCE = 1e-3; /* of eigenpairs, relative to the largest eigenvalue */

static kith_agreed low_iterate(const kith_comm *comm, const kith_graph *g, kith__ease_low *e) {
  kith_agreed st = {KITH_OK};
  const kith_spectral_options o = kith_spectral_defaults();
  kith_dist_csr *a = NULL;
  KITH_TRY(kith_spectral_matrix_create(comm, g, 0, 0, KITH_SPECTRAL_SLAB, &a));
  KITH_TRY(kith_spectrum_start(comm, g, e->columns, KITH__EASE_LOW_OVERSAMPLE, KITH__EASE_LOW_SEED, &e->s));
  do KITH_TRY(kith_spectrum_round(comm, g, a, o.degree, LOW_TOLERANCE, e->s));
  while (e->s->round < o.rounds && e->s->residual > LOW_TOLERANCE);
  kith_spectrum_end_rounds(e->s);
  if (e->s->residual > LOW_TOLERANCE && comm->rank == 0)
    kith_warn("baseline ease-low: after %s an eigenpair has the residual %.3g",
              KITH_COUNT(e->s->round, "round(s)"), e->s->residual);
  e->rank = kith_spectral_rank(e->s);
done:
  kith_dist_csr_destroy(&a);
  return st;
}

kith_agreed kith__ease_low_make(const kith_comm *comm, const kith_graph *g, int columns,
                                kith__ease_low *out) {
  kith_agreed st = {KITH_OK};
  *out = (kith__ease_low){.columns = (int)kith_min(columns, g->n[KITH_ITEM])};
  KITH_TRY(low_iterate(comm, g, out));
  KITH_TRY(kith_agree(comm, KITH_NEW(out->x, (int64_t)g->n_own * out->columns)));
done:
  return st;
}

kith_agreed kith__ease_low_rows(const kith_comm *comm, const kith_graph *g, double lambda,
                                kith__ease_low *e) {
  kith_agreed st = {KITH_OK};
  const double largest = e->s->value[0];
  const kith_spectral_options by = {.filter = KITH_FILTER_RATIO, .t = largest > 0 ? lambda / largest : 1};
  KITH_TRY(kith_spectral_rows(comm, g, &by, e->s, e->x));
#pragma omp parallel for
  for (kith_lid i = 0; i < g->n_own; i++) {
    float *v = e->x + (int64_t)i * e->columns;
    double left = 1;
    if (g->type[i] != KITH_ITEM) continue;
    for (int j = 0; j < e->rank; j++)
      left -= e->s->value[j] / (e->s->value[j] + lambda) * (double)v[j] * (double)v[j];
    for (int j = 0; j < e->columns; j++) v[j] = j < e->rank ? (float)((double)v[j] / left) : 0;
  }
done:
  return st;
}

void kith__ease_low_free(kith__ease_low *e) {
  kith_spectrum_free(&e->s);
  KITH_FREE(e->x);
}

int64_t kith__ease_low_bytes(const kith_graph *g, int size, int columns) {
  const kith__ease_low *e = NULL;
  const kith_eid n_entry = g->start[g->n_own];
  const int64_t n_node = g->n[KITH_USER] + g->n[KITH_ITEM],
                n_ghost = kith_min(n_node - kith_min(n_node, g->n_own), n_entry);
  const int k = (int)kith_min(columns, g->n[KITH_ITEM]), width = k + KITH__EASE_LOW_OVERSAMPLE;
  const kith_dist_csr_sizes a = {.size = size,
                                 .n_own = g->n_own,
                                 .n_ghost = n_ghost,
                                 .n_entry = n_entry,
                                 .n_send = n_ghost,
                                 .d = KITH_SPECTRAL_SLAB};
  const int64_t rounds =
      kith_dist_csr_bytes(&a) + kith_spectrum_round_bytes(&a, g->n[KITH_ITEM], width, kith_max_threads());
  const int64_t rows = KITH_BYTES(e->x, g->n_own * k) + kith_spectral_rows_bytes(&a, k);
  return kith_spectrum_bytes(g->n_own, width) + (rounds > rows ? rounds : rows);
}
