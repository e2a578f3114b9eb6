/* Cutting a line into cells, and reading what stands in a cell. */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/lists.h"

/* ---- cutting ----------------------------------------------------------------------------------------------------- */

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

/* White space: any run of it parts two cells, and runs at the ends part nothing. */
static bool knife_cut_white(kith__cell *rest, kith__cell *cell) {
  const char *at = rest->at, *end = rest->at + rest->size;
  while (at < end && cell_is_space(*at)) at++;
  const char *stop = at;
  while (stop < end && !cell_is_space(*stop)) stop++;
  *cell = (kith__cell){at, stop - at};
  *rest = (kith__cell){stop, end - stop};
  return stop > at;
}

/* Where the next delimiter begins, or the end. */
static const char *knife_find(const kith__knife *knife, const char *at, const char *end) {
  if (knife->size == 1) {
    while (at < end && *at != knife->text[0]) at++; /* cells are short: a call of memchr costs more */
    return at;
  }
  const char *found = memmem(at, (size_t)(end - at), knife->text, (size_t)knife->size);
  return found ? found : end;
}

/* A cell in quotes may hold the delimiter; two quotes in a row do not close it. */
static const char *knife_find_quoted(const kith__knife *knife, const char *at, const char *end) {
  const char *quote = memchr(at + 1, '"', (size_t)(end - at - 1));
  while (quote && quote + 1 < end && quote[1] == '"') quote = memchr(quote + 2, '"', (size_t)(end - quote - 2));
  return knife_find(knife, quote ? quote : at, end);
}

static kith__cell cell_trim(const char *at, const char *end) {
  while (at < end && cell_is_space(*at)) at++;
  while (end > at && cell_is_space(end[-1])) end--;
  if (end - at >= 2 && *at == '"' && end[-1] == '"') {
    at++;
    end--;
  }
  return (kith__cell){at, end - at};
}

bool kith__knife_cut(const kith__knife *knife, kith__cell *rest, kith__cell *cell) {
  if (knife->size == 0) return knife_cut_white(rest, cell);
  if (!rest->at) return false;
  const char *at = rest->at, *end = at + rest->size;
  while (at < end && *at == ' ') at++;
  const char *stop = at < end && *at == '"' ? knife_find_quoted(knife, at, end) : knife_find(knife, at, end);
  *cell = cell_trim(at, stop);
  *rest = stop < end ? (kith__cell){stop + knife->size, end - stop - knife->size} : (kith__cell){NULL, 0};
  return true;
}

/* ---- reading ----------------------------------------------------------------------------------------------------- */

/* Exactly `digits` digits at text[*at], and *at moves behind them. */
static bool date_digits(const char *text, int digits, int *at, int *value) {
  *value = 0;
  for (int i = 0; i < digits; i++) {
    if (!isdigit((unsigned char)text[*at])) return false;
    *value = 10 * *value + (text[(*at)++] - '0');
  }
  return true;
}

/* Days from 1970-01-01 in the Gregorian calendar: years are counted from March, so that leap days come last. */
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
    if (!date_digits(text, 2, &at, &hour) || text[at++] != ':' || !date_digits(text, 2, &at, &minute)) return false;
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
