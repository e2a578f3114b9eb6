/*
 * Lists of further relations: between users and items, which other lists have named, and nodes of further
 * types.  Rows are built when all lists have been read, since a later list may add nodes to a type.
 */
#include "ingest/relations.h"

#include <stdio.h>

#include "graph/schema.h"

/* ---- checks ---- */

static kith_status check_type(const kith_relation_source *s, const char *end, const char *type) {
  kith_status st = KITH_OK;
  KITH_CHECK(type[0], KITH_ECONFIG,
             "data.relations.%s.%s: expected a node type: user, item, or a further one, found none", s->name,
             end);
  KITH_CHECK(kith_schema_is_name(type), KITH_ECONFIG,
             "data.relations.%s.%s: \"%s\" is no name of a node type; expected [a-z][a-z0-9_]*, at most 31 "
             "bytes",
             s->name, end, type);
  KITH_CHECK(!kith_schema_is_reserved(type), KITH_ECONFIG,
             "data.relations.%s.%s: \"%s\" is a name that files use otherwise; choose another name", s->name,
             end, type);
done:
  return st;
}

const char *kith__relation_key(const kith_relation_source *s, char *key) {
  if (s->key[0]) return s->key;
  snprintf(key, KITH_NAME, "data.relations.%.31s", s->name);
  return key;
}

static kith_status check_relation(const kith_ingest_options *o, int r) {
  kith_status st = KITH_OK;
  const kith_relation_source *s = &o->relation[r];
  char key[KITH_NAME];
  KITH_CHECK(kith_schema_is_name(s->name) && strcmp(s->name, "interactions") != 0, KITH_ECONFIG,
             "data.relations: \"%s\" is no name of a relation; expected [a-z][a-z0-9_]*, at most 31 bytes, "
             "and not interactions",
             s->name);
  for (int k = 0; k < r; k++)
    KITH_CHECK(strcmp(s->name, o->relation[k].name) != 0, KITH_ECONFIG,
               "data.relations.%s: occurs twice; data.social is the relation friend", s->name);
  KITH_CHECK(s->list.path[0], KITH_ECONFIG, "%s.path: expected the path of a list, found none",
             kith__relation_key(s, key));
  KITH_TRY(check_type(s, "from", s->from));
  KITH_TRY(check_type(s, "to", s->to));
  KITH_TRY(kith__edge_source_check(kith__relation_key(s, key), &s->list));
done:
  return st;
}

static kith_status check_node_type(const kith_node_source *s) {
  kith_status st = KITH_OK;
  bool side = strcmp(s->name, "user") == 0 || strcmp(s->name, "item") == 0;
  KITH_CHECK(!s->same_as[0] || strcmp(s->same_as, "user") == 0 || strcmp(s->same_as, "item") == 0,
             KITH_ECONFIG, "data.nodes.%s.same_as: expected user or item, found %s", s->name, s->same_as);
  KITH_CHECK(!s->features.path[0] || !side, KITH_ECONFIG,
             "data.nodes.%s.features: features of %ss are data.%s_features", s->name, s->name, s->name);
  KITH_CHECK(
      !s->features.path[0] || !s->same_as[0], KITH_ECONFIG,
      "data.nodes.%s.features: the type has the ids of another one (same_as), and features of such types "
      "are not read; expected one of the two keys",
      s->name);
  KITH_CHECK(
      !s->same_as[0] || !side, KITH_ECONFIG,
      "data.nodes.%s.same_as: users and items are those of the interactions; expected it of a further type",
      s->name);
done:
  return st;
}

kith_status kith__relations_check(const kith_ingest_options *o) {
  kith_status st = KITH_OK;
  for (int r = 0; r < o->n_relation; r++) KITH_TRY(check_relation(o, r));
  for (int t = 0; t < o->n_type; t++) KITH_TRY(check_node_type(&o->type[t]));
done:
  return st;
}

/* ---- reading ---- */

/* The type whose ids those of a further type may be, or -1. */
static int relation_base(const kith_ingest_options *o, const char *type) {
  for (int t = 0; t < o->n_type; t++)
    if (strcmp(o->type[t].name, type) == 0 && o->type[t].same_as[0])
      return strcmp(o->type[t].same_as, "user") == 0 ? KITH_USER : KITH_ITEM;
  return -1;
}

