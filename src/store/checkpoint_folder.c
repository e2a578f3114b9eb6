/*
 * The folder of checkpoints: checkpoint-EEEEEE-SSSSSS.h5 (completed epochs, steps of the next one), and
 * checkpoint-latest, a line of text that names the newest and is written last.  Files of kith 0.1 have only
 * the epoch in their names; they are still found.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/checkpoint.h"
#include "base/fault.h"
#include "base/file.h"

#define FOLDER_STEM "checkpoint-"
#define FOLDER_LATEST "checkpoint-latest"

/* A checkpoint, from its file name; step -1: not in the name. */
typedef struct checkpoint_entry {
  int64_t epoch, step;
  char name[KITH_NAME];
} checkpoint_entry;

static bool folder_parse_name(const char *name, checkpoint_entry *p) {
  const char *at = name + sizeof FOLDER_STEM - 1;
  if (strlen(name) >= sizeof p->name || strncmp(name, FOLDER_STEM, sizeof FOLDER_STEM - 1) != 0 ||
      !kith_text_number(&at, &p->epoch))
    return false;
  p->step = -1;
  if (*at == '-') {
    at++;
    if (!kith_text_number(&at, &p->step)) return false;
  }
  snprintf(p->name, sizeof p->name, "%s", name);
  return strcmp(at, ".h5") == 0;
}

/* Compare (epoch, step) with b: -1, 0 or 1. */
static int folder_order(int64_t epoch, int64_t step, const checkpoint_entry *b) {
  if (epoch != b->epoch) return epoch < b->epoch ? -1 : 1;
  return (step > b->step) - (step < b->step);
}

static int folder_newest_first(const void *a, const void *b) {
  return -folder_order(((const checkpoint_entry *)a)->epoch, ((const checkpoint_entry *)a)->step, b);
}

/* List all checkpoints of a folder into a new block, newest first; none if the folder is missing. */
static kith_status folder_list(const char *folder, int *n, checkpoint_entry **list) {
  kith_status st = KITH_OK;
  struct dirent **entry = NULL;
  *n = 0;
  *list = NULL;
  int all = kith_fault(KITH_FAULT_READ) ? -1 : scandir(folder, &entry, NULL, NULL);
  KITH_CHECK(all >= 0 || errno == ENOENT, KITH_ENOINPUT, "%s: %s", folder, strerror(errno));
  KITH_TRY(KITH_NEW(*list, all > 0 ? all : 0));
  for (int i = 0; i < all; i++) *n += folder_parse_name(entry[i]->d_name, *list + *n);
  qsort(*list, (size_t)*n, sizeof **list, folder_newest_first);
done:
  for (int i = 0; i < all; i++) free(entry[i]);
  free(entry);
  return st;
}

kith_status kith__checkpoint_path(const char *folder, int64_t epoch, int64_t step, char *name, char *path) {
  snprintf(name, KITH_NAME, FOLDER_STEM "%06lld-%06lld.h5", (long long)epoch, (long long)step);
  return kith_path_join(folder, name, path);
}

kith_status kith__checkpoint_set_latest(const char *folder, const char *name) {
  kith_status st = KITH_OK;
  char path[KITH_PATH], line[KITH_NAME + 1];
  KITH_TRY(kith_path_join(folder, FOLDER_LATEST, path));
  snprintf(line, sizeof line, "%s\n", name);
  KITH_TRY(kith_text_write(path, line));
done:
  return st;
}

/* A checkpoint that cannot be removed only costs disk space: warn once. */
static void folder_remove(const char *folder, const char *name) {
  static bool warned;
  char path[KITH_PATH];
  if (kith_path_join(folder, name, path) != KITH_OK || unlink(path) == 0 || errno == ENOENT || warned) return;
  warned = true;
  kith_warn("%s: an old checkpoint that cannot be removed: %s; it and others may stay", path,
            strerror(errno));
}

/* Checkpoints after (epoch, step) stay: resuming skipped them; they go when the run has passed them. */
kith_status kith__checkpoint_prune(const char *folder, int keep, int64_t epoch, int64_t step, int64_t stays) {
  kith_status st = KITH_OK;
  checkpoint_entry *list = NULL;
  int n = 0, kept = 0;
  KITH_TRY(folder_list(folder, &n, &list));
  for (int i = 0; i < n; i++)
    if (folder_order(epoch, step, &list[i]) >= 0 && kept++ >= keep &&
        (list[i].epoch != stays || list[i].step > 0))
      folder_remove(folder, list[i].name);
done:
  KITH_FREE(list);
  return st;
}

/* ---- finding ---- */

/* Read the name in checkpoint-latest; "" if the file is missing. */
static kith_status folder_read_latest(const char *folder, char *name) {
  kith_status st = KITH_OK;
  char path[KITH_PATH];
  checkpoint_entry p;
  name[0] = '\0';
  KITH_TRY(kith_path_join(folder, FOLDER_LATEST, path));
  FILE *f = NULL;
  if (access(path, F_OK) != 0 && errno == ENOENT) return st;
  KITH_TRY(kith_file_fopen(path, &f)); /* unreadable differs from missing */
  bool read = fscanf(f, "%63s", name) == 1;
  fclose(f);
  KITH_CHECK(read && folder_parse_name(name, &p), KITH_EDATA,
             "%s: expected the name of a checkpoint, found \"%s\"", path, name);
done:
  return st;
}

