/* Relations: their edges at both ends, in the graph that layers read and in parts.h5. */
#include <stdio.h>
#include <string.h>

#include "graph/schema.h"
#include "partition.h"

void kith__partition_first(const kith_dataset *d, int64_t *first) {
  first[0] = 0;
  for (int t = 0; t < KITH_MAX_TYPES; t++) first[t + 1] = first[t] + d->n[t];
}

static kith_eid relation_n_edge(const kith_dataset *d, int r) {
  return d->relation[r].edges.start[d->relation[r].edges.n_row];
}

bool kith__partition_reads(const kith_dataset *d, const kith_partition_options *o, int r) {
  for (int i = 0; i < o->relations.n; i++)
    if (strcmp(o->relations.of[i].name, d->schema.relation[r].name) == 0) return true;
  return false;
}

int64_t kith__partition_n_entry(const kith_dataset *d, const kith_partition_options *o) {
  int64_t n = 0;
  for (int r = 0; r < d->schema.n_relation; r++)
    if (!o || kith__partition_reads(d, o, r)) n += 2 * relation_n_edge(d, r);
  return n;
}

/* ---- rows of a relation ---- */

static kith_status rows_alloc(int64_t n, kith_eid n_entry, partition_graph *out) {
  kith_status st = KITH_OK;
  *out = (partition_graph){.n = n};
  KITH_TRY(KITH_NEW(out->start, n + 1));
  KITH_TRY(KITH_NEW(out->to, n_entry));
  KITH_TRY(KITH_NEW(out->edge, n_entry));
done:
  return st;
}

/* Put node `to` next in a row. */
static void rows_put(partition_graph *g, int64_t *next, int64_t row, int64_t to, kith_eid edge) {
  kith_eid at = next[row]++;
  g->to[at] = (int32_t)to;
  g->edge[at] = edge;
}

/* Every edge at both of its ends.  Rows ascend if the ends are of two types. */
static kith_status rows_of_both_ends(const kith_dataset *d, int r, partition_graph *out) {
  kith_status st = KITH_OK;
  const kith_ragged *l = &d->relation[r].edges;
  int64_t first[KITH_MAX_TYPES + 1], *next = NULL, n = kith_dataset_n_node(d);
  kith__partition_first(d, first);
  int64_t from = first[d->schema.relation[r].from], to = first[d->schema.relation[r].to];
  KITH_TRY(rows_alloc(n, 2 * relation_n_edge(d, r), out));
  KITH_TRY(KITH_NEW(next, n));
  for (int64_t u = 0; u < l->n_row; u++) out->start[from + u + 1] += l->start[u + 1] - l->start[u];
  for (kith_eid e = 0; e < relation_n_edge(d, r); e++) out->start[to + l->value[e] + 1]++;
  for (int64_t i = 0; i < n; i++) out->start[i + 1] += out->start[i];
  memcpy(next, out->start, (size_t)n * sizeof *next);
  for (int64_t u = 0; u < l->n_row; u++)
    for (kith_eid e = l->start[u]; e < l->start[u + 1]; e++) {
      rows_put(out, next, from + u, to + l->value[e], e);
      rows_put(out, next, to + l->value[e], from + u, e);
    }
done:
  KITH_FREE(next);
  return st;
}

/* Rows that hold every edge at both ends, sorted: those of the transpose ascend. */
static kith_status rows_sort(partition_graph *g) {
  kith_status st = KITH_OK;
  partition_graph sorted = {0};
  int64_t *next = NULL;
  KITH_TRY(rows_alloc(g->n, g->start[g->n], &sorted));
  KITH_TRY(KITH_NEW(next, g->n));
  memcpy(sorted.start, g->start, (size_t)(g->n + 1) * sizeof *g->start);
  memcpy(next, g->start, (size_t)g->n * sizeof *next);
  for (int64_t i = 0; i < g->n; i++)
    for (kith_eid e = g->start[i]; e < g->start[i + 1]; e++) rows_put(&sorted, next, g->to[e], i, g->edge[e]);
  kith__partition_graph_free(g);
  *g = sorted;
  sorted = (partition_graph){0};
done:
  KITH_FREE(next);
  kith__partition_graph_free(&sorted);
  return st;
}

