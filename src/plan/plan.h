/**
 * Plan: what a training will take on ranks that nobody has allocated yet, as pure functions of sizes.
 *
 * A cut is counted (kith_plan_count()) or, before there is one, assumed (kith_plan_assume()); what is sent
 * and stored follows from it, and with the rates of a machine the seconds.  docs/scale.md states every
 * formula and assumption, and holds predictions against measurements.  Nothing here looks at a machine.
 */
#ifndef KITH_PLAN_PLAN_H
#define KITH_PLAN_PLAN_H

#include "graph/graph.h"
#include "plan/machine.h"

enum { KITH_PLAN_FANS = 8 };

/** What the ranks of a cut exchange: sums over ranks, and those of the rank with the most.  Counted ones are
 * whole numbers. */
typedef struct kith_plan_cut {
  int size, per_node, n_node;     /**< ranks, ranks of a node, nodes */
  bool exact;                     /**< counted, else assumed */
  double rows, most_rows;         /**< ghost rows, each of which one exchange sends once */
  double messages, most_messages; /**< of one exchange: pairs of ranks of which one reads rows of the other */
  double node_rows, most_node_rows; /**< ghosts that ranks of other nodes own; the most of a node … */
  double node_messages;             /**< … and the messages between nodes */
  double node_rows_once, most_node_rows_once; /**< the same if a node gets each row once … */
  double node_pairs;                          /**< … in one message from each node that it reads */
  double cut_pairs, n_edge; /**< training interactions between a user and an item of two ranks, and all */
  double remote_items;      /**< share of random items that lie on another rank than the user of a pair */
} kith_plan_cut;

/**
 * Count a cut on so many ranks, from a graph that one rank has read whole.  Local.  Errors: KITH_ENOMEM.
 *
 * @param read      relations whose neighbors are read beside those of interactions; null: none
 * @param size      at most whole->n_part; rank r gets the parts that kith_graph_read() gives it
 * @param per_node  ranks of a node, which have consecutive numbers
 * Cost: a pass over the entries for ranks and one for nodes.  Memory: one bit for each node of the graph.
 */
kith_status kith_plan_count(const kith_graph *whole, const kith_relation_weights *read, int size,
                            int per_node, kith_plan_cut *out) KITH_MUST_USE;

/**
 * Count which ranks read rows of which.  Local.  Errors: KITH_ENOMEM.
 *
 * @param read       relations, as above
 * @param size       at most whole->n_part, as above
 * @param[out] rows  [size, size] rows of rank j that rank i reads, its ghosts, at i * size + j; 0 for i = j
 */
kith_status kith_plan_matrix(const kith_graph *whole, const kith_relation_weights *read, int size,
                             int64_t *rows) KITH_MUST_USE;

/** Degrees of the nodes of a graph, by classes of nodes that are alike. */
typedef struct kith_plan_degrees {
  int64_t n;        /**< classes */
  int32_t *degree;  /**< [n] training neighbors */
  int64_t *count;   /**< [n] nodes of each class; null: each is one node */
  uint8_t *is_item; /**< [n] */
} kith_plan_degrees;

/** Nodes of a class.  Local. */
static inline double kith_plan_nodes(const kith_plan_degrees *d, int64_t i) {
  return d->count ? (double)d->count[i] : 1;
}

/** How a graph that is not cut yet is assumed to be cut. */
typedef enum kith_plan_assumption {
  KITH_PLAN_HASH, /**< nodes at random: what is expected follows from the degrees alone */
  KITH_PLAN_METIS /**< a share of that, fitted to cuts that METIS made (docs/scale.md) */
} kith_plan_assumption;

/**
 * Ghosts that all ranks together expect if every node lies on any of them with equal chance:
 * the sum over nodes of (size - 1) (1 - (1 - 1 / size)^degree).  Local. */
double kith_plan_expected_ghosts(const kith_plan_degrees *degrees, int size);

/** The share of these ghosts that a cut by METIS leaves, fitted: 1 for one rank.  Local. */
double kith_plan_metis_share(int size);

/** Assume a cut: rows as above, all ranks alike, each with all others its neighbors as far as it has rows.
 * Local.
 *
 * @param entries  of the whole graph: two for each interaction
 */
void kith_plan_assume(const kith_plan_degrees *degrees, int64_t entries, int size, int per_node,
                      kith_plan_assumption how, kith_plan_cut *out);

/** Work of a step of the full graph: on the rank that has most of it, unless it says otherwise. */
typedef struct kith_plan_work {
  double gathered, streamed; /**< bytes, as kith bench counts them */
  double products;           /**< multiply-adds */
  double serial;             /**< those of one rank, for which the others wait */
  double exchanges;          /**< of ghost rows */
  double row_bytes;          /**< bytes of one ghost row in all of these together */
  double last_bytes;     /**< those of the last layer's two exchanges, if it may send fewer rows; else 0 */
  bool last_reads_twice; /**< backward sends the rows that are read, too, not those of the batch */
  double entry_chance;   /**< that the batch reads the row of a random entry … */
  double ghost_chance;   /**< … and the row of a random ghost */
  double batch;          /**< pairs of a step, over all ranks; classification: 0 */
  double negatives;      /**< items that are drawn for a pair; of shared ones, those of a step for each */
  bool tiled;            /**< softmax: pairs are dealt in tiles, their users, too, being of any rank */
  double output_bytes;   /**< of a final row */
} kith_plan_work;

