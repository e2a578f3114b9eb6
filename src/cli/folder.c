/* The work folder's lock: which verbs take it, and when. */
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cli.h"
#include "base/file.h"

static kith_agreed folder_lock(cli *c, const char *folder) {
  if (c->locked) return (kith_agreed){KITH_OK};
  kith_agreed st = kith_lock_take(c->comm, folder, c->verb, c->job.path, &c->lock);
  c->locked = !kith_is_bad(st);
  return st;
}

kith_agreed cli_lock(cli *c) { return folder_lock(c, c->job.work); }

kith_agreed cli_lock_of(cli *c, const char *path) {
  char folder[KITH_PATH];
  kith_file_parent(path, folder);
  return folder_lock(c, folder);
}

/* Whether a file is, or would be, in the work folder or in a folder of it. */
static bool folder_holds(const char *work, const char *path) {
  char folder[KITH_PATH], above[KITH_PATH];
  struct stat root, is;
  if (stat(work, &root) != 0) return false;
  kith_file_parent(path, folder);
  for (;;) {
    if (stat(folder, &is) == 0 && is.st_dev == root.st_dev && is.st_ino == root.st_ino) return true;
    kith_file_parent(folder, above);
    if (strcmp(above, folder) == 0) return false;
    memcpy(folder, above, sizeof folder);
  }
}

bool cli_is_shared(const cli *c, const char *path) {
  return c->comm->rank == 0 && access(path, F_OK) == 0 && !folder_holds(c->job.work, path);
}

void cli_print_written(const cli *c, const char *path, bool shared) {
  cli_print(c, "wrote %s", path);
  if (shared)
    cli_print_wrapped(c, 2,
                      "this replaced a file outside the work folder %s; other jobs that share it read the "
                      "new one",
                      c->job.work);
}

kith_agreed cli_lock_for(cli *c, const char *path) {
  bool within = c->comm->rank == 0 && folder_holds(c->job.work, path);
  kith_comm_bcast(c->comm, sizeof within, &within);
  return within ? cli_lock(c) : (kith_agreed){KITH_OK};
}
