/* Sizes of a graph and a rank's share, from the share itself or from graph.h5. */
#include <stdio.h>
#include <string.h>

#include "diagnose/memory_estimate.h"
#include "graph/schema.h"
#include "store/graph.h"

/* Nodes of other ranks among neighbor [n] that were not seen yet. */
static int64_t graph_sizes_ghosts(kith_eid n_entry, const kith_gid *neighbor, kith_gid low, kith_gid high,
                                  uint64_t *seen) {
  int64_t n = 0;
  for (kith_eid e = 0; e < n_entry; e++) {
    kith_gid k = neighbor[e];
    uint64_t bit = (uint64_t)1 << (k % 64);
    if ((k >= low && k < high) || (seen[k / 64] & bit)) continue;
    seen[k / 64] |= bit;
    n++;
  }
  return n;
}

static int64_t graph_sizes_values(const kith_ragged *l) { return l->start ? l->start[l->n_row] : 0; }

kith_status kith_graph_sizes_local(const kith_graph *g, int size, int rank, kith_graph_sizes *out) {
  kith_status st = KITH_OK;
  uint64_t *seen = NULL;
  KITH_TRY(KITH_NEW(seen, kith_graph_n_node(g) / 64 + 1));
  *out = (kith_graph_sizes){.schema = g->schema,
                            .n_edge = g->n_edge,
                            .n_train = g->n_train,
                            .n_class = g->n_class,
                            .feature_nnz = g->features.start ? g->features.start[g->n_own] : 0,
                            .weighted = g->weight != NULL,
                            .n_part = g->n_part,
                            .size = size,
                            .n_own = g->n_own,
                            .n_entry = g->start[g->n_own],
                            .n_pair = graph_sizes_values(&g->train),
                            .n_held_out = graph_sizes_values(&g->valid) + graph_sizes_values(&g->test),
                            .exact = true};
  memcpy(out->n, g->n, sizeof out->n);
  memcpy(out->n_feature_of, g->n_feature_of, sizeof out->n_feature_of);
  for (int t = 0; t < KITH_MAX_TYPES; t++) out->n_own_of[t] = g->n_own_of[t];
  kith_gid low = g->first[rank], high = g->first[rank + 1];
  out->n_ghost = graph_sizes_ghosts(g->start[g->n_own], g->neighbor, low, high, seen);
  out->n_ghost_with_relations = out->n_ghost;
  for (int r = 0; r < g->schema.n_relation; r++) {
    const kith_adjacency *a = &g->relation[r], *back = &g->transpose[r];
    out->n_relation_entry[r] = a->start[g->n_own];
    out->n_ghost_with_relations += graph_sizes_ghosts(a->start[g->n_own], a->neighbor, low, high, seen);
    if (!back->start) continue;
    out->n_transpose_entry[r] = back->start[g->n_own];
    out->n_ghost_with_relations += graph_sizes_ghosts(back->start[g->n_own], back->neighbor, low, high, seen);
  }
done:
  KITH_FREE(seen);
  return st;
}

static kith_agreed graph_sizes_read_nodes(kith_h5 *f, kith_graph_sizes *s) {
  kith_agreed st = {KITH_OK};
  int64_t n_class = 0, n_feature = 0;
  int d = 0;
  KITH_TRY(kith_h5_get_attr_int(f, "n_node", &s->n[KITH_USER]));
  KITH_TRY(kith_h5_get_attr_int(f, "n_edge", &s->n_edge));
  KITH_TRY(kith_h5_get_attr_int(f, "n_class", &n_class));
  KITH_TRY(kith_h5_get_attr_int(f, "n_feature", &n_feature));
  KITH_TRY(kith_h5_extent(f, "node/label", &s->n_train, &d)); /* upper bound */
  if (kith_h5_has_dataset(f, "node_feature/feature"))
    KITH_TRY(kith_h5_extent(f, "node_feature/feature", &s->feature_nnz, &d));
  s->schema = kith_schema_nodes();
  if (kith_h5_has_attr(f, "schema"))
    KITH_TRY(kith__graph_schema_read(f, &s->schema, s->n, s->n_relation_entry));
  s->n_class = (int)n_class;
  s->n_feature_of[KITH_USER] = (int)n_feature;
done:
  return st;
}

