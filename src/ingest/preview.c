/* The first lines of a list, and how each candidate delimiter splits them. */
#include <stdlib.h>
#include <string.h>

#include "ingest/dialect.h"

/* ---- the lines ---- */

static void preview_add(kith__preview *a, kith__field line, int64_t number) {
  kith__line_kind kind = kith__line_kind_of(a->lines, line);
  if (kind == KITH__LINE_DATA) {
    a->line[a->n] = line;
    a->number[a->n++] = number;
  }
  if (kind == KITH__LINE_COMMENT && a->n == 0) {
    const char *sign = memchr(line.at, '#', (size_t)line.size);
    a->comment = (kith__field){sign + 1, line.at + line.size - sign - 1};
    a->comment_number = number;
  }
}

/* Collect the complete lines in the buffer. */
static void preview_walk(kith__preview *a) {
  const char *at = a->lines->buffer + a->lines->begin, *end = a->lines->buffer + a->lines->end;
  a->n = 0;
  a->comment = (kith__field){NULL, -1};
  for (int64_t number = a->lines->number + 1; at < end && a->n < KITH__PREVIEW_LINES; number++) {
    const char *stop = memchr(at, '\n', (size_t)(end - at));
    if (!stop && !a->lines->at_end) break;
    int64_t size = (stop ? stop : end) - at;
    preview_add(a, (kith__field){at, size - (size > 0 && at[size - 1] == '\r')}, number);
    at += size + 1;
  }
}

kith_status kith__preview_read(const kith_edge_source *source, const kith__edge_policy *policy,
                               kith__lines *lines, kith__preview *a) {
  kith_status st = KITH_OK;
  a->source = source;
  a->policy = policy;
  a->lines = lines;
  for (preview_walk(a); a->n < 2; preview_walk(a)) {
    const bool dry = lines->at_end && a->n == 0 && kith__lines_has_file(lines);
    if (lines->at_end && !dry) break;
    KITH_TRY(dry ? kith__lines_next_file(lines) : kith__lines_refill(lines));
  }
done:
  return st;
}

/* ---- columns ---- */

static int column_named(kith__delimiter delimiter, kith__field header, const char *name) {
  kith__field field;
  delimiter.read_only = true;
  for (int i = 0; i < KITH__MAX_FIELDS && kith__field_next(&delimiter, &header, &field); i++)
    if ((size_t)field.size == strlen(name) && memcmp(field.at, name, (size_t)field.size) == 0) return i;
  return -2;
}

int kith__column_count(const kith__delimiter *delimiter, kith__field header, const char *name) {
  kith__delimiter look = *delimiter;
  kith__field field;
  int n = 0;
  look.read_only = true;
  while (kith__field_next(&look, &header, &field))
    n += (size_t)field.size == strlen(name) && memcmp(field.at, name, (size_t)field.size) == 0;
  return n;
}

/* Index of a column given by number. */
static int column_number(const char *text) {
  char *end = NULL;
  long number = strtol(text, &end, 10);
  return *text && !*end && number >= 1 && number <= KITH__MAX_FIELDS ? (int)number - 1 : -2;
}

int kith__column_index(const kith__delimiter *delimiter, kith__field header, const char *name,
                       int otherwise) {
  if (!name[0]) return otherwise;
  int index = header.size >= 0 ? column_named(*delimiter, header, name) : -2;
  return index >= 0 ? index : column_number(name);
}

static void candidate_columns(const kith__preview *a, kith__field header, kith__candidate *w) {
  const kith_edge_source *s = a->source;
  kith__columns *c = &w->columns;
  c->user = kith__column_index(&w->delimiter, header, s->user, 0);
  c->item = kith__column_index(&w->delimiter, header, s->item, 1);
  c->time = kith__column_index(&w->delimiter, header, s->time, -1);
  c->weight = kith__column_index(&w->delimiter, header, s->weight, -1);
  c->kind = kith__column_index(&w->delimiter, header, s->kind, -1);
  kith__event_columns(&w->delimiter, header, s->features, c);
  const int all[] = {c->user, c->item, c->time, c->weight, c->kind};
  w->has_columns = c->n_feature >= 0;
  c->n = 2;
  for (int i = 0; i < KITH__EDGE_COLUMNS; i++) {
    w->has_columns = w->has_columns && all[i] > -2;
    if (all[i] >= c->n) c->n = all[i] + 1;
  }
  for (int k = 0; k < c->n_feature; k++)
    if (c->feature[k] >= c->n) c->n = c->feature[k] + 1;
}

