/* graph.h5 of a node classification: the groups node, node_feature, class and edge, which holds relations,
 * too. */
#include <string.h>

#include "h5/fingerprint.h"
#include "h5/validate.h"
#include "store/graph.h"

void kith__node_data_free(kith__node_data *nodes) {
  kith_ids_free(&nodes->classes);
  KITH_FREE(nodes->label);
  kith_features_free(&nodes->features);
  KITH_FREE(nodes->split);
  kith__edge_csr_free(&nodes->edges);
  if (nodes->related) kith__graph_data_free(nodes->related);
  KITH_FREE(nodes->related);
}

/* ---- writing ---- */

/* Ids of nodes, and of features, are their numbers. */
static kith_status nodes_number(int64_t n, kith_ids *ids) {
  kith_status st = KITH_OK;
  *ids = (kith_ids){.n = n};
  KITH_TRY(KITH_NEW(ids->number, n));
  for (int64_t i = 0; i < n; i++) ids->number[i] = i;
done:
  return st;
}

static kith_agreed nodes_write_ids(const kith_comm *comm, kith_h5 *f, int64_t n) {
  kith_agreed st = {KITH_OK};
  kith_ids ids = {0};
  KITH_TRY(kith_agree(comm, nodes_number(n, &ids)));
  KITH_TRY(kith__ids_write(f, "node/id", &ids));
done:
  kith_ids_free(&ids);
  return st;
}

static kith_agreed nodes_write_features(const kith_comm *comm, kith_h5 *f, const kith__node_data *nodes) {
  kith_agreed st = {KITH_OK};
  kith_ids ids = {0};
  KITH_TRY(kith_agree(comm, nodes_number(nodes->n_feature, &ids)));
  KITH_TRY(kith__features_write(f, "node_feature", &nodes->features, &ids, nodes->format));
done:
  kith_ids_free(&ids);
  return st;
}

static kith_agreed nodes_write_numbers(kith_h5 *f, const kith__node_data *nodes) {
  kith_agreed st = {KITH_OK};
  KITH_TRY(kith_h5_put_attr_int(f, "n_node", nodes->n));
  KITH_TRY(kith_h5_put_attr_int(f, "n_edge", nodes->edges.ragged.start[nodes->n] / 2));
  KITH_TRY(kith_h5_put_attr_int(f, "n_class", nodes->classes.n));
  KITH_TRY(kith_h5_put_attr_int(f, "n_feature", nodes->n_feature));
done:
  return st;
}

static int64_t nodes_bytes(const kith__node_data *nodes, const char *job) {
  return (nodes->related ? kith__relations_bytes(nodes->related) : 0) + 32 * nodes->n +
         kith__features_bytes(&nodes->features) + 8 * (int64_t)nodes->n_feature +
         4 * nodes->edges.ragged.start[nodes->n] + (int64_t)strlen(job) + (1 << 16);
}

kith_agreed kith__node_graph_write(const kith_comm *comm, const kith__node_data *nodes, const char *job,
                                   const char *path) {
  kith_agreed st = {KITH_OK};
  kith_h5 *f = NULL;
  const kith_ragged *l = &nodes->edges.ragged;
  int64_t n = nodes->n, n_entry = l->start[n];
  KITH_TRY(kith_h5_create(comm, path, KITH_GRAPH_FORMAT, KITH_FILE_VERSION, nodes_bytes(nodes, job), &f));
  KITH_TRY(nodes_write_numbers(f, nodes));
  KITH_TRY(kith_h5_put_attr_text(f, "job", job));
  kith__h5_fingerprint_begin(f);
  KITH_TRY(nodes_write_ids(comm, f, n));
  KITH_TRY(kith__ids_write(f, "class/id", &nodes->classes));
  KITH_TRY(kith_h5_write(f, "edge/start", KITH_H5_INT64, 0, n + 1, 0, n + 1, false, l->start));
  KITH_TRY(kith_h5_write(f, "edge/node", KITH_H5_INT32, 0, n_entry, 0, n_entry, false, l->value));
  KITH_TRY(kith_h5_write(f, "node/label", KITH_H5_INT32, 0, n, 0, n, false, nodes->label));
  KITH_TRY(kith_h5_write(f, "node/split", KITH_H5_INT8, 0, n, 0, n, false, nodes->split));
  KITH_TRY(nodes_write_features(comm, f, nodes));
  if (nodes->related) KITH_TRY(kith__relations_write(f, nodes->related));
  KITH_TRY(kith__h5_put_fingerprint(f));
  KITH_TRY(kith_h5_publish(&f));
done:
  kith_h5_close(&f);
  return st;
}

