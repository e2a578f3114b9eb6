/* Cutting a line into cells, and reading what stands in a cell. */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ingest/lists.h"

/* ---- cutting ---- */

kith__knife kith__knife_make(const char *delimiter) {
  kith__knife knife = {.size = 0};
  for (; delimiter[knife.size] && knife.size < (int)sizeof knife.text - 1; knife.size++)
    knife.text[knife.size] = delimiter[knife.size];
  if (knife.size == 1 && knife.text[0] == ' ') knife.size = 0;
  return knife;
}

kith__knife kith__knife_guess(kith__cell line) {
  const char *const known[] = {"::", "\t", ",", ";"};
  for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
    if (memmem(line.at, (size_t)line.size, known[i], strlen(known[i]))) return kith__knife_make(known[i]);
  return kith__knife_make("");
}

static inline bool cell_is_space(char c) { return c == ' ' || c == '\t'; }

/* Whether two cells are parted at `at`. */
static inline bool knife_parts(const kith__knife *knife, const char *at, const char *end) {
  if (knife->size == 0) return cell_is_space(*at);
  return end - at >= knife->size && memcmp(at, knife->text, (size_t)knife->size) == 0;
}

/* Where the next delimiter begins, or the end. */
static const char *knife_find(const kith__knife *knife, const char *at, const char *end) {
  if (knife->size == 0) {
    while (at < end && !cell_is_space(*at)) at++;
    return at;
  }
  if (knife->size == 1) {
    while (at < end && *at != knife->text[0]) at++; /* cells are short: a call of memchr costs more */
    return at;
  }
  const char *found = memmem(at, (size_t)(end - at), knife->text, (size_t)knife->size);
  return found ? found : end;
}

/* Behind a cell that ends at `stop`.  Between white space there is no empty cell, so nothing is left behind
 * the last one. */
static void knife_rest(const kith__knife *knife, const char *stop, const char *end, kith__cell *rest) {
  if (knife->size == 0) *rest = (kith__cell){stop, end - stop};
  else
    *rest = stop < end ? (kith__cell){stop + knife->size, end - stop - knife->size} : (kith__cell){NULL, 0};
}

/* The quote that closes a cell; *doubled of those before it stand twice.  Null if none does. */
static const char *quote_close(const char *at, const char *end, int64_t *doubled) {
  *doubled = 0;
  for (at = memchr(at, '"', (size_t)(end - at)); at && at + 1 < end && at[1] == '"'; ++*doubled)
    at = memchr(at + 2, '"', (size_t)(end - at - 2));
  return at;
}

/* Two quotes become one, in place: a line lies in the buffer of its file, and is cut once. */
static int64_t quote_undouble(const char *cell, int64_t size) {
  char *text = (char *)(uintptr_t)cell;
  int64_t n = 0;
  for (int64_t i = 0; i < size; i++) {
    text[n++] = text[i];
    i += text[i] == '"';
  }
  return n;
}

/* The quote between a name and its value goes, in place. */
static kith__cell quote_join(const char *at, int64_t size, const char *close, const char *stop) {
  char *text = (char *)(uintptr_t)close - size + 1;
  memmove(text, at, (size_t)size);
  return (kith__cell){text, stop - text};
}

/* `at` is behind the opening quote. */
static bool knife_cut_quoted(const kith__knife *knife, const char *at, const char *end, kith__cell *rest,
                             kith__cell *cell) {
  int64_t doubled;
  const char *close = quote_close(at, end, &doubled), *stop = close ? close + 1 : end;
  bool joined = knife->valued && close && stop < end && *stop == ':';
  if (joined) stop = knife_find(knife, stop, end);
  while (knife->size > 0 && stop < end && cell_is_space(*stop) && !knife_parts(knife, stop, end)) stop++;
  if (!close || (stop < end && !knife_parts(knife, stop, end))) {
    *rest = (kith__cell){NULL, close ? KITH__QUOTE_PASSED : KITH__QUOTE_OPEN};
    return false;
  }
  *cell = (kith__cell){at, close - at};
  if (doubled > 0 && !knife->dry) cell->size = quote_undouble(at, cell->size);
  if (joined && !knife->dry) *cell = quote_join(at, cell->size, close, stop);
  knife_rest(knife, stop, end, rest);
  return true;
}

