/* The files of a sweep: its settings, the trials' job files, trials.jsonl, best.yaml. */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/file.h"
#include "store/store.h"
#include "sweep/process.h"

enum { FILES_SETTINGS = KITH_SWEEP_KEY_SIZE + 64 };

kith_status kith_sweep_path(const kith_sweep *s, int t, const char *name, char *path) {
  kith_status st = KITH_OK;
  char folder[KITH_NAME];
  snprintf(folder, sizeof folder, "trial-%03d", t + 1);
  KITH_TRY(kith_path_join(s->folder, folder, path));
  if (name[0]) KITH_TRY(kith_path_join(path, name, path));
done:
  return st;
}

/* ---- text that grows ---- */

typedef struct files_text {
  char *text;
  int64_t size, room;
} files_text;

static kith_status files_add(files_text *t, const char *format, ...) KITH_FORMAT(2, 3);
static kith_status files_add(files_text *t, const char *format, ...) {
  kith_status st = KITH_OK;
  va_list rest;
  va_start(rest, format);
  const int n = vsnprintf(NULL, 0, format, rest);
  va_end(rest);
  if (t->size + n + 1 > t->room) {
    const int64_t room = 2 * (t->size + n) + 4096;
    KITH_TRY(KITH_GROW(t->text, t->room, room));
    t->room = room;
  }
  va_start(rest, format);
  vsnprintf(t->text + t->size, (size_t)n + 1, format, rest);
  va_end(rest);
  t->size += n;
done:
  return st;
}

static kith_status files_add_string(files_text *t, const char *text) {
  kith_status st = KITH_OK;
  KITH_TRY(files_add(t, "\""));
  while (*text) {
    const unsigned char byte = (unsigned char)*text;
    const int n = byte < 0x80 ? 1 : kith_utf8_length(text);
    if (byte == '"' || byte == '\\') KITH_TRY(files_add(t, "\\%c", byte));
    else if (byte < 0x20) KITH_TRY(files_add(t, "\\u%04x", byte));
    else if (n == 0) KITH_TRY(files_add(t, "\\ufffd"));
    else KITH_TRY(files_add(t, "%.*s", n, text));
    text += n > 0 ? n : 1;
  }
  KITH_TRY(files_add(t, "\""));
done:
  return st;
}

/* ---- the settings that are there ---- */

kith_status kith__sweep_first_line(const char *path, size_t size, char *text) {
  kith_status st = KITH_OK;
  FILE *f = NULL;
  KITH_TRY(kith_file_fopen(path, &f));
  const size_t n = fread(text, 1, size - 1, f);
  KITH_CHECK(!ferror(f) && !kith_fault(KITH_FAULT_READ), KITH_EIO, "%s: cannot be read", path);
  text[n] = '\0';
  text[strcspn(text, "\n")] = '\0';
done:
  if (f) fclose(f);
  return st;
}

static kith_status files_settings(const kith_sweep *s, int64_t fingerprint, char *path, char *text) {
  kith_status st = KITH_OK;
  const int n = snprintf(text, FILES_SETTINGS, "graph=%016" PRIx64 " ", (uint64_t)fingerprint);
  KITH_TRY(kith_job_sweep_key(s->base, text + n));
  KITH_TRY(kith_path_join(s->folder, "settings.txt", path));
done:
  return st;
}

/* Compare what is there with what is wanted. */
static kith_status files_compare(const kith_sweep *s, const char *wanted, const char *found) {
  kith_status st = KITH_OK;
  char want[KITH_CONFIG_WORD_SIZE], has[KITH_CONFIG_WORD_SIZE], *usual = NULL;
  if (!kith_config_key_differs(wanted, NULL, found, want, has)) return st;
  KITH_TRY(KITH_NEW(usual, KITH_SWEEP_KEY_SIZE));
  kith_job_sweep_usual(s->base, usual);
  kith_config_key_usual(usual, want);
  kith_config_key_usual(usual, has);
  KITH_CHECK(strncmp(want, "graph=", strlen("graph=")) != 0, KITH_ECONFIG,
             "%s: holds a sweep of another graph.h5, which was ingested anew since; begin anew with --fresh",
             s->folder);
  KITH_CHECK(
      false, KITH_ECONFIG,
      "%s: holds a sweep with %s, and the job has %s; begin anew with --fresh, which forgets its trials, "
      "or name another work folder",
      s->folder, has, want);
done:
  KITH_FREE(usual);
  return st;
}

