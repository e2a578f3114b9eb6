/* What is known of nodes, in global order. */
#include <stdio.h>
#include <string.h>

#include "partition.h"

static bool features_any(const kith_dataset *d) {
  for (int t = 0; t < KITH_MAX_TYPES; t++)
    if (d->n_feature_of[t] > 0) return true;
  return false;
}

/* The row of node i; those of a type without a list are empty. */
static kith_eid features_row(const kith_dataset *d, int64_t i, const kith_features **from, kith_eid *begin) {
  int64_t row = i;
  const int t = kith__partition_type(d->n, &row);
  *from = &d->features[t];
  if (!d->features[t].start) return 0;
  *begin = d->features[t].start[row];
  return d->features[t].start[row + 1] - *begin;
}

int64_t kith__partition_n_features(const kith_dataset *d) {
  int64_t n = 0;
  for (int t = 0; t < KITH_MAX_TYPES; t++)
    if (d->features[t].start) n += d->features[t].start[d->features[t].n_row];
  return n;
}

static kith_status features_cut(const kith_dataset *d, int64_t n, const int64_t *node, kith_features *out) {
  kith_status st = KITH_OK;
  KITH_TRY(kith_features_make(n, kith__partition_n_features(d), out));
  for (int64_t k = 0; k < n; k++) {
    const kith_features *from = NULL;
    kith_eid begin = 0, at = out->start[k], many = features_row(d, node[k], &from, &begin);
    if (many > 0) {
      memcpy(out->index + at, from->index + begin, (size_t)many * sizeof *out->index);
      memcpy(out->value + at, from->value + begin, (size_t)many * sizeof *out->value);
    }
    out->start[k + 1] = at + many;
  }
done:
  return st;
}

kith_agreed kith__partition_write_features(const kith_comm *comm, kith_h5 *f, const kith_dataset *d,
                                           int64_t n, const int64_t *node) {
  kith_agreed st = {KITH_OK};
  kith_features cut = {0};
  char name[KITH_NAME];
  if (!features_any(d)) return st;
  KITH_TRY(kith_agree(comm, features_cut(d, n, node, &cut)));
  kith_eid many = cut.start[n];
  for (int t = 0; t < d->schema.n_type; t++) {
    snprintf(name, sizeof name, "n_%.31s_feature", d->schema.type[t]);
    KITH_TRY(kith_h5_put_attr_int(f, name, d->n_feature_of[t]));
  }
  KITH_TRY(kith__partition_put(f, "feature/start", KITH_H5_INT64, 0, n + 1, cut.start));
  KITH_TRY(kith__partition_put(f, "feature/feature", KITH_H5_INT32, 0, many, cut.index));
  KITH_TRY(kith__partition_put(f, "feature/value", KITH_H5_FLOAT, 0, many, cut.value));
done:
  kith_features_free(&cut);
  return st;
}
