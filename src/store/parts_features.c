/* Read the sparse features of a rank's nodes: a slice of parts.h5. */
#include "h5/validate.h"
#include "store/parts.h"

static kith_status features_sizes(const char *path, int64_t user, int64_t item, kith_graph *g) {
  kith_status st = KITH_OK;
  KITH_CHECK(user >= 0 && user < INT32_MAX && item >= 0 && item < INT32_MAX, KITH_EDATA,
             "%s: impossible sizes: %lld features of users, %lld of items", path, (long long)user,
             (long long)item);
  g->n_feature_of[KITH_USER] = (int)user;
  g->n_feature_of[KITH_ITEM] = (int)item;
done:
  return st;
}

static kith_status features_check(const char *path, const kith_graph *g) {
  kith_status st = KITH_OK;
  const kith_features *f = &g->features;
  for (kith_lid i = 0; i < g->n_own; i++)
    KITH_TRY(kith__validate_features(path, "feature/feature", f->start[i + 1] - f->start[i],
                                     f->index + f->start[i], f->value + f->start[i],
                                     g->type[i] < KITH_SIDES ? g->n_feature_of[g->type[i]] : 0));
done:
  return st;
}

kith_agreed kith__parts_read_features(const kith_comm *comm, kith_h5 *f, kith_graph *g) {
  kith_agreed st = {KITH_OK};
  int64_t *start = NULL, user = 0, item = 0, first = 0;
  if (!kith_h5_has_dataset(f, "feature/start")) return st;
  KITH_TRY(kith_h5_get_attr_int(f, "n_user_feature", &user));
  KITH_TRY(kith_h5_get_attr_int(f, "n_item_feature", &item));
  KITH_TRY(kith_agreed_same(features_sizes(kith_h5_path(f), user, item, g)));
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
