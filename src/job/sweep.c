/*
 * The section sweep: keys of the job with what they shall be in the trials of kith sweep.
 *
 * They are no rows of the table, since every key that may vary would be one twice.  The walk over the job
 * file collects their values as text, and each is then set on a copy of the job, by the code of --set.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "job/table.h"

static const char sweep_section[] = "sweep.";

/* Sections of keys whose values may differ between trials that share a graph and are judged alike. */
static const char *const sweep_may_vary[] = {"model.",          "train.",          "loss.",
                                             "negatives.",      "sampler.",        "stream.dim",
                                             "stream.heads",    "stream.time_dim", "stream.neighbors",
                                             "stream.evidence", "stream.init"};

/* Why others may not. */
static const struct {
  const char *section, *why;
} sweep_refused[] = {
    {"data", "makes another graph, and all trials share one; give each graph a job of its own"},
    {"generate", "makes another graph, and all trials share one; give each graph a job of its own"},
    {"partition", "changes no result, and all trials share parts.h5"},
    {"evaluate", "decides how a model is judged, which must be the same for all trials"},
    {"stream", "is no setting of a stream's model, or decides how it is judged"},
    {"checkpoint", "changes no result"},
    {"watchdog", "changes no result"},
    {"task", "is of the whole job; all trials share a graph"},
    {"name", "is a label"},
    {"work", "is a place; every trial has its own folder"},
    {"graph", "is a place; all trials share one"},
    {"parts", "is a place; all trials share one"},
};

bool kith__job_is_axis(const char *key, const char **axis) {
  const size_t n = strlen(sweep_section);
  if (strncmp(key, sweep_section, n) != 0) return false;
  *axis = key + n;
  const size_t first = strcspn(*axis, ".");
  for (int i = 0; i < kith__job_n_row; i++) { /* sweep.trials, and whatever is below sweep.halving */
    const char *known = kith__job_row[i].key;
    if (strncmp(known, key, n + first) == 0 && (known[n + first] == '\0' || known[n + first] == '.'))
      return false;
  }
  return true;
}

kith_status kith__job_axis_add(kith_job *job, const char *key, int line, kith_sweep_axis **out) {
  kith_status st = KITH_OK;
  kith_sweep_options *s = &job->sweep;
  for (int i = 0; i < s->n_axis; i++)
    KITH_CHECK(strcmp(s->axis[i].key, key) != 0, KITH_ECONFIG,
               "sweep.%s is given twice, the first time in line %d", key, s->axis[i].line);
  KITH_CHECK(s->n_axis < KITH_SWEEP_AXES, KITH_ECONFIG, "sweep.%s: expected at most %d keys that vary", key,
             KITH_SWEEP_AXES);
  *out = &s->axis[s->n_axis++];
  **out = (kith_sweep_axis){.line = line};
  KITH_TRY(kith_text_copy("sweep", key, sizeof(*out)->key, (*out)->key));
done:
  return st;
}

kith_status kith__job_axis_value(kith_sweep_axis *a, const char *text, bool of_last) {
  kith_status st = KITH_OK;
  const size_t n = strlen(a->values), more = strlen(text) + 2;
  KITH_CHECK(!strchr(text, '\n'), KITH_ECONFIG, "sweep.%s: expected values of one line", a->key);
  KITH_CHECK(n + more < sizeof a->values, KITH_ECONFIG,
             "sweep.%s: the values have more than %d bytes together", a->key, KITH_SWEEP_VALUES - 2);
  snprintf(a->values + n, sizeof a->values - n, "%s%s", of_last ? "," : a->n > 0 ? "\n" : "", text);
  a->n += !of_last;
done:
  return st;
}

kith_status kith__job_axis_range(kith_sweep_axis *a, const char *name, const char *text) {
  kith_status st = KITH_OK;
  char *end = NULL;
  const bool log = strcmp(text, "log") == 0;
  if (strcmp(name, "scale") == 0) {
    KITH_CHECK(log || strcmp(text, "linear") == 0, KITH_ECONFIG,
               "sweep.%s: scale: expected linear or log, found \"%s\"", a->key, text);
    a->is_log = log;
    return st;
  }
  const bool from = strcmp(name, "from") == 0;
  KITH_CHECK(from || strcmp(name, "to") == 0, KITH_ECONFIG,
             "sweep.%s: expected from, to and scale, found \"%s\"", a->key, name);
  KITH_CHECK(a->n == (from ? 0 : 1), KITH_ECONFIG, "sweep.%s: expected {from: …, to: …}, in this order, once",
             a->key);
  const double x = strtod(text, &end);
  KITH_CHECK(text[0] && !*end && isfinite(x), KITH_ECONFIG, "sweep.%s: %s: expected a number, found \"%s\"",
             a->key, name, text);
  *(from ? &a->from : &a->to) = x;
  KITH_TRY(kith__job_axis_value(a, text, false));
done:
  return st;
}

/* Put an axis in the place of that of its key, or behind all others. */
static kith_status sweep_put_axis(kith_sweep_options *s, const kith_sweep_axis *a) {
  kith_status st = KITH_OK;
  int at = 0;
  while (at < s->n_axis && strcmp(s->axis[at].key, a->key) != 0) at++;
  KITH_CHECK(at < KITH_SWEEP_AXES, KITH_ECONFIG, "sweep.%s: expected at most %d keys that vary", a->key,
             KITH_SWEEP_AXES);
  s->axis[at] = *a;
  s->axis[at].line = 0;
  s->n_axis += at == s->n_axis;
done:
  return st;
}

