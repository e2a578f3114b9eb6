/* Read lists of new nodes: ids beyond those of graph.h5, and edges with them. */
#include <string.h>

#include <stdio.h>

#include "graph/schema.h"
#include "ingest/new_nodes.h"
#include "store/graph.h"
#include "store/store.h"

/* ---- rank 0 ---- */

kith_status kith__id_map_load(const char *path, const kith_ids *ids, const char *what, kith__id_map *map) {
  kith_status st = KITH_OK;
  kith__lines lines = {.path = path};
  char id[KITH__ID_BYTES + 1];
  int32_t number = 0;
  kith__id_map_init(map, what, ids->text ? KITH_ID_TEXT : KITH_ID_AUTO);
  for (int64_t i = 0; i < ids->n; i++) {
    kith_ids_print(ids, i, sizeof id, id);
    KITH_TRY(kith__id_map_add(map, &lines, (kith__field){id, (int64_t)strlen(id)}, true, &number));
    KITH_CHECK(number == i, KITH_EDATA, "%s: the %s id %s occurs twice", path, what, id);
  }
done:
  return st;
}

/* The ids from number `from` on. */
static kith_status new_nodes_cut(const kith__id_map *map, int64_t from, kith_ids *out) {
  kith_status st = KITH_OK;
  kith_ids all = {0}, some = {.n = map->n - from};
  KITH_TRY(kith__id_map_ids(map, &all));
  some.width = all.width;
  if (all.text) {
    KITH_TRY(KITH_NEW(some.text, some.n * some.width));
    memcpy(some.text, all.text + from * all.width, (size_t)(some.n * some.width));
  } else {
    KITH_TRY(KITH_NEW(some.number, some.n));
    memcpy(some.number, all.number + from, (size_t)some.n * sizeof *some.number);
  }
  *out = some;
  some = (kith_ids){0};
done:
  kith_ids_free(&all);
  kith_ids_free(&some);
  return st;
}

static kith__edge_policy new_nodes_policy(kith__id_map *map, kith_new_node_types new,
                                          kith_unknown_policy unknown) {
  static const char *const wanted[] = {[KITH_NEW_USERS] = "a new user",
                                       [KITH_NEW_ITEMS] = "a new item",
                                       [KITH_NEW_BOTH] = "a new user or a new item"};
  return (kith__edge_policy){.user = &map[KITH_USER],
                             .item = &map[KITH_ITEM],
                             .add_users = new != KITH_NEW_ITEMS,
                             .add_items = new != KITH_NEW_USERS,
                             .skip_unknown = unknown == KITH_UNKNOWN_SKIP,
                             .must_be_new = wanted[new],
                             .n_known = {map[KITH_USER].n, map[KITH_ITEM].n}};
}

/* If all edges were skipped, the list most likely has other ids. */
static kith_status new_nodes_check_left(const kith_new_nodes_options *o, int64_t n, int64_t skipped) {
  kith_status st = KITH_OK;
  const char *partner = o->what == KITH_NEW_USERS ? "item" : "user";
  KITH_CHECK(n > 0 || skipped == 0 || o->features[KITH_USER].path[0] || o->features[KITH_ITEM].path[0],
             KITH_EDATA,
             "%s: none of its %s is with %s %s that the graph knows; embed.types: %ss lets only "
             "%ss be new",
             o->interactions.path, KITH_COUNT(skipped, "interaction(s)"), partner[0] == 'i' ? "an" : "a",
             partner, o->what == KITH_NEW_USERS ? "user" : "item",
             o->what == KITH_NEW_USERS ? "user" : "item");
done:
  return st;
}

