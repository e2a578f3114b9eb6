/* Output files of verbs must not overwrite files that the job reads, or the work folder's own. */
#include <fnmatch.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "job/table.h"

/* Whether a file is one of several paths or globs, one a line. */
static bool output_is_among(const char *path, const char *lines) {
  char copy[KITH_PATH], *rest = NULL;
  snprintf(copy, sizeof copy, "%s", lines);
  for (const char *one = strtok_r(copy, "\n", &rest); one; one = strtok_r(NULL, "\n", &rest))
    if (kith_file_is_same(path, one) || fnmatch(one, path, FNM_PATHNAME) == 0) return true;
  return false;
}

/* Whether a name is one of the work folder's own files, such as graph.h5, whether or not they exist. */
static bool output_is_stage(const kith_job *job, const char *path) {
  static const char *const stage[] = {"graph.h5", "parts.h5", "embeddings.h5", "blend.h5", "metrics.jsonl"};
  char folder[KITH_PATH], name[KITH_PATH];
  snprintf(folder, sizeof folder, "%s", path);
  snprintf(name, sizeof name, "%s", path);
  const char *base = basename(name);
  bool own = strncmp(base, "checkpoint-", strlen("checkpoint-")) == 0;
  for (size_t i = 0; i < sizeof stage / sizeof *stage; i++) own |= strcmp(base, stage[i]) == 0;
  return own && kith_file_is_same(dirname(folder), job->work);
}

/* The key by which the job reads this file, null if none does; `own` is the key that says where it is
 * written. */
static const char *output_key(const kith_job *job, const job_table *t, const char *path, const char *own) {
  for (int i = 0; i < t->n; i++) {
    const job_key *k = &t->key[i];
    const char *read = (const char *)job + k->offset;
    if (strcmp(k->key, own) == 0) continue;
    if (k->kind == JOB_PATH && kith_file_is_same(path, read)) return k->key;
    if (k->kind == JOB_PATHS && output_is_among(path, read)) return k->key;
  }
  return NULL;
}

bool kith_job_is_own_name(const char *path) {
  const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
  return strncmp(base, "kith.lock", strlen("kith.lock")) == 0 || strcmp(base, "waiting.txt") == 0;
}

kith_status kith_job_check_output(const kith_job *job, const char *path) {
  kith_status st = KITH_OK;
  job_table t;
  kith__job_table_of(job, &t);
  KITH_CHECK(!kith_file_is_same(path, job->path), KITH_EUSAGE, "%s: is the job file; write another file",
             path);
  KITH_CHECK(!kith_job_is_own_name(path), KITH_EUSAGE,
             "%s: is a name that Kith keeps for itself; write another file", path);
  KITH_CHECK(!output_is_stage(job, path), KITH_EUSAGE,
             "%s: is a file of the work folder's own; write another file", path);
  const char *key = output_key(job, &t, path, "");
  KITH_CHECK(!key, KITH_EUSAGE, "%s: is what the job reads as %s; write another file", path, key);
done:
  return st;
}

kith_status kith_job_check_stage(const kith_job *job, const char *name, const char *path) {
  kith_status st = KITH_OK;
  job_table t;
  char other[KITH_PATH], usual[KITH_PATH], new_file[KITH_PATH];
  kith__job_table_of(job, &t);
  const char *rest = strcmp(name, "graph.h5") == 0 ? "parts.h5" : "graph.h5";
  KITH_TRY(kith_path_join(job->work, name, usual));
  KITH_TRY(kith_path_join(job->work, "new.h5", new_file));
  KITH_TRY(kith_job_file(job, rest, other));
  KITH_CHECK(!kith_file_is_same(path, job->path), KITH_EUSAGE,
             "%s: is the job file; name another file for %s", path, name);
  KITH_CHECK(!kith_job_is_own_name(path), KITH_EUSAGE,
             "%s: is a name that Kith keeps for itself; name another file for %s", path, name);
  KITH_CHECK(!kith_file_is_same(path, other) && strcmp(path, other) != 0, KITH_EUSAGE,
             "%s: is the job's %s; name another file for %s", path, rest, name);
  KITH_CHECK(strcmp(path, new_file) != 0 && !kith_file_is_same(path, new_file), KITH_EUSAGE,
             "%s: is the file of kith embed; name another file for %s", path, name);
  KITH_CHECK(strcmp(path, usual) == 0 || kith_file_is_same(path, usual) || !output_is_stage(job, path),
             KITH_EUSAGE, "%s: is another file of the work folder's own; name another file for %s", path,
             name);
  const char *key = output_key(job, &t, path, strcmp(name, "graph.h5") == 0 ? "graph" : "parts");
  KITH_CHECK(!key, KITH_EUSAGE, "%s: is what the job reads as %s; name another file for %s", path, key, name);
done:
  return st;
}