/* Features of one side, if the graph has them. */
static kith_agreed graph_sizes_read_features(kith_h5 *f, int side, kith_graph_sizes *s) {
  kith_agreed st = {KITH_OK};
  const char *of = side == KITH_USER ? "user_feature" : "item_feature";
  char name[KITH_NAME];
  int64_t n = 0, n_id = 0;
  int d = 0;
  snprintf(name, sizeof name, "%s/id", of);
  if (!kith_h5_has_dataset(f, name)) return st;
  KITH_TRY(kith_h5_extent(f, name, &n_id, &d));
  snprintf(name, sizeof name, "%s/feature", of);
  KITH_TRY(kith_h5_extent(f, name, &n, &d));
  s->n_feature_of[side] = (int)n_id;
  s->feature_nnz += n;
done:
  return st;
}

static kith_agreed graph_sizes_read_pairs(kith_h5 *f, kith_graph_sizes *s) {
  kith_agreed st = {KITH_OK};
  int64_t valid = 0, test = 0;
  int d = 0;
  KITH_TRY(kith_h5_extent(f, "train/item", &s->n_edge, &d));
  KITH_TRY(kith_h5_extent(f, "valid/item", &valid, &d));
  KITH_TRY(kith_h5_extent(f, "test/item", &test, &d));
  s->n_held_out = valid + test;
  s->weighted = kith_h5_has_dataset(f, "train/weight");
  KITH_TRY(kith__graph_schema_read(f, &s->schema, s->n, s->n_relation_entry));
  for (int t = 0; t < KITH_SIDES; t++) KITH_TRY(graph_sizes_read_features(f, t, s));
done:
  return st;
}

/* An even share, rounded up, with an upper bound of ghosts, since the cut is not known yet. */
static void graph_sizes_share(int size, kith_graph_sizes *s) {
  s->size = size;
  int64_t n_node = 0, n_entry = 0;
  for (int t = 0; t < KITH_MAX_TYPES; t++) {
    s->n_own_of[t] = (s->n[t] + size - 1) / size;
    s->n_own += s->n_own_of[t];
    n_node += s->n[t];
  }
  s->feature_nnz = (s->feature_nnz + size - 1) / size;
  s->n_pair = s->n_class > 0 ? 0 : (s->n_edge + size - 1) / size;
  s->n_held_out = (s->n_held_out + size - 1) / size;
  s->n_entry = (2 * s->n_edge + size - 1) / size;
  n_entry = s->n_entry;
  for (int r = 0; r < s->schema.n_relation; r++) {
    bool directed = s->schema.relation[r].direction != KITH_DIRECTION_BOTH;
    int64_t all = 2 * s->n_relation_entry[r]; /* of a directed relation, half of them in the transpose */
    n_entry += (all + size - 1) / size;
    s->n_relation_entry[r] = ((directed ? all / 2 : all) + size - 1) / size;
    s->n_transpose_entry[r] = directed ? s->n_relation_entry[r] : 0;
  }
  int64_t others = size == 1 ? 0 : n_node - s->n_own;
  s->n_ghost = kith_min(others, s->n_entry);
  s->n_ghost_with_relations = kith_min(others, n_entry);
}

kith_agreed kith_graph_sizes_read(const kith_comm *comm, const char *graph_path, kith_graph_sizes *out) {
  kith_agreed st = {KITH_OK};
  kith_h5 *f = NULL;
  kith_graph_sizes s = {0};
  KITH_TRY(kith_h5_open(comm, graph_path, KITH_GRAPH_FORMAT, KITH_FILE_VERSION, &f));
  KITH_TRY(kith_h5_is_labeled(f) ? graph_sizes_read_nodes(f, &s) : graph_sizes_read_pairs(f, &s));
  graph_sizes_share(comm->size, &s);
  *out = s;
done:
  kith_h5_close(&f);
  return st;
}
