/* One key's value: from text, with its bounds, and back. */
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "job/table.h"

static void *value_at(kith_job *job, const job_key *k) { return (char *)job + k->place; }

static kith_status value_real(const job_key *k, const char *where, const char *text, double *out) {
  kith_status st = KITH_OK;
  char *end = NULL;
  errno = 0;
  double x = strtod(text, &end);
  KITH_CHECK(end != text && *end == '\0' && isfinite(x), KITH_ECONFIG, "%s: %s: expected a number, found \"%s\"", where, k->key, text);
  KITH_CHECK(x >= k->low && x <= k->high, KITH_ECONFIG, "%s: %s: %s is out of bounds, expected %g to %g%s%s", where, k->key, text, k->low,
             k->high, k->unit[0] ? " " : "", k->unit);
  *out = x;
done:
  return st;
}

static kith_status value_whole(const job_key *k, const char *where, const char *text, long long *out) {
  kith_status st = KITH_OK;
  char *end = NULL;
  errno = 0;
  long long x = strtoll(text, &end, 10);
  KITH_CHECK(end != text && *end == '\0' && errno == 0, KITH_ECONFIG, "%s: %s: expected a whole number, found \"%s\"", where, k->key, text);
  KITH_CHECK((double)x >= k->low && (double)x <= k->high, KITH_ECONFIG, "%s: %s: %s is out of bounds, expected %.15g to %.15g%s%s", where,
             k->key, text, k->low, k->high, k->unit[0] ? " " : "", k->unit);
  *out = x;
done:
  return st;
}

/* The place of `text` among names separated by " | ", or -1. */
static int value_name(const char *names, const char *text) {
  size_t n = strlen(text);
  for (int i = 0;; i++) {
    const char *end = strstr(names, " | ");
    size_t size = end ? (size_t)(end - names) : strlen(names);
    if (size == n && memcmp(names, text, n) == 0) return i;
    if (!end) return -1;
    names = end + 3;
  }
}

static void value_name_at(const char *names, int i, size_t size, char *text) {
  for (; i > 0; i--) names = strstr(names, " | ") + 3;
  const char *end = strstr(names, " | ");
  snprintf(text, size, "%.*s", end ? (int)(end - names) : (int)strlen(names), names);
}

static kith_status value_choice(const job_key *k, const char *where, const char *text, int *out) {
  kith_status st = KITH_OK;
  int i = value_name(k->unit, text);
  KITH_CHECK(i >= 0, KITH_ECONFIG, "%s: %s: expected %s, found \"%s\"", where, k->key, k->unit, text);
  *out = i;
done:
  return st;
}

static kith_status value_bool(const job_key *k, const char *where, const char *text, bool *out) {
  kith_status st = KITH_OK;
  bool yes = strcmp(text, "true") == 0 || strcmp(text, "yes") == 0, no = strcmp(text, "false") == 0 || strcmp(text, "no") == 0;
  KITH_CHECK(yes || no, KITH_ECONFIG, "%s: %s: expected true or false, found \"%s\"", where, k->key, text);
  *out = yes;
done:
  return st;
}

static int value_compare(const void *a, const void *b) { return *(const int *)a - *(const int *)b; }

/* "10, 20" or "[10, 20]": sorted, each once. */
static kith_status value_cutoffs(const job_key *k, const char *where, const char *text, kith_rank_options *out) {
  kith_status st = KITH_OK;
  char copy[JOB_VALUE], *rest = NULL;
  int n = 0, cut[KITH_CUTOFFS];
  KITH_TRY(kith_text_copy(k->key, text, sizeof copy, copy));
  for (char *word = strtok_r(copy, "[], ", &rest); word; word = strtok_r(NULL, "[], ", &rest)) {
    long long x = 0;
    KITH_CHECK(n < KITH_CUTOFFS, KITH_ECONFIG, "%s: %s: at most %d cut-offs", where, k->key, KITH_CUTOFFS);
    KITH_TRY(value_whole(k, where, word, &x));
    cut[n++] = (int)x;
  }
  KITH_CHECK(n > 0, KITH_ECONFIG, "%s: %s: expected a list of cut-offs such as [10, 20]", where, k->key);
  qsort(cut, (size_t)n, sizeof *cut, value_compare);
  out->n_k = 0;
  for (int i = 0; i < n; i++)
    if (i == 0 || cut[i] != cut[i - 1]) out->k[out->n_k++] = cut[i];
done:
  return st;
}

