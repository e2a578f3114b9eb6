/* Format and delimiter of a list, told by its first lines where all of them agree; otherwise the job has to
 * say. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "ingest/dialect.h"

static const char *const signs[] = {"\t", "::", ",", ";", "|", ""};
enum { WAYS = 6, WAY_TAB = 0, WAY_COLONS = 1, WAY_COMMA = 2, WAY_WHITE = 5 };

static const char *dialect_key(const kith__sample *a) {
  return a->meet->key ? a->meet->key : "data.interactions";
}

static const char *knife_text(const kith__knife *knife, char *text) {
  if (knife->size == 0) return "white space";
  if (knife->text[0] == '\t') return "tabs";
  snprintf(text, 16, "\"%s\"", knife->text);
  return text;
}

/* ---- the delimiter ---- */

/* Whether commas only stand between the digits of numbers behind the first two cells of a line: "u1 i1 3,5".
 */
static bool commas_are_decimal(const kith__sample *a, const kith__way *white) {
  for (int i = 0; i < a->n; i++) {
    kith__cell rest = a->line[i], cell;
    for (int n = 0; kith__knife_cut(&white->knife, &rest, &cell); n++) {
      const char *comma = memchr(cell.at, ',', (size_t)cell.size);
      if (!comma) continue;
      if (n < 2 || cell.size > 40) return false;
      for (int64_t k = 0; k < cell.size; k++)
        if (!isdigit((unsigned char)cell.at[k]) && cell.at + k != comma && !(k == 0 && cell.at[0] == '-'))
          return false;
    }
  }
  return true;
}

/* A tab parts columns wherever it stands; and blanks stand in cells too, unless the commas are those of
 * numbers. */
static void ways_prefer(const kith__sample *a, const kith__way *way, bool *in) {
  bool clean = false, hard = false;
  for (int i = 0; i < WAYS; i++) clean = clean || (in[i] && !way[i].mixed);
  for (int i = 0; i < WAYS; i++) in[i] = in[i] && !(clean && way[i].mixed);
  for (int i = 0; i < WAYS; i++)
    if (i != WAY_TAB && in[WAY_TAB] && !way[WAY_TAB].mixed) in[i] = false;
  for (int i = 0; i < WAY_WHITE; i++) hard = hard || in[i];
  if (!clean || !hard || !in[WAY_WHITE]) return;
  if (in[WAY_COMMA] && way[WAY_WHITE].columns.n <= way[WAY_WHITE].min &&
      commas_are_decimal(a, &way[WAY_WHITE]))
    in[WAY_COMMA] = false;
  else if (!(in[WAY_COLONS] && way[WAY_COLONS].spaced) && (way[WAY_WHITE].mixed || way[WAY_WHITE].max <= 2))
    in[WAY_WHITE] = false;
}

/* The one way that cuts all lines into enough cells, and (unless `loose`) equally many: -1 none, -2 several,
 * of which two are told. */
static int ways_pick(const kith__sample *a, const kith__way *way, bool loose, int *two) {
  bool in[WAYS];
  int found = -1;
  for (int i = 0; i < WAYS; i++)
    in[i] = a->n > 0 && way[i].fits && !way[i].torn && way[i].min >= way[i].columns.n &&
            (loose || way[i].min == way[i].max);
  ways_prefer(a, way, in);
  for (int i = 0; i < WAYS; i++) {
    if (!in[i]) continue;
    two[found >= 0] = i;
    if (found >= 0) return -2;
    found = i;
  }
  return found;
}

/* A delimiter whose quotes are wrong, where it is the delimiter all the same: the line is refused when it is
 * read.  -1: none. */
static int ways_torn(const kith__sample *a, const kith__way *way) {
  bool tabs = a->n > 0,
       equal = !way[WAY_WHITE].torn && way[WAY_WHITE].min == way[WAY_WHITE].max && way[WAY_WHITE].max > 1;
  for (int i = 0; i < a->n; i++) tabs = tabs && memchr(a->line[i].at, '\t', (size_t)a->line[i].size);
  for (int i = 0; i < WAY_WHITE; i++)
    if (way[i].torn && (i == WAY_TAB ? tabs : way[i].max > 1 && !equal)) return i;
  return -1;
}