/* The number of a type, which becomes one if no list has named it yet. */
static kith_status relation_type(const kith_ingest_options *o, const kith_relation_source *s,
                                 const char *name, kith_schema *schema, kith__id_map *map, int *type) {
  kith_status st = KITH_OK;
  *type = kith_schema_find_type(schema, name);
  if (*type >= 0) goto done;
  KITH_CHECK(schema->n_type < KITH_MAX_TYPES, KITH_ECONFIG,
             "data.relations.%s: %s would be one node type more than the %d that a graph may have", s->name,
             name, KITH_MAX_TYPES);
  *type = schema->n_type++;
  snprintf(schema->type[*type], KITH_NAME, "%s", name);
  kith__id_map_init(&map[*type], schema->type[*type], o->interactions.ids);
  int base = relation_base(o, name);
  if (base < 0) goto done;
  schema->base[*type] = (int8_t)(1 + base);
  kith__id_map_set_base(&map[*type], &map[base]);
done:
  return st;
}

static void chunk_drop_self(kith__edge_chunk *b, int64_t same) {
  int64_t kept = 0;
  for (int64_t k = 0; k < b->n; k++) {
    if (b->user[k] == b->item[k] && b->user[k] < same) continue;
    b->user[kept] = b->user[k];
    b->item[kept] = b->item[k];
    if (b->time) b->time[kept] = b->time[k];
    if (b->weight) b->weight[kept] = b->weight[k];
    if (b->kind) b->kind[kept] = b->kind[k];
    kept++;
  }
  b->n = kept;
}

/* Numbers below this one are the same nodes at both ends of a relation. */
static int64_t numbers_in_common(const kith_schema *s, const kith_relation_type *e, const kith__id_map *map) {
  int base = kith_schema_base(s, e->from);
  if (e->from == e->to) return INT64_MAX;
  if (kith_schema_base(s, e->to) == e->from) return map[e->from].n;
  return base >= 0 && kith_schema_has(s, e->to, base) ? map[base].n : 0;
}

/* Remove self-loops; returns how many. */
static int64_t drop_self(kith__edge_list *edges, int64_t same) {
  int64_t before = edges->n;
  edges->n = 0;
  for (kith__edge_chunk *b = edges->first; b; b = b->next) {
    chunk_drop_self(b, same);
    edges->n += b->n;
  }
  return before - edges->n;
}

kith_status kith__relation_list_read(const char *key, const kith_relation_source *s,
                                     const kith_schema *schema, const kith_relation_type *e,
                                     kith__id_map *map, kith__id_map *kind, kith__edge_list *edges,
                                     kith_relation_report *r) {
  kith__edge_policy policy = {.key = key,
                              .user = &map[e->from],
                              .item = &map[e->to],
                              .kind = kind,
                              .add_users = e->from >= KITH_SIDES,
                              .add_items = e->to >= KITH_SIDES,
                              .skip_unknown = true,
                              .add_whole = true,
                              .from_to = !s->key[0],
                              .same = numbers_in_common(schema, e, map)};
  kith_status st = kith__edge_list_read(&s->list, &policy, edges);
  r->list = policy.report;
  r->unknown = policy.skipped;
  r->swapped = policy.swapped;
  r->below_min_weight = policy.below_min_weight;
  r->self_loops = policy.self_loops;
  if (policy.same > 0) r->self_loops += drop_self(edges, policy.same);
  return st;
}

static kith_status relation_read(const kith_ingest_options *o, int which, kith__id_map *map,
                                 kith_schema *schema, kith_ids *kind_ids, kith__edge_list *edges,
                                 kith_relation_report *r) {
  kith_status st = KITH_OK;
  const kith_relation_source *s = &o->relation[which];
  kith_relation_type e = {.direction = s->direction};
  char key[KITH_NAME];
  kith__id_map kind;
  kith__id_map_init(&kind, "kind", KITH_ID_TEXT);
  memcpy(e.name, s->name, sizeof e.name);
  KITH_TRY(relation_type(o, s, s->from, schema, map, &e.from));
  KITH_TRY(relation_type(o, s, s->to, schema, map, &e.to));
  KITH_TRY(kith__relation_list_read(kith__relation_key(s, key), s, schema, &e, map, &kind, edges, r));
  e.timed = edges->has_time;
  e.weighted = edges->has_weight;
  e.n_kind = kind.n;
  if (e.n_kind > 0) KITH_TRY(kith__id_map_ids(&kind, kind_ids));
  schema->relation[schema->n_relation++] = e;
done:
  kith__id_map_free(&kind);
  return st;
}

