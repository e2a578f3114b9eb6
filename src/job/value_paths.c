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

kith_status kith__job_resolve_paths(const char *what, const char *folder, bool expand, char *lines) {
  kith_status st = KITH_OK;
  char copy[KITH_PATH], path[KITH_PATH], whole[KITH_PATH], all[2 * KITH_PATH] = "", *rest = NULL;
  size_t n = 0;
  snprintf(copy, sizeof copy, "%s", lines);
  for (char *one = strtok_r(copy, "\n", &rest); one; one = strtok_r(NULL, "\n", &rest)) {
    if (expand) KITH_TRY(kith_path_expand(what, one, path));
    KITH_TRY(kith_path_join(folder, expand ? path : one, whole));
    KITH_CHECK(n + strlen(whole) + 1 < KITH_PATH, KITH_ECONFIG,
               "%s: the paths have more than %d bytes with their folders; a glob such as logs/*.tsv names "
               "many files",
               what, KITH_PATH - 1);
    n += (size_t)snprintf(all + n, sizeof all - n, "%s%s", n > 0 ? "\n" : "", whole);
  }
  memcpy(lines, all, n + 1);
done:
  return st;
}
