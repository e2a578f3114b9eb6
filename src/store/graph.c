/* Reading graph.h5 whole: every rank gets all lists, checked to be what they claim. */
#include <math.h>
#include <stdio.h>

#include "h5/validate.h"
#include "kith/store.h"

void kith_dataset_destroy(kith_dataset **dataset) {
  kith_dataset *d = *dataset;
  if (!d) return;
  kith_ragged_free(&d->train);
  kith_ragged_free(&d->valid);
  kith_ragged_free(&d->test);
  for (int t = 0; t < KITH_TYPES; t++) kith_features_free(&d->features[t]);
  KITH_FREE(d->weight);
  KITH_FREE(d->feature);
  KITH_FREE(d->label);
  KITH_FREE(d->split);
  KITH_FREE(*dataset);
}

static kith_status items_check(const char *path, const char *group, const char *column, int64_t n_item,
                               const kith_ragged *l) {
  kith_status st = KITH_OK;
  bool good = true;
  for (int64_t u = 0; u < l->n_row; u++)
    for (kith_eid e = l->start[u]; e < l->start[u + 1]; e++)
      good = good && l->value[e] >= 0 && l->value[e] < n_item &&
             (e == l->start[u] || l->value[e - 1] < l->value[e]);
  KITH_CHECK(good, KITH_EDATA, "%s: /%s/%s has a row that is not made of ascending %ss", path, group, column,
             column);
done:
  return st;
}

static kith_status lists_alloc(int64_t n_row, int64_t n, kith_ragged *lists) {
  kith_status st = KITH_OK;
  lists->n_row = n_row;
  KITH_TRY(KITH_NEW(lists->start, n_row + 1));
  KITH_TRY(KITH_NEW(lists->value, n));
done:
  return st;
}

/* The numbers of users and items, or of nodes, that a file may have. */
static kith_status sizes_check(const char *path, const char *what, int64_t n, int64_t low) {
  if (n >= low && n < INT32_MAX) return KITH_OK;
  return kith_fail(KITH_EDATA, "%s: %s is %lld, expected %lld to 2^31 - 2", path, what, (long long)n,
                   (long long)low);
}

/* Every edge stands at both of its ends, and none leads back to where it comes from. */
static kith_status edges_check(const char *path, const kith_ragged *l) {
  kith_status st = KITH_OK;
  for (int64_t i = 0; i < l->n_row; i++)
    for (kith_eid e = l->start[i]; e < l->start[i + 1]; e++)
      KITH_CHECK(l->value[e] != i && kith_ragged_has(l, l->value[e], (int32_t)i), KITH_EDATA,
                 "%s: /edge/node: %d is a neighbor of %lld, which is none of %d", path, l->value[e],
                 (long long)i, l->value[e]);
done:
  return st;
}

/* n rows of "group/column". */
static kith_agreed column_read(kith_h5 *f, const char *group, const char *column, kith_h5_type type,
                               int64_t n, void *data) {
  char name[KITH_NAME];
  snprintf(name, sizeof name, "%s/%s", group, column);
  return kith_h5_read(f, name, type, 0, 0, n, data);
}

/* Rows of group/`column`, each of ascending numbers below `n_item`. */
static kith_agreed lists_read(const kith_comm *comm, kith_h5 *f, const char *group, const char *column,
                              int64_t n_row, int64_t n_item, kith_ragged *lists) {
  kith_agreed st = {KITH_OK};
  char name[KITH_NAME];
  int64_t n, n_start;
  int d;
  snprintf(name, sizeof name, "%s/%s", group, column);
  KITH_TRY(kith_h5_extent(f, name, &n, &d));
  snprintf(name, sizeof name, "%s/start", group);
  KITH_TRY(kith_h5_extent(f, name, &n_start, &d));
  KITH_TRY(
      kith_agree(comm, n_start == n_row + 1
                           ? KITH_OK
                           : kith_fail(KITH_EDATA, "%s: /%s has %lld places, expected %lld", kith_h5_path(f),
                                       name, (long long)n_start, (long long)n_row + 1)));
  KITH_TRY(kith_agree(comm, lists_alloc(n_row, n, lists)));
  KITH_TRY(column_read(f, group, "start", KITH_H5_INT64, n_row + 1, lists->start));
  KITH_TRY(kith_agree(comm, kith__validate_offsets(kith_h5_path(f), name, n_row + 1, 0, n_row + 1,
                                                   lists->start, n)));
  KITH_TRY(column_read(f, group, column, KITH_H5_INT32, n, lists->value));
  KITH_TRY(kith_agree(comm, items_check(kith_h5_path(f), group, column, n_item, lists)));
done:
  return st;
}

