/* The files of a list: paths and globs, one a line. */
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <stdio.h>
#include <sys/stat.h>

#include "ingest/lists.h"

const char *kith__list_files_show(const char *paths, char *text) {
  int n = 1;
  for (const char *at = paths; *at; at++) n += *at == '\n';
  if (n == 1) snprintf(text, KITH_PATH, "%s", paths);
  else snprintf(text, KITH_PATH, "%.*s and %d more", (int)strcspn(paths, "\n"), paths, n - 1);
  return text;
}

const char *kith__list_files_name(const kith__list_files *files, int i) {
  const char *slash = strrchr(files->path[i], '/');
  return slash ? slash + 1 : files->path[i];
}

void kith__list_files_free(kith__list_files *files) {
  for (int i = 0; i < files->n; i++) KITH_FREE(files->path[i]);
  KITH_FREE(files->path);
  KITH_FREE(files->bytes);
  files->n = 0;
}

static kith_status list_files_add(kith__list_files *files, const char *path, int64_t bytes) {
  kith_status st = KITH_OK;
  const int64_t n = files->n, size = (int64_t)strlen(path) + 1;
  if ((n & (n - 1)) == 0) { /* full, at powers of two */
    KITH_TRY(KITH_GROW(files->path, n, n > 0 ? 2 * n : 1));
    KITH_TRY(KITH_GROW(files->bytes, n, n > 0 ? 2 * n : 1));
  }
  KITH_TRY(KITH_NEW(files->path[n], size));
  memcpy(files->path[n], path, (size_t)size);
  files->bytes[n] = bytes;
  files->n++;
done:
  return st;
}

static int list_files_compare(const void *a, const void *b) {
  return strcmp(*(char *const *)a, *(char *const *)b); /* bytes, whatever the locale */
}

/* The files of a glob; a folder among them is left to the error of opening it. */
static kith_status list_files_glob(const char *pattern, kith__list_files *files) {
  kith_status st = KITH_OK;
  struct stat is;
  glob_t found = {.gl_pathc = 0};
  const int code = glob(pattern, GLOB_NOSORT, NULL, &found);
  KITH_CHECK(code != GLOB_NOSPACE, KITH_ENOMEM, "%s: no memory for the names of its files", pattern);
  KITH_CHECK(code == 0 && found.gl_pathc > 0, KITH_ENOINPUT, "%s: no file has such a name", pattern);
  KITH_CHECK(found.gl_pathc < INT32_MAX, KITH_ENOINPUT, "%s: too many files", pattern);
  qsort(found.gl_pathv, found.gl_pathc, sizeof *found.gl_pathv, list_files_compare);
  for (size_t i = 0; i < found.gl_pathc; i++)
    KITH_TRY(list_files_add(files, found.gl_pathv[i],
                            stat(found.gl_pathv[i], &is) == 0 ? (int64_t)is.st_size : 1));
done:
  globfree(&found);
  return st;
}

static kith_status list_files_check_once(const kith__list_files *files) {
  kith_status st = KITH_OK;
  char **sorted = NULL;
  KITH_TRY(KITH_NEW(sorted, files->n));
  for (int i = 0; i < files->n; i++) sorted[i] = files->path[i];
  qsort(sorted, (size_t)files->n, sizeof *sorted, list_files_compare);
  for (int i = 1; i < files->n; i++)
    KITH_CHECK(strcmp(sorted[i - 1], sorted[i]) != 0, KITH_ECONFIG,
               "%s: is named twice among the paths of one list", sorted[i]);
done:
  KITH_FREE(sorted);
  return st;
}

/* Parts without a byte are common where many tasks wrote a list; one stays, to say that the list is empty. */
static void list_files_drop_empty(kith__list_files *files) {
  int kept = 0;
  for (int i = 0; i < files->n; i++) {
    const bool last = i == files->n - 1 && kept == 0;
    if (files->bytes[i] == 0 && !last) {
      KITH_FREE(files->path[i]);
      continue;
    }
    files->path[kept] = files->path[i];
    files->bytes[kept++] = files->bytes[i];
  }
  files->n = kept;
}

kith_status kith__list_files_find(const char *paths, kith__list_files *out) {
  kith_status st = KITH_OK;
  kith__list_files files = {.n = 0};
  char *copy = NULL, *rest = NULL;
  struct stat is;
  *out = files;
  KITH_TRY(KITH_NEW(copy, (int64_t)strlen(paths) + 1));
  memcpy(copy, paths, strlen(paths) + 1);
  for (char *one = strtok_r(copy, "\n", &rest); one; one = strtok_r(NULL, "\n", &rest)) {
    const bool there = stat(one, &is) == 0;
    if (!there && strpbrk(one, "*?[")) KITH_TRY(list_files_glob(one, &files));
    else KITH_TRY(list_files_add(&files, one, there ? (int64_t)is.st_size : 1));
  }
  KITH_TRY(list_files_check_once(&files));
  list_files_drop_empty(&files);
  *out = files;
  files = (kith__list_files){.n = 0};
done:
  kith__list_files_free(&files);
  KITH_FREE(copy);
  return st;
}
