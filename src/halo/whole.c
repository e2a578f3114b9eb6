/* The whole graph as one hop. */
#include "kith/halo.h"

kith_status kith_whole_make(const kith_graph *g, kith_relation *a, kith_whole *out) {
  kith_status st = KITH_OK;
  kith_whole *w = out; /* its hop points into it, so it is made where it stays */
  kith_eid n_entry = a->csr.start[a->csr.n_row];
  *w = (kith_whole){0};
  KITH_TRY(KITH_NEW(w->node, g->n_own));
  KITH_TRY(kith_back_make(a->csr.n_col, n_entry, &w->back));
  kith_back_fill(&a->csr, &w->back);
  for (kith_lid i = 0; i < g->n_own; i++) w->node[i] = kith_node_key(g->type[i], g->original[i]);
  w->frame = (kith_frame){.n = g->n_own, .n_ghost = a->n_ghost, .most = a->csr.n_col, .node = w->node};
  w->edges = (kith_frame){.n = n_entry, .most = n_entry};
  w->hop = (kith_hop){.whole = a, .in = &w->frame, .out = &w->frame, .edges = &w->edges, .csr = &a->csr, .back = &w->back, .degree = a->degree};
done:
  if (st != KITH_OK) kith_whole_free(w);
  return st;
}

void kith_whole_free(kith_whole *whole) {
  KITH_FREE(whole->node);
  kith_back_free(&whole->back);
}
