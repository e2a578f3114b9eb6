/*
 * Read a list of features.  A line holds an id (or, in a list of all nodes, none: line i is node i - 1) and,
 * by format: the node's features (sparse), a number per feature (dense), or one feature (long).  Long:
 * repeated lines of a node and feature are merged, and their weights are added.
 */
#include "ingest/features.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { FEATURES_PROBE = 1000 };   /* lines read to detect the format */
enum { FEATURES_MOST = 1 << 20 }; /* per type: each has a row of weights on every rank */

/* One feature of one node. */
typedef struct entry {
  int32_t node, feature;
  float value;
} entry;

typedef struct reader {
  kith__feature_reader *d;
  kith__lines lines;
  kith__feature_delimiter by;
  int32_t node;    /* of the current line; -1: skip the line */
  int32_t width;   /* dense: numbers per line */
  int columns;     /* long: columns behind the id */
  int64_t n_known; /* lines of known nodes */
  int64_t n, capacity;
  entry *entry;
  int64_t line_capacity;
  int64_t *line; /* [nodes] line number of each node; 0: none */
} reader;

static kith_status reader_add(reader *r, int32_t feature, float value) {
  kith_status st = KITH_OK;
  if (r->node < 0 || feature < 0) return st;
  if (r->n == r->capacity) {
    KITH_TRY(KITH_GROW(r->entry, r->capacity, 2 * r->capacity + 4096));
    r->capacity = 2 * r->capacity + 4096;
  }
  r->entry[r->n++] = (entry){r->node, feature, value};
done:
  return st;
}

static int64_t reader_n_row(const reader *r) {
  return r->d->n_line > 0 ? r->d->n_line : r->d->node->n - r->d->n_skip;
}

static int32_t reader_n_feature(const reader *r) {
  return r->d->n_line > 0 ? r->d->n_numbered : r->d->feature->n;
}

/* For messages: the line of a row, and what its node is. */
static long long reader_line_of(const reader *r, int64_t row) {
  return r->d->n_line > 0 ? row + 1 : r->line[row + r->d->n_skip];
}
static const char *reader_kind(const reader *r) { return r->d->n_line > 0 ? "node" : r->d->node->kind; }

/* ---- lines ---- */

/* "drama" or "drama:0.5": a number behind the last colon is the value, and is removed from the name. */
static kith_status reader_value(const kith__lines *lines, kith__field *field, float *value) {
  const char *colon = field->size > 0 ? memrchr(field->at, ':', (size_t)field->size) : NULL;
  float found = 0;
  char shown[48];
  *value = 1;
  if (!colon) return KITH_OK;
  const kith__field behind = {colon + 1, field->at + field->size - colon - 1};
  if (kith__field_is_unbounded(behind))
    return kith__lines_fail(lines, "expected a finite value behind the colon, found %s",
                            kith__field_quote(*field, shown));
  if (kith__field_is_decimal_comma(behind))
    return kith__lines_fail(lines, "expected a value with a decimal point behind the colon, found %s",
                            kith__field_quote(*field, shown));
  if (!kith__field_real(behind, &found)) return KITH_OK;
  *value = found;
  field->size = colon - field->at;
  return KITH_OK;
}

static kith_status reader_number(reader *r, kith__field name, float value) {
  int64_t feature = -1;
  char shown[48];
  if (!kith__field_integer(name, &feature) || feature < 0 || feature >= FEATURES_MOST)
    return kith__lines_fail(&r->lines, "expected a feature, 0 to %d, or feature:value, found %s",
                            FEATURES_MOST - 1, kith__field_quote(name, shown));
  if (feature >= r->d->n_numbered) r->d->n_numbered = (int32_t)feature + 1;
  return reader_add(r, (int32_t)feature, value);
}

static kith_status reader_feature(reader *r, kith__field name, float value) {
  kith_status st = KITH_OK;
  int32_t feature = 0;
  if (r->d->n_line > 0) return reader_number(r, name, value);
  KITH_TRY(kith__id_map_add(r->d->feature, &r->lines, name, r->d->new_features && r->node >= 0, &feature));
  if (r->d->feature->n > FEATURES_MOST)
    KITH_TRY(kith__lines_fail(&r->lines, "more than %d different features", FEATURES_MOST));
  r->d->unknown_features += r->node >= 0 && feature < 0;
  KITH_TRY(reader_add(r, feature, value));
done:
  return st;
}

