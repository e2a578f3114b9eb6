/* A file that a verb is asked to write must be none that the job reads, and none of its work folder's own. */
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "job/table.h"

static bool output_is_same(const char *a, const char *b) {
  struct stat x, y;
  return a[0] && b[0] && stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

/* graph.h5 and its like, whether they are there or not. */
static bool output_is_stage(const kith_job *job, const char *path) {
  static const char *const stage[] = {"graph.h5", "parts.h5", "embeddings.h5", "metrics.jsonl"};
  char folder[KITH_PATH], name[KITH_PATH];
  snprintf(folder, sizeof folder, "%s", path);
  snprintf(name, sizeof name, "%s", path);
  const char *base = basename(name);
  bool own = strncmp(base, "checkpoint-", strlen("checkpoint-")) == 0;
  for (size_t i = 0; i < sizeof stage / sizeof *stage; i++) own |= strcmp(base, stage[i]) == 0;
  return own && output_is_same(dirname(folder), job->work);
}

kith_status kith_job_check_output(const kith_job *job, const char *path) {
  kith_status st = KITH_OK;
  KITH_CHECK(!output_is_same(path, job->path), KITH_EUSAGE, "%s: is the job file; write another file", path);
  KITH_CHECK(!output_is_stage(job, path), KITH_EUSAGE, "%s: is a file of the work folder's own; write another file", path);
  for (int i = 0; i < kith__job_n_key; i++) {
    const job_key *k = &kith__job_table[i];
    if (k->kind == JOB_PATH) KITH_CHECK(!output_is_same(path, (const char *)job + k->place), KITH_EUSAGE, "%s: is what the job reads as %s; write another file", path, k->key);
  }
done:
  return st;
}

/* Whether a key names where this very file goes, or no file at all. */
static bool output_is_place(const char *key, const char *name) {
  const char *own = strcmp(name, "graph.h5") == 0 ? "graph" : "parts";
  return strcmp(key, own) == 0 || strcmp(key, "work") == 0;
}

kith_status kith_job_check_stage(const kith_job *job, const char *name, const char *path) {
  kith_status st = KITH_OK;
  char other[KITH_PATH], usual[KITH_PATH];
  const char *rest = strcmp(name, "graph.h5") == 0 ? "parts.h5" : "graph.h5";
  KITH_TRY(kith_path_join(job->work, name, usual));
  KITH_TRY(kith_job_file(job, rest, other));
  KITH_CHECK(!output_is_same(path, job->path), KITH_EUSAGE, "%s: is the job file; name another file for %s", path, name);
  KITH_CHECK(!output_is_same(path, other) && strcmp(path, other) != 0, KITH_EUSAGE, "%s: is the job's %s; name another file for %s",
             path, rest, name);
  KITH_CHECK(strcmp(path, usual) == 0 || output_is_same(path, usual) || !output_is_stage(job, path), KITH_EUSAGE,
             "%s: is another file of the work folder's own; name another file for %s", path, name);
  for (int i = 0; i < kith__job_n_key; i++) {
    const job_key *k = &kith__job_table[i];
    if (k->kind != JOB_PATH || output_is_place(k->key, name)) continue;
    KITH_CHECK(!output_is_same(path, (const char *)job + k->place), KITH_EUSAGE, "%s: is what the job reads as %s; name another file for %s",
               path, k->key, name);
  }
done:
  return st;
}
