/*
 * Rates of embed.adapt, for users with k pairs each: those that rank the held-out items of half of the
 * episodes' users best.  The row m that all begin with is the direction of the first-order meta-gradient
 * (Finn et al., ICML 2017, section 5.2) where none has moved: the mean of P - M over held-out items.
 */
#include "train/adapt_learn.h"

#include <string.h>

#include "base/base.h"
#include "comm/comm.h"

static const double learn_rates[][2] = {{0.3, -0.3}, {0.6, -0.6}, {0.3, 0}, {1, 0}, {0, -0.1}, {0, -0.3},
                                        {0, 0.1},    {0, 0.3},    {0, 1},   {0, 3}, {1, 1}};
static const double learn_shared[] = {0.1, 0.3, 0.6};
static const double learn_gain = 1.01; /* what is chosen is better than nothing by this at least */

typedef struct learn {
  const kith_comm *comm;
  const kith_graph *g;
  const kith__episodes *e;
  const kith__adapt *a;
  const float *x; /* [n_own, d] */
  kith_eval_options on;
  int64_t n;       /* owned episodes of a class and a half … */
  int64_t *at;     /* [n] … among all */
  float *own, *y;  /* [n, d] … what they are moved by, and to */
  float *rows;     /* [n_own, d] x with these */
  kith_graph held; /* g with their validation items alone */
} learn;

static void learn_free(learn *l) {
  KITH_FREE(l->at);
  KITH_FREE(l->own);
  KITH_FREE(l->y);
  KITH_FREE(l->rows);
  kith_ragged_free(&l->held.valid);
}

static int64_t learn_row(const learn *l, int64_t i) {
  return l->g->row_of[KITH_USER][l->e->users.own[l->e->user[l->at[i]]]];
}

static kith_status learn_allocate(learn *l) {
  kith_status st = KITH_OK;
  const int64_t d = l->a->d, n_user = l->g->n_own_of[KITH_USER];
  KITH_TRY(KITH_NEW(l->at, n_user));
  KITH_TRY(KITH_NEW(l->own, n_user * d));
  KITH_TRY(KITH_NEW(l->y, n_user * d));
  KITH_TRY(KITH_NEW(l->rows, l->g->n_own * d));
  memcpy(l->rows, l->x, (size_t)(l->g->n_own * d) * sizeof *l->rows);
  l->held = *l->g;
  l->held.valid = (kith_ragged){.n_row = n_user};
  KITH_TRY(KITH_NEW(l->held.valid.start, n_user + 1));
  KITH_TRY(KITH_NEW(l->held.valid.value, l->g->valid.start[n_user]));
done:
  return st;
}

/* ---- the episodes of a class and a half ---- */

/* Validation items of the owned users that are among at[n]. */
static void learn_hold_out(learn *l) {
  kith_ragged *out = &l->held.valid;
  const kith_ragged *in = &l->g->valid;
  memset(out->start, 0, (size_t)(out->n_row + 1) * sizeof *out->start);
  for (int64_t i = 0; i < l->n; i++) out->start[l->e->users.own[l->e->user[l->at[i]]] + 1] = 1;
  for (int64_t u = 0; u < out->n_row; u++) {
    const int64_t n = out->start[u + 1] > 0 ? in->start[u + 1] - in->start[u] : 0;
    memcpy(out->value + out->start[u], in->value + in->start[u], (size_t)n * sizeof *out->value);
    out->start[u + 1] = out->start[u] + n;
  }
}

static void learn_choose(learn *l, int class, int half) {
  const kith__episodes *e = l->e;
  int64_t pair = 0;
  l->n = 0;
  for (int64_t i = 0; i < e->first[class + 1]; i++) {
    const int64_t node = e->as_new.n_known[KITH_USER] + i, from = pair;
    while (pair < e->as_new.n_pair && e->as_new.user[pair] == node) pair++;
    if (i < e->first[class] || e->user[i] % 2 != half || e->users.own[e->user[i]] < 0) continue;
    kith__adapt_own(l->a, pair - from, e->as_new.item + from, l->own + l->n * l->a->d);
    l->at[l->n++] = i;
  }
  learn_hold_out(l);
}

/* ---- figures ---- */

/* NDCG of the users with some rates. */
static kith_agreed learn_try(learn *l, kith__adapt_rates rates, double *ndcg, int64_t *n_user) {
  kith_agreed st = {KITH_OK};
  kith_metrics m;
  const int d = l->a->d;
  const size_t row = (size_t)d * sizeof(float);
  for (int64_t i = 0; i < l->n; i++) memcpy(l->y + i * d, l->e->x + l->at[i] * d, row);
  if (rates.steps > 0) kith__adapt_rows(l->a, rates, l->n, l->own, l->y);
  for (int64_t i = 0; i < l->n; i++) memcpy(l->rows + learn_row(l, i) * d, l->y + i * d, row);
  KITH_TRY(kith_eval_metrics(l->comm, &l->held, d, l->rows, &l->on, &m));
  *ndcg = m.ndcg[m.n_k - 1];
  *n_user = m.n_user;
done:
  return st;
}

typedef struct learn_best {
  kith__adapt_rates rates;
  double ndcg;
} learn_best;

static kith_agreed learn_better(learn *l, kith__adapt_rates rates, learn_best *best) {
  kith_agreed st = {KITH_OK};
  double ndcg = 0;
  int64_t n_user = 0;
  KITH_TRY(learn_try(l, rates, &ndcg, &n_user));
  if (ndcg > best->ndcg) *best = (learn_best){rates, ndcg};
done:
  return st;
}

