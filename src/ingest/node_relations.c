/*
 * Relations of a node classification: lists of edges of nodes with each other, or with nodes of further
 * types, from which meta-paths lead back to nodes.  graph.h5 holds the relations among nodes.
 */
#include "graph/schema.h"
#include "ingest/nodes.h"
#include "ingest/paths.h"
#include "ingest/relations.h"

/* Files have datasets of these names beside the groups of relations. */
static kith_status relations_check_names(const kith_ingest_nodes_options *o) {
  static const char *const taken[] = {"start", "node", "neighbor"};
  kith_status st = KITH_OK;
  for (size_t i = 0; i < sizeof taken / sizeof *taken; i++) {
    for (int r = 0; r < o->n_relation; r++)
      KITH_CHECK(strcmp(o->relation[r].name, taken[i]) != 0, KITH_ECONFIG,
                 "data.relations.%s: is a name that files use otherwise; choose another name", taken[i]);
    for (int r = 0; r < o->n_path; r++)
      KITH_CHECK(strcmp(o->path[r].name, taken[i]) != 0, KITH_ECONFIG,
                 "data.paths.%s: is a name that files use otherwise; choose another name", taken[i]);
  }
done:
  return st;
}

/* The ids of nodes are their numbers. */
static kith_status relations_map(const kith__node_data *nodes, const char *path, kith__id_map *map) {
  kith_status st = KITH_OK;
  kith_ids ids = {.n = nodes->n};
  KITH_TRY(KITH_NEW(ids.number, ids.n));
  for (int64_t i = 0; i < ids.n; i++) ids.number[i] = i;
  KITH_TRY(kith__id_map_load(path, &ids, "node", map));
done:
  kith_ids_free(&ids);
  return st;
}

static kith_status relations_lists(const kith_ingest_nodes_options *o, kith__node_data *nodes,
                                   kith_ingest_report *r) {
  kith_status st = KITH_OK;
  kith__graph_data *t = nodes->related;
  kith__id_map map[KITH_MAX_TYPES] = {{0}};
  kith_ingest_options *lists = NULL;
  KITH_TRY(KITH_NEW(lists, 1));
  lists->n_relation = o->n_relation;
  for (int i = 0; i < o->n_relation; i++) lists->relation[i] = o->relation[i];
  KITH_TRY(kith__relations_check(lists));
  t->schema = kith_schema_nodes();
  t->schema.n_type = KITH_SIDES; /* the other side has no name and no nodes: further types begin behind it */
  KITH_TRY(relations_map(nodes, o->labels, &map[0]));
  KITH_TRY(kith__relations_lists(lists, map, t, r));
  for (int k = 0; k < t->schema.n_type; k++) t->ids[k].n = map[k].n;
done:
  for (int k = 0; k < KITH_MAX_TYPES; k++) kith__id_map_free(&map[k]);
  KITH_FREE(lists);
  return st;
}

static bool relations_is_among_nodes(const kith_relation_type *e) { return e->from == 0 && e->to == 0; }

/* Each list must lead somewhere: to nodes, or into a path. */
static void relations_warn(const kith_ingest_nodes_options *o, const kith_schema *s) {
  for (int r = 0; r < o->n_relation; r++)
    if (!relations_is_among_nodes(&s->relation[r]) &&
        !kith__paths_use(o->n_path, o->path, s->relation[r].name))
      kith_warn(
          "data.relations.%s: leads to another type than node, and no path of data.paths follows it, so that "
          "nothing reads it; expected a path such as [%s, %s.back]",
          s->relation[r].name, s->relation[r].name, s->relation[r].name);
}

/* Keep the relations among nodes. */
static void relations_store(kith__graph_data *t, kith_ingest_nodes_report *report) {
  kith_schema *s = &t->schema;
  int n = 0;
  for (int r = 0; r < s->n_relation; r++) {
    report->stored[r] = relations_is_among_nodes(&s->relation[r]);
    if (!report->stored[r]) {
      kith__edge_csr_free(&t->relation[r]);
      kith_ids_free(&t->kind_ids[r]);
      continue;
    }
    if (n < r) {
      s->relation[n] = s->relation[r];
      t->relation[n] = t->relation[r];
      t->kind_ids[n] = t->kind_ids[r];
      t->relation[r] = (kith__edge_csr){0};
      t->kind_ids[r] = (kith_ids){0};
    }
    n++;
  }
  s->n_relation = n;
  s->n_type = 1;
}

kith_status kith__node_relations_read(const kith_ingest_nodes_options *o, kith__node_data *nodes,
                                      kith_ingest_nodes_report *report) {
  kith_status st = KITH_OK;
  kith_ingest_report *r = NULL;
  KITH_TRY(KITH_NEW(r, 1));
  KITH_TRY(KITH_NEW(nodes->related, 1));
  KITH_TRY(relations_check_names(o));
  KITH_TRY(relations_lists(o, nodes, r));
  relations_warn(o, &nodes->related->schema);
  KITH_TRY(kith__paths_make(o->n_path, o->path, KITH__PATH_ENTRIES, nodes->related, r->relation));
  report->schema = nodes->related->schema;
  for (int k = 0; k < KITH_MAX_TYPES; k++) report->n_of[k] = nodes->related->ids[k].n;
  memcpy(report->relation, r->relation, sizeof report->relation);
  relations_store(nodes->related, report);
done:
  KITH_FREE(r);
  return st;
}