/* ---- reading ---- */

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

static kith_status nodes_alloc(int64_t n, kith_dataset *d) {
  kith_status st = KITH_OK;
  KITH_TRY(KITH_NEW(d->label, n));
  KITH_TRY(KITH_NEW(d->split, n));
  KITH_TRY(kith__ragged_alloc(0, 0, &d->valid));
  KITH_TRY(kith__ragged_alloc(0, 0, &d->test));
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

/* Dense features, of older files: as many as the file says before room is made for them. */
static kith_agreed nodes_read_dense(const kith_comm *comm, kith_h5 *f, int64_t n_node, int n_feature,
                                    kith_features *out) {
  kith_agreed st = {KITH_OK};
  int64_t n = 0;
  int d = 0;
  float *dense = NULL;
  KITH_TRY(kith_h5_extent(f, "node/feature", &n, &d));
  KITH_TRY(
      kith_agree(comm, n == n_node && d == n_feature
                           ? KITH_OK
                           : kith_fail(KITH_EDATA, "%s: /node/feature is [%lld, %d], expected [%lld, %d]",
                                       kith_h5_path(f), (long long)n, d, (long long)n_node, n_feature)));
  KITH_TRY(kith_agree(comm, KITH_NEW(dense, n * d)));
  KITH_TRY(kith_h5_read(f, "node/feature", KITH_H5_FLOAT, d, 0, n, dense));
  KITH_TRY(kith_agree(comm, kith__validate_finite(kith_h5_path(f), "node/feature", n * d, dense)));
  KITH_TRY(kith_agree(comm, kith_features_from_dense(n, d, dense, out)));
done:
  KITH_FREE(dense);
  return st;
}

kith_agreed kith__node_dataset_read(const kith_comm *comm, kith_h5 *f, kith_dataset *d) {
  kith_agreed st = {KITH_OK};
  int64_t n, n_class, n_feature;
  KITH_TRY(kith_h5_get_attr_int(f, "n_node", &n));
  KITH_TRY(kith_h5_get_attr_int(f, "n_class", &n_class));
  KITH_TRY(kith_h5_get_attr_int(f, "n_feature", &n_feature));
  KITH_TRY(kith_agreed_same(kith__dataset_check_size(kith_h5_path(f), "n_node", n, 0)));
  KITH_TRY(kith_agreed_same(kith__dataset_check_size(kith_h5_path(f), "n_class", n_class, 1)));
  KITH_TRY(kith_agreed_same(kith__dataset_check_size(kith_h5_path(f), "n_feature", n_feature, 0)));
  d->n[KITH_USER] = n;
  d->n_class = (int)n_class;
  d->n_feature_of[KITH_USER] = (int)n_feature;
  KITH_TRY(kith__ragged_read(comm, f, "edge", "node", n, n, false, &d->train));
  d->n_edge = d->train.start[n] / 2;
  KITH_TRY(kith_agree(comm, edges_check(kith_h5_path(f), &d->train)));
  KITH_TRY(kith_agree(comm, nodes_alloc(n, d)));
  KITH_TRY(kith_h5_read(f, "node/label", KITH_H5_INT32, 0, 0, n, d->label));
  KITH_TRY(kith_h5_read(f, "node/split", KITH_H5_INT8, 0, 0, n, d->split));
  KITH_TRY(
      kith__features_load(comm, f, "node_feature", n, &d->n_feature_of[KITH_USER], &d->features[KITH_USER]));
  if (n_feature > 0 && !d->features[KITH_USER].start)
    KITH_TRY(nodes_read_dense(comm, f, n, (int)n_feature, &d->features[KITH_USER]));
  KITH_TRY(kith_agree(comm, nodes_check(kith_h5_path(f), n, d)));
  if (kith_h5_has_attr(f, "schema")) KITH_TRY(kith__relations_read(comm, f, d));
done:
  return st;
}
