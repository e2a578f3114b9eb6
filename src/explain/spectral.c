/*
 * The explainer of spectral: a user's row is the sum of f(m) V_j D_j^-p over the items j that the user chose.
 * The direct term is one, too: c / lambda_1 D_i^q P_ij D_j^-p, with P_ij = D_i^-b D_j^-b times the sum of
 * D_v^-2a over the users v who chose both.  Two passes over the interactions find it for all j, and two more
 * for each higher power of P.
 */
#include <math.h>
#include <string.h>

#include "eval/eval.h"
#include "explain/explain_impl.h"
#include "spectral/filter.h"
#include "spectral/rows.h"

static double spectral_power(int64_t degree, double power) {
  return degree > 0 ? pow((double)degree, power) : 0;
}

static kith_status spectral_fill(kith_explainer *e, const kith_spectrum *s) {
  kith_status st = KITH_OK;
  const kith_spectral_options *o = &e->run->model.spectral;
  const double largest = s->value[0], last = kith_spectral_last(s);
  double *f = NULL;
  KITH_TRY(KITH_NEW(f, e->d));
  for (int k = 0; k < e->d; k++)
    f[k] = largest > 0 ? kith_spectral_filter(o, last, s->value[k] / largest) : 0;
#pragma omp parallel for schedule(static)
  for (kith_lid i = 0; i < e->known->n_own; i++) { /* new nodes are users */
    size_t row = (size_t)i;
    if (e->g->type[i] != KITH_ITEM) continue;
    double weight = spectral_power(e->a->degree[row], -o->input_power);
    for (int k = 0; k < e->d; k++)
      e->rest[row * (size_t)e->d + (size_t)k] =
          (float)(f[k] * weight * (double)s->v[row * (size_t)s->width + (size_t)k]);
  }
done:
  KITH_FREE(f);
  return st;
}

/* Rows of new users. */
static kith_agreed spectral_add_new(kith_explainer *e, const kith_spectrum *known) {
  kith_agreed st = {KITH_OK};
  const kith_spectral_options *o = &e->run->model.spectral;
  const int64_t n_known = e->known->n_own;
  kith_spectrum *s = NULL;
  float *x = NULL;
  KITH_TRY(kith_agree(e->comm, kith_spectrum_make(e->g->n_own, e->d, known->width, &s)));
  memcpy(s->value, known->value, (size_t)known->width * sizeof *s->value);
  memcpy(s->v, known->v, (size_t)(n_known * known->width) * sizeof *s->v);
  KITH_TRY(kith_agree(e->comm, KITH_NEW(x, (int64_t)e->g->n_own * e->d)));
  KITH_TRY(kith_spectral_rows(e->comm, e->g, o, s, x));
  KITH_TRY(kith_agree(e->comm, kith__explain_add_rows(e, x + n_known * e->d)));
done:
  KITH_FREE(x);
  kith_spectrum_free(&s);
  return st;
}

static kith_status spectral_alloc(kith_explainer *e) {
  kith_status st = KITH_OK;
  e->a = e->own;
  e->d = e->run->model.dim;
  e->layers = 1;
  KITH_TRY(KITH_NEW(e->rest, (int64_t)e->a->csr.n_col * e->d));
  for (int i = 0; i < 2 && kith_direct_is_on(&e->direct); i++)
    KITH_TRY(KITH_NEW(e->reach[i], (int64_t)e->a->csr.n_col * BATCH));
  KITH_TRY(kith_halo_reserve(e->a->halo, e->d));
  KITH_TRY(kith_halo_reserve(e->a->halo, BATCH));
  KITH_TRY(kith_halo_reserve(e->a->halo, 2 * BATCH)); /* of doubles */
done:
  return st;
}

kith_agreed kith__explain_spectral(kith_explainer *e, const kith_embeddings_origin *from) {
  kith_agreed st = {KITH_OK};
  kith_spectrum *s = NULL;
  KITH_TRY(kith_spectral_load(e->comm, e->known, e->run, &s));
  if (s->round != from->epoch)
    KITH_TRY(kith_agreed_same(kith_fail(
        KITH_ENOINPUT,
        "%s: the newest checkpoint is of round %d, embeddings.h5 of round %lld: run kith train first",
        e->run->work, s->round, (long long)from->epoch)));
  KITH_TRY(kith_dist_csr_create(e->comm, e->g, e->run->model.dim, &e->own));
  KITH_TRY(kith_agree(e->comm, spectral_alloc(e)));
  KITH_TRY(kith_agree(e->comm, spectral_fill(e, s)));
  if (e->augmented.g) KITH_TRY(spectral_add_new(e, s));
  kith_halo_begin(e->a->halo, e->d, e->rest, e->rest + (size_t)e->g->n_own * (size_t)e->d);
  kith_halo_end(e->a->halo);
done:
  kith_spectrum_free(&s);
  return st;
}

