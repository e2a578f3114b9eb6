/* Read the rows of relations: a slice of the groups edge/RELATION of parts.h5. */
#include <stdio.h>

#include "graph/schema.h"
#include "h5/validate.h"
#include "store/parts.h"

/* One group: the rows of a relation, or those of its transpose. */
typedef struct relation_group {
  const kith_relation_type *type;
  char name[KITH_NAME];      /* "edge/R", or "edge/R/transpose" */
  bool from_reads, to_reads; /* the ends whose nodes have rows */
  int64_t n;                 /* entries; -1: unknown */
  kith_adjacency *rows;
} relation_group;

static relation_group relation_group_of(kith_graph *g, int r, bool transpose, int64_t n_edge) {
  const kith_relation_type *e = &g->schema.relation[r];
  bool both = e->direction == KITH_DIRECTION_BOTH;
  bool forward = (e->direction == KITH_DIRECTION_FORWARD) != transpose;
  relation_group x = {.type = e,
                      .from_reads = both || forward,
                      .to_reads = both || !forward,
                      .n = both && n_edge > 0 ? 2 * n_edge : n_edge,
                      .rows = transpose ? &g->transpose[r] : &g->relation[r]};
  snprintf(x.name, sizeof x.name, "edge/%.31s%s", e->name, transpose ? "/transpose" : "");
  return x;
}

/* Whether nodes of a type read nodes of another one. */
static bool relation_group_reads(const kith_schema *s, const relation_group *x, int here, int there) {
  const kith_relation_type *e = x->type;
  return (x->from_reads && kith_schema_has(s, e->from, here) && kith_schema_has(s, e->to, there)) ||
         (x->to_reads && kith_schema_has(s, e->to, here) && kith_schema_has(s, e->from, there));
}

/* Nodes of an end that reads have neighbors of the other end, and no others have any. */
static kith_status relations_check_ends(const char *path, const kith_graph *g, const relation_group *x,
                                        const int64_t *type_count) {
  kith_status st = KITH_OK;
  const kith_relation_type *e = x->type;
  for (kith_lid i = 0; i < g->n_own; i++) {
    int here = g->type[i];
    for (kith_eid k = x->rows->start[i]; k < x->rows->start[i + 1]; k++) {
      int there = kith__parts_type(g, type_count, x->rows->neighbor[k]);
      KITH_CHECK(relation_group_reads(&g->schema, x, here, there), KITH_EDATA,
                 "%s: %s/neighbor holds %lld, of type %s, in the row of a node of type %s, but the relation "
                 "is of %s and %s",
                 path, x->name, (long long)x->rows->neighbor[k], g->schema.type[there], g->schema.type[here],
                 g->schema.type[e->from], g->schema.type[e->to]);
    }
  }
done:
  return st;
}

static kith_status relations_check_kinds(const char *path, const relation_group *x, kith_eid n) {
  kith_status st = KITH_OK;
  for (kith_eid k = 0; k < n; k++)
    KITH_CHECK(x->rows->kind[k] < x->type->n_kind, KITH_EDATA, "%s: %s/kind holds %d, expected 0 to %d", path,
               x->name, x->rows->kind[k], x->type->n_kind - 1);
done:
  return st;
}

static kith_status relations_check_size(const char *path, const relation_group *x, int64_t n) {
  kith_status st = KITH_OK;
  KITH_CHECK(x->n < 0 || n == x->n, KITH_EDATA,
             "%s: \"%s/neighbor\" has %lld rows, expected %lld for the edges of the schema", path, x->name,
             (long long)n, (long long)x->n);
done:
  return st;
}

static kith_status relations_check_overlaps(const char *path, const relation_group *x, kith_eid n) {
  kith_status st = KITH_OK;
  for (kith_eid k = 0; k < n; k++)
    KITH_CHECK(x->rows->overlap[k] >= 0, KITH_EDATA, "%s: %s/overlap holds %d, expected 0 or more", path,
               x->name, x->rows->overlap[k]);
done:
  return st;
}

/* Weights, times, kinds and overlaps of the entries, from index `first` on. */
static kith_agreed relations_read_values(const kith_comm *comm, kith_h5 *f, const relation_group *x,
                                         int64_t first, int64_t n) {
  kith_agreed st = {KITH_OK};
  char name[2 * KITH_NAME];
  snprintf(name, sizeof name, "%s/weight", x->name);
  if (x->type->weighted) {
    KITH__READ_SLICE(f, name, KITH_H5_FLOAT, first, n, x->rows->weight);
    KITH_TRY(kith_agree(comm, kith__validate_finite(kith_h5_path(f), name, n, x->rows->weight)));
  }
  snprintf(name, sizeof name, "%s/time", x->name);
  if (x->type->timed) KITH__READ_SLICE(f, name, KITH_H5_INT64, first, n, x->rows->time);
  snprintf(name, sizeof name, "%s/kind", x->name);
  if (x->type->n_kind > 0) {
    KITH__READ_SLICE(f, name, KITH_H5_UINT16, first, n, x->rows->kind);
    KITH_TRY(kith_agree(comm, relations_check_kinds(kith_h5_path(f), x, n)));
  }
  snprintf(name, sizeof name, "%s/overlap", x->name);
  if (kith_h5_has_dataset(f, name)) {
    KITH__READ_SLICE(f, name, KITH_H5_INT32, first, n, x->rows->overlap);
    KITH_TRY(kith_agree(comm, relations_check_overlaps(kith_h5_path(f), x, n)));
  }
done:
  return st;
}

static kith_agreed relations_read_group(const kith_comm *comm, kith_h5 *f, kith_graph *g, relation_group x,
                                        const int64_t *type_count) {
  kith_agreed st = {KITH_OK};
  char name[2 * KITH_NAME], start[2 * KITH_NAME];
  int64_t first = 0, n = 0;
  int d = 0;
  snprintf(start, sizeof start, "%s/start", x.name);
  snprintf(name, sizeof name, "%s/neighbor", x.name);
  KITH_TRY(kith_h5_extent(f, name, &n, &d));
  KITH_TRY(kith_agreed_same(relations_check_size(kith_h5_path(f), &x, n)));
  KITH_TRY(kith__parts_read_offsets(comm, f, start, name, g, &x.rows->start, &first));
  n = x.rows->start[g->n_own];
  KITH__READ_SLICE(f, name, KITH_H5_INT64, first, n, x.rows->neighbor);
  KITH_TRY(kith_agree(comm, kith__validate_range(kith_h5_path(f), name, first, n, x.rows->neighbor, 0,
                                                 kith_graph_n_node(g))));
  KITH_TRY(kith_agree(comm, relations_check_ends(kith_h5_path(f), g, &x, type_count)));
  KITH_TRY(relations_read_values(comm, f, &x, first, n));
done:
  return st;
}

kith_agreed kith__parts_read_relations(const kith_comm *comm, kith_h5 *f, kith_graph *g,
                                       const int64_t *type_count, const int64_t *n_edge) {
  kith_agreed st = {KITH_OK};
  for (int r = 0; r < g->schema.n_relation; r++) {
    KITH_TRY(relations_read_group(comm, f, g, relation_group_of(g, r, false, n_edge[r]), type_count));
    if (g->schema.relation[r].direction != KITH_DIRECTION_BOTH)
      KITH_TRY(relations_read_group(comm, f, g, relation_group_of(g, r, true, n_edge[r]), type_count));
  }
done:
  return st;
}
