/* Ingest for recommendation: all ranks read, number and merge the interactions; rank 0 reads the other lists,
 * splits, and writes graph.h5. */
#include <stdio.h>
#include <string.h>

#include "graph/drift.h"
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
  KITH_CHECK(s->format != KITH_ADJACENCY || (!timed && !s->weight[0] && !s->kind[0]), KITH_ECONFIG,
             "%s: an adjacency list has no columns for times, weights or kinds; expected format edges", key);
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
static kith_status take_interactions(const kith_ingest_options *o, const kith__shared_list *shared,
                                     kith__id_map *map, kith_ingest_report *r) {
  kith_status st = KITH_OK;
  for (int k = 0; k < KITH_SIDES; k++) {
    KITH_TRY(kith__id_map_load(o->interactions.path, &shared->ids[k], map[k].kind, &map[k]));
    map[k].declared_text = o->interactions.ids == KITH_ID_TEXT;
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

static int64_t count_in_both(const kith_ragged *train, const kith_ragged *test) {
  int64_t n = 0;
  for (int64_t u = 0; u < test->n_row; u++)
    for (kith_eid e = test->start[u]; e < test->start[u + 1]; e++)
      n += kith_ragged_has(train, u, test->value[e]);
  return n;
}

static int64_t count_cold_users(const kith_ragged *train) {
  int64_t n = 0;
  for (int64_t u = 0; u < train->n_row; u++) n += train->start[u] == train->start[u + 1];
  return n;
}

enum { SEEN_TRAIN = 1, SEEN_HELD = 2 };

static void mark_items(const kith_ragged *l, uint8_t as, uint8_t *seen) {
  for (kith_eid e = 0; e < l->start[l->n_row]; e++) seen[l->value[e]] |= as;
}

static kith_status count_cold_items(const kith__graph_data *t, int64_t *count) {
  kith_status st = KITH_OK;
  uint8_t *seen = NULL;
  KITH_TRY(KITH_NEW(seen, t->ids[KITH_ITEM].n));
  mark_items(&t->train.ragged, SEEN_TRAIN, seen);
  mark_items(&t->valid.ragged, SEEN_HELD, seen);
  mark_items(&t->test.ragged, SEEN_HELD, seen);
  *count = 0;
  for (int64_t i = 0; i < t->ids[KITH_ITEM].n; i++) *count += seen[i] == SEEN_HELD;
done:
  KITH_FREE(seen);
  return st;
}

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
  r->train = t->train.ragged.start[r->n[KITH_USER]];
  r->valid = t->valid.ragged.start[r->n[KITH_USER]];
  r->test = t->test.ragged.start[r->n[KITH_USER]];
  r->has_time = t->train.time != NULL;
  r->has_weight = t->train.weight != NULL;
  r->cold_users = count_cold_users(&t->train.ragged);
  KITH_TRY(count_cold_items(t, &r->cold_items));
  const int64_t *time = t->time_is == KITH_TIME_PLACE ? NULL : t->train.time; /* places do not compare */
  KITH_TRY(kith_drift_measure(&t->train.ragged, time, r->n[KITH_ITEM], &r->drift));
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

/* The events are kept beside the interactions, each of which is where its first event is. */
static kith_status ingest_stream(const kith_ingest_options *o, kith__edge_list *edges, int64_t n_user,
                                 kith__graph_data *t, kith_ingest_report *r) {
  kith_status st = KITH_OK;
  KITH_TRY(kith__events_make(edges, &t->events, &r->split.events_moved));
  KITH_TRY(kith__edge_csr_build(edges, n_user, &t->train, &r->duplicates));
  KITH_TRY(kith__events_split(&o->split, &t->events, &t->train, &t->valid, &t->test, &r->split));
done:
  return st;
}

/* Test rows come from the test list, if any, else from the split. */
static kith_status ingest_rows(const kith_ingest_options *o, kith__shared_list *shared,
                               kith__edge_list *train, kith__edge_list *test, int64_t n_user,
                               kith__graph_data *t, kith_ingest_report *r) {
  kith_status st = KITH_OK;
  kith__edge_csr listed = {0};
  int64_t again = 0;
  bool has_test = o->test.path[0] != '\0';
  if (o->split.method == KITH_SPLIT_STREAM) return ingest_stream(o, train, n_user, t, r);
  if (shared->is) {
    t->train = shared->rows;
    shared->rows = (kith__edge_csr){0};
    r->duplicates = shared->duplicates;
  } else KITH_TRY(kith__edge_csr_build(train, n_user, &t->train, &r->duplicates));
  if (has_test) {
    KITH_TRY(kith__edge_csr_build(test, n_user, &listed, &again));
    r->duplicates += again;
    r->test_in_train = count_in_both(&t->train.ragged, &listed.ragged);
  }
  KITH_TRY(kith__split(&o->split, !has_test, t->ids, &t->train, &t->valid, &t->test, &t->outside, &r->split));
  if (has_test) {
    kith__edge_csr_free(&t->test);
    t->test = listed;
    listed = (kith__edge_csr){0};
  }
done:
  kith__edge_csr_free(&listed);
  return st;
}

static kith_status ingest_read(const kith_ingest_options *o, kith__shared_list *shared, kith__graph_data *t,
                               kith_ingest_report *r) {
  kith_status st = KITH_OK;
  kith__id_map map[KITH_MAX_TYPES] = {{0}}, *user = &map[KITH_USER], *item = &map[KITH_ITEM];
  kith__edge_list train = {0}, test = {0};
  t->schema = kith_schema_users_items();
  for (int k = 0; k < KITH_SIDES; k++) kith__id_map_init(&map[k], t->schema.type[k], o->interactions.ids);
  KITH_TRY(ingest_check(o));
  KITH_TRY(shared->is ? take_interactions(o, shared, map, r) : read_interactions(o, user, item, &train, r));
  t->format = (int)r->interactions_list.format;
  t->time_is = r->interactions_list.time_is;
  KITH_TRY(ingest_check_order(&o->split, t->time_is));
  if (o->test.path[0]) KITH_TRY(read_test(o, user, item, &test, r));
  KITH_TRY(kith__relations_lists(o, map, t, r));
  for (int k = 0; k < t->schema.n_type; k++) {
    const kith_feature_source *s = features_of(o, &t->schema, k);
    if (s && s->path[0]) KITH_TRY(read_features(s, o->interactions.ids, k, &map[k], t, r));
  }
  for (int k = 0; k < KITH_SIDES; k++) KITH_TRY(read_names(o, k, &map[k], t, r));
  for (int k = 0; k < t->schema.n_type; k++) {
    KITH_TRY(kith__id_map_ids(&map[k], &t->ids[k]));
    kith__id_map_free(&map[k]); /* before the rows are allocated */
  }
  KITH_TRY(ingest_rows(o, shared, &train, &test, user->n, t, r));
  KITH_TRY(kith__paths_make(o->n_path, o->path, KITH__PATH_ENTRIES, t, r->relation));
  KITH_TRY(kith__relations_overlap(t, r));
  KITH_TRY(ingest_report(t, r));
done:
  for (int k = 0; k < KITH_MAX_TYPES; k++) kith__id_map_free(&map[k]);
  kith__edge_list_free(&train);
  kith__edge_list_free(&test);
  return st;
}

/* The work of rank 0; it writes the file over MPI_COMM_SELF. */
static kith_status ingest_alone(const kith_ingest_options *o, kith__shared_list *shared, const char *job,
                                const char *path, kith_ingest_report *report) {
  kith_status st = KITH_OK;
  kith__graph_data data = {0};
  const kith_comm alone = {.mpi = MPI_COMM_SELF, .rank = 0, .size = 1};
  KITH_TRY(ingest_read(o, shared, &data, report));
  KITH_TRY(kith_log_check());
  KITH_TRY(kith__graph_write(&alone, &data, job, path).status);
done:
  kith__graph_data_free(&data);
  return st;
}

kith_agreed kith_ingest(const kith_comm *comm, const kith_ingest_options *o, const char *job,
                        const char *path, kith_ingest_report *report) {
  kith_agreed st = {KITH_OK};
  kith_status mine = KITH_OK;
  kith__shared_list shared = {.is = false};
  kith_comm waiting = *comm;
  waiting.sleeps = true; /* while rank 0 works alone, for as long as that takes */
  memset(report, 0, sizeof *report);
  KITH_TRY(kith_agreed_same(ingest_check(o)));
  KITH_TRY(kith__shared_list_read(comm, o, &shared));
  if (comm->rank == 0) mine = ingest_alone(o, &shared, job, path, report);
  KITH_TRY(kith_agree(&waiting, mine));
  kith_comm_bcast(comm, (int64_t)sizeof *report, report);
done:
  kith__shared_list_free(&shared);
  return st;
}
