/* Relations in parts.h5: what each row reads, and of directed relations the transpose. */
#include <stdio.h>

#include "graph/schema.h"
#include "partition.h"

/* What is known of the edges behind the entries. */
static kith_status rows_alloc_values(const kith_relation_edges *edges, kith_eid n, kith_adjacency *cut) {
  kith_status st = KITH_OK;
  if (edges->weight) KITH_TRY(KITH_NEW(cut->weight, n));
  if (edges->time) KITH_TRY(KITH_NEW(cut->time, n));
  if (edges->kind) KITH_TRY(KITH_NEW(cut->kind, n));
  if (edges->overlap) KITH_TRY(KITH_NEW(cut->overlap, n));
done:
  return st;
}

static void rows_set_values(const kith_relation_edges *edges, kith_eid edge, kith_adjacency *cut,
                            kith_eid at) {
  if (edges->weight) cut->weight[at] = edges->weight[edge];
  if (edges->time) cut->time[at] = edges->time[edge];
  if (edges->kind) cut->kind[at] = edges->kind[edge];
  if (edges->overlap) cut->overlap[at] = edges->overlap[edge];
}

/* The rows of a relation in global order. */
static kith_status rows_cut(const kith_dataset *d, int r, bool transpose, const partition_order *o,
                            kith_adjacency *cut) {
  kith_status st = KITH_OK;
  partition_graph g = {0};
  kith_eid at = 0;
  KITH_TRY(kith__partition_rows(d, r, transpose, &g));
  KITH_TRY(KITH_NEW(cut->start, o->n + 1));
  KITH_TRY(KITH_NEW(cut->neighbor, g.start[o->n]));
  KITH_TRY(rows_alloc_values(&d->relation[r], g.start[o->n], cut));
  for (int64_t k = 0; k < o->n; k++) {
    for (kith_eid e = g.start[o->node[k]]; e < g.start[o->node[k] + 1]; e++, at++) {
      cut->neighbor[at] = o->number[g.to[e]];
      rows_set_values(&d->relation[r], g.edge[e], cut, at);
    }
    cut->start[k + 1] = at;
  }
done:
  kith__partition_graph_free(&g);
  return st;
}

static kith_agreed rows_put(kith_h5 *f, const char *group, const char *column, kith_h5_type type, int64_t n,
                            const void *data) {
  char name[KITH_NAME];
  snprintf(name, sizeof name, "%.50s/%s", group, column);
  return kith__partition_put(f, name, type, 0, n, data);
}

/* Write the group of a relation's rows, or of its transpose's. */
static kith_agreed rows_write(const kith_comm *comm, kith_h5 *f, const kith_dataset *d, int r, bool transpose,
                              const partition_order *o, int64_t *n_entry) {
  kith_agreed st = {KITH_OK};
  char group[KITH_NAME];
  kith_adjacency cut = {0};
  snprintf(group, sizeof group, "edge/%.31s%s", d->schema.relation[r].name, transpose ? "/transpose" : "");
  KITH_TRY(kith_agree(comm, rows_cut(d, r, transpose, o, &cut)));
  kith_eid n = cut.start[o->n];
  *n_entry = n;
  KITH_TRY(rows_put(f, group, "start", KITH_H5_INT64, o->n + 1, cut.start));
  KITH_TRY(rows_put(f, group, "neighbor", KITH_H5_INT64, n, cut.neighbor));
  if (cut.weight) KITH_TRY(rows_put(f, group, "weight", KITH_H5_FLOAT, n, cut.weight));
  if (cut.time) KITH_TRY(rows_put(f, group, "time", KITH_H5_INT64, n, cut.time));
  if (cut.kind) KITH_TRY(rows_put(f, group, "kind", KITH_H5_UINT16, n, cut.kind));
  if (cut.overlap) KITH_TRY(rows_put(f, group, "overlap", KITH_H5_INT32, n, cut.overlap));
done:
  kith_adjacency_free(&cut);
  return st;
}

static kith_agreed relation_write(const kith_comm *comm, kith_h5 *f, const kith_dataset *d, int r,
                                  const partition_order *o, int64_t *n_edge) {
  kith_agreed st = {KITH_OK};
  bool directed = d->schema.relation[r].direction != KITH_DIRECTION_BOTH;
  KITH_TRY(rows_write(comm, f, d, r, false, o, n_edge));
  if (directed) KITH_TRY(rows_write(comm, f, d, r, true, o, n_edge));
  else *n_edge /= 2;
done:
  return st;
}

kith_agreed kith__partition_write_relations(const kith_comm *comm, kith_h5 *f, const kith_dataset *d,
                                            const partition_order *o) {
  kith_agreed st = {KITH_OK};
  int64_t n_edge[KITH_MAX_RELATIONS] = {0};
  char *text = NULL;
  if (d->schema.n_relation == 0) return st;
  for (int r = 0; r < d->schema.n_relation; r++) KITH_TRY(relation_write(comm, f, d, r, o, &n_edge[r]));
  KITH_TRY(kith_agree(comm, kith_schema_print(&d->schema, d->n, n_edge, &text)));
  KITH_TRY(kith_h5_put_attr_text(f, "schema", text));
done:
  KITH_FREE(text);
  return st;
}
