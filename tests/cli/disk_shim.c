/*
 * Preloaded by test_disk_sweep.sh: the k-th call of a kind that is about a path or file with SHIM_UNDER in
 * its name fails.
 *
 *   SHIM_CALL=NAME   pwrite, write, pread, read, fsync, close, rename, ftruncate, open or unlink
 *   SHIM_AT=K        counted from 1        SHIM_ERROR=N   its errno
 *
 * Says so on stderr, for the script to know that there were as many calls.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int seen;

static int about(const char *path) {
  const char *under = getenv("SHIM_UNDER");
  return under && path && strstr(path, under) != NULL;
}

static int about_file(int file) {
  char link[64], path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  ssize_t n = readlink(link, path, sizeof path - 1);
  if (n < 0) return 0;
  path[n] = '\0';
  return about(path);
}

/* Whether this call has to fail; sets errno. */
static int fails(const char *call, int mine) {
  const char *which = getenv("SHIM_CALL"), *at = getenv("SHIM_AT"), *error = getenv("SHIM_ERROR");
  if (!mine || !which || !at || !error || strcmp(which, call) != 0) return 0;
  if (__sync_add_and_fetch(&seen, 1) != (int)strtol(at, NULL, 10)) return 0;
  fprintf(stderr, "[shim: %s]\n", call);
  errno = (int)strtol(error, NULL, 10);
  return 1;
}

#define REAL(name) ((__typeof__(&(name)))dlsym(RTLD_NEXT, #name))

ssize_t pwrite(int file, const void *x, size_t n, off_t at) {
  return fails("pwrite", about_file(file)) ? -1 : REAL(pwrite)(file, x, n, at);
}
ssize_t pwrite64(int file, const void *x, size_t n, off64_t at) {
  return fails("pwrite", about_file(file)) ? -1 : REAL(pwrite64)(file, x, n, at);
}
ssize_t write(int file, const void *x, size_t n) {
  return fails("write", about_file(file)) ? -1 : REAL(write)(file, x, n);
}
ssize_t pread(int file, void *x, size_t n, off_t at) {
  return fails("pread", about_file(file)) ? -1 : REAL(pread)(file, x, n, at);
}
ssize_t pread64(int file, void *x, size_t n, off64_t at) {
  return fails("pread", about_file(file)) ? -1 : REAL(pread64)(file, x, n, at);
}
ssize_t read(int file, void *x, size_t n) {
  return fails("read", about_file(file)) ? -1 : REAL(read)(file, x, n);
}
int fsync(int file) { return fails("fsync", about_file(file)) ? -1 : REAL(fsync)(file); }
int rename(const char *from, const char *to) {
  return fails("rename", about(from)) ? -1 : REAL(rename)(from, to);
}
int ftruncate(int file, off_t n) {
  return fails("ftruncate", about_file(file)) ? -1 : REAL(ftruncate)(file, n);
}
int ftruncate64(int file, off64_t n) {
  return fails("ftruncate", about_file(file)) ? -1 : REAL(ftruncate64)(file, n);
}
int unlink(const char *path) { return fails("unlink", about(path)) ? -1 : REAL(unlink)(path); }

int close(int file) {
  int mine = about_file(file), rc = REAL(close)(file); /* it is closed all the same, as Linux does */
  return fails("close", mine) ? -1 : rc;
}

static int mode_of(va_list rest, int flags) { return flags & O_CREAT ? va_arg(rest, int) : 0; }

int open(const char *path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  int mode = mode_of(rest, flags);
  va_end(rest);
  return fails("open", about(path)) ? -1 : REAL(open)(path, flags, mode);
}

int open64(const char *path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  int mode = mode_of(rest, flags);
  va_end(rest);
  return fails("open", about(path)) ? -1 : REAL(open64)(path, flags, mode);
}
