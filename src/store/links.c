/* The edges of graph.h5 alone, each rank a share of the rows: what a cut by many ranks reads. */
#include <stdio.h>
#include <string.h>

#include "graph/schema.h"
#include "h5/validate.h"
#include "store/graph.h"

void kith_links_destroy(kith_links **links) {
  kith_links *l = *links;
  if (!l) return;
  for (int k = 0; k < KITH_LINK_LISTS; k++) kith_ragged_free(&l->list[k].edges);
  for (int r = 0; r < KITH_MAX_RELATIONS; r++) kith_ragged_free(&l->relation[r].edges);
  KITH_FREE(*links);
}

static kith_status links_check_rows(const char *path, const char *name, int64_t n_start, int64_t n_row) {
  if (n_start == n_row + 1) return KITH_OK;
  return kith_fail(KITH_EDATA, "%s: %s has %lld rows, expected %lld", path, name, (long long)n_start,
                   (long long)n_row + 1);
}

/* Read the rank's rows of group/start, rebased to zero. */
static kith_agreed links_read_start(const kith_comm *comm, kith_h5 *f, const char *name, int64_t n_row,
                                    int64_t n_value, kith_links_rows *out) {
  kith_agreed st = {KITH_OK};
  kith_ragged *l = &out->edges;
  int64_t n_start = 0;
  int d = 0;
  KITH_TRY(kith_h5_extent(f, name, &n_start, &d));
  KITH_TRY(kith_agree(comm, links_check_rows(kith_h5_path(f), name, n_start, n_row)));
  out->first = kith_chunk_begin(n_row, comm->size, comm->rank);
  l->n_row = kith_chunk_begin(n_row, comm->size, comm->rank + 1) - out->first;
  KITH_TRY(kith_agree(comm, KITH_NEW(l->start, l->n_row + 1)));
  KITH_TRY(kith_h5_read(f, name, KITH_H5_INT64, 0, out->first, l->n_row + 1, l->start));
  KITH_TRY(kith_agree(comm, kith__validate_offsets(kith_h5_path(f), name, n_start, out->first, l->n_row + 1,
                                                   l->start, n_value)));
  out->at = l->start[0];
  for (int64_t i = 0; i <= l->n_row; i++) l->start[i] -= out->at;
done:
  return st;
}

static kith_agreed links_read_rows(const kith_comm *comm, kith_h5 *f, const char *group, const char *column,
                                   int64_t n_row, int64_t n_value, bool parallel, kith_links_rows *out) {
  kith_agreed st = {KITH_OK};
  kith_ragged *l = &out->edges;
  char name[KITH_NAME], start[KITH_NAME];
  int64_t n = 0;
  int d = 0;
  snprintf(name, sizeof name, "%.50s/%s", group, column);
  snprintf(start, sizeof start, "%.50s/start", group);
  KITH_TRY(kith_h5_extent(f, name, &n, &d));
  KITH_TRY(links_read_start(comm, f, start, n_row, n, out));
  KITH_TRY(kith_agree(comm, KITH_NEW(l->value, l->start[l->n_row])));
  KITH_TRY(kith_h5_read(f, name, KITH_H5_INT32, 0, out->at, l->start[l->n_row], l->value));
  KITH_TRY(kith_agree(comm, kith__validate_rows(kith_h5_path(f), name, l->n_row, l->start, l->value, n_value,
                                                parallel)));
done:
  return st;
}

/* The group of a relation; whether the file is of a version with ties between users alone.  Collective. */
static bool links_group(kith_h5 *f, const kith_links *l, int r, char *group) {
  bool old = l->n_class == 0 && !kith_h5_has_attr(f, "schema");
  snprintf(group, KITH_NAME, old ? "social" : "edge/%.31s", l->schema.relation[r].name);
  return old;
}

static kith_agreed links_read_relation(const kith_comm *comm, kith_h5 *f, int r, kith_links *l) {
  const kith_relation_type *e = &l->schema.relation[r];
  char group[KITH_NAME];
  bool old = links_group(f, l, r, group);
  return links_read_rows(comm, f, group, old ? "user" : "to", kith_schema_space(&l->schema, l->n, e->from),
                         kith_schema_space(&l->schema, l->n, e->to), e->n_kind > 0, &l->relation[r]);
}

/* Training interactions; of a refit those that are put back, too. */
static kith_agreed links_read_lists(const kith_comm *comm, kith_h5 *f, bool refit, kith_links *l) {
  static const char *const group[KITH_LINK_LISTS] = {"train", "valid", "outside"};
  kith_agreed st = {KITH_OK};
  char name[KITH_NAME];
  for (int k = 0; k < (refit ? KITH_LINK_LISTS : 1); k++) {
    snprintf(name, sizeof name, "%s/item", group[k]);
    if (k == 2 && !kith_h5_has_dataset(f, name)) continue;
    KITH_TRY(links_read_rows(comm, f, group[k], "item", l->n[KITH_USER], l->n[KITH_ITEM], false,
                             &l->list[l->n_list++]));
  }
done:
  return st;
}

