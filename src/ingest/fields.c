/* Split a line into fields, and parse fields. */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ingest/lists.h"

/* ---- splitting ---- */

kith__delimiter kith__delimiter_make(const char *text) {
  kith__delimiter delimiter = {.size = 0};
  for (; text[delimiter.size] && delimiter.size < (int)sizeof delimiter.text - 1; delimiter.size++)
    delimiter.text[delimiter.size] = text[delimiter.size];
  if (delimiter.size == 1 && delimiter.text[0] == ' ') delimiter.size = 0;
  return delimiter;
}

const char *kith__delimiter_show(const kith__delimiter *delimiter, char *text) {
  if (delimiter->size == 0) return "white space";
  if (delimiter->text[0] == '\t') return "tabs";
  snprintf(text, 16, "\"%s\"", delimiter->text);
  return text;
}

kith__delimiter kith__delimiter_detect(kith__field line) {
  const char *const known[] = {"::", "\t", ",", ";"};
  for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
    if (memmem(line.at, (size_t)line.size, known[i], strlen(known[i]))) return kith__delimiter_make(known[i]);
  bool bar = memchr(line.at, '|', (size_t)line.size) && !memchr(line.at, ' ', (size_t)line.size);
  return kith__delimiter_make(bar ? "|" : "");
}

static inline bool field_is_space(char c) { return c == ' ' || c == '\t'; }

/* Whether a delimiter is at `at`. */
static inline bool delimiter_is_at(const kith__delimiter *delimiter, const char *at, const char *end) {
  if (delimiter->size == 0) return field_is_space(*at);
  return end - at >= delimiter->size && memcmp(at, delimiter->text, (size_t)delimiter->size) == 0;
}

/* The next delimiter, or the end. */
static const char *delimiter_find(const kith__delimiter *delimiter, const char *at, const char *end) {
  if (delimiter->size == 0) {
    while (at < end && !field_is_space(*at)) at++;
    return at;
  }
  if (delimiter->size == 1) {
    while (at < end && *at != delimiter->text[0]) at++; /* fields are short: memchr() would cost more */
    return at;
  }
  const char *found = memmem(at, (size_t)(end - at), delimiter->text, (size_t)delimiter->size);
  return found ? found : end;
}

/* Set the rest behind a field that ends at `stop`.  White space makes no empty fields. */
static void delimiter_rest(const kith__delimiter *delimiter, const char *stop, const char *end,
                           kith__field *rest) {
  if (delimiter->size == 0) *rest = (kith__field){stop, end - stop};
  else
    *rest = stop < end ? (kith__field){stop + delimiter->size, end - stop - delimiter->size}
                       : (kith__field){NULL, 0};
}

/* The closing quote of a field, or null; *doubled counts the doubled quotes before it. */
static const char *quote_close(const char *at, const char *end, int64_t *doubled) {
  *doubled = 0;
  for (at = memchr(at, '"', (size_t)(end - at)); at && at + 1 < end && at[1] == '"'; ++*doubled)
    at = memchr(at + 2, '"', (size_t)(end - at - 2));
  return at;
}

/* Undouble quotes in place: each line is split only once. */
static int64_t quote_undouble(const char *field, int64_t size) {
  char *text = (char *)(uintptr_t)field;
  int64_t n = 0;
  for (int64_t i = 0; i < size; i++) {
    text[n++] = text[i];
    i += text[i] == '"';
  }
  return n;
}

/* Remove the quote between a name and its value, in place. */
static kith__field quote_join(const char *at, int64_t size, const char *close, const char *stop) {
  char *text = (char *)(uintptr_t)close - size + 1;
  memmove(text, at, (size_t)size);
  return (kith__field){text, stop - text};
}

