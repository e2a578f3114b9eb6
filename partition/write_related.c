/* Features and relations in parts.h5, written by all ranks: the same datasets as features.c and
 * write_relations.c have. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/order.h"
#include "graph/schema.h"
#include "writer.h"

/* ---- features ---- */

typedef struct related_features {
  kith_links_features of[KITH_MAX_TYPES];
  partition_seen seen[KITH_MAX_TYPES];
} related_features;

/* A row's features come from one reader, in their order. */
static void send_features(partition_writer *w, const void *what) {
  const related_features *x = what;
  for (int t = 0; t < w->l->schema.n_type; t++) {
    const kith_ragged *rows = &x->of[t].rows.edges;
    for (int64_t i = 0; i < rows->n_row; i++)
      for (kith_eid e = rows->start[i]; e < rows->start[i + 1]; e++)
        kith__partition_send(w, kith__partition_seen_number(&x->seen[t], i),
                             &(partition_record){.original = rows->value[e], .weight = x->of[t].value[e]});
  }
}

static kith_agreed features_look_up(const partition_writer *w, int type, const kith_links_features *x,
                                    partition_seen *seen) {
  kith_agreed st = {KITH_OK};
  int64_t *node = NULL, n = x->rows.edges.n_row, first[KITH_MAX_TYPES + 1];
  kith__partition_first(w->l->n, first);
  KITH_TRY(kith_agree(w->comm, KITH_NEW(node, n)));
  for (int64_t i = 0; i < n; i++) node[i] = first[type] + x->rows.first + i;
  KITH_TRY(kith__partition_look_up(w, n, node, seen));
done:
  KITH_FREE(node);
  return st;
}

static kith_agreed features_write(partition_writer *w, const related_features *x) {
  kith_agreed st = {KITH_OK};
  partition_table t = {0};
  char name[KITH_NAME];
  KITH_TRY(kith__partition_gather(w, (partition_fields){.weight = true}, send_features, x, &t));
  for (int k = 0; k < w->l->schema.n_type; k++) {
    snprintf(name, sizeof name, "n_%.31s_feature", w->l->schema.type[k]);
    KITH_TRY(kith_h5_put_attr_int(w->out, name, x->of[k].n_feature));
  }
  KITH_TRY(kith__partition_write_start(w, "feature/start", t.start));
  KITH_TRY(kith__partition_write_field(w, "feature/feature", KITH_H5_INT32, &t, 0, sizeof(int32_t)));
  KITH_TRY(kith__partition_write_field(w, "feature/value", KITH_H5_FLOAT, &t, t.weight, sizeof(float)));
done:
  kith__partition_table_free(&t);
  return st;
}

kith_agreed kith__partition_dgraph_features(partition_writer *w) {
  kith_agreed st = {KITH_OK};
  related_features x = {.of = {{.n_feature = 0}}};
  bool any = false;
  for (int t = 0; t < w->l->schema.n_type; t++) {
    KITH_TRY(kith_links_read_features(w->comm, w->graph, w->l, t, &x.of[t]));
    if (x.of[t].n_feature == 0) continue;
    any = true;
    KITH_TRY(features_look_up(w, t, &x.of[t], &x.seen[t]));
  }
  if (any) KITH_TRY(features_write(w, &x));
done:
  for (int t = 0; t < KITH_MAX_TYPES; t++) {
    kith_links_features_free(&x.of[t]);
    kith__partition_seen_free(&x.seen[t]);
  }
  return st;
}

/* ---- relations ---- */

/* An entry of a relation's rows, as it travels. */
typedef struct related_edge {
  int32_t row; /* first, as in every record */
  int32_t overlap;
  int64_t node, number; /* the neighbor */
  int64_t time, edge;   /* edge: its place in graph.h5 */
  float weight;
  uint16_t kind;
} related_edge;

