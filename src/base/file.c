/*
 * Atomic writes: write a temporary file, sync it, rename it, sync the folder.
 *
 * The temporary name is NAME.tmp- and 64 random bits, opened with O_EXCL and O_NOFOLLOW.  It cannot be
 * predicted, so in a shared folder no foreign link is followed, and no two programs share a temporary file.
 * Only regular files are opened for reading: a FIFO, socket or device could block.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/file.h"

#define FILE_TMP ".tmp"
enum {
  FILE_DIGITS = 16,
  FILE_SUFFIX = sizeof FILE_TMP + FILE_DIGITS, /* of ".tmp-0123456789abcdef" */
  FILE_OLD = 3600                              /* seconds */
};

/* Repeat a call while a signal interrupts it. */
#define FILE_AGAIN(result, call)                                                                             \
  do (result) = (call);                                                                                      \
  while ((result) < 0 && errno == EINTR)

kith_status kith_file_tmp_name(const char *wanted, char *path, char *tmp) {
  kith_status st = KITH_OK;
  uint64_t bits = 0;
  ssize_t got = 0;
  KITH_TRY(kith_text_copy("file", wanted, KITH_PATH, path));
  FILE_AGAIN(got, getrandom(&bits, sizeof bits, 0));
  KITH_CHECK(got == sizeof bits, KITH_EIO, "the system has no random numbers: %s", strerror(errno));
  snprintf(tmp, KITH_TMP_PATH, "%s" FILE_TMP "-%0*llx", path, FILE_DIGITS, (unsigned long long)bits);
done:
  return st;
}

void kith_file_parent(const char *path, char *folder) {
  const char *slash = strrchr(path, '/');
  size_t n = slash ? (size_t)(slash - path) : 0;
  if (slash == path) n = 1; /* the root folder keeps its slash */
  if (n == 0) memcpy(folder, ".", 2);
  else memcpy(folder, path, n), folder[n] = '\0';
}

const char *kith_file_kind(unsigned mode) {
  switch (mode & S_IFMT) {
  case S_IFREG: return "a file";
  case S_IFDIR: return "a folder";
  case S_IFIFO: return "a pipe (FIFO)";
  case S_IFSOCK: return "a socket";
  case S_IFLNK: return "a symbolic link";
  default: return "a device";
  }
}

/* ---- reading ---- */

kith_status kith_file_open(const char *path, int *out) {
  kith_status st = KITH_OK;
  struct stat is = {.st_mode = 0};
  int file = -1;
  *out = -1;
  KITH_CHECK(!kith_fault(KITH_FAULT_READ) && stat(path, &is) == 0, KITH_ENOINPUT, "%s: cannot be read: %s",
             path, strerror(errno));
  KITH_CHECK(S_ISREG(is.st_mode), KITH_ENOINPUT,
             "%s: is %s, expected a file; write what is to be read to a file first", path,
             kith_file_kind(is.st_mode));
  FILE_AGAIN(file, open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)); /* fault injection: see above */
  KITH_CHECK(file >= 0 && fstat(file, &is) == 0, KITH_ENOINPUT, "%s: cannot be read: %s", path,
             strerror(errno));
  KITH_CHECK(S_ISREG(is.st_mode), KITH_ENOINPUT, "%s: is no file any more", path);
  *out = file;
  file = -1;
done:
  if (file >= 0) close(file);
  return st;
}

kith_status kith_file_fopen(const char *path, FILE **out) {
  kith_status st = KITH_OK;
  int file = -1;
  *out = NULL;
  KITH_TRY(kith_file_open(path, &file));
  *out = fdopen(file, "r");
  KITH_CHECK(*out, KITH_ENOINPUT, "%s: cannot be read: %s", path, strerror(errno));
  file = -1;
done:
  if (file >= 0) close(file);
  return st;
}

/* ---- writing ---- */

/* An existing regular file will be replaced; anything else is an error. */
static kith_status file_check_place(const char *path, const char *folder) {
  kith_status st = KITH_OK;
  struct stat is;
  KITH_CHECK(stat(folder, &is) == 0, KITH_EOUTPUT, "%s: the folder %s cannot be written to: %s", path, folder,
             strerror(errno));
  KITH_CHECK(S_ISDIR(is.st_mode), KITH_EOUTPUT, "%s: %s is not a folder", path, folder);
  KITH_CHECK(stat(path, &is) != 0 || S_ISREG(is.st_mode), KITH_EOUTPUT, "%s: is %s, expected a file", path,
             kith_file_kind(is.st_mode));
done:
  return st;
}

