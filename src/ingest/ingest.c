/* Ingest for recommendation: all ranks read, number, merge and split the interactions, and write their rows
 * to graph.h5; rank 0 reads the other lists. */
#include <malloc.h>
#include <stdio.h>
#include <string.h>

#include "graph/schema.h"
#include "ingest/features.h"
#include "ingest/names.h"
#include "ingest/paths.h"
#include "ingest/relations.h"
#include "ingest/shared.h"
#include "ingest/split.h"

/* ---- checks ---- */

kith_status kith__edge_source_check(const char *key, const kith_edge_source *s) {
  kith_status st = KITH_OK;
  const bool timed = s->time[0] && strcmp(s->time, KITH__BY_LINE) != 0;
  KITH_CHECK(s->format != KITH_ADJACENCY || (!timed && !s->weight[0] && !s->kind[0] && !s->features[0]),
             KITH_ECONFIG,
             "%s: an adjacency list has no columns for times, weights, kinds or features; expected format "
             "edges",
             key);
  KITH_CHECK(s->format != KITH_ADJACENCY || s->header != KITH_HEADER_YES, KITH_ECONFIG,
             "%s: an adjacency list has no header; expected format edges", key);
  KITH_CHECK(s->min_weight == 0 || s->weight[0], KITH_ECONFIG,
             "%s.min_weight: %.9g, but no column of weights is named; expected %s.columns.weight", key,
             s->min_weight, key);
done:
  return st;
}

static void inherit_text(const char *from, size_t size, char *to) {
  if (!to[0]) memcpy(to, from, size);
}

void kith__edge_source_inherit(const kith_edge_source *from, kith_list_format format, kith_edge_source *s) {
  if (s->format != KITH_FORMAT_AUTO && s->format != format) return;
  inherit_text(from->delimiter, sizeof s->delimiter, s->delimiter);
  if (s->comment == KITH_COMMENT_AUTO) s->comment = from->comment;
  if (s->quoting == KITH_QUOTING_CSV) s->quoting = from->quoting;
  if (strcmp(from->time, KITH__BY_LINE) == 0) inherit_text(from->time, sizeof s->time, s->time);
  if (format != KITH_EDGES) return;
  if (s->header == KITH_HEADER_AUTO) s->header = from->header;
  inherit_text(from->user, sizeof s->user, s->user);
  inherit_text(from->item, sizeof s->item, s->item);
  if (s->min_weight > 0) inherit_text(from->weight, sizeof s->weight, s->weight);
}

static kith_status ingest_check(const kith_ingest_options *o) {
  kith_status st = KITH_OK;
  KITH_CHECK(o->interactions.path[0], KITH_ECONFIG,
             "data.interactions: expected the path of a list, found none");
  KITH_CHECK(o->split.method != KITH_SPLIT_STREAM || !o->test.path[0], KITH_ECONFIG,
             "data.test: a stream has all its events in data.interactions, of which data.split.test is the "
             "share of the latest; remove data.test, or take another data.split.method");
  KITH_TRY(kith__edge_source_check("data.interactions", &o->interactions));
  KITH_TRY(kith__relations_check(o));
done:
  return st;
}

/* ---- reading ---- */

/* Every id of the interactions is added. */
static kith_status read_interactions(const kith_ingest_options *o, kith__id_map *user, kith__id_map *item,
                                     kith__edge_list *edges, kith_ingest_report *r) {
  kith__edge_policy policy = {.key = "data.interactions",
                              .user = user,
                              .item = item,
                              .add_users = true,
                              .add_items = true,
                              .ends = o->split.between,
                              .until = o->split.until};
  kith_status st = kith__edge_list_read(&o->interactions, &policy, edges);
  r->below_min_weight += policy.below_min_weight;
  r->interactions_list = policy.report;
  return st;
}

/* The interactions that all ranks have read. */
static kith_status take_interactions(const kith_ingest_options *o, kith__shared_list *shared,
                                     kith__id_map *map, kith_ingest_report *r) {
  kith_status st = KITH_OK;
  for (int k = 0; k < KITH_SIDES; k++) {
    KITH_TRY(kith__id_map_load(o->interactions.path, &shared->ids[k], map[k].kind, &map[k]));
    map[k].declared_text = o->interactions.ids == KITH_ID_TEXT;
    kith_ids_free(&shared->ids[k]); /* the map has them */
  }
  r->below_min_weight += shared->below_min_weight;
  r->interactions_list = shared->report;
done:
  return st;
}