/* "3,5", or "5" behind "drama:3": the comma may be that of a decimal number. */
static kith_status reader_comma(const kith__lines *lines, kith__field before, kith__field field,
                                bool quoted) {
  const char *colon = before.size > 0 ? memrchr(before.at, ':', (size_t)before.size) : NULL;
  int64_t whole;
  char shown[2][48];
  if (!quoted && kith__field_is_decimal_comma(field))
    return kith__lines_fail(
        lines, "expected a feature, found %s, a number with a decimal comma; quote it if it is a name",
        kith__field_quote(field, shown[0]));
  if (!colon || !kith__field_integer(field, &whole) ||
      !kith__field_integer((kith__field){colon + 1, before.at + before.size - colon - 1}, &whole))
    return KITH_OK;
  return kith__lines_fail(
      lines, "%s and %s may be a feature with a decimal comma in its value; write it with a point",
      kith__field_quote(before, shown[0]), kith__field_quote(field, shown[1]));
}

static kith_status reader_sparse(reader *r, kith__field rest) {
  kith_status st = KITH_OK;
  kith__delimiter delimiter = r->by.inner;
  kith__field field, before = {NULL, 0};
  const char *front = rest.at;
  float value = 0;
  delimiter.allow_value = true;
  KITH_TRY(kith__feature_delimiter_check(&r->by, &r->lines, rest));
  while (kith__field_next(&delimiter, &rest, &field)) {
    bool quoted = field.at > front && field.at[-1] == '"';
    if (delimiter.text[0] != ',') before.size = 0;
    KITH_TRY(reader_comma(&r->lines, before, field, quoted));
    before = field;
    KITH_TRY(reader_value(&r->lines, &field, &value));
    KITH_TRY(reader_feature(r, field, value));
  }
  KITH_TRY(kith__field_end(&delimiter, &r->lines, rest));
done:
  return st;
}

/* One feature and an optional weight.  The delimiter is that behind the id, so that names may contain spaces.
 */
static kith_status reader_long(reader *r, const kith__delimiter *delimiter, kith__field rest) {
  kith_status st = KITH_OK;
  kith__field field[3];
  float value = 1;
  int n = 0;
  char shown[48];
  while (n < 3 && kith__field_next(delimiter, &rest, &field[n])) n++;
  KITH_TRY(kith__field_end(delimiter, &r->lines, rest));
  if (n < 1 || n > 2)
    KITH_TRY(kith__lines_fail(&r->lines, "expected an id, a feature and perhaps a weight, found %s%s",
                              KITH_COUNT(n + 1, "column(s)"), n > 2 ? " or more" : ""));
  if (r->columns == 0) r->columns = n;
  if (n != r->columns)
    KITH_TRY(kith__lines_fail(&r->lines, "expected %s, as in the lines before, found %d",
                              KITH_COUNT(r->columns + 1, "column(s)"), n + 1));
  if (n == 2 && !kith__field_real(field[1], &value))
    KITH_TRY(kith__lines_fail(&r->lines, "expected a weight (a number), found %s",
                              kith__field_quote(field[1], shown)));
  KITH_TRY(reader_feature(r, field[0], value));
done:
  return st;
}

/* All lines have as many numbers as the first one.  Zeros are not stored. */
static kith_status reader_dense(reader *r, kith__field rest) {
  kith_status st = KITH_OK;
  const char *where = r->d->n_line > 0 ? "in a line" : "behind the id";
  const kith__delimiter delimiter = r->by.inner;
  kith__field field;
  int32_t n = 0;
  float value = 0;
  char shown[48];
  for (; kith__field_next(&delimiter, &rest, &field); n++) {
    if (!kith__field_real(field, &value))
      KITH_TRY(kith__lines_fail(&r->lines, "expected a number, found %s", kith__field_quote(field, shown)));
    if (n == FEATURES_MOST)
      KITH_TRY(
          kith__lines_fail(&r->lines, "expected at most %d numbers %s, found more", FEATURES_MOST, where));
    if (value != 0) KITH_TRY(reader_add(r, n, value));
  }
  KITH_TRY(kith__field_end(&delimiter, &r->lines, rest));
  if (n == 0) KITH_TRY(kith__lines_fail(&r->lines, "expected numbers %s, found none", where));
  if (r->width == 0) r->width = n;
  if (n != r->width)
    KITH_TRY(kith__lines_fail(&r->lines, "expected %s %s, as in the lines before, found %d",
                              KITH_COUNT(r->width, "number(s)"), where, n));
done:
  return st;
}

