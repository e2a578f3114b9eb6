/*
 * The search: a trial changes about half of the settings by normal steps, forward and, if that is no better,
 * back.  Steps grow with success and shrink after several failures (after Rechenberg, 1973).  Every
 * draw is keyed by trial and setting, and marks are exact sums, so all ranks take the same way.
 */
#include <math.h>
#include <stdio.h>

#include "base/base.h"
#include "ops/ops.h"
#include "tune/tune_impl.h"

enum { SEARCH_PATIENCE = 8 };                                    /* failures before steps shrink */
static const double SEARCH_STEP = 0.3, SEARCH_POWER_STEP = 0.06; /* standard deviations at size 1 */
static const double SEARCH_GROW = 1.3, SEARCH_SHRINK = 0.7, SEARCH_MOST = 2,
                    SEARCH_LEAST = 0.02; /* of size */

/* ---- marks of a setting ---- */

/* A setting, and D^q of every degree D. */
typedef struct search_trial {
  const kith__tune_table *t;
  const kith__tune_setting *s;
  int half, k;
  double *factor; /* [most_degree + 1] */
} search_trial;

static double search_score(const search_trial *r, int64_t at) {
  const float *feature = r->t->feature + at * r->t->n_feature;
  double sum = 0;
  for (int f = 0; f < r->t->n_feature; f++) sum += r->s->weight[f] * (double)feature[f];
  return sum * r->factor[r->t->degree[at]];
}

/* Candidates of a user that rank before candidate c; ties go to the smaller number, as in every ranking. */
static int search_position(int n, const int32_t *item, const double *score, int c) {
  int before = 0;
  for (int o = 0; o < n; o++) before += score[o] > score[c] || (score[o] == score[c] && item[o] < item[c]);
  return before;
}

/* DCG of n hits at the first n positions. */
static double search_ideal(int64_t n) {
  double sum = 0;
  for (int64_t i = 0; i < n; i++) sum += 1 / log2((double)i + 2);
  return sum;
}

/* Marks of one user; score [n_candidate] is scratch memory. */
static kith_tune_marks search_user(const search_trial *r, kith_lid u, double *score) {
  const kith__tune_table *t = r->t;
  int64_t first = (int64_t)u * t->n_candidate, n_truth = t->n_truth[u];
  kith_tune_marks m = {0};
  int n = 0;
  for (; n < t->n_candidate && t->item[first + n] >= 0; n++) score[n] = search_score(r, first + n);
  for (int c = 0; c < n; c++) {
    if (!t->hit[first + c]) continue;
    int position = search_position(n, t->item + first, score, c);
    if (position >= r->k) continue;
    m.recall += 1;
    m.ndcg += 1 / log2((double)position + 2);
  }
  m.recall /= (double)n_truth;
  m.ndcg /= search_ideal(kith_min(n_truth, r->k));
  return m;
}

/* Marks of the half's users among this rank's: of [n_user]. */
static kith_status search_users(search_trial *r, kith_tune_marks *of) {
  kith_status st = KITH_OK;
  const kith__tune_table *t = r->t;
  double *score = NULL;
  KITH_TRY(KITH_NEW(score, (int64_t)kith_max_threads() * t->n_candidate));
  KITH_TRY(KITH_NEW(r->factor, t->most_degree + 1));
  for (int64_t d = 1; d <= t->most_degree; d++) r->factor[d] = pow((double)d, r->s->power);
#pragma omp parallel for schedule(static)
  for (kith_lid u = 0; u < t->n_user; u++)
    if (t->half[u] == r->half) of[u] = search_user(r, u, score + (int64_t)kith_thread_num() * t->n_candidate);
done:
  KITH_FREE(score);
  KITH_FREE(r->factor);
  return st;
}