static kith_status value_protocol(const job_key *k, const char *where, const char *text, int *out) {
  kith_status st = KITH_OK;
  long long n = 0;
  if (strcmp(text, "full") == 0) {
    *out = 0;
    return st;
  }
  KITH_CHECK(strncmp(text, "sampled-", 8) == 0, KITH_ECONFIG, "%s: %s: expected full or sampled-N, found \"%s\"", where, k->key, text);
  KITH_TRY(value_whole(k, where, text + 8, &n));
  *out = (int)n;
done:
  return st;
}

/* "\t" may be written as two characters; so may a tab itself. */
static kith_status value_text(const job_key *k, const char *where, const char *text, char *out) {
  kith_status st = KITH_OK;
  const char *plain = strcmp(text, "\\t") == 0 || strcmp(text, "tab") == 0 ? "\t" : strcmp(text, "space") == 0 ? " " : text;
  bool is_delimiter = strstr(k->key, ".delimiter") != NULL;
  const char *take = is_delimiter ? plain : text;
  KITH_CHECK(strlen(take) < k->size, KITH_ECONFIG, "%s: %s: longer than %zu bytes", where, k->key, k->size - 1);
  snprintf(out, k->size, "%s", take);
done:
  return st;
}

kith_status kith__job_set(kith_job *job, const job_key *k, const char *where, const char *text) {
  kith_status st = KITH_OK;
  void *at = value_at(job, k);
  long long whole = 0;
  switch (k->kind) {
  case JOB_INT:
    KITH_TRY(value_whole(k, where, text, &whole));
    *(int *)at = (int)whole;
    break;
  case JOB_LONG:
    KITH_TRY(value_whole(k, where, text, &whole));
    *(int64_t *)at = whole;
    break;
  case JOB_REAL: KITH_TRY(value_real(k, where, text, at)); break;
  case JOB_BOOL: KITH_TRY(value_bool(k, where, text, at)); break;
  case JOB_NAME: KITH_TRY(value_choice(k, where, text, at)); break;
  case JOB_TEXT:
  case JOB_PATH: KITH_TRY(value_text(k, where, text, at)); break;
  case JOB_CUTOFFS: KITH_TRY(value_cutoffs(k, where, text, &job->evaluate)); break;
  case JOB_PROTOCOL: KITH_TRY(value_protocol(k, where, text, at)); break;
  case JOB_IDS: {
    int choice = 0;
    KITH_TRY(value_choice(k, where, text, &choice));
    *(bool *)at = choice == 0;
    break;
  }
  }
done:
  return st;
}

static void value_print_cutoffs(const kith_rank_options *o, size_t size, char *text) {
  int n = snprintf(text, size, "[");
  for (int i = 0; i < o->n_k; i++) n += snprintf(text + n, size - (size_t)n, "%s%d", i ? ", " : "", o->k[i]);
  snprintf(text + n, size - (size_t)n, "]");
}

void kith__job_get(const kith_job *job, const job_key *k, size_t size, char *text) {
  const void *at = (const char *)job + k->place;
  switch (k->kind) {
  case JOB_INT: snprintf(text, size, "%d", *(const int *)at); break;
  case JOB_LONG: snprintf(text, size, "%lld", (long long)*(const int64_t *)at); break;
  case JOB_REAL: snprintf(text, size, "%.17g", *(const double *)at); break;
  case JOB_BOOL: snprintf(text, size, "%s", *(const bool *)at ? "true" : "false"); break;
  case JOB_NAME: value_name_at(k->unit, (int)*(const unsigned *)at, size, text); break;
  case JOB_TEXT:
  case JOB_PATH: snprintf(text, size, "%s", (const char *)at); break;
  case JOB_CUTOFFS: value_print_cutoffs(&job->evaluate, size, text); break;
  case JOB_PROTOCOL:
    if (*(const int *)at == 0) snprintf(text, size, "full");
    else snprintf(text, size, "sampled-%d", *(const int *)at);
    break;
  case JOB_IDS: snprintf(text, size, "%s", *(const bool *)at ? "names" : "integers"); break;
  }
}