/* Choose the nth candidate: first that of checkpoint-latest, then all others, newest first. */
static void folder_choose(const char *pointed, int n, const checkpoint_entry *list, int nth, char *name) {
  int at = pointed[0] ? 1 : 0;
  name[0] = '\0';
  if (pointed[0] && nth == 0) snprintf(name, KITH_NAME, "%s", pointed);
  for (int i = 0; i < n && !name[0]; i++)
    if (strcmp(list[i].name, pointed) != 0 && at++ == nth) snprintf(name, KITH_NAME, "%s", list[i].name);
}

static kith_status folder_find(const char *folder, int nth, char *path) {
  kith_status st = KITH_OK;
  char pointed[KITH_NAME], name[KITH_NAME];
  checkpoint_entry *list = NULL;
  int n = 0;
  KITH_TRY(folder_list(folder, &n, &list));
  kith_status how = folder_read_latest(folder, pointed);
  KITH_CHECK(how == KITH_OK || n > 0, how,
             "%s, and there is no other checkpoint; train with --fresh to start anew", kith_error_text());
  if (how != KITH_OK) {
    pointed[0] = '\0';
    if (nth == 0) kith_warn("%s: the folder's own checkpoints are looked at", kith_error_text());
  }
  folder_choose(pointed, n, list, nth, name);
  if (name[0]) KITH_TRY(kith_path_join(folder, name, path));
done:
  KITH_FREE(list);
  return st;
}

/* Broadcast the result of rank 0. */
static kith_agreed folder_bcast(const kith_comm *comm, kith_status found, char *path) {
  kith_agreed st = {KITH_OK};
  KITH_TRY(kith_agree(comm, found));
  kith_comm_bcast(comm, KITH_PATH, path);
done:
  return st;
}

kith_agreed kith_checkpoint_find(const kith_comm *comm, const char *folder, int nth, char *path) {
  path[0] = '\0';
  return folder_bcast(comm, comm->rank == 0 ? folder_find(folder, nth, path) : KITH_OK, path);
}

static kith_status folder_find_epoch(const char *folder, int64_t epoch, char *path) {
  kith_status st = KITH_OK;
  checkpoint_entry *list = NULL;
  int n = 0;
  KITH_TRY(folder_list(folder, &n, &list));
  for (int i = 0; i < n && !path[0]; i++)
    if (list[i].epoch == epoch && list[i].step <= 0) KITH_TRY(kith_path_join(folder, list[i].name, path));
done:
  KITH_FREE(list);
  return st;
}

kith_agreed kith_checkpoint_at_epoch(const kith_comm *comm, const char *folder, int64_t epoch, char *path) {
  path[0] = '\0';
  return folder_bcast(comm, comm->rank == 0 ? folder_find_epoch(folder, epoch, path) : KITH_OK, path);
}

/* ---- removing ---- */

/* A file to remove: its path, and a temporary path. */
typedef struct removal {
  char path[KITH_PATH], tmp[KITH_TMP_PATH];
} removal;

static kith_status folder_stage_removal(const char *folder, const char *name, removal *d) {
  kith_status st = KITH_OK;
  char path[KITH_PATH];
  struct stat is;
  KITH_TRY(kith_path_join(folder, name, path));
  KITH_TRY(kith_file_tmp_name(path, d->path, d->tmp));
  KITH_CHECK(lstat(path, &is) == 0, KITH_EOUTPUT, "%s: cannot be removed: %s", path, strerror(errno));
  KITH_CHECK(!S_ISDIR(is.st_mode), KITH_EOUTPUT, "%s: cannot be removed: it is a folder", path);
  KITH_CHECK(!kith_fault(KITH_FAULT_WRITE) && rename(d->path, d->tmp) == 0, KITH_EOUTPUT,
             "%s: cannot be removed: %s", path, strerror(errno));
done:
  return st;
}

/* Remove all or none: rename each file first; on failure, rename all back. */
static kith_status folder_clear(const char *folder) {
  kith_status st = KITH_OK;
  char latest[KITH_PATH];
  checkpoint_entry *list = NULL;
  removal *d = NULL;
  int n = 0, done = 0;
  struct stat is;
  KITH_TRY(folder_list(folder, &n, &list));
  KITH_TRY(KITH_NEW(d, n + 1));
  KITH_TRY(kith_path_join(folder, FOLDER_LATEST, latest));
  bool named = lstat(latest, &is) == 0;
  for (; done < n + named; done++)
    KITH_TRY(
        folder_stage_removal(folder, named && done == 0 ? FOLDER_LATEST : list[done - named].name, &d[done]));
  for (int i = 0; i < done; i++) kith_file_tmp_remove(d[i].tmp);
done:
  while (kith_is_bad(st) && done-- > 0)
    if (kith_fault(KITH_FAULT_WRITE) || rename(d[done].tmp, d[done].path) != 0)
      kith_warn("%s: is now called %s: %s", d[done].path, d[done].tmp, strerror(errno));
  KITH_FREE(d);
  KITH_FREE(list);
  return st;
}

kith_agreed kith_checkpoint_remove(const kith_comm *comm, const char *folder) {
  return kith_agree(comm, comm->rank == 0 ? folder_clear(folder) : KITH_OK);
}
