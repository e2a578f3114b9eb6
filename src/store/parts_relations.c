/* Read the rows of relations: a slice of the groups edge/RELATION of parts.h5. */
#include <stdio.h>

#include "h5/validate.h"
#include "store/parts.h"

/* Nodes of one end have neighbors of the type of the other end, and no others have any. */
static kith_status relations_check_ends(const char *path, const kith_graph *g, int r,
                                        const int64_t *type_count) {
  kith_status st = KITH_OK;
  const kith_relation_type *e = &g->schema.relation[r];
  const kith_adjacency *a = &g->relation[r];
  for (kith_lid i = 0; i < g->n_own; i++) {
    int here = g->type[i], wanted = here == e->from ? e->to : here == e->to ? e->from : -1;
    for (kith_eid k = a->start[i]; k < a->start[i + 1]; k++) {
      int there = kith__parts_type(g, type_count, a->neighbor[k]);
      KITH_CHECK(
          there == wanted, KITH_EDATA,
          "%s: edge/%s/neighbor holds %lld, of type %s, in the row of a node of type %s, but the relation "
          "is of %s and %s",
          path, e->name, (long long)a->neighbor[k], g->schema.type[there], g->schema.type[here],
          g->schema.type[e->from], g->schema.type[e->to]);
    }
  }
done:
  return st;
}

static kith_status relations_check_size(const char *path, const char *name, int64_t n, int64_t n_edge) {
  kith_status st = KITH_OK;
  KITH_CHECK(n_edge < 0 || n == 2 * n_edge, KITH_EDATA,
             "%s: \"%s\" has %lld rows, expected 2 for each of %lld edges", path, name, (long long)n,
             (long long)n_edge);
done:
  return st;
}

static kith_agreed relations_read_one(const kith_comm *comm, kith_h5 *f, kith_graph *g, int r,
                                      const int64_t *type_count, int64_t n_edge) {
  kith_agreed st = {KITH_OK};
  const kith_relation_type *e = &g->schema.relation[r];
  kith_adjacency *a = &g->relation[r];
  char name[KITH_NAME], start[KITH_NAME];
  int64_t first = 0, n = 0;
  int d = 0;
  snprintf(start, sizeof start, "edge/%.31s/start", e->name);
  snprintf(name, sizeof name, "edge/%.31s/neighbor", e->name);
  KITH_TRY(kith_h5_extent(f, name, &n, &d));
  KITH_TRY(kith_agreed_same(relations_check_size(kith_h5_path(f), name, n, n_edge)));
  KITH_TRY(kith__parts_read_offsets(comm, f, start, name, g, &a->start, &first));
  n = a->start[g->n_own];
  KITH__READ_SLICE(f, name, KITH_H5_INT64, first, n, a->neighbor);
  KITH_TRY(kith_agree(comm, kith__validate_range(kith_h5_path(f), name, first, n, a->neighbor, 0,
                                                 kith_graph_n_node(g))));
  KITH_TRY(kith_agree(comm, relations_check_ends(kith_h5_path(f), g, r, type_count)));
  snprintf(name, sizeof name, "edge/%.31s/weight", e->name);
  if (e->weighted) KITH__READ_SLICE(f, name, KITH_H5_FLOAT, first, n, a->weight);
  if (e->weighted) KITH_TRY(kith_agree(comm, kith__validate_finite(kith_h5_path(f), name, n, a->weight)));
  snprintf(name, sizeof name, "edge/%.31s/time", e->name);
  if (e->timed) KITH__READ_SLICE(f, name, KITH_H5_INT64, first, n, a->time);
done:
  return st;
}

kith_agreed kith__parts_read_relations(const kith_comm *comm, kith_h5 *f, kith_graph *g,
                                       const int64_t *type_count, const int64_t *n_edge) {
  kith_agreed st = {KITH_OK};
  for (int r = 0; r < g->schema.n_relation; r++)
    KITH_TRY(relations_read_one(comm, f, g, r, type_count, n_edge[r]));
done:
  return st;
}
