/**
 * Sampler: options of full-graph and sampled training.
 */
#ifndef KITH_SAMPLER_H
#define KITH_SAMPLER_H

#include "kith/base.h"
#include "kith/schema.h"

enum { KITH_MAX_LAYERS = 64, KITH_MAX_FANOUTS = 16 };

/** Neighbors sampled for a row at each layer, the seed nodes' own block first; 0: all of them. */
typedef struct kith_fanouts {
  int n, of[KITH_MAX_FANOUTS];
} kith_fanouts;

/** Fan-outs of relations beside the interactions; a relation that is not among them has those of the
 * interactions. */
typedef struct kith_relation_fanouts {
  int n;
  struct kith_relation_fanout {
    char name[KITH_NAME]; /**< of the relation */
    kith_fanouts fanouts; /**< n is 0: those of the interactions */
  } of[KITH_MAX_RELATIONS];
} kith_relation_fanouts;

/** Training on the full graph, or the way in which blocks are sampled. */
typedef enum kith_sampler_mode {
  KITH_FULL,       /**< no sampling: every step runs all rows */
  KITH_NEIGHBOR,   /**< each row reads a few sampled neighbors, by fan-outs (Hamilton et al., NIPS 2017) */
  KITH_LAYERWISE,  /**< each layer reads one set of nodes of the step (as FastGCN, Chen et al., ICLR 2018) */
  KITH_CLUSTER,    /**< the rows of a step are some parts of the partition (Chiang et al., KDD 2019) */
  KITH_SAINT_NODE, /**< GraphSAINT (Zeng et al., ICLR 2020): all layers read one set of random nodes … */
  KITH_SAINT_EDGE, /**< … of the ends of random edges … */
  KITH_SAINT_WALK  /**< … or of what random walks visit */
} kith_sampler_mode;

/**
 * Probability of sampling a neighbor j of a row.  kith_block.scale holds importance weights, which make the
 * estimate of the sum over all neighbors unbiased in every case.
 */
typedef enum kith_neighbor_weighting {
  KITH_UNIFORM,    /**< equal, without replacement */
  KITH_IMPORTANCE, /**< proportional to 1 / degree of j, with replacement; pinsage: to the visits of j */
  KITH_EDGE_WEIGHT /**< proportional to the given weight of the interaction, with replacement */
} kith_neighbor_weighting;

/** Edges between the parts of a cluster step: kept, dropped, or reweighted for an unbiased estimate. */
typedef enum kith_cluster_edges {
  KITH_CLUSTER_EDGES_KEEP,
  KITH_CLUSTER_EDGES_DROP,
  KITH_CLUSTER_EDGES_REWEIGHT
} kith_cluster_edges;

typedef struct kith_sampler_options {
  kith_sampler_mode mode;
  kith_fanouts fanouts;              /**< neighbor */
  kith_relation_fanouts relations;   /**< neighbor */
  kith_neighbor_weighting weighting; /**< neighbor; uniform samples without replacement, the others with */
  int64_t budget; /**< layerwise: expected nodes in each layer's set; saint-node: in a step's set; saint-edge:
                     walks of one step, which sample an edge each; saint-walk: walks */
  int walk_length; /**< saint-walk: steps of a walk */
  int coverage;    /**< saint-edge, saint-walk: how often a node is sampled, on average, while inclusion
                      probabilities are estimated */
  int clusters;    /**< cluster: parts in a step */
  kith_cluster_edges cluster_edges; /**< cluster */
} kith_sampler_options;

#endif
