/* Bounded copies, edit distance, UTF-8, paths. */
#include <errno.h>
#include <float.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fault.h"

uint64_t kith_text_hash(const char *text) {
  uint64_t h = 14695981039346656037u;
  for (; *text; text++) h = (h ^ (uint64_t)(unsigned char)*text) * 1099511628211u;
  return h;
}

kith_status kith_text_copy(const char *what, const char *text, size_t size, char *buffer) {
  size_t n = strlen(text);
  if (n >= size) return kith_fail(KITH_ECONFIG, "%s: %zu bytes long, at most %zu fit", what, n, size - 1);
  memcpy(buffer, text, n + 1);
  return KITH_OK;
}

void kith_text_append_quoted(const char *before, const char *word, size_t size, char *text) {
  const size_t safe = strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./=:,+-");
  const char *quote = word[safe] || !word[0] ? "'" : "";
  size_t n = strlen(text);
  n += (size_t)snprintf(text + n, size - n, "%s%s", before, quote);
  for (; *word && n < size; word++)
    n += (size_t)snprintf(text + n, size - n, *word == '\'' ? "'\\''" : "%c", *word);
  if (n < size) snprintf(text + n, size - n, "%s", quote);
}

/* Dynamic programming by rows: row[j] is the distance of the first i letters of a and the first j of b. */
int kith_edit_distance(const char *a, const char *b) {
  enum { MOST = 256 };
  int row[MOST + 1], n = (int)strnlen(b, MOST);
  for (int j = 0; j <= n; j++) row[j] = j;
  for (int i = 0; a[i]; i++) {
    int diagonal = row[0];
    row[0] = i + 1;
    for (int j = 0; j < n; j++) {
      int change = diagonal + (a[i] != b[j]), drop = row[j + 1] + 1, add = row[j] + 1;
      int least = drop < add ? drop : add;
      diagonal = row[j + 1];
      row[j + 1] = change < least ? change : least;
    }
  }
  return row[n];
}

int kith_text_nearest(const char *word, int n, const char *first, size_t stride) {
  int best = 0, least = 0;
  for (int i = 0; i < n; i++) {
    int distance = kith_edit_distance(word, first + (size_t)i * stride);
    if (i == 0 || distance < least) best = i, least = distance;
  }
  return best;
}

bool kith_edit_distance_is_small(const char *word, int distance) {
  return 3 * distance <= (int)strlen(word) + 2;
}

int kith_utf8_decode(const char *text, int64_t size, uint32_t *code) {
  static const uint32_t least[5] = {0, 0, 0x80, 0x800, 0x10000}; /* overlong forms are invalid */
  const unsigned char *t = (const unsigned char *)text;
  int n = t[0] < 0x80 ? 1 : t[0] < 0xc2 ? 0 : t[0] < 0xe0 ? 2 : t[0] < 0xf0 ? 3 : t[0] < 0xf5 ? 4 : 0;
  if (n > size) return 0;
  *code = n < 2 ? t[0] : t[0] & (0xffu >> (n + 1));
  for (int i = 1; i < n; i++) {
    if ((t[i] & 0xc0) != 0x80) return 0;
    *code = *code << 6 | (t[i] & 0x3fu);
  }
  return *code >= least[n] && *code <= 0x10ffff && (*code < 0xd800 || *code >= 0xe000) ? n : 0;
}

bool kith_unicode_is_control(uint32_t code) {
  bool line_break = code == 0x2028 || code == 0x2029,
       none = code == 0xfeff || code == 0xfffe || code == 0xffff;
  return code < 0x20 || (code >= 0x7f && code < 0xa0) || line_break || none;
}