/* Set the node of the line; only in the long format may a node have several lines. */
static kith_status reader_whose(reader *r, kith__field id) {
  kith_status st = KITH_OK;
  kith__feature_reader *d = r->d;
  KITH_TRY(kith__id_map_find(d->node, &r->lines, id, d->new_nodes, &r->node));
  d->unknown_nodes += r->node < 0;
  if (r->node < 0) return st;
  if (r->node >= r->line_capacity) {
    int64_t capacity = 2 * (int64_t)r->node + 4096;
    KITH_TRY(KITH_GROW(r->line, r->line_capacity, capacity));
    r->line_capacity = capacity;
  }
  if (r->line[r->node] > 0 && d->format != KITH_LONG) {
    char shown[48];
    KITH_TRY(
        kith__lines_fail(&r->lines,
                         "%s %s is already in line %lld; if a line is one feature, set the format to long",
                         d->node->kind, kith__field_quote(id, shown), (long long)r->line[r->node]));
  }
  r->line[r->node] = r->lines.number;
  r->n_known++;
  if (r->node < d->n_skip) r->node = -1;
done:
  return st;
}

static kith_status reader_lines(reader *r) {
  kith_status st = KITH_OK;
  const kith__delimiter delimiter = r->by.outer;
  kith__field line, id;
  bool first = true;
  KITH_TRY(kith__lines_open(r->d->source->path, &r->lines));
  for (;; first = false) {
    KITH_TRY(kith__lines_next(&r->lines, &line));
    if (line.size < 0) break;
    if (first && r->d->source->header) {
      KITH_TRY(kith__lines_set_header(&r->lines, line));
      continue;
    }
    if (!kith__field_next(&delimiter, &line, &id)) {
      KITH_TRY(kith__field_end(&delimiter, &r->lines, line));
      continue;
    }
    if (!line.at) line = (kith__field){"", 0};
    KITH_TRY(reader_whose(r, id));
    if (r->d->format == KITH_LONG) KITH_TRY(reader_long(r, &delimiter, line));
    else KITH_TRY(r->d->format == KITH_DENSE ? reader_dense(r, line) : reader_sparse(r, line));
  }
  r->d->report = kith__lines_report(&r->lines, kith_feature_format_text(r->d->format), &delimiter);
done:
  kith__lines_close(&r->lines);
  return st;
}

/* The delimiter of lines without ids; a comma is none of a decimal number. */
static kith_status reader_numbered_delimiter(reader *r) {
  kith_status st = KITH_OK;
  kith__field line = {NULL, 0};
  r->by.numbers = r->by.listed = true;
  KITH_TRY(kith__lines_open(r->d->source->path, &r->lines));
  for (int i = 0; i < FEATURES_PROBE && line.size >= 0; i++) {
    KITH_TRY(kith__lines_next_raw(&r->lines, &line));
    if (line.size > 0) kith__feature_delimiter_look(&r->by, line, r->lines.number);
  }
  KITH_TRY(kith__feature_delimiter_decide(&r->by, r->d->source->path));
done:
  kith__lines_close(&r->lines);
  return st;
}

