/**
 * Train nodes: the labeled nodes of a step, for node classification.
 */
#ifndef KITH_SAMPLE_TRAIN_NODES_H
#define KITH_SAMPLE_TRAIN_NODES_H

#include "sample/edge_order.h"
#include "ops/ops.h"

/**
 * The training nodes of a step that this rank owns, with their weights in the loss.
 *
 * - Steps of `batch` nodes: an epoch is a keyed permutation of all training nodes, cut into steps.  The
 *   permutation is of their indices among the training nodes, so the steps do not depend on the ranks.
 * - Steps of `clusters` parts: a step has the training nodes of its parts; an epoch is one round through all
 *   parts.
 */
typedef struct kith_train_nodes {
  const kith_graph *g;
  bool as_seeds; /**< row i of the loss is node i of the step (seed nodes), rather than the owned row */
  int64_t batch; /**< nodes in a step, over all ranks; 0 with clusters */
  int clusters;  /**< parts in a step; 0: steps of nodes from all parts */
  int64_t n_step, epoch;
  uint64_t rng_seed;
  kith_gid first_gid;             /**< first global id of this rank */
  kith_lid n_own;                 /**< training nodes owned here */
  kith_lid max_nodes;             /**< the most of them in any step */
  kith_lid *order;                /**< [n_own] their owned rows, by step, ascending within each */
  kith_eid *own_start;            /**< [n_step + 2] index into `order` of the first node of each step */
  int64_t *part_node;             /**< [n_part] clusters: training nodes of each part, over all ranks */
  int64_t *step_start;            /**< [n_step + 1] training nodes in the steps before each, over all ranks */
  kith_lid n;                     /**< nodes of the current step that are owned here */
  kith_lid *row;                  /**< [n] their owned rows, ascending */
  kith_gid *gid;                  /**< [n] their global ids */
  int32_t *label;                 /**< [n] their classes */
  double *weight;                 /**< [n] their weights in the loss */
  kith_gid *peeked;               /**< [max_nodes] result of kith_train_nodes_peek() */
  kith_lid *iota;                 /**< [max_nodes + 1] 0, 1, 2, … */
  kith_gather_index gather_index; /**< the rows of the step, each once */
} kith_train_nodes;

/**
 * Steps of `batch` training nodes, over all ranks (of all training nodes if there are fewer).  Local.
 *
 * @param first_gid  first global id of this rank
 * @param as_seeds   whether the nodes are the seed nodes of a sampler
 *
 * Errors: KITH_ENOMEM; KITH_EDATA if the graph has no training nodes.
 */
kith_status kith_train_nodes_create(const kith_graph *g, kith_gid first_gid, int64_t batch, bool as_seeds,
                                    uint64_t rng_seed, kith_train_nodes **out) KITH_MUST_USE;
/**
 * Steps of `clusters` parts, the same that the sampler uses in cluster mode; the nodes are its seed nodes.
 * Collective.  Errors as above.
 */
kith_agreed kith_train_nodes_create_clusters(const kith_comm *comm, const kith_graph *g, int clusters,
                                             uint64_t rng_seed, kith_train_nodes **out) KITH_MUST_USE;
/** Bytes of them, where this rank owns n_own training nodes and at most max_nodes in a step.  Local. */
int64_t kith_train_nodes_bytes(int64_t n_own, int64_t max_nodes, int64_t n_step);
/** Local; accepts null. */
void kith_train_nodes_destroy(kith_train_nodes **nodes);
/** Sort the training nodes into the order of an epoch.  Local; allocates nothing; O(own nodes). */
void kith_train_nodes_set_epoch(kith_train_nodes *l, int64_t epoch);
/** Number of training nodes in a step, over all ranks.  Local. */
int64_t kith_train_nodes_step_size(const kith_train_nodes *l, int64_t step);
/**
 * Fill with the nodes of a step.  Local.
 *
 * Weights are 1 / (nodes of the step), so the loss is their mean.  With clusters, whose steps differ in size,
 * weights are steps / (training nodes), so the mean loss over an epoch is the mean over all nodes.
 */
void kith_train_nodes_fill(kith_train_nodes *l, int64_t step);
/**
 * Global ids of a step's nodes that are owned here, ascending; returns their number.  Local.
 *
 * The current step stays as it is.
 *
 * @param[out] gid  borrowed until the next call
 */
kith_lid kith_train_nodes_peek(kith_train_nodes *l, int64_t step, const kith_gid **gid);
/**
 * Fill with the given nodes.  Local.
 *
 * @param row     [n] owned rows of labeled nodes, ascending; n is at most l->max_nodes
 * @param weight  [n] their weights in the loss
 */
void kith_train_nodes_fill_with(kith_train_nodes *l, kith_lid n, const kith_lid *row, const double *weight);

#endif
