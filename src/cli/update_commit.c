/*
 * The end of kith update: files of WORK/update replace those of WORK.
 *
 * The list of them, WORK/update/commit, is written first, when all are complete, and removed last.  While it
 * is there, WORK may have files of both models: verbs refuse to read it, and kith update completes it, since
 * every step may be repeated: a listed file is in either folder, and moved if it is in WORK/update.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/file.h"
#include "cli/update.h"

#define COMMIT_LIST "commit"

enum { COMMIT_MOST = 1 << 16 }; /* bytes of the list */

kith_status cli_update_folder(const cli *c, char *folder) {
  return kith_path_join(c->refit ? c->chosen : c->job.work, "update", folder);
}

static bool commit_is_there(const char *folder, const char *name) {
  char path[KITH_PATH];
  return kith_path_join(folder, name, path) == KITH_OK && access(path, F_OK) == 0;
}

kith_status cli_update_read(const char *folder, const char *name, size_t size, char *text) {
  kith_status st = KITH_OK;
  char path[KITH_PATH];
  FILE *f = NULL;
  KITH_TRY(kith_path_join(folder, name, path));
  KITH_TRY(kith_file_fopen(path, &f));
  bool fails = kith_fault(KITH_FAULT_READ);
  size_t n = fails ? 0 : fread(text, 1, size - 1, f);
  KITH_CHECK(!fails && !ferror(f), KITH_EIO, "%s: %s", path, strerror(errno));
  text[n] = '\0';
done:
  if (f) fclose(f);
  return st;
}

kith_status cli_check_update(const cli *c, bool writes) {
  kith_status st = KITH_OK;
  char folder[KITH_PATH];
  if (c->comm->rank != 0) return st;
  KITH_TRY(cli_update_folder(c, folder));
  KITH_CHECK(!commit_is_there(folder, COMMIT_LIST), KITH_ENOINPUT,
             "%s: an update is taking the place of the model and was interrupted; run kith update %s with "
             "the same lists to complete it",
             folder, c->job_args);
  KITH_CHECK(!writes || !commit_is_there(folder, "settings"), KITH_EOUTPUT,
             "%s: an update of this model is not complete; run kith update %s with the same lists to "
             "go on, with --fresh to begin it anew, or remove the folder",
             folder, c->job_args);
done:
  return st;
}

/* ---- the list ---- */

static bool commit_is_checkpoint(const char *name) {
  return strncmp(name, "checkpoint-", strlen("checkpoint-")) == 0;
}

/* Checkpoints first, and graph.h5 last. */
static bool commit_has(const char *name) {
  static const char *const names[] = {"parts.h5", "embeddings.h5", "metrics.jsonl", "graph.h5"};
  const char *end = strrchr(name, '.');
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (strcmp(name, names[i]) == 0) return true;
  return commit_is_checkpoint(name) &&
         ((end && strcmp(end, ".h5") == 0) || strcmp(name, "checkpoint-latest") == 0);
}

static kith_status commit_write_list(const char *folder) {
  kith_status st = KITH_OK;
  char path[KITH_PATH], text[COMMIT_MOST] = "";
  size_t n = 0;
  DIR *d = NULL;
  KITH_TRY(kith_path_join(folder, COMMIT_LIST, path));
  d = kith_fault(KITH_FAULT_READ) ? NULL : opendir(folder);
  KITH_CHECK(d, KITH_EIO, "%s: %s", folder, strerror(errno));
  for (struct dirent *e; (e = readdir(d));)
    if (commit_has(e->d_name) && n < sizeof text)
      n += (size_t)snprintf(text + n, sizeof text - n, "%s\n", e->d_name);
  KITH_CHECK(n < sizeof text, KITH_EIO, "%s: has too many checkpoints to move", folder);
  KITH_TRY(kith_text_write(path, text));
done:
  if (d) closedir(d);
  return st;
}

static bool commit_lists(const char *text, const char *name) {
  size_t n = strlen(name);
  for (const char *at = text; (at = strstr(at, name)); at += n)
    if ((at == text || at[-1] == '\n') && at[n] == '\n') return true;
  return false;
}

/* ---- the files ---- */

/* Names and removals of a folder on the disk. */
static kith_status commit_sync(const char *folder) {
  kith_status st = KITH_OK;
  int d = kith_fault(KITH_FAULT_WRITE) ? -1 : open(folder, O_RDONLY | O_DIRECTORY);
  bool synced = d >= 0 && fsync(d) == 0;
  KITH_CHECK(synced, KITH_EIO, "%s: %s", folder, strerror(errno));
done:
  if (d >= 0) close(d);
  return st;
}

static kith_status commit_remove(const char *folder, const char *name) {
  kith_status st = KITH_OK;
  char path[KITH_PATH];
  KITH_TRY(kith_path_join(folder, name, path));
  bool gone = !kith_fault(KITH_FAULT_WRITE) && (unlink(path) == 0 || errno == ENOENT);
  KITH_CHECK(gone, KITH_EOUTPUT, "%s: cannot be removed: %s; run again to complete the update", path,
             strerror(errno));
done:
  return st;
}