/* Nodes of one type, with their neighbors, and relations if the file has any. */
static kith_agreed links_read_nodes(const kith_comm *comm, kith_h5 *f, kith_links *l) {
  kith_agreed st = {KITH_OK};
  int64_t n_class = 0, n_edge[KITH_MAX_RELATIONS], n = 0;
  KITH_TRY(kith_h5_get_attr_int(f, "n_node", &n));
  KITH_TRY(kith_h5_get_attr_int(f, "n_class", &n_class));
  KITH_TRY(kith_agreed_same(kith__dataset_check_size(kith_h5_path(f), "n_node", n, 0)));
  KITH_TRY(kith_agreed_same(kith__dataset_check_size(kith_h5_path(f), "n_class", n_class, 1)));
  l->n_class = (int)n_class;
  l->schema = kith_schema_nodes();
  if (kith_h5_has_attr(f, "schema")) KITH_TRY(kith__graph_schema_read(f, &l->schema, l->n, n_edge));
  l->n[KITH_USER] = n;
  KITH_TRY(links_read_rows(comm, f, "edge", "node", n, n, false, &l->list[l->n_list++]));
done:
  return st;
}

kith_agreed kith_links_read_held_out(const kith_comm *comm, kith_h5 *f, const kith_links *l,
                                     const char *group, kith_links_rows *out) {
  return links_read_rows(comm, f, group, "item", l->n[KITH_USER], l->n[KITH_ITEM], false, out);
}

/* ---- what is known of edges, and of nodes ---- */

void kith_links_values_free(kith_links_values *v) {
  KITH_FREE(v->time);
  KITH_FREE(v->weight);
  KITH_FREE(v->kind);
  KITH_FREE(v->overlap);
}

/* Whether the file has a column of a group; `name` is the dataset then. */
static bool links_has(kith_h5 *f, const char *group, const char *column, char *name) {
  snprintf(name, KITH_NAME, "%.50s/%s", group, column);
  return kith_h5_has_dataset(f, name);
}

static kith_status links_check_overlaps(const char *path, const char *name, int64_t n, const int32_t *x) {
  for (int64_t e = 0; e < n; e++)
    if (x[e] < 0) return kith_fail(KITH_EDATA, "%s: %s holds %d, expected 0 or more", path, name, x[e]);
  return KITH_OK;
}

static kith_agreed links_read_weights(const kith_comm *comm, kith_h5 *f, const char *group,
                                      const kith_links_rows *rows, kith_links_values *out) {
  kith_agreed st = {KITH_OK};
  int64_t n = rows->edges.start[rows->edges.n_row];
  char name[KITH_NAME];
  if (!links_has(f, group, "weight", name)) return st;
  KITH_TRY(kith_agree(comm, KITH_NEW(out->weight, n)));
  KITH_TRY(kith_h5_read(f, name, KITH_H5_FLOAT, 0, rows->at, n, out->weight));
  KITH_TRY(kith_agree(comm, kith__validate_finite(kith_h5_path(f), name, n, out->weight)));
done:
  return st;
}

static kith_agreed links_read_times(const kith_comm *comm, kith_h5 *f, const char *group,
                                    const kith_links_rows *rows, kith_links_values *out) {
  kith_agreed st = {KITH_OK};
  int64_t n = rows->edges.start[rows->edges.n_row];
  char name[KITH_NAME];
  if (!links_has(f, group, "time", name)) return st;
  KITH_TRY(kith_agree(comm, KITH_NEW(out->time, n)));
  KITH_TRY(kith_h5_read(f, name, KITH_H5_INT64, 0, rows->at, n, out->time));
done:
  return st;
}

/* Of a relation alone. */
static kith_agreed links_read_more(const kith_comm *comm, kith_h5 *f, const char *group, int n_kind,
                                   const kith_links_rows *rows, kith_links_values *out) {
  kith_agreed st = {KITH_OK};
  const kith_ragged *l = &rows->edges;
  int64_t n = l->start[l->n_row];
  char name[KITH_NAME];
  if (links_has(f, group, "overlap", name)) {
    KITH_TRY(kith_agree(comm, KITH_NEW(out->overlap, n)));
    KITH_TRY(kith_h5_read(f, name, KITH_H5_INT32, 0, rows->at, n, out->overlap));
    KITH_TRY(kith_agree(comm, links_check_overlaps(kith_h5_path(f), name, n, out->overlap)));
  }
  if (n_kind == 0) goto done;
  snprintf(name, sizeof name, "%.50s/kind", group);
  KITH_TRY(kith_agree(comm, KITH_NEW(out->kind, n)));
  KITH_TRY(kith_h5_read(f, name, KITH_H5_UINT16, 0, rows->at, n, out->kind));
  KITH_TRY(kith_agree(comm, kith__validate_kinds(kith_h5_path(f), name, l->n_row, l->start, l->value,
                                                 out->kind, n_kind)));
done:
  return st;
}

