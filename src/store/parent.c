/*
 * What graph.h5 and parts.h5 say of an update: the graph that it was made from, the training interactions
 * which that one lacks, and the lists that were taken.  Other files have none of it.
 */
#include <stdio.h>

#include "store/graph.h"

static const char *parent_name(const kith_schema *schema, int type, char name[KITH_NAME]) {
  snprintf(name, KITH_NAME, "parent_%.31s", schema->type[type]);
  return name;
}

kith_agreed kith_h5_put_parent(kith_h5 *f, const kith_schema *schema, const kith_parent *parent) {
  kith_agreed st = {KITH_OK};
  char name[KITH_NAME];
  if (!parent->is) return st;
  KITH_TRY(kith_h5_put_attr_int(f, "parent", (int64_t)parent->fingerprint));
  for (int t = 0; t < schema->n_type; t++)
    KITH_TRY(kith_h5_put_attr_int(f, parent_name(schema, t, name), parent->n[t]));
done:
  return st;
}

static kith_status parent_check(const char *path, const kith_schema *schema, int type, int64_t n,
                                int64_t before) {
  if (before >= 0 && before <= n) return KITH_OK;
  return kith_fail(KITH_EDATA, "%s: parent_%s is %lld, expected 0 to %lld, the nodes that there are", path,
                   schema->type[type], (long long)before, (long long)n);
}

kith_agreed kith_h5_get_parent(kith_h5 *f, const kith_schema *schema, const int64_t *n, kith_parent *out) {
  kith_agreed st = {KITH_OK};
  kith_parent parent = {.is = true};
  int64_t fingerprint = 0;
  char name[KITH_NAME];
  *out = (kith_parent){.is = false};
  if (!kith_h5_has_attr(f, "parent")) return st;
  KITH_TRY(kith_h5_get_attr_int(f, "parent", &fingerprint));
  parent.fingerprint = (uint64_t)fingerprint;
  for (int t = 0; t < schema->n_type; t++) {
    KITH_TRY(kith_h5_get_attr_int(f, parent_name(schema, t, name), &parent.n[t]));
    KITH_TRY(kith_agreed_same(parent_check(kith_h5_path(f), schema, t, n[t], parent.n[t])));
  }
  *out = parent;
done:
  return st;
}

kith_agreed kith__update_write(kith_h5 *f, const kith__graph_data *t) {
  kith_agreed st = {KITH_OK};
  int64_t n = t->train.ragged.start[t->train.ragged.n_row];
  KITH_TRY(kith_h5_put_parent(f, &t->schema, &t->parent));
  KITH_TRY(kith_h5_put_attr_text(f, "taken", t->taken));
  KITH_TRY(kith__column_write(f, "train", "new", KITH_H5_INT8, n, t->is_new));
done:
  return st;
}

kith_status kith__is_new_check(const char *path, int64_t n, const int8_t *is_new) {
  kith_status st = KITH_OK;
  for (int64_t e = 0; e < n; e++)
    KITH_CHECK(is_new[e] == 0 || is_new[e] == 1, KITH_EDATA, "%s: train/new holds %d, expected 0 or 1", path,
               is_new[e]);
done:
  return st;
}

kith_agreed kith__is_new_read(const kith_comm *comm, kith_h5 *f, int64_t n, int8_t **is_new) {
  kith_agreed st = {KITH_OK};
  KITH_TRY(kith_agree(comm, KITH_NEW(*is_new, n)));
  KITH_TRY(kith__column_read(f, "train", "new", KITH_H5_INT8, n, *is_new));
  KITH_TRY(kith_agree(comm, kith__is_new_check(kith_h5_path(f), n, *is_new)));
done:
  return st;
}