/* The format of the graph's interactions; auto in older files. */
static kith_status new_nodes_format(const char *path, kith_list_format *format) {
  kith_status st = KITH_OK;
  const kith_comm alone = {.mpi = MPI_COMM_SELF, .rank = 0, .size = 1};
  kith_h5 *f = NULL;
  int64_t value = KITH_FORMAT_AUTO;
  KITH_TRY(kith_h5_open(&alone, path, KITH_GRAPH_FORMAT, KITH_FILE_VERSION, &f).status);
  if (kith_h5_has_attr(f, "interactions_format"))
    KITH_TRY(kith_h5_get_attr_int(f, "interactions_format", &value).status);
  *format = value == KITH_ADJACENCY || value == KITH_EDGES ? (kith_list_format)value : KITH_FORMAT_AUTO;
done:
  kith_h5_close(&f);
  return st;
}

/* Settings that are left open are those of data.interactions. */
static kith_status new_nodes_source(const char *path, const kith_new_nodes_options *o,
                                    kith_edge_source *source, kith_list_format *hint) {
  kith_status st = KITH_OK;
  *source = o->interactions;
  *hint = o->defaults.format;
  if (*hint == KITH_FORMAT_AUTO) KITH_TRY(new_nodes_format(path, hint));
  bool edges = source->format == KITH_FORMAT_AUTO && *hint == KITH_EDGES;
  if (edges) source->format = KITH_EDGES; /* lines of different length are no adjacency list then */
  kith__edge_source_inherit(&o->defaults, *hint, source);
  KITH_TRY(kith__edge_source_check("embed.interactions", source));
done:
  return st;
}

static kith_status new_nodes_list(const char *path, const kith_new_nodes_options *o, kith__id_map *map,
                                  kith_new_nodes *out, kith_new_nodes_report *r) {
  kith_status st = KITH_OK;
  kith_edge_source source;
  kith__edge_list edges = {0};
  kith__edge_csr rows = {0};
  kith__edge_policy policy = new_nodes_policy(map, o->what, o->unknown);
  policy.key = "embed.interactions";
  KITH_TRY(new_nodes_source(path, o, &source, &policy.format_hint));
  KITH_TRY(kith__edge_list_read(&source, &policy, &edges));
  r->list = policy.report;
  r->below_min_weight = policy.below_min_weight;
  r->skipped = policy.skipped;
  KITH_TRY(new_nodes_check_left(o, edges.n, policy.skipped));
  KITH_TRY(kith__edge_csr_build(&edges, map[KITH_USER].n, &rows, &r->duplicates));
  KITH_TRY(kith__edges_flatten(&rows.ragged, &out->n_pair, &out->user, &out->item));
  out->time = rows.time;
  rows.time = NULL;
done:
  kith__edge_list_free(&edges);
  kith__edge_csr_free(&rows);
  return st;
}

/* ---- relations ---- */

static kith_status new_nodes_schema(const char *path, kith_schema *schema, int64_t *n) {
  kith_status st = KITH_OK;
  const kith_comm alone = {.mpi = MPI_COMM_SELF, .rank = 0, .size = 1};
  kith_h5 *f = NULL;
  int64_t n_edge[KITH_MAX_RELATIONS];
  KITH_TRY(kith_h5_open(&alone, path, KITH_GRAPH_FORMAT, KITH_FILE_VERSION, &f).status);
  KITH_TRY(kith__graph_schema_read(f, schema, n, n_edge).status);
done:
  kith_h5_close(&f);
  return st;
}

/* Ids of an end of a further type. */
static kith_status new_nodes_load_type(const char *path, const kith_schema *schema, int type,
                                       kith__id_map *map) {
  kith_status st = KITH_OK;
  const kith_comm alone = {.mpi = MPI_COMM_SELF, .rank = 0, .size = 1};
  kith_ids ids = {0};
  char name[KITH_NAME];
  if (type < KITH_SIDES || map[type].kind) return st;
  snprintf(name, sizeof name, "node/%.31s/id", schema->type[type]);
  KITH_TRY(kith__ids_read(&alone, path, name, &ids).status);
  KITH_TRY(kith__id_map_load(path, &ids, schema->type[type], &map[type]));
done:
  kith_ids_free(&ids);
  return st;
}