kith_agreed kith_links_read_values(const kith_comm *comm, kith_h5 *f, const kith_links *l, int r,
                                   kith_links_values *out) {
  kith_agreed st = {KITH_OK};
  const bool list = r < 0;
  const kith_links_rows *rows = list ? &l->list[0] : &l->relation[r];
  char group[KITH_NAME] = "train";
  if (!list) links_group(f, l, r, group);
  if (list || l->schema.relation[r].weighted) KITH_TRY(links_read_weights(comm, f, group, rows, out));
  if (list || l->schema.relation[r].timed) KITH_TRY(links_read_times(comm, f, group, rows, out));
  if (!list) KITH_TRY(links_read_more(comm, f, group, l->schema.relation[r].n_kind, rows, out));
done:
  return st;
}

static kith_status links_check_features(const char *path, const char *group, int64_t n) {
  if (n > 0 && n < INT32_MAX) return KITH_OK;
  return kith_fail(KITH_EDATA, "%s: /%s has %lld features", path, group, (long long)n);
}

kith_agreed kith_links_read_features(const kith_comm *comm, kith_h5 *f, const kith_links *l, int type,
                                     kith_links_features *out) {
  kith_agreed st = {KITH_OK};
  char group[KITH_NAME], name[KITH_NAME];
  kith_ragged *x = &out->rows.edges;
  int64_t n_feature = 0;
  int d = 0;
  kith__feature_group(&l->schema, type, group);
  if (!links_has(f, group, "start", name)) return st;
  snprintf(name, sizeof name, "%.48s/id", group);
  KITH_TRY(kith_h5_extent(f, name, &n_feature, &d));
  KITH_TRY(kith_agree(comm, links_check_features(kith_h5_path(f), group, n_feature)));
  out->n_feature = (int)n_feature;
  snprintf(name, sizeof name, "%.48s/feature", group);
  int64_t n_all = 0;
  KITH_TRY(kith_h5_extent(f, name, &n_all, &d));
  snprintf(name, sizeof name, "%.48s/start", group);
  KITH_TRY(links_read_start(comm, f, name, l->n[type], n_all, &out->rows));
  int64_t n = x->start[x->n_row];
  snprintf(name, sizeof name, "%.48s/feature", group);
  KITH_TRY(kith_agree(comm, KITH_NEW(x->value, n)));
  KITH_TRY(kith_agree(comm, KITH_NEW(out->value, n)));
  KITH_TRY(kith_h5_read(f, name, KITH_H5_INT32, 0, out->rows.at, n, x->value));
  snprintf(name, sizeof name, "%.48s/value", group);
  KITH_TRY(kith_h5_read(f, name, KITH_H5_FLOAT, 0, out->rows.at, n, out->value));
  KITH_TRY(kith_agree(comm, kith__validate_features(kith_h5_path(f), group, n, x->value, out->value,
                                                    out->n_feature)));
done:
  return st;
}

void kith_links_features_free(kith_links_features *x) {
  kith_ragged_free(&x->rows.edges);
  KITH_FREE(x->value);
}

static bool links_are_plain(kith_h5 *f, bool refit, const kith_links *l) {
  return !refit && l->n_class == 0 && !kith_h5_has_attr(f, "parent");
}

static kith_agreed links_read(const kith_comm *comm, kith_h5 *f, bool refit, kith_links *l) {
  kith_agreed st = {KITH_OK};
  int64_t n_edge[KITH_MAX_RELATIONS], fingerprint = 0;
  KITH_TRY(kith_h5_get_attr_int(f, "fingerprint", &fingerprint));
  KITH_TRY(kith_h5_get_time_is(f, &l->time_is));
  l->fingerprint = (uint64_t)fingerprint;
  if (kith_h5_is_labeled(f)) KITH_TRY(links_read_nodes(comm, f, l));
  else {
    KITH_TRY(kith__graph_schema_read(f, &l->schema, l->n, n_edge));
    KITH_TRY(links_read_lists(comm, f, refit, l));
  }
  for (int r = 0; r < l->schema.n_relation; r++) KITH_TRY(links_read_relation(comm, f, r, l));
  l->plain = links_are_plain(f, refit, l);
done:
  return st;
}

kith_agreed kith_links_read(const kith_comm *comm, const char *path, bool refit, kith_links **out) {
  kith_agreed st = {KITH_OK};
  kith_links *l = NULL;
  kith_h5 *f = NULL;
  *out = NULL;
  KITH_TRY(kith_h5_open(comm, path, KITH_GRAPH_FORMAT, KITH_FILE_VERSION, &f));
  KITH_TRY(kith_agree(comm, KITH_NEW(l, 1)));
  KITH_TRY(links_read(comm, f, refit, l));
  *out = l;
  l = NULL;
done:
  kith_h5_close(&f);
  kith_links_destroy(&l);
  return st;
}

/* ---- of a dataset in memory ---- */

kith_links kith_links_of(const kith_dataset *d) {
  kith_links l = {.schema = d->schema, .n_class = d->n_class, .n_list = 1};
  memcpy(l.n, d->n, sizeof l.n);
  l.list[0].edges = d->train;
  for (int r = 0; r < d->schema.n_relation; r++) l.relation[r].edges = d->relation[r].edges;
  return l;
}
