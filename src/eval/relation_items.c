/* The items of the owned users in a relation of users with items. */
#include "eval/eval.h"
#include "graph/schema.h"

/* item_of[k]: original number of the item whose global number is k; -1: it is no item. */
static kith_status relation_item_numbers(const kith_graph *g, int32_t **item_of) {
  kith_status st = KITH_OK;
  KITH_TRY(KITH_NEW(*item_of, kith_graph_n_node(g)));
  for (int64_t k = 0; k < kith_graph_n_node(g); k++) (*item_of)[k] = -1;
  for (int64_t i = 0; i < g->n[KITH_ITEM]; i++) (*item_of)[g->item_number[i]] = (int32_t)i;
done:
  return st;
}

/* The items of the owned users in a relation, ascending as its rows are; others may stand among them.  With
 * their times, unless time is null. */
static kith_status relation_fill(const kith_graph *g, const kith_adjacency *a, const int32_t *item_of,
                                 kith_ragged *out, int64_t **time) {
  kith_status st = KITH_OK;
  kith_eid at = 0;
  out->n_row = g->n_own_of[KITH_USER];
  KITH_TRY(KITH_NEW(out->start, out->n_row + 1));
  KITH_TRY(KITH_NEW(out->value, a->start[g->n_own]));
  if (time) KITH_TRY(KITH_NEW(*time, a->start[g->n_own]));
  for (kith_lid u = 0; u < out->n_row; u++) {
    kith_lid row = g->row_of[KITH_USER][u];
    for (kith_eid e = a->start[row]; e < a->start[row + 1]; e++) {
      if (item_of[a->neighbor[e]] < 0) continue;
      if (time) (*time)[at] = a->time[e];
      out->value[at++] = item_of[a->neighbor[e]];
    }
    out->start[u + 1] = at;
  }
done:
  return st;
}

/* The rows of a relation of users with items in which users have items; the direction decides nothing. */
static const kith_adjacency *relation_rows(const kith_graph *g, int r) {
  const kith_relation_type *e = &g->schema.relation[r];
  int reads = e->direction == KITH_DIRECTION_FORWARD ? e->from : e->to;
  bool users = kith_schema_side(&g->schema, reads) == KITH_USER;
  return e->direction == KITH_DIRECTION_BOTH || users ? &g->relation[r] : &g->transpose[r];
}

kith_status kith_relation_items(const kith_graph *g, int r, kith_ragged *out, int64_t **time) {
  kith_status st = KITH_OK;
  int32_t *item_of = NULL;
  *out = (kith_ragged){.n_row = 0};
  KITH_TRY(relation_item_numbers(g, &item_of));
  KITH_TRY(relation_fill(g, relation_rows(g, r), item_of, out, time));
done:
  KITH_FREE(item_of);
  return st;
}