/* The edges of a relation that a reader has: rows' nodes, then those of their entries. */
typedef struct related_edges {
  int64_t at, n_row; /* of the first in graph.h5 */
  const kith_eid *start;
  const int64_t *node; /* [n_row + edges] */
  const partition_seen *seen;
  const kith_links_values *values;
  bool from, to; /* the ends whose rows hold the edges */
} related_edges;

/* The rows of a relation that a rank writes: of each entry what the relation has. */
typedef struct related_rows {
  int64_t n_row, *start, *next; /* [n_row + 1], [n_row] */
  bool wide;                    /* nodes and numbers of 64 bits, else 32 */
  void *node, *number;          /* [start[n_row]], and so are the others, or null */
  int64_t *time, *edge;
  float *weight;
  int32_t *overlap;
  uint16_t *kind;
  related_edge *row; /* [entries of the longest row] */
} related_rows;

static void send_edges(partition_writer *w, const void *what) {
  const related_edges *x = what;
  const kith_links_values *v = x->values;
  for (int64_t u = 0; u < x->n_row; u++)
    for (kith_eid e = x->start[u]; e < x->start[u + 1]; e++) {
      int64_t i = x->node[u], j = x->node[x->n_row + e];
      int64_t n_i = kith__partition_seen_number(x->seen, u),
              n_j = kith__partition_seen_number(x->seen, x->n_row + e);
      if (i == j) continue;
      related_edge entry = {.edge = x->at + e,
                            .time = v->time ? v->time[e] : 0,
                            .weight = v->weight ? v->weight[e] : 0,
                            .kind = v->kind ? v->kind[e] : 0,
                            .overlap = v->overlap ? v->overlap[e] : 0};
      entry.node = j;
      entry.number = n_j;
      if (x->from) kith__partition_send(w, n_i, &entry);
      entry.node = i;
      entry.number = n_i;
      if (x->to) kith__partition_send(w, n_j, &entry);
    }
}

static void related_free(related_rows *rows) {
  KITH_FREE(rows->start);
  KITH_FREE(rows->next);
  KITH_FREE(rows->node);
  KITH_FREE(rows->number);
  KITH_FREE(rows->time);
  KITH_FREE(rows->edge);
  KITH_FREE(rows->weight);
  KITH_FREE(rows->overlap);
  KITH_FREE(rows->kind);
  KITH_FREE(rows->row);
}

/* Which of equal entries is kept shows in their weights alone: overlaps do not depend on the direction. */
static kith_status related_alloc(const kith_links_values *v, related_rows *rows) {
  kith_status st = KITH_OK;
  const int64_t n = rows->start[rows->n_row], words = rows->wide ? 2 * n : n;
  KITH_TRY(KITH_NEW(rows->next, rows->n_row));
  if (rows->n_row > 0) memcpy(rows->next, rows->start, (size_t)rows->n_row * sizeof *rows->next);
  uint32_t *node = NULL, *number = NULL;
  KITH_TRY(KITH_NEW(node, words));
  rows->node = node;
  KITH_TRY(KITH_NEW(number, words));
  rows->number = number;
  if (v->time) KITH_TRY(KITH_NEW(rows->time, n));
  if (v->weight) KITH_TRY(KITH_NEW(rows->weight, n));
  if (v->weight) KITH_TRY(KITH_NEW(rows->edge, n));
  if (v->overlap) KITH_TRY(KITH_NEW(rows->overlap, n));
  if (v->kind) KITH_TRY(KITH_NEW(rows->kind, n));
  KITH_TRY(KITH_NEW(rows->row, kith_longest_row(rows->n_row, rows->start)));
done:
  return st;
}

static void related_set(related_rows *rows, int64_t at, const related_edge *x) {
  if (rows->wide) ((int64_t *)rows->node)[at] = x->node;
  else ((uint32_t *)rows->node)[at] = (uint32_t)x->node;
  if (rows->wide) ((int64_t *)rows->number)[at] = x->number;
  else ((uint32_t *)rows->number)[at] = (uint32_t)x->number;
  if (rows->time) rows->time[at] = x->time;
  if (rows->edge) rows->edge[at] = x->edge;
  if (rows->weight) rows->weight[at] = x->weight;
  if (rows->overlap) rows->overlap[at] = x->overlap;
  if (rows->kind) rows->kind[at] = x->kind;
}

