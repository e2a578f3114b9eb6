/** What other rooms of the library use of sample, beyond kith/walk.h. */
#ifndef KITH_SAMPLE_WALK_H
#define KITH_SAMPLE_WALK_H

#include "kith/walk.h"
#include "halo/halo.h"

/** A walker: at every step it moves to a neighbor, drawn uniformly. */
typedef struct kith_walker {
  int64_t id;       /**< unique over all ranks; keys its random draws */
  kith_gid start;   /**< global id of the node where the walk starts … */
  kith_gid current; /**< … and of the current node */
} kith_walker;

/** The draw of a step is keyed by (rng_seed, use) and counted by (round, walker, step). */
typedef struct kith_walk_options {
  uint64_t rng_seed, round; /**< round: an epoch, a step of training, or 0 */
  kith_rng_stream use;
  int length;     /**< steps */
  double restart; /**< probability at every step of going back to the start */
} kith_walk_options;

/**
 * Callback, invoked on the owner of the visited node, walker->current.
 *
 * Within a hop, calls come in order of arrival, which is not deterministic.
 *
 * @param hop  steps made so far, 0 at the start
 */
typedef void kith_walk_visit(void *self, const kith_walker *walker, int hop);

/**
 * Random walks on the training graph, the same on any number of ranks and for any partition.  A walker on a
 * node without neighbors stays there.
 */
typedef struct kith_walks kith_walks;

/**
 * Allocate for `most` walkers over all ranks, since all of them may meet on one rank; 48 bytes each.
 *
 * Collective; `comm` and `g` must outlive it.  Errors: KITH_ENOMEM; KITH_ECONFIG if `most` is 2^31 - 1 or
 * more.
 */
kith_agreed kith_walks_create(const kith_comm *comm, const kith_graph *g, int64_t most,
                              kith_walks **out) KITH_MUST_USE;
/** Collective if walks are under way; accepts null. */
void kith_walks_destroy(kith_walks **walks);

/**
 * Run walks to their end.
 *
 * Collective; allocates nothing; cannot fail.  One exchange a step, of 24 bytes a walker.
 *
 * @param n, walker  [n] walkers that start from this rank: id and start; start may be any node of the graph
 * @param visit      called at every hop 0 … length, for every walker on a node of this rank
 */
void kith_walks_run(kith_walks *w, const kith_walk_options *options, int64_t n, const kith_walker *walker,
                    kith_walk_visit *visit, void *self);
/** The same in stages: begin.  Collective, does not wait; `walker` and `options` are copied. */
void kith_walks_begin(kith_walks *w, const kith_walk_options *options, int64_t n, const kith_walker *walker,
                      kith_walk_visit *visit, void *self);
/**
 * Advance the walks by one stage: wait for the messages, process them, and send the next ones, which travel
 * until the next call.  Returns whether all walks have ended; do not call it again then.
 *
 * Collective: every rank makes the same number of calls.
 */
bool kith_walks_advance(kith_walks *w);

/* ---- importance neighborhoods ---- */

/** The defaults.  Local. */
kith_pinsage_options kith_pinsage_defaults(void);

/**
 * The relation of every node with the T nodes that walks from it visit most, users and items alike, without
 * the node itself.  Ties go to the smaller original id.  Weights are visit counts, normalized to sum 1.
 *
 * Collective; `comm` and `g` must outlive the relation.  Walks are keyed by (seed, node, walk), so the rows
 * are the same on any number of ranks.
 *
 * @param d  width of the rows that will be exchanged
 *
 * Errors: KITH_ENOMEM; KITH_ECONFIG if one node's walks on every rank have 2^31 visits or more.
 * Cost: a random neighbor and 24 bytes sent a step; 12 bytes a neighbor while they are found.
 */
kith_agreed kith_importance_neighbors_create(const kith_comm *comm, const kith_graph *g,
                                             const kith_pinsage_options *o, uint64_t rng_seed, int d,
                                             kith_dist_csr **out) KITH_MUST_USE;
/** Bytes that finding them takes, beside the matrix.  Local. */
int64_t kith_importance_neighbors_bytes(const kith_pinsage_options *o, int size, int64_t n_own,
                                        int64_t n_node);

#endif
