/* One key's value from text, with its bounds. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "graph/schema.h"
#include "job/table.h"
#include "job/value.h"

enum { VALUE_MEANT = 2 * KITH_NAME };

/* Whether a text has characters of decimal numbers only; strtod and strtoll accept blanks and hexadecimal
 * digits, too. */
static bool value_is_number(const char *text) {
  return text[0] && text[strspn(text, "+-.0123456789eE")] == '\0';
}

static kith_status value_out_of_bounds(const job_key *k, const char *text) {
  return kith_fail(KITH_ECONFIG, "%s: expected %.15g to %.15g%s%s, found %s", k->key, k->low, k->high,
                   k->unit[0] && k->kind != JOB_PROTOCOL ? " " : "", k->kind != JOB_PROTOCOL ? k->unit : "",
                   text);
}

/* "; write 0.005" of "0,005", or nothing. */
static const char *value_point(const char *text, char *out) {
  const char *comma = strchr(text, ',');
  if (!comma || strlen(text) >= KITH_NAME) return "";
  snprintf(out, 2 * KITH_NAME, "; write %.*s.%s", (int)(comma - text), text, comma + 1);
  return value_is_number(out + strlen("; write ")) ? out : "";
}

kith_status kith__value_real(const job_key *k, const char *text, double *out) {
  kith_status st = KITH_OK;
  char *end = NULL, point[2 * KITH_NAME];
  double x = strtod(text, &end);
  KITH_CHECK(value_is_number(text) && *end == '\0', KITH_ECONFIG, "%s: expected a number%s, found \"%s\"%s",
             k->key,
             k->kind == JOB_WEIGHT   ? " or learned"
             : k->kind == JOB_CHOICE ? " or auto"
                                     : "",
             text, value_point(text, point));
  if (!isfinite(x) || x < k->low || x > k->high) return value_out_of_bounds(k, text);
  *out = x;
done:
  return st;
}

static kith_status value_choice(const job_key *k, const char *text, double *out) {
  if (strcmp(text, "auto") != 0) return kith__value_real(k, text, out);
  *out = KITH_RECENT_AUTO;
  return KITH_OK;
}

static kith_status value_integer(const job_key *k, const char *text, long long *out) {
  kith_status st = KITH_OK;
  char *end = NULL;
  errno = 0;
  long long x = strtoll(text, &end, 10);
  KITH_CHECK(value_is_number(text) && *end == '\0', KITH_ECONFIG, "%s: expected a whole number, found \"%s\"",
             k->key, text);
  /* compared as whole numbers: as doubles 9e18 and the 512 above it are one */
  if (errno == ERANGE || x < (long long)k->low || x > (long long)k->high) return value_out_of_bounds(k, text);
  *out = x;
done:
  return st;
}

kith_status kith__value_int(const job_key *k, const char *text, int *out) {
  kith_status st = KITH_OK;
  long long x = 0;
  KITH_TRY(value_integer(k, text, &x));
  *out = (int)x; /* the bounds of an int lie in the table, and a test holds them against INT_MAX */
done:
  return st;
}

/* The place of `text` among names separated by " | ", or -1. */
static int value_enum_index(const char *names, const char *text) {
  size_t n = strlen(text);
  for (int i = 0;; i++) {
    const char *end = strstr(names, " | ");
    size_t size = end ? (size_t)(end - names) : strlen(names);
    if (size == n && memcmp(names, text, n) == 0) return i;
    if (!end) return -1;
    names = end + 3;
  }
}

/* The spellings of booleans in YAML 1.1. */
static kith_status value_bool(const job_key *k, const char *text, bool *out) {
  static const char *const word[2][3] = {{"false", "no", "off"}, {"true", "yes", "on"}};
  for (int yes = 0; yes < 2; yes++)
    for (int i = 0; i < 3; i++)
      if (strcasecmp(text, word[yes][i]) == 0) {
        *out = yes == 1;
        return KITH_OK;
      }
  return kith_fail(KITH_ECONFIG, "%s: expected true or false, found \"%s\"", k->key, text);
}

