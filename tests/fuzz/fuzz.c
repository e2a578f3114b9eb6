/* What all fuzz targets share. */
#include "fuzz/fuzz.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "support/folder.h"

const kith_comm fuzz_comm = {.mpi = MPI_COMM_SELF, .rank = 0, .size = 1};
char fuzz_folder[KITH_PATH];
kith_status fuzz_status;

static void fuzz_end(void) {
  test_folder_remove(fuzz_folder);
  MPI_Finalize();
}

void fuzz_begin(void) {
  struct stat is;
  setenv("OMPI_MCA_opal_signal", "", 1); /* signals are the sanitizers' */
  setenv("OMPI_MCA_ess_singleton_isolated", "1", 1);
  if (stat("/dev/shm", &is) == 0) setenv("TMPDIR", "/dev/shm", 1);
  MPI_Init(NULL, NULL);
  kith_log_set(KITH_LOG_NOTHING);
  test_folder_make(fuzz_folder);
  atexit(fuzz_end);
}

void fuzz_fail(const char *format, ...) {
  va_list rest;
  va_start(rest, format);
  fprintf(stderr, "fuzz: ");
  vfprintf(stderr, format, rest);
  fprintf(stderr, "\n");
  va_end(rest);
  abort();
}

void fuzz_write(const char *name, const void *bytes, size_t size, char *path) {
  test_file_write(fuzz_folder, name, bytes, size, path);
}

void fuzz_outcome(kith_status st, const char *word, int64_t live_before) {
  const char *text = kith_error_text();
  fuzz_status = st;
  FUZZ_HOLD(kith_alloc_live() == live_before, "%lld blocks stay behind",
            (long long)(kith_alloc_live() - live_before));
  if (st == KITH_OK) return;
  if (getenv("FUZZ_SAY")) fprintf(stderr, "%s: %s\n", kith_status_name(st), text);
  FUZZ_HOLD(st == KITH_EDATA || st == KITH_ENOINPUT || st == KITH_ECONFIG, "refused as \"%s\": %s",
            kith_status_name(st), text);
  FUZZ_HOLD(text[0] && !strchr(text, '\n'), "not one line: %s", text);
  FUZZ_HOLD(strstr(text, word), "does not name %s: %s", word, text);
}

uint64_t fuzz_take(fuzz_bytes *b, int n) {
  uint64_t value = 0;
  for (int i = 0; i < n && b->at < b->end; i++) value |= (uint64_t)*b->at++ << (8 * i);
  return value;
}

size_t fuzz_until(fuzz_bytes *b, uint8_t stop, const char **at) {
  size_t left = (size_t)(b->end - b->at);
  const uint8_t *found = left > 0 ? memchr(b->at, stop, left) : NULL;
  size_t n = found ? (size_t)(found - b->at) : left;
  *at = (const char *)b->at;
  b->at += n + (found != NULL);
  return n;
}

void fuzz_hold_lists(const kith_ragged *l, int64_t n_row, int64_t n_item) {
  FUZZ_HOLD(l->n_row == n_row && l->start[0] == 0, "%lld rows from %lld", (long long)l->n_row,
            (long long)l->start[0]);
  for (int64_t u = 0; u < n_row; u++) {
    FUZZ_HOLD(l->start[u] <= l->start[u + 1], "row %lld ends before it begins", (long long)u);
    for (kith_eid e = l->start[u]; e < l->start[u + 1]; e++)
      FUZZ_HOLD(l->value[e] >= 0 && l->value[e] < n_item &&
                    (e == l->start[u] || l->value[e - 1] < l->value[e]),
                "row %lld holds %d", (long long)u, l->value[e]);
  }
}
