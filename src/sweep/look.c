/* What the runs of a trial have come to, read from its log and metrics.jsonl. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/file.h"
#include "base/json.h"
#include "sweep/sweep.h"

enum { LOOK_TAIL = 1 << 20 }; /* bytes at the end of a log that are searched */

static const char look_begin[] = "{\"verb\": \"train\"";

/* The end of a file, or nothing: *size bytes and a closing zero. */
static kith_status look_read_tail(const char *path, char **text, int64_t *size) {
  kith_status st = KITH_OK;
  FILE *f = NULL;
  *size = 0;
  KITH_TRY(KITH_NEW(*text, LOOK_TAIL + 1));
  if (access(path, F_OK) != 0 || kith_is_bad(kith_file_fopen(path, &f))) return st;
  if (fseek(f, 0, SEEK_END) == 0 && ftell(f) > LOOK_TAIL) (void)fseek(f, -(long)LOOK_TAIL, SEEK_END);
  else rewind(f);
  *size = (int64_t)fread(*text, 1, LOOK_TAIL, f);
  (*text)[*size] = '\0';
  KITH_CHECK(!ferror(f) && !kith_fault(KITH_FAULT_READ), KITH_EIO, "%s: cannot be read", path);
done:
  if (f) fclose(f);
  return st;
}

/* The last line of a run that ended well, and the one of a run that did not, if it came later. */
static void look_find(char *text, const char **good, const char **bad) {
  char *rest = NULL;
  *good = *bad = NULL;
  for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
    if (strncmp(line, look_begin, sizeof look_begin - 1) != 0) continue;
    const bool ok = strstr(line, "\"status\": \"ok\"") != NULL;
    if (ok) *good = line, *bad = NULL;
    else *bad = line;
  }
}

static void look_take_good(const kith_sweep *s, const kith_json_value *v, kith_trial *t) {
  char key[KITH_NAME + 8];
  const double none = -1e300;
  snprintf(key, sizeof key, "valid_%s", s->metric);
  t->epochs = (int64_t)kith_json_number(v, "epochs", kith_json_number(v, "rounds", 0));
  t->best_epoch = (int64_t)kith_json_number(v, "best_epoch", 0);
  t->ended = !kith_json_get(v, "epochs") || kith_json_number(v, "stopped_early", 0) > 0;
  t->score = kith_json_number(v, key, none);
  t->has_score = t->score > none;
  if (s->base->task == KITH_TASK_CLASSIFY) {
    t->tie = -kith_json_number(v, "valid_loss", 0);
    return;
  }
  if (kith_sweep_of_stream(s)) {
    t->best_epoch = t->epochs;
    return;
  }
  snprintf(key, sizeof key, "valid_ndcg@%s", strchr(s->metric, '@') + 1);
  t->tie = kith_json_number(v, key, 0);
}

static void look_take_bad(const kith_json_value *v, kith_trial *t) {
  const char *error = kith_json_text(v, "error"), *status = kith_json_text(v, "status");
  snprintf(t->error, sizeof t->error, "%s", error ? error : "");
  for (int code = KITH_EUSAGE; status && code <= KITH_ECONFIG; code++)
    if (strcmp(kith_status_name((kith_status)code), status) == 0) t->code = code;
}

/* Seconds in the steps of all epochs, or rounds. */
static double look_seconds(const kith_sweep *s, int t) {
  char path[KITH_PATH];
  kith_json j = {NULL, NULL};
  double sum = 0;
  if (kith_is_bad(kith_sweep_path(s, t, "metrics.jsonl", path)) || access(path, F_OK) != 0) return 0;
  if (kith_is_bad(kith_json_read_file(path, true, &j))) return 0;
  for (const kith_json_value *v = j.value->first; v; v = v->next) sum += kith_json_number(v, "seconds", 0);
  kith_json_free(&j);
  return sum;
}

kith_status kith_sweep_look(kith_sweep *s, int t) {
  kith_status st = KITH_OK;
  kith_trial *trial = &s->trial[t];
  char path[KITH_PATH], *text = NULL;
  const char *good = NULL, *bad = NULL;
  int64_t size = 0;
  kith_json j = {NULL, NULL};
  trial->has_score = trial->ended = false;
  trial->epochs = trial->best_epoch = 0;
  trial->code = 0;
  trial->error[0] = '\0';
  KITH_TRY(kith_sweep_path(s, t, "log.txt", path));
  KITH_TRY(look_read_tail(path, &text, &size));
  look_find(text, &good, &bad);
  if (good && !kith_is_bad(kith_json_read(path, good, (int64_t)strlen(good), &j))) {
    look_take_good(s, j.value, trial);
    kith_json_free(&j);
  }
  if (bad && !kith_is_bad(kith_json_read(path, bad, (int64_t)strlen(bad), &j))) {
    look_take_bad(j.value, trial);
    kith_json_free(&j);
  }
  trial->seconds = look_seconds(s, t);
done:
  KITH_FREE(text);
  return st;
}
