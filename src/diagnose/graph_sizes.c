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

/* Rows `first` to last - 1 of a graph that was read, whose owner has the global numbers low to high - 1. */
typedef struct graph_rows {
  kith_lid first, last;
  kith_gid low, high;
} graph_rows;

/* Rows of a type below a row. */
static kith_lid graph_sizes_below(const kith_graph *g, int type, kith_lid row) {
  kith_lid low = 0, high = g->n_own_of[type];
  while (low < high) {
    kith_lid middle = low + (high - low) / 2;
    if (g->row_of[type][middle] < row) low = middle + 1;
    else high = middle;
  }
  return low;
}

/* Values of the users `first` to last - 1. */
static int64_t graph_sizes_values(const kith_ragged *l, kith_lid first, kith_lid last) {
  return l->n_row > 0 ? l->start[last] - l->start[first] : 0;
}

/* Sizes that are of the whole graph, and rows by type. */
static kith_graph_sizes graph_sizes_begin(const kith_graph *g, const graph_rows *rows, int size) {
  kith_graph_sizes s = {.schema = g->schema,
                        .n_edge = g->n_edge,
                        .n_train = g->n_train,
                        .n_class = g->n_class,
                        .weighted = g->weight != NULL,
                        .n_part = g->n_part,
                        .size = size,
                        .n_own = rows->last - rows->first,
                        .n_entry = g->start[rows->last] - g->start[rows->first],
                        .exact = true};
  const kith_eid *nnz = g->features.start;
  kith_lid first = graph_sizes_below(g, KITH_USER, rows->first),
           last = graph_sizes_below(g, KITH_USER, rows->last);
  s.feature_nnz = nnz ? nnz[rows->last] - nnz[rows->first] : 0;
  s.n_pair = graph_sizes_values(&g->train, first, last);
  s.n_held_out = graph_sizes_values(&g->valid, first, last) + graph_sizes_values(&g->test, first, last);
  memcpy(s.n, g->n, sizeof s.n);
  memcpy(s.n_feature_of, g->n_feature_of, sizeof s.n_feature_of);
  for (int t = 0; t < KITH_MAX_TYPES; t++)
    s.n_own_of[t] = graph_sizes_below(g, t, rows->last) - graph_sizes_below(g, t, rows->first);
  return s;
}

static int64_t graph_sizes_add(const graph_rows *rows, const kith_eid *start, const kith_gid *neighbor,
                               uint64_t *seen, int64_t *n_entry) {
  kith_eid first = start[rows->first];
  *n_entry = start[rows->last] - first;
  return graph_sizes_ghosts(*n_entry, neighbor + first, rows->low, rows->high, seen);
}

static kith_status graph_sizes_of_rows(const kith_graph *g, const graph_rows *rows, int size,
                                       kith_graph_sizes *out) {
  kith_status st = KITH_OK;
  uint64_t *seen = NULL;
  KITH_TRY(KITH_NEW(seen, kith_graph_n_node(g) / 64 + 1));
  *out = graph_sizes_begin(g, rows, size);
  out->n_ghost = graph_sizes_add(rows, g->start, g->neighbor, seen, &out->n_entry);
  out->n_ghost_with_relations = out->n_ghost;
  for (int r = 0; r < g->schema.n_relation; r++) {
    const kith_adjacency *a = &g->relation[r], *back = &g->transpose[r];
    out->n_ghost_with_relations +=
        graph_sizes_add(rows, a->start, a->neighbor, seen, &out->n_relation_entry[r]);
    if (back->start)
      out->n_ghost_with_relations +=
          graph_sizes_add(rows, back->start, back->neighbor, seen, &out->n_transpose_entry[r]);
  }
done:
  KITH_FREE(seen);
  return st;
}

kith_status kith_graph_sizes_local(const kith_graph *g, int size, int rank, kith_graph_sizes *out) {
  const graph_rows rows = {0, g->n_own, g->first[rank], g->first[rank + 1]};
  return graph_sizes_of_rows(g, &rows, size, out);
}

kith_status kith_graph_sizes_of(const kith_graph *whole, int size, int rank, kith_graph_sizes *out) {
  const kith_gid low = whole->part_first[kith_chunk_begin(whole->n_part, size, rank)],
                 high = whole->part_first[kith_chunk_begin(whole->n_part, size, rank + 1)];
  const graph_rows rows = {(kith_lid)low, (kith_lid)high, low, high};
  return graph_sizes_of_rows(whole, &rows, size, out);
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

/* From numbers of edges to the sizes of one rank that has all. */
static void graph_sizes_one(kith_graph_sizes *s) {
  s->size = 1;
  for (int t = 0; t < KITH_MAX_TYPES; t++) {
    s->n_own_of[t] = s->n[t];
    s->n_own += s->n[t];
  }
  s->n_pair = s->n_class > 0 ? 0 : s->n_edge;
  s->n_entry = 2 * s->n_edge;
  for (int r = 0; r < s->schema.n_relation; r++) {
    bool directed = s->schema.relation[r].direction != KITH_DIRECTION_BOTH;
    s->n_transpose_entry[r] = directed ? s->n_relation_entry[r] : 0;
    if (!directed) s->n_relation_entry[r] *= 2;
  }
}

static void graph_sizes_divide(int size, int64_t *n) { *n = (*n + size - 1) / size; }

void kith_graph_sizes_share(int size, kith_graph_sizes *s) {
  int64_t n_node = s->n_own, n_entry = 0;
  s->size = size;
  s->exact = false;
  s->n_own = 0;
  for (int t = 0; t < KITH_MAX_TYPES; t++) {
    graph_sizes_divide(size, &s->n_own_of[t]);
    s->n_own += s->n_own_of[t];
  }
  graph_sizes_divide(size, &s->feature_nnz);
  graph_sizes_divide(size, &s->n_pair);
  graph_sizes_divide(size, &s->n_held_out);
  graph_sizes_divide(size, &s->n_entry);
  n_entry = s->n_entry;
  for (int r = 0; r < s->schema.n_relation; r++) {
    graph_sizes_divide(size, &s->n_relation_entry[r]);
    graph_sizes_divide(size, &s->n_transpose_entry[r]);
    n_entry += s->n_relation_entry[r] + s->n_transpose_entry[r];
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
  graph_sizes_one(&s);
  kith_graph_sizes_share(comm->size, &s);
  *out = s;
done:
  kith_h5_close(&f);
  return st;
}