kith_status kith_sweep_check(const kith_sweep *s, int64_t fingerprint) {
  kith_status st = KITH_OK;
  char path[KITH_PATH], *wanted = NULL, *found = NULL;
  KITH_TRY(KITH_NEW(wanted, FILES_SETTINGS));
  KITH_TRY(KITH_NEW(found, FILES_SETTINGS));
  KITH_TRY(files_settings(s, fingerprint, path, wanted));
  KITH_CHECK(access(path, F_OK) == 0, KITH_ENOINPUT, "%s: %s: there is no sweep yet; run kith sweep first",
             path, strerror(errno));
  KITH_TRY(kith__sweep_first_line(path, FILES_SETTINGS, found));
  KITH_TRY(files_compare(s, wanted, found));
done:
  KITH_FREE(wanted);
  KITH_FREE(found);
  return st;
}

/* ---- job files ---- */

static kith_status files_write_job(const char *path, const char *head, const kith_job *job) {
  kith_status st = KITH_OK;
  char *text = NULL;
  files_text all = {.text = NULL};
  KITH_TRY(kith_job_print_set(job, &text));
  KITH_TRY(files_add(&all, "# %s\n%s", head, text));
  KITH_TRY(kith_text_write(path, all.text));
done:
  KITH_FREE(text);
  KITH_FREE(all.text);
  return st;
}

static kith_status files_make_trial(const kith_sweep *s, int t, bool fresh, kith_job *job) {
  kith_status st = KITH_OK;
  char folder[KITH_PATH], log[KITH_PATH], head[2 * KITH_PATH];
  KITH_TRY(kith_sweep_path(s, t, "", folder));
  KITH_TRY(kith_sweep_path(s, t, "log.txt", log));
  KITH_TRY(kith_folder_make(folder));
  KITH_CHECK(!fresh || unlink(log) == 0 || errno == ENOENT, KITH_EOUTPUT, "%s: cannot be removed: %s", log,
             strerror(errno));
  KITH_TRY(kith_sweep_job(s, t, job));
  snprintf(head, sizeof head, "Trial %d of the sweep of %s, written by kith sweep", t + 1, s->base->path);
  KITH_TRY(files_write_job(job->path, head, job));
done:
  return st;
}

kith_agreed kith_sweep_prepare(const kith_comm *comm, const kith_sweep *s, int64_t fingerprint, bool fresh) {
  kith_agreed st = {KITH_OK};
  char path[KITH_PATH], folder[KITH_PATH], *settings = NULL;
  kith_job *job = NULL;
  KITH_TRY(kith_agree(comm, KITH_NEW(settings, FILES_SETTINGS)));
  KITH_TRY(kith_agree(comm, KITH_NEW(job, 1)));
  KITH_TRY(kith_agree(comm, files_settings(s, fingerprint, path, settings)));
  if (!fresh && access(path, F_OK) == 0) KITH_TRY(kith_agree(comm, kith_sweep_check(s, fingerprint)));
  for (int t = 0; t < s->n; t++) {
    KITH_TRY(kith_agree(comm, files_make_trial(s, t, fresh, job)));
    KITH_TRY(kith_agree(comm, kith_sweep_path(s, t, "", folder)));
    if (fresh) KITH_TRY(kith_checkpoint_remove(comm, folder));
  }
  KITH_TRY(kith_agree(comm, kith_text_write(path, strcat(settings, "\n"))));
done:
  KITH_FREE(settings);
  KITH_FREE(job);
  return st;
}