/* Lines without ids, as many as there are nodes. */
static kith_status reader_numbered_lines(reader *r) {
  kith_status st = KITH_OK;
  const long long n = r->d->n_line;
  kith__field line;
  KITH_TRY(reader_numbered_delimiter(r));
  KITH_TRY(kith__lines_open(r->d->source->path, &r->lines));
  for (;; r->node++) {
    KITH_TRY(kith__lines_next_raw(&r->lines, &line));
    if (line.size < 0) break;
    if (r->node == n)
      KITH_TRY(kith__lines_fail(&r->lines, "expected %s, as many as there are nodes, found more",
                                KITH_COUNT(n, "line(s)")));
    KITH_TRY(r->d->format == KITH_DENSE ? reader_dense(r, line) : reader_sparse(r, line));
  }
  if (r->node < n)
    KITH_TRY(kith__lines_fail(&r->lines, "expected %s, as many as there are nodes, found no more",
                              KITH_COUNT(n, "line(s)")));
  if (r->d->format == KITH_DENSE) r->d->n_numbered = r->width;
  r->n_known = n;
  r->d->report = kith__lines_report(&r->lines, kith_feature_format_text(r->d->format), &r->by.inner);
  r->d->report.lines = r->lines.number; /* blank ones are nodes too */
done:
  kith__lines_close(&r->lines);
  return st;
}

/* ---- format ---- */

const char *kith_feature_format_text(kith_feature_format format) {
  static const char *const text[] = {
      [KITH_SPARSE] = "sparse", [KITH_DENSE] = "dense", [KITH_LONG] = "long", [KITH_FEATURES_AUTO] = "auto"};
  return text[format];
}

/* Properties of the first lines. */
typedef struct format_probe {
  kith__delimiter delimiter;
  kith__id_map ids;    /* to find repeated ids */
  int64_t n;           /* lines */
  int columns;         /* columns of all lines; -1: they differ */
  bool again, weights; /* an id is repeated; the third column is a number in all lines */
  bool words;          /* the second column is not a number in some line */
  int numbers;         /* count of numbers behind the id; -1: it differs, or there is other text */
  bool fraction;       /* some number is not an integer, so it cannot be a feature id */
} format_probe;

static void probe_numbers(format_probe *p, kith__field rest) {
  const kith__delimiter delimiter = kith__delimiter_detect(rest);
  kith__field field;
  int n = 0;
  float value;
  int64_t whole;
  bool all = true;
  for (; kith__field_next(&delimiter, &rest, &field); n++) {
    all = all && kith__field_real(field, &value);
    p->fraction = p->fraction || !kith__field_integer(field, &whole) || whole < 0;
  }
  p->numbers = all && n > 0 && (p->n == 0 || n == p->numbers) ? n : -1;
}

/* Invalid ids are reported later, when the list is read. */
static kith_status probe_line(format_probe *p, const kith__lines *lines, kith__field line,
                              kith__feature_delimiter *by) {
  kith__field field[4], rest;
  int32_t before = p->ids.n, number = 0;
  int n = 0;
  float value;
  p->delimiter.read_only = true;
  if (!kith__field_next(&p->delimiter, &line, &field[0])) return KITH_OK;
  rest = line.at ? line : (kith__field){"", 0};
  kith__feature_delimiter_look(by, rest, lines->number);
  for (n = 1; n < 4 && kith__field_next(&p->delimiter, &line, &field[n]);) n++;
  kith_status st = kith__id_map_add(&p->ids, lines, field[0], true, &number);
  if (kith_is_bad(st) && st != KITH_EDATA) return st;
  p->again = p->again || (!kith_is_bad(st) && p->ids.n == before);
  p->columns = p->n == 0 || n == p->columns ? n : -1;
  p->weights = (p->n == 0 || p->weights) && n == 3 && kith__field_real(field[2], &value);
  p->words = p->words || (n > 1 && !kith__field_real(field[1], &value));
  probe_numbers(p, rest);
  p->n++;
  return KITH_OK;
}

/* Long: an id is repeated, which the other formats forbid, and every line has one feature and an optional
 * weight. */
