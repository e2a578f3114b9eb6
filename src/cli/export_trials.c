/* The learning curves of a sweep's trials, for kith export --format tensorboard. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "cli/export.h"

/* "trial 3: train.lr=0.01, model.layers=2": text [KITH_PATH]. */
static void trials_settings(const kith_json_value *trial, char *text) {
  int at = snprintf(text, KITH_PATH, "trial %g:", kith_json_number(trial, "trial", 0));
  const kith_json_value *of = kith_json_get(trial, "settings");
  for (const kith_json_value *v = of ? of->first : NULL; v && at < KITH_PATH; v = v->next) {
    const size_t left = (size_t)(KITH_PATH - at);
    const char *by = v == of->first ? "" : ",";
    if (v->kind == KITH_JSON_TEXT) at += snprintf(text + at, left, "%s %s=%s", by, v->name, v->text);
    else at += snprintf(text + at, left, "%s %s=%.15g", by, v->name, v->number);
  }
}

static kith_status trials_add(const cli *c, kith_export *o, const char *file, const char *about, int *n) {
  kith_status st = KITH_OK;
  char path[KITH_PATH];
  KITH_TRY(kith_path_join(c->job.work, file, path));
  if (access(path, F_OK) != 0) return st;
  KITH_TRY(kith_export_scalars(o, path, about));
  *n += 1;
done:
  return st;
}

kith_status cli_export_trials(const cli *c, kith_export *o) {
  kith_status st = KITH_OK;
  kith_json trials = {.value = NULL};
  char path[KITH_PATH], file[2 * KITH_NAME], about[KITH_PATH];
  int n = 0;
  KITH_TRY(kith_path_join(c->job.work, "sweep/trials.jsonl", path));
  KITH_CHECK(access(path, F_OK) == 0, KITH_ENOINPUT, "%s: is not there: run kith sweep %s first", path,
             c->job_args);
  KITH_TRY(kith_json_read_file(path, true, &trials));
  for (const kith_json_value *v = trials.value->first; v; v = v->next) {
    const char *name = kith_json_text(v, "folder");
    KITH_CHECK(name && strlen(name) < KITH_NAME, KITH_EDATA, "%s: a line names no folder of a trial", path);
    snprintf(file, sizeof file, "sweep/%s/metrics.jsonl", name);
    trials_settings(v, about);
    KITH_TRY(trials_add(c, o, file, about, &n));
  }
  KITH_CHECK(n > 0, KITH_ENOINPUT, "%s: no trial has learning curves yet", path);
  if (n < trials.value->n)
    kith_warn("%s: %s no metrics.jsonl yet: left out", path,
              KITH_COUNT(trials.value->n - n, "trial(s) (has|have)"));
  KITH_TRY(trials_add(c, o, "metrics.jsonl", "", &n));
done:
  kith_json_free(&trials);
  return st;
}
