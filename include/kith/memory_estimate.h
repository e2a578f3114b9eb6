/**
 * Need: how much memory a rank and how much of the disk a training run will take, before it is begun.
 *
 * The model is recorded on a graph of a few dozen nodes, once and a little larger, and what its tape took is
 * continued to the real sizes: so every model, and every option of it, is counted as it is, and not by a list
 * that could be forgotten. What lies around the model is counted by formulas.  docs/doctor.md says how near
 * that comes.
 */
#ifndef KITH_MEMORY_ESTIMATE_H
#define KITH_MEMORY_ESTIMATE_H

#include "kith/train.h"

/** Sizes of a graph and of one rank's share. */
typedef struct kith_graph_sizes {
  kith_task task;
  int64_t n[KITH_TYPES]; /**< nodes of the whole graph, by type */
  int64_t n_edge;        /**< training interactions, or edges */
  int64_t n_train;       /**< classification: training nodes */
  int n_feature, n_class;
  int n_feature_of[KITH_TYPES]; /**< recommendation: features of users and of items … */
  int64_t feature_nnz;          /**< … and how many the rank's rows have together */
  int n_part;                   /**< parts of the cut; 0: not cut yet */
  int size;                     /**< ranks */
  int64_t n_own, n_ghost,
      n_entry; /**< rows of the rank, rows of others that they read, neighbors of its rows */
  int64_t n_own_of[KITH_TYPES];
  bool exact; /**< of the cut; else an even share, with as many ghosts as there can be */
} kith_graph_sizes;

/** The sizes of this rank's share.  Local.  Errors: KITH_ENOMEM.  Memory: a bit for each node of the graph.
 */
kith_status kith_graph_sizes_local(const kith_graph *g, int size, int rank,
                                   kith_graph_sizes *out) KITH_MUST_USE;

/** What graph.h5 says about the share of any of `size` ranks, before it is cut.  Collective.  Errors: as
 * kith_h5_open(). */
kith_agreed kith_graph_sizes_read(const kith_comm *comm, const char *graph_path,
                                  kith_graph_sizes *out) KITH_MUST_USE;

/** Bytes of one rank, by what they are for. */
typedef struct kith_memory_estimate {
  int64_t graph;   /**< the rank's share as it is read, and the relation that layers run along */
  int64_t learned; /**< moments of what is learned, and final embeddings; dense weights, which every rank has
                     whole; a copy of it all while a checkpoint is written beside the steps */
  int64_t
      activations; /**< embeddings and layers with their gradients; sampled modes: layers of an evaluation */
  int64_t batch; /**< rows of a step and, in sampled modes, its hops and their layers, as large as they could
                    be */
  int64_t transient; /**< what comes and goes: evaluating, writing a checkpoint, reading the graph */
} kith_memory_estimate;

int64_t kith_memory_estimate_total(const kith_memory_estimate *estimate);

/** What training takes of a rank beside the program itself.  Local.  Errors: KITH_ENOMEM, KITH_ECONFIG. */
kith_status kith_estimate_memory(const kith_graph_sizes *sizes, const kith_model_options *model,
                                 const kith_train_options *train, const kith_eval_options *evaluate,
                                 const kith_checkpoint_options *checkpoint,
                                 kith_memory_estimate *out) KITH_MUST_USE;

/**
 * Bytes that a run writes into its work folder: checkpoints, as many as are kept and the one being written,
 * and embeddings twice, the old ones and those that replace them.  Local.  Errors: KITH_ENOMEM, KITH_ECONFIG.
 */
kith_status kith_estimate_disk(const kith_graph_sizes *sizes, const kith_model_options *model,
                               const kith_checkpoint_options *checkpoint, int64_t *bytes) KITH_MUST_USE;

#endif
