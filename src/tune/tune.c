/* Tune: the settings to begin with, the search, and the check on the second half of the users. */
#include "tune/tune.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/base.h"
#include "spectral/filter.h"
#include "tune/tune_impl.h"

kith_tune_options kith_tune_defaults(void) {
  return (kith_tune_options){
      .n_user = 10000, .n_candidate = 500, .n_trial = 250, .n_knot = 7, .k = 20, .seed = 1};
}

/* g at n_knot knots that are equally spaced in log m, from the job's filter: g = f(m) / m, and its largest
 * value is 1. */
static void tune_begin(const kith_spectrum *s, int n_knot, const kith_spectral_options *o, double scale,
                       kith__tune_setting *out) {
  double most = 0, last = kith_spectral_last(s);
  *out = (kith__tune_setting){.power = o->output_power};
  for (int j = 0; j < n_knot; j++) {
    double m = pow(last, (double)j / (n_knot - 1));
    out->weight[j] = kith_spectral_filter(o, last, m) / m;
    most = fmax(most, fabs(out->weight[j]));
  }
  out->weight[n_knot] = o->direct / scale;
  if (most > 0)
    for (int j = 0; j <= n_knot; j++) out->weight[j] /= most;
}

/* The setting as options; its largest knot is 1, which changes no order. */
static void tune_options(const kith__tune_setting *s, int n_knot, double scale, kith_spectral_options *o) {
  double most = 0;
  for (int j = 0; j < n_knot; j++) most = fmax(most, fabs(s->weight[j]));
  if (most == 0) most = 1;
  o->filter = KITH_FILTER_KNOTS;
  o->knots.n = n_knot;
  for (int j = 0; j < n_knot; j++) o->knots.of[j] = s->weight[j] / most;
  o->direct = s->weight[n_knot] * scale / most;
  o->output_power = s->power;
}

/* A number as it is printed, with six digits: a job with what is printed has what was measured. */
static double tune_printed(double x) {
  char text[32];
  snprintf(text, sizeof text, "%.6g", x);
  return strtod(text, NULL);
}

/* Options with printed numbers, and as a setting. */
static kith__tune_setting tune_round(int n_knot, double scale, kith_spectral_options *o) {
  kith__tune_setting s;
  o->direct = tune_printed(o->direct);
  o->output_power = tune_printed(o->output_power);
  for (int j = 0; j < n_knot; j++) s.weight[j] = o->knots.of[j] = tune_printed(o->knots.of[j]);
  s.weight[n_knot] = o->direct / scale;
  s.power = o->output_power;
  return s;
}

/* Users of each half, and the recall that a perfect order of the candidates has. */
static void tune_count(const kith__tune_table *t, int k, kith_tune_report *out) {
  for (int half = 0; half < KITH_TUNE_HALVES; half++) {
    kith_exact_sum sum = {0};
    for (kith_lid u = 0; u < t->n_user; u++) {
      int64_t n = 0;
      if (t->half[u] != half) continue;
      for (int c = 0; c < t->n_candidate; c++) n += t->hit[(int64_t)u * t->n_candidate + c];
      kith_exact_sum_add(&sum, (double)kith_min(n, k) / (double)t->n_truth[u]);
      out->n_user[half]++;
    }
    kith_comm_sum_int(t->comm, 1, &out->n_user[half]);
    kith_comm_sum(t->comm, 1, &sum);
    out->most_recall[half] = out->n_user[half] ? kith_exact_sum_value(&sum) / (double)out->n_user[half] : 0;
  }
}

static kith_agreed tune_measure(const kith__tune_table *t, const kith__tune_setting *s, int k,
                                kith_tune_marks *out) {
  kith_agreed st = {KITH_OK};
  for (int half = 0; half < KITH_TUNE_HALVES; half++) KITH_TRY(kith__tune_measure(t, s, half, k, &out[half]));
done:
  return st;
}

kith_agreed kith_tune(const kith_comm *comm, const kith_graph *g, const kith_spectrum *s,
                      const kith_tune_options *tune, kith_spectral_options *o, kith_tune_report *out) {
  kith_agreed st = {KITH_OK};
  kith__tune_table t = {0};
  kith__tune_setting setting;
  kith_spectral_options found = *o;
  kith_tune_report r = {.kept = false};
  KITH_TRY(kith__tune_table_make(comm, g, s, tune, o, &t));
  tune_count(&t, tune->k, &r);
  if (r.n_user[0] == 0 || r.n_user[1] == 0)
    KITH_TRY(kith_agreed_same(kith_fail(KITH_ECONFIG,
                                        "kith tune: expected a validation split with users in "
                                        "both halves, to search on one and check on the other; "
                                        "%lld and %lld have held-out items (data.split)",
                                        (long long)r.n_user[0], (long long)r.n_user[1])));
  tune_begin(s, tune->n_knot, o, t.direct_scale, &setting);
  KITH_TRY(tune_measure(&t, &setting, tune->k, r.own));
  KITH_TRY(kith__tune_search(&t, tune, &setting, &r.n_better));
  tune_options(&setting, tune->n_knot, t.direct_scale, &found);
  if (r.n_better > 0) setting = tune_round(tune->n_knot, t.direct_scale, &found);
  KITH_TRY(tune_measure(&t, &setting, tune->k, r.chosen));
  r.kept = r.chosen[1].recall + r.chosen[1].ndcg > r.own[1].recall + r.own[1].ndcg;
  if (r.kept) *o = found;
  *out = r;
done:
  kith__tune_table_free(&t);
  return st;
}