static kith_status dialect_several(const kith__sample *a, const kith__way *way, const int *two) {
  char text[2][16];
  return kith_fail(
      KITH_EDATA,
      "%s:%lld: columns may be parted by %s or by %s; set %s.format: adjacency or edges, and %s.delimiter",
      a->lines->path, (long long)a->number[0], knife_text(&way[two[0]].knife, text[0]),
      knife_text(&way[two[1]].knife, text[1]), dialect_key(a), dialect_key(a));
}

/* What no way cuts: the first line says what was most likely meant, and a line that has too few cells is then
 * refused. */
static kith__knife dialect_first_guess(const kith__sample *a) {
  return a->n > 0 ? kith__knife_guess(a->line[0]) : kith__knife_make("");
}

static kith_status edges_find(const kith__sample *a, const kith__way *way, kith__way *out) {
  int two[2] = {0, 0}, pick = ways_pick(a, way, false, two), torn = -1;
  if (pick == -1 || pick == WAY_WHITE) torn = ways_torn(a, way);
  if (torn >= 0) pick = torn;
  if (pick == -1) pick = ways_pick(a, way, true, two);
  if (pick == -2) return dialect_several(a, way, two);
  *out = pick >= 0 ? way[pick] : kith__way_measure(a, dialect_first_guess(a));
  return KITH_OK;
}

/* ---- the format ---- */

static kith_status dialect_open(const kith__sample *a, const char *why) {
  return kith_fail(KITH_EDATA, "%s:%lld: %s; set %s.format: adjacency or edges, and %s.delimiter",
                   a->lines->path, (long long)a->number[0], why, dialect_key(a), dialect_key(a));
}

/* Items that are integers are so in every cell: "1 2 4.5" is no adjacency list. */
static bool items_agree(const kith__sample *a, const kith__way *w) {
  bool integers = true, others = false;
  for (int i = 0; i < a->n; i++) {
    kith__cell rest = a->line[i], cell;
    int64_t value;
    for (int n = 0; kith__knife_cut(&w->knife, &rest, &cell); n++) {
      bool integer = kith__cell_integer(cell, &value);
      if (n == 1) integers = integers && integer;
      if (n > 1) others = others || !integer;
    }
  }
  return !integers || !others;
}

/* Lines of unequal length are an adjacency list, if nothing but white space parts them. */
static kith_status adjacency_find(const kith__sample *a, const kith__way *way, kith__way *out) {
  *out = way[WAY_WHITE];
  for (int i = 0; i < WAY_WHITE && out->max <= 1; i++)
    if (way[i].max > 1)
      return dialect_open(
          a, "lines have unequally many columns, which may be a user and its items, or one pair and more");
  if (out->max <= 1 || out->torn)
    return KITH_OK; /* no pair in it, or a quote that is refused where it stands */
  for (int i = 0; i < WAY_WHITE; i++)
    if (way[i].min >= 2 && (i != WAY_TAB || way[i].spaced)) {
      const int two[2] = {i, WAY_WHITE};
      return dialect_several(a, way, two);
    }
  if (!items_agree(a, out))
    return dialect_open(a, "lines have unequally many columns, and some behind integers are none");
  return KITH_OK;
}

/* The values of a column. */
typedef struct dialect_range {
  int64_t low, high;
} dialect_range;

/* One line of items: integers, none twice; their ranges grow.  *ascends stays true while each is larger than
 * the last. */
static bool items_add(kith__cell rest, const kith__knife *knife, int n, int64_t *item, dialect_range *range,
                      bool *ascends) {
  kith__cell cell;
  if (!kith__knife_cut(knife, &rest, &cell)) return false;
  for (int k = 0; k < n; k++) {
    if (!kith__knife_cut(knife, &rest, &cell) || !kith__cell_integer(cell, &item[k])) return false;
    for (int j = 0; j < k; j++)
      if (item[j] == item[k]) return false;
    *ascends = *ascends && (k == 0 || item[k - 1] < item[k]);
    if (item[k] < range[k].low) range[k].low = item[k];
    if (item[k] > range[k].high) range[k].high = item[k];
  }
  return true;
}

/*
 * Whether the columns behind the first can be items of one user: integers that are different in every line,
 * and either ascend in all lines or lie in ranges that have a value in common.  Ratings, times and the like
 * do not.
 */
