/**
 * Need: how much memory a rank and how much of the disk a training run will take, before it is begun.
 *
 * The model is recorded on a graph of a few dozen nodes, once and a little larger, and what its tape took is
 * continued to the real sizes: so every model, and every option of it, is counted as it is, and not by a list
 * that could be forgotten. What lies around the model is counted by formulas.  docs/doctor.md says how near
 * that comes.
 */
#ifndef KITH_NEED_H
#define KITH_NEED_H

#include "kith/train.h"

/** Sizes of a graph and of one rank's share. */
typedef struct kith_sizes {
  kith_task task;
  int64_t n[KITH_TYPES]; /**< nodes of the whole graph, by type */
  int64_t n_edge;        /**< training interactions, or edges */
  int64_t n_train;       /**< classification: training nodes */
  int n_feature, n_class;
  int n_feature_of[KITH_TYPES]; /**< recommendation: features of users and of items … */
  int64_t feature;              /**< … and how many the rank's rows have together */
  int n_part;                   /**< parts of the cut; 0: not cut yet */
  int size;                     /**< ranks */
  int64_t own, ghost, entry;    /**< rows of the rank, rows of others that they read, neighbors of its rows */
  int64_t own_of[KITH_TYPES];
  bool exact; /**< of the cut; else an even share, with as many ghosts as there can be */
} kith_sizes;

/** The sizes of this rank's share.  Local.  Errors: KITH_ENOMEM.  Memory: a bit for each node of the graph.
 */
kith_status kith_sizes_of(const kith_graph *g, int size, int rank, kith_sizes *out) KITH_MUST_USE;

/** What graph.h5 says about the share of any of `size` ranks, before it is cut.  Collective.  Errors: as
 * kith_h5_open(). */
kith_agreed kith_sizes_read(const kith_comm *comm, const char *graph_path, kith_sizes *out) KITH_MUST_USE;

/** Bytes of one rank, by what they are for. */
typedef struct kith_need {
  int64_t graph;   /**< the rank's share as it is read, and the relation that layers run along */
  int64_t learned; /**< moments of what is learned, and final embeddings; dense weights, which every rank has
                     whole; a copy of it all while a checkpoint is written beside the steps */
  int64_t layers;  /**< embeddings and layers with their gradients; sampled modes: layers of an evaluation */
  int64_t steps; /**< rows of a step and, in sampled modes, its hops and their layers, as large as they could
                    be */
  int64_t passing; /**< what comes and goes: evaluating, writing a checkpoint, reading the graph */
} kith_need;

int64_t kith_need_total(const kith_need *need);

/** What training takes of a rank beside the program itself.  Local.  Errors: KITH_ENOMEM, KITH_ECONFIG. */
kith_status kith_need_memory(const kith_sizes *sizes, const kith_model_options *model,
                             const kith_train_options *train, const kith_rank_options *evaluate,
                             const kith_checkpoint_options *checkpoint, kith_need *out) KITH_MUST_USE;

/**
 * Bytes that a run writes into its work folder: checkpoints, as many as are kept and the one being written,
 * and embeddings twice, the old ones and those that replace them.  Local.  Errors: KITH_ENOMEM, KITH_ECONFIG.
 */
kith_status kith_need_disk(const kith_sizes *sizes, const kith_model_options *model,
                           const kith_checkpoint_options *checkpoint, int64_t *bytes) KITH_MUST_USE;

#endif