static related_edge related_get(const related_rows *rows, int64_t at) {
  return (related_edge){.node =
                            rows->wide ? ((int64_t *)rows->node)[at] : (int64_t)((uint32_t *)rows->node)[at],
                        .number = rows->wide ? ((int64_t *)rows->number)[at]
                                             : (int64_t)((uint32_t *)rows->number)[at],
                        .time = rows->time ? rows->time[at] : 0,
                        .edge = rows->edge ? rows->edge[at] : 0,
                        .weight = rows->weight ? rows->weight[at] : 0,
                        .overlap = rows->overlap ? rows->overlap[at] : 0,
                        .kind = rows->kind ? rows->kind[at] : 0};
}

static void related_take(void *context, int64_t n, const void *records) {
  related_rows *rows = context;
  const related_edge *edge = records;
  for (int64_t k = 0; k < n; k++) related_set(rows, rows->next[edge[k].row]++, &edge[k]);
}

/* By node, then by kind; of equal ones the earlier comes first, then the first of the file. */
static int related_compare(const void *a, const void *b) {
  const related_edge *x = a, *y = b;
  if (x->node != y->node) return x->node < y->node ? -1 : 1;
  if (x->kind != y->kind) return x->kind < y->kind ? -1 : 1;
  if (x->time != y->time) return x->time < y->time ? -1 : 1;
  return (x->edge > y->edge) - (x->edge < y->edge);
}

/* Every pair once, or once a kind. */
static void related_unite(related_rows *rows) {
  int64_t end = 0, next = 0;
  for (int64_t i = 0; i < rows->n_row; i++) {
    const int64_t n = rows->start[i + 1] - next;
    for (int64_t k = 0; k < n; k++) rows->row[k] = related_get(rows, next + k);
    qsort(rows->row, (size_t)n, sizeof *rows->row, related_compare);
    for (int64_t k = 0; k < n; k++) {
      const related_edge *x = &rows->row[k];
      if (k > 0 && x[-1].node == x->node && x[-1].kind == x->kind) continue;
      related_set(rows, end++, x);
    }
    next = rows->start[i + 1];
    rows->start[i + 1] = end;
  }
}

static kith_agreed related_column(const partition_writer *w, const char *group, const char *column,
                                  kith_h5_type type, const related_rows *rows, const void *of, size_t bytes) {
  char name[KITH_NAME];
  snprintf(name, sizeof name, "%.50s/%s", group, column);
  return kith__partition_write_column(w, name, type,
                                      (partition_column){.first = of,
                                                         .n = rows->start[rows->n_row],
                                                         .width = bytes,
                                                         .bytes = type == KITH_H5_INT64 ? 8 : bytes,
                                                         .wide = type == KITH_H5_INT64 && bytes == 4});
}

static kith_agreed related_put(const partition_writer *w, const char *group, const related_rows *rows) {
  kith_agreed st = {KITH_OK};
  const size_t number = rows->wide ? sizeof(int64_t) : sizeof(uint32_t);
  char name[KITH_NAME];
  snprintf(name, sizeof name, "%.50s/start", group);
  KITH_TRY(kith__partition_write_start(w, name, rows->start));
  KITH_TRY(related_column(w, group, "neighbor", KITH_H5_INT64, rows, rows->number, number));
  if (rows->weight) KITH_TRY(related_column(w, group, "weight", KITH_H5_FLOAT, rows, rows->weight, 4));
  if (rows->time) KITH_TRY(related_column(w, group, "time", KITH_H5_INT64, rows, rows->time, 8));
  if (rows->kind) KITH_TRY(related_column(w, group, "kind", KITH_H5_UINT16, rows, rows->kind, 2));
  if (rows->overlap) KITH_TRY(related_column(w, group, "overlap", KITH_H5_INT32, rows, rows->overlap, 4));
done:
  return st;
}