kith_status kith_file_tmp_open(const char *path, const char *tmp, int *out) {
  kith_status st = KITH_OK;
  char folder[KITH_PATH];
  *out = -1;
  kith_file_parent(path, folder);
  KITH_TRY(file_check_place(path, folder));
  if (!kith_fault(KITH_FAULT_WRITE))
    FILE_AGAIN(*out, open(tmp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666));
  KITH_CHECK(*out >= 0, KITH_EOUTPUT, "%s: the folder %s cannot be written to: %s", path, folder,
             strerror(errno));
done:
  return st;
}

kith_status kith_file_tmp_create(const char *path, const char *tmp) {
  int file = -1;
  kith_status st = kith_file_tmp_open(path, tmp, &file);
  if (file >= 0) close(file);
  return st;
}

kith_status kith_file_tmp_fopen(const char *path, const char *tmp, FILE **out) {
  kith_status st = KITH_OK;
  int file = -1;
  *out = NULL;
  KITH_TRY(kith_file_tmp_open(path, tmp, &file));
  *out = kith_fault(KITH_FAULT_WRITE) ? NULL : fdopen(file, "w");
  KITH_CHECK(*out, KITH_EOUTPUT, "%s: cannot be written: %s", path, strerror(errno));
  file = -1;
done:
  if (file >= 0) close(file);
  if (kith_is_bad(st)) kith_file_tmp_remove(tmp);
  return st;
}

kith_status kith_file_tmp_reopen(const char *tmp, int *out) {
  kith_status st = KITH_OK;
  *out = -1;
  if (!kith_fault(KITH_FAULT_WRITE)) FILE_AGAIN(*out, open(tmp, O_WRONLY | O_NOFOLLOW | O_CLOEXEC));
  KITH_CHECK(*out >= 0, KITH_EIO, "%s: cannot be written any more: %s", tmp, strerror(errno));
done:
  return st;
}