/* "; did you mean lightgcn?", or "": meant [VALUE_MEANT], which is returned. */
static const char *value_meant(const job_key *k, const char *text, char *meant) {
  char near[KITH_NAME];
  meant[0] = '\0';
  if (kith__job_nearest_value(k, text, near)) snprintf(meant, VALUE_MEANT, "; did you mean %s?", near);
  return meant;
}

static kith_status value_enum(const job_key *k, const char *text, int *out) {
  kith_status st = KITH_OK;
  char meant[VALUE_MEANT];
  int i = value_enum_index(k->unit, text);
  bool yes = false;
  if (i < 0 && strstr(k->unit, "true | false") && !kith_is_bad(value_bool(k, text, &yes)))
    i = value_enum_index(k->unit, yes ? "true" : "false");
  const char *now = kith__job_renamed_value(k, text);
  KITH_CHECK(!now, KITH_ECONFIG, "%s: %s is now called %s", k->key, text, now);
  KITH_CHECK(i >= 0, KITH_ECONFIG, "%s: expected %s, found \"%s\"%s", k->key, k->unit, text,
             value_meant(k, text, meant));
  *out = i;
done:
  return st;
}

static kith_status value_every(const job_key *k, const char *text, int *out) {
  if (strcmp(text, "auto") != 0) return kith__value_int(k, text, out);
  *out = KITH_EVERY_AUTO;
  return KITH_OK;
}

/* Seconds of a unit of time; 0: there is no such unit. */
static double value_unit(const char *unit) {
  static const struct {
    char name;
    double seconds;
  } units[] = {{'s', 1}, {'h', 3600}, {'d', 86400}, {'w', 7 * 86400}, {'y', 365 * 86400}};
  for (size_t i = 0; i < sizeof units / sizeof *units; i++)
    if (unit[0] == units[i].name && unit[1] == '\0') return units[i].seconds;
  return 0;
}

/* "none", "auto", or a number with its unit. */
kith_status kith__value_half_life(const job_key *k, const char *text, double *out) {
  kith_status st = KITH_OK;
  bool none = strcmp(text, "none") == 0, chosen = strcmp(text, "auto") == 0;
  char *end = NULL;
  KITH_CHECK(!chosen || k->kind == JOB_HALF_LIFE, KITH_ECONFIG,
             "%s: auto chooses for interactions in layers only (model.half_life); expected none or a time",
             k->key);
  if (none || chosen) {
    *out = none ? 0 : KITH_HALF_LIFE_AUTO;
    return st;
  }
  double seconds = strtod(text, &end) * value_unit(end);
  bool good = strspn(text, "0123456789.e+") >= (size_t)(end - text) && end > text && value_unit(end) > 0;
  KITH_CHECK(
      good, KITH_ECONFIG,
      "%s: expected none%s or a time with its unit, such as 36h, 180d or 2y (s, h, d, w, y), found \"%s\"",
      k->key, k->kind == JOB_HALF_LIFE ? ", auto," : "", text);
  if (!(seconds >= k->low && seconds <= k->high)) return value_out_of_bounds(k, text);
  *out = seconds;
done:
  return st;
}

static kith_status value_protocol(const job_key *k, const char *text, int *out) {
  kith_status st = KITH_OK;
  char meant[VALUE_MEANT];
  if (strcmp(text, "full") == 0) {
    *out = 0;
    return st;
  }
  KITH_CHECK(strncmp(text, "sampled-", 8) == 0, KITH_ECONFIG,
             "%s: expected full or sampled-N, found \"%s\"%s", k->key, text, value_meant(k, text, meant));
  KITH_TRY(kith__value_int(k, text + 8, out));
done:
  return st;
}

/* Text is stored in files and printed as YAML and JSON, so it must be representable there. */
kith_status kith__job_value_text(const job_key *k, const char *text, char *out) {
  kith_status st = KITH_OK;
  size_t n = 0;
  int step = 0;
  for (; text[n]; n += (size_t)step) {
    step = kith_utf8_length(text + n);
    KITH_CHECK(step > 0, KITH_ECONFIG, "%s: expected printable UTF-8 text, found a byte %#04x", k->key,
               (unsigned char)text[n]);
  }
  KITH_CHECK(n < k->size, KITH_ECONFIG, "%s: expected at most %zu bytes, found %zu", k->key, k->size - 1, n);
  memcpy(out, text, n + 1);
done:
  return st;
}

