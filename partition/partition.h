/* Inside the partition room: the three ways to cut. */
#ifndef KITH_SRC_PARTITION_H
#define KITH_SRC_PARTITION_H

#include "kith/partition.h"
#include "store/store.h"

/**
 * The graph as rows of neighbors, both directions; a bipartite one has users first, then items.  Plain
 * arrays for METIS.
 */
typedef struct partition_graph {
  int64_t n;      /* nodes */
  int64_t *start; /* [n + 1] */
  int32_t *to;    /* [start[n]] */
} partition_graph;

kith_status kith__partition_graph_make(const kith_dataset *d, partition_graph *out) KITH_MUST_USE;
void kith__partition_graph_free(partition_graph *g);

kith_status kith__partition_metis(const kith_dataset *d, const kith_partition_options *o,
                                  int32_t *part) KITH_MUST_USE;
kith_status kith__partition_contiguous(const kith_dataset *d, const kith_partition_options *o,
                                       int32_t *part) KITH_MUST_USE;
void kith__partition_hash(const kith_dataset *d, const kith_partition_options *o, int32_t *part);

/** Features of a dataset's nodes, all together. */
int64_t kith__partition_n_features(const kith_dataset *d);
/** Write them in global order, node[k] being the node of global number k, users before items; nothing if
 * there are none.  Collective. */
kith_agreed kith__partition_write_features(const kith_comm *comm, kith_h5 *f, const kith_dataset *d,
                                           int64_t n, const int64_t *node) KITH_MUST_USE;

/** The graph that layers read: interactions, and ties between users where the options say so. */
kith_status kith__partition_graph_make_read(const kith_dataset *d, const kith_partition_options *o,
                                            partition_graph *out) KITH_MUST_USE;
/** Entries of the relation `friend`, in both directions: an upper bound. */
int64_t kith__partition_n_friends(const kith_dataset *d);
/**
 * Write the relation `friend` in global order: every tie stands at both of its ends, once, whatever direction
 * its line had.  Nothing is written if the dataset has none.  Collective.
 *
 * @param node, number  [n] the node of each global number, and the reverse
 */
kith_agreed kith__partition_write_friends(const kith_comm *comm, kith_h5 *f, const kith_dataset *d, int64_t n,
                                          const int64_t *node, const int64_t *number) KITH_MUST_USE;

#endif