kith_agreed kith__tune_measure(const kith__tune_table *t, const kith__tune_setting *s, int half, int k,
                               kith_tune_marks *out) {
  kith_agreed st = {KITH_OK};
  search_trial r = {.t = t, .s = s, .half = half, .k = k};
  kith_exact_sum sum[2] = {{0}};
  kith_tune_marks *of = NULL;
  int64_t n = 0;
  KITH_TRY(kith_agree(t->comm, KITH_NEW(of, t->n_user)));
  KITH_TRY(kith_agree(t->comm, search_users(&r, of)));
  for (kith_lid u = 0; u < t->n_user; u++) {
    if (t->half[u] != half) continue;
    n++;
    kith_exact_sum_add(&sum[0], of[u].recall);
    kith_exact_sum_add(&sum[1], of[u].ndcg);
  }
  kith_comm_sum_int(t->comm, 1, &n);
  kith_comm_sum(t->comm, 2, sum);
  out->recall = n ? kith_exact_sum_value(&sum[0]) / (double)n : 0;
  out->ndcg = n ? kith_exact_sum_value(&sum[1]) / (double)n : 0;
done:
  KITH_FREE(of);
  return st;
}

/* ---- trials ---- */

/* The first step with a direct term: it favors items of high degree, so it only helps with a smaller output
 * power, and steps of one of both seldom find that. */
static kith__tune_setting search_direct_step(const kith_tune_options *o, double size,
                                             const kith__tune_setting *from) {
  kith__tune_setting to = *from;
  to.weight[o->n_knot] = fmax(to.weight[o->n_knot] + SEARCH_STEP * size, 0);
  to.power -= 0.1 * size;
  return to;
}

/* A keyed normal step of size `size` from a setting; a negative size steps the other way. */
static kith__tune_setting search_step(const kith_tune_options *o, int trial, double size,
                                      const kith__tune_setting *from) {
  kith__tune_setting to = *from;
  int n_weight = o->n_knot + (o->direct ? 1 : 0);
  if (trial == 0 && o->direct) return search_direct_step(o, size, from);
  for (int i = 0; i <= n_weight; i++) {
    kith_draw draw = kith_random(o->seed, KITH_RNG_TUNE_TRIAL, (uint64_t)trial, (uint64_t)i, 0);
    if (draw.bits[2] & 1) continue;
    double by = size * kith_random_normal(draw.bits[0], draw.bits[1]);
    if (i < n_weight) to.weight[i] += SEARCH_STEP * by;
    else to.power += SEARCH_POWER_STEP * by;
    if (i == o->n_knot && o->direct) to.weight[i] = fmax(to.weight[i], 0); /* as the key allows */
  }
  return to;
}

static double search_value(const kith_tune_marks *m) { return m->recall + m->ndcg; }

/* Forward, and if that is no better, back; whether either was better, and then the new setting. */
static kith_agreed search_try(const kith__tune_table *t, const kith_tune_options *o, int trial, double size,
                              kith__tune_setting *s, double *best, bool *better) {
  kith_agreed st = {KITH_OK};
  kith_tune_marks m;
  *better = false;
  for (int way = 0; way < 2 && !*better; way++) {
    kith__tune_setting other = search_step(o, trial, way == 0 ? size : -size, s);
    KITH_TRY(kith__tune_measure(t, &other, 0, o->k, &m));
    if (search_value(&m) <= *best) continue;
    *s = other;
    *best = search_value(&m);
    *better = true;
  }
done:
  return st;
}

static void search_show(kith_progress *p, int done, int k, double best) {
  char note[64];
  if (!kith_progress_is_due(p)) return;
  snprintf(note, sizeof note, "Recall@%d + NDCG@%d %.4f", k, k, best);
  kith_progress_step(p, done, note);
}

kith_agreed kith__tune_search(const kith__tune_table *t, const kith_tune_options *tune, kith__tune_setting *s,
                              int *n_better) {
  kith_agreed st = {KITH_OK};
  kith_tune_marks m;
  double size = 1;
  int n_failed = 0;
  kith_progress progress;
  *n_better = 0;
  kith_progress_begin(&progress, "trials", tune->n_trial);
  KITH_TRY(kith__tune_measure(t, s, 0, tune->k, &m));
  double best = search_value(&m);
  for (int trial = 0; trial < tune->n_trial; trial++) {
    bool better = false;
    KITH_TRY(search_try(t, tune, trial, size, s, &best, &better));
    *n_better += better;
    n_failed = better ? 0 : n_failed + 1;
    if (better) size = fmin(SEARCH_GROW * size, SEARCH_MOST);
    if (n_failed == SEARCH_PATIENCE) size = fmax(SEARCH_SHRINK * size, SEARCH_LEAST), n_failed = 0;
    search_show(&progress, trial + 1, tune->k, best);
  }
  kith_progress_end(&progress);
done:
  return st;
}
