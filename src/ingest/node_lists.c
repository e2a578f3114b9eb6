/* Read labels, splits and edges of a node classification. */
#include <stdlib.h>
#include <string.h>

#include "ingest/nodes.h"

/* ---- labels ---- */

/* Labels in the order of lines; classes in the order of first appearance. */
typedef struct labels {
  kith__id_map map;
  int64_t n, capacity;
  int64_t minus_one;
  kith_list_report report;
  int32_t *label;
} labels;

/* -1 means no label, as in scikit-learn and Planetoid; among words, too, so that the order of lines does not
 * matter. */
static bool labels_is_none(kith__field field) { return field.size == 2 && memcmp(field.at, "-1", 2) == 0; }

/* Read the label of a line; a blank line has none. */
static kith_status labels_line(labels *l, const kith__lines *lines, kith__field line) {
  kith_status st = KITH_OK;
  const kith__delimiter white = kith__delimiter_make("");
  kith__field first = {NULL, 0}, more = {NULL, 0};
  char shown[48];
  int32_t class = -1;
  if (l->n == l->capacity) {
    KITH_TRY(KITH_GROW(l->label, l->capacity, 2 * l->capacity + 1024));
    l->capacity = 2 * l->capacity + 1024;
  }
  if (kith__field_next(&white, &line, &first)) {
    if (kith__field_next(&white, &line, &more))
      return kith__lines_fail(lines, "expected one label, found %s behind it",
                              kith__field_quote(more, shown));
    if (labels_is_none(first)) l->minus_one++;
    else KITH_TRY(kith__id_map_add(&l->map, lines, first, true, &class));
  }
  KITH_TRY(kith__field_end(&white, lines, line));
  l->label[l->n++] = class;
done:
  return st;
}

static kith_status labels_read(const char *path, labels *l) {
  kith_status st = KITH_OK;
  const kith__delimiter white = kith__delimiter_make("");
  kith__lines lines = {0};
  kith__field line;
  KITH_TRY(kith__lines_open(path, &lines));
  for (;;) {
    KITH_TRY(kith__lines_next_raw(&lines, &line));
    if (line.size < 0) break;
    KITH_TRY(labels_line(l, &lines, line));
  }
  KITH_CHECK(l->map.n > 0, KITH_EDATA, "%s: expected a line for each node with its label, found no label",
             path);
  KITH_CHECK(l->n < INT32_MAX - 1, KITH_EDATA, "%s: has %lld nodes; at most 2^31 - 2", path, (long long)l->n);
  l->report = kith__lines_report(&lines, "labels", &white);
  l->report.lines = lines.number; /* blank ones are nodes too */
done:
  kith__lines_close(&lines);
  return st;
}

/* A class and its number by first appearance. */
typedef struct labels_class {
  const kith_ids *ids;
  int32_t came;
} labels_class;

static int labels_compare(const void *a, const void *b) {
  const labels_class *x = a, *y = b;
  const kith_ids *ids = x->ids;
  if (ids->text)
    return memcmp(ids->text + (int64_t)x->came * ids->width, ids->text + (int64_t)y->came * ids->width,
                  (size_t)ids->width);
  return (ids->number[x->came] > ids->number[y->came]) - (ids->number[x->came] < ids->number[y->came]);
}

/* Reorder the ids by `class`. */
static kith_status labels_order(const kith_ids *ids, const labels_class *class, kith_ids *out) {
  kith_status st = KITH_OK;
  *out = (kith_ids){.n = ids->n, .width = ids->width};
  if (ids->text) KITH_TRY(KITH_NEW(out->text, ids->n * ids->width));
  else KITH_TRY(KITH_NEW(out->number, ids->n));
  for (int64_t i = 0; i < ids->n; i++) {
    if (ids->text)
      memcpy(out->text + i * ids->width, ids->text + (int64_t) class[i].came * ids->width,
             (size_t)ids->width);
    else out->number[i] = ids->number[class[i].came];
  }
done:
  return st;
}

/* Sort the classes, so that their numbers do not depend on the order of nodes. */
static kith_status labels_sort(labels *l, kith_ids *classes) {
  kith_status st = KITH_OK;
  kith_ids ids = {0};
  labels_class *class = NULL;
  int32_t *order = NULL;
  KITH_TRY(kith__id_map_ids(&l->map, &ids));
  KITH_TRY(KITH_NEW(class, ids.n));
  KITH_TRY(KITH_NEW(order, ids.n));
  for (int32_t i = 0; i < ids.n; i++) class[i] = (labels_class){&ids, i};
  qsort(class, (size_t)ids.n, sizeof *class, labels_compare);
  for (int32_t i = 0; i < ids.n; i++) order[class[i].came] = i;
  for (int64_t i = 0; i < l->n; i++)
    if (l->label[i] >= 0) l->label[i] = order[l->label[i]];
  KITH_TRY(labels_order(&ids, class, classes));
done:
  kith_ids_free(&ids);
  KITH_FREE(class);
  KITH_FREE(order);
  return st;
}