/* The text is read by the walk, as that of a job file of this key alone. */
kith_status kith__job_set_axis(kith_job *job, const char *axis, const char *text) {
  kith_status st = KITH_OK;
  char yaml[KITH_SWEEP_VALUES + KITH_JOB_KEY_SIZE + 32];
  kith_job *alone = NULL;
  job_retired_keys retired = {.n = 0};
  job_source_map map;
  const int n = snprintf(yaml, sizeof yaml, "sweep: {%s: %s}", axis, text);
  KITH_CHECK(!strchr(text, '\n') && n < (int)sizeof yaml, KITH_ECONFIG,
             "sweep.%s: expected values of one line, of at most %d bytes together", axis,
             KITH_SWEEP_VALUES - 2);
  KITH_TRY(KITH_NEW(alone, 1));
  *alone = *job;
  alone->sweep.n_axis = 0;
  KITH_TRY(kith__job_walk("value", yaml, (size_t)n, alone, &retired, &map));
  KITH_CHECK(alone->sweep.n_axis == 1, KITH_ECONFIG,
             "sweep.%s: expected a list of values, or {from: …, to: …}; found %s", axis, text);
  KITH_TRY(sweep_put_axis(&job->sweep, &alone->sweep.axis[0]));
done:
  KITH_FREE(alone);
  return st;
}

/* ---- checks ---- */

bool kith__job_may_vary(const char *key) {
  for (size_t i = 0; i < sizeof sweep_may_vary / sizeof *sweep_may_vary; i++)
    if (strncmp(key, sweep_may_vary[i], strlen(sweep_may_vary[i])) == 0) return true;
  return false;
}

static kith_status sweep_check_key(const char *key) {
  const size_t n = strcspn(key, ".");
  if (kith__job_may_vary(key)) return KITH_OK;
  for (size_t i = 0; i < sizeof sweep_refused / sizeof *sweep_refused; i++)
    if (strlen(sweep_refused[i].section) == n && strncmp(key, sweep_refused[i].section, n) == 0)
      return kith_fail(KITH_ECONFIG, "sweep.%s: the key %s", key, sweep_refused[i].why);
  return kith_fail(KITH_ECONFIG, "sweep.%s: kith train does not read the key", key);
}

static kith_status sweep_check_range(const kith_job *job, const kith_sweep_axis *a, job_kind kind) {
  kith_status st = KITH_OK;
  const bool whole = kind == JOB_INT || kind == JOB_INT64;
  KITH_CHECK(whole || kind == JOB_REAL || kind == JOB_WEIGHT, KITH_ECONFIG,
             "sweep.%s: a range is of numbers; expected a list of values", a->key);
  KITH_CHECK(a->n == 2, KITH_ECONFIG, "sweep.%s: expected both from and to", a->key);
  KITH_CHECK(a->from < a->to, KITH_ECONFIG, "sweep.%s: expected from below to, found %g and %g", a->key,
             a->from, a->to);
  KITH_CHECK(!a->is_log || a->from > 0, KITH_ECONFIG,
             "sweep.%s: scale: log needs from above 0, found %g; or use scale: linear", a->key, a->from);
  KITH_CHECK(!whole || a->to <= 0x1p53, KITH_ECONFIG, "sweep.%s: expected to at most 2^53", a->key);
  KITH_CHECK(job->sweep.trials > 0, KITH_ECONFIG,
             "sweep.%s: a range has no end of values; set sweep.trials, how many are drawn", a->key);
done:
  return st;
}

/* Each value on a copy of the job, by the code of --set. */
static kith_status sweep_check_values(const kith_sweep_axis *a, kith_job *copy) {
  kith_status st = KITH_OK;
  char value[KITH_SWEEP_VALUES];
  const char *at = a->values;
  for (int i = 0; i < a->n; i++) {
    const size_t n = strcspn(at, "\n");
    snprintf(value, sizeof value, "%.*s", (int)n, at);
    st = kith_job_override(copy, a->key, value);
    if (kith_is_bad(st)) return kith_fail(st, "sweep: %s", kith_error_text());
    at += n + (at[n] == '\n');
  }
  return st;
}

static kith_status sweep_check_axis(const kith_job *job, kith_sweep_axis *a, kith_job *copy) {
  kith_status st = KITH_OK;
  job_table t;
  KITH_TRY(sweep_check_key(a->key));
  KITH_TRY(sweep_check_values(a, copy));
  kith__job_table_of(copy, &t);
  const job_key *k = kith__job_find(&t, a->key);
  if (a->is_range && k) KITH_TRY(sweep_check_range(job, a, k->kind));
  a->is_integral = a->is_range && k && (k->kind == JOB_INT || k->kind == JOB_INT64);
done:
  return st;
}

kith_status kith__job_check_sweep(kith_job *job) {
  kith_status st = KITH_OK;
  kith_job *copy = NULL;
  if (job->sweep.n_axis == 0) return st;
  KITH_TRY(KITH_NEW(copy, 1));
  *copy = *job;
  for (int i = 0; i < job->sweep.n_axis; i++) {
    st = sweep_check_axis(job, &job->sweep.axis[i], copy);
    const int line = job->sweep.axis[i].line;
    if (kith_is_bad(st) && line == 0) st = kith_fail(st, "--set: %s", kith_error_text());
    else st = kith__job_located(st, job->path, line);
    if (kith_is_bad(st)) break;
  }
done:
  KITH_FREE(copy);
  return st;
}
