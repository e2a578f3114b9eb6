/*
 * Input rows of other models, from the eigenvectors that the spectral model iterates.
 *
 * Lengths of the rows of U and V differ by far, as degrees do.  An optimizer that moves all elements by about
 * the same amount would lose short rows in its first steps and not turn long ones, so all rows get the length
 * of random ones.
 */
#include "spectral/start.h"

#include <math.h>

#include "spectral/filter.h"
#include "spectral/rows.h"

typedef struct start {
  const kith_comm *comm;
  const kith_graph *g;
  const kith_model_options *o;
  kith_spectrum *s;
  int n;                      /* singular vectors: dim, or the rank of M */
  double *factor[KITH_SIDES]; /* [n] of the columns of y */
  float *y;                   /* [n_own, dim] items V, users V' D_i^-b r_u */
} start;

static kith_agreed start_iterate(start *t, uint64_t seed) {
  kith_agreed st = {KITH_OK};
  const kith_spectral_options *o = &t->o->spectral;
  kith_dist_csr *a = NULL;
  KITH_TRY(kith_spectral_matrix_create(t->comm, t->g, o->user_power, o->item_power, KITH_SPECTRAL_SLAB, &a));
  KITH_TRY(kith_spectrum_start(t->comm, t->g, t->o->dim, o->oversample, seed, &t->s));
  do KITH_TRY(kith_spectrum_round(t->comm, t->g, a, o->degree, o->tolerance, t->s));
  while (t->s->round < o->rounds && t->s->residual > o->tolerance);
  kith_spectrum_end_rounds(t->s);
done:
  kith_dist_csr_destroy(&a);
  return st;
}

static void start_report(const start *t, double seconds) {
  kith_log("model.start: %s after %s  residual %.3g  %.1f s", KITH_COUNT(t->n, "singular vector(s)"),
           KITH_COUNT(t->s->round, "round(s)"), t->s->residual, seconds);
  if (t->comm->rank != 0) return;
  if (t->s->residual > t->o->spectral.tolerance)
    kith_warn("model.start: after %s an eigenpair has the residual %.3g, above "
              "model.spectral.tolerance: more model.spectral.rounds lower it",
              KITH_COUNT(t->s->round, "round(s)"), t->s->residual);
  if (t->n < t->o->dim)
    kith_warn("model.start: the interactions have %s, fewer than model.dim: the other columns start at "
              "random",
              KITH_COUNT(t->n, "singular vector(s)"));
}

static kith_status start_alloc(start *t) {
  kith_status st = KITH_OK;
  for (int side = 0; side < KITH_SIDES; side++) KITH_TRY(KITH_NEW(t->factor[side], t->o->dim));
  KITH_TRY(KITH_NEW(t->y, (int64_t)t->g->n_own * t->o->dim));
done:
  return st;
}

/*
 * U = M V S^-1, and a row of M is one of D_u^-a times what y has.  That power is a factor of the whole row,
 * so its direction needs none.
 */
static void start_factors(start *t) {
  const double *value = t->s->value;
  t->n = kith_spectral_rank(t->s);
  for (int j = 0; j < t->n; j++) {
    t->factor[KITH_USER][j] = pow(value[j], -0.25);
    t->factor[KITH_ITEM][j] = pow(value[j], 0.25);
  }
}

/* With the input power b and a filter of 1, rows of the spectral model are what `y` says. */
static kith_agreed start_rows(start *t) {
  kith_agreed st = {KITH_OK};
  const kith_spectral_options plain = {.input_power = t->o->spectral.item_power, .filter = KITH_FILTER_RATIO};
  KITH_TRY(kith_agree(t->comm, start_alloc(t)));
  KITH_TRY(kith_spectral_rows(t->comm, t->g, &plain, t->s, t->y));
  start_factors(t);
done:
  return st;
}

/* Set n elements to those of y times the factors, at the length of n random ones. */
static void start_fill_row(int n, double init, const double *factor, const float *y, float *x) {
  double sum = 0;
  for (int j = 0; j < n; j++) sum += (factor[j] * (double)y[j]) * (factor[j] * (double)y[j]);
  if (sum == 0) return;
  double scale = init * sqrt(n / sum);
  for (int j = 0; j < n; j++) x[j] = (float)(scale * factor[j] * (double)y[j]);
}

static void start_fill(const start *t, float *x) {
  const int d = t->o->dim;
#pragma omp parallel for
  for (kith_lid i = 0; i < t->g->n_own; i++)
    if (t->g->type[i] < KITH_SIDES)
      start_fill_row(t->n, t->o->init, t->factor[t->g->type[i]], t->y + (size_t)i * (size_t)d,
                     x + (size_t)i * (size_t)d);
}

kith_agreed kith_spectral_start_rows(const kith_comm *comm, const kith_graph *g, const kith_model_options *o,
                                     uint64_t seed, float *x) {
  kith_agreed st = {KITH_OK};
  const double began = kith_clock();
  start t = {.comm = comm, .g = g, .o = o};
  KITH_TRY(start_iterate(&t, seed));
  KITH_TRY(start_rows(&t));
  start_fill(&t, x);
  start_report(&t, kith_clock() - began);
done:
  for (int side = 0; side < KITH_SIDES; side++) KITH_FREE(t.factor[side]);
  KITH_FREE(t.y);
  kith_spectrum_free(&t.s);
  return st;
}
