/* Comparison of the job's keys with those by which the graph was ingested, since a run stores its job in its
 * files. */
#include <stdio.h>
#include <string.h>

#include "job/table.h"

/* Whether a key decides how a list is read, and may be left to detection: "auto" or "". */
static bool changed_is_detected(const char *key) {
  static const char *const end[] = {".format", ".delimiter", ".header", ".comment"};
  const char *last = strrchr(key, '.');
  for (size_t i = 0; i < sizeof end / sizeof *end; i++)
    if (strcmp(last, end[i]) == 0) return true;
  return false;
}

static bool changed_is_open(const char *value) { return !value[0] || strcmp(value, "auto") == 0; }

static const char *changed_shown(const char *value) { return value[0] ? value : "empty"; }

static const char *changed_name(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash ? slash + 1 : path;
}

/* Whether two lists of paths, one a line, have the same names. */
static bool changed_same_names(const char *now, const char *then) {
  while (*now && *then) {
    char a[KITH_PATH], b[KITH_PATH];
    const size_t n = strcspn(now, "\n"), m = strcspn(then, "\n");
    snprintf(a, sizeof a, "%.*s", (int)n, now);
    snprintf(b, sizeof b, "%.*s", (int)m, then);
    if (strcmp(changed_name(a), changed_name(b)) != 0) return false;
    now += n + (now[n] == '\n');
    then += m + (then[m] == '\n');
  }
  return !*now && !*then;
}

/* A column, by default the first or the second one. */
static const char *changed_column(const char *key, const char *value) {
  static const struct {
    const char *end, *column;
  } usual[] = {{".user", "1"}, {".from", "1"}, {".id", "1"}, {".item", "2"}, {".to", "2"}};
  const char *last = strrchr(key, '.');
  for (size_t i = 0; !value[0] && i < sizeof usual / sizeof *usual; i++)
    if (strcmp(last, usual[i].end) == 0) return usual[i].column;
  return value;
}

/* Whether two values can have read the same list in the same way; a list may have moved. */
static bool changed_same(const job_key *k, const char *now, const char *then) {
  if (k->kind == JOB_PATH) return strcmp(changed_name(now), changed_name(then)) == 0;
  if (changed_is_detected(k->key) && (changed_is_open(now) || changed_is_open(then))) return true;
  if (k->kind == JOB_COLUMN) return strcmp(changed_column(k->key, now), changed_column(k->key, then)) == 0;
  return strcmp(now, then) == 0;
}

void kith_job_warn_changed(const kith_job *job, const char *path, const char *text) {
  kith_job old = kith_job_defaults();
  job_table table, table_then;
  char now[JOB_VALUE_SIZE], then[JOB_VALUE_SIZE];
  if (kith_is_bad(kith_job_read_stored(path, text, &old))) return;
  kith__job_table_of(job, &table);
  kith__job_table_of(&old, &table_then);
  for (int i = 0; i < table.n; i++) {
    const job_key *k = &table.key[i], *k_then = kith__job_find(&table_then, k->key);
    if (strncmp(k->key, "data.", 5) != 0 || !k_then) continue;
    if (k->kind == JOB_PATHS &&
        changed_same_names((const char *)job + k->offset, (const char *)&old + k_then->offset))
      continue;
    kith__job_get(job, k, sizeof now, now);
    kith__job_get(&old, k_then, sizeof then, then);
    if (k->kind != JOB_PATHS && changed_same(k, now, then)) continue;
    kith_warn("%s: %s is %s, but %s was ingested with %s, which counts; run kith ingest to change it",
              job->path, k->key, changed_shown(now), path, changed_shown(then));
  }
}
