/*
 * The trials of a sweep: combinations of lists in order, or drawn ones.
 *
 * A draw is a function of the seed and of the number of the trial: of a grid, the next element of a keyed
 * permutation; with a range, random numbers with counter (trial, key, attempt).  So more trials begin with
 * those that fewer would have.
 *
 * The draws are of the stream of kith tune's trials, which no run of a sweep reads.
 *
 * Two combinations are the same run if they differ in keys without effect alone, such as loss.temperature
 * with loss.name: bpr.  Only the first is a trial.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sweep/sweep.h"

enum { EXPAND_ATTEMPTS = 64 }; /* draws of a trial until it is a new one */

/* What tells runs apart: of the trials so far, and which keys had an effect in any. */
typedef struct expand_known {
  uint64_t *hash; /* [KITH_SWEEP_MOST] */
  bool used[KITH_SWEEP_AXES];
  char needs[KITH_SWEEP_AXES][KITH_PATH];
} expand_known;

void kith_sweep_value(const kith_sweep *s, int t, int i, char *text) {
  const kith_sweep_axis *a = &s->base->sweep.axis[i];
  if (a->is_range) {
    snprintf(text, KITH_SWEEP_VALUES, "%s", s->trial[t].value[i].drawn);
    return;
  }
  const char *at = a->values;
  for (int k = 0; k < s->trial[t].value[i].index; k++) at += strcspn(at, "\n") + 1;
  snprintf(text, KITH_SWEEP_VALUES, "%.*s", (int)strcspn(at, "\n"), at);
}

kith_status kith_sweep_job(const kith_sweep *s, int t, kith_job *out) {
  kith_status st = KITH_OK;
  char value[KITH_SWEEP_VALUES], folder[KITH_PATH];
  *out = *s->base;
  for (int i = 0; i < s->base->sweep.n_axis; i++) {
    kith_sweep_value(s, t, i, value);
    KITH_TRY(kith_job_override(out, s->base->sweep.axis[i].key, value));
  }
  if (out->evaluate.every == 0) { /* of a stream's model: behind the last epoch */
    snprintf(value, sizeof value, "%d", out->train.epochs);
    KITH_TRY(kith_job_override(out, "evaluate.every", value));
  }
  KITH_TRY(kith_sweep_path(s, t, "", folder));
  KITH_TRY(kith_job_make_trial(out, folder));
done:
  return st;
}

/* ---- draws ---- */

static int64_t expand_grid(const kith_sweep_options *o) {
  int64_t n = 1;
  for (int i = 0; i < o->n_axis; i++) {
    if (o->axis[i].is_range || n > INT64_MAX / o->axis[i].n) return 0;
    n *= o->axis[i].n;
  }
  return n;
}

/* The element of the grid with this number; the last key changes fastest. */
static void expand_at(const kith_sweep_options *o, int64_t number, kith_trial *t) {
  for (int i = o->n_axis - 1; i >= 0; i--) {
    t->value[i].index = (int)(number % o->axis[i].n);
    number /= o->axis[i].n;
  }
}

/* A number from a->from to a->to, with four digits or whole. */
static void expand_number(const kith_sweep_axis *a, double unit, char *text) {
  const double low = a->is_integral ? a->from - (a->is_log ? 0 : 0.5) : a->from,
               high = a->is_integral ? a->to + (a->is_log ? 1 : 0.5) : a->to;
  double x = a->is_log ? exp(log(low) + unit * (log(high) - log(low))) : low + unit * (high - low);
  if (a->is_integral) x = a->is_log ? floor(x) : floor(x + 0.5);
  snprintf(text, KITH_SWEEP_DRAWN, a->is_integral ? "%.0f" : "%.4g", x);
  const double rounded = strtod(text, NULL);
  const size_t first = strcspn(a->values, "\n");
  if (rounded < a->from) snprintf(text, KITH_SWEEP_DRAWN, "%.*s", (int)first, a->values);
  if (rounded > a->to) snprintf(text, KITH_SWEEP_DRAWN, "%s", a->values + first + 1);
}

static void expand_draw(const kith_sweep_options *o, int number, int attempt, kith_trial *t) {
  for (int i = 0; i < o->n_axis; i++) {
    const uint64_t bits =
        kith_random(o->seed, KITH_RNG_TUNE_TRIAL, (uint64_t)number, (uint64_t)i, (uint64_t)attempt).bits[0];
    if (o->axis[i].is_range) expand_number(&o->axis[i], kith_random_unit(bits), t->value[i].drawn);
    else t->value[i].index = (int)kith_random_below(bits, (uint64_t)o->axis[i].n);
  }
}

/* ---- the same run ---- */

static uint64_t expand_hash(uint64_t hash, const char *text) { /* FNV-1a, 64 bits */
  for (; *text; text++) hash = (hash ^ (unsigned char)*text) * 0x100000001b3U;
  return (hash ^ '\n') * 0x100000001b3U;
}