/* ---- splitting all lines ---- */

static int preview_count(kith__delimiter delimiter, kith__field line) {
  kith__field field;
  int n = 0;
  delimiter.read_only = true;
  while (kith__field_next(&delimiter, &line, &field)) n++;
  return line.size < 0 ? -1 : n;
}

/* Whether an unquoted field contains one of these delimiters. */
static bool field_holds(kith__field line, kith__field field, const char *const *sign, int n_sign) {
  if (field.at > line.at && field.at[-1] == '"') return false;
  for (int i = 0; i < n_sign; i++)
    if (field.size > 0 && memmem(field.at, (size_t)field.size, sign[i], strlen(sign[i]))) return true;
  return false;
}

/* "5 4" is not an id, but two fields of another delimiter. */
static bool field_is_numbers(kith__field line, kith__field field) {
  bool blank = false;
  if (field.at > line.at && field.at[-1] == '"') return false;
  for (int64_t i = 0; i < field.size; i++) {
    if (!strchr("0123456789., ", field.at[i]) || field.at[i] == '\0') return false;
    blank = blank || field.at[i] == ' ';
  }
  return blank;
}

static void candidate_look(const kith__preview *a, int i, kith__candidate *w) {
  static const char *const hard[] = {"\t", ",", ";", "|", "::"}, *const blank[] = {" "};
  kith__field rest = a->line[i], field;
  int n = 0, n_hard = w->delimiter.size == 0 || w->delimiter.text[0] == '\t'
                          ? 4
                          : 5; /* with tabs and spaces, "::" may be part of ids, as in ns::u1 */
  for (; kith__field_next(&w->delimiter, &rest, &field); n++) {
    bool id = n == w->columns.user || n == w->columns.item || n == w->columns.kind;
    w->mixed = w->mixed ||
               (id && (field_holds(a->line[i], field, hard, n_hard) || field_is_numbers(a->line[i], field)));
    w->spaced = w->spaced || field_holds(a->line[i], field, blank, 1);
  }
  w->bad_quotes = w->bad_quotes || rest.size < 0;
  if (w->min == INT32_MAX) w->first = n;
  if (n < w->min) w->min = n;
  if (n > w->max) w->max = n;
}

/* A comment before the first line is the header if it has as many fields, or the names of the job. */
static bool candidate_is_commented(const kith__preview *a, kith__candidate *w) {
  if (a->comment.size < 0) return false;
  int n = preview_count(w->delimiter, a->comment);
  if (n < 2 || n != preview_count(w->delimiter, a->line[0])) return false;
  candidate_columns(a, a->line[0], w);
  bool plain = w->has_columns && (a->source->user[0] || a->source->item[0]);
  candidate_columns(a, a->comment, w);
  return w->has_columns && !plain;
}

kith__candidate kith__candidate_measure(const kith__preview *a, kith__delimiter delimiter) {
  kith__candidate w = {.delimiter = delimiter, .min = INT32_MAX};
  w.delimiter.read_only = true;
  bool headed = a->source->header == KITH_HEADER_YES && a->n > 0;
  w.header_is_comment = headed && candidate_is_commented(a, &w);
  candidate_columns(a, !headed ? (kith__field){NULL, -1} : w.header_is_comment ? a->comment : a->line[0], &w);
  for (int i = headed && !w.header_is_comment && a->n > 1; i < a->n; i++) candidate_look(a, i, &w);
  if (a->n == 0) w.min = 0;
  w.delimiter.read_only = false;
  return w;
}
