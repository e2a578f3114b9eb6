/* One key's value: from text, with its bounds, and back. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "job/table.h"
#include "graph/schema.h"

enum { VALUE_MEANT = 2 * KITH_NAME };

void kith__job_bounds(const job_key *k, size_t size, char *text) {
  switch (k->kind) {
  case JOB_INT:
  case JOB_INT64:
  case JOB_REAL:
    snprintf(text, size, "%.15g to %.15g%s%s", k->low, k->high, k->unit[0] ? " " : "", k->unit);
    break;
  case JOB_INTERVAL: snprintf(text, size, "auto, or %.15g to %.15g %s", k->low, k->high, k->unit); break;
  case JOB_FANOUTS:
  case JOB_CUTOFFS: snprintf(text, size, "list of %.15g to %.15g %s", k->low, k->high, k->unit); break;
  case JOB_KNOTS: snprintf(text, size, "list of %.15g to %.15g, or []", k->low, k->high); break;
  case JOB_WEIGHT: snprintf(text, size, "%.15g to %.15g, or learned", k->low, k->high); break;
  case JOB_RELATIONS: snprintf(text, size, "list of relations"); break;
  case JOB_STEPS: snprintf(text, size, "list of relations, each perhaps with .back"); break;
  case JOB_AGE:
  case JOB_DURATION: snprintf(text, size, "none | time such as 180d (s, h, d, w, y)"); break;
  case JOB_CHOICE: snprintf(text, size, "auto, or %.15g to %.15g", k->low, k->high); break;
  case JOB_HALF_LIFE: snprintf(text, size, "none | auto | time such as 180d (s, h, d, w, y)"); break;
  case JOB_BOOL: snprintf(text, size, "true | false"); break;
  case JOB_ENUM:
  case JOB_PROTOCOL:
  case JOB_IDS: snprintf(text, size, "%s", k->unit); break;
  case JOB_PATH: snprintf(text, size, "path"); break;
  case JOB_PATHS: snprintf(text, size, "path, glob such as logs/*.tsv.gz, or list of them"); break;
  case JOB_NODE_TYPE: snprintf(text, size, "user, item, or a name"); break;
  case JOB_COLUMN: snprintf(text, size, "name, or number from 1"); break;
  case JOB_TEXT:
  case JOB_DELIMITER: snprintf(text, size, "text, at most %zu bytes", k->size - 1); break;
  }
}

/* ---- from text ---- */

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

