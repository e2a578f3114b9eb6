/**
 * Batch: the training pairs of a step, their negatives, and the embedding rows that this rank needs for them.
 */
#ifndef KITH_SAMPLE_BATCH_H
#define KITH_SAMPLE_BATCH_H

#include "comm/sparse.h"
#include "sample/negatives.h"
#include "ops/ops.h"

enum { KITH_TILE = 64 }; /**< pairs, or candidates, that softmax processes together on one rank */

/** Upper bounds of a step, and which parts of a batch it uses. */
typedef struct kith_batch_shape {
  int pairs;      /**< over all ranks */
  bool softmax;   /**< tiles of the global batch, rather than pairs with negatives of their own */
  int n_negative; /**< negatives of a pair */
  int n_pool;     /**< draws in a pool; 1 without hard negatives */
  int n_shared;   /**< softmax: negatives that all pairs of a step share */
  bool mask;      /**< softmax: mask in-batch candidates that are known positives of a pair's user */
  bool excluded;  /**< fill `pair`: samplers exclude the step's edges */
  bool inbatch;   /**< fill `step_item`: some negatives are items of the step's other pairs */
} kith_batch_shape;

/** False negatives of a step: candidates with which a pair's user has a training interaction. */
typedef struct kith_false_negative_mask {
  int n;          /**< candidates in this step; 0: nothing is masked */
  uint64_t *mask; /**< [n / KITH_TILE rounded up, n_global] a bit for each candidate of a tile, by pair; those
                     of this rank's pairs and of its candidates */
  int32_t *next;  /**< [n] while filling: linked lists of the candidates of each item … */
  int32_t *head;  /**< [items] … and their first candidates, from 1; 0: none */
} kith_false_negative_mask;

/**
 * Negatives that all pairs of a step share: drawn from p_n with replacement, keyed by (seed, epoch, step,
 * draw).  False negatives are masked.
 */
typedef struct kith_shared_negatives {
  int n;               /**< in this step */
  int64_t *first;      /**< [size + 1] rank r processes draws first[r] … first[r + 1] - 1, in whole
                          tiles */
  float *log_expected; /**< [n] log(n p_n(item)): the log of the item's expected number of draws */
  kith_false_negative_mask mask; /**< over the draws */
} kith_shared_negatives;

/** What all ranks know of a softmax step's pairs: they are candidates of each other. */
typedef struct kith_candidate {
  int32_t item;
  float log_degree;
} kith_candidate;

/** A word of a false-negative mask that is not 0. */
typedef struct kith_mask_word {
  int64_t at; /**< its index in the mask */
  uint64_t bits;
} kith_mask_word;

/** Pairs of a step travel to the ranks that own one of their ends or process their tiles. */
typedef struct kith_step_pairs {
  kith_sparse sparse;
  int *to;                           /**< [2 pairs] ranks that a pair goes to; -1: none */
  int *count, *first;                /**< [2 size] sent to each rank, and where they begin in … */
  kith_pair *out;                    /**< [2 pairs] */
  kith_candidate *candidate;         /**< [pairs] softmax: of all pairs, by position */
  int64_t tiles;                     /**< tiles of candidates whose masks travel at once; 0: none do … */
  int64_t max_words;                 /**< room of mask_in */
  MPI_Datatype pair_type, word_type; /**< kith_pair and kith_mask_word */
  kith_mask_word *mask_out;          /**< [2 pairs * tiles] … words for other ranks … */
  kith_mask_word *mask_in;           /**< [(pairs + most pairs of a rank) * tiles] … and from them */
  kith_gid *tile_user; /**< [most pairs of a rank] softmax: global ids of this rank's tiles' users */
} kith_step_pairs;

/**
 * A batch: the pairs of a step that this rank processes, and the list of rows that it receives for them,
 * sorted by global id as a halo expects it.  Rows have keys, their positions in the batch, by which owners
 * order the sum of the gradients.
 *
 * BPR, NCE: the pairs of the users owned here; rows of the user, the positive and the negatives of each.
 * Softmax: the pairs in this rank's tiles of the global batch, whoever owns them, two rows each; and the rows
 * of this rank's tiles of the shared negatives.
 */
