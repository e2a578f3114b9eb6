/* What graph.h5 holds, between reading the lists and writing the file. */
#ifndef KITH_STORE_GRAPH_WRITER_H
#define KITH_STORE_GRAPH_WRITER_H

#include "kith/store.h"

/** Lists with what is known of each entry.  The first member is what the rest of Kith sees. */
typedef struct kith__edge_csr {
  kith_ragged lists;
  int64_t *time; /**< [start[n_row]], or null */
  float *weight; /**< [start[n_row]], or null */
} kith__edge_csr;

void kith__edge_csr_free(kith__edge_csr *rows);

typedef struct kith__graph_data {
  kith_ids ids[KITH_TYPES];
  kith__edge_csr train, valid, test;      /**< a row per user */
  kith_features features[KITH_TYPES];     /**< a row per node; start is null without a list */
  int format;                             /**< of the interactions, which lists for kith embed take over */
  kith_ids feature_ids[KITH_TYPES];       /**< what features are called */
  const char *feature_format[KITH_TYPES]; /**< how their list was written, for those of newcomers */
  kith_ids names[KITH_TYPES];             /**< what nodes are called; text is null without a list */
  kith__edge_csr social; /**< a row per user, of users; start is null if the job names no social list */
} kith__graph_data;

void kith__graph_data_free(kith__graph_data *data);

/** Write graph.h5.  Collective over `comm`, on which every rank but 0 brings nothing: meant for a group of
 * one. */
kith_agreed kith__graph_write(const kith_comm *comm, const kith__graph_data *data, const char *job,
                              const char *path) KITH_MUST_USE;

/** The same for node classification. */
typedef struct kith__node_data {
  int64_t n;
  kith_ids classes; /**< ascending */
  int32_t *label;   /**< [n] row of `classes`, or -1 */
  int n_feature;
  float *feature;       /**< [n, n_feature]; null without features */
  int8_t *split;        /**< [n] kith_node_split */
  kith__edge_csr edges; /**< a row per node, its neighbors: every edge twice */
} kith__node_data;

void kith__node_data_free(kith__node_data *nodes);
/** Write graph.h5.  Collective over a group of one. */
kith_agreed kith__node_graph_write(const kith_comm *comm, const kith__node_data *nodes, const char *job,
                                   const char *path) KITH_MUST_USE;

/** Read a dataset of ids.  Collective; every rank gets the whole. */
kith_agreed kith__ids_read(const kith_comm *comm, const char *path, const char *name,
                           kith_ids *out) KITH_MUST_USE;
/** Write the ids of one type as the dataset `name`, whole, from one rank.  Collective over a group of one. */
kith_agreed kith__ids_write(kith_h5 *f, const char *name, const kith_ids *ids) KITH_MUST_USE;

#endif