/** How rows travel.  docs/scale.md compares designs. */
typedef struct kith_plan_design {
  bool in_place; /**< ranks of a node read rows of each other in place; a node gets a remote row once, and one
                    message from each other node; else each rank gets its ghosts from their owners */
  bool reads_last;   /**< the last layer exchanges only rows that the batch reads */
  int strips;        /**< of columns in which rows travel, while strips that have come are summed; 0 as 1 */
  double strip_cost; /**< sums in strips take so many times as long as those of whole rows */
} kith_plan_design;
/** That of LightGCN in this version, where several ranks of a node share memory.  Local. */
kith_plan_design kith_plan_design_now(void);

/** What can limit a step. */
typedef enum kith_plan_limit {
  KITH_PLAN_PRODUCTS, /**< dense products */
  KITH_PLAN_MEMORY,   /**< bytes between memory and cores */
  KITH_PLAN_COPIES,   /**< ghost rows within nodes */
  KITH_PLAN_NETWORK,  /**< bytes between nodes */
  KITH_PLAN_LATENCY,  /**< messages */
  KITH_PLAN_LIMITS
} kith_plan_limit;
const char *kith_plan_limit_text(kith_plan_limit limit); /**< Local. */

/** A step: what is sent by all ranks, and the seconds. */
typedef struct kith_plan_step {
  double bytes, messages; /**< of ghost rows of layers, expected … */
  double whole_bytes;     /**< … but those of all ghosts are exact if the cut is; messages too */
  double batch_bytes, batch_messages; /**< expected: rows of the batch and back, their requests */
  double node_bytes, node_messages;   /**< those of layers that cross nodes */
  double seconds,
      part[KITH_PLAN_LIMITS]; /**< parts add up: nothing overlaps, but what strips hide of the network */
} kith_plan_step;

/** Counts, from a cut and the work.  Local. */
kith_plan_step kith_plan_step_counts(const kith_plan_cut *cut, const kith_plan_work *work,
                                     const kith_plan_design *design);
/** Add the seconds.  Local. */
void kith_plan_step_seconds(const kith_plan_cut *cut, const kith_plan_work *work,
                            const kith_plan_design *design, const kith_machine *m, kith_plan_step *step);
/** The largest part.  Local. */
kith_plan_limit kith_plan_step_limit(const kith_plan_step *step);

/** What a sampled step depends on beside the cut. */
typedef struct kith_plan_fans {
  int n,
      fan[KITH_PLAN_FANS]; /**< layers, and the fan-out of each, from the seed nodes on; 0: all neighbors */
  double n_edge, batch;    /**< interactions, and pairs of a step over all ranks */
  double negatives, drawn; /**< items drawn for a pair; expected draws of one item in a step */
  double row_bytes;        /**< of an input row */
  double products;         /**< multiply-adds of a rank's loss, beside what `sample` has; softmax alone */
  bool tiled;              /**< softmax: pairs are dealt in tiles, their users, too, being of any rank */
  bool excludes;           /**< the step's own pairs are no edges of it */
} kith_plan_fans;

/** Expected, of a rank in a step: no row is counted twice that the rank has once. */
typedef struct kith_plan_sampled {
  double rows, drawn;     /**< input rows, and sampled neighbors of all layers */
  double bytes, messages; /**< that it sends or receives: queries, replies, rows and their gradients */
  double products;        /**< multiply-adds of its loss */
} kith_plan_sampled;

/**
 * Expect a step of sampler.mode: neighbor.  Seed nodes are those of the batch; sampled neighbors are nodes in
 * proportion to degree; a neighbor lies on another rank with the share of interactions that the cut crosses.
 * Local.  Errors: KITH_ENOMEM.
 */
kith_status kith_plan_sample(const kith_plan_degrees *degrees, const kith_plan_fans *fans,
                             const kith_plan_cut *cut, kith_plan_sampled *out) KITH_MUST_USE;
/** The step of all ranks, with seconds if the machine's rate `sample` is known; else its seconds are 0.
 * Local. */
kith_plan_step kith_plan_sampled_step(const kith_plan_sampled *s, const kith_plan_cut *cut,
                                      const kith_machine *m);

/** Chance that a batch of pairs reads a node, from its training interactions.  Local.
 *
 * @param n_edge  of the whole graph
 * @param drawn   expected number of its draws as a negative in a step */
double kith_plan_read_chance(double degree, double n_edge, double batch, double drawn);
/** The same of a random ghost: nodes of many neighbors are ghosts of more ranks.  Local.
 *
 * @param drawn  as above, of an item */
double kith_plan_ghost_chance(const kith_plan_degrees *degrees, int size, double n_edge, double batch,
                              double drawn);

#endif