static kith_status probe_judge(const format_probe *p, kith__feature_reader *d) {
  kith_status st = KITH_OK;
  bool is_long = p->again && (p->columns == 2 || (p->columns == 3 && p->weights));
  bool may_be_long = !p->again && p->n > 1 && p->columns == 3 && p->weights && p->words;
  bool is_dense = !p->again && p->n > 1 && p->numbers > 1 && p->fraction;
  KITH_CHECK(!is_dense, KITH_EDATA,
             "%s: its first lines have %s behind the id each, so it could be dense; set the format: "
             "dense, long (one feature a line) "
             "or sparse (numbers are names)",
             d->source->path, KITH_COUNT(p->numbers, "number(s)"));
  KITH_CHECK(!may_be_long, KITH_EDATA,
             "%s: its first lines could be a feature and its weight each, or two features; set the format: "
             "long or sparse",
             d->source->path);
  d->format = is_long ? KITH_LONG : KITH_SPARSE;
done:
  return st;
}

static kith_status reader_format(reader *r) {
  kith_status st = KITH_OK;
  format_probe p = {.n = 0};
  kith__field line;
  r->d->format = r->d->source->format;
  kith__id_map_init(&p.ids, r->d->node->kind, KITH_ID_TEXT);
  KITH_TRY(kith__lines_open(r->d->source->path, &r->lines));
  for (int i = 0; i < FEATURES_PROBE; i++) {
    KITH_TRY(kith__lines_next(&r->lines, &line));
    if (line.size < 0) break;
    if (i == 0) p.delimiter = r->by.outer = kith__feature_delimiter_outer(line);
    if (i > 0 || !r->d->source->header) KITH_TRY(probe_line(&p, &r->lines, line, &r->by));
    else KITH_TRY(kith__lines_set_header(&r->lines, line));
  }
  if (r->d->format == KITH_FEATURES_AUTO) KITH_TRY(probe_judge(&p, r->d));
  r->by.numbers = r->d->format == KITH_DENSE;
  if (r->d->format != KITH_LONG && !kith__feature_delimiter_take(&r->by, r->d->delimiters))
    KITH_TRY(kith__feature_delimiter_decide(&r->by, r->d->source->path));
  r->d->delimiters[0] = '\0';
  if (r->d->format != KITH_LONG) kith__feature_delimiter_print(&r->by, r->d->delimiters);
done:
  kith__lines_close(&r->lines);
  kith__id_map_free(&p.ids);
  return st;
}

/* The ids of dense features are their indices, from 0. */
static kith_status reader_name(reader *r) {
  kith_status st = KITH_OK;
  kith__id_map *map = r->d->feature;
  char text[16];
  int32_t number = 0;
  if (r->d->format != KITH_DENSE || r->width == 0) return st;
  for (int32_t k = 0; k < r->width && r->d->new_features; k++) {
    snprintf(text, sizeof text, "%d", k);
    KITH_TRY(kith__id_map_add(map, &r->lines, (kith__field){text, (int64_t)strlen(text)}, true, &number));
  }
  KITH_CHECK(map->n == r->width, KITH_EDATA, "%s: %s in a line, but the model was trained with %lld",
             r->d->source->path, KITH_COUNT(r->width, "number(s)"), (long long)map->n);
done:
  return st;
}

/* ---- rows ---- */

/* Counting sort by node; within a row, features keep the order of the line. */
static kith_status reader_rows(const reader *r, kith_features *out) {
  kith_status st = KITH_OK;
  int32_t low = r->d->n_skip;
  int64_t n_row = reader_n_row(r);
  kith_eid *start = NULL;
  KITH_TRY(kith_features_make(n_row, r->n, out));
  start = out->start;
  for (int64_t i = 0; i < r->n; i++) start[r->entry[i].node - low + 1]++;
  for (int64_t i = 0; i < n_row; i++) start[i + 1] += start[i];
  for (int64_t i = 0; i < r->n;
       i++) { /* start[row] is the next free entry; after the loop, the end of the row */
    kith_eid at = start[r->entry[i].node - low]++;
    out->index[at] = r->entry[i].feature;
    out->value[at] = r->entry[i].value;
  }
  memmove(start + 1, start, (size_t)n_row * sizeof *start);
  start[0] = 0;
done:
  return st;
}