/* The old model's checkpoints must not outlive its graph: training would take the newest by its name. */
static kith_status commit_remove_old(const char *work, const char *text) {
  kith_status st = KITH_OK;
  DIR *d = kith_fault(KITH_FAULT_READ) ? NULL : opendir(work);
  KITH_CHECK(d, KITH_EIO, "%s: %s", work, strerror(errno));
  for (struct dirent *e; (e = readdir(d));)
    if (commit_is_checkpoint(e->d_name) && commit_has(e->d_name) && !commit_lists(text, e->d_name))
      KITH_TRY(commit_remove(work, e->d_name));
done:
  if (d) closedir(d);
  return st;
}

static kith_status commit_move(const char *folder, const char *work, const char *name) {
  kith_status st = KITH_OK;
  char from[KITH_PATH], to[KITH_PATH];
  KITH_TRY(kith_path_join(folder, name, from));
  KITH_TRY(kith_path_join(work, name, to));
  kith_fault_step();
  bool moved = !kith_fault(KITH_FAULT_WRITE) && rename(from, to) == 0;
  if (!moved && errno == ENOENT && access(to, F_OK) == 0) return st; /* before an interruption */
  KITH_CHECK(moved, KITH_EIO, "%s: cannot take the place of %s: %s; run again to complete the update", from,
             to, strerror(errno));
done:
  return st;
}

static kith_status commit_move_all(const char *folder, const char *work, const char *text) {
  kith_status st = KITH_OK;
  for (const char *at = text; *at; at += strcspn(at, "\n") + 1) {
    char name[KITH_NAME];
    snprintf(name, sizeof name, "%.*s", (int)strcspn(at, "\n"), at);
    KITH_CHECK(commit_has(name), KITH_EDATA, "%s/" COMMIT_LIST ": lists %s, which is no file of an update",
               folder, name);
    KITH_TRY(commit_move(folder, work, name));
    if (!at[strcspn(at, "\n")]) break;
  }
done:
  return st;
}

/* What a killed process has left of its temporary files. */
static kith_status commit_remove_stale(const char *folder) {
  kith_status st = KITH_OK;
  KITH_TRY(kith_file_remove_stale(folder));
  KITH_TRY(kith_file_remove_stale_of(folder, "settings"));
  KITH_TRY(kith_file_remove_stale_of(folder, COMMIT_LIST));
done:
  return st;
}

/* What is left in the folder, the list at the end. */
static kith_status commit_clear(const char *folder) {
  kith_status st = KITH_OK;
  kith_fault_step();
  KITH_TRY(commit_remove(folder, "settings"));
  KITH_TRY(commit_remove_stale(folder));
  kith_fault_step();
  KITH_TRY(commit_remove(folder, COMMIT_LIST));
  if (rmdir(folder) != 0) kith_warn("%s: is not empty, and stays: %s", folder, strerror(errno));
done:
  return st;
}

static kith_status commit_all(const cli *c, bool begins) {
  kith_status st = KITH_OK;
  char folder[KITH_PATH], text[COMMIT_MOST];
  KITH_TRY(cli_update_folder(c, folder));
  if (begins) KITH_TRY(commit_write_list(folder));
  KITH_TRY(cli_update_read(folder, COMMIT_LIST, sizeof text, text));
  KITH_TRY(commit_remove_old(c->job.work, text));
  KITH_TRY(commit_move_all(folder, c->job.work, text));
  KITH_TRY(commit_sync(c->job.work));
  KITH_TRY(commit_clear(folder));
done:
  return st;
}

kith_agreed cli_update_commit(const cli *c) {
  return kith_agree(c->comm, c->comm->rank == 0 ? commit_all(c, true) : KITH_OK);
}

kith_agreed cli_update_complete(const cli *c, bool *done) {
  kith_agreed st = {KITH_OK};
  char folder[KITH_PATH];
  *done = false;
  KITH_TRY(kith_agree(c->comm, cli_update_folder(c, folder)));
  *done = c->comm->rank == 0 && commit_is_there(folder, COMMIT_LIST);
  kith_comm_bcast(c->comm, sizeof *done, done);
  if (*done) KITH_TRY(kith_agree(c->comm, c->comm->rank == 0 ? commit_all(c, false) : KITH_OK));
done:
  return st;
}

/* graph.h5 last: as long as it is there, an update goes on with what else is. */
static kith_status commit_remove_made(const char *folder) {
  kith_status st = KITH_OK;
  DIR *d = kith_fault(KITH_FAULT_READ) ? NULL : opendir(folder);
  if (!d && errno == ENOENT) return st;
  KITH_CHECK(d, KITH_EIO, "%s: %s", folder, strerror(errno));
  for (struct dirent *e; (e = readdir(d));)
    if (commit_has(e->d_name) && strcmp(e->d_name, "graph.h5") != 0)
      KITH_TRY(commit_remove(folder, e->d_name));
  KITH_TRY(commit_remove_stale(folder));
  KITH_TRY(commit_remove(folder, "graph.h5"));
done:
  if (d) closedir(d);
  return st;
}

static kith_status commit_forget(const cli *c) {
  kith_status st = KITH_OK;
  char folder[KITH_PATH];
  KITH_TRY(cli_update_folder(c, folder));
  KITH_TRY(commit_remove_made(folder));
  KITH_TRY(commit_remove(folder, "settings"));
  if (rmdir(folder) != 0 && errno != ENOENT) kith_warn("%s: stays: %s", folder, strerror(errno));
done:
  return st;
}

kith_agreed cli_update_forget(const cli *c) {
  return kith_agree(c->comm, c->comm->rank == 0 ? commit_forget(c) : KITH_OK);
}