/* Of two edges between the same nodes, the earlier one; without times the first one. */
static kith_eid rows_pick(const int64_t *time, kith_eid a, kith_eid b) {
  if (time && time[a] != time[b]) return time[a] < time[b] ? a : b;
  return a < b ? a : b;
}

/* Every pair once, and no node with itself. */
static void rows_unique(const int64_t *time, partition_graph *g) {
  kith_eid at = 0, first = 0;
  for (int64_t i = 0; i < g->n; i++) {
    kith_eid begin = at;
    for (kith_eid e = first; e < g->start[i + 1]; e++) {
      if (g->to[e] == i) continue;
      if (at > begin && g->to[at - 1] == g->to[e]) {
        g->edge[at - 1] = rows_pick(time, g->edge[at - 1], g->edge[e]);
        continue;
      }
      g->to[at] = g->to[e];
      g->edge[at++] = g->edge[e];
    }
    first = g->start[i + 1];
    g->start[i + 1] = at;
  }
}

kith_status kith__partition_relation(const kith_dataset *d, int r, partition_graph *out) {
  kith_status st = KITH_OK;
  const kith_relation_type *e = &d->schema.relation[r];
  KITH_TRY(rows_of_both_ends(d, r, out));
  if (e->from == e->to) {
    KITH_TRY(rows_sort(out));
    rows_unique(d->relation[r].time, out);
  }
done:
  if (kith_is_bad(st)) kith__partition_graph_free(out);
  return st;
}

/* ---- the graph that layers read ---- */

/* The union of two ascending rows; returns its length. */
static kith_eid rows_unite(const partition_graph *a, const partition_graph *b, int64_t row, int32_t *to) {
  kith_eid i = a->start[row], j = b->start[row], n = 0;
  while (i < a->start[row + 1] || j < b->start[row + 1]) {
    bool first = j == b->start[row + 1] || (i < a->start[row + 1] && a->to[i] <= b->to[j]);
    int32_t next = first ? a->to[i] : b->to[j];
    if (i < a->start[row + 1] && a->to[i] == next) i++;
    if (j < b->start[row + 1] && b->to[j] == next) j++;
    to[n++] = next;
  }
  return n;
}

static kith_status graph_add(const partition_graph *rows, partition_graph *g) {
  kith_status st = KITH_OK;
  partition_graph all = {.n = g->n};
  KITH_TRY(KITH_NEW(all.start, g->n + 1));
  KITH_TRY(KITH_NEW(all.to, g->start[g->n] + rows->start[g->n]));
  for (int64_t i = 0; i < g->n; i++)
    all.start[i + 1] = all.start[i] + rows_unite(g, rows, i, all.to + all.start[i]);
  kith__partition_graph_free(g);
  *g = all;
  all = (partition_graph){0};
done:
  kith__partition_graph_free(&all);
  return st;
}

int64_t kith__partition_n_cut(const kith_dataset *d, const kith_partition_options *o) {
  bool further = false;
  for (int r = 0; r < d->schema.n_relation; r++) {
    const kith_relation_type *e = &d->schema.relation[r];
    further = further || (kith__partition_reads(d, o, r) && (e->from >= KITH_SIDES || e->to >= KITH_SIDES));
  }
  return further ? kith_dataset_n_node(d) : d->n[KITH_USER] + d->n[KITH_ITEM];
}

