/* One rank's share of the partitioned graph: release, and the owner of a number. */
#include "graph/graph.h"

void kith_csr_free(kith_csr *csr) {
  KITH_FREE(csr->perm);
  KITH_FREE(csr->start);
  KITH_FREE(csr->col);
  KITH_FREE(csr->weight);
  csr->n_row = csr->n_col = 0;
}

void kith_adjacency_free(kith_adjacency *adjacency) {
  KITH_FREE(adjacency->start);
  KITH_FREE(adjacency->neighbor);
  KITH_FREE(adjacency->weight);
  KITH_FREE(adjacency->time);
  KITH_FREE(adjacency->kind);
  KITH_FREE(adjacency->overlap);
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
  KITH_FREE(g->first_edge);
  KITH_FREE(g->train_index);
  for (int r = 0; r < KITH_MAX_RELATIONS; r++) {
    kith_adjacency_free(&g->relation[r]);
    kith_adjacency_free(&g->transpose[r]);
  }
  kith_ragged_free(&g->train);
  kith_ragged_free(&g->valid);
  kith_ragged_free(&g->test);
  KITH_FREE(g->item_number);
  kith_features_free(&g->features);
  KITH_FREE(g->label);
  KITH_FREE(g->split);
  KITH_FREE(*graph);
}

/* The last rank whose range begins at or before g: an empty range begins where the next one does. */
int kith_owner(int size, const kith_gid *first, kith_gid g) {
  int low = 0, high = size - 1;
  while (low < high) {
    int middle = low + (high - low + 1) / 2;
    if (first[middle] <= g) low = middle;
    else high = middle - 1;
  }
  return low;
}