static kith_status value_delimiter(const job_key *k, const char *text, char *out) {
  bool tab = strcmp(text, "\\t") == 0 || strcmp(text, "tab") == 0, space = strcmp(text, "space") == 0;
  return kith__job_value_text(k, tab ? "\t" : space ? " " : text, out);
}

/* Digits alone are a number, and columns count from 1. */
static kith_status value_column(const job_key *k, const char *text, char *out) {
  kith_status st = KITH_OK;
  size_t digits = strspn(text, "0123456789");
  bool is_number = digits > 0 && text[digits] == '\0';
  KITH_CHECK(!is_number || strspn(text, "0") < digits, KITH_ECONFIG, "%s: columns count from 1, found %s",
             k->key, text);
  KITH_TRY(kith__job_value_text(k, text, out));
done:
  return st;
}

/* A name of a node type; "" is none yet.  Files have groups by type, beside datasets of these names. */
static kith_status value_name(const job_key *k, const char *text, char *out) {
  kith_status st = KITH_OK;
  bool plural = strcmp(text, "users") == 0 || strcmp(text, "items") == 0;
  KITH_CHECK(!plural, KITH_ECONFIG, "%s: expected user, item or a further type, found %s: write %.4s", k->key,
             text, text);
  KITH_CHECK(!text[0] || kith_schema_is_name(text), KITH_ECONFIG,
             "%s: expected a name: a-z, 0-9 and _, first a letter, at most %d bytes; found \"%s\"", k->key,
             JOB_NAME_MOST, text);
  KITH_CHECK(!kith_schema_is_reserved(text), KITH_ECONFIG,
             "%s: %s means something else in files; expected another name of a type", k->key, text);
  snprintf(out, KITH_NAME, "%s", text);
done:
  return st;
}

static kith_status value_ids(const job_key *k, const char *text, bool *out) {
  kith_status st = KITH_OK;
  int choice = 0;
  KITH_TRY(value_enum(k, text, &choice));
  *out = choice == 0;
done:
  return st;
}

kith_status kith__job_set(kith_job *job, const job_key *k, const char *text) {
  void *at = (char *)job + k->offset;
  long long whole = 0;
  switch (k->kind) {
  case JOB_INT: return kith__value_int(k, text, at);
  case JOB_REAL: return kith__value_real(k, text, at);
  case JOB_WEIGHT: return kith__value_weight(k, text, at);
  case JOB_BOOL: return value_bool(k, text, at);
  case JOB_ENUM: return value_enum(k, text, at);
  case JOB_TEXT:
  case JOB_PATH: return kith__job_value_text(k, text, at);
  case JOB_PATHS: return kith__job_value_paths(k, text, at);
  case JOB_NODE_TYPE: return value_name(k, text, at);
  case JOB_DELIMITER: return value_delimiter(k, text, at);
  case JOB_COLUMN: return value_column(k, text, at);
  case JOB_CUTOFFS: return kith__value_cutoffs(k, text, &job->evaluate);
  case JOB_FANOUTS: return kith__value_fanouts(k, text, at);
  case JOB_KNOTS: return kith__value_knots(k, text, at);
  case JOB_RELATIONS: return kith__value_relations(k, text, at);
  case JOB_STEPS: return kith__value_steps(k, text, at);
  case JOB_AGE: return kith__value_age(k, text, at);
  case JOB_HALF_LIFE:
  case JOB_DURATION: return kith__value_half_life(k, text, at);
  case JOB_CHOICE: return value_choice(k, text, at);
  case JOB_PROTOCOL: return value_protocol(k, text, at);
  case JOB_INTERVAL: return value_every(k, text, at);
  case JOB_IDS: return value_ids(k, text, at);
  case JOB_INT64: break;
  }
  kith_status st = value_integer(k, text, &whole);
  if (!kith_is_bad(st)) *(int64_t *)at = whole;
  return st;
}