static kith_status value_real(const job_key *k, const char *text, double *out) {
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
  if (strcmp(text, "auto") != 0) return value_real(k, text, out);
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

static kith_status value_int(const job_key *k, const char *text, int *out) {
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

static void value_enum_name(const char *names, int i, size_t size, char *text) {
  for (; i > 0; i--) names = strstr(names, " | ") + 3;
  const char *end = strstr(names, " | ");
  snprintf(text, size, "%.*s", end ? (int)(end - names) : (int)strlen(names), names);
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

static int value_compare(const void *a, const void *b) {
  int x = *(const int *)a, y = *(const int *)b;
  return (x > y) - (x < y);
}

/* The whole numbers of a list, "10, 20" or "[10, 20]", at most `most` of them. */
static kith_status value_list(const job_key *k, const char *text, int most, int *n, int *out) {
  kith_status st = KITH_OK;
  char copy[JOB_VALUE_SIZE], *rest = NULL;
  *n = 0;
  KITH_TRY(kith_text_copy(k->key, text, sizeof copy, copy));
  for (char *word = strtok_r(copy, "[], ", &rest); word; word = strtok_r(NULL, "[], ", &rest)) {
    KITH_CHECK(*n < most, KITH_ECONFIG, "%s: expected at most %d %s, found %s", k->key, most, k->unit, text);
    KITH_TRY(value_int(k, word, &out[*n]));
    ++*n;
  }
  KITH_CHECK(*n > 0, KITH_ECONFIG, "%s: expected a list of %s such as [10, 20], found nothing", k->key,
             k->unit);
done:
  return st;
}

/* Sorted, each once. */
static kith_status value_cutoffs(const job_key *k, const char *text, kith_eval_options *out) {
  kith_status st = KITH_OK;
  int n = 0, cut[KITH_MAX_CUTOFFS];
  KITH_TRY(value_list(k, text, KITH_MAX_CUTOFFS, &n, cut));
  qsort(cut, (size_t)n, sizeof *cut, value_compare);
  out->n_k = 0;
  for (int i = 0; i < n; i++)
    if (i == 0 || cut[i] != cut[i - 1]) out->k[out->n_k++] = cut[i];
done:
  return st;
}

static kith_status value_fanouts(const job_key *k, const char *text, kith_fanouts *out) {
  kith_status st = KITH_OK;
  kith_fanouts f = {0};
  KITH_TRY(value_list(k, text, KITH_MAX_FANOUTS, &f.n, f.of));
  *out = f;
done:
  return st;
}

/* "[1.2, 0.4, -0.1]", or "[]": in its order. */
static kith_status value_knots(const job_key *k, const char *text, kith_knots *out) {
  kith_status st = KITH_OK;
  kith_knots knots = {0};
  char copy[JOB_VALUE_SIZE], *rest = NULL;
  KITH_CHECK(text[0], KITH_ECONFIG, "%s: expected a list of numbers such as [1, 0.5], or []", k->key);
  KITH_TRY(kith_text_copy(k->key, text, sizeof copy, copy));
  for (char *word = strtok_r(copy, "[], ", &rest); word; word = strtok_r(NULL, "[], ", &rest)) {
    KITH_CHECK(knots.n < KITH_MAX_KNOTS, KITH_ECONFIG, "%s: expected at most %d numbers, found %s", k->key,
               KITH_MAX_KNOTS, text);
    KITH_TRY(value_real(k, word, &knots.of[knots.n]));
    knots.n++;
  }
  *out = knots;
done:
  return st;
}

static bool value_has_name(const kith_relation_names *names, const char *word) {
  for (int i = 0; i < names->n; i++)
    if (strcmp(names->of[i], word) == 0) return true;
  return false;
}

/* "[interactions, view]", or "[]"; each once.  Where the order counts, the key has a unit. */
static kith_status value_relations(const job_key *k, const char *text, kith_relation_names *out) {
  kith_status st = KITH_OK;
  kith_relation_names names = {0};
  char copy[JOB_VALUE_SIZE], *rest = NULL;
  KITH_CHECK(text[0], KITH_ECONFIG, "%s: expected a list of relations such as [interactions], or []", k->key);
  KITH_TRY(kith_text_copy(k->key, text, sizeof copy, copy));
  for (char *word = strtok_r(copy, "[], ", &rest); word; word = strtok_r(NULL, "[], ", &rest)) {
    KITH_CHECK(kith_schema_is_name(word), KITH_ECONFIG,
               "%s: expected names of relations (a-z, 0-9 and _, at most %d bytes), found %s", k->key,
               JOB_NAME_MOST, word);
    bool again = value_has_name(&names, word);
    KITH_CHECK(!again || !k->unit[0], KITH_ECONFIG, "%s: names %s twice; expected each relation once", k->key,
               word);
    if (again) continue;
    KITH_CHECK(names.n <= KITH_MAX_RELATIONS, KITH_ECONFIG, "%s: expected at most %d relations, found %s",
               k->key, KITH_MAX_RELATIONS + 1, text);
    snprintf(names.of[names.n++], KITH_NAME, "%s", word);
  }
  *out = names;
done:
  return st;
}

/* "[writes.back, writes]": in its order. */
static kith_status value_steps(const job_key *k, const char *text, kith_path_steps *out) {
  kith_status st = KITH_OK;
  kith_path_steps steps = {0};
  char copy[JOB_VALUE_SIZE], *rest = NULL;
  KITH_TRY(kith_text_copy(k->key, text, sizeof copy, copy));
  for (char *word = strtok_r(copy, "[], ", &rest); word; word = strtok_r(NULL, "[], ", &rest)) {
    char *back = strstr(word, ".back");
    bool reverses = back && strcmp(back, ".back") == 0;
    if (reverses) *back = '\0';
    KITH_CHECK(kith_schema_is_name(word), KITH_ECONFIG,
               "%s: expected names of relations, each perhaps with .back, as [writes.back, writes]; found %s",
               k->key, word);
    KITH_CHECK(steps.n < KITH_MAX_PATH_STEPS, KITH_ECONFIG, "%s: expected at most %d relations, found %s",
               k->key, KITH_MAX_PATH_STEPS, text);
    snprintf(steps.of[steps.n].name, KITH_NAME, "%s", word);
    steps.of[steps.n++].back = reverses;
  }
  *out = steps;
done:
  return st;
}

static kith_status value_every(const job_key *k, const char *text, int *out) {
  if (strcmp(text, "auto") != 0) return value_int(k, text, out);
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
static kith_status value_half_life(const job_key *k, const char *text, double *out) {
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
  KITH_TRY(value_int(k, text + 8, out));
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

/* The relation that a key of model.relations is about. */
static const char *value_relation(const job_key *k) { return strrchr(k->key, '.') + 1; }

/* The index of the first relation that is not before `name`. */
static int value_weight_index(const kith_relation_weights *w, const char *name) {
  int i = 0;
  while (i < w->n && strcmp(w->of[i].name, name) < 0) i++;
  return i;
}

static void value_weight_remove(kith_relation_weights *w, const char *name) {
  int i = value_weight_index(w, name);
  if (i == w->n || strcmp(w->of[i].name, name) != 0) return;
  w->n--;
  memmove(&w->of[i], &w->of[i + 1], (size_t)(w->n - i) * sizeof *w->of);
}

/* A relation of weight 0 is not in the list. */
static kith_status value_weight(const job_key *k, const char *text, kith_relation_weights *w) {
  kith_status st = KITH_OK;
  const char *name = value_relation(k);
  bool learned = strcmp(text, "learned") == 0;
  double weight = 1;
  if (!learned) KITH_TRY(value_real(k, text, &weight));
  value_weight_remove(w, name);
  if (weight == 0) return st;
  KITH_CHECK(w->n < KITH_MAX_RELATIONS, KITH_ECONFIG, "%s: more than %d relations have weights", k->key,
             KITH_MAX_RELATIONS);
  int i = value_weight_index(w, name);
  memmove(&w->of[i + 1], &w->of[i], (size_t)(w->n - i) * sizeof *w->of);
  w->n++;
  w->of[i] = (struct kith_relation_weight){.weight = weight, .learned = learned};
  snprintf(w->of[i].name, sizeof w->of[i].name, "%s", name);
done:
  return st;
}

/* The index of the first relation with a half-life that is not before `name`. */
static int value_age_index(const kith_relation_weights *w, const char *name) {
  int i = 0;
  while (i < w->n_half_life && strcmp(w->half_life[i].name, name) < 0) i++;
  return i;
}

static bool value_has_age(const kith_relation_weights *w, int i, const char *name) {
  return i < w->n_half_life && strcmp(w->half_life[i].name, name) == 0;
}

/* A relation without a half-life is not in the list. */
static kith_status value_age(const job_key *k, const char *text, kith_relation_weights *w) {
  kith_status st = KITH_OK;
  const char *name = value_relation(k);
  int i = value_age_index(w, name), n_after = w->n_half_life - i;
  struct kith_relation_half_life *at = &w->half_life[i];
  bool there = value_has_age(w, i, name);
  double seconds = 0;
  KITH_TRY(value_half_life(k, text, &seconds));
  if (there && seconds == 0) {
    memmove(at, at + 1, (size_t)(n_after - 1) * sizeof *at);
    w->n_half_life--;
  }
  if (seconds == 0) return st;
  KITH_CHECK(there || w->n_half_life < KITH_MAX_RELATIONS, KITH_ECONFIG,
             "%s: more than %d relations have half-lives", k->key, KITH_MAX_RELATIONS);
  if (!there) {
    memmove(at + 1, at, (size_t)n_after * sizeof *at);
    w->n_half_life++;
  }
  *at = (struct kith_relation_half_life){.seconds = seconds};
  snprintf(at->name, sizeof at->name, "%s", name);
done:
  return st;
}

kith_status kith__job_set(kith_job *job, const job_key *k, const char *text) {
  void *at = (char *)job + k->offset;
  long long whole = 0;
  switch (k->kind) {
  case JOB_INT: return value_int(k, text, at);
  case JOB_REAL: return value_real(k, text, at);
  case JOB_WEIGHT: return value_weight(k, text, at);
  case JOB_BOOL: return value_bool(k, text, at);
  case JOB_ENUM: return value_enum(k, text, at);
  case JOB_TEXT:
  case JOB_PATH: return kith__job_value_text(k, text, at);
  case JOB_PATHS: return kith__job_value_paths(k, text, at);
  case JOB_NODE_TYPE: return value_name(k, text, at);
  case JOB_DELIMITER: return value_delimiter(k, text, at);
  case JOB_COLUMN: return value_column(k, text, at);
  case JOB_CUTOFFS: return value_cutoffs(k, text, &job->evaluate);
  case JOB_FANOUTS: return value_fanouts(k, text, at);
  case JOB_KNOTS: return value_knots(k, text, at);
  case JOB_RELATIONS: return value_relations(k, text, at);
  case JOB_STEPS: return value_steps(k, text, at);
  case JOB_AGE: return value_age(k, text, at);
  case JOB_HALF_LIFE:
  case JOB_DURATION: return value_half_life(k, text, at);
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

/* ---- to text ---- */

static void value_print_list(int n, const int *x, size_t size, char *text) {
  int at = snprintf(text, size, "[");
  for (int i = 0; i < n; i++) at += snprintf(text + at, size - (size_t)at, "%s%d", i ? ", " : "", x[i]);
  snprintf(text + at, size - (size_t)at, "]");
}

static void value_print_knots(const kith_knots *knots, size_t size, char *text) {
  char number[32];
  int at = snprintf(text, size, "[");
  for (int i = 0; i < knots->n; i++) {
    kith_real_print(knots->of[i], sizeof number, number);
    at += snprintf(text + at, size - (size_t)at, "%s%s", i ? ", " : "", number);
  }
  snprintf(text + at, size - (size_t)at, "]");
}

/* In days where they are whole, else in seconds. */
static void value_print_half_life(double seconds, size_t size, char *text) {
  double unit = fmod(seconds, 86400) == 0 ? 86400 : 1;
  if (seconds > 0) {
    kith_real_print(seconds / unit, size - 1, text);
    strcat(text, unit > 1 ? "d" : "s");
  } else snprintf(text, size, "%s", seconds < 0 ? "auto" : "none");
}

static void value_print_relations(const kith_relation_names *names, size_t size, char *text) {
  int at = snprintf(text, size, "[");
  for (int i = 0; i < names->n; i++)
    at += snprintf(text + at, size - (size_t)at, "%s%s", i ? ", " : "", names->of[i]);
  snprintf(text + at, size - (size_t)at, "]");
}

static void value_print_steps(const kith_path_steps *steps, size_t size, char *text) {
  int at = snprintf(text, size, "[");
  for (int i = 0; i < steps->n; i++)
    at += snprintf(text + at, size - (size_t)at, "%s%s%s", i ? ", " : "", steps->of[i].name,
                   steps->of[i].back ? ".back" : "");
  snprintf(text + at, size - (size_t)at, "]");
}

static void value_print_protocol(int sampled, size_t size, char *text) {
  if (sampled == 0) snprintf(text, size, "full");
  else snprintf(text, size, "sampled-%d", sampled);
}

static void value_print_weight(const job_key *k, const kith_relation_weights *w, size_t size, char *text) {
  const char *name = value_relation(k);
  int i = value_weight_index(w, name);
  bool named = i < w->n && strcmp(w->of[i].name, name) == 0;
  if (named && w->of[i].learned) snprintf(text, size, "learned");
  else kith_real_print(named ? w->of[i].weight : 0, size, text);
}

static void value_print_age(const job_key *k, const kith_relation_weights *w, size_t size, char *text) {
  const char *name = value_relation(k);
  int i = value_age_index(w, name);
  value_print_half_life(value_has_age(w, i, name) ? w->half_life[i].seconds : 0, size, text);
}

void kith__job_get(const kith_job *job, const job_key *k, size_t size, char *text) {
  const void *at = (const char *)job + k->offset;
  switch (k->kind) {
  case JOB_INT: snprintf(text, size, "%d", *(const int *)at); break;
  case JOB_INT64: snprintf(text, size, "%lld", (long long)*(const int64_t *)at); break;
  case JOB_REAL: kith_real_print(*(const double *)at, size, text); break;
  case JOB_WEIGHT: value_print_weight(k, at, size, text); break;
  case JOB_BOOL: snprintf(text, size, "%s", *(const bool *)at ? "true" : "false"); break;
  case JOB_ENUM: value_enum_name(k->unit, *(const int *)at, size, text); break;
  case JOB_TEXT:
  case JOB_NODE_TYPE:
  case JOB_DELIMITER:
  case JOB_COLUMN:
  case JOB_PATH: snprintf(text, size, "%s", (const char *)at); break;
  case JOB_PATHS: kith__job_print_paths(at, size, text); break;
  case JOB_CUTOFFS: value_print_list(job->evaluate.n_k, job->evaluate.k, size, text); break;
  case JOB_FANOUTS:
    value_print_list(((const kith_fanouts *)at)->n, ((const kith_fanouts *)at)->of, size, text);
    break;
  case JOB_KNOTS: value_print_knots(at, size, text); break;
  case JOB_RELATIONS: value_print_relations(at, size, text); break;
  case JOB_STEPS: value_print_steps(at, size, text); break;
  case JOB_AGE: value_print_age(k, at, size, text); break;
  case JOB_HALF_LIFE:
  case JOB_DURATION: value_print_half_life(*(const double *)at, size, text); break;
  case JOB_CHOICE:
    if (*(const double *)at == KITH_RECENT_AUTO) snprintf(text, size, "auto");
    else kith_real_print(*(const double *)at, size, text);
    break;
  case JOB_PROTOCOL: value_print_protocol(*(const int *)at, size, text); break;
  case JOB_INTERVAL:
    if (*(const int *)at == KITH_EVERY_AUTO) snprintf(text, size, "auto");
    else snprintf(text, size, "%d", *(const int *)at);
    break;
  case JOB_IDS: snprintf(text, size, "%s", *(const bool *)at ? "names" : "integers"); break;
  }
}
