/* The nodes of a graph that the graph it updates has: of these alone an older file holds rows. */
#include "store/checkpoint.h"

static kith_status graph_known_type(const kith_graph *g, int t, kith_graph *out) {
  kith_status st = KITH_OK;
  kith_lid n = 0;
  out->row_of[t] = NULL;
  KITH_TRY(KITH_NEW(out->row_of[t], g->n_own_of[t]));
  for (kith_lid i = 0; i < g->n_own_of[t]; i++)
    if (g->original[g->row_of[t][i]] < g->parent.n[t]) out->row_of[t][n++] = g->row_of[t][i];
  out->n_own_of[t] = n;
  out->n[t] = g->parent.n[t];
done:
  return st;
}

kith_status kith__graph_known_make(const kith_graph *g, kith_graph **out) {
  kith_status st = KITH_OK;
  kith_graph *known = NULL;
  KITH_TRY(KITH_NEW(known, 1));
  *known = *g;
  for (int t = 0; t < KITH_MAX_TYPES; t++) known->row_of[t] = NULL;
  for (int t = 0; t < g->schema.n_type; t++) KITH_TRY(graph_known_type(g, t, known));
  *out = known;
  known = NULL;
done:
  kith__graph_known_free(&known);
  return st;
}

void kith__graph_known_free(kith_graph **known) {
  if (!*known) return;
  for (int t = 0; t < KITH_MAX_TYPES; t++) KITH_FREE((*known)->row_of[t]);
  KITH_FREE(*known);
}
