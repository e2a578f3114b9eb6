/* Detects format and delimiter of a list if all of its first lines agree; otherwise the job must set them. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "ingest/dialect.h"

static const char *const signs[] = {"\t", "::", ",", ";", "|", ""};
enum { CANDIDATES = 6, CANDIDATE_TAB = 0, CANDIDATE_COLONS = 1, CANDIDATE_COMMA = 2, CANDIDATE_WHITE = 5 };

static const char *dialect_key(const kith__preview *a) {
  return a->policy->key ? a->policy->key : "data.interactions";
}

/* ---- the delimiter ---- */

/* Whether all commas are decimal commas behind the first two fields: "u1 i1 3,5". */
static bool commas_are_decimal(const kith__preview *a, const kith__candidate *white) {
  for (int i = 0; i < a->n; i++) {
    kith__field rest = a->line[i], field;
    for (int n = 0; kith__field_next(&white->delimiter, &rest, &field); n++) {
      const char *comma = memchr(field.at, ',', (size_t)field.size);
      if (!comma) continue;
      if (n < 2 || field.size > 40) return false;
      for (int64_t k = 0; k < field.size; k++)
        if (!isdigit((unsigned char)field.at[k]) && field.at + k != comma && !(k == 0 && field.at[0] == '-'))
          return false;
    }
  }
  return true;
}

/* Prefer candidates whose ids contain no other delimiter, then tabs.  White space loses to other delimiters,
 * unless the commas are decimal. */
static void candidates_prefer(const kith__preview *a, const kith__candidate *candidate, bool *in) {
  bool clean = false, hard = false;
  for (int i = 0; i < CANDIDATES; i++) clean = clean || (in[i] && !candidate[i].mixed);
  for (int i = 0; i < CANDIDATES; i++) in[i] = in[i] && !(clean && candidate[i].mixed);
  for (int i = 0; i < CANDIDATES; i++)
    if (i != CANDIDATE_TAB && in[CANDIDATE_TAB] && !candidate[CANDIDATE_TAB].mixed) in[i] = false;
  for (int i = 0; i < CANDIDATE_WHITE; i++) hard = hard || in[i];
  if (!clean || !hard || !in[CANDIDATE_WHITE]) return;
  if (in[CANDIDATE_COMMA] && candidate[CANDIDATE_WHITE].columns.n <= candidate[CANDIDATE_WHITE].min &&
      commas_are_decimal(a, &candidate[CANDIDATE_WHITE]))
    in[CANDIDATE_COMMA] = false;
  else if (!(in[CANDIDATE_COLONS] && candidate[CANDIDATE_COLONS].spaced) &&
           (candidate[CANDIDATE_WHITE].mixed || candidate[CANDIDATE_WHITE].max <= 2))
    in[CANDIDATE_WHITE] = false;
}

/* The only candidate that splits all lines into enough fields, and (unless `loose`) equally many.  -1: none;
 * -2: several, two of which are returned. */
static int candidates_pick(const kith__preview *a, const kith__candidate *candidate, bool loose, int *two) {
  bool in[CANDIDATES];
  int found = -1;
  for (int i = 0; i < CANDIDATES; i++)
    in[i] = a->n > 0 && candidate[i].has_columns && !candidate[i].bad_quotes &&
            candidate[i].min >= candidate[i].columns.n && (loose || candidate[i].min == candidate[i].max);
  candidates_prefer(a, candidate, in);
  for (int i = 0; i < CANDIDATES; i++) {
    if (!in[i]) continue;
    two[found >= 0] = i;
    if (found >= 0) return -2;
    found = i;
  }
  return found;
}

/* A candidate that is the delimiter although some quotes are malformed: reading will report that line.  -1:
 * none. */