/* ---- what the trials have come to ---- */

/* A setting as JSON: a number as it stands, or a text. */
static kith_status files_add_setting(const kith_sweep *s, int t, int i, files_text *out) {
  kith_status st = KITH_OK;
  char value[KITH_SWEEP_VALUES], *end = NULL;
  kith_sweep_value(s, t, i, value);
  const double x = strtod(value, &end);
  const bool number = value[0] && !*end && isfinite(x);
  KITH_TRY(files_add(out, "%s\"%s\": ", i > 0 ? ", " : "", s->base->sweep.axis[i].key));
  const bool digits = value[strspn(value, "0123456789")] == '\0' && (value[0] != '0' || !value[1]);
  if (number && digits) KITH_TRY(files_add(out, "%s", value));
  else if (number) KITH_TRY(files_add(out, "%.15g", x));
  else KITH_TRY(files_add_string(out, value));
done:
  return st;
}

static kith_status files_add_trial(const kith_sweep *s, int t, files_text *out) {
  static const char *const name[] = {"waiting", "running", "done", "stopped", "failed"};
  kith_status st = KITH_OK;
  const kith_trial *x = &s->trial[t];
  KITH_TRY(files_add(out, "{\"trial\": %d, \"folder\": \"trial-%03d\", \"settings\": {", t + 1, t + 1));
  for (int i = 0; i < s->base->sweep.n_axis; i++) KITH_TRY(files_add_setting(s, t, i, out));
  KITH_TRY(files_add(out, "}, \"status\": \"%s\", \"rung\": %d", name[x->status], x->rung));
  if (x->has_score) {
    KITH_TRY(files_add(out, ", \"epochs\": %" PRId64, x->epochs));
    if (x->best_epoch > 0) KITH_TRY(files_add(out, ", \"best_epoch\": %" PRId64, x->best_epoch));
    KITH_TRY(
        files_add(out, ", \"metric\": \"%s\", \"split\": \"valid\", \"score\": %.10g", s->metric, x->score));
  }
  KITH_TRY(files_add(out, ", \"seconds\": %.3f", x->seconds));
  if (x->status == KITH_TRIAL_FAILED) {
    KITH_TRY(files_add(out, ", \"code\": %d, \"error\": ", x->code));
    KITH_TRY(files_add_string(out, x->error));
  }
  KITH_TRY(files_add(out, "}\n"));
done:
  return st;
}

static kith_status files_write_best(const kith_sweep *s) {
  kith_status st = KITH_OK;
  const int best = kith_sweep_best(s);
  char path[KITH_PATH], head[2 * KITH_PATH];
  kith_job *job = NULL;
  KITH_TRY(kith_path_join(s->folder, "best.yaml", path));
  if (best < 0) {
    KITH_CHECK(unlink(path) == 0 || errno == ENOENT, KITH_EOUTPUT, "%s: cannot be removed: %s", path,
               strerror(errno));
    return st;
  }
  KITH_TRY(KITH_NEW(job, 1));
  KITH_TRY(kith_sweep_job(s, best, job));
  KITH_TRY(kith_text_copy("best.yaml", path, sizeof job->path, job->path));
  snprintf(head, sizeof head, "Trial %d, the best of %d of the sweep of %s by %s on validation", best + 1,
           s->n, s->base->path, s->metric);
  KITH_TRY(files_write_job(path, head, job));
done:
  KITH_FREE(job);
  return st;
}

kith_status kith_sweep_write(const kith_sweep *s) {
  kith_status st = KITH_OK;
  char path[KITH_PATH];
  files_text all = {.text = NULL};
  for (int t = 0; t < s->n; t++) KITH_TRY(files_add_trial(s, t, &all));
  KITH_TRY(kith_path_join(s->folder, "trials.jsonl", path));
  KITH_TRY(kith_text_write(path, all.text));
  KITH_TRY(files_write_best(s));
done:
  KITH_FREE(all.text);
  return st;
}