typedef struct kith_batch {
  const kith_comm *comm;
  const kith_graph *g;
  const kith_dist_csr *a;
  const kith_negative_distribution *distribution;
  kith_batch_shape shape;
  int64_t n_global;       /**< pairs of this step, over all ranks */
  kith_lid n_pair;        /**< pairs that this rank processes */
  kith_lid *user_row;     /**< [n_pair] indices into the received rows … */
  kith_lid *positive_row; /**< [n_pair] */
  kith_lid *negative_row; /**< [n_pair, n_negative, n_pool]; softmax: of this rank's shared negatives */
  kith_lid n_recv;
  kith_gid *recv_gid;     /**< [n_recv] global ids of the rows, ascending */
  int64_t *recv_key;      /**< [n_recv] keys of the rows, ascending within a global id */
  int32_t *item;          /**< original ids of the items: [n_pair]; softmax: of all pairs of the step, then of
                             the shared negatives */
  int32_t *negative_item; /**< [n_pair, n_negative, n_pool] original ids; -1: unused entry of a pool */
  int64_t *tile_first;    /**< [size + 1] softmax: rank r processes pairs tile_first[r] …
                             tile_first[r + 1] - 1 */
  int64_t n_known;    /**< with shape.softmax or .excluded: pairs with an end or a tile on this rank … */
  kith_pair *pair;    /**< [n_known] … the own users' first */
  int32_t *step_item; /**< [n_global] with shape.inbatch: the items of all pairs, by position */
  kith_step_pairs travel;
  float *log_degree;              /**< [pairs] softmax: log of the items' numbers of training interactions */
  kith_shared_negatives shared;   /**< softmax */
  kith_false_negative_mask mask;  /**< softmax with shape.mask: over the items of the step's pairs; a pair's
                                     own item is not masked */
  kith_gather_index gather_index; /**< set by kith_batch_sort_send() or kith_batch_gather_seed_nodes() */
  kith_lid n_seed;                /**< seed nodes, set by kith_batch_gather_seed_nodes() */
  kith_gid *seed_node;            /**< [n_seed] their global ids, ascending */
  kith_lid *seed_index;           /**< [n_recv] index of each received row's seed node */
  void *sort;                     /**< workspace: entries being sorted … */
  kith_key_value *order;          /**< … and their order */
} kith_batch;

/**
 * Allocate for steps of a shape.  Collective.
 *
 * Errors: KITH_ENOMEM; KITH_ECONFIG if a step has too many rows.
 */
kith_agreed kith_batch_create(const kith_comm *comm, const kith_graph *g, const kith_dist_csr *a,
                              const kith_negative_distribution *distribution, const kith_batch_shape *shape,
                              kith_batch **out) KITH_MUST_USE;
/** Collective; accepts null. */
void kith_batch_destroy(kith_batch **batch);

/** Bytes of a batch in whose steps this rank receives and sends so many rows.  Local. */
int64_t kith_batch_bytes(const kith_batch_shape *shape, int size, int64_t n_item, int64_t recv, int64_t send);

/** The most rows that this rank receives in any step.  Local. */
kith_lid kith_batch_max_recv(const kith_batch *b);
/** The most rows that this rank sends in any step.  Local. */
kith_lid kith_batch_max_send(const kith_batch *b);

/**
 * Fill with a step's pairs and their negatives, for BPR or NCE.
 *
 * Local; Collective with shape.excluded (24 bytes a pair, to the owner of its item) or shape.inbatch (4 bytes
 * a pair, to every rank).
 */
void kith_batch_fill_pairs(kith_batch *b, const kith_edge_order *e, int64_t step);
/**
 * Fill for softmax.
 *
 * Collective: 24 bytes a pair go to the rank of its tile (with shape.excluded to the owner of its item too),
 * 8 to every rank; of a false-negative mask, 16 for each 64 candidates with false negatives of a pair, to the
 * ranks of both.
 */
void kith_batch_fill_softmax(kith_batch *b, const kith_edge_order *e, int64_t step);
/** Make the batch empty.  Local. */
void kith_batch_clear(kith_batch *b);
/**
 * For sampled steps: the distinct nodes of the received rows become seed nodes, and the gather index maps
 * received rows to them.  Local.
 */
void kith_batch_gather_seed_nodes(kith_batch *b);
/**
 * For full-graph steps: the gather index of the rows that other ranks requested, and of its transpose in key
 * order.  Local; call it after the halo was set up for the batch.
 */
void kith_batch_sort_send(kith_batch *b, const kith_halo *h);

#endif
