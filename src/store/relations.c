/* Relations in graph.h5: the attribute `schema`, the groups node/<type> of further types, and the groups
 * edge/<relation>. */
#include <stdio.h>
#include <string.h>

#include "graph/schema.h"
#include "h5/fingerprint.h"
#include "h5/validate.h"
#include "store/graph.h"

void kith__relation_edges_free(kith_relation_edges *relation) {
  kith_ragged_free(&relation->edges);
  KITH_FREE(relation->weight);
  KITH_FREE(relation->time);
  KITH_FREE(relation->kind);
  KITH_FREE(relation->overlap);
  kith_ids_free(&relation->kind_ids);
}

/* ---- writing ---- */

int64_t kith__relations_bytes(const kith__graph_data *t) {
  int64_t n = 0;
  for (int k = KITH_SIDES; k < t->schema.n_type; k++) n += kith__ids_bytes(&t->ids[k]);
  for (int r = 0; r < t->schema.n_relation; r++)
    n += kith__edge_csr_bytes(&t->relation[r]) + kith__ids_bytes(&t->kind_ids[r]);
  return n;
}

static kith_status relations_text(const kith__graph_data *t, char **text) {
  int64_t n[KITH_MAX_TYPES] = {0}, n_edge[KITH_MAX_RELATIONS] = {0};
  for (int k = 0; k < t->schema.n_type; k++) n[k] = t->ids[k].n;
  for (int r = 0; r < t->schema.n_relation; r++) {
    const kith_ragged *l = &t->relation[r].ragged;
    n_edge[r] = l->start[l->n_row];
  }
  return kith_schema_print(&t->schema, n, n_edge, text);
}

kith_agreed kith__relations_write(kith_h5 *f, const kith__graph_data *t) {
  kith_agreed st = {KITH_OK};
  char *text = NULL, name[KITH_NAME];
  const kith_schema *s = &t->schema;
  if (s->n_relation == 0) return st;
  KITH_TRY(kith_agreed_same(relations_text(t, &text)));
  KITH_TRY(kith_h5_put_attr_text(f, "schema", text));
  kith__h5_fingerprint_text(f, "schema", text);
  for (int k = KITH_SIDES; k < s->n_type; k++) {
    snprintf(name, sizeof name, "node/%.31s/id", s->type[k]);
    KITH_TRY(kith__ids_write(f, name, &t->ids[k]));
  }
  for (int r = 0; r < s->n_relation; r++) {
    snprintf(name, sizeof name, "edge/%.31s", s->relation[r].name);
    KITH_TRY(kith__edge_csr_write(f, name, "to", &t->relation[r]));
    snprintf(name, sizeof name, "edge/%.31s/kind_id", s->relation[r].name);
    if (t->relation[r].kind) KITH_TRY(kith__ids_write(f, name, &t->kind_ids[r]));
  }
done:
  KITH_FREE(text);
  return st;
}

kith_agreed kith__overlaps_write(kith_h5 *f, const kith__graph_data *t) {
  kith_agreed st = {KITH_OK};
  char group[KITH_NAME];
  for (int r = 0; r < t->schema.n_relation; r++) {
    const kith__edge_csr *rows = &t->relation[r];
    if (!rows->overlap) continue;
    snprintf(group, sizeof group, "edge/%.31s", t->schema.relation[r].name);
    KITH_TRY(kith__column_write(f, group, "overlap", KITH_H5_INT32, rows->ragged.start[rows->ragged.n_row],
                                rows->overlap));
  }
done:
  return st;
}

/* ---- reading ---- */

/* A file without the attribute. */
static kith_agreed schema_read_plain(kith_h5 *f, kith_schema *schema, int64_t *n, int64_t *n_edge) {
  kith_agreed st = {KITH_OK};
  int d = 0;
  *schema = kith_schema_users_items();
  KITH_TRY(kith_h5_get_attr_int(f, "n_user", &n[KITH_USER]));
  KITH_TRY(kith_h5_get_attr_int(f, "n_item", &n[KITH_ITEM]));
  KITH_TRY(kith_agreed_same(kith__dataset_check_size(kith_h5_path(f), "n_user", n[KITH_USER], 0)));
  KITH_TRY(kith_agreed_same(kith__dataset_check_size(kith_h5_path(f), "n_item", n[KITH_ITEM], 0)));
  if (!kith_h5_has_dataset(f, "social/start")) goto done;
  schema->n_relation = 1;
  schema->relation[0] = (kith_relation_type){.name = "friend", .from = KITH_USER, .to = KITH_USER};
  KITH_TRY(kith_h5_extent(f, "social/user", &n_edge[0], &d));
done:
  return st;
}

kith_agreed kith__graph_schema_read(kith_h5 *f, kith_schema *schema, int64_t *n, int64_t *n_edge) {
  kith_agreed st = {KITH_OK};
  char *text = NULL;
  memset(n, 0, KITH_MAX_TYPES * sizeof *n);
  memset(n_edge, 0, KITH_MAX_RELATIONS * sizeof *n_edge);
  if (!kith_h5_has_attr(f, "schema")) return schema_read_plain(f, schema, n, n_edge);
  KITH_TRY(kith_h5_get_attr_text(f, "schema", &text));
  KITH_TRY(kith_agreed_same(kith_schema_parse(kith_h5_path(f), text, schema, n, n_edge)));
done:
  KITH_FREE(text);
  return st;
}

const char *kith__relation_group(kith_h5 *f, const kith_relation_type *e, char group[KITH_NAME]) {
  bool old = !kith_h5_has_attr(f, "schema") && !kith_h5_is_labeled(f);
  snprintf(group, KITH_NAME, old ? "social" : "edge/%.31s", e->name);
  return old ? "user" : "to";
}