/* Test users must be known; test items may be new.  Settings that are left open are those of the
 * interactions. */
static kith_status read_test(const kith_ingest_options *o, kith__id_map *user, kith__id_map *item,
                             kith__edge_list *edges, kith_ingest_report *r) {
  kith_status st = KITH_OK;
  kith_edge_source s = o->test;
  kith__edge_policy policy = {.key = "data.test",
                              .format_hint = r->interactions_list.format,
                              .user = user,
                              .item = item,
                              .add_items = true};
  kith__edge_source_inherit(&o->interactions, policy.format_hint, &s);
  KITH_TRY(kith__edge_source_check(policy.key, &s));
  KITH_TRY(kith__edge_list_read(&s, &policy, edges));
  r->below_min_weight += policy.below_min_weight;
  r->test_list = policy.report;
done:
  return st;
}

/* Read features of the nodes of the lists above. */
static kith_status read_features(const kith_feature_source *s, kith_id_kind ids, int type, kith__id_map *node,
                                 kith__graph_data *t, kith_ingest_report *r) {
  kith_status st = KITH_OK;
  kith__id_map feature;
  kith__feature_reader d = {.source = s, .node = node, .feature = &feature, .new_features = true};
  kith__id_map_init(&feature, "feature", ids);
  KITH_TRY(kith__features_read(&d, &t->features[type]));
  KITH_TRY(kith__id_map_ids(&feature, &t->feature_ids[type]));
  r->features[type] = feature.n;
  r->features_list[type] = d.report;
  r->features_unknown[type] = d.unknown_nodes;
  r->without_features[type] = d.without_features;
  r->features_format[type] = d.format;
  snprintf(t->feature_format[type], KITH_NAME, "%s", kith_feature_format_text(d.format));
  KITH_TRY(kith_text_copy("delimiters", d.delimiters, KITH_NAME, t->feature_delimiters[type]));
  r->features_weighted[type] = d.weighted;
  r->features_repeated[type] = d.repeated;
done:
  kith__id_map_free(&feature);
  return st;
}

/* The list of features of a type, or null. */
static const kith_feature_source *features_of(const kith_ingest_options *o, const kith_schema *schema,
                                              int type) {
  if (type < KITH_SIDES) return &o->features[type];
  for (int t = 0; t < o->n_type; t++)
    if (strcmp(o->type[t].name, schema->type[type]) == 0) return &o->type[t].features;
  return NULL;
}

/* Read names of the nodes of the lists above. */
static kith_status read_names(const kith_ingest_options *o, int type, kith__id_map *node, kith__graph_data *t,
                              kith_ingest_report *r) {
  const char *key = type == KITH_USER ? "data.user_names" : "data.item_names";
  if (!o->names[type].path[0]) return KITH_OK;
  return kith__node_names_read(key, &o->names[type], node, &t->names[type], &r->names[type],
                               &r->names_list[type]);
}

/* ---- report ---- */

/* Ids that look alike are most likely one node that the lists write in two ways. */
kith_status kith__lookalikes_warn(const kith__graph_data *t, int type, int64_t *count) {
  kith_status st = KITH_OK;
  int64_t pair[2];
  char id[256];
  KITH_TRY(kith__ids_lookalikes(&t->ids[type], count, pair));
  if (*count == 0) goto done;
  kith_ids_print(&t->ids[type], pair[0], sizeof id, id);
  kith_warn("type %s: %s in invisible characters or in how "
            "accents are encoded, such as \"%s\" (nodes %lld and %lld by first appearance): they are "
            "different nodes; write all lists in one form, as NFC without such characters",
            t->schema.type[type],
            KITH_COUNT(*count, "id(s) (looks|look) like another one and (differs|differ)"), id,
            (long long)pair[0] + 1, (long long)pair[1] + 1);
done:
  return st;
}

