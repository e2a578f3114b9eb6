/* Private to io: what graph.h5 holds for node classification, between reading the lists and writing the file.
 */
#ifndef KITH_IO_NODES_H
#define KITH_IO_NODES_H

#include "io/lists.h"

typedef struct kith__nodes {
  int64_t n;
  kith_ids classes; /**< ascending */
  int32_t *label;   /**< [n] row of `classes`, or -1 */
  int n_feature;
  float *feature;   /**< [n, n_feature]; null without features */
  int8_t *split;    /**< [n] kith_node_split */
  kith__rows edges; /**< a row per node, its neighbors: every edge twice */
} kith__nodes;

void kith__nodes_free(kith__nodes *nodes);

/** Labels: sets n, classes and label; *minus_one of the nodes have the label -1, which is none.  Local.
 * Errors: KITH_ENOINPUT, KITH_EDATA. */
kith_status kith__nodes_labels(const char *path, kith__nodes *nodes, int64_t *minus_one) KITH_MUST_USE;
/** Features of n nodes.  Local. */
kith_status kith__nodes_features(const kith_nodes_options *o, kith__nodes *nodes) KITH_MUST_USE;
/** Nodes of a split: labeled ones, none in two.  Local. */
kith_status kith__nodes_split(const char *path, kith_node_split split, kith__nodes *nodes) KITH_MUST_USE;
/** Edges among n nodes.  Local. */
kith_status kith__nodes_edges(const char *path, kith__nodes *nodes, kith_nodes_report *report) KITH_MUST_USE;

/** Write graph.h5.  Collective over a group of one. */
kith_agreed kith__nodes_write(const kith_comm *comm, const kith__nodes *nodes, const char *job,
                              const char *path) KITH_MUST_USE;

#endif