static int candidates_with_bad_quotes(const kith__preview *a, const kith__candidate *candidate) {
  bool tabs = a->n > 0, equal = !candidate[CANDIDATE_WHITE].bad_quotes &&
                                candidate[CANDIDATE_WHITE].min == candidate[CANDIDATE_WHITE].max &&
                                candidate[CANDIDATE_WHITE].max > 1;
  for (int i = 0; i < a->n; i++) tabs = tabs && memchr(a->line[i].at, '\t', (size_t)a->line[i].size);
  for (int i = 0; i < CANDIDATE_WHITE; i++)
    if (candidate[i].bad_quotes && (i == CANDIDATE_TAB ? tabs : candidate[i].max > 1 && !equal)) return i;
  return -1;
}

static kith_status dialect_ambiguous_delimiter(const kith__preview *a, const kith__candidate *candidate,
                                               const int *two) {
  char text[2][16];
  return kith_fail(
      KITH_EDATA,
      "%s:%lld: the delimiter may be %s or %s; set %s.format: adjacency or edges, and %s.delimiter",
      a->lines->path, (long long)a->number[0], kith__delimiter_show(&candidate[two[0]].delimiter, text[0]),
      kith__delimiter_show(&candidate[two[1]].delimiter, text[1]), dialect_key(a), dialect_key(a));
}

/* No candidate fits: guess from the first line; reading will report a line with too few fields. */
static kith__delimiter dialect_first_guess(const kith__preview *a) {
  return a->n > 0 ? kith__delimiter_detect(a->line[0]) : kith__delimiter_make("");
}

static kith_status edges_find(const kith__preview *a, const kith__candidate *candidate,
                              kith__candidate *out) {
  int two[2] = {0, 0}, pick = candidates_pick(a, candidate, false, two), malformed = -1;
  if (pick == -1 || pick == CANDIDATE_WHITE) malformed = candidates_with_bad_quotes(a, candidate);
  if (malformed >= 0) pick = malformed;
  if (pick == -1) pick = candidates_pick(a, candidate, true, two);
  if (pick == -2) return dialect_ambiguous_delimiter(a, candidate, two);
  *out = pick >= 0 ? candidate[pick] : kith__candidate_measure(a, dialect_first_guess(a));
  return KITH_OK;
}

/* ---- the format ---- */

static kith_status dialect_ambiguous(const kith__preview *a, const char *why) {
  return kith_fail(KITH_EDATA, "%s:%lld: %s; set %s.format: adjacency or edges, and %s.delimiter",
                   a->lines->path, (long long)a->number[0], why, dialect_key(a), dialect_key(a));
}

/* In an adjacency list, all items are integers or none is: "1 2 4.5" is not one. */
static bool items_agree(const kith__preview *a, const kith__candidate *w) {
  bool integers = true, others = false;
  for (int i = 0; i < a->n; i++) {
    kith__field rest = a->line[i], field;
    int64_t value;
    for (int n = 0; kith__field_next(&w->delimiter, &rest, &field); n++) {
      bool integer = kith__field_integer(field, &value);
      if (n == 1) integers = integers && integer;
      if (n > 1) others = others || !integer;
    }
  }
  return !integers || !others;
}

/* Lines with different numbers of fields are an adjacency list, if only white space can be the delimiter. */
static kith_status adjacency_find(const kith__preview *a, const kith__candidate *candidate,
                                  kith__candidate *out) {
  *out = candidate[CANDIDATE_WHITE];
  for (int i = 0; i < CANDIDATE_WHITE && out->max <= 1; i++)
    if (candidate[i].max > 1)
      return dialect_ambiguous(
          a,
          "lines have different numbers of columns, which may be a user and its items, or one pair and more");
  if (out->max <= 1 || out->bad_quotes)
    return KITH_OK; /* no edge, or a malformed quote that reading reports */
  for (int i = 0; i < CANDIDATE_WHITE; i++)
    if (candidate[i].min >= 2 && (i != CANDIDATE_TAB || candidate[i].spaced)) {
      const int two[2] = {i, CANDIDATE_WHITE};
      return dialect_ambiguous_delimiter(a, candidate, two);
    }
  if (!items_agree(a, out))
    return dialect_ambiguous(
        a, "lines have different numbers of columns, and some values behind integers are not integers");
  return KITH_OK;
}

/* Range of the values of a column. */
typedef struct dialect_range {
  int64_t low, high;
} dialect_range;