kith_status kith__node_labels_read(const char *path, kith__node_data *nodes, int64_t *minus_one,
                                   kith_list_report *report) {
  kith_status st = KITH_OK;
  labels l = {.label = NULL};
  kith__id_map_init(&l.map, "class", KITH_ID_AUTO);
  l.map.declared_text = true; /* "A" and "1" may both be classes */
  KITH_TRY(labels_read(path, &l));
  KITH_TRY(labels_sort(&l, &nodes->classes));
  *minus_one = l.minus_one;
  *report = l.report;
  nodes->n = l.n;
  nodes->label = l.label;
  l.label = NULL;
  KITH_TRY(KITH_NEW(nodes->split, nodes->n));
done:
  kith__id_map_free(&l.map);
  KITH_FREE(l.label);
  return st;
}

/* ---- numbers of nodes ---- */

static kith_status nodes_number(const kith__node_data *nodes, const kith__lines *lines, kith__field field,
                                int32_t *out) {
  char shown[48];
  int64_t value = -1;
  if (!kith__field_integer(field, &value) || value < 0 || value >= nodes->n)
    return kith__lines_fail(lines, "expected the number of a node, 0 to %lld, found %s",
                            (long long)nodes->n - 1, kith__field_quote(field, shown));
  *out = (int32_t)value;
  return KITH_OK;
}

static kith_status split_take(const kith__lines *lines, int32_t node, kith_node_split split,
                              kith__node_data *nodes) {
  static const char *const name[KITH_NODE_SPLITS] = {"none", "train", "valid", "test"};
  if (nodes->label[node] < 0) return kith__lines_fail(lines, "node %d has no label", node);
  if (nodes->split[node] != KITH_NODE_NONE)
    return kith__lines_fail(lines, "node %d is already in data.splits.%s", node, name[nodes->split[node]]);
  nodes->split[node] = (int8_t)split;
  return KITH_OK;
}

kith_status kith__node_split_read(const char *path, kith_node_split split, kith__node_data *nodes,
                                  kith_list_report *report) {
  kith_status st = KITH_OK;
  const kith__delimiter white = kith__delimiter_make("");
  kith__lines lines = {0};
  kith__field line, field;
  int64_t n = 0;
  int32_t node = 0;
  KITH_TRY(kith__lines_open(path, &lines));
  for (;;) {
    KITH_TRY(kith__lines_next(&lines, &line));
    if (line.size < 0) break;
    for (; kith__field_next(&white, &line, &field); n++) {
      KITH_TRY(nodes_number(nodes, &lines, field, &node));
      KITH_TRY(split_take(&lines, node, split, nodes));
    }
    KITH_TRY(kith__field_end(&white, &lines, line));
  }
  KITH_CHECK(n > 0, KITH_EDATA, "%s: expected numbers of nodes, found none", path);
  *report = kith__lines_report(&lines, "nodes", &white);
done:
  kith__lines_close(&lines);
  return st;
}

/* ---- edges ---- */

/* Add the edge of a line in both directions. */
static kith_status edges_line(const kith__node_data *nodes, const kith__lines *lines,
                              const kith__delimiter *delimiter, kith__field line, kith__edge_list *edges,
                              int64_t *loops) {
  kith_status st = KITH_OK;
  kith__field field[3];
  int32_t node[2] = {0, 0};
  int n = 0;
  while (n < 3 && kith__field_next(delimiter, &line, &field[n])) n++;
  KITH_TRY(kith__field_end(delimiter, lines, line));
  if (n != 2)
    return kith__lines_fail(lines, "expected the numbers of two nodes, found %s",
                            KITH_COUNT(n, "column(|s or more)"));
  for (int i = 0; i < 2; i++) KITH_TRY(nodes_number(nodes, lines, field[i], &node[i]));
  if (node[0] == node[1]) {
    ++*loops;
    return st;
  }
  KITH_TRY(kith__edge_list_add(edges, node[0], node[1], 0, 0, 0));
  KITH_TRY(kith__edge_list_add(edges, node[1], node[0], 0, 0, 0));
done:
  return st;
}

kith_status kith__node_edges_read(const char *path, kith__node_data *nodes,
                                  kith_ingest_nodes_report *report) {
  kith_status st = KITH_OK;
  kith__lines lines = {0};
  kith__edge_list edges = {0};
  kith__delimiter delimiter = {.size = -1};
  kith__field line;
  KITH_TRY(kith__lines_open(path, &lines));
  for (;;) {
    KITH_TRY(kith__lines_next(&lines, &line));
    if (line.size < 0) break;
    if (delimiter.size < 0) delimiter = kith__delimiter_detect(line);
    KITH_TRY(edges_line(nodes, &lines, &delimiter, line, &edges, &report->self_loops));
  }
  KITH_TRY(kith__edge_csr_build(&edges, nodes->n, &nodes->edges, &report->duplicates));
  report->duplicates /= 2;
  if (delimiter.size < 0) delimiter = kith__delimiter_make("");
  report->edges_list = kith__lines_report(&lines, "edges", &delimiter);
done:
  kith__lines_close(&lines);
  kith__edge_list_free(&edges);
  return st;
}
