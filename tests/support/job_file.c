#include <sys/stat.h>
#include <unistd.h>

#include "support/folder.h"
#include "support/job_file.h"
#include "support/mpi_main.h"

job_table test_job_table;
char test_job_home[KITH_PATH];
const char *test_job_folder = test_job_home;
const char *const test_job_folders[] = {test_job_home, "below", "."};

void test_job_begin(void) {
  const kith_job defaults = kith_job_defaults();
  kith__job_table_of(&defaults, &test_job_table);
  test_folder_make(test_job_home);
  if (chdir(test_job_home) != 0 || mkdir("below", 0700) != 0) abort();
}

void test_job_end(void) { test_folder_remove(test_job_home); }

kith_status test_job_read(const char *text, int n_set, const char *const *set, kith_job *out) {
  char path[KITH_PATH];
  test_file_write(test_job_folder, "job.yaml", text, strlen(text), path);
  return kith_job_read(test_comm, path, n_set, set, out).status;
}

void assert_job_read(const char *text, int n_set, const char *const *set, kith_job *out) {
  if (kith_is_bad(test_job_read(text, n_set, set, out)))
    fail_msg("%s\nwas refused: %s", text, kith_error_text());
}

void assert_error_says(const char *words) {
  if (!strstr(kith_error_text(), words)) fail_msg("\"%s\" does not say \"%s\"", kith_error_text(), words);
  assert_null(strchr(kith_error_text(), '\n'));
}

void assert_job_refused(const char *text, int line, const char *words) {
  kith_job before, out;
  char place[64];
  memset(&before, 0x5a, sizeof before);
  memcpy(&out, &before, sizeof out);
  if (test_job_read(text, 0, NULL, &out) != KITH_ECONFIG) fail_msg("%s\nwas not refused as a bad job", text);
  snprintf(place, sizeof place, "/job.yaml:%d: ", line);
  assert_error_says(place);
  assert_error_says(words);
  assert_memory_equal(&out, &before, sizeof out);
}

int test_job_spell(const char *key, const char *value, char *text) {
  char *end = text + sprintf(text, "# a job\n");
  int line = 2;
  for (const char *dot = strchr(key, '.'); dot; key = dot + 1, dot = strchr(key, '.'), line++)
    end += sprintf(end, "%*s%.*s:\n", 2 * (line - 2), "", (int)(dot - key), key);
  sprintf(end, "%*s%s: %s\n", 2 * (line - 2), "", key, value);
  return line;
}

void assert_value_refused(const job_key *k, const char *value, const char *words) {
  char text[JOB_TEXT_SIZE], said[JOB_TEXT_SIZE];
  int line = test_job_spell(k->key, value, text);
  snprintf(said, sizeof said, "%s: %s", k->key, words);
  assert_job_refused(text, line, said);
}

bool job_key_is_text(const job_key *k) {
  return k->kind == JOB_TEXT || k->kind == JOB_PATH || k->kind == JOB_PATHS || k->kind == JOB_DELIMITER ||
         k->kind == JOB_COLUMN;
}
bool job_key_is_number(const job_key *k) {
  bool list =
      kith__job_is_list(k) && k->kind != JOB_PATHS && k->kind != JOB_RELATIONS && k->kind != JOB_KNOTS;
  return k->kind == JOB_INT || k->kind == JOB_INT64 || k->kind == JOB_REAL || list || k->kind == JOB_PROTOCOL;
}

void assert_same_job(const kith_job *a, const kith_job *b) {
  for (int i = 0; i < test_job_table.n; i++) {
    const job_key *k = &test_job_table.key[i];
    const char *x = (const char *)a + k->offset, *y = (const char *)b + k->offset;
    size_t size = k->kind == JOB_CUTOFFS ? sizeof(int) * (size_t)a->evaluate.n_k : k->size;
    bool same = job_key_is_text(k) ? strcmp(x, y) == 0 : memcmp(x, y, size) == 0;
    if (!same)
      fail_msg("%s differs: \"%s\", \"%s\"", k->key, job_key_is_text(k) ? x : "",
               job_key_is_text(k) ? y : "");
  }
  assert_int_equal(a->evaluate.n_k, b->evaluate.n_k);
}

int test_job_choose(const char *words, uint64_t i, char *text) {
  int n = 1;
  for (const char *p = strstr(words, " | "); p; p = strstr(p + 3, " | ")) n++;
  for (i %= (uint64_t)n; i > 0; i--) words = strstr(words, " | ") + 3;
  const char *end = strstr(words, " | ");
  sprintf(text, "%.*s", end ? (int)(end - words) : (int)strlen(words), words);
  return n;
}
