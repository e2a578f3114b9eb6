/* Lists of relations of new nodes: of their edges, those with a new user or a new item. */
#include "graph/schema.h"
#include "ingest/new_nodes.h"
#include "ingest/relations.h"

/* Whether an edge tells something new: not of a node with itself, nor of two nodes of the graph. */
static bool edge_is_new(const kith_relation_type *e, const int64_t *n_known, int32_t from, int32_t to,
                        kith_new_relation_report *r) {
  bool self = e->from == e->to && from == to, known = from < n_known[e->from] && to < n_known[e->to];
  r->self_loops += self;
  r->known += known && !self;
  return !self && !known;
}

/* Keep the edges with a new node. */
static void edges_keep_new(const kith_relation_type *e, const int64_t *n_known, kith__edge_list *edges,
                           kith_new_relation_report *r) {
  edges->n = 0;
  for (kith__edge_chunk *b = edges->first; b; b = b->next) {
    int64_t kept = 0;
    for (int64_t k = 0; k < b->n; k++) {
      if (!edge_is_new(e, n_known, b->user[k], b->item[k], r)) continue;
      if (b->kind) b->kind[kept] = b->kind[k];
      b->user[kept] = b->user[k];
      b->item[kept++] = b->item[k];
    }
    b->n = kept;
    edges->n += kept;
  }
}

kith_status kith__edges_flatten(const kith_ragged *l, int64_t *n, int32_t **from, int32_t **to) {
  kith_status st = KITH_OK;
  *n = l->start[l->n_row];
  KITH_TRY(KITH_NEW(*from, *n));
  KITH_TRY(KITH_NEW(*to, *n));
  for (int64_t i = 0; i < l->n_row; i++)
    for (kith_eid k = l->start[i]; k < l->start[i + 1]; k++) {
      (*from)[k] = (int32_t)i;
      (*to)[k] = l->value[k];
    }
done:
  return st;
}

/* Whether a type may have new nodes. */
static bool type_may_be_new(int type, kith_new_node_types what) {
  if (type == KITH_USER) return what != KITH_NEW_ITEMS;
  return type == KITH_ITEM && what != KITH_NEW_USERS;
}

/* The kinds of the edges, or zeros. */
static kith_status edges_kinds(const kith__edge_csr *rows, int64_t n, int32_t **kind) {
  kith_status st = KITH_OK;
  KITH_TRY(KITH_NEW(*kind, n));
  for (int64_t k = 0; k < n && rows->kind; k++) (*kind)[k] = rows->kind[k];
done:
  return st;
}

kith_status kith__new_relation_read(const kith_relation_source *s, const kith_relation_type *e,
                                    kith_new_node_types what, const int64_t *n_known, kith__id_map *map,
                                    kith__id_map *kinds, kith_new_edges *out, kith_new_relation_report *r) {
  kith_status st = KITH_OK;
  kith__edge_list edges = {0};
  kith__edge_csr rows = {0};
  char key[KITH_NAME];
  kith_edge_source list = s->list;
  kith__edge_policy policy = {.key = kith__relation_key(s, key),
                              .user = &map[e->from],
                              .item = &map[e->to],
                              .kind = kinds,
                              .add_users = type_may_be_new(e->from, what),
                              .add_items = type_may_be_new(e->to, what),
                              .skip_unknown = true,
                              .add_whole = true,
                              .from_to = !s->key[0]};
  list.time[0] = '\0'; /* of new edges neither times nor weights are read, but for the minimum weight */
  if (list.min_weight == 0) list.weight[0] = '\0';
  KITH_TRY(kith__edge_source_check(policy.key, &list));
  KITH_TRY(kith__edge_list_read(&list, &policy, &edges));
  r->list = policy.report;
  r->unknown = policy.skipped;
  r->below_min_weight = policy.below_min_weight;
  edges_keep_new(e, n_known, &edges, r);
  KITH_TRY(kith__edge_csr_build(&edges, map[e->from].n, &rows, &r->duplicates));
  KITH_TRY(kith__edges_flatten(&rows.ragged, &out->n, &out->from, &out->to));
  KITH_TRY(edges_kinds(&rows, out->n, &out->kind));
  r->edges = out->n;
done:
  kith__edge_list_free(&edges);
  kith__edge_csr_free(&rows);
  return st;
}
