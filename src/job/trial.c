/* The job of a sweep's trial, and what decides the trials of a sweep. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "job/table.h"

bool kith_job_effect(const kith_job *job, const char *key, char *value, const char **needs) {
  char text[JOB_VALUE_SIZE];
  job_table t;
  kith__job_table_of(job, &t);
  const job_key *k = kith__job_find(&t, key);
  const job_usage u = kith__job_usage(job, key);
  text[0] = '\0';
  if (k) kith__job_get(job, k, sizeof text, text);
  snprintf(value, KITH_SWEEP_VALUES, "%.*s", KITH_SWEEP_VALUES - 1, text);
  *needs = u.section ? u.needs : NULL;
  return !u.section || u.used;
}

/* The sweep is no part of a trial. */
static void trial_drop_sweep(kith_job *job) {
  const kith_job defaults = kith_job_defaults();
  job_table t;
  kith__job_table_of(job, &t);
  job->sweep = defaults.sweep;
  for (int i = 0; i < t.n; i++)
    if (strncmp(t.key[i].key, "sweep.", strlen("sweep.")) == 0) job->line[t.slot[i]] = 0;
}

kith_status kith_job_make_absolute(kith_job *job) {
  kith_status st = KITH_OK;
  char here[KITH_PATH];
  job_table t;
  KITH_CHECK(getcwd(here, sizeof here), KITH_EIO, "the current folder: %s", strerror(errno));
  kith__job_table_of(job, &t);
  for (int i = 0; i < t.n; i++)
    if (t.key[i].kind == JOB_PATH || t.key[i].kind == JOB_PATHS)
      KITH_TRY(kith__job_resolve_paths(t.key[i].key, here, false, (char *)job + t.key[i].offset));
done:
  return st;
}

kith_status kith_job_make_trial(kith_job *job, const char *folder) {
  kith_status st = KITH_OK;
  char graph[KITH_PATH], parts[KITH_PATH];
  KITH_TRY(kith_job_make_absolute(job));
  KITH_TRY(kith_job_file(job, "graph.h5", graph));
  KITH_TRY(kith_job_file(job, "parts.h5", parts));
  KITH_TRY(kith_job_override(job, "graph", graph));
  KITH_TRY(kith_job_override(job, "parts", parts));
  KITH_TRY(kith_job_override(job, "work", folder));
  KITH_TRY(kith_job_override(job, "evaluate.split", "valid"));
  KITH_TRY(kith_path_join(folder, "job.yaml", job->path));
  trial_drop_sweep(job);
done:
  return st;
}

/* ---- what decides a sweep ---- */

static kith_status trial_add_word(const char *key, const char *value, char *text) {
  kith_status st = KITH_OK;
  size_t n = strlen(text);
  KITH_CHECK(n + strlen(key) + strlen(value) + 3 < KITH_SWEEP_KEY_SIZE, KITH_ECONFIG,
             "sweep: the settings of all trials have more than %d bytes together", KITH_SWEEP_KEY_SIZE);
  n += (size_t)snprintf(text + n, KITH_SWEEP_KEY_SIZE - n, "%s%s=", n > 0 ? " " : "", key);
  for (const char *c = value; *c; c++)
    if (*c != ' ') text[n++] = *c == '\n' ? '|' : *c;
  text[n] = '\0';
done:
  return st;
}

/* Halving compares all trials; without it more of them change nothing for those that are there. */
static bool trial_decides(const kith_job *job, const char *key) {
  if (strcmp(key, "sweep.trials") == 0) return job->sweep.halving.epochs > 0;
  const bool judges = strncmp(key, "evaluate.", strlen("evaluate.")) == 0 ||
                      strncmp(key, "stream.", strlen("stream.")) == 0 || strcmp(key, "task") == 0;
  return judges || kith__job_may_vary(key) || strncmp(key, "sweep.", strlen("sweep.")) == 0;
}

static bool trial_has(const kith_job *job, const char *key) {
  const char *needs = NULL;
  return trial_decides(job, key) && kith__job_is_used(job, key, &needs);
}

void kith_job_sweep_usual(const kith_job *job, char *text) {
  kith__job_usual(job, trial_has, KITH_SWEEP_KEY_SIZE, text);
}

static kith_status trial_add_axes(const kith_sweep_options *s, char *text) {
  kith_status st = KITH_OK;
  char key[KITH_JOB_KEY_SIZE + 8];
  for (int i = 0; i < s->n_axis; i++) {
    const kith_sweep_axis *a = &s->axis[i];
    snprintf(key, sizeof key, "sweep.%s%s", a->key, !a->is_range ? "" : a->is_log ? ".log" : ".linear");
    KITH_TRY(trial_add_word(key, a->values, text));
  }
  KITH_TRY(trial_add_word("sweep.order", s->trials > 0 ? "drawn" : "grid", text));
done:
  return st;
}

kith_status kith_job_sweep_key(const kith_job *job, char *text) {
  kith_status st = KITH_OK;
  const kith_job defaults = kith_job_defaults();
  job_table t;
  char value[JOB_VALUE_SIZE], usual[JOB_VALUE_SIZE];
  kith__job_table_of(job, &t);
  text[0] = '\0';
  for (int i = 0; i < t.n; i++) {
    const job_key *k = &t.key[i];
    if (!trial_has(job, k->key)) continue;
    kith__job_get(job, k, sizeof value, value);
    kith__job_get(&defaults, k, sizeof usual, usual);
    if (strcmp(value, usual) != 0) KITH_TRY(trial_add_word(k->key, value, text));
  }
  KITH_TRY(trial_add_axes(&job->sweep, text));
done:
  return st;
}
