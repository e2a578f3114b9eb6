/* Private to ingest: lists of a node classification.  All are Local; errors: KITH_ENOINPUT, KITH_EDATA. */
#ifndef KITH_INGEST_NODES_H
#define KITH_INGEST_NODES_H

#include "ingest/lists.h"

/** Read labels: sets n, classes and label; *minus_one counts labels -1, which mean none. */
kith_status kith__node_labels_read(const char *path, kith__node_data *nodes, int64_t *minus_one,
                                   kith_list_report *report) KITH_MUST_USE;
/** Read features of n nodes. */
kith_status kith__node_features_read(const kith_ingest_nodes_options *o, kith__node_data *nodes,
                                     kith_list_report *report) KITH_MUST_USE;
/** Read the nodes of a split; each must be labeled, and in one split only. */
kith_status kith__node_split_read(const char *path, kith_node_split split, kith__node_data *nodes,
                                  kith_list_report *report) KITH_MUST_USE;
/** Read edges among n nodes. */
kith_status kith__node_edges_read(const char *path, kith__node_data *nodes,
                                  kith_ingest_nodes_report *report) KITH_MUST_USE;
/** Read relations of nodes, compose meta-paths of them, and keep those among nodes.  Errors: those of lists
 * of relations and of meta-paths. */
kith_status kith__node_relations_read(const kith_ingest_nodes_options *o, kith__node_data *nodes,
                                      kith_ingest_nodes_report *report) KITH_MUST_USE;

#endif
