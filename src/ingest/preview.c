/* The first lines of a list, and what they look like when they are cut in one way or another. */
#include <stdlib.h>
#include <string.h>

#include "ingest/dialect.h"

/* ---- the lines ---- */

static void sample_add(kith__sample *a, kith__cell line, int64_t number) {
  kith__line_kind kind = kith__line_kind_of(a->lines, line);
  if (kind == KITH__LINE_DATA) {
    a->line[a->n] = line;
    a->number[a->n++] = number;
  }
  if (kind == KITH__LINE_COMMENT && a->n == 0) {
    const char *sign = memchr(line.at, '#', (size_t)line.size);
    a->comment = (kith__cell){sign + 1, line.at + line.size - sign - 1};
    a->comment_number = number;
  }
}

/* Whole lines that are in the buffer. */
static void sample_walk(kith__sample *a) {
  const char *at = a->lines->buffer + a->lines->begin, *end = a->lines->buffer + a->lines->end;
  a->n = 0;
  a->comment = (kith__cell){NULL, -1};
  for (int64_t number = a->lines->number + 1; at < end && a->n < KITH__SAMPLE; number++) {
    const char *stop = memchr(at, '\n', (size_t)(end - at));
    if (!stop && !a->lines->at_end) break;
    int64_t size = (stop ? stop : end) - at;
    sample_add(a, (kith__cell){at, size - (size > 0 && at[size - 1] == '\r')}, number);
    at += size + 1;
  }
}

kith_status kith__sample_take(const kith_source *source, const kith__meet *meet, kith__lines *lines,
                              kith__sample *a) {
  kith_status st = KITH_OK;
  a->source = source;
  a->meet = meet;
  a->lines = lines;
  for (sample_walk(a); a->n < 2 && !lines->at_end; sample_walk(a)) KITH_TRY(kith__lines_more(lines));
done:
  return st;
}

/* ---- columns ---- */

static int column_named(kith__knife knife, kith__cell header, const char *name) {
  kith__cell cell;
  knife.dry = true;
  for (int i = 0; i < KITH__CELLS && kith__knife_cut(&knife, &header, &cell); i++)
    if ((size_t)cell.size == strlen(name) && memcmp(cell.at, name, (size_t)cell.size) == 0) return i;
  return -2;
}

int kith__column_count(const kith__knife *knife, kith__cell header, const char *name) {
  kith__knife look = *knife;
  kith__cell cell;
  int n = 0;
  look.dry = true;
  while (kith__knife_cut(&look, &header, &cell))
    n += (size_t)cell.size == strlen(name) && memcmp(cell.at, name, (size_t)cell.size) == 0;
  return n;
}

/* The place of a column that the job gives by number. */
static int column_number(const char *text) {
  char *end = NULL;
  long number = strtol(text, &end, 10);
  return *text && !*end && number >= 1 && number <= KITH__CELLS ? (int)number - 1 : -2;
}

int kith__column_place(const kith__knife *knife, kith__cell header, const char *name, int otherwise) {
  if (!name[0]) return otherwise;
  int place = header.size >= 0 ? column_named(*knife, header, name) : -2;
  return place >= 0 ? place : column_number(name);
}

static void way_columns(const kith__sample *a, kith__cell header, kith__way *w) {
  const kith_source *s = a->source;
  kith__columns *c = &w->columns;
  c->user = kith__column_place(&w->knife, header, s->user, 0);
  c->item = kith__column_place(&w->knife, header, s->item, 1);
  c->time = kith__column_place(&w->knife, header, s->time, -1);
  c->weight = kith__column_place(&w->knife, header, s->weight, -1);
  const int all[] = {c->user, c->item, c->time, c->weight};
  w->fits = true;
  c->n = 2;
  for (int i = 0; i < 4; i++) {
    w->fits = w->fits && all[i] > -2;
    if (all[i] >= c->n) c->n = all[i] + 1;
  }
}

/* ---- cutting all of them ---- */

static int sample_count(kith__knife knife, kith__cell line) {
  kith__cell cell;
  int n = 0;
  knife.dry = true;
  while (kith__knife_cut(&knife, &line, &cell)) n++;
  return line.size < 0 ? -1 : n;
}

/* Whether a cell that no quotes protect holds one of these signs. */
static bool cell_holds(kith__cell line, kith__cell cell, const char *const *sign, int n_sign) {
  if (cell.at > line.at && cell.at[-1] == '"') return false;
  for (int i = 0; i < n_sign; i++)
    if (cell.size > 0 && memmem(cell.at, (size_t)cell.size, sign[i], strlen(sign[i]))) return true;
  return false;
}

/* "5 4" is no id, but two that another sign should have parted. */
static bool cell_is_numbers(kith__cell line, kith__cell cell) {
  bool blank = false;
  if (cell.at > line.at && cell.at[-1] == '"') return false;
  for (int64_t i = 0; i < cell.size; i++) {
    if (!strchr("0123456789., ", cell.at[i]) || cell.at[i] == '\0') return false;
    blank = blank || cell.at[i] == ' ';
  }
  return blank;
}

static void way_look(const kith__sample *a, int i, kith__way *w) {
  static const char *const hard[] = {"\t", ",", ";", "|", "::"}, *const blank[] = {" "};
  kith__cell rest = a->line[i], cell;
  int n = 0, n_hard = w->knife.size == 0 || w->knife.text[0] == '\t'
                          ? 4
                          : 5; /* there "::" is part of names, as in ns::u1 */
  for (; kith__knife_cut(&w->knife, &rest, &cell); n++) {
    bool id = n == w->columns.user || n == w->columns.item;
    w->mixed =
        w->mixed || (id && (cell_holds(a->line[i], cell, hard, n_hard) || cell_is_numbers(a->line[i], cell)));
    w->spaced = w->spaced || cell_holds(a->line[i], cell, blank, 1);
  }
  w->torn = w->torn || rest.size < 0;
  if (n < w->min) w->min = n;
  if (n > w->max) w->max = n;
}

/* A commented line in front of the first one is the header where it has as many cells, or the names that the
 * job asks for. */
static bool way_is_commented(const kith__sample *a, kith__way *w) {
  if (a->comment.size < 0) return false;
  int n = sample_count(w->knife, a->comment);
  if (n < 2 || n != sample_count(w->knife, a->line[0])) return false;
  way_columns(a, a->line[0], w);
  bool plain = w->fits && (a->source->user[0] || a->source->item[0]);
  way_columns(a, a->comment, w);
  return w->fits && !plain;
}

kith__way kith__way_measure(const kith__sample *a, kith__knife knife) {
  kith__way w = {.knife = knife, .min = INT32_MAX};
  w.knife.dry = true;
  bool headed = a->source->header == KITH_HEADER_YES && a->n > 0;
  w.commented = headed && way_is_commented(a, &w);
  way_columns(a, !headed ? (kith__cell){NULL, -1} : w.commented ? a->comment : a->line[0], &w);
  for (int i = headed && !w.commented && a->n > 1; i < a->n; i++) way_look(a, i, &w);
  if (a->n == 0) w.min = 0;
  w.knife.dry = false;
  return w;
}
