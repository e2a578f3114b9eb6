/* graph.h5 in memory as ingest makes it: to be written again, with more behind it. */
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#include "store/graph.h"
#include "store/word.h"

/* ---- what kith_dataset has, too ---- */

static void data_take_ragged(kith_ragged *from, kith_ragged *to) {
  *to = *from;
  *from = (kith_ragged){.n_row = 0};
}

/* Move the arrays of a dataset; it is left without them.  Overlaps stay. */
static void data_take(kith_dataset *d, kith__graph_data *t) {
  t->schema = d->schema;
  t->fingerprint = d->fingerprint;
  t->parent = d->parent;
  t->time_is = d->time_is;
  t->is_new = d->is_new;
  data_take_ragged(&d->train, &t->train.ragged);
  data_take_ragged(&d->valid, &t->valid.ragged);
  data_take_ragged(&d->test, &t->test.ragged);
  data_take_ragged(&d->outside, &t->outside.ragged);
  t->train.time = d->time;
  t->train.weight = d->weight;
  d->is_new = NULL;
  d->time = NULL;
  d->weight = NULL;
  for (int r = 0; r < d->schema.n_relation; r++) {
    kith_relation_edges *e = &d->relation[r];
    t->relation[r] = (kith__edge_csr){.time = e->time, .weight = e->weight, .kind = e->kind};
    data_take_ragged(&e->edges, &t->relation[r].ragged);
    t->kind_ids[r] = e->kind_ids;
    e->time = NULL;
    e->weight = NULL;
    e->kind = NULL;
    e->kind_ids = (kith_ids){.n = 0};
  }
  for (int k = 0; k < d->schema.n_type; k++) {
    t->features[k] = d->features[k];
    d->features[k] = (kith_features){.n_row = 0};
  }
}

/* ---- what it lacks ---- */

static kith_agreed data_read_held_out(const kith_comm *comm, kith_h5 *f, const char *group,
                                      kith__edge_csr *rows) {
  kith_agreed st = {KITH_OK};
  if (!rows->ragged.start) return st;
  int64_t n = rows->ragged.start[rows->ragged.n_row];
  KITH_TRY(kith__times_read(comm, f, group, 0, n, &rows->time));
  KITH_TRY(kith__weights_read(comm, f, group, 0, n, &rows->weight));
done:
  return st;
}

static kith_status data_check_ids(const char *path, const char *name, int64_t n, int64_t wanted) {
  if (n == wanted) return KITH_OK;
  return kith_fail(KITH_EDATA, "%s: \"%s\" has %lld rows, %lld were expected", path, name, (long long)n,
                   (long long)wanted);
}

static kith_agreed data_read_ids(const kith_comm *comm, kith_h5 *f, const int64_t *n, kith__graph_data *t) {
  kith_agreed st = {KITH_OK};
  char name[KITH_NAME];
  for (int k = 0; k < t->schema.n_type; k++) {
    kith_type_dataset(&t->schema, k, "id", name);
    KITH_TRY(kith__ids_load(comm, f, name, &t->ids[k]));
    KITH_TRY(kith_agreed_same(data_check_ids(kith_h5_path(f), name, t->ids[k].n, n[k])));
  }
done:
  return st;
}

static kith_agreed data_read_names(const kith_comm *comm, const char *path, const int64_t *n,
                                   kith__graph_data *t) {
  static const char *const name[] = {"user/name", "item/name"};
  kith_agreed st = {KITH_OK};
  for (int k = 0; k < KITH_SIDES; k++) {
    KITH_TRY(kith_node_names_read(comm, path, (kith_node_type)k, &t->names[k]));
    if (t->names[k].text) KITH_TRY(kith_agreed_same(data_check_ids(path, name[k], t->names[k].n, n[k])));
  }
done:
  return st;
}

static kith_agreed data_read_features(const kith_comm *comm, kith_h5 *f, int type, kith__graph_data *t) {
  kith_agreed st = {KITH_OK};
  char group[KITH_NAME], name[2 * KITH_NAME];
  if (!t->features[type].start) return st;
  kith__feature_group(&t->schema, type, group);
  snprintf(name, sizeof name, "%s/id", group);
  KITH_TRY(kith__ids_load(comm, f, name, &t->feature_ids[type]));
  snprintf(name, sizeof name, "%s_format", group);
  if (kith_h5_has_attr(f, name)) KITH_TRY(kith__word_read(f, name, KITH_NAME, t->feature_format[type]));
  snprintf(name, sizeof name, "%s_delimiters", group);
  if (kith_h5_has_attr(f, name)) KITH_TRY(kith__word_read(f, name, KITH_NAME, t->feature_delimiters[type]));
done:
  return st;
}

