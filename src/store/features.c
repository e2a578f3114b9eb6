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

static kith_status features_check(const char *path, const char *group, int64_t n, int n_feature,
                                  const kith_features *f) {
  kith_status st = KITH_OK;
  char name[KITH_NAME];
  snprintf(name, sizeof name, "%.48s/start", group);
  KITH_TRY(kith__validate_offsets(path, name, f->n_row + 1, 0, f->n_row + 1, f->start, n));
  snprintf(name, sizeof name, "%.48s/feature", group);
  KITH_TRY(kith__validate_features(path, name, n, f->index, f->value, n_feature));
done:
  return st;
}

static kith_status features_sizes(const char *path, const char *group, int64_t n_start, int64_t n_row,
                                  int64_t n_feature) {
  kith_status st = KITH_OK;
  KITH_CHECK(n_start == n_row + 1 && n_feature > 0 && n_feature < INT32_MAX, KITH_EDATA,
             "%s: /%s has %lld rows of %lld features, expected %lld rows", path, group,
             (long long)n_start - 1, (long long)n_feature, (long long)n_row);
done:
  return st;
}

kith_agreed kith__features_load(const kith_comm *comm, kith_h5 *f, const char *group, int64_t n_row,
                                int *n_feature, kith_features *out) {
  kith_agreed st = {KITH_OK};
  char name[KITH_NAME];
  int64_t n_start = 0, n = 0, n_id = 0;
  int d = 0;
  snprintf(name, sizeof name, "%.48s/start", group);
  if (!kith_h5_has_dataset(f, name)) return st;
  KITH_TRY(kith_h5_extent(f, name, &n_start, &d));
  snprintf(name, sizeof name, "%.48s/feature", group);
  KITH_TRY(kith_h5_extent(f, name, &n, &d));
  snprintf(name, sizeof name, "%.48s/id", group);
  KITH_TRY(kith_h5_extent(f, name, &n_id, &d));
  KITH_TRY(kith_agree(comm, features_sizes(kith_h5_path(f), group, n_start, n_row, n_id)));
  KITH_TRY(kith_agree(comm, kith_features_make(n_row, n, out)));
  KITH_TRY(kith__column_read(f, group, "start", KITH_H5_INT64, n_row + 1, out->start));
  KITH_TRY(kith__column_read(f, group, "feature", KITH_H5_INT32, n, out->index));
  KITH_TRY(kith__column_read(f, group, "value", KITH_H5_FLOAT, n, out->value));
  KITH_TRY(kith_agree(comm, features_check(kith_h5_path(f), group, n, (int)n_id, out)));
  *n_feature = (int)n_id;
done:
  return st;
}