static bool items_are_alike(const kith__sample *a, const kith__way *w) {
  int64_t item[KITH__CELLS], low = INT64_MIN, high = INT64_MAX;
  dialect_range range[KITH__CELLS];
  bool ascends = true;
  int n = w->max - 1;
  if (w->knife.size > 0 || w->max > KITH__CELLS || a->n < 2) return false;
  for (int k = 0; k < n; k++) range[k] = (dialect_range){INT64_MAX, INT64_MIN};
  for (int i = 0; i < a->n; i++)
    if (!items_add(a->line[i], &w->knife, n, item, range, &ascends)) return false;
  for (int k = 0; k < n; k++) {
    if (range[k].low > low) low = range[k].low;
    if (range[k].high < high) high = range[k].high;
  }
  return ascends || low <= high;
}

/* Equally many columns: up to four are edges; more are a user and its items if they look it, and else either.
 */
static kith_status equal_find(const kith__sample *a, const kith__way *w, kith_format *format) {
  char why[128];
  *format = a->meet->hint == KITH_ADJACENCY && w->knife.size == 0 ? KITH_ADJACENCY : KITH_EDGES;
  if (a->meet->hint != KITH_FORMAT_AUTO) return KITH_OK;
  if (w->max > 4 && items_are_alike(a, w)) {
    *format = KITH_ADJACENCY;
    return KITH_OK;
  }
  if (w->max > 4) {
    snprintf(why, sizeof why,
             "every line has %d columns, which may be a user and its items, or one pair and more", w->max);
    return dialect_open(a, why);
  }
  if (w->max == 2 && !a->source->delimiter[0] && (w->mixed || w->spaced))
    return dialect_open(
        a, "every line has two columns, but a column holds several words, which may be one id or several");
  return KITH_OK;
}

/* What the job says of columns is only said of edges. */
static bool source_means_edges(const kith_source *s) {
  return s->header == KITH_HEADER_YES || s->user[0] || s->item[0] || s->time[0] || s->weight[0] ||
         s->least_weight > 0;
}

static kith_status dialect_auto(const kith__sample *a, const kith__way *way, kith__dialect *d) {
  int two[2] = {0, 0}, pick = ways_pick(a, way, false, two);
  if (pick == -2) return dialect_several(a, way, two);
  int torn = pick == -1 || pick == WAY_WHITE ? ways_torn(a, way) : -1;
  d->format = torn >= 0 ? KITH_EDGES : KITH_ADJACENCY;
  if (pick == -1 && torn < 0) return adjacency_find(a, way, &d->way);
  d->way = way[torn >= 0 ? torn : pick];
  if (torn >= 0) return KITH_OK;
  return equal_find(a, &d->way, &d->format);
}

/* The job names the delimiter. */
static kith_status dialect_given(const kith__sample *a, kith__dialect *d) {
  if (d->format != KITH_FORMAT_AUTO) return KITH_OK;
  if (d->way.min >= 2 && d->way.min == d->way.max) return equal_find(a, &d->way, &d->format);
  d->format = KITH_ADJACENCY;
  return items_agree(a, &d->way)
             ? KITH_OK
             : dialect_open(a, "lines have unequally many columns, and some behind integers are none");
}

static void dialect_header(const kith__sample *a, kith__dialect *d) {
  bool headed = d->format == KITH_EDGES && a->source->header == KITH_HEADER_YES && a->n > 0;
  d->header = (kith__cell){NULL, -1};
  if (!headed) return;
  d->header = d->way.commented ? a->comment : a->line[0];
  d->header_number = d->way.commented ? a->comment_number : a->number[0];
}

kith_status kith__dialect_find(const kith__sample *a, kith__dialect *d) {
  kith_status st = KITH_OK;
  const kith_source *s = a->source;
  kith__way way[WAYS];
  *d = (kith__dialect){.format =
                           s->format == KITH_FORMAT_AUTO && source_means_edges(s) ? KITH_EDGES : s->format};
  bool given = s->delimiter[0] || d->format == KITH_ADJACENCY;
  for (int i = 0; i < WAYS && !given; i++) {
    kith__knife knife = kith__knife_make(signs[i]);
    knife.unquoted = s->quoting == KITH_QUOTING_NONE;
    way[i] = kith__way_measure(a, knife);
  }
  if (given) {
    kith__knife knife = kith__knife_make(s->delimiter);
    knife.unquoted = s->quoting == KITH_QUOTING_NONE;
    d->way = kith__way_measure(a, knife);
    KITH_TRY(dialect_given(a, d));
  } else KITH_TRY(d->format == KITH_EDGES ? edges_find(a, way, &d->way) : dialect_auto(a, way, d));
  d->way.knife.unquoted = s->quoting == KITH_QUOTING_NONE;
  dialect_header(a, d);
done:
  return st;
}