/* The kinds of a relation, numbered as in the graph; new ones follow. */
static kith_status new_nodes_load_kinds(const char *path, const kith_relation_type *e, kith__id_map *kinds) {
  kith_status st = KITH_OK;
  const kith_comm alone = {.mpi = MPI_COMM_SELF, .rank = 0, .size = 1};
  kith_ids ids = {0};
  kith__id_map_init(kinds, "kind", KITH_ID_TEXT);
  if (e->n_kind == 0) return st;
  KITH_TRY(kith_kind_ids_read(&alone, path, e->name, &ids).status);
  KITH_TRY(kith__id_map_load(path, &ids, "kind", kinds));
done:
  kith_ids_free(&ids);
  return st;
}

/* The graph has no such relation: name those that it has. */
static kith_status new_nodes_refuse_relation(const char *path, const kith_schema *schema, const char *name) {
  char have[KITH_MAX_RELATIONS * KITH_NAME] = " none";
  for (int r = 0, n = 0; r < schema->n_relation; r++)
    n += snprintf(have + n, sizeof have - (size_t)n, "%s %s", r ? "," : "", schema->relation[r].name);
  return kith_fail(KITH_ECONFIG,
                   "embed.relations.%s: %s has no relation of this name; it has%s.  Relations of new nodes "
                   "are those that kith ingest read",
                   name, path, have);
}

static kith_status new_nodes_relation(const char *path, const kith_new_nodes_options *o, int i,
                                      const kith_schema *schema, const int64_t *n, kith__id_map *map,
                                      kith_new_nodes *out, kith_new_nodes_report *report) {
  kith_status st = KITH_OK;
  const kith_relation_source *s = &o->relation[i];
  kith__id_map kinds = {0};
  int r = kith_schema_find_relation(schema, s->name);
  if (r < 0) KITH_TRY(new_nodes_refuse_relation(path, schema, s->name));
  const kith_relation_type *e = &schema->relation[r];
  KITH_CHECK(e->from < KITH_SIDES || e->to < KITH_SIDES, KITH_ECONFIG,
             "embed.relations.%s: joins %s and %s, but only users and items can be new", s->name,
             schema->type[e->from], schema->type[e->to]);
  bool own = kith_schema_base(schema, e->from) < 0 && kith_schema_base(schema, e->to) < 0;
  KITH_CHECK(
      own, KITH_ECONFIG,
      "embed.relations.%s: an end has nodes of two types (same_as), and edges of new nodes are read in "
      "relations without; leave the list out",
      s->name);
  KITH_TRY(new_nodes_load_type(path, schema, e->from, map));
  KITH_TRY(new_nodes_load_type(path, schema, e->to, map));
  memcpy(out->relation[i].name, e->name, sizeof e->name);
  KITH_TRY(new_nodes_load_kinds(path, e, &kinds));
  KITH_TRY(kith__new_relation_read(s, e, o->what, n, map, &kinds, &out->relation[i], &report->relation[i]));
done:
  kith__id_map_free(&kinds);
  return st;
}

/* After the interactions, so that nodes with interactions are numbered first. */
static kith_status new_nodes_relations(const char *path, const kith_new_nodes_options *o,
                                       const kith_schema *schema, const int64_t *n, kith__id_map *map,
                                       kith_new_nodes *out, kith_new_nodes_report *r) {
  kith_status st = KITH_OK;
  out->n_relation = o->n_relation;
  for (int i = 0; i < o->n_relation; i++) KITH_TRY(new_nodes_relation(path, o, i, schema, n, map, out, r));
done:
  return st;
}

/* After the edges, so that nodes with interactions are numbered first. */
static kith_status new_nodes_features(const char *path, const kith_new_nodes_options *o, kith__id_map *map,
                                      kith_new_nodes *out, kith_new_nodes_report *r) {
  kith_status st = KITH_OK;
  const bool may[KITH_SIDES] = {o->what != KITH_NEW_ITEMS, o->what != KITH_NEW_USERS};
  for (int t = 0; t < KITH_SIDES; t++)
    if (o->features[t].path[0])
      KITH_TRY(kith__new_features_read(path, &o->features[t], t, may[t], &map[t], out, &r->unknown_features));
done:
  return st;
}

