/* Read features of a node classification, one line per node: sparse ("7", "7:0.5") or dense. */
#include <stdlib.h>
#include <string.h>

#include "ingest/features.h"
#include "ingest/nodes.h"

enum { FEATURES_MOST = 1 << 20 }; /* most features of a graph */

/* One feature of one node. */
typedef struct entry {
  int64_t node;
  int32_t feature;
  float value;
} entry;

typedef struct features {
  const char *path;
  int64_t node; /* of the current line */
  int32_t most; /* features so far; dense: numbers in the first line */
  int64_t n, capacity;
  entry *entry;
} features;

static kith_status features_add(features *f, int64_t feature, float value) {
  kith_status st = KITH_OK;
  if (f->n == f->capacity) {
    KITH_TRY(KITH_GROW(f->entry, f->capacity, 2 * f->capacity + 4096));
    f->capacity = 2 * f->capacity + 4096;
  }
  f->entry[f->n++] = (entry){f->node, (int32_t)feature, value};
done:
  return st;
}

/* "7", or "7:0.5". */
static bool features_field(kith__field field, int64_t *feature, float *value) {
  const char *colon = memchr(field.at, ':', (size_t)field.size);
  kith__field id = {field.at, colon ? colon - field.at : field.size};
  *value = 1;
  if (!kith__field_integer(id, feature) || *feature < 0 || *feature >= FEATURES_MOST) return false;
  return !colon || kith__field_real((kith__field){colon + 1, field.at + field.size - colon - 1}, value);
}

static kith_status features_sparse(features *f, const kith__lines *lines, kith__field line) {
  kith_status st = KITH_OK;
  const kith__delimiter white = kith__delimiter_make("");
  kith__field field;
  int64_t feature = 0;
  float value = 0;
  char shown[48];
  while (kith__field_next(&white, &line, &field)) {
    if (!features_field(field, &feature, &value))
      return kith__lines_fail(lines, "expected a feature, 0 to %d, or feature:value, found %s",
                              FEATURES_MOST - 1, kith__field_quote(field, shown));
    KITH_TRY(features_add(f, feature, value));
    if (feature >= f->most) f->most = (int32_t)feature + 1;
  }
  KITH_TRY(kith__field_end(&white, lines, line));
done:
  return st;
}

/* All lines have as many numbers as the first one.  Zeros are not stored. */
static kith_status features_dense(features *f, const kith__lines *lines, const kith__delimiter *delimiter,
                                  kith__field line) {
  kith_status st = KITH_OK;
  kith__field field;
  int32_t n = 0;
  float value = 0;
  char shown[48];
  for (; kith__field_next(delimiter, &line, &field); n++) {
    if (n == FEATURES_MOST || !kith__field_real(field, &value))
      return kith__lines_fail(lines, "expected at most %d numbers, found %s", FEATURES_MOST,
                              kith__field_quote(field, shown));
    if (value != 0) KITH_TRY(features_add(f, n, value));
  }
  KITH_TRY(kith__field_end(delimiter, lines, line));
  if (f->node == 0) f->most = n;
  if (n != f->most) return kith__lines_fail(lines, "expected %d numbers, as in line 1, found %d", f->most, n);
done:
  return st;
}

static kith_status features_read(const kith_ingest_nodes_options *o, int64_t n_node, features *f,
                                 kith_list_report *report) {
  kith_status st = KITH_OK;
  kith__lines lines = {0};
  kith__delimiter delimiter = {.size = 0};
  kith__field line;
  KITH_TRY(kith__lines_open(f->path, &lines));
  for (;; f->node++) {
    KITH_TRY(kith__lines_next_raw(&lines, &line));
    if (line.size < 0) break;
    if (f->node == n_node)
      KITH_TRY(kith__lines_fail(&lines, "expected %lld lines, as many as there are labels, found more",
                                (long long)n_node));
    if (f->node == 0) delimiter = kith__delimiter_detect(line);
    KITH_TRY(o->format == KITH_DENSE ? features_dense(f, &lines, &delimiter, line)
                                     : features_sparse(f, &lines, line));
  }
  if (f->node < n_node)
    KITH_TRY(kith__lines_fail(&lines, "expected %lld lines, as many as there are labels, found no more",
                              (long long)n_node));
  KITH_CHECK(f->most > 0, KITH_EDATA, "%s: expected features, found none", f->path);
  *report = kith__lines_report(&lines, kith_feature_format_text(o->format), &delimiter);
  report->lines = lines.number; /* blank ones are nodes too */
done:
  kith__lines_close(&lines);
  return st;
}

static int features_compare(const void *a, const void *b) {
  return ((const entry *)a)->feature - ((const entry *)b)->feature;
}

/* Rows in the order of lines, each ascending.  Line i + 1 is node i, so messages can name the line. */
static kith_status features_rows(features *f, int64_t n_node, kith_features *out) {
  kith_status st = KITH_OK;
  KITH_TRY(kith_features_make(n_node, f->n, out));
  for (int64_t i = 0; i < f->n; i++) out->start[f->entry[i].node + 1]++;
  for (int64_t i = 0; i < n_node; i++) {
    kith_eid begin = out->start[i], end = out->start[i + 1] += begin;
    qsort(f->entry + begin, (size_t)(end - begin), sizeof *f->entry, features_compare);
    for (kith_eid e = begin; e < end; e++) {
      out->index[e] = f->entry[e].feature;
      out->value[e] = f->entry[e].value;
      KITH_CHECK(e == begin || out->index[e] != out->index[e - 1], KITH_EDATA,
                 "%s:%lld: feature %d occurs twice", f->path, (long long)i + 1, out->index[e]);
    }
  }
done:
  return st;
}

kith_status kith__node_features_read(const kith_ingest_nodes_options *o, kith__node_data *nodes,
                                     kith_list_report *report) {
  kith_status st = KITH_OK;
  features f = {.path = o->features};
  KITH_TRY(features_read(o, nodes->n, &f, report));
  nodes->n_feature = f.most;
  nodes->format = kith_feature_format_text(o->format);
  KITH_TRY(features_rows(&f, nodes->n, &nodes->features));
  if (o->normalize) KITH_TRY(kith__features_normalize(o->features, "node", NULL, &nodes->features));
done:
  KITH_FREE(f.entry);
  return st;
}