/* How many edges between nodes of one type have one of the same kind in the other direction. */
static int64_t count_both(const kith__edge_csr *rows) {
  const kith_ragged *l = &rows->ragged;
  int64_t n = 0;
  for (int64_t u = 0; u < l->n_row; u++)
    for (kith_eid e = l->start[u]; e < l->start[u + 1]; e++)
      n += u < l->value[e] &&
           kith_ragged_has_kind(l, rows->kind, l->value[e], (int32_t)u, rows->kind ? rows->kind[e] : 0);
  return n;
}

/* A relation without edges would be one in name only. */
static kith_status relation_check(const kith_relation_source *s, const kith_schema *schema,
                                  const kith_relation_type *e, const kith_relation_report *r) {
  kith_status st = KITH_OK;
  int64_t left_out = r->unknown + r->self_loops, n = r->edges + r->duplicates + left_out;
  char why[256], hint[192] = "";
  snprintf(why, sizeof why, "%lld of %lld have an unknown %s%s%s, %lld join a node to itself",
           (long long)r->unknown, (long long)n, schema->type[e->from], e->from == e->to ? "" : " or ",
           e->from == e->to ? "" : schema->type[e->to], (long long)r->self_loops);
  if (r->swapped > r->unknown / 2)
    snprintf(hint, sizeof hint, "; %lld of them fit with the columns exchanged: are from and to swapped?",
             (long long)r->swapped);
  const char *ids = strcmp(schema->type[0], "node") == 0 ? "nodes are the lines of data.labels, from 0"
                                                         : "users and items are those of the interactions";
  KITH_CHECK(r->edges > 0, KITH_EDATA, "%s: none of its edges can be used: %s; %s%s", s->list.path, why, ids,
             hint);
  if (left_out > n / 2) kith_warn("%s: most of its edges are left out: %s%s", s->list.path, why, hint);
done:
  return st;
}

/* Mark the nodes of another type at the ends of type `t` of a relation. */
static void mark_shared(const kith_schema *s, int r, const kith_ragged *l, int t, int64_t n, uint8_t *mark) {
  const kith_relation_type *e = &s->relation[r];
  for (int64_t i = 0; e->from == t && i < n; i++) mark[i] |= l->start[i] < l->start[i + 1];
  for (kith_eid k = 0; e->to == t && k < l->start[l->n_row]; k++)
    if (l->value[k] < n) mark[l->value[k]] = 1;
}

/* How many nodes of another type the ids of a further one name: none, where ids are written differently. */
static kith_status count_shared(const kith__graph_data *g, int t, const kith__id_map *map, int64_t *count) {
  kith_status st = KITH_OK;
  uint8_t *mark = NULL;
  int64_t n = map[t].first;
  if (!map[t].base) return st;
  KITH_TRY(KITH_NEW(mark, n));
  for (int r = 0; r < g->schema.n_relation; r++)
    mark_shared(&g->schema, r, &g->relation[r].ragged, t, n, mark);
  for (int64_t i = 0; i < n; i++) *count += mark[i];
  if (*count == 0)
    kith_warn("data.nodes.%s.same_as: no id of %s in the lists is the id of %s %s; are ids written alike?",
              g->schema.type[t], g->schema.type[t], kith__article(map[t].base->kind), map[t].base->kind);
done:
  KITH_FREE(mark);
  return st;
}

kith_status kith__relations_lists(const kith_ingest_options *o, kith__id_map *map, kith__graph_data *t,
                                  kith_ingest_report *report) {
  kith_status st = KITH_OK;
  kith__edge_list *edges = NULL;
  KITH_TRY(KITH_NEW(edges, KITH_MAX_RELATIONS));
  for (int r = 0; r < o->n_relation; r++)
    KITH_TRY(relation_read(o, r, map, &t->schema, &t->kind_ids[r], &edges[r], &report->relation[r]));
  for (int r = 0; r < o->n_relation; r++) {
    const kith_relation_type *e = &t->schema.relation[r];
    const kith__id_map *from = &map[e->from];
    kith__edge_csr *rows = &t->relation[r];
    KITH_TRY(
        kith__edge_csr_build(&edges[r], kith__id_map_space(from), rows, &report->relation[r].duplicates));
    report->relation[r].edges = rows->ragged.start[rows->ragged.n_row];
    if (e->from == e->to && e->direction == KITH_DIRECTION_BOTH) report->relation[r].both = count_both(rows);
    KITH_TRY(relation_check(&o->relation[r], &t->schema, e, &report->relation[r]));
  }
  for (int k = KITH_SIDES; k < t->schema.n_type; k++) KITH_TRY(count_shared(t, k, map, &report->shared[k]));
done:
  for (int r = 0; r < o->n_relation && edges; r++) kith__edge_list_free(&edges[r]);
  KITH_FREE(edges);
  return st;
}