/* Mark the new ends of a relation's edges. */
static void new_nodes_mark(const kith_new_nodes *out, int type, int64_t n, const int32_t *end, uint8_t *met) {
  if (type >= KITH_SIDES) return;
  int64_t before = type == KITH_USER ? 0 : out->n[KITH_USER];
  for (int64_t k = 0; k < n; k++)
    if (end[k] >= out->n_known[type]) met[before + end[k] - out->n_known[type]] = 1;
}

/* Count new nodes without an edge that they read: rows of zeros. */
static kith_status new_nodes_count_alone(const kith_new_nodes *out, const kith_schema *schema,
                                         int64_t *alone) {
  kith_status st = KITH_OK;
  uint8_t *met = NULL;
  int64_t n_all = out->n[KITH_USER] + out->n[KITH_ITEM];
  KITH_TRY(KITH_NEW(met, n_all));
  new_nodes_mark(out, KITH_USER, out->n_pair, out->user, met);
  new_nodes_mark(out, KITH_ITEM, out->n_pair, out->item, met);
  for (int i = 0; i < out->n_relation; i++) {
    const kith_new_edges *l = &out->relation[i];
    const kith_relation_type *e = &schema->relation[kith_schema_find_relation(schema, l->name)];
    if (e->direction != KITH_DIRECTION_BACK) new_nodes_mark(out, e->from, l->n, l->from, met);
    if (e->direction != KITH_DIRECTION_FORWARD) new_nodes_mark(out, e->to, l->n, l->to, met);
  }
  for (int64_t i = 0; i < n_all; i++) alone[i < out->n[KITH_USER] ? KITH_USER : KITH_ITEM] += !met[i];
done:
  KITH_FREE(met);
  return st;
}

/* New ids that the graph has as nodes of a type that is same_as users or items: these stay apart. */
static kith_status new_nodes_warn_namesakes(const char *path, const kith_schema *schema,
                                            const kith_new_nodes *out, kith__id_map *map) {
  kith_status st = KITH_OK;
  char id[KITH__ID_BYTES + 1];
  for (int t = KITH_SIDES; t < schema->n_type; t++) {
    int side = kith_schema_side(schema, t);
    int64_t count = 0;
    if (side < 0 || out->n[side] == 0) continue;
    KITH_TRY(new_nodes_load_type(path, schema, t, map));
    for (int64_t i = 0; i < out->n[side]; i++) {
      kith_ids_print(&out->ids[side], i, sizeof id, id);
      count += kith__id_map_peek(&map[t], (kith__field){id, (int64_t)strlen(id)}) >= 0;
    }
    if (count > 0)
      kith_warn(
          "new nodes of type %s: %s the id of a node of type %s, of which the graph knows no interactions: "
          "the new "
          "rows do not read the edges of those nodes; run kith ingest with the interactions to join them",
          schema->type[side], KITH_COUNT(count, "of them (has|have)"), schema->type[t]);
  }
done:
  return st;
}

static kith_status new_nodes_alone(const char *path, const kith_new_nodes_options *o, kith_new_nodes *out,
                                   kith_new_nodes_report *r) {
  kith_status st = KITH_OK;
  const kith_comm alone = {.mpi = MPI_COMM_SELF, .rank = 0, .size = 1};
  static const char *const what[KITH_SIDES] = {"user", "item"};
  kith__id_map map[KITH_MAX_TYPES] = {{0}};
  kith_schema schema;
  int64_t n[KITH_MAX_TYPES];
  kith_ids ids = {0};
  for (int t = 0; t < KITH_SIDES; t++) {
    KITH_TRY(kith_ids_read(&alone, path, (kith_node_type)t, &ids).status);
    KITH_TRY(kith__id_map_load(path, &ids, what[t], &map[t]));
    out->n_known[t] = ids.n;
    kith_ids_free(&ids);
  }
  if (o->interactions.path[0]) KITH_TRY(new_nodes_list(path, o, map, out, r));
  KITH_TRY(new_nodes_schema(path, &schema, n));
  KITH_TRY(new_nodes_relations(path, o, &schema, n, map, out, r));
  KITH_TRY(new_nodes_features(path, o, map, out, r));
  for (int t = 0; t < KITH_SIDES; t++) {
    KITH_TRY(new_nodes_cut(&map[t], out->n_known[t], &out->ids[t]));
    out->n[t] = out->ids[t].n;
  }
  KITH_TRY(new_nodes_count_alone(out, &schema, r->isolated));
  KITH_TRY(new_nodes_warn_namesakes(path, &schema, out, map));
done:
  kith_ids_free(&ids);
  for (int t = 0; t < KITH_MAX_TYPES; t++) kith__id_map_free(&map[t]);
  return st;
}