static kith_agreed weights_read(const kith_comm *comm, kith_h5 *f, int64_t n, float **weight) {
  kith_agreed st = {KITH_OK};
  if (!kith_h5_has_dataset(f, "train/weight")) return st;
  KITH_TRY(kith_agree(comm, KITH_NEW(*weight, n)));
  KITH_TRY(column_read(f, "train", "weight", KITH_H5_FLOAT, n, *weight));
  KITH_TRY(kith_agree(comm, kith__validate_finite(kith_h5_path(f), "train/weight", n, *weight)));
done:
  return st;
}

static kith_status features_check(const char *path, const char *group, int64_t n, int n_feature,
                                  const kith_features *f) {
  kith_status st = KITH_OK;
  char name[KITH_NAME];
  snprintf(name, sizeof name, "%s/start", group);
  KITH_TRY(kith__validate_offsets(path, name, f->n_row + 1, 0, f->n_row + 1, f->start, n));
  for (kith_eid e = 0; e < n; e++)
    KITH_CHECK(f->index[e] >= 0 && f->index[e] < n_feature && isfinite(f->value[e]), KITH_EDATA,
               "%s: /%s/feature holds %d of %d features, with the value %g", path, group, f->index[e],
               n_feature, (double)f->value[e]);
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

/* Features of a type, if there are any. */
static kith_agreed features_read(const kith_comm *comm, kith_h5 *f, const char *group, int64_t n_row,
                                 int *n_feature, kith_features *out) {
  kith_agreed st = {KITH_OK};
  char name[KITH_NAME];
  int64_t n_start = 0, n = 0, n_id = 0;
  int d = 0;
  snprintf(name, sizeof name, "%s/start", group);
  if (!kith_h5_has_dataset(f, name)) return st;
  KITH_TRY(kith_h5_extent(f, name, &n_start, &d));
  snprintf(name, sizeof name, "%s/feature", group);
  KITH_TRY(kith_h5_extent(f, name, &n, &d));
  snprintf(name, sizeof name, "%s/id", group);
  KITH_TRY(kith_h5_extent(f, name, &n_id, &d));
  KITH_TRY(kith_agree(comm, features_sizes(kith_h5_path(f), group, n_start, n_row, n_id)));
  KITH_TRY(kith_agree(comm, kith_features_make(n_row, n, out)));
  KITH_TRY(column_read(f, group, "start", KITH_H5_INT64, n_row + 1, out->start));
  KITH_TRY(column_read(f, group, "feature", KITH_H5_INT32, n, out->index));
  KITH_TRY(column_read(f, group, "value", KITH_H5_FLOAT, n, out->value));
  KITH_TRY(kith_agree(comm, features_check(kith_h5_path(f), group, n, (int)n_id, out)));
  *n_feature = (int)n_id;
done:
  return st;
}

static kith_agreed dataset_read_pairs(const kith_comm *comm, kith_h5 *f, kith_dataset *d) {
  kith_agreed st = {KITH_OK};
  int64_t n_user, n_item;
  KITH_TRY(kith_h5_get_attr_int(f, "n_user", &n_user));
  KITH_TRY(kith_h5_get_attr_int(f, "n_item", &n_item));
  KITH_TRY(kith_agreed_same(sizes_check(kith_h5_path(f), "n_user", n_user, 0)));
  KITH_TRY(kith_agreed_same(sizes_check(kith_h5_path(f), "n_item", n_item, 0)));
  d->n[KITH_USER] = n_user;
  d->n[KITH_ITEM] = n_item;
  KITH_TRY(lists_read(comm, f, "train", "item", n_user, n_item, &d->train));
  KITH_TRY(weights_read(comm, f, d->train.start[d->train.n_row], &d->weight));
  KITH_TRY(lists_read(comm, f, "valid", "item", n_user, n_item, &d->valid));
  KITH_TRY(lists_read(comm, f, "test", "item", n_user, n_item, &d->test));
  KITH_TRY(
      features_read(comm, f, "user_feature", n_user, &d->n_feature_of[KITH_USER], &d->features[KITH_USER]));
  KITH_TRY(
      features_read(comm, f, "item_feature", n_item, &d->n_feature_of[KITH_ITEM], &d->features[KITH_ITEM]));
  d->n_edge = d->train.start[n_user];
done:
  return st;
}

static kith_status nodes_alloc(int64_t n, kith_dataset *d) {
  kith_status st = KITH_OK;
  KITH_TRY(KITH_NEW(d->label, n));
  KITH_TRY(KITH_NEW(d->split, n));
  KITH_TRY(KITH_NEW(d->feature, n * d->n_feature));
  KITH_TRY(lists_alloc(0, 0, &d->valid));
  KITH_TRY(lists_alloc(0, 0, &d->test));
done:
  return st;
}

static kith_status nodes_check(const char *path, int64_t n, const kith_dataset *d) {
  kith_status st = KITH_OK;
  for (int64_t i = 0; i < n; i++) {
    bool good =
        d->label[i] >= -1 && d->label[i] < d->n_class && d->split[i] >= 0 && d->split[i] < KITH_NODE_SPLITS;
    KITH_CHECK(good && (d->split[i] == KITH_NODE_NONE || d->label[i] >= 0), KITH_EDATA,
               "%s: node %lld has label %d of %d and split %d", path, (long long)i, d->label[i], d->n_class,
               d->split[i]);
  }
done:
  return st;
}

/* Features are as many as the file says before room is made for them. */
static kith_agreed nodes_check_extent(const kith_comm *comm, kith_h5 *f, int64_t n_node, int n_feature) {
  kith_agreed st = {KITH_OK};
  int64_t n = 0;
  int d = 0;
  if (n_feature == 0) return st;
  KITH_TRY(kith_h5_extent(f, "node/feature", &n, &d));
  KITH_TRY(
      kith_agree(comm, n == n_node && d == n_feature
                           ? KITH_OK
                           : kith_fail(KITH_EDATA, "%s: /node/feature is [%lld, %d], expected [%lld, %d]",
                                       kith_h5_path(f), (long long)n, d, (long long)n_node, n_feature)));
done:
  return st;
}

static kith_agreed dataset_read_nodes(const kith_comm *comm, kith_h5 *f, kith_dataset *d) {
  kith_agreed st = {KITH_OK};
  int64_t n, n_class, n_feature;
  KITH_TRY(kith_h5_get_attr_int(f, "n_node", &n));
  KITH_TRY(kith_h5_get_attr_int(f, "n_class", &n_class));
  KITH_TRY(kith_h5_get_attr_int(f, "n_feature", &n_feature));
  KITH_TRY(kith_agreed_same(sizes_check(kith_h5_path(f), "n_node", n, 0)));
  KITH_TRY(kith_agreed_same(sizes_check(kith_h5_path(f), "n_class", n_class, 1)));
  KITH_TRY(kith_agreed_same(sizes_check(kith_h5_path(f), "n_feature", n_feature, 0)));
  d->n[KITH_USER] = n;
  d->n_class = (int)n_class;
  d->n_feature = (int)n_feature;
  KITH_TRY(lists_read(comm, f, "edge", "node", n, n, &d->train));
  d->n_edge = d->train.start[n] / 2;
  KITH_TRY(kith_agree(comm, edges_check(kith_h5_path(f), &d->train)));
  KITH_TRY(nodes_check_extent(comm, f, n, d->n_feature));
  KITH_TRY(kith_agree(comm, nodes_alloc(n, d)));
  KITH_TRY(kith_h5_read(f, "node/label", KITH_H5_INT32, 0, 0, n, d->label));
  KITH_TRY(kith_h5_read(f, "node/split", KITH_H5_INT8, 0, 0, n, d->split));
  if (n_feature > 0)
    KITH_TRY(kith_h5_read(f, "node/feature", KITH_H5_FLOAT, (int)n_feature, 0, n, d->feature));
  KITH_TRY(
      kith_agree(comm, kith__validate_finite(kith_h5_path(f), "node/feature", n * d->n_feature, d->feature)));
  KITH_TRY(kith_agree(comm, nodes_check(kith_h5_path(f), n, d)));
done:
  return st;
}

static kith_agreed dataset_read(const kith_comm *comm, kith_h5 *f, kith_dataset *d) {
  kith_agreed st = {KITH_OK};
  int64_t fingerprint;
  KITH_TRY(kith_h5_get_attr_int(f, "fingerprint", &fingerprint));
  d->fingerprint = (uint64_t)fingerprint;
  d->task = kith_h5_task(f);
  KITH_TRY(d->task == KITH_CLASSIFY ? dataset_read_nodes(comm, f, d) : dataset_read_pairs(comm, f, d));
done:
  return st;
}

kith_agreed kith_dataset_read(const kith_comm *comm, const char *path, kith_dataset **out) {
  kith_agreed st = {KITH_OK};
  kith_dataset *d = NULL;
  kith_h5 *f = NULL;
  *out = NULL;
  KITH_TRY(kith_h5_open(comm, path, KITH_GRAPH_FORMAT, KITH_FILE_VERSION, &f));
  KITH_TRY(kith_agree(comm, KITH_NEW(d, 1)));
  KITH_TRY(dataset_read(comm, f, d));
  *out = d;
  d = NULL;
done:
  kith_h5_close(&f);
  kith_dataset_destroy(&d);
  return st;
}