static kith_agreed data_read_events(const kith_comm *comm, kith_h5 *f, const int64_t *n,
                                    kith__graph_data *t) {
  kith_agreed st = {KITH_OK};
  int64_t n_event = 0;
  if (!kith_h5_has_dataset(f, "event/user")) return st;
  KITH_TRY(kith__event_list_count(f, &n_event));
  KITH_TRY(kith__event_list_read(comm, f, n[KITH_USER], n[KITH_ITEM], 0, n_event, &t->events));
done:
  return st;
}

/* ---- what would be lost ---- */

/* All that the functions above read, or that follows from it, as patterns of fnmatch(). */
static const char *const data_known[] = {
    "checksum/*", "user/id", "item/id", "user/name", "item/name", "train/new", "*/start", "train/item",
    "valid/item", "test/item", "outside/item", "train/time", "valid/time", "test/time", "outside/time",
    "train/weight", "valid/weight", "test/weight", "outside/weight", "social/user", "node/*/id",
    "*feature/id", "*feature/feature", "*feature/value", "edge/*/to", "edge/*/time", "edge/*/weight",
    "edge/*/kind", "edge/*/kind_id", "edge/*/overlap", "event/user", "event/item", "event/time",
    "event/first", "event/feature",
    /* attributes */
    "format", "format_version", "software", "seal", "fingerprint", "job", "interactions_format", "schema",
    "n_user", "n_item", "parent", "parent_*", "taken", "*feature_format", "*feature_delimiters", "*_crc32"};

typedef struct data_unknown {
  char name[KITH_NAME]; /* "": none */
  bool attribute;
} data_unknown;

static void data_look(void *context, const kith_h5_entry *e) {
  data_unknown *u = context;
  for (size_t i = 0; i < sizeof data_known / sizeof *data_known; i++)
    if (fnmatch(data_known[i], e->name, 0) == 0) return;
  if (u->name[0] && strcmp(u->name, e->name) <= 0)
    return; /* the first by name, in whatever order they come */
  snprintf(u->name, sizeof u->name, "%s", e->name);
  u->attribute = e->attribute;
}

static kith_status data_check_known(kith_h5 *f) {
  kith_status st = KITH_OK;
  data_unknown u = {.name = ""};
  KITH_TRY(kith_h5_visit(f, data_look, &u));
  KITH_CHECK(!u.name[0], KITH_EDATA,
             "%s: has the %s %s, which an update would lose: graphs of this kind are not updated; begin with "
             "kith ingest of all lists",
             kith_h5_path(f), u.attribute ? "attribute" : "dataset", u.name);
done:
  return st;
}

static kith_agreed data_read(const kith_comm *comm, kith_h5 *f, const int64_t *n, kith__graph_data *t) {
  kith_agreed st = {KITH_OK};
  int64_t format = 0;
  KITH_TRY(kith_agreed_same(data_check_known(f)));
  if (kith_h5_has_attr(f, "interactions_format"))
    KITH_TRY(kith_h5_get_attr_int(f, "interactions_format", &format));
  t->format = (int)format;
  if (kith_h5_has_attr(f, "taken")) KITH_TRY(kith_h5_get_attr_text(f, "taken", &t->taken));
  KITH_TRY(data_read_held_out(comm, f, "valid", &t->valid));
  KITH_TRY(data_read_held_out(comm, f, "test", &t->test));
  KITH_TRY(data_read_held_out(comm, f, "outside", &t->outside));
  KITH_TRY(data_read_ids(comm, f, n, t));
  KITH_TRY(data_read_names(comm, kith_h5_path(f), n, t));
  for (int k = 0; k < t->schema.n_type; k++) KITH_TRY(data_read_features(comm, f, k, t));
  KITH_TRY(data_read_events(comm, f, n, t));
done:
  return st;
}

kith_agreed kith__graph_data_read(const kith_comm *comm, const char *path, kith__graph_data *out) {
  kith_agreed st = {KITH_OK};
  kith_dataset *d = NULL;
  kith_h5 *f = NULL;
  kith__graph_data t = {.format = 0};
  *out = t;
  KITH_TRY(kith_dataset_read(comm, path, &d));
  if (d->n_class > 0)
    KITH_TRY(kith_agreed_same(kith_fail(KITH_EDATA,
                                        "%s: its nodes are classified; expected a graph of users "
                                        "and items",
                                        path)));
  KITH_TRY(kith_h5_open(comm, path, KITH_GRAPH_FORMAT, KITH_FILE_VERSION, &f));
  data_take(d, &t);
  KITH_TRY(data_read(comm, f, d->n, &t));
  *out = t;
  t = (kith__graph_data){.format = 0};
done:
  kith_h5_close(&f);
  kith_dataset_destroy(&d);
  kith__graph_data_free(&t);
  return st;
}