/* ---- all ranks ---- */

/* Broadcast numbers from rank 0; the others allocate them.  Collective. */
static kith_agreed new_nodes_share_numbers(const kith_comm *comm, int64_t n, int32_t **x) {
  kith_agreed st = {KITH_OK};
  KITH_TRY(kith_agree(comm, comm->rank == 0 ? KITH_OK : KITH_NEW(*x, n)));
  kith_comm_bcast(comm, n * (int64_t)sizeof **x, *x);
done:
  return st;
}

/* Broadcast from rank 0, except the ids. */
static kith_agreed new_nodes_share(const kith_comm *comm, kith_new_nodes *n) {
  kith_agreed st = {KITH_OK};
  kith_new_nodes all = *n;
  kith_comm_bcast(comm, sizeof all, &all);
  if (comm->rank != 0) {
    *n = all;
    n->user = n->item = NULL;
    n->time = NULL;
    for (int r = 0; r < KITH_MAX_RELATIONS; r++)
      n->relation[r].from = n->relation[r].to = n->relation[r].kind = NULL;
    for (int t = 0; t < KITH_SIDES; t++) {
      n->features[t] = (kith_features){0};
      n->ids[t].number = NULL;
      n->ids[t].text = NULL;
    }
  }
  KITH_TRY(new_nodes_share_numbers(comm, n->n_pair, &n->user));
  KITH_TRY(new_nodes_share_numbers(comm, n->n_pair, &n->item));
  if (all.time) {
    KITH_TRY(kith_agree(comm, comm->rank == 0 ? KITH_OK : KITH_NEW(n->time, n->n_pair)));
    kith_comm_bcast(comm, n->n_pair * (int64_t)sizeof *n->time, n->time);
  }
  for (int r = 0; r < n->n_relation; r++) {
    KITH_TRY(new_nodes_share_numbers(comm, n->relation[r].n, &n->relation[r].from));
    KITH_TRY(new_nodes_share_numbers(comm, n->relation[r].n, &n->relation[r].to));
    KITH_TRY(new_nodes_share_numbers(comm, n->relation[r].n, &n->relation[r].kind));
  }
  for (int t = 0; t < KITH_SIDES; t++) KITH_TRY(kith__new_features_bcast(comm, &n->features[t]));
done:
  return st;
}

kith_agreed kith_new_nodes_read(const kith_comm *comm, const char *graph_path,
                                const kith_new_nodes_options *o, kith_new_nodes *out,
                                kith_new_nodes_report *report) {
  kith_agreed st = {KITH_OK};
  kith_new_nodes n = {.n_pair = 0};
  kith_new_nodes_report r = {.skipped = 0};
  *out = n;
  *report = r;
  KITH_TRY(kith_agree(comm, comm->rank == 0 ? new_nodes_alone(graph_path, o, &n, &r) : KITH_OK));
  KITH_TRY(new_nodes_share(comm, &n));
  kith_comm_bcast(comm, (int64_t)sizeof r, &r);
  *out = n;
  *report = r;
  n = (kith_new_nodes){.n_pair = 0};
done:
  kith_new_nodes_free(&n);
  return st;
}
