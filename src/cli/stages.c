/* The files of a job's stages: a verb that misses one says which verb makes it. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"

/* The verb that writes a file of the work folder. */
static const char *stages_verb(const char *name) {
  return strcmp(name, "graph.h5") == 0 ? "ingest" : strcmp(name, "parts.h5") == 0 ? "partition" : "train";
}

kith_status cli_stage(const cli *c, const char *name, char *path) {
  kith_status st = KITH_OK;
  KITH_TRY(kith_job_file(&c->job, name, path));
  if (c->comm->rank != 0) return st;
  bool missing = access(path, F_OK) != 0 && errno == ENOENT;
  KITH_CHECK(!missing, KITH_ENOINPUT, "%s: %s: run kith %s %s first", path, strerror(ENOENT), stages_verb(name), c->job.path);
done:
  return st;
}
