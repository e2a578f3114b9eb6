/* Writing graph.h5 of a node classification. */
#include <string.h>

#include "h5/fingerprint.h"
#include "store/graph_writer.h"

void kith__node_data_free(kith__node_data *nodes) {
  kith_ids_free(&nodes->classes);
  KITH_FREE(nodes->label);
  KITH_FREE(nodes->feature);
  KITH_FREE(nodes->split);
  kith__edge_csr_free(&nodes->edges);
}

/* A node's id is its number. */
static kith_agreed nodes_write_ids(const kith_comm *comm, kith_h5 *f, int64_t n) {
  kith_agreed st = {KITH_OK};
  kith_ids ids = {.n = n};
  KITH_TRY(kith_agree(comm, KITH_NEW(ids.number, n)));
  for (int64_t i = 0; i < n; i++) ids.number[i] = i;
  KITH_TRY(kith__ids_write(f, "node/id", &ids));
done:
  kith_ids_free(&ids);
  return st;
}

static kith_agreed nodes_write_numbers(kith_h5 *f, const kith__node_data *nodes) {
  kith_agreed st = {KITH_OK};
  KITH_TRY(kith_h5_put_attr_int(f, "n_node", nodes->n));
  KITH_TRY(kith_h5_put_attr_int(f, "n_edge", nodes->edges.lists.start[nodes->n] / 2));
  KITH_TRY(kith_h5_put_attr_int(f, "n_class", nodes->classes.n));
  KITH_TRY(kith_h5_put_attr_int(f, "n_feature", nodes->n_feature));
done:
  return st;
}

static int64_t nodes_bytes(const kith__node_data *nodes, const char *job) {
  return nodes->n * (32 + 4 * (int64_t)nodes->n_feature) + 4 * nodes->edges.lists.start[nodes->n] +
         (int64_t)strlen(job) + (1 << 16);
}

kith_agreed kith__node_graph_write(const kith_comm *comm, const kith__node_data *nodes, const char *job,
                                   const char *path) {
  kith_agreed st = {KITH_OK};
  kith_h5 *f = NULL;
  const kith_ragged *l = &nodes->edges.lists;
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
  if (nodes->feature)
    KITH_TRY(
        kith_h5_write(f, "node/feature", KITH_H5_FLOAT, nodes->n_feature, n, 0, n, true, nodes->feature));
  KITH_TRY(kith__h5_put_fingerprint(f));
  KITH_TRY(kith_h5_publish(&f));
done:
  kith_h5_close(&f);
  return st;
}