/* Add a line of items, distinct integers, to the ranges.  *ascends becomes false if they do not ascend. */
static bool items_add(kith__field rest, const kith__delimiter *delimiter, int n, int64_t *item,
                      dialect_range *range, bool *ascends) {
  kith__field field;
  if (!kith__field_next(delimiter, &rest, &field)) return false;
  for (int k = 0; k < n; k++) {
    if (!kith__field_next(delimiter, &rest, &field) || !kith__field_integer(field, &item[k])) return false;
    for (int j = 0; j < k; j++)
      if (item[j] == item[k]) return false;
    *ascends = *ascends && (k == 0 || item[k - 1] < item[k]);
    if (item[k] < range[k].low) range[k].low = item[k];
    if (item[k] > range[k].high) range[k].high = item[k];
  }
  return true;
}

/*
 * Whether the columns behind the first can be the items of a user: distinct integers in every line, which
 * either ascend in all lines, or whose ranges per column overlap.  Ratings, times and the like do not.
 */
static bool items_are_alike(const kith__preview *a, const kith__candidate *w) {
  int64_t item[KITH__MAX_FIELDS], low = INT64_MIN, high = INT64_MAX;
  dialect_range range[KITH__MAX_FIELDS];
  bool ascends = true;
  int n = w->max - 1;
  if (w->delimiter.size > 0 || w->max > KITH__MAX_FIELDS || a->n < 2) return false;
  for (int k = 0; k < n; k++) range[k] = (dialect_range){INT64_MAX, INT64_MIN};
  for (int i = 0; i < a->n; i++)
    if (!items_add(a->line[i], &w->delimiter, n, item, range, &ascends)) return false;
  for (int k = 0; k < n; k++) {
    if (range[k].low > low) low = range[k].low;
    if (range[k].high < high) high = range[k].high;
  }
  return ascends || low <= high;
}

/* Equally many columns: up to four are edges; more are an adjacency list if they look like one, else
 * ambiguous. */
static kith_status equal_find(const kith__preview *a, const kith__candidate *w, kith_list_format *format) {
  char why[128];
  *format = a->policy->format_hint == KITH_ADJACENCY && w->delimiter.size == 0 ? KITH_ADJACENCY : KITH_EDGES;
  if (a->policy->format_hint != KITH_FORMAT_AUTO) return KITH_OK;
  if (w->max > 4 && items_are_alike(a, w)) {
    *format = KITH_ADJACENCY;
    return KITH_OK;
  }
  if (w->max > 4) {
    snprintf(why, sizeof why,
             "every line has %d columns, which may be a user and its items, or one pair and more", w->max);
    return dialect_ambiguous(a, why);
  }
  if (w->max == 2 && !a->source->delimiter[0] && (w->mixed || w->spaced))
    return dialect_ambiguous(
        a, "every line has two columns, but a column holds several words, which may be one id or several");
  return KITH_OK;
}

/* "12:4.5" */
static bool item_is_rated(kith__field field) {
  const char *colon = memchr(field.at, ':', (size_t)field.size);
  int64_t id;
  float rating;
  return colon && kith__field_integer((kith__field){field.at, colon - field.at}, &id) &&
         kith__field_real((kith__field){colon + 1, field.at + field.size - colon - 1}, &rating);
}

/* "7 12:4.5 13:3": ratings would become parts of ids. */
static kith_status adjacency_check(const kith__preview *a, const kith__candidate *w) {
  kith__delimiter delimiter = w->delimiter;
  kith__field field, rated = {NULL, 0};
  int64_t line = 0;
  char shown[48];
  delimiter.read_only = true;
  for (int i = 0; i < a->n; i++) {
    kith__field rest = a->line[i];
    for (int n = 0; kith__field_next(&delimiter, &rest, &field); n++) {
      if (n == 0 || field.size == 0) continue;
      if (!item_is_rated(field)) return KITH_OK;
      if (!rated.at) line = a->number[i];
      if (!rated.at) rated = field;
    }
  }
  if (!rated.at || a->policy->item->declared_text) return KITH_OK;
  if (a->policy->must_be_new && a->policy->item->text) return KITH_OK; /* as the ids of the graph */
  return kith_fail(
      KITH_EDATA,
      "%s:%lld: %s looks like an id and a weight, as do all others; write a list of edges (%s, %s and "
      "weight), or set data.ids: text if all of it is the id",
      a->lines->path, (long long)line, kith__field_quote(rated, shown), a->policy->user->kind,
      a->policy->item->kind);
}

