/*
 * Where checkpoints lie: checkpoint-EEEEEE.h5 for each kept epoch, and checkpoint-latest, a line of text that names the
 * newest and is written last.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/checkpoint.h"
#include "kith/file.h"

#define CHECKPOINT_STEM "checkpoint-"
#define CHECKPOINT_LATEST "checkpoint-latest"

static bool checkpoint_is_one(const char *name, int64_t *epoch) {
  size_t stem = sizeof CHECKPOINT_STEM - 1;
  char *end = NULL;
  if (strncmp(name, CHECKPOINT_STEM, stem) != 0 || name[stem] < '0' || name[stem] > '9') return false;
  errno = 0;
  *epoch = strtoll(name + stem, &end, 10);
  return errno == 0 && strcmp(end, ".h5") == 0;
}

kith_status kith__checkpoint_prune(const char *folder, int keep, int64_t stays) {
  kith_status st = KITH_OK;
  char path[KITH_PATH];
  int64_t epoch = 0;
  if (keep == 0) {
    KITH_TRY(kith_path_join(folder, CHECKPOINT_LATEST, path));
    KITH_CHECK(unlink(path) == 0 || errno == ENOENT, KITH_EOUTPUT, "%s: cannot be removed: %s", path, strerror(errno));
  }
  struct dirent **entry = NULL;
  int n = scandir(folder, &entry, NULL, alphasort), kept = 0;
  for (int i = n - 1; i >= 0; i--) {
    if (checkpoint_is_one(entry[i]->d_name, &epoch) && kept++ >= keep && epoch != stays && kith_path_join(folder, entry[i]->d_name, path) == KITH_OK) unlink(path);
    free(entry[i]);
  }
  free(entry);
done:
  return st;
}

kith_status kith__checkpoint_name(const char *folder, int64_t epoch, char *name, char *path) {
  snprintf(name, KITH_NAME, CHECKPOINT_STEM "%06lld.h5", (long long)epoch);
  return kith_path_join(folder, name, path);
}

kith_status kith__checkpoint_point(const char *folder, const char *name) {
  kith_status st = KITH_OK;
  char path[KITH_PATH], line[KITH_NAME + 1];
  KITH_TRY(kith_path_join(folder, CHECKPOINT_LATEST, path));
  snprintf(line, sizeof line, "%s\n", name);
  KITH_TRY(kith_text_write(path, line));
done:
  return st;
}

static kith_status checkpoint_find(const char *folder, char *path) {
  kith_status st = KITH_OK;
  char pointer[KITH_PATH], name[KITH_NAME] = "";
  int64_t epoch = 0;
  KITH_TRY(kith_path_join(folder, CHECKPOINT_LATEST, pointer));
  FILE *f = fopen(pointer, "r");
  if (!f) return st;
  bool read = fscanf(f, "%63s", name) == 1;
  fclose(f);
  KITH_CHECK(read && checkpoint_is_one(name, &epoch), KITH_EDATA, "%s: expected the name of a checkpoint, found \"%s\"; remove it or use --fresh", pointer, name);
  KITH_TRY(kith_path_join(folder, name, path));
  KITH_CHECK(access(path, F_OK) == 0, KITH_ENOINPUT, "%s: %s, but %s names it; train with --fresh to start anew", path, strerror(errno), pointer);
done:
  return st;
}

kith_agreed kith_checkpoint_newest(const kith_comm *comm, const char *folder, char *path) {
  kith_agreed st = {KITH_OK};
  path[0] = '\0';
  KITH_TRY(kith_agree(comm, comm->rank == 0 ? checkpoint_find(folder, path) : KITH_OK));
  kith_comm_share(comm, KITH_PATH, path);
done:
  return st;
}

static kith_status checkpoint_look(const char *folder, int64_t epoch, char *path) {
  kith_status st = KITH_OK;
  char name[KITH_NAME];
  KITH_TRY(kith__checkpoint_name(folder, epoch, name, path));
  if (access(path, F_OK) != 0) path[0] = '\0';
done:
  return st;
}

kith_agreed kith_checkpoint_of(const kith_comm *comm, const char *folder, int64_t epoch, char *path) {
  kith_agreed st = {KITH_OK};
  path[0] = '\0';
  KITH_TRY(kith_agree(comm, comm->rank == 0 ? checkpoint_look(folder, epoch, path) : KITH_OK));
  kith_comm_share(comm, KITH_PATH, path);
done:
  return st;
}

kith_agreed kith_checkpoint_remove(const kith_comm *comm, const char *folder) {
  return kith_agree(comm, comm->rank == 0 ? kith__checkpoint_prune(folder, 0, -1) : KITH_OK);
}