static kith_status ingest_report(const kith__graph_data *t, kith_ingest_report *r) {
  kith_status st = KITH_OK;
  r->schema = t->schema;
  for (int k = 0; k < t->schema.n_type; k++) {
    r->n[k] = t->ids[k].n;
    r->text_ids[k] = t->ids[k].text != NULL;
    KITH_TRY(kith__lookalikes_warn(t, k, &r->lookalikes[k]));
  }
done:
  return st;
}

/* ---- ingest ---- */

/* What compares the times of users, or takes them for seconds. */
static kith_status ingest_check_order(const kith_split *s, kith_time_is is) {
  kith_status st = KITH_OK;
  KITH_CHECK(
      is != KITH_TIME_PLACE || s->method != KITH_SPLIT_TIME, KITH_ECONFIG,
      "data.split.method: time compares the times of all users, and data.interactions.columns.time: line "
      "of an adjacency list is an order within each user alone; expected leave-last-out");
  KITH_CHECK(
      is == KITH_TIME_SECONDS || s->method != KITH_SPLIT_STREAM, KITH_ECONFIG,
      "data.split.method: stream reads times in seconds, and data.interactions.columns.time: line is an "
      "order alone; expected leave-last-out");
done:
  return st;
}

/* Whether a list beside the interactions names their nodes. */
static bool ingest_has_more(const kith_ingest_options *o) {
  bool more = o->test.path[0] || o->n_relation > 0 || o->n_type > 0 || o->n_path > 0;
  for (int k = 0; k < KITH_SIDES; k++) more = more || o->features[k].path[0] || o->names[k].path[0];
  return more;
}

/* Whether rank 0 needs the ids of all before the rows are made: to know the nodes of other lists, or for
 * choices that go by them. */
static bool ingest_needs_ids(const kith_ingest_options *o) {
  const kith_split_method m = o->split.method;
  return ingest_has_more(o) || m == KITH_SPLIT_LEAVE_LAST_OUT || m == KITH_SPLIT_ITEMS;
}

static kith_agreed ingest_gather_ids(const kith_comm *comm, kith__shared_list *shared) {
  kith_agreed st = {KITH_OK};
  for (int k = 0; k < KITH_SIDES; k++) KITH_TRY(kith__shared_gather_ids(comm, &shared->ids[k]));
  shared->gathered = true;
done:
  return st;
}

static void ingest_take_ids(kith__shared_list *shared, kith__graph_data *t) {
  for (int k = 0; k < KITH_SIDES; k++) {
    t->ids[k] = shared->ids[k];
    shared->ids[k] = (kith_ids){.n = 0};
  }
}

/* The interactions that all ranks have read are all there is. */
static kith_status ingest_take(const kith_ingest_options *o, kith__shared_list *shared, kith__graph_data *t,
                               kith_ingest_report *r) {
  t->schema = kith_schema_users_items();
  t->format = (int)shared->report.format;
  t->time_is = shared->report.time_is;
  if (shared->gathered) ingest_take_ids(shared, t);
  else
    for (int k = 0; k < KITH_SIDES; k++) t->ids[k].n = shared->n[k]; /* they come when the rows are made */
  r->below_min_weight += shared->below_min_weight;
  r->interactions_list = shared->report;
  return ingest_check_order(&o->split, t->time_is);
}

/* What rank 0 reads: other lists, and the interactions where not all ranks did. */
static kith_status ingest_read(const kith_ingest_options *o, kith__shared_list *shared,
                               kith__edge_list *train, kith__edge_list *test, kith__graph_data *t,
                               kith_ingest_report *r) {
  kith_status st = KITH_OK;
  kith__id_map map[KITH_MAX_TYPES] = {{0}}, *user = &map[KITH_USER], *item = &map[KITH_ITEM];
  t->schema = kith_schema_users_items();
  for (int k = 0; k < KITH_SIDES; k++) kith__id_map_init(&map[k], t->schema.type[k], o->interactions.ids);
  KITH_TRY(shared->is ? take_interactions(o, shared, map, r) : read_interactions(o, user, item, train, r));
  t->format = (int)r->interactions_list.format;
  t->time_is = r->interactions_list.time_is;
  KITH_TRY(ingest_check_order(&o->split, t->time_is));
  if (o->test.path[0]) KITH_TRY(read_test(o, user, item, test, r));
  KITH_TRY(kith__relations_lists(o, map, t, r));
  (void)malloc_trim(0);
  for (int k = 0; k < t->schema.n_type; k++) {
    const kith_feature_source *s = features_of(o, &t->schema, k);
    if (s && s->path[0]) KITH_TRY(read_features(s, o->interactions.ids, k, &map[k], t, r));
  }
  for (int k = 0; k < KITH_SIDES; k++) KITH_TRY(read_names(o, k, &map[k], t, r));
  for (int k = 0; k < t->schema.n_type; k++) {
    KITH_TRY(kith__id_map_ids(&map[k], &t->ids[k]));
    kith__id_map_free(&map[k]); /* before the rows are allocated */
  }
  (void)malloc_trim(0);
  KITH_TRY(kith__paths_make(o->n_path, o->path, KITH__PATH_ENTRIES, t, r->relation));
done:
  for (int k = 0; k < KITH_MAX_TYPES; k++) kith__id_map_free(&map[k]);
  return st;
}

