/* Keys of the job against those that the graph was ingested with: a run tells its job to whoever reads its
 * files. */
#include <stdio.h>
#include <string.h>

#include "job/table.h"

/* Whether a key decides what graph.h5 holds, beside the lists themselves. */
static bool changed_decides(const char *key) {
  const char *last = strrchr(key, '.');
  if (strncmp(key, "data.", 5) != 0) return false;
  return strncmp(key, "data.split.", 11) == 0 || strcmp(key, "data.ids") == 0 ||
         strcmp(last, ".min_weight") == 0 || strcmp(last, ".normalize") == 0;
}

void kith_job_warn_changed(const kith_job *job, const char *path, const char *text) {
  kith_job old = kith_job_defaults();
  job_table table, table_then;
  char now[JOB_VALUE_SIZE], then[JOB_VALUE_SIZE];
  if (kith_is_bad(kith__job_read_stored(path, text, &old))) return;
  kith__job_table_of(job, &table);
  kith__job_table_of(&old, &table_then);
  for (int i = 0; i < table.n; i++) {
    const job_key *k = &table.key[i], *k_then = kith__job_find(&table_then, k->key);
    if (!changed_decides(k->key) || !k_then) continue;
    kith__job_get(job, k, sizeof now, now);
    kith__job_get(&old, k_then, sizeof then, then);
    if (strcmp(now, then) == 0) continue;
    kith_warn("%s: %s is %s, but %s was ingested with %s, which counts; run kith ingest to change it",
              job->path, k->key, now, path, then);
  }
}
