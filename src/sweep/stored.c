/* What a sweep that is there varies, as --set takes it: read from the settings that it was begun with. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "sweep/process.h"

enum { STORED_LINE = KITH_SWEEP_KEY_SIZE };

/* A text that ends where its room does. */
static void stored_add(char *text, const char *word, size_t size) {
  const size_t n = strlen(text);
  snprintf(text + n, KITH_SWEEP_STORED - n, "%.*s", (int)size, word);
}

/* "0.1|0.2" as "[0.1, 0.2]"; a value with a comma is a list itself. */
static void stored_list(const char *values, char *text) {
  stored_add(text, "[", 1);
  for (const char *at = values; *at;) {
    const size_t n = strcspn(at, "|");
    const bool list = memchr(at, ',', n) && *at != '[';
    if (at > values) stored_add(text, ", ", 2);
    if (list) stored_add(text, "[", 1);
    stored_add(text, at, n);
    if (list) stored_add(text, "]", 1);
    at += n + (at[n] == '|');
  }
  stored_add(text, "]", 1);
}

/* Whether a key of the settings ends so, which says that its values are a range. */
static bool stored_is_range(const char *key, size_t n, const char *end) {
  const size_t m = strlen(end);
  return n > m && strncmp(key + n - m, end, m) == 0;
}

/* A line for "sweep.KEY=VALUES"; none for the order, which is no key. */
static void stored_line(const char *word, char *text) {
  const char *value = strchr(word, '=');
  const bool axis = value && strchr(word + strlen("sweep."), '.') < value &&
                    strchr(word + strlen("sweep."), '.') && strncmp(word, "sweep.halving.", 14) != 0;
  if (!value || strncmp(word, "sweep.order=", 12) == 0) return;
  const size_t n = (size_t)(value++ - word), bar = strcspn(value, "|");
  const bool log = stored_is_range(word, n, ".log"), linear = stored_is_range(word, n, ".linear");
  stored_add(text, word, n - (!axis ? 0 : log ? 4 : linear ? 7 : 0));
  stored_add(text, "=", 1);
  if (axis && (log || linear)) {
    stored_add(text, "{from: ", 7);
    stored_add(text, value, bar);
    stored_add(text, ", to: ", 6);
    stored_add(text, value + bar + (value[bar] == '|'), strlen(value));
    stored_add(text, log ? ", scale: log}" : "}", 13);
  } else if (axis) stored_list(value, text);
  else stored_add(text, value, strlen(value));
  stored_add(text, "\n", 1);
}

/* The number of trials that were drawn: a line of trials.jsonl each. */
static kith_status stored_count(const char *folder, int *n) {
  kith_status st = KITH_OK;
  char path[KITH_PATH];
  FILE *f = NULL;
  *n = 0;
  KITH_TRY(kith_path_join(folder, "trials.jsonl", path));
  if (access(path, R_OK) != 0) return st;
  KITH_TRY(kith_file_fopen(path, &f));
  for (int c = getc(f); c != EOF; c = getc(f)) *n += c == '\n';
done:
  if (f) fclose(f);
  return st;
}

kith_status kith_sweep_stored(const kith_job *job, char *text) {
  kith_status st = KITH_OK;
  char folder[KITH_PATH], path[KITH_PATH], trials[64], *line = NULL, *rest = NULL;
  int n = 0;
  text[0] = '\0';
  KITH_TRY(kith_path_join(job->work, "sweep", folder));
  KITH_TRY(kith_path_join(folder, "settings.txt", path));
  if (access(path, R_OK) != 0) return st;
  KITH_TRY(KITH_NEW(line, STORED_LINE));
  KITH_TRY(kith__sweep_first_line(path, STORED_LINE, line));
  const bool drawn = strstr(line, " sweep.order=drawn") && !strstr(line, " sweep.trials=");
  for (char *word = strtok_r(line, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
    if (strncmp(word, "sweep.", strlen("sweep.")) == 0) stored_line(word, text);
  if (drawn && job->sweep.trials == 0) KITH_TRY(stored_count(folder, &n));
  snprintf(trials, sizeof trials, "sweep.trials=%d\n", n);
  if (n > 0) stored_add(text, trials, strlen(trials));
done:
  KITH_FREE(line);
  return st;
}