static kith_status ingest_lists(const kith_ingest_options *o, kith__shared_list *shared,
                                kith__edge_list list[2], kith__graph_data *t, kith_ingest_report *r) {
  if (shared->is && !ingest_has_more(o)) return ingest_take(o, shared, t, r);
  return ingest_read(o, shared, &list[0], &list[1], t, r);
}

/* What rank 0 says at the end. */
static kith_status ingest_end(const kith__graph_data *t, kith_ingest_report *r) {
  kith_status st = KITH_OK;
  KITH_TRY(ingest_report(t, r));
  KITH_TRY(kith_log_check());
done:
  return st;
}

/* Rows, by all ranks or by rank 0 alone, and the file. */
static kith_agreed ingest_write(const kith_comm *comm, const kith_ingest_options *o,
                                kith__shared_list *shared, kith__edge_list list[2], const char *job,
                                const char *path, kith__graph_data *t, kith_ingest_report *r) {
  kith_agreed st = {KITH_OK};
  KITH_TRY(kith__user_rows_make(comm, o, shared, &list[0], &list[1], t, r));
  if (shared->is && !shared->gathered) {
    KITH_TRY(ingest_gather_ids(comm, shared));
    if (comm->rank == 0) ingest_take_ids(shared, t);
  }
  KITH_TRY(kith_agree(comm, comm->rank == 0 ? ingest_end(t, r) : KITH_OK));
  KITH_TRY(kith__graph_write(comm, t, job, path));
done:
  return st;
}

kith_agreed kith_ingest(const kith_comm *comm, const kith_ingest_options *o, const char *job,
                        const char *path, kith_ingest_report *report) {
  kith_agreed st = {KITH_OK}, mine = {KITH_OK};
  kith__shared_list shared = {.is = false};
  kith__graph_data *data = NULL;
  kith__edge_list list[2] = {{0}}; /* interactions and test */
  kith_comm alone = {.mpi = MPI_COMM_SELF, .rank = 0, .size = 1}, waiting = *comm;
  waiting.sleeps = true; /* while rank 0 works alone, for as long as that takes */
  memset(report, 0, sizeof *report);
  KITH_TRY(kith_agreed_same(ingest_check(o)));
  KITH_TRY(kith_agree(comm, KITH_NEW(data, 1)));
  KITH_TRY(kith__shared_list_read(comm, o, &shared));
  (void)malloc_trim(0); /* of chunks of edges, which malloc keeps */
  if (shared.is && ingest_needs_ids(o)) KITH_TRY(ingest_gather_ids(comm, &shared));
  KITH_TRY(kith_agree(&waiting, comm->rank == 0 ? ingest_lists(o, &shared, list, data, report) : KITH_OK));
  if (shared.is) KITH_TRY(ingest_write(comm, o, &shared, list, job, path, data, report));
  else {
    if (comm->rank == 0) mine = ingest_write(&alone, o, &shared, list, job, path, data, report);
    KITH_TRY(kith_agree(&waiting, mine.status));
  }
  kith_comm_bcast(comm, (int64_t)sizeof *report, report);
done:
  for (int k = 0; k < 2; k++) kith__edge_list_free(&list[k]);
  if (data) kith__graph_data_free(data);
  KITH_FREE(data);
  kith__shared_list_free(&shared);
  return st;
}
