/* Read features of a node classification, one line per node: sparse ("7", "7:0.5") or dense. */
#include <math.h>
#include <string.h>

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
  int32_t most; /* features so far */
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
  if (feature >= f->most) f->most = (int32_t)feature + 1;
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
  }
  KITH_TRY(kith__field_end(&white, lines, line));
done:
  return st;
}

/* All lines have as many numbers as the first one. */
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
    KITH_TRY(features_add(f, n, value));
  }
  KITH_TRY(kith__field_end(delimiter, lines, line));
  if (f->node > 0 && n != f->most)
    return kith__lines_fail(lines, "expected %d numbers, as in line 1, found %d", f->most, n);
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

/* Line i + 1 is node i, so messages can name the line. */
static kith_status features_fill(const features *f, kith__node_data *nodes) {
  kith_status st = KITH_OK;
  int32_t *seen = NULL; /* [features] 1 + the last node that had it */
  KITH_TRY(KITH_NEW(seen, f->most));
  for (int64_t i = 0; i < f->n; i++) {
    const entry *e = &f->entry[i];
    KITH_CHECK(seen[e->feature] != e->node + 1, KITH_EDATA, "%s:%lld: feature %d occurs twice", f->path,
               (long long)e->node + 1, e->feature);
    seen[e->feature] = (int32_t)(e->node + 1);
    nodes->feature[e->node * f->most + e->feature] = e->value;
  }
done:
  KITH_FREE(seen);
  return st;
}

/* Divide rows by their sums, as Kipf and Welling do; rows of zeros stay. */
static kith_status features_normalize(const char *path, kith__node_data *nodes) {
  kith_status st = KITH_OK;
  for (int64_t i = 0; i < nodes->n; i++) {
    float *row = nodes->feature + i * nodes->n_feature;
    double sum = 0, size = 0;
    for (int k = 0; k < nodes->n_feature; k++) {
      sum += (double)row[k];
      size += fabs((double)row[k]);
    }
    if (size == 0) continue;
    KITH_CHECK(kith__can_normalize(sum, size), KITH_EDATA,
               "%s:%lld: the values of this node add up to %g, by which they cannot be divided; set "
               "normalize: false, or mend them",
               path, (long long)i + 1, sum);
    for (int k = 0; k < nodes->n_feature; k++) row[k] = (float)((double)row[k] / sum);
  }
done:
  return st;
}

kith_status kith__node_features_read(const kith_ingest_nodes_options *o, kith__node_data *nodes,
                                     kith_list_report *report) {
  kith_status st = KITH_OK;
  features f = {.path = o->features};
  KITH_TRY(features_read(o, nodes->n, &f, report));
  KITH_TRY(KITH_NEW(nodes->feature, nodes->n * f.most));
  nodes->n_feature = f.most;
  KITH_TRY(features_fill(&f, nodes));
  if (o->normalize) KITH_TRY(features_normalize(o->features, nodes));
done:
  KITH_FREE(f.entry);
  return st;
}
