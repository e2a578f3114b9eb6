/* One rank's share of the partitioned graph: release, and the owner of a number. */
#include "graph/graph.h"

#include "comm/host_table.h"

void kith_csr_free(kith_csr *csr) {
  KITH_FREE(csr->perm);
  KITH_FREE(csr->start);
  KITH_FREE(csr->col);
  KITH_FREE(csr->weight);
  csr->n_row = csr->n_col = 0;
}

int64_t kith_csr_bytes(int64_t n_row, int64_t n_entry) {
  const kith_csr *a = NULL;
  return KITH_BYTES(a->perm, n_row) + KITH_BYTES(a->start, n_row + 1) + KITH_BYTES(a->col, n_entry) +
         KITH_BYTES(a->weight, n_entry);
}

void kith_adjacency_free(kith_adjacency *adjacency) {
  KITH_FREE(adjacency->start);
  KITH_FREE(adjacency->neighbor);
  KITH_FREE(adjacency->weight);
  KITH_FREE(adjacency->time);
  KITH_FREE(adjacency->kind);
  KITH_FREE(adjacency->overlap);
}

/* Files tell what the ends of ties between users or between items have in common. */
static bool adjacency_has_overlap(const kith_relation_type *e) {
  return e->from == e->to && e->from < KITH_SIDES && e->direction == KITH_DIRECTION_BOTH;
}

static int64_t adjacency_bytes(const kith_relation_type *e, int64_t n_row, int64_t n_entry) {
  const kith_adjacency *a = NULL;
  return KITH_BYTES(a->start, n_row + 1) + KITH_BYTES(a->neighbor, n_entry) +
         (e->weighted ? KITH_BYTES(a->weight, n_entry) : 0) + (e->timed ? KITH_BYTES(a->time, n_entry) : 0) +
         (e->n_kind > 0 ? KITH_BYTES(a->kind, n_entry) : 0) +
         (adjacency_has_overlap(e) ? KITH_BYTES(a->overlap, n_entry) : 0);
}

static int64_t graph_relations_bytes(const kith_graph_sizes *s) {
  int64_t n = 0;
  for (int r = 0; r < s->schema.n_relation; r++) {
    const kith_relation_type *e = &s->schema.relation[r];
    n += adjacency_bytes(e, s->n_own, s->n_relation_entry[r]);
    if (e->direction != KITH_DIRECTION_BOTH) n += adjacency_bytes(e, s->n_own, s->n_transpose_entry[r]);
  }
  return n;
}

/* What only one of both tasks has: labels, or interactions by user. */
static int64_t graph_task_bytes(const kith_graph_sizes *s) {
  const kith_graph *g = NULL;
  int64_t n_user = s->n_own_of[KITH_USER];
  if (s->n_class > 0)
    return KITH_BYTES(g->train_index, s->n_own) + KITH_BYTES(g->label, s->n_own) +
           KITH_BYTES(g->split, s->n_own);
  return KITH_BYTES(g->first_edge, s->n_own) + 3 * KITH_BYTES(g->train.start, n_user + 1) +
         KITH_BYTES(g->train.value, s->n_pair + s->n_held_out) +
         kith_host_table_bytes(KITH_BYTES(g->item_number, s->n[KITH_ITEM]), s->n_here);
}

int64_t kith_graph_bytes(const kith_graph_sizes *s, bool timed) {
  const kith_graph *g = NULL;
  int64_t ownership = KITH_BYTES(g->part_first, s->n_part + 1) + KITH_BYTES(g->first, s->size + 1) +
                      KITH_BYTES(g->row_of[0], s->n_own) + KITH_BYTES(g->type, s->n_own) +
                      KITH_BYTES(g->original, s->n_own);
  int64_t edges = KITH_BYTES(g->start, s->n_own + 1) + KITH_BYTES(g->neighbor, s->n_entry) +
                  (s->weighted ? KITH_BYTES(g->weight, s->n_entry) : 0) +
                  (timed ? KITH_BYTES(g->time, s->n_entry) : 0);
  int64_t features = s->feature_nnz > 0 ? kith_features_bytes(s->n_own, s->feature_nnz) : 0;
  return KITH_BYTES(g, 1) + ownership + edges + graph_task_bytes(s) + graph_relations_bytes(s) + features;
}

void kith_graph_destroy(kith_graph **graph) {
  kith_graph *g = *graph;
  if (!g) return;
  KITH_FREE(g->part_first);
  KITH_FREE(g->first);
  for (int t = 0; t < KITH_MAX_TYPES; t++) KITH_FREE(g->row_of[t]);
  KITH_FREE(g->type);
  KITH_FREE(g->original);
  KITH_FREE(g->start);
  KITH_FREE(g->neighbor);
  KITH_FREE(g->weight);
  KITH_FREE(g->time);
  KITH_FREE(g->is_new);
  KITH_FREE(g->first_edge);
  KITH_FREE(g->train_index);
  for (int r = 0; r < KITH_MAX_RELATIONS; r++) {
    kith_adjacency_free(&g->relation[r]);
    kith_adjacency_free(&g->transpose[r]);
  }
  kith_ragged_free(&g->train);
  kith_ragged_free(&g->valid);
  kith_ragged_free(&g->test);
  if (g->item_table) {
    kith_host_table_free(g->item_table);
    g->item_number = NULL;
  }
  KITH_FREE(g->item_table);
  KITH_FREE(g->item_number);
  kith_features_free(&g->features);
  KITH_FREE(g->label);
  KITH_FREE(g->split);
  KITH_FREE(*graph);
}

int kith_owner(int size, const kith_gid *first, kith_gid g) { return (int)kith_range_find(size, first, g); }
