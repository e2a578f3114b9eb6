/* Ingest for node classification: rank 0 reads the lists and writes graph.h5. */
#include <string.h>

#include "ingest/features.h"
#include "ingest/nodes.h"

static kith_status nodes_check(const kith_ingest_nodes_options *o) {
  kith_status st = KITH_OK;
  KITH_CHECK(o->edges[0] || o->n_relation > 0, KITH_ECONFIG,
             "data.edges.path: expected the path of a list of edges, found none");
  KITH_CHECK(o->labels[0], KITH_ECONFIG,
             "data.labels.path: expected the path of a list of labels, found none");
  KITH_CHECK(o->train[0], KITH_ECONFIG,
             "data.splits.train: expected the path of a list of nodes, found none");
done:
  return st;
}

kith_status kith__node_features_read(const kith_ingest_nodes_options *o, kith__node_data *nodes,
                                     kith_list_report *report) {
  kith_status st = KITH_OK;
  kith_feature_source source = {.format = o->format, .normalize = o->normalize};
  kith__feature_reader d = {.source = &source, .n_line = nodes->n};
  memcpy(source.path, o->features, sizeof source.path);
  KITH_TRY(kith__features_read(&d, &nodes->features));
  nodes->n_feature = d.n_numbered;
  nodes->format = kith_feature_format_text(d.format);
  *report = d.report;
done:
  return st;
}

static void nodes_count(const kith__node_data *nodes, kith_ingest_nodes_report *r) {
  const kith_eid *start = nodes->edges.ragged.start;
  r->n = nodes->n;
  r->n_edge = start[nodes->n] / 2;
  r->n_class = (int)nodes->classes.n;
  r->n_feature = nodes->n_feature;
  for (int64_t i = 0; i < nodes->n; i++) {
    r->split[nodes->split[i]]++;
    r->isolated += start[i] == start[i + 1];
    r->unlabeled += nodes->label[i] < 0;
  }
}

static kith_status nodes_read(const kith_ingest_nodes_options *o, kith__node_data *nodes,
                              kith_ingest_nodes_report *r) {
  kith_status st = KITH_OK;
  KITH_TRY(nodes_check(o));
  KITH_TRY(kith__node_labels_read(o->labels, nodes, &r->minus_one, &r->labels_list));
  KITH_TRY(kith__node_split_read(o->train, KITH_NODE_TRAIN, nodes, &r->split_list[KITH_NODE_TRAIN]));
  if (o->valid[0])
    KITH_TRY(kith__node_split_read(o->valid, KITH_NODE_VALID, nodes, &r->split_list[KITH_NODE_VALID]));
  if (o->test[0])
    KITH_TRY(kith__node_split_read(o->test, KITH_NODE_TEST, nodes, &r->split_list[KITH_NODE_TEST]));
  if (o->edges[0]) KITH_TRY(kith__node_edges_read(o->edges, nodes, r));
  else KITH_TRY(kith__ragged_alloc(nodes->n, 0, &nodes->edges.ragged));
  if (o->n_relation + o->n_path > 0) KITH_TRY(kith__node_relations_read(o, nodes, r));
  if (o->features[0]) KITH_TRY(kith__node_features_read(o, nodes, &r->features_list));
  nodes_count(nodes, r);
done:
  return st;
}

/* The work of rank 0; it writes the file over MPI_COMM_SELF. */
static kith_status nodes_alone(const kith_ingest_nodes_options *o, const char *job, const char *path,
                               kith_ingest_nodes_report *report) {
  kith_status st = KITH_OK;
  kith__node_data nodes = {0};
  const kith_comm alone = {.mpi = MPI_COMM_SELF, .rank = 0, .size = 1};
  KITH_TRY(nodes_read(o, &nodes, report));
  KITH_TRY(kith_log_check());
  KITH_TRY(kith__node_graph_write(&alone, &nodes, job, path).status);
done:
  kith__node_data_free(&nodes);
  return st;
}

kith_agreed kith_ingest_nodes(const kith_comm *comm, const kith_ingest_nodes_options *o, const char *job,
                              const char *path, kith_ingest_nodes_report *report) {
  kith_agreed st = {KITH_OK};
  memset(report, 0, sizeof *report);
  KITH_TRY(kith_agree(comm, comm->rank == 0 ? nodes_alone(o, job, path, report) : KITH_OK));
  kith_comm_bcast(comm, (int64_t)sizeof *report, report);
done:
  return st;
}