/* The best rates of a number of steps. */
static kith_agreed learn_search_steps(learn *l, int steps, learn_best *best) {
  kith_agreed st = {KITH_OK};
  for (size_t i = 0; i < sizeof learn_rates / sizeof *learn_rates; i++)
    KITH_TRY(learn_better(l, (kith__adapt_rates){learn_rates[i][0], learn_rates[i][1], 0, steps}, best));
  const kith__adapt_rates by = best->rates;
  for (size_t i = 0; i < sizeof learn_shared / sizeof *learn_shared; i++)
    KITH_TRY(learn_better(l, (kith__adapt_rates){by.own, by.likely, learn_shared[i], steps}, best));
done:
  return st;
}

static kith_agreed learn_search(learn *l, int most, learn_best *best) {
  kith_agreed st = {KITH_OK};
  int64_t n_user = 0;
  learn_best plain = {.ndcg = 0};
  KITH_TRY(learn_try(l, plain.rates, &plain.ndcg, &n_user));
  *best = plain;
  for (int steps = 1; steps <= most; steps++) {
    learn_best of = plain;
    KITH_TRY(learn_search_steps(l, steps, &of));
    if (of.ndcg > best->ndcg) *best = of;
  }
  if (best->ndcg < plain.ndcg * learn_gain) *best = plain;
done:
  return st;
}

/* What is better on the first half, if it is on the second one as well. */
static kith_agreed learn_class(learn *l, int class, int most, kith_adapt_class *out) {
  kith_agreed st = {KITH_OK};
  learn_best best;
  learn_choose(l, class, 0);
  KITH_TRY(learn_search(l, most, &best));
  for (int64_t i = 0; i < l->n; i++)
    memcpy(l->rows + learn_row(l, i) * l->a->d, l->x + learn_row(l, i) * l->a->d,
           (size_t)l->a->d * sizeof *l->x);
  learn_choose(l, class, 1);
  KITH_TRY(learn_try(l, (kith__adapt_rates){0}, &out->plain, &out->n_user));
  out->adapted = out->plain;
  if (best.rates.steps == 0) return st;
  KITH_TRY(learn_try(l, best.rates, &out->adapted, &out->n_user));
  if (out->adapted <= out->plain) return st;
  out->steps = best.rates.steps;
  out->own = best.rates.own;
  out->likely = best.rates.likely;
  out->shared = best.rates.shared;
done:
  return st;
}

/* ---- the shared row ---- */

/* sum [d] += P - M of each row's held-out items, at its row of length r. */
static void learn_add_gradient(learn *l, kith_exact_sum *sum) {
  const int d = l->a->d;
  const kith_ragged *truth = &l->e->users.truth;
  float *y = l->y;
  for (int64_t i = 0; i < l->n; i++) {
    memcpy(y + i * d, l->e->x + l->at[i] * d, (size_t)d * sizeof *y);
    kith__adapt_unit(d, y + i * d);
    for (int j = 0; j < d; j++) y[i * d + j] = (float)(l->a->length * (double)y[i * d + j]);
  }
  for (int64_t i = 0; i < l->n; i++) {
    const int64_t at = i % KITH__ADAPT_BLOCK, user = l->e->user[l->at[i]];
    const kith_eid from = truth->start[user], to = truth->start[user + 1];
    if (at == 0) kith__adapt_likely(l->a, (int)kith_min(l->n - i, KITH__ADAPT_BLOCK), y + i * d);
    for (int j = 0; j < d; j++) {
      double held = 0;
      for (kith_eid k = from; k < to; k++) held += (double)l->a->item[(int64_t)truth->value[k] * d + j];
      kith_exact_sum_add(&sum[j], held / (double)(to - from) - (double)l->a->near[at * d + j]);
    }
  }
}

static kith_agreed learn_shared_row(learn *l, int n_class, float *shared) {
  kith_agreed st = {KITH_OK};
  kith_exact_sum *sum = NULL;
  KITH_TRY(kith_agree(l->comm, KITH_NEW(sum, l->a->d)));
  for (int c = 0; c < n_class; c++) {
    learn_choose(l, c, 0);
    learn_add_gradient(l, sum);
  }
  kith_comm_sum(l->comm, l->a->d, sum);
  for (int j = 0; j < l->a->d; j++) shared[j] = (float)kith_exact_sum_value(&sum[j]);
  kith__adapt_unit(l->a->d, shared);
done:
  KITH_FREE(sum);
  return st;
}

kith_agreed kith__adapt_learn(const kith_comm *comm, const kith_graph *g, const kith_run *run,
                              const kith__episodes *e, const float *x, kith__adapt *a, kith_adaptation *out) {
  kith_agreed st = {KITH_OK};
  learn l = {.comm = comm, .g = g, .e = e, .a = a, .x = x, .on = kith_eval_defaults()};
  l.on.n_k = run->evaluate.n_k;
  memcpy(l.on.k, run->evaluate.k, sizeof l.on.k);
  l.on.split = KITH_EVAL_VALID;
  out->k = l.on.k[l.on.n_k - 1];
  KITH_TRY(kith_agree(comm, learn_allocate(&l)));
  KITH_TRY(learn_shared_row(&l, out->n_class, a->shared));
  for (int c = 0; c < out->n_class; c++) KITH_TRY(learn_class(&l, c, out->steps, &out->of[c]));
done:
  learn_free(&l);
  return st;
}