/* The group of a relation's rows, or of its transpose's; *n_entry: of all ranks. */
static kith_agreed related_group(partition_writer *w, int r, bool transpose, related_edges *x,
                                 int64_t *n_entry) {
  kith_agreed st = {KITH_OK};
  const kith_relation_type *e = &w->l->schema.relation[r];
  bool both = e->direction == KITH_DIRECTION_BOTH;
  related_rows rows = {.n_row = w->n_row, .wide = w->wide};
  char group[KITH_NAME];
  x->from = both || (e->direction == KITH_DIRECTION_FORWARD) != transpose;
  x->to = both || !x->from;
  snprintf(group, sizeof group, "edge/%.31s%s", e->name, transpose ? "/transpose" : "");
  KITH_TRY(kith__partition_count(w, send_edges, x, &rows.start));
  KITH_TRY(kith_agree(w->comm, related_alloc(x->values, &rows)));
  KITH_TRY(kith__partition_exchange(w, sizeof(related_edge), send_edges, x, related_take, &rows));
  related_unite(&rows);
  *n_entry = rows.start[rows.n_row];
  kith_comm_sum_int(w->comm, 1, n_entry);
  KITH_FREE(rows.node);
  KITH_TRY(related_put(w, group, &rows));
done:
  related_free(&rows);
  return st;
}

/* node [rows, then edges]: the nodes that edges are from, and those that they are to. */
static void related_ends(const kith_links *l, const kith_relation_type *e, const kith_links_rows *rows,
                         int64_t *node) {
  const kith_ragged *x = &rows->edges;
  int64_t first[KITH_MAX_TYPES + 1];
  kith__partition_first(l->n, first);
  for (int64_t u = 0; u < x->n_row; u++)
    node[u] = kith__partition_node(&l->schema, l->n, first, e->from, rows->first + u);
  for (kith_eid k = 0; k < x->start[x->n_row]; k++)
    node[x->n_row + k] = kith__partition_node(&l->schema, l->n, first, e->to, x->value[k]);
}

static kith_agreed related_write(partition_writer *w, int r, int64_t *n_edge) {
  kith_agreed st = {KITH_OK};
  const kith_relation_type *e = &w->l->schema.relation[r];
  const kith_links_rows *rows = &w->l->relation[r];
  const kith_ragged *l = &rows->edges;
  partition_seen seen = {.number = NULL};
  kith_links_values values = {.time = NULL};
  int64_t *node = NULL, n = l->n_row + l->start[l->n_row], unused;
  KITH_TRY(kith_agree(w->comm, KITH_NEW(node, n)));
  related_ends(w->l, e, rows, node);
  KITH_TRY(kith__partition_look_up(w, n, node, &seen));
  KITH_TRY(kith_links_read_values(w->comm, w->graph, w->l, r, &values));
  related_edges x = {
      .at = rows->at, .n_row = l->n_row, .start = l->start, .node = node, .seen = &seen, .values = &values};
  KITH_TRY(related_group(w, r, false, &x, n_edge));
  if (e->direction != KITH_DIRECTION_BOTH) KITH_TRY(related_group(w, r, true, &x, &unused));
  else *n_edge /= 2;
done:
  KITH_FREE(node);
  kith_links_values_free(&values);
  kith__partition_seen_free(&seen);
  return st;
}

kith_agreed kith__partition_dgraph_relations(partition_writer *w) {
  kith_agreed st = {KITH_OK};
  const kith_schema *schema = &w->l->schema;
  int64_t n_edge[KITH_MAX_RELATIONS] = {0};
  char *text = NULL;
  if (schema->n_relation == 0) return st;
  for (int r = 0; r < schema->n_relation; r++) KITH_TRY(related_write(w, r, &n_edge[r]));
  KITH_TRY(kith_agree(w->comm, kith_schema_print(schema, w->l->n, n_edge, &text)));
  KITH_TRY(kith_h5_put_attr_text(w->out, "schema", text));
done:
  KITH_FREE(text);
  return st;
}