/* `at` is behind the opening quote. */
static bool delimiter_cut_quoted(const kith__delimiter *delimiter, const char *at, const char *end,
                                 kith__field *rest, kith__field *field) {
  int64_t doubled;
  const char *close = quote_close(at, end, &doubled), *stop = close ? close + 1 : end;
  bool joined = delimiter->allow_value && close && stop < end && *stop == ':';
  if (joined) stop = delimiter_find(delimiter, stop, end);
  while (delimiter->size > 0 && stop < end && field_is_space(*stop) && !delimiter_is_at(delimiter, stop, end))
    stop++;
  if (!close || (stop < end && !delimiter_is_at(delimiter, stop, end))) {
    *rest = (kith__field){NULL, close ? KITH__QUOTE_PASSED : KITH__QUOTE_OPEN};
    return false;
  }
  *field = (kith__field){at, close - at};
  if (doubled > 0 && !delimiter->read_only) field->size = quote_undouble(at, field->size);
  if (joined && !delimiter->read_only) *field = quote_join(at, field->size, close, stop);
  delimiter_rest(delimiter, stop, end, rest);
  return true;
}

bool kith__field_next(const kith__delimiter *delimiter, kith__field *rest, kith__field *field) {
  if (!rest->at) return false;
  const char *at = rest->at, *end = at + rest->size;
  while (at < end && field_is_space(*at) && (delimiter->size == 0 || !delimiter_is_at(delimiter, at, end)))
    at++;
  if (delimiter->size == 0 && at == end) {
    *rest = (kith__field){end, 0};
    return false;
  }
  if (at < end && *at == '"' && !delimiter->no_quotes)
    return delimiter_cut_quoted(delimiter, at + 1, end, rest, field);
  const char *stop = delimiter_find(delimiter, at, end), *last = stop;
  while (last > at && field_is_space(last[-1])) last--;
  *field = (kith__field){at, last - at};
  delimiter_rest(delimiter, stop, end, rest);
  return true;
}

kith_status kith__field_end(const kith__delimiter *delimiter, const kith__lines *lines, kith__field rest) {
  kith__field field;
  while (rest.at && !delimiter->no_quotes && memchr(rest.at, '"', (size_t)rest.size) &&
         kith__field_next(delimiter, &rest, &field)) {
  }
  if (rest.at || rest.size == 0) return KITH_OK;
  if (rest.size == KITH__QUOTE_OPEN)
    return kith__lines_fail(lines, "expected a quote that closes the one at a field's front, found the end "
                                   "of the line (a field holds no line "
                                   "break; a quote inside of a quoted field stands twice)");
  return kith__lines_fail(lines, "expected a delimiter behind a quoted field, found more text (a quote "
                                 "inside of a quoted field stands twice)");
}

/* ---- parsing ---- */

/* Parse exactly `digits` digits at text[*at], and advance *at. */
static bool date_digits(const char *text, int digits, int *at, int *value) {
  *value = 0;
  for (int i = 0; i < digits; i++) {
    if (!isdigit((unsigned char)text[*at])) return false;
    *value = 10 * *value + (text[(*at)++] - '0');
  }
  return true;
}

/* Days since 1970-01-01 in the Gregorian calendar; years begin in March, so that leap days come last. */
static int64_t date_days(int year, int month, int day) {
  int64_t y = year - (month <= 2), shifted = (month + 9) % 12;
  int64_t leaps = y / 4 - y / 100 + y / 400;
  return 365 * y + leaps + (153 * shifted + 2) / 5 + day - 1 - 719468;
}

/* Parse "2010-10-19", optionally with "T" or a space and "23:55" or "23:55:27", a fraction and "Z". */
static bool field_date(const char *text, int64_t *seconds) {
  int at = 0, year, month, day, hour = 0, minute = 0, second = 0;
  if (!date_digits(text, 4, &at, &year) || text[at++] != '-' || !date_digits(text, 2, &at, &month) ||
      text[at++] != '-' || !date_digits(text, 2, &at, &day))
    return false;
  if (text[at] == 'T' || text[at] == ' ') {
    at++;
    if (!date_digits(text, 2, &at, &hour) || text[at++] != ':' || !date_digits(text, 2, &at, &minute))
      return false;
    if (text[at] == ':' && (at++, !date_digits(text, 2, &at, &second))) return false;
    if (text[at] == '.')
      for (at++; isdigit((unsigned char)text[at]);) at++;
    if (text[at] == 'Z') at++;
  }
  if (text[at] || month < 1 || month > 12 || day < 1 || day > 31 || hour > 24 || minute > 59 || second > 60)
    return false;
  *seconds = ((date_days(year, month, day) * 24 + hour) * 60 + minute) * 60 + second;
  return true;
}

