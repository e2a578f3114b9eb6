/* graph.h5: the file as a whole; its groups are in ids.c, ragged.c, relations.c, features.c and nodes.c. */
#include <stdio.h>
#include <string.h>

#include "base/fault.h"
#include "graph/schema.h"
#include "h5/fingerprint.h"
#include "store/graph.h"

/* ---- writing ---- */

void kith__graph_data_free(kith__graph_data *data) {
  for (int k = 0; k < KITH_SIDES; k++) kith_ids_free(&data->names[k]);
  for (int t = 0; t < KITH_MAX_TYPES; t++) {
    kith_ids_free(&data->ids[t]);
    kith_features_free(&data->features[t]);
    kith_ids_free(&data->feature_ids[t]);
  }
  for (int r = 0; r < KITH_MAX_RELATIONS; r++) {
    kith__edge_csr_free(&data->relation[r]);
    kith_ids_free(&data->kind_ids[r]);
  }
  kith__edge_csr_free(&data->train);
  kith__edge_csr_free(&data->valid);
  kith__edge_csr_free(&data->test);
  kith__edge_csr_free(&data->outside);
  kith__event_list_free(&data->events);
  KITH_FREE(data->is_new);
  KITH_FREE(data->taken);
}

static int64_t graph_data_bytes(const kith__graph_data *t, const char *job) {
  int64_t n = kith__edge_csr_bytes(&t->train) + kith__edge_csr_bytes(&t->valid) +
              kith__edge_csr_bytes(&t->test) + kith__relations_bytes(t);
  if (t->outside.ragged.start) n += kith__edge_csr_bytes(&t->outside);
  n += kith__event_list_bytes(&t->events);
  if (t->is_new) n += t->train.ragged.start[t->train.ragged.n_row] + (int64_t)strlen(t->taken);
  for (int k = 0; k < KITH_SIDES; k++) n += kith__ids_bytes(&t->ids[k]) + kith__ids_bytes(&t->names[k]);
  for (int k = 0; k < KITH_MAX_TYPES; k++)
    n += kith__ids_bytes(&t->feature_ids[k]) + kith__features_bytes(&t->features[k]);
  return n + (int64_t)strlen(job) + (1 << 16);
}

static kith_agreed graph_write_features(kith_h5 *f, const kith__graph_data *t, int type) {
  kith_agreed st = {KITH_OK};
  char group[KITH_NAME], name[KITH_NAME];
  kith__feature_group(&t->schema, type, group);
  KITH_TRY(
      kith__features_write(f, group, &t->features[type], &t->feature_ids[type], t->feature_format[type]));
  if (!t->features[type].start) goto done;
  snprintf(name, sizeof name, "%.48s_delimiters", group);
  KITH_TRY(kith_h5_put_attr_text(f, name, t->feature_delimiters[type]));
done:
  return st;
}

/* What is rank 0's, before the rows of users. */
static kith_agreed graph_write_nodes(kith_h5 *f, const kith__graph_data *t, const char *job) {
  kith_agreed st = {KITH_OK};
  KITH_TRY(kith_h5_put_attr_int(f, "n_user", t->ids[KITH_USER].n));
  KITH_TRY(kith_h5_put_attr_int(f, "n_item", t->ids[KITH_ITEM].n));
  KITH_TRY(kith_h5_put_attr_text(f, "job", job));
  KITH_TRY(kith_h5_put_attr_int(f, "interactions_format", t->format));
  KITH_TRY(kith_h5_put_time_is(f, t->time_is));
  kith__h5_fingerprint_begin(f);
  KITH_TRY(kith__ids_write(f, "user/id", &t->ids[KITH_USER]));
  KITH_TRY(kith__ids_write(f, "item/id", &t->ids[KITH_ITEM]));
  if (t->names[KITH_USER].text) KITH_TRY(kith__ids_write(f, "user/name", &t->names[KITH_USER]));
  if (t->names[KITH_ITEM].text) KITH_TRY(kith__ids_write(f, "item/name", &t->names[KITH_ITEM]));
done:
  return st;
}

/* What is rank 0's, behind them. */
static kith_agreed graph_write_rest(kith_h5 *f, const kith__graph_data *t) {
  kith_agreed st = {KITH_OK};
  KITH_TRY(kith__event_list_write(f, &t->events));
  KITH_TRY(kith__relations_write(f, t));
  for (int k = 0; k < t->schema.n_type; k++) KITH_TRY(graph_write_features(f, t, k));
done:
  return st;
}

static kith_agreed graph_write_rows(const kith_comm *comm, kith_h5 *f, const kith__graph_data *t) {
  kith_agreed st = {KITH_OK};
  KITH_TRY(kith__user_rows_write(comm, f, "train", &t->train));
  if (t->is_new) KITH_TRY(kith__update_write(f, t));
  KITH_TRY(kith__user_rows_write(comm, f, "valid", &t->valid));
  KITH_TRY(kith__user_rows_write(comm, f, "test", &t->test));
  if (t->outside.ragged.start) KITH_TRY(kith__user_rows_write(comm, f, "outside", &t->outside));
done:
  return st;
}