/* Whether the trial behind the last one makes another run than those before. */
static kith_status expand_is_new(kith_sweep *s, expand_known *k, kith_job *job, bool *is_new) {
  kith_status st = KITH_OK;
  char value[KITH_SWEEP_VALUES];
  const char *needs = NULL;
  uint64_t hash = 0xcbf29ce484222325U;
  KITH_TRY(kith_sweep_job(s, s->n, job));
  for (int i = 0; i < s->base->sweep.n_axis; i++) {
    const bool used = kith_job_effect(job, s->base->sweep.axis[i].key, value, &needs);
    hash = expand_hash(hash, used ? value : "\x01");
    k->used[i] |= used;
    if (!used) snprintf(k->needs[i], sizeof k->needs[i], "%s", needs ? needs : "is not read");
  }
  *is_new = true;
  for (int t = 0; t < s->n && *is_new; t++) *is_new = k->hash[t] != hash;
  k->hash[s->n] = hash;
done:
  return st;
}

static kith_status expand_add(kith_sweep *s, expand_known *k, kith_job *job, bool *is_new) {
  kith_status st = KITH_OK;
  KITH_TRY(expand_is_new(s, k, job, is_new));
  s->n += *is_new;
  s->n_same += !*is_new;
done:
  return st;
}

static kith_status expand_from_grid(kith_sweep *s, expand_known *k, kith_job *job) {
  kith_status st = KITH_OK;
  const kith_sweep_options *o = &s->base->sweep;
  const int64_t most = o->trials > 0 ? o->trials : KITH_SWEEP_MOST;
  const kith_permutation order = kith_permutation_make(o->seed, KITH_RNG_TUNE_TRIAL, 0, (uint64_t)s->n_grid);
  bool is_new = false;
  KITH_CHECK(o->trials > 0 || s->n_grid <= KITH_SWEEP_MOST, KITH_ECONFIG,
             "%s: sweep: the lists have %lld combinations; set sweep.trials, how many of them are drawn",
             s->base->path, (long long)s->n_grid);
  for (int64_t i = 0; i < s->n_grid && s->n < most && s->n_same <= EXPAND_ATTEMPTS * most; i++) {
    const uint64_t at = (uint64_t)i;
    s->trial[s->n] = (kith_trial){.status = KITH_TRIAL_WAITING};
    expand_at(o, (int64_t)(o->trials > 0 ? kith_permutation_apply(&order, at) : at), &s->trial[s->n]);
    KITH_TRY(expand_add(s, k, job, &is_new));
  }
done:
  return st;
}

static kith_status expand_by_draws(kith_sweep *s, expand_known *k, kith_job *job) {
  kith_status st = KITH_OK;
  const kith_sweep_options *o = &s->base->sweep;
  for (int t = 0; t < o->trials; t++) {
    bool is_new = false;
    for (int attempt = 0; attempt < EXPAND_ATTEMPTS && !is_new; attempt++) {
      s->trial[s->n] = (kith_trial){.status = KITH_TRIAL_WAITING};
      expand_draw(o, t, attempt, &s->trial[s->n]);
      KITH_TRY(expand_add(s, k, job, &is_new));
    }
    if (!is_new) break; /* nothing else is left to draw, as far as one can see */
  }
done:
  return st;
}

/* "job.yaml:12" of a key that varies, or "--set": where [KITH_PATH + KITH_NAME]. */
static const char *expand_where(const kith_job *job, int axis, char *where) {
  const int line = job->sweep.axis[axis].line;
  if (line == 0) return "--set";
  snprintf(where, KITH_PATH + KITH_NAME, "%s:%d", job->path, line);
  return where;
}

/* A key without effect in any trial is a mistake. */
static kith_status expand_check_used(const kith_sweep *s, const expand_known *k) {
  kith_status st = KITH_OK;
  char where[KITH_PATH + KITH_NAME];
  for (int i = 0; i < s->base->sweep.n_axis; i++)
    KITH_CHECK(k->used[i], KITH_ECONFIG, "%s: sweep.%s has no effect in any trial: it %s",
               expand_where(s->base, i, where), s->base->sweep.axis[i].key, k->needs[i]);
done:
  return st;
}

/* ---- rungs ---- */

