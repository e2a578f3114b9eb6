/* The edges of graph.h5 alone, each rank a share of the rows: what a cut by many ranks reads. */
#include <stdio.h>
#include <string.h>

#include "graph/schema.h"
#include "store/graph.h"

void kith_links_destroy(kith_links **links) {
  kith_links *l = *links;
  if (!l) return;
  for (int k = 0; k < KITH_LINK_LISTS; k++) kith_ragged_free(&l->list[k].edges);
  for (int r = 0; r < KITH_MAX_RELATIONS; r++) kith_ragged_free(&l->relation[r].edges);
  KITH_FREE(*links);
}

/* The rank's share of n_row rows. */
static kith_links_rows links_share(const kith_comm *comm, int64_t n_row) {
  const int64_t first = kith_chunk_begin(n_row, comm->size, comm->rank);
  return (kith_links_rows){.first = first,
                           .edges = {.n_row = kith_chunk_begin(n_row, comm->size, comm->rank + 1) - first}};
}

static kith_agreed links_read_rows(const kith_comm *comm, kith_h5 *f, const char *group, const char *column,
                                   int64_t n_row, int64_t n_value, bool parallel, kith_links_rows *out) {
  *out = links_share(comm, n_row);
  return kith__rows_read(comm, f, group, column, n_row, n_value, parallel, out);
}

static kith_agreed links_read_relation(const kith_comm *comm, kith_h5 *f, int r, kith_links *l) {
  const kith_relation_type *e = &l->schema.relation[r];
  char group[KITH_NAME];
  const char *column = kith__relation_group(f, e, group);
  return links_read_rows(comm, f, group, column, kith_schema_space(&l->schema, l->n, e->from),
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

kith_agreed kith_links_read_values(const kith_comm *comm, kith_h5 *f, const kith_links *l, int r,
                                   kith_links_values *out) {
  static const kith_relation_type interactions = {.weighted = true, .timed = true};
  char group[KITH_NAME] = "train";
  if (r < 0) return kith__edge_values_read(comm, f, group, &interactions, &l->list[0], out);
  (void)kith__relation_group(f, &l->schema.relation[r], group);
  return kith__edge_values_read(comm, f, group, &l->schema.relation[r], &l->relation[r], out);
}

kith_agreed kith_links_read_features(const kith_comm *comm, kith_h5 *f, const kith_links *l, int type,
                                     kith_links_features *out) {
  char group[KITH_NAME];
  kith__feature_group(&l->schema, type, group);
  out->rows = links_share(comm, l->n[type]);
  return kith__feature_rows_read(comm, f, group, l->n[type], out);
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