/* Settings of columns imply the format edges. */
static bool source_means_edges(const kith_edge_source *s) {
  return s->header == KITH_HEADER_YES || s->user[0] || s->item[0] || s->time[0] || s->weight[0] ||
         s->kind[0] || s->min_weight > 0;
}

static kith_status dialect_auto(const kith__preview *a, const kith__candidate *candidate, kith__dialect *d) {
  int two[2] = {0, 0}, pick = candidates_pick(a, candidate, false, two);
  if (pick == -2) return dialect_ambiguous_delimiter(a, candidate, two);
  int malformed = pick == -1 || pick == CANDIDATE_WHITE ? candidates_with_bad_quotes(a, candidate) : -1;
  d->format = malformed >= 0 ? KITH_EDGES : KITH_ADJACENCY;
  if (pick == -1 && malformed < 0) return adjacency_find(a, candidate, &d->candidate);
  d->candidate = candidate[malformed >= 0 ? malformed : pick];
  if (malformed >= 0) return KITH_OK;
  return equal_find(a, &d->candidate, &d->format);
}

/* The job names the delimiter. */
static kith_status dialect_given(const kith__preview *a, kith__dialect *d) {
  if (d->format != KITH_FORMAT_AUTO) return KITH_OK;
  if (d->candidate.min >= 2 && d->candidate.min == d->candidate.max)
    return equal_find(a, &d->candidate, &d->format);
  d->format = KITH_ADJACENCY;
  return items_agree(a, &d->candidate) ? KITH_OK
                                       : dialect_ambiguous(a, "lines have different numbers of columns, and "
                                                              "some values behind integers are not integers");
}

static void dialect_header(const kith__preview *a, kith__dialect *d) {
  bool headed = d->format == KITH_EDGES && a->source->header == KITH_HEADER_YES && a->n > 0;
  d->header = (kith__field){NULL, -1};
  if (!headed) return;
  d->header = d->candidate.header_is_comment ? a->comment : a->line[0];
  d->header_number = d->candidate.header_is_comment ? a->comment_number : a->number[0];
}

kith_status kith__dialect_find(const kith__preview *a, kith__dialect *d) {
  kith_status st = KITH_OK;
  const kith_edge_source *s = a->source;
  kith__candidate candidate[CANDIDATES];
  *d = (kith__dialect){.format =
                           s->format == KITH_FORMAT_AUTO && source_means_edges(s) ? KITH_EDGES : s->format};
  bool given = s->delimiter[0] || d->format == KITH_ADJACENCY;
  for (int i = 0; i < CANDIDATES && !given; i++) {
    kith__delimiter delimiter = kith__delimiter_make(signs[i]);
    delimiter.no_quotes = s->quoting == KITH_QUOTING_NONE;
    candidate[i] = kith__candidate_measure(a, delimiter);
  }
  if (given) {
    kith__delimiter delimiter = kith__delimiter_make(s->delimiter);
    delimiter.no_quotes = s->quoting == KITH_QUOTING_NONE;
    d->candidate = kith__candidate_measure(a, delimiter);
    KITH_TRY(dialect_given(a, d));
  } else
    KITH_TRY(d->format == KITH_EDGES ? edges_find(a, candidate, &d->candidate)
                                     : dialect_auto(a, candidate, d));
  d->candidate.delimiter.no_quotes = s->quoting == KITH_QUOTING_NONE;
  if (d->format == KITH_ADJACENCY) KITH_TRY(adjacency_check(a, &d->candidate));
  dialect_header(a, d);
done:
  return st;
}