static kith_status expand_rungs(kith_sweep *s) {
  kith_status st = KITH_OK;
  const kith_job *job = s->base;
  const int64_t factor = job->sweep.halving.factor;
  const bool sequence = job->model.sequence == KITH_SEQUENCE_SASREC;
  const int last = sequence ? job->model.sasrec.epochs : job->train.epochs;
  const char *key = kith_sweep_epochs_key(job);
  char where[KITH_PATH + KITH_NAME];
  s->n_rung = 0;
  if (job->sweep.halving.epochs == 0) {
    s->rung_epochs[s->n_rung++] = last;
    return st;
  }
  for (int i = 0; i < job->sweep.n_axis; i++)
    KITH_CHECK(strcmp(job->sweep.axis[i].key, key) != 0, KITH_ECONFIG,
               "%s: sweep.%s: halving compares trials after the same number of epochs; set %s, or leave "
               "sweep.halving out",
               expand_where(job, i, where), key, key);
  KITH_CHECK(kith_model_has_steps(&job->model), KITH_ECONFIG,
             "%s: sweep.halving: %s is not trained by epochs, of which there could be fewer; leave "
             "sweep.halving out",
             job->path, kith_model_text(job->model.name));
  KITH_CHECK(job->sweep.halving.epochs < last, KITH_ECONFIG,
             "%s: sweep.halving.epochs: %d, but %s is %d; expected fewer", job->path,
             job->sweep.halving.epochs, key, last);
  for (int64_t n = job->sweep.halving.epochs; n < last && s->n_rung < KITH_SWEEP_RUNGS - 1; n *= factor) {
    KITH_CHECK(kith_eval_is_due(job->evaluate.every, n), KITH_ECONFIG,
               "%s: sweep.halving: a rung ends after epoch %lld, where evaluate.every has no evaluation; "
               "choose a multiple of it, or evaluate.every: 1",
               job->path, (long long)n);
    s->rung_epochs[s->n_rung++] = (int)n;
  }
  s->rung_epochs[s->n_rung++] = last;
done:
  return st;
}

static kith_status expand_check(const kith_job *job) {
  kith_status st = KITH_OK;
  KITH_CHECK(job->sweep.n_axis > 0, KITH_ECONFIG,
             "%s: sweep: names no key that varies; expected some, as sweep: {train.lr: [0.001, 0.003]}, or "
             "--set 'sweep.train.lr=[0.001, 0.003]'",
             job->path);
  KITH_CHECK(job->evaluate.split != KITH_EVAL_TEST, KITH_ECONFIG,
             "%s: evaluate.split: test, but a sweep chooses on validation; set it to valid", job->path);
  KITH_CHECK(job->evaluate.every != 0 || job->stream.model != KITH_STREAM_NO_MODEL, KITH_ECONFIG,
             "%s: evaluate.every: 0, but a sweep chooses by evaluations; leave it out, or give --set "
             "evaluate.every=auto",
             job->path);
  const bool classifies = job->task == KITH_TASK_CLASSIFY;
  KITH_CHECK(classifies ? job->data.nodes.valid[0]
                        : job->data.split.method != KITH_SPLIT_NONE && job->data.split.valid > 0,
             KITH_ECONFIG, "%s: %s: a sweep chooses on validation, and nothing is held out for it", job->path,
             classifies ? "data.splits.valid" : "data.split.valid");
done:
  return st;
}

static void expand_metric(kith_sweep *s) {
  const kith_eval_options *e = &s->base->evaluate;
  if (kith_sweep_of_stream(s)) snprintf(s->metric, sizeof s->metric, "mrr");
  else if (s->base->task == KITH_TASK_RECOMMEND)
    snprintf(s->metric, sizeof s->metric, "recall@%d", e->k[e->n_k - 1]);
  else snprintf(s->metric, sizeof s->metric, "%s", e->select_by == KITH_SELECT_BY_LOSS ? "loss" : "accuracy");
}

/* WORK/sweep of the job, absolute. */
static kith_status expand_folder(kith_sweep *s, kith_job *job) {
  kith_status st = KITH_OK;
  char work[KITH_PATH];
  KITH_TRY(kith_path_join(s->base->work, "sweep", work));
  *job = *s->base;
  KITH_TRY(kith_text_copy("work", work, sizeof job->work, job->work));
  KITH_TRY(kith_job_make_absolute(job));
  memcpy(s->folder, job->work, sizeof s->folder);
done:
  return st;
}

kith_status kith_sweep_create(const kith_job *base, kith_sweep *out) {
  kith_status st = KITH_OK;
  kith_sweep s = {.base = base};
  expand_known *known = NULL;
  kith_job *job = NULL;
  *out = (kith_sweep){.n = 0};
  KITH_TRY(expand_check(base));
  KITH_TRY(KITH_NEW(known, 1));
  KITH_TRY(KITH_NEW(known->hash, KITH_SWEEP_MOST + 1));
  KITH_TRY(KITH_NEW(s.trial, KITH_SWEEP_MOST + 1));
  KITH_TRY(KITH_NEW(job, 1));
  expand_metric(&s);
  KITH_TRY(expand_rungs(&s));
  KITH_TRY(expand_folder(&s, job));
  s.n_grid = expand_grid(&base->sweep);
  KITH_TRY(s.n_grid > 0 ? expand_from_grid(&s, known, job) : expand_by_draws(&s, known, job));
  KITH_TRY(expand_check_used(&s, known));
  *out = s;
  s.trial = NULL;
done:
  if (known) KITH_FREE(known->hash);
  KITH_FREE(known);
  KITH_FREE(s.trial);
  KITH_FREE(job);
  return st;
}

void kith_sweep_free(kith_sweep *s) {
  KITH_FREE(s->trial);
  s->n = 0;
}
