/* The order of trials, and successive halving: Jamieson and Talwalkar, AISTATS 2016, with rungs of at least
 * one. */
#include <stdlib.h>
#include <string.h>

#include "sweep/sweep.h"

bool kith_sweep_is_better(const kith_sweep *s, int a, int b) {
  const kith_trial *x = &s->trial[a], *y = &s->trial[b];
  const double sign = strcmp(s->metric, "loss") == 0 ? -1 : 1;
  if (x->has_score != y->has_score) return x->has_score;
  if (x->has_score && x->score != y->score) return sign * x->score > sign * y->score;
  if (x->has_score && x->tie != y->tie) return x->tie > y->tie;
  return a < b;
}

bool kith_sweep_reached(const kith_sweep *s, int t, int r) {
  const kith_trial *x = &s->trial[t];
  if (!x->has_score) return false;
  return s->n_rung == 1 || x->ended || x->epochs >= s->rung_epochs[r - 1];
}

/* Insertion sort: trials are few, and mostly in order. */
static void order_sort(const kith_sweep *s, int n, int *x) {
  for (int i = 1; i < n; i++)
    for (int k = i; k > 0 && kith_sweep_is_better(s, x[k], x[k - 1]); k--) {
      const int swap = x[k];
      x[k] = x[k - 1];
      x[k - 1] = swap;
    }
}

/* A trial that was stopped in an earlier rung comes behind those that went on: it had fewer epochs. */
void kith_sweep_order(const kith_sweep *s, int *order) {
  int n = 0;
  for (int r = s->n_rung; r >= 0; r--) {
    const int begin = n;
    for (int t = 0; t < s->n; t++) {
      const kith_trial *x = &s->trial[t];
      const bool done = x->status == KITH_TRIAL_DONE || x->status == KITH_TRIAL_STOPPED;
      if ((done ? x->rung : 0) == r) order[n++] = t;
    }
    order_sort(s, n - begin, order + begin);
  }
}

int kith_sweep_best(const kith_sweep *s) {
  int best = -1;
  for (int t = 0; t < s->n; t++)
    if (s->trial[t].status == KITH_TRIAL_DONE && (best < 0 || kith_sweep_is_better(s, t, best))) best = t;
  return best;
}

/* Those of rung r that reached its end: the best of them go on, one in `factor` of all that began it. */
static kith_status order_promote(kith_sweep *s, int r, bool *in) {
  kith_status st = KITH_OK;
  int *reached = NULL, n = 0, n_in = 0;
  KITH_TRY(KITH_NEW(reached, s->n + 1));
  for (int t = 0; t < s->n; t++) {
    n_in += in[t];
    if (in[t] && kith_sweep_reached(s, t, r)) reached[n++] = t;
    in[t] = false;
  }
  order_sort(s, n, reached);
  const int keep = n_in / s->base->sweep.halving.factor > 1 ? n_in / s->base->sweep.halving.factor : 1;
  for (int i = 0; i < n; i++) {
    in[reached[i]] = i < keep;
    if (i >= keep) s->trial[reached[i]].status = KITH_TRIAL_STOPPED;
  }
done:
  KITH_FREE(reached);
  return st;
}

kith_status kith_sweep_settle(kith_sweep *s, int *rung, bool *todo) {
  kith_status st = KITH_OK;
  bool *in = NULL, any = false;
  KITH_TRY(KITH_NEW(in, s->n + 1));
  for (int t = 0; t < s->n; t++) in[t] = true;
  for (*rung = 1; *rung <= s->n_rung; ++*rung) {
    for (int t = 0; t < s->n; t++) {
      kith_trial *x = &s->trial[t];
      const bool reached = kith_sweep_reached(s, t, *rung);
      if (in[t]) x->rung = *rung;
      todo[t] = in[t] && !reached && x->status != KITH_TRIAL_FAILED;
      any |= todo[t];
      if (todo[t]) x->status = KITH_TRIAL_WAITING;
      if (in[t] && reached) x->status = *rung == s->n_rung ? KITH_TRIAL_DONE : KITH_TRIAL_WAITING;
    }
    if (any || *rung == s->n_rung) break;
    KITH_TRY(order_promote(s, *rung, in));
  }
  if (!any) *rung = s->n_rung + 1;
done:
  KITH_FREE(in);
  return st;
}