bool kith__knife_cut(const kith__knife *knife, kith__cell *rest, kith__cell *cell) {
  if (!rest->at) return false;
  const char *at = rest->at, *end = at + rest->size;
  while (at < end && cell_is_space(*at) && (knife->size == 0 || !knife_parts(knife, at, end))) at++;
  if (knife->size == 0 && at == end) {
    *rest = (kith__cell){end, 0};
    return false;
  }
  if (at < end && *at == '"' && !knife->unquoted) return knife_cut_quoted(knife, at + 1, end, rest, cell);
  const char *stop = knife_find(knife, at, end), *last = stop;
  while (last > at && cell_is_space(last[-1])) last--;
  *cell = (kith__cell){at, last - at};
  knife_rest(knife, stop, end, rest);
  return true;
}

kith_status kith__knife_end(const kith__knife *knife, const kith__lines *lines, kith__cell rest) {
  kith__cell cell;
  while (rest.at && !knife->unquoted && memchr(rest.at, '"', (size_t)rest.size) &&
         kith__knife_cut(knife, &rest, &cell)) {
  }
  if (rest.at || rest.size == 0) return KITH_OK;
  if (rest.size == KITH__QUOTE_OPEN)
    return kith__lines_fail(lines, "expected a quote that closes the one at a field's front, found the end "
                                   "of the line (a field holds no line "
                                   "break; a quote inside of a quoted field stands twice)");
  return kith__lines_fail(lines, "expected a delimiter behind a quoted field, found more text (a quote "
                                 "inside of a quoted field stands twice)");
}

/* ---- reading ---- */

/* Exactly `digits` digits at text[*at], and *at moves behind them. */
static bool date_digits(const char *text, int digits, int *at, int *value) {
  *value = 0;
  for (int i = 0; i < digits; i++) {
    if (!isdigit((unsigned char)text[*at])) return false;
    *value = 10 * *value + (text[(*at)++] - '0');
  }
  return true;
}

/* Days from 1970-01-01 in the Gregorian calendar: years are counted from March, so that leap days come last.
 */
static int64_t date_days(int year, int month, int day) {
  int64_t y = year - (month <= 2), shifted = (month + 9) % 12;
  int64_t leaps = y / 4 - y / 100 + y / 400;
  return 365 * y + leaps + (153 * shifted + 2) / 5 + day - 1 - 719468;
}

/* "2010-10-19" and, behind a "T" or a space, "23:55" or "23:55:27", perhaps with a fraction and "Z". */
static bool cell_date(const char *text, int64_t *seconds) {
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

/* A closed copy for the C library; false if the cell is longer than any number. */
static bool cell_copy(kith__cell cell, char text[64]) {
  if (cell.size < 1 || cell.size > 63 || memchr(cell.at, '\0', (size_t)cell.size)) return false;
  memcpy(text, cell.at, (size_t)cell.size);
  text[cell.size] = '\0';
  return true;
}

/* A decimal number and nothing else: no "nan", no "0x10", no spaces. */
static bool cell_number(const char *text, double *value) {
  char *end = NULL;
  if (text[strspn(text, "0123456789+-.eE")]) return false;
  *value = strtod(text, &end);
  return end > text && !*end && isfinite(*value);
}

bool kith__cell_time(kith__cell cell, int64_t *seconds) {
  const int64_t most = INT64_C(1) << 62; /* so that a time later than any can be told */
  char text[64];
  double real;
  if (kith__cell_integer(cell, seconds)) return *seconds<most && * seconds> - most;
  if (!cell_copy(cell, text)) return false;
  if (cell_date(text, seconds)) return true;
  if (!cell_number(text, &real) || !(fabs(real) < 0x1p62)) return false;
  *seconds = (int64_t)floor(real);
  return true;
}

/* Seconds of the years 1973 to 2286, and a thousand times as much, three times over; -1: of no unit. */
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

bool kith__cell_real(kith__cell cell, float *value) {
  char text[64];
  double real;
  if (!cell_copy(cell, text) || !cell_number(text, &real)) return false;
  *value = (float)real;
  return isfinite(*value);
}

bool kith__cell_is_unbounded(kith__cell cell) {
  char text[64], *end = NULL;
  if (!cell_copy(cell, text)) return false;
  float value = (float)strtod(text, &end);
  return end > text && !*end && !isfinite(value);
}

const char *kith__cell_show(kith__cell cell, char *text) {
  int n = 0;
  bool whole = cell.size <= 40;
  text[n++] = '"';
  for (int64_t i = 0; i < (whole ? cell.size : 40); i++)
    text[n++] = iscntrl((unsigned char)cell.at[i]) ? '?' : (char)cell.at[i];
  snprintf(text + n, 48 - (size_t)n, "%s", whole ? "\"" : "…\"");
  return text;
}
