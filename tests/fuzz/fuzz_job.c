/*
 * A job file and settings of the command line: the text up to the first zero byte is the file, what stands
 * between further zero bytes are the words behind --set.  A job that is taken can be printed, and is read
 * back as the same.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "job/job.h"

enum { JOB_SETTINGS = 8, JOB_BYTES = 1 << 13 };

/* NOLINTNEXTLINE(readability-non-const-parameter): libFuzzer says so */
int LLVMFuzzerInitialize(int *argc, char ***argv) {
  (void)argc, (void)argv;
  fuzz_begin();
  return 0;
}

/* Bytes as a C string in memory of its own, so that reading behind its end is noticed. */
static char *job_string(const char *at, size_t n) {
  char *text = malloc(n + 1);
  if (!text) abort();
  if (n > 0) memcpy(text, at, n);
  text[n] = '\0';
  return text;
}

static void job_hold(const kith_job *job) {
  char path[KITH_PATH], *text = NULL, *again = NULL;
  kith_job other;
  if (kith_is_bad(kith_job_print(job, &text))) fuzz_fail("%s", kith_error_text());
  fuzz_write("printed.yaml", text, strlen(text), path);
  kith_agreed st = kith_job_read(&fuzz_comm, path, 0, NULL, &other);
  FUZZ_HOLD(!kith_is_bad(st), "what is printed is refused: %s\n%s", kith_error_text(), text);
  if (kith_is_bad(kith_job_print(&other, &again))) fuzz_fail("%s", kith_error_text());
  FUZZ_HOLD(strcmp(text, again) == 0, "what is printed is read as something else:\n%s\n%s", text, again);
  KITH_FREE(text);
  KITH_FREE(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  fuzz_bytes b = {data, data + size};
  char path[KITH_PATH], *set[JOB_SETTINGS];
  const char *at;
  kith_job job;
  int n_set = 0;
  size_t n = fuzz_until(&b, 0, &at);
  fuzz_write("job.yaml", at, n, path);
  for (; n_set < JOB_SETTINGS && b.at < b.end; n_set++) {
    n = fuzz_until(&b, 0, &at);
    set[n_set] = job_string(at, n);
  }
  int64_t live = kith_alloc_live();
  kith_agreed st = kith_job_read(&fuzz_comm, path, n_set, (const char *const *)set, &job);
  bool setting = kith_is_bad(st) && strncmp(kith_error_text(), "--set", 5) == 0;
  bool key = kith_is_bad(st) && strncmp(kith_error_text(), path, strlen(path)) != 0;
  fuzz_outcome(st.status, setting ? "--set" : key ? ":" : path, live);
  if (!kith_is_bad(st)) job_hold(&job);
  for (int i = 0; i < n_set; i++) free(set[i]);
  return 0;
}
