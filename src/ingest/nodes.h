/* Private to ingest: what graph.h5 holds for node classification, between reading the lists and writing the
 * file.
 */
#ifndef KITH_INGEST_NODES_H
#define KITH_INGEST_NODES_H

#include "ingest/lists.h"

/** Labels: sets n, classes and label; *minus_one of the nodes have the label -1, which is none.  Local.
 * Errors: KITH_ENOINPUT, KITH_EDATA. */
kith_status kith__node_labels_read(const char *path, kith__node_data *nodes,
                                   int64_t *minus_one) KITH_MUST_USE;
/** Features of n nodes.  Local. */
kith_status kith__node_features_read(const kith_ingest_nodes_options *o,
                                     kith__node_data *nodes) KITH_MUST_USE;
/** Nodes of a split: labeled ones, none in two.  Local. */
kith_status kith__node_split_read(const char *path, kith_node_split split,
                                  kith__node_data *nodes) KITH_MUST_USE;
/** Edges among n nodes.  Local. */
kith_status kith__node_edges_read(const char *path, kith__node_data *nodes,
                                  kith_ingest_nodes_report *report) KITH_MUST_USE;

#endif
