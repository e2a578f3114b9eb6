/* Features in graph.h5: the groups user_feature, item_feature, node_feature and node/TYPE/feature. */
#include <stdio.h>

#include "h5/validate.h"
#include "store/graph.h"

void kith__feature_group(const kith_schema *schema, int type, char group[KITH_NAME]) {
  if (type < KITH_SIDES) snprintf(group, KITH_NAME, "%.31s_feature", schema->type[type]);
  else snprintf(group, KITH_NAME, "node/%.31s/feature", schema->type[type]);
}

int64_t kith__features_bytes(const kith_features *f) {
  return f->start ? (f->n_row + 1) * 8 + f->start[f->n_row] * 8 : 0;
}

kith_agreed kith__features_write(kith_h5 *f, const char *group, const kith_features *x, const kith_ids *ids,
                                 const char *format) {
  kith_agreed st = {KITH_OK};
  char name[KITH_NAME];
  if (!x->start) return st;
  snprintf(name, sizeof name, "%.48s/id", group);
  KITH_TRY(kith__ids_write(f, name, ids));
  KITH_TRY(kith__column_write(f, group, "start", KITH_H5_INT64, x->n_row + 1, x->start));
  KITH_TRY(kith__column_write(f, group, "feature", KITH_H5_INT32, x->start[x->n_row], x->index));
  KITH_TRY(kith__column_write(f, group, "value", KITH_H5_FLOAT, x->start[x->n_row], x->value));
  snprintf(name, sizeof name, "%.48s_format", group);
  KITH_TRY(kith_h5_put_attr_text(f, name, format));
done:
  return st;
}

static kith_status features_check_count(const char *path, const char *group, int64_t n) {
  if (n > 0 && n < INT32_MAX) return KITH_OK;
  return kith_fail(KITH_EDATA, "%s: /%s has %lld features", path, group, (long long)n);
}

kith_agreed kith__feature_rows_read(const kith_comm *comm, kith_h5 *f, const char *group, int64_t n_row,
                                    kith_links_features *x) {
  kith_agreed st = {KITH_OK};
  char start[KITH_NAME], name[KITH_NAME];
  kith_ragged *l = &x->rows.edges;
  int64_t n_feature = 0, n_all = 0;
  int d = 0;
  snprintf(start, sizeof start, "%.48s/start", group);
  if (!kith_h5_has_dataset(f, start)) {
    x->rows = (kith_links_rows){.at = 0};
    return st;
  }
  snprintf(name, sizeof name, "%.48s/id", group);
  KITH_TRY(kith_h5_extent(f, name, &n_feature, &d));
  KITH_TRY(kith_agree(comm, features_check_count(kith_h5_path(f), group, n_feature)));
  x->n_feature = (int)n_feature;
  snprintf(name, sizeof name, "%.48s/feature", group);
  KITH_TRY(kith_h5_extent(f, name, &n_all, &d));
  KITH_TRY(kith__starts_read(comm, f, start, n_row, n_all, &x->rows));
  int64_t n = l->start[l->n_row];
  KITH_TRY(kith_agree(comm, KITH_NEW(l->value, n)));
  KITH_TRY(kith_agree(comm, KITH_NEW(x->value, n)));
  KITH_TRY(kith_h5_read(f, name, KITH_H5_INT32, 0, x->rows.at, n, l->value));
  snprintf(start, sizeof start, "%.48s/value", group);
  KITH_TRY(kith_h5_read(f, start, KITH_H5_FLOAT, 0, x->rows.at, n, x->value));
  KITH_TRY(
      kith_agree(comm, kith__validate_features(kith_h5_path(f), name, n, l->value, x->value, x->n_feature)));
done:
  return st;
}

kith_agreed kith__features_load(const kith_comm *comm, kith_h5 *f, const char *group, int64_t n_row,
                                int *n_feature, kith_features *out) {
  kith_links_features x = {.rows.edges.n_row = n_row};
  kith_agreed st = kith__feature_rows_read(comm, f, group, n_row, &x);
  if (!x.rows.edges.start) return st;
  *out = (kith_features){.n_row = n_row,
                         .start = x.rows.edges.start,
                         .index = x.rows.edges.value,
                         .value = x.value};
  *n_feature = x.n_feature;
  return st;
}
