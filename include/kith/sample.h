/**
 * Sample: which training pairs make up a step, their negatives, and the rows that a step needs.
 */
#ifndef KITH_SAMPLE_H
#define KITH_SAMPLE_H

#include "kith/halo.h"
#include "kith/ops.h"

/** A training pair whose user this rank owns. */
typedef struct kith_seed {
  int64_t place; /**< in the order of the epoch, over all ranks */
  kith_eid at;   /**< in graph->neighbour */
  kith_lid user; /**< in graph->row_of[KITH_USER] */
} kith_seed;

/**
 * The training pairs of this rank in the order of an epoch, cut into steps of `batch` pairs over all ranks.
 * The order is one keyed permutation of all training edges; nobody holds it whole.
 */
typedef struct kith_epoch {
  const kith_graph *g;
  int batch;
  uint64_t seed;
  int64_t epoch, n_step;
  kith_eid *first;  /**< [n_step + 1] this rank's seeds of each step */
  kith_seed *seeds; /**< [own training edges], ascending by place */
} kith_epoch;

/** Local. */
kith_status kith_epoch_create(const kith_graph *g, int batch, uint64_t seed, kith_epoch **out) KITH_MUST_USE;
void kith_epoch_destroy(kith_epoch **epoch);
/** Put the seeds into the order of epoch `number`.  Local; allocates nothing; O(own training edges). */
void kith_epoch_begin(kith_epoch *e, int64_t number);
/** Pairs of a step over all ranks: batch, fewer in the last step. */
int64_t kith_epoch_pairs(const kith_epoch *e, int64_t step);
/** The number of the training edge behind a seed, in the order of graph.h5. */
kith_eid kith_seed_edge(const kith_graph *g, const kith_seed *s);

/**
 * One item, uniform among those that the user has no training interaction with (LightGCN's sampling), keyed by
 * (seed, epoch, edge): original number.  A user who has them all gets one of them after 1000 tries.
 */
int32_t kith_negative_draw(const kith_graph *g, uint64_t seed, int64_t epoch, kith_eid edge, kith_lid user);

/**
 * The rows that this rank needs in a step, as a halo wants them (ascending by number), and where each pair finds its
 * own.  Rows are keyed by their place in the batch, so that owners sum gradients in the order of the batch.
 *
 * BPR: the pairs of the users owned here, three rows each.
 * Softmax: the pairs in this rank's tiles of the batch, whoever owns them, two rows each.
 */
enum { KITH_TILE = 64 }; /**< places of a batch that softmax handles together, on one rank */

typedef struct kith_batch {
  const kith_comm *comm;
  const kith_graph *g;
  const kith_relation *a;
  int64_t n_global;     /**< pairs of this step over all ranks */
  kith_lid n_pair;      /**< pairs handled here */
  kith_lid *at[3];      /**< [n_pair] rows of user, positive, negative among the wanted rows; softmax: at[0] holds users, then items [2 n_pair] */
  kith_lid n_want;
  kith_gid *want;       /**< [n_want] ascending */
  int64_t *key;         /**< [n_want] */
  int64_t *tile_first;  /**< [size + 1] softmax: places first[r] … first[r + 1] - 1 are rank r's */
  int64_t *pair;        /**< [3 * batch] softmax: user's global number, item's original number, item's degree, by place */
  int32_t *item;        /**< [batch] softmax: the items alone */
  float *log_degree;    /**< [batch] softmax: log of the items' training interactions */
  kith_picks picks;     /**< what this rank is asked for, after kith_batch_answer() */
  void *sort;           /**< room for sorting */
} kith_batch;

/** Room for steps of up to `batch` pairs; `softmax` says which of the two it will hold.  Collective (sizes only). */
kith_agreed kith_batch_create(const kith_comm *comm, const kith_graph *g, const kith_relation *a, int batch, bool softmax, kith_batch **out) KITH_MUST_USE;
void kith_batch_destroy(kith_batch **batch);

/** The most rows that this rank wants and is asked for in any step. */
kith_lid kith_batch_most_wanted(const kith_comm *comm, int batch, bool softmax);
kith_lid kith_batch_most_asked(int batch, bool softmax);

/** Fill for BPR: seeds of a step with negatives.  Local. */
void kith_batch_bpr(kith_batch *b, const kith_epoch *e, int64_t step);
/** Fill for softmax.  Collective: every rank learns the step's pairs (24 bytes each). */
void kith_batch_softmax(kith_batch *b, const kith_epoch *e, int64_t step);
/** After the halo is aimed: order what came to be asked for.  Local. */
void kith_batch_answer(kith_batch *b, const kith_halo *h);

#endif