/* Joiners (U+200C, U+200D) and directional marks are part of some scripts, so they are not listed. */
bool kith_unicode_is_invisible(uint32_t code) {
  bool zero_width = code == 0x200b || code == 0x2060 || code == 0x180e;
  return zero_width || (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
}

int kith_utf8_length(const char *text) {
  uint32_t code = 0;
  int n = kith_utf8_decode(text, 4, &code);
  return n > 0 && (code == '\t' || !kith_unicode_is_control(code)) ? n : 0;
}

int64_t kith_utf8_valid_prefix(const char *text, int64_t size) {
  uint32_t code = 0;
  int64_t at = 0;
  for (int n = 1; at < size; at += n) {
    n = kith_utf8_decode(text + at, size - at, &code);
    if (n == 0) break;
  }
  return at;
}

void kith_real_print(double x, size_t size, char *text) {
  for (int digits = DBL_DIG; digits <= DBL_DECIMAL_DIG; digits++) {
    snprintf(text, size, "%.*g", digits, x);
    if (strtod(text, NULL) == x) return;
  }
}

const char *kith_count_print(int64_t n, const char *words, char *text) {
  const char *at = words;
  int done = snprintf(text, KITH_COUNT_SIZE, "%lld ", (long long)n);
  for (const char *open = strchr(at, '('); open; open = strchr(at, '(')) {
    const char *close = open + strcspn(open, ")"), *bar = memchr(open, '|', (size_t)(close - open));
    const char *one = open + 1, *one_end = bar ? bar : one, *many = bar ? bar + 1 : one;
    const char *from = n == 1 ? one : many, *to = n == 1 ? one_end : close;
    if (done < KITH_COUNT_SIZE)
      done += snprintf(text + done, (size_t)(KITH_COUNT_SIZE - done), "%.*s%.*s", (int)(open - at), at,
                       (int)(to - from), from);
    at = *close ? close + 1 : close;
  }
  if (done < KITH_COUNT_SIZE) snprintf(text + done, (size_t)(KITH_COUNT_SIZE - done), "%s", at);
  return text;
}

kith_status kith_path_join(const char *folder, const char *name, char *path) {
  bool alone = name[0] == '/' || folder[0] == '\0' || strcmp(folder, ".") == 0;
  bool slash = !alone && folder[strlen(folder) - 1] != '/';
  char joined[2 * KITH_PATH];
  int n = snprintf(joined, sizeof joined, "%s%s%s", alone ? "" : folder, slash ? "/" : "", name);
  if (n < 0 || n >= KITH_PATH)
    return kith_fail(KITH_ECONFIG, "%s: path longer than %d bytes", name, KITH_PATH - 1);
  memcpy(path, joined, (size_t)n + 1);
  return KITH_OK;
}

static kith_status text_make_one(const char *path) {
  struct stat is;
  if (!kith_fault(KITH_FAULT_WRITE) && mkdir(path, 0777) == 0) return KITH_OK;
  int why = errno;
  if (why == EEXIST && stat(path, &is) == 0 && S_ISDIR(is.st_mode)) return KITH_OK;
  return kith_fail(KITH_EOUTPUT, "%s: cannot create the folder: %s", path, strerror(why));
}

kith_status kith_folder_make(const char *path) {
  kith_status st = KITH_OK;
  char part[KITH_PATH];
  KITH_TRY(kith_text_copy("folder", path, sizeof part, part));
  for (char *p = part + 1; *p; p++) {
    if (*p != '/') continue;
    *p = '\0';
    struct stat is;
    if (stat(part, &is) != 0) KITH_TRY(text_make_one(part)); /* an existing parent may be read-only */
    *p = '/';
  }
  KITH_TRY(text_make_one(part));
done:
  return st;
}

bool kith_text_number(const char **text, int64_t *number) {
  char *end = NULL;
  if (**text < '0' || **text > '9') return false;
  errno = 0;
  *number = strtoll(*text, &end, 10);
  *text = end;
  return errno == 0;
}

kith_status kith_env_seconds(const char *name, double usual, double *seconds) {
  const char *text = getenv(name);
  char *end = NULL;
  *seconds = usual;
  if (!text || !*text) return KITH_OK;
  *seconds = strtod(text, &end);
  if (*end || !(*seconds >= 0 && *seconds < 1e9))
    return kith_fail(KITH_EUSAGE, "%s: expected seconds, found \"%s\"", name, text);
  return KITH_OK;
}
