/* Read lists of new nodes: ids beyond those of graph.h5, and edges with them. */
#include <string.h>

#include "ingest/new_nodes.h"
#include "store/graph.h"

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

/* Convert rows to edges. */
static kith_status new_nodes_flatten(const kith_ragged *rows, kith_new_nodes *out) {
  kith_status st = KITH_OK;
  out->n_pair = rows->start[rows->n_row];
  KITH_TRY(KITH_NEW(out->user, out->n_pair));
  KITH_TRY(KITH_NEW(out->item, out->n_pair));
  for (int64_t u = 0; u < rows->n_row; u++)
    for (kith_eid e = rows->start[u]; e < rows->start[u + 1]; e++) {
      out->user[e] = (int32_t)u;
      out->item[e] = rows->value[e];
    }
done:
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
  KITH_CHECK(
      n > 0 || skipped == 0 || o->features[KITH_USER].path[0] || o->features[KITH_ITEM].path[0], KITH_EDATA,
      "%s: none of its %lld interactions is with %s %s that the graph knows; embed.types: %ss lets only "
      "%ss be new",
      o->interactions.path, (long long)skipped, partner[0] == 'i' ? "an" : "a", partner,
      o->what == KITH_NEW_USERS ? "user" : "item", o->what == KITH_NEW_USERS ? "user" : "item");
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
  KITH_TRY(new_nodes_flatten(&rows.ragged, out));
done:
  kith__edge_list_free(&edges);
  kith__edge_csr_free(&rows);
  return st;
}

/* After the edges, so that nodes with interactions are numbered first. */
static kith_status new_nodes_features(const char *path, const kith_new_nodes_options *o, kith__id_map *map,
                                      kith_new_nodes *out, kith_new_nodes_report *r) {
  kith_status st = KITH_OK;
  const bool may[KITH_TYPES] = {o->what != KITH_NEW_ITEMS, o->what != KITH_NEW_USERS};
  for (int t = 0; t < KITH_TYPES; t++)
    if (o->features[t].path[0])
      KITH_TRY(kith__new_features_read(path, &o->features[t], t, may[t], &map[t], out, &r->unknown_features));
done:
  return st;
}

/* Count new nodes without an edge. */
static kith_status new_nodes_count_alone(const kith_new_nodes *out, int64_t *alone) {
  kith_status st = KITH_OK;
  uint8_t *met = NULL;
  int64_t n_all = out->n[KITH_USER] + out->n[KITH_ITEM];
  KITH_TRY(KITH_NEW(met, n_all));
  for (int64_t p = 0; p < out->n_pair; p++) {
    if (out->user[p] >= out->n_known[KITH_USER]) met[out->user[p] - out->n_known[KITH_USER]] = 1;
    if (out->item[p] >= out->n_known[KITH_ITEM])
      met[out->n[KITH_USER] + out->item[p] - out->n_known[KITH_ITEM]] = 1;
  }
  for (int64_t i = 0; i < n_all; i++) alone[i < out->n[KITH_USER] ? KITH_USER : KITH_ITEM] += !met[i];
done:
  KITH_FREE(met);
  return st;
}

static kith_status new_nodes_alone(const char *path, const kith_new_nodes_options *o, kith_new_nodes *out,
                                   kith_new_nodes_report *r) {
  kith_status st = KITH_OK;
  const kith_comm alone = {.mpi = MPI_COMM_SELF, .rank = 0, .size = 1};
  static const char *const what[KITH_TYPES] = {"user", "item"};
  kith__id_map map[KITH_TYPES] = {{0}};
  kith_ids ids = {0};
  for (int t = 0; t < KITH_TYPES; t++) {
    KITH_TRY(kith_ids_read(&alone, path, (kith_node_type)t, &ids).status);
    KITH_TRY(kith__id_map_load(path, &ids, what[t], &map[t]));
    out->n_known[t] = ids.n;
    kith_ids_free(&ids);
  }
  if (o->interactions.path[0]) KITH_TRY(new_nodes_list(path, o, map, out, r));
  KITH_TRY(new_nodes_features(path, o, map, out, r));
  for (int t = 0; t < KITH_TYPES; t++) {
    KITH_TRY(new_nodes_cut(&map[t], out->n_known[t], &out->ids[t]));
    out->n[t] = out->ids[t].n;
  }
  KITH_TRY(new_nodes_count_alone(out, r->isolated));
done:
  kith_ids_free(&ids);
  for (int t = 0; t < KITH_TYPES; t++) kith__id_map_free(&map[t]);
  return st;
}

/* ---- all ranks ---- */

/* Broadcast from rank 0, except the ids. */
static kith_agreed new_nodes_share(const kith_comm *comm, kith_new_nodes *n) {
  kith_agreed st = {KITH_OK};
  kith_new_nodes all = *n;
  kith_comm_bcast(comm, sizeof all, &all);
  if (comm->rank != 0) {
    *n = all;
    n->user = n->item = NULL;
    for (int t = 0; t < KITH_TYPES; t++) {
      n->features[t] = (kith_features){0};
      n->ids[t].number = NULL;
      n->ids[t].text = NULL;
    }
  }
  KITH_TRY(kith_agree(comm, comm->rank == 0 ? KITH_OK : KITH_NEW(n->user, n->n_pair)));
  KITH_TRY(kith_agree(comm, comm->rank == 0 ? KITH_OK : KITH_NEW(n->item, n->n_pair)));
  kith_comm_bcast(comm, n->n_pair * (int64_t)sizeof *n->user, n->user);
  kith_comm_bcast(comm, n->n_pair * (int64_t)sizeof *n->item, n->item);
  for (int t = 0; t < KITH_TYPES; t++) KITH_TRY(kith__new_features_bcast(comm, &n->features[t]));
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