/* ---- the direct term ---- */

/* Ghost rows of a panel of doubles, which the halo copies as twice as many floats. */
static void direct_exchange(const kith_explainer *e, double *x) {
  kith_halo_begin(e->a->halo, 2 * BATCH, (float *)x, (float *)(x + (size_t)e->g->n_own * BATCH));
  kith_halo_end(e->a->halo);
}

/* Rows of a type get `factor` times their degree's power times the sum of their neighbors' rows. */
static void direct_pass(kith_explainer *e, int type, double factor, double power, double *from, double *to) {
  const kith_csr *csr = &e->a->csr;
  direct_exchange(e, from);
#pragma omp parallel for schedule(dynamic, 256)
  for (kith_lid p = 0; p < csr->n_row; p++) {
    kith_lid row = csr->perm[p];
    double *sum = to + (size_t)row * BATCH, scale;
    if (e->g->type[row] != type) continue;
    memset(sum, 0, BATCH * sizeof *sum);
    for (kith_eid i = csr->start[p]; i < csr->start[p + 1]; i++)
      for (int k = 0; k < BATCH; k++) sum[k] += from[(size_t)csr->col[i] * BATCH + (size_t)k];
    scale = factor * spectral_power(e->a->degree[row], power);
    for (int k = 0; k < BATCH; k++) sum[k] *= scale;
  }
}

static void direct_add(const kith_explainer *e, int64_t item, int q, double factor, double *to) {
  const kith_direct_term *t = &e->direct;
  kith_lid row = item >= 0 ? e->row_of[KITH_ITEM][item] : -1;
  if (row < 0) return;
  to[(size_t)row * BATCH + (size_t)q] +=
      factor * spectral_power(e->a->degree[row], t->output_power - t->item_power);
}

/* to += factor D^-b D^q of the batch's items. */
static void direct_add_items(const kith_explainer *e, const kith__batch *b, double factor, double *to) {
  for (int q = 0; q < b->n; q++) {
    direct_add(e, b->query[q].item, q, factor, to);
    direct_add(e, b->query[q].against, q, -factor, to);
  }
}

/*
 * Horner's rule, in doubles, since coefficients of opposite signs cancel: with T = P / lambda_1 the rows
 * become D^-b times c_n v, T c_n v + c_(n-1) v, …, and at last D^-p T (…).
 */
void kith__explain_direct(kith_explainer *e, const kith__batch *b) {
  const kith_direct_term *t = &e->direct;
  double *items = e->reach[0], *users = e->reach[1];
  const double share = t->lambda_1 > 0 ? 1 / t->lambda_1 : 0;
  memset(items, 0, (size_t)e->a->csr.n_col * BATCH * sizeof *items);
  for (int power = t->n_higher; power >= 0; power--) {
    direct_add_items(e, b, power > 0 ? t->higher[power - 1] : t->c, items);
    direct_pass(e, KITH_USER, 1, -2 * t->user_power, items, users);
    direct_pass(e, KITH_ITEM, share, -t->item_power - (power > 0 ? t->item_power : t->input_power), users,
                items);
  }
  direct_exchange(e, items);
}

kith_agreed kith__explain_direct_scores(const kith_explainer *e, int n, const kith_explain_query *query,
                                        double *score) {
  kith_agreed st = {KITH_OK};
  kith_lid *user = NULL, n_mine = 0;
  int32_t *item = NULL;
  float *part = NULL;
  KITH_TRY(kith_agree(e->comm, KITH_NEW(user, n)));
  KITH_TRY(kith_agree(e->comm, KITH_NEW(item, 2 * (int64_t)n)));
  KITH_TRY(kith_agree(e->comm, KITH_NEW(part, 2 * (int64_t)n)));
  for (int q = 0; q < n; q++) {
    kith_lid row = e->row_of[KITH_USER][query[q].user];
    if (row < 0 || kith__explain_is_new(e, row)) continue;
    item[2 * n_mine] = (int32_t)query[q].item;
    item[2 * n_mine + 1] = (int32_t)query[q].against;
    user[n_mine++] = kith__explain_user_index(e->known, row);
  }
  KITH_TRY(kith_eval_direct_some(e->comm, e->known, &e->direct, n_mine, user, 2, item, part));
  for (int q = 0, i = 0; q < n; q++) {
    kith_lid row = e->row_of[KITH_USER][query[q].user];
    if (row < 0 || kith__explain_is_new(e, row)) continue;
    score[q] = (double)part[2 * i] - (double)part[2 * i + 1];
    i++;
  }
done:
  KITH_FREE(user);
  KITH_FREE(item);
  KITH_FREE(part);
  return st;
}
