#include "support/folder.h"

#include <dirent.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

static void folder_need(bool good, const char *what) {
  if (good) return;
  perror(what);
  abort();
}

void test_folder_make(char *folder) {
  const char *root = getenv("TMPDIR");
  snprintf(folder, KITH_PATH, "%s/kith-test-XXXXXX", root ? root : P_tmpdir);
  folder_need(mkdtemp(folder) != NULL, folder);
}

static int folder_remove_one(const char *path, const struct stat *is, int type, struct FTW *at) {
  (void)is, (void)type, (void)at;
  return remove(path);
}

void test_folder_remove(const char *folder) { nftw(folder, folder_remove_one, 16, FTW_DEPTH | FTW_PHYS); }

const char *test_path(const char *folder, const char *name, char *path) {
  folder_need(kith_path_join(folder, name, path) == KITH_OK, name);
  return path;
}

void test_file_write(const char *folder, const char *name, const void *bytes, size_t size, char *path) {
  FILE *f = fopen(test_path(folder, name, path), "wb");
  folder_need(f && fwrite(bytes, 1, size, f) == size && fclose(f) == 0, path);
}

void test_file_write_gzip(const char *folder, const char *name, const void *bytes, size_t size, char *path) {
  gzFile f = gzopen(test_path(folder, name, path), "wb");
  folder_need(f && (size == 0 || gzwrite(f, bytes, (unsigned)size) == (int)size) && gzclose(f) == Z_OK, path);
}

char *test_file_read(const char *path, size_t *size) {
  FILE *f = fopen(path, "rb");
  folder_need(f && fseek(f, 0, SEEK_END) == 0, path);
  long n = ftell(f);
  char *bytes = kith_alloc(n + 1, 1);
  rewind(f);
  folder_need(bytes && fread(bytes, 1, (size_t)n, f) == (size_t)n && fclose(f) == 0, path);
  *size = (size_t)n;
  return bytes;
}

int test_folder_count(const char *folder) {
  DIR *d = opendir(folder);
  int n = 0;
  folder_need(d != NULL, folder);
  for (struct dirent *e = readdir(d); e; e = readdir(d)) n += e->d_name[0] != '.';
  closedir(d);
  return n;
}
