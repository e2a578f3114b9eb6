/* Read the sparse features of a rank's nodes: a slice of parts.h5. */
#include <stdio.h>

#include "h5/validate.h"
#include "store/parts.h"

/* Files without features of further types lack their counts. */
static kith_agreed features_read_count(kith_h5 *f, kith_graph *g, int type) {
  kith_agreed st = {KITH_OK};
  int64_t n = 0;
  char name[KITH_NAME];
  snprintf(name, sizeof name, "n_%.31s_feature", g->schema.type[type]);
  if (type >= KITH_SIDES && !kith_h5_has_attr(f, name)) return st;
  KITH_TRY(kith_h5_get_attr_int(f, name, &n));
  KITH_TRY(kith_agreed_same(
      n >= 0 && n < INT32_MAX
          ? KITH_OK
          : kith_fail(KITH_EDATA, "%s: impossible sizes: %s is %lld", kith_h5_path(f), name, (long long)n)));
  g->n_feature_of[type] = (int)n;
done:
  return st;
}

static kith_status features_check(const char *path, const kith_graph *g) {
  kith_status st = KITH_OK;
  const kith_features *f = &g->features;
  for (kith_lid i = 0; i < g->n_own; i++)
    KITH_TRY(kith__validate_features(path, "feature/feature", f->start[i + 1] - f->start[i],
                                     f->index + f->start[i], f->value + f->start[i],
                                     g->n_feature_of[g->type[i]]));
done:
  return st;
}

kith_agreed kith__parts_read_features(const kith_comm *comm, kith_h5 *f, kith_graph *g) {
  kith_agreed st = {KITH_OK};
  int64_t *start = NULL, first = 0;
  if (!kith_h5_has_dataset(f, "feature/start")) return st;
  for (int t = 0; t < g->schema.n_type; t++) KITH_TRY(features_read_count(f, g, t));
  KITH_TRY(kith__parts_read_offsets(comm, f, "feature/start", "feature/feature", g, &start, &first));
  kith_eid n = start[g->n_own];
  KITH_TRY(kith__parts_check_extent(comm, f, "feature/feature", first + n));
  KITH_TRY(kith_agree(comm, kith_features_make(g->n_own, n, &g->features)));
  for (kith_lid i = 0; i <= g->n_own; i++) g->features.start[i] = start[i];
  KITH_TRY(kith_h5_read(f, "feature/feature", KITH_H5_INT32, 0, first, n, g->features.index));
  KITH_TRY(kith_h5_read(f, "feature/value", KITH_H5_FLOAT, 0, first, n, g->features.value));
  KITH_TRY(kith_agree(comm, features_check(kith_h5_path(f), g)));
done:
  KITH_FREE(start);
  return st;
}
