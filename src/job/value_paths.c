/* The value of a key that holds paths and globs, one a line. */
#include <stdio.h>
#include <string.h>

#include "job/table.h"

/* "a.tsv", "part-*.tsv" or "[a.tsv, b.tsv]", or "[", lines of paths and "]", as lines. */
kith_status kith__job_value_paths(const job_key *k, const char *text, char *out) {
  kith_status st = KITH_OK;
  char copy[JOB_VALUE_SIZE], lines[JOB_VALUE_SIZE] = "", *rest = NULL;
  size_t n = strlen(text), used = 0;
  const bool listed = n > 1 && text[0] == '[' && text[n - 1] == ']';
  KITH_CHECK(n < sizeof copy, KITH_ECONFIG,
             "%s: expected at most %zu bytes, found %zu; a glob such as logs/*.tsv names many files", k->key,
             k->size - 1, n);
  const char *by = !listed ? "" : strchr(text, '\n') ? "\n" : ",";
  snprintf(copy, sizeof copy, "%.*s", (int)(n - (listed ? 2 : 0)), text + listed);
  for (char *one = strtok_r(copy, by, &rest); one; one = strtok_r(NULL, by, &rest)) {
    if (listed) one += strspn(one, " ");
    size_t size = strlen(one);
    while (listed && size > 0 && one[size - 1] == ' ') size--;
    if (size == 0) continue;
    if (used > 0) lines[used++] = '\n';
    memcpy(lines + used, one, size);
    used += size;
    lines[used] = '\0';
    one[size] = '\0';
    KITH_TRY(kith__job_value_text(k, one, out)); /* checks its characters; the lines replace it */
  }
  KITH_CHECK(used < k->size, KITH_ECONFIG,
             "%s: expected at most %zu bytes, found %zu; a glob such as logs/*.tsv names many files", k->key,
             k->size - 1, used);
  memcpy(out, lines, used + 1);
done:
  return st;
}

/* One path as it is, several as "[a.tsv, b.tsv]". */
void kith__job_print_paths(const char *lines, size_t size, char *text) {
  size_t n = 0;
  if (!strchr(lines, '\n')) {
    snprintf(text, size, "%s", lines);
    return;
  }
  for (const char *at = lines; *at; at += *at == '\n') {
    const int length = (int)strcspn(at, "\n");
    n += (size_t)snprintf(text + n, size - n, "%s%.*s", n > 0 ? ", " : "[", length, at);
    at += length;
  }
  snprintf(text + n, size - n, "]");
}