/* Copy with a terminating zero; false if the field is too long for a number. */
static bool field_copy(kith__field field, char text[64]) {
  if (field.size < 1 || field.size > 63 || memchr(field.at, '\0', (size_t)field.size)) return false;
  memcpy(text, field.at, (size_t)field.size);
  text[field.size] = '\0';
  return true;
}

/* Parse a decimal number only: no "nan", no "0x10", no spaces. */
static bool field_number(const char *text, double *value) {
  char *end = NULL;
  if (text[strspn(text, "0123456789+-.eE")]) return false;
  *value = strtod(text, &end);
  return end > text && !*end && isfinite(*value);
}

bool kith__field_time(kith__field field, int64_t *seconds) {
  const int64_t most = INT64_C(1) << 62; /* leaves room for a time later than all others */
  char text[64];
  double real;
  if (kith__field_integer(field, seconds)) return *seconds<most && * seconds> - most;
  if (!field_copy(field, text)) return false;
  if (field_date(text, seconds)) return true;
  if (!field_number(text, &real) || !(fabs(real) < 0x1p62)) return false;
  *seconds = (int64_t)floor(real);
  return true;
}

bool kith__field_is_date(kith__field field) {
  return field.size >= 10 && isdigit((unsigned char)field.at[3]) && field.at[4] == '-';
}

/* Unit of a time in the years 1973 to 2286: s, ms, us or ns, as 0 to 3; -1: none. */
static const int64_t unit_low[] = {100000000, 100000000000, 100000000000000, 100000000000000000};
static const char *const unit_text[] = {"seconds", "milliseconds", "microseconds", "nanoseconds"};
enum { UNITS = 4, UNIT_WIDE = 100 };

static int time_unit(int64_t value) {
  for (int k = 0; k < UNITS; k++)
    if (value >= unit_low[k] && value / UNIT_WIDE < unit_low[k]) return k;
  return -1;
}

void kith__time_units_other(kith__time_units *units, int64_t line, int64_t value) {
  int k = time_unit(value);
  if (k < 0) units->between = units->between || value > unit_low[0];
  if (k < 0 || units->line > 0) return;
  if (units->high == 0) {
    units->low = unit_low[k];
    units->high = k + 1 < UNITS ? UNIT_WIDE * unit_low[k] : INT64_MAX;
    return;
  }
  units->line = line;
  units->value = value;
}

void kith__time_units_warn(const kith__time_units *units, const char *path) {
  if (units->line == 0 || units->between) return;
  kith_warn("%s:%lld: the time %lld looks like %s, those before it like %s; bring all of them to one unit",
            path, (long long)units->line, (long long)units->value, unit_text[time_unit(units->value)],
            unit_text[time_unit(units->low)]);
}

bool kith__field_real(kith__field field, float *value) {
  char text[64];
  double real;
  if (!field_copy(field, text) || !field_number(text, &real)) return false;
  *value = (float)real;
  return isfinite(*value);
}

bool kith__field_is_unbounded(kith__field field) {
  char text[64], *end = NULL;
  if (!field_copy(field, text)) return false;
  float value = (float)strtod(text, &end);
  return end > text && !*end && !isfinite(value);
}

const char *kith__field_quote(kith__field field, char *text) {
  int n = 0;
  bool whole = field.size <= 40;
  text[n++] = '"';
  for (int64_t i = 0; i < (whole ? field.size : 40); i++)
    text[n++] = iscntrl((unsigned char)field.at[i]) ? '?' : (char)field.at[i];
  snprintf(text + n, 48 - (size_t)n, "%s", whole ? "\"" : "…\"");
  return text;
}
