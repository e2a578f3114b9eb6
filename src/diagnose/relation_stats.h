/** Statistics of the relations of graph.h5, for kith inspect: what an owner can know before training. */
#ifndef KITH_DIAGNOSE_RELATION_STATS_H
#define KITH_DIAGNOSE_RELATION_STATS_H

#include "store/store.h"

enum { KITH_HOMOPHILY_PAIRS = 100000 }; /**< pairs that are compared, at most about this many */

/** Numbers of neighbors of the nodes of a type. */
typedef struct kith_degree_stats {
  double mean;
  int64_t most;
  int64_t none; /**< nodes without a neighbor */
} kith_degree_stats;

typedef struct kith_relation_stats {
  int64_t edges;
  /** Edges, but of a type with itself, read in both directions: u-v and v-u, of one kind, are one pair. */
  int64_t pairs;
  int64_t both;                /**< pairs that are listed in both directions */
  kith_degree_stats degree[2]; /**< neighbors of the nodes of type from, to; of such a type: at either end */
  int64_t first_time, last_time;  /**< of a relation with times and edges */
  int64_t compared;               /**< pairs whose training lists were compared; 0: not users, not items */
  double overlap, overlap_random; /**< mean Jaccard index of the ends' lists; of ends that are paired anew */
  int64_t n_valid, n_test;        /**< held-out pairs, of a relation that may join users with items; else 0 */
  int64_t valid, test;            /**< of these, pairs that are edges of the relation */
} kith_relation_stats;

/**
 * Measure relation r of a graph.  Local.
 *
 * Homophily, of relations of users with users or of items with items: the Jaccard index of two users is the
 * number of their common training items over that of the items that either has; of items likewise, by users;
 * 0 if neither has any.  Of ends that are users or items among others (same_as), pairs of users or of items
 * are compared.  `overlap` is its mean over the pairs of the relation, or over about
 * KITH_HOMOPHILY_PAIRS of them that a keyed draw selects.  `overlap_random` is the mean over as many pairs of
 * the first end of a pair and the second end of another, drawn by key, so that ends occur as often as among
 * the pairs; a node is not paired with itself.
 *
 * Errors: KITH_ENOMEM.  Cost: linear in edges and in the lists that are compared.  Memory: 12 bytes per
 * training interaction for relations of items, 8 per node of the two types, 16 per pair that is compared.
 */
kith_status kith_relation_measure(const kith_dataset *d, int r, kith_relation_stats *out) KITH_MUST_USE;

#endif