static kith_status reader_check_twice(const reader *r, const kith_features *f) {
  kith_status st = KITH_OK;
  int64_t *seen = NULL; /* [features] 1 + the last row that had it */
  KITH_TRY(KITH_NEW(seen, reader_n_feature(r)));
  for (int64_t i = 0; i < f->n_row; i++)
    for (kith_eid e = f->start[i]; e < f->start[i + 1]; e++) {
      KITH_CHECK(seen[f->index[e]] != i + 1, KITH_EDATA, "%s:%lld: the same feature occurs twice",
                 r->d->source->path, reader_line_of(r, i));
      seen[f->index[e]] = i + 1;
    }
done:
  KITH_FREE(seen);
  return st;
}

/* Long: merge repeated features of a row, adding their weights. */
static kith_status reader_merge(reader *r, kith_features *f) {
  kith_status st = KITH_OK;
  int64_t *seen = NULL; /* [features] 1 + index of the feature's entry, in this row if > begin */
  kith_eid at = 0, from = 0;
  KITH_TRY(KITH_NEW(seen, r->d->feature->n));
  for (int64_t i = 0; i < f->n_row; i++) {
    kith_eid begin = at;
    for (; from < f->start[i + 1]; from++) {
      int32_t k = f->index[from];
      float value = f->value[from];
      if (seen[k] > begin) {
        if (r->columns > 1) f->value[seen[k] - 1] += value;
        KITH_CHECK(isfinite(f->value[seen[k] - 1]), KITH_EDATA,
                   "%s:%lld: the weights of a feature of this %s add up to more than a float holds",
                   r->d->source->path, (long long)r->line[i + r->d->n_skip], r->d->node->kind);
        r->d->repeated++;
        continue;
      }
      f->index[at] = k;
      f->value[at] = value;
      seen[k] = ++at;
    }
    f->start[i + 1] = at;
  }
done:
  KITH_FREE(seen);
  return st;
}

/* Divide rows by their sums, as Kipf and Welling do; rows of zeros stay. */
static kith_status features_normalize(const reader *r, kith_features *f) {
  kith_status st = KITH_OK;
  for (int64_t i = 0; i < f->n_row; i++) {
    double sum = 0, size = 0;
    for (kith_eid e = f->start[i]; e < f->start[i + 1]; e++) {
      sum += (double)f->value[e];
      size += fabs((double)f->value[e]);
    }
    if (size == 0) continue;
    KITH_CHECK(kith__can_normalize(sum, size), KITH_EDATA,
               "%s:%lld: the values of this %s add up to %g, by which they cannot be divided; set normalize: "
               "false, or mend them",
               r->d->source->path, reader_line_of(r, i), reader_kind(r), sum);
    for (kith_eid e = f->start[i]; e < f->start[i + 1]; e++) f->value[e] = (float)((double)f->value[e] / sum);
  }
done:
  return st;
}

static int64_t reader_bare(const reader *r) {
  int64_t n = 0;
  for (int64_t i = r->d->n_skip; i < r->d->node->n; i++) n += i >= r->line_capacity || r->line[i] == 0;
  return n;
}

kith_status kith__features_read(kith__feature_reader *d, kith_features *out) {
  kith_status st = KITH_OK;
  reader r = {.d = d};
  kith_features f = {0};
  if (d->n_line > 0) {
    d->format = d->source->format;
    KITH_TRY(reader_numbered_lines(&r));
  } else {
    KITH_TRY(reader_format(&r));
    KITH_TRY(reader_lines(&r));
    KITH_TRY(reader_name(&r));
  }
  KITH_CHECK(reader_n_feature(&r) > 0 && (r.n_known > 0 || !d->new_features), KITH_EDATA,
             "%s: expected features, found none of a known %s", d->source->path, reader_kind(&r));
  KITH_TRY(reader_rows(&r, &f));
  KITH_TRY(d->format == KITH_LONG ? reader_merge(&r, &f) : reader_check_twice(&r, &f));
  if (d->source->normalize) KITH_TRY(features_normalize(&r, &f));
  d->weighted = d->format == KITH_LONG && r.columns > 1;
  d->without_features = d->n_line > 0 ? 0 : reader_bare(&r);
  *out = f;
  f = (kith_features){0};
done:
  kith_features_free(&f);
  KITH_FREE(r.entry);
  KITH_FREE(r.line);
  return st;
}