kith_status kith_file_sync(const char *path) {
  kith_status st = KITH_OK;
  int file = -1, code = -1;
  FILE_AGAIN(file, open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  KITH_CHECK(file >= 0, KITH_EIO, "%s: %s", path, strerror(errno));
  if (!kith_fault(KITH_FAULT_WRITE)) FILE_AGAIN(code, fsync(file));
  /* EINVAL: the file system cannot sync a folder or a special file; no data is lost. */
  KITH_CHECK(code == 0 || errno == EINVAL, KITH_EIO, "%s: writing to the disk failed: %s", path,
             strerror(errno));
done:
  if (file >= 0) close(file);
  return st;
}

kith_status kith_file_publish(const char *tmp, const char *path) {
  kith_status st = KITH_OK;
  char folder[KITH_PATH];
  int code = -1;
  kith_file_parent(path, folder);
  if (!kith_fault(KITH_FAULT_WRITE)) FILE_AGAIN(code, rename(tmp, path));
  KITH_CHECK(code == 0, KITH_EIO, "%s: the finished file cannot be given its name: %s", path,
             strerror(errno));
  KITH_TRY(kith_file_sync(folder));
done:
  if (kith_is_bad(st)) kith_file_tmp_remove(tmp);
  return st;
}

void kith_file_tmp_remove(const char *tmp) {
  struct stat is;
  if (unlink(tmp) == 0) return;
  int why = errno;
  if (lstat(tmp, &is) == 0) kith_warn("%s: a temporary file that cannot be removed: %s", tmp, strerror(why));
}

/* ---- stale temporary files ---- */

/* Files that are written only under the work folder's lock. */
static bool file_is_own(const char *name) {
  static const char *const own[] = {"graph.h5", "parts.h5",      "embeddings.h5", "blend.h5",
                                    "new.h5",   "metrics.jsonl", "checkpoint-",   "kith.lock"};
  for (size_t i = 0; i < sizeof own / sizeof *own; i++)
    if (strncmp(name, own[i], strlen(own[i])) == 0) return true;
  return false;
}

static bool file_ends_as_tmp(const char *name) {
  const size_t n = strlen(name), end = FILE_SUFFIX;
  if (n <= end || strncmp(name + n - end, FILE_TMP "-", sizeof FILE_TMP) != 0) return false;
  return strspn(name + n - FILE_DIGITS, "0123456789abcdef") == FILE_DIGITS;
}

/* Before kith 0.1 temporary names had no number. */
static bool file_ends_as_old_tmp(const char *name) {
  const size_t n = strlen(name), end = sizeof FILE_TMP - 1;
  return n > end && strcmp(name + n - end, FILE_TMP) == 0;
}

static bool file_is_old(const char *path) {
  struct stat is;
  return lstat(path, &is) == 0 && time(NULL) - is.st_mtim.tv_sec > FILE_OLD;
}

/* A temporary file with a user-chosen name may belong to another running job, unless it is old. */
static void file_remove_if_stale(const char *folder, const char *name) {
  char path[KITH_PATH];
  bool own = file_is_own(name), ours = file_ends_as_tmp(name) || (own && file_ends_as_old_tmp(name));
  if (ours && kith_path_join(folder, name, path) == KITH_OK && (own || file_is_old(path)))
    kith_file_tmp_remove(path);
}

kith_status kith_file_remove_stale(const char *folder) {
  kith_status st = KITH_OK;
  DIR *d = kith_fault(KITH_FAULT_READ) ? NULL : opendir(folder);
  KITH_CHECK(d, KITH_ENOINPUT, "%s: cannot be read: %s", folder, strerror(errno));
  for (const struct dirent *e = readdir(d); e; e = readdir(d)) file_remove_if_stale(folder, e->d_name);
done:
  if (d) closedir(d);
  return st;
}

kith_status kith_file_remove_stale_of(const char *folder, const char *name) {
  kith_status st = KITH_OK;
  char path[KITH_PATH];
  const size_t n = strlen(name);
  DIR *d = kith_fault(KITH_FAULT_READ) ? NULL : opendir(folder);
  KITH_CHECK(d, KITH_ENOINPUT, "%s: cannot be read: %s", folder, strerror(errno));
  for (const struct dirent *e; (e = readdir(d));)
    if (strncmp(e->d_name, name, n) == 0 && strlen(e->d_name) == n + FILE_SUFFIX &&
        file_ends_as_tmp(e->d_name) && kith_path_join(folder, e->d_name, path) == KITH_OK)
      kith_file_tmp_remove(path);
done:
  if (d) closedir(d);
  return st;
}

/* ---- small text ---- */

kith_status kith_text_write(const char *wanted, const char *text) {
  kith_status st = KITH_OK;
  char path[KITH_PATH], tmp[KITH_TMP_PATH] = "";
  FILE *f = NULL;
  KITH_TRY(kith_file_tmp_name(wanted, path, tmp));
  KITH_TRY(kith_file_tmp_fopen(path, tmp, &f));
  size_t n = strlen(text);
  bool good = !kith_fault(KITH_FAULT_WRITE) && fwrite(text, 1, n, f) == n && fflush(f) == 0;
  KITH_CHECK(good, KITH_EIO, "%s: writing failed: %s", path, strerror(errno));
  KITH_TRY(kith_file_sync(tmp));
  KITH_TRY(kith_file_publish(tmp, path));
done:
  if (f && fclose(f) != 0 && st == KITH_OK)
    st = kith_fail(KITH_EIO, "%s: writing failed: %s", path, strerror(errno));
  if (kith_is_bad(st) && tmp[0]) kith_file_tmp_remove(tmp);
  return st;
}

static bool text_put(int fd, int64_t at, const char *text) {
  int64_t n = (int64_t)strlen(text);
  ssize_t some = 0;
  for (; n > 0; text += some, n -= some, at += some) {
    FILE_AGAIN(some, kith_fault(KITH_FAULT_WRITE) ? -1 : pwrite(fd, text, (size_t)n, at));
    if (some <= 0) return false;
  }
  return true;
}

kith_status kith_text_append(const char *path, int64_t size, const char *text, bool *fits) {
  kith_status st = KITH_OK;
  struct stat is;
  int fd = -1, synced = 0;
  FILE_AGAIN(fd,
             open(path, O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)); /* if not, the whole is written */
  *fits = fd >= 0 && fstat(fd, &is) == 0 && S_ISREG(is.st_mode) && is.st_nlink == 1 && is.st_size == size;
  if (!*fits) goto done;
  bool put = text_put(fd, size, text);
  if (put) FILE_AGAIN(synced, kith_fault(KITH_FAULT_WRITE) ? -1 : fsync(fd));
  if (!put || synced != 0) st = kith_fail(KITH_EIO, "%s: writing failed: %s", path, strerror(errno));
  if (kith_is_bad(st) && ftruncate(fd, size) != 0)
    st = kith_fail(KITH_EIO, "%s: is torn: %s", path, strerror(errno));
done:
  if (fd >= 0) close(fd);
  return st;
}

bool kith_file_is_same(const char *a, const char *b) {
  struct stat x, y;
  return a[0] && b[0] && stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}