kith_status kith__partition_graph_make_read(const kith_dataset *d, const kith_partition_options *o,
                                            partition_graph *out) {
  kith_status st = KITH_OK;
  partition_graph rows = {0};
  KITH_TRY(kith__partition_graph_make(d, kith__partition_n_cut(d, o), out));
  for (int r = 0; r < d->schema.n_relation; r++) {
    if (!kith__partition_reads(d, o, r)) continue;
    KITH_TRY(kith__partition_relation(d, r, &rows));
    KITH_TRY(graph_add(&rows, out));
    kith__partition_graph_free(&rows);
  }
done:
  kith__partition_graph_free(&rows);
  if (kith_is_bad(st)) kith__partition_graph_free(out);
  return st;
}

/* ---- parts.h5 ---- */

/* A relation in global order. */
static kith_status relation_cut(const kith_dataset *d, int r, int64_t n, const int64_t *node,
                                const int64_t *number, kith_adjacency *cut) {
  kith_status st = KITH_OK;
  const kith_relation_edges *edges = &d->relation[r];
  partition_graph g = {0};
  kith_eid at = 0;
  KITH_TRY(kith__partition_relation(d, r, &g));
  KITH_TRY(KITH_NEW(cut->start, n + 1));
  KITH_TRY(KITH_NEW(cut->neighbor, g.start[n]));
  if (edges->weight) KITH_TRY(KITH_NEW(cut->weight, g.start[n]));
  if (edges->time) KITH_TRY(KITH_NEW(cut->time, g.start[n]));
  for (int64_t k = 0; k < n; k++) {
    for (kith_eid e = g.start[node[k]]; e < g.start[node[k] + 1]; e++, at++) {
      cut->neighbor[at] = number[g.to[e]];
      if (edges->weight) cut->weight[at] = edges->weight[g.edge[e]];
      if (edges->time) cut->time[at] = edges->time[g.edge[e]];
    }
    cut->start[k + 1] = at;
  }
done:
  kith__partition_graph_free(&g);
  return st;
}

static kith_agreed relation_put(kith_h5 *f, const char *relation, const char *column, kith_h5_type type,
                                int64_t n, const void *data) {
  char name[KITH_NAME];
  snprintf(name, sizeof name, "edge/%.31s/%s", relation, column);
  return kith_h5_write(f, name, type, 0, n, 0, n, false, data);
}

static kith_agreed relation_write(const kith_comm *comm, kith_h5 *f, const kith_dataset *d, int r, int64_t n,
                                  const int64_t *node, const int64_t *number, int64_t *n_edge) {
  kith_agreed st = {KITH_OK};
  const char *name = d->schema.relation[r].name;
  kith_adjacency cut = {0};
  KITH_TRY(kith_agree(comm, relation_cut(d, r, n, node, number, &cut)));
  kith_eid many = cut.start[n];
  *n_edge = many / 2;
  KITH_TRY(relation_put(f, name, "start", KITH_H5_INT64, n + 1, cut.start));
  KITH_TRY(relation_put(f, name, "neighbor", KITH_H5_INT64, many, cut.neighbor));
  if (cut.weight) KITH_TRY(relation_put(f, name, "weight", KITH_H5_FLOAT, many, cut.weight));
  if (cut.time) KITH_TRY(relation_put(f, name, "time", KITH_H5_INT64, many, cut.time));
done:
  kith_adjacency_free(&cut);
  return st;
}

kith_agreed kith__partition_write_relations(const kith_comm *comm, kith_h5 *f, const kith_dataset *d,
                                            int64_t n, const int64_t *node, const int64_t *number) {
  kith_agreed st = {KITH_OK};
  int64_t n_edge[KITH_MAX_RELATIONS] = {0};
  char *text = NULL;
  if (d->schema.n_relation == 0) return st;
  for (int r = 0; r < d->schema.n_relation; r++)
    KITH_TRY(relation_write(comm, f, d, r, n, node, number, &n_edge[r]));
  KITH_TRY(kith_agree(comm, kith_schema_print(&d->schema, d->n, n_edge, &text)));
  KITH_TRY(kith_h5_put_attr_text(f, "schema", text));
done:
  KITH_FREE(text);
  return st;
}