static kith_status overlaps_check(const char *path, const char *name, int64_t n, const int32_t *overlap) {
  kith_status st = KITH_OK;
  for (int64_t e = 0; e < n; e++)
    KITH_CHECK(overlap[e] >= 0, KITH_EDATA, "%s: %s holds %d, expected 0 or more", path, name, overlap[e]);
done:
  return st;
}

/* Files of earlier versions have none. */
static kith_agreed overlaps_read(const kith_comm *comm, kith_h5 *f, const char *group, int64_t at, int64_t n,
                                 int32_t **overlap) {
  kith_agreed st = {KITH_OK};
  char name[KITH_NAME];
  snprintf(name, sizeof name, "%.50s/overlap", group);
  if (!kith_h5_has_dataset(f, name)) return st;
  KITH_TRY(kith_agree(comm, KITH_NEW(*overlap, n)));
  KITH_TRY(kith_h5_read(f, name, KITH_H5_INT32, 0, at, n, *overlap));
  KITH_TRY(kith_agree(comm, overlaps_check(kith_h5_path(f), name, n, *overlap)));
done:
  return st;
}

static kith_agreed kinds_read(const kith_comm *comm, kith_h5 *f, const char *group, int n_kind,
                              const kith_links_rows *rows, uint16_t **kind) {
  kith_agreed st = {KITH_OK};
  const kith_ragged *l = &rows->edges;
  char name[KITH_NAME];
  snprintf(name, sizeof name, "%.50s/kind", group);
  KITH_TRY(kith_agree(comm, KITH_NEW(*kind, l->start[l->n_row])));
  KITH_TRY(kith_h5_read(f, name, KITH_H5_UINT16, 0, rows->at, l->start[l->n_row], *kind));
  KITH_TRY(kith_agree(comm, kith__validate_kinds(kith_h5_path(f), name, l->n_row, l->start, l->value, *kind,
                                                 n_kind)));
done:
  return st;
}

kith_agreed kith__edge_values_read(const kith_comm *comm, kith_h5 *f, const char *group,
                                   const kith_relation_type *e, const kith_links_rows *rows,
                                   kith_links_values *out) {
  kith_agreed st = {KITH_OK};
  int64_t n = rows->edges.start[rows->edges.n_row];
  if (e->weighted) KITH_TRY(kith__weights_read(comm, f, group, rows->at, n, &out->weight));
  if (e->timed) KITH_TRY(kith__times_read(comm, f, group, rows->at, n, &out->time));
  KITH_TRY(overlaps_read(comm, f, group, rows->at, n, &out->overlap));
  if (e->n_kind > 0) KITH_TRY(kinds_read(comm, f, group, e->n_kind, rows, &out->kind));
done:
  return st;
}

static kith_status kind_ids_check(const char *path, const char *name, int64_t n, int n_kind) {
  if (n == n_kind) return KITH_OK;
  return kith_fail(KITH_EDATA, "%s: \"%s\" has %lld rows, expected %d as in the schema", path, name,
                   (long long)n, n_kind);
}

static kith_agreed kind_ids_read(const kith_comm *comm, kith_h5 *f, const kith_relation_type *e,
                                 kith_ids *out) {
  kith_agreed st = {KITH_OK};
  char name[KITH_NAME];
  if (e->n_kind == 0) return st;
  snprintf(name, sizeof name, "edge/%.31s/kind_id", e->name);
  KITH_TRY(kith__ids_load(comm, f, name, out));
  KITH_TRY(kith_agreed_same(kind_ids_check(kith_h5_path(f), name, out->n, e->n_kind)));
done:
  return st;
}

static kith_agreed relation_read(const kith_comm *comm, kith_h5 *f, const kith_schema *schema, int r,
                                 const int64_t *n, kith_relation_edges *out) {
  kith_agreed st = {KITH_OK};
  const kith_relation_type *e = &schema->relation[r];
  kith_links_rows rows = {.edges = {.n_row = kith_schema_space(schema, n, e->from)}};
  kith_links_values values = {.time = NULL};
  char group[KITH_NAME];
  const char *column = kith__relation_group(f, e, group);
  KITH_TRY(kith__rows_read(comm, f, group, column, rows.edges.n_row, kith_schema_space(schema, n, e->to),
                           e->n_kind > 0, &rows));
  KITH_TRY(kith__edge_values_read(comm, f, group, e, &rows, &values));
  KITH_TRY(kind_ids_read(comm, f, e, &out->kind_ids));
done:
  out->edges = rows.edges;
  out->weight = values.weight;
  out->time = values.time;
  out->kind = values.kind;
  out->overlap = values.overlap;
  return st;
}

kith_agreed kith__relations_read(const kith_comm *comm, kith_h5 *f, kith_dataset *d) {
  kith_agreed st = {KITH_OK};
  int64_t n[KITH_MAX_TYPES], n_edge[KITH_MAX_RELATIONS];
  KITH_TRY(kith__graph_schema_read(f, &d->schema, n, n_edge));
  for (int t = 0; t < KITH_SIDES; t++)
    KITH_TRY(kith_agreed_same(
        n[t] == d->n[t] ? KITH_OK
                        : kith_fail(KITH_EDATA, "%s: has %lld %ss, but %lld in its schema", kith_h5_path(f),
                                    (long long)d->n[t], d->schema.type[t], (long long)n[t])));
  for (int t = KITH_SIDES; t < d->schema.n_type; t++) d->n[t] = n[t];
  for (int r = 0; r < d->schema.n_relation; r++)
    KITH_TRY(relation_read(comm, f, &d->schema, r, d->n, &d->relation[r]));
done:
  return st;
}
