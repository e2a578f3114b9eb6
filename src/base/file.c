/* Files appear whole or not at all: written under another name, put onto the disk, renamed, the folder put onto the disk. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kith/fault.h"
#include "kith/file.h"

kith_status kith_file_name(const char *wanted, char *path, char *tmp) {
  kith_status st = KITH_OK;
  KITH_TRY(kith_text_copy("file", wanted, KITH_PATH, path));
  snprintf(tmp, KITH_TMP_PATH, "%s.tmp", path);
done:
  return st;
}

void kith_file_folder(const char *path, char *folder) {
  const char *slash = strrchr(path, '/');
  size_t n = slash ? (size_t)(slash - path) : 0;
  if (slash == path) n = 1; /* the root folder keeps its slash */
  if (n == 0) memcpy(folder, ".", 2);
  else memcpy(folder, path, n), folder[n] = '\0';
}

kith_status kith_file_begin(const char *path, const char *tmp) {
  kith_status st = KITH_OK;
  char folder[KITH_PATH];
  struct stat is;
  int file = -1;
  kith_file_folder(path, folder);
  KITH_CHECK(stat(folder, &is) == 0, KITH_EOUTPUT, "%s: the folder %s cannot be written to: %s", path, folder, strerror(errno));
  KITH_CHECK(S_ISDIR(is.st_mode), KITH_EOUTPUT, "%s: %s is not a folder", path, folder);
  KITH_CHECK(stat(path, &is) != 0 || !S_ISDIR(is.st_mode), KITH_EOUTPUT, "%s: a folder stands where the file shall be", path);
  file = kith_fault(KITH_FAULT_WRITE) ? -1 : open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  KITH_CHECK(file >= 0, KITH_EOUTPUT, "%s: the folder %s cannot be written to: %s", path, folder, strerror(errno));
done:
  if (file >= 0) close(file);
  return st;
}

kith_status kith_file_sync(const char *path) {
  kith_status st = KITH_OK;
  int file = open(path, O_RDONLY | O_CLOEXEC);
  KITH_CHECK(file >= 0, KITH_EIO, "%s: %s", path, strerror(errno));
  /* Some file systems cannot sync a folder or a special file: EINVAL says so, and is no loss of data. */
  bool good = !kith_fault(KITH_FAULT_WRITE) && fsync(file) == 0;
  KITH_CHECK(good || errno == EINVAL, KITH_EIO, "%s: writing to the disk failed: %s", path, strerror(errno));
done:
  if (file >= 0) close(file);
  return st;
}

kith_status kith_file_publish(const char *tmp, const char *path) {
  kith_status st = KITH_OK;
  char folder[KITH_PATH];
  kith_file_folder(path, folder);
  KITH_CHECK(!kith_fault(KITH_FAULT_WRITE) && rename(tmp, path) == 0, KITH_EIO, "%s: the finished file cannot be given its name: %s", path, strerror(errno));
  KITH_TRY(kith_file_sync(folder));
done:
  if (kith_is_bad(st)) unlink(tmp);
  return st;
}

void kith_file_sweep(const char *wanted) {
  char path[KITH_PATH], tmp[KITH_TMP_PATH];
  if (kith_file_name(wanted, path, tmp) == KITH_OK) unlink(tmp);
}

static kith_status file_put(const char *path, const char *tmp, const char *text) {
  kith_status st = KITH_OK;
  FILE *f = kith_fault(KITH_FAULT_WRITE) ? NULL : fopen(tmp, "we");
  KITH_CHECK(f, KITH_EOUTPUT, "%s: %s", path, strerror(errno));
  size_t n = strlen(text);
  bool good = !kith_fault(KITH_FAULT_WRITE) && fwrite(text, 1, n, f) == n && fflush(f) == 0;
  KITH_CHECK(good, KITH_EIO, "%s: writing failed: %s", path, strerror(errno));
done:
  if (f && fclose(f) != 0 && st == KITH_OK) st = kith_fail(KITH_EIO, "%s: writing failed: %s", path, strerror(errno));
  return st;
}

kith_status kith_text_write(const char *wanted, const char *text) {
  kith_status st = KITH_OK;
  char path[KITH_PATH], tmp[KITH_TMP_PATH] = "";
  KITH_TRY(kith_file_name(wanted, path, tmp));
  KITH_TRY(kith_file_begin(path, tmp));
  KITH_TRY(file_put(path, tmp, text));
  KITH_TRY(kith_file_sync(tmp));
  KITH_TRY(kith_file_publish(tmp, path));
done:
  if (kith_is_bad(st) && tmp[0]) unlink(tmp);
  return st;
}
