/**
 * Partition: cut the graph offline into K parts that any number of ranks R <= K can use.
 */
#ifndef KITH_PARTITION_H
#define KITH_PARTITION_H

#include "kith/store.h"

/** How nodes are dealt to parts. */
typedef enum kith_partition_method {
  KITH_PARTITION_METIS,      /**< METIS's recursive bisection: few edges between parts; a node's load is its
                                degree + 1 */
  KITH_PARTITION_HASH,       /**< every node to a random part, by (seed, type, original number) */
  KITH_PARTITION_CONTIGUOUS, /**< per type consecutive ranges of original numbers, of equal sums of degree + 1
                              */
  KITH_PARTITION_STREAM,     /**< linear deterministic greedy, streamed ten times; loads as METIS */
  KITH_PARTITION_PTSCOTCH    /**< PT-Scotch, where it is built in; loads as METIS */
} kith_partition_method;

/** What parts have about equally much of. */
typedef enum kith_partition_balance {
  KITH_PARTITION_EDGES, /**< load: a node's is its degree + 1 */
  KITH_PARTITION_USERS  /**< METIS alone: load, and users, of whom each is ranked for by the rank that owns it
                         */
} kith_partition_balance;

/** Edge weights for METIS by relation, where an interaction weighs 1; 0: the relation is not in the cut. */
typedef struct kith_partition_weights {
  int n;
  struct kith_partition_weight {
    char name[KITH_NAME]; /**< of the relation */
    int weight;
  } of[KITH_MAX_RELATIONS];
} kith_partition_weights;

typedef struct kith_partition_options {
  int parts; /**< K, at least the number of ranks that will train */
  kith_partition_method method;
  kith_partition_balance balance;
  uint64_t seed;
  double imbalance; /**< METIS, stream, PT-Scotch: allowed load of the heaviest part over the mean of all, at
                       least 1.001; 1.05: 5 % more.  Each of METIS's log2(parts) levels of bisection gets a
                       root of it */
  kith_partition_weights weights;  /**< of a relation that is not listed: 1 if a model reads it, else 0 */
  kith_relation_weights relations; /**< those that a model reads.  No key of jobs: kith partition sets it */
} kith_partition_options;

KITH_API kith_partition_options kith_partition_defaults(void); /**< Local. */

/** What a cut does to the edges of one relation. */
typedef struct kith_partition_relation_report {
  char name[KITH_NAME]; /**< "interactions", or of the relation */
  int64_t cut;          /**< edges between ranks */
  double cut_share;     /**< of the relation's edges */
  int64_t ghosts;       /**< rows that layers would hold as ghosts if they read this relation alone */
} kith_partition_relation_report;

/** Quality of the cut for one number of ranks. */
typedef struct kith_partition_report {
  int ranks;
  int64_t cut;      /**< edges between ranks: pairs of nodes that have an edge in any relation that is read */
  double cut_share; /**< of all such edges */
  int64_t ghosts;   /**< rows held as ghosts, over all ranks = rows that cross per exchange */
  double ghosts_per_own;
  double node_balance, edge_balance, user_balance; /**< heaviest rank over the mean; users: those of type 0 */
  int64_t bytes_per_layer;                         /**< ghosts * width * 4 */
  int64_t bytes_per_epoch; /**< of the halo exchanges of a full-graph epoch: bytes_per_layer * 2 * layers *
                              steps */
  int n_relation; /**< interactions and the relations that are read or weigh something; 0: interactions alone
                   */
  kith_partition_relation_report relation[1 + KITH_MAX_RELATIONS];
} kith_partition_report;

/**
 * Deal the nodes of a graph to parts.  Local: it needs one rank.
 *
 * @param d  the whole graph
 * @param[out] part  [kith_dataset_n_node(d)] part of each node, 0 … parts - 1.  Nodes are users, items,
 *                   further types in the order of the schema, each by original number
 * Errors: KITH_ECONFIG (parts below 1; balance that the method does not know; graph too large for METIS's
 * 32-bit index, and what to do); KITH_ENOMEM; KITH_EINTERRUPT (METIS gave up, as it does on SIGTERM).
 */
KITH_API kith_status kith_partition_make(const kith_dataset *d, const kith_partition_options *o,
                                         int32_t *part) KITH_MUST_USE;

/**
 * Judge a cut for R ranks.  Local.
 *
 * @param part    [kith_dataset_n_node(d)] as from kith_partition_make()
 * @param ranks   R, at most o->parts; rank r gets the parts that kith_graph_read() gives it
 * @param width   columns of the rows that layers exchange, for bytes_per_layer
 * @param layers, steps_per_epoch  of a full-graph training, for bytes_per_epoch
 * Errors: KITH_ENOMEM.
 */
KITH_API kith_status kith_partition_judge(const kith_dataset *d, const kith_partition_options *o,
                                          const int32_t *part, int ranks, int width, int layers,
                                          int64_t steps_per_epoch, kith_partition_report *out) KITH_MUST_USE;

/**
 * Write parts.h5 (layout: docs/files.md).  Collective over `comm`, which must have one rank: that rank holds
 * the whole graph.
 *
 * @param part  [kith_dataset_n_node(d)] as from kith_partition_make()
 * Errors: KITH_EOUTPUT, KITH_EIO, KITH_ENOMEM.
 */
KITH_API kith_agreed kith_partition_write(const kith_comm *comm, const char *path, const kith_dataset *d,
                                          const kith_partition_options *o, const int32_t *part) KITH_MUST_USE;

#endif