kith_agreed kith__graph_write(const kith_comm *comm, const kith__graph_data *t, const char *job,
                              const char *path) {
  kith_agreed st = {KITH_OK};
  kith_h5 *f = NULL;
  int64_t bytes = graph_data_bytes(t, job);
  kith_comm_sum_int(comm, 1, &bytes);
  KITH_TRY(kith_h5_create_single(comm, path, KITH_GRAPH_FORMAT, KITH_FILE_VERSION, bytes, &f));
  if (kith_h5_alone(f)) st = graph_write_nodes(f, t, job);
  KITH_TRY(kith_h5_together(f, st));
  kith__h5_fingerprint_begin(f);
  if (comm->size > 1) kith_fault_step(); /* one rank alone is killed in its renames */
  KITH_TRY(graph_write_rows(comm, f, t));
  if (kith_h5_alone(f)) st = graph_write_rest(f, t);
  KITH_TRY(kith_h5_together(f, st));
  KITH_TRY(kith__h5_put_fingerprint(f));
  if (kith_h5_alone(f)) st = kith__overlaps_write(f, t);
  KITH_TRY(kith_h5_together(f, st));
  KITH_TRY(kith_h5_publish(&f));
done:
  kith_h5_close(&f);
  return st;
}

/* ---- reading ---- */

void kith_dataset_destroy(kith_dataset **dataset) {
  kith_dataset *d = *dataset;
  if (!d) return;
  kith_ragged_free(&d->train);
  kith_ragged_free(&d->valid);
  kith_ragged_free(&d->test);
  kith_ragged_free(&d->outside);
  for (int r = 0; r < KITH_MAX_RELATIONS; r++) kith__relation_edges_free(&d->relation[r]);
  for (int t = 0; t < KITH_MAX_TYPES; t++) kith_features_free(&d->features[t]);
  KITH_FREE(d->weight);
  KITH_FREE(d->time);
  KITH_FREE(d->is_new);
  KITH_FREE(d->label);
  KITH_FREE(d->split);
  KITH_FREE(*dataset);
}

/* The numbers of users and items, or of nodes, that a file may have. */
kith_status kith__dataset_check_size(const char *path, const char *what, int64_t n, int64_t low) {
  if (n >= low && n < INT32_MAX) return KITH_OK;
  return kith_fail(KITH_EDATA, "%s: %s is %lld, expected %lld to 2^31 - 2", path, what, (long long)n,
                   (long long)low);
}

static kith_agreed dataset_read_pairs(const kith_comm *comm, kith_h5 *f, kith_dataset *d) {
  kith_agreed st = {KITH_OK};
  int64_t n_user, n_item;
  char group[KITH_NAME];
  KITH_TRY(kith_h5_get_attr_int(f, "n_user", &n_user));
  KITH_TRY(kith_h5_get_attr_int(f, "n_item", &n_item));
  KITH_TRY(kith_agreed_same(kith__dataset_check_size(kith_h5_path(f), "n_user", n_user, 0)));
  KITH_TRY(kith_agreed_same(kith__dataset_check_size(kith_h5_path(f), "n_item", n_item, 0)));
  d->n[KITH_USER] = n_user;
  d->n[KITH_ITEM] = n_item;
  KITH_TRY(kith__ragged_read(comm, f, "train", "item", n_user, n_item, false, &d->train));
  KITH_TRY(kith__weights_read(comm, f, "train", 0, d->train.start[d->train.n_row], &d->weight));
  KITH_TRY(kith__times_read(comm, f, "train", 0, d->train.start[d->train.n_row], &d->time));
  KITH_TRY(kith_h5_get_time_is(f, &d->time_is));
  KITH_TRY(kith__ragged_read(comm, f, "valid", "item", n_user, n_item, false, &d->valid));
  KITH_TRY(kith__ragged_read(comm, f, "test", "item", n_user, n_item, false, &d->test));
  if (kith_h5_has_dataset(f, "outside/item"))
    KITH_TRY(kith__ragged_read(comm, f, "outside", "item", n_user, n_item, false, &d->outside));
  KITH_TRY(kith__relations_read(comm, f, d));
  for (int t = 0; t < d->schema.n_type; t++) {
    kith__feature_group(&d->schema, t, group);
    KITH_TRY(kith__features_load(comm, f, group, d->n[t], &d->n_feature_of[t], &d->features[t]));
  }
  d->n_edge = d->train.start[n_user];
  KITH_TRY(kith_h5_get_parent(f, &d->schema, d->n, &d->parent));
  if (d->parent.is) KITH_TRY(kith__is_new_read(comm, f, d->n_edge, &d->is_new));
done:
  return st;
}

static kith_agreed dataset_read(const kith_comm *comm, kith_h5 *f, kith_dataset *d) {
  kith_agreed st = {KITH_OK};
  int64_t fingerprint;
  KITH_TRY(kith_h5_get_attr_int(f, "fingerprint", &fingerprint));
  d->fingerprint = (uint64_t)fingerprint;
  bool labeled = kith_h5_is_labeled(f);
  d->schema = labeled ? kith_schema_nodes() : kith_schema_users_items();
  KITH_TRY(labeled ? kith__node_dataset_read(comm, f, d) : dataset_read_pairs(comm, f, d));
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
