/**
 * Memory estimate: memory of each rank and disk space of a training run, before it starts.
 *
 * The model is recorded, not run, on graphs of a few dozen nodes.  The bytes of its tape are linear in rows,
 * ghosts and edges, so four recordings give the cost on the real graph, for every model and option.  All
 * other memory is estimated by formulas, as is all of a model without a tape.  docs/doctor.md states the
 * accuracy.
 */
#ifndef KITH_DIAGNOSE_MEMORY_ESTIMATE_H
#define KITH_DIAGNOSE_MEMORY_ESTIMATE_H

#include "kith/stream.h"
#include "train/train.h"

/** Sizes of a rank's share.  Local.  Errors: KITH_ENOMEM.  Memory: one bit per node of the graph. */
kith_status kith_graph_sizes_local(const kith_graph *g, int size, int rank,
                                   kith_graph_sizes *out) KITH_MUST_USE;

/** The same of rank `rank` of `size`, of a graph that one rank has read whole: what kith_graph_read() would
 * give that rank, whatever ranks there are.  Local.  Errors: KITH_ENOMEM.
 *
 * @param size  at most whole->n_part
 */
kith_status kith_graph_sizes_of(const kith_graph *whole, int size, int rank,
                                kith_graph_sizes *out) KITH_MUST_USE;

/** Make the sizes of one rank that has the whole graph those of an even share, rounded up, with an upper
 * bound of the ghosts, since the cut is not known.  Local. */
void kith_graph_sizes_share(int size, kith_graph_sizes *s);

/** Sizes of an even share of graph.h5 on the ranks of `comm`, before it is partitioned.  Collective.  Errors:
 * those of kith_h5_open(). */
kith_agreed kith_graph_sizes_read(const kith_comm *comm, const char *graph_path,
                                  kith_graph_sizes *out) KITH_MUST_USE;

/** Bytes of one rank, by use. */
typedef struct kith_memory_estimate {
  int64_t graph; /**< the rank's share as read, and the matrix that layers multiply by */
  int64_t state; /**< moments, final embeddings, dense weights, or eigenvectors; a copy if checkpoints are
                      asynchronous */
  int64_t activations; /**< embeddings and layers with gradients; sampled modes: layers of an evaluation;
                            spectral: rounds, or the export */
  int64_t batch;       /**< rows of a step; sampled modes: an upper bound of its blocks and their layers */
  int64_t transient;   /**< evaluation, writing a checkpoint, reading the graph: the largest of them */
} kith_memory_estimate;

int64_t kith_memory_estimate_total(const kith_memory_estimate *estimate); /**< Local. */

/** Memory of a rank in training, the program itself excluded.  Local.  Errors: KITH_ENOMEM, KITH_ECONFIG. */
kith_status kith_estimate_memory(const kith_graph_sizes *sizes, const kith_model_options *model,
                                 const kith_train_options *train, const kith_eval_options *evaluate,
                                 const kith_checkpoint_options *checkpoint,
                                 kith_memory_estimate *out) KITH_MUST_USE;

/** The same of a model of streams: `state` is memory, rows and what is known of nodes, `activations` the
 * tensors of an evaluation, `batch` those of a step with its scores.  Local.
 *
 * @param every      epochs between evaluations; 0: there are none
 * @param n_event    of the whole stream
 * @param n_feature  of an event
 */
void kith_estimate_stream_memory(const kith_graph_sizes *sizes, const kith_stream_options *stream,
                                 const kith_train_options *train, int every, int64_t n_event, int n_feature,
                                 kith_memory_estimate *out);

/**
 * Peak disk use of a run in its work folder, in bytes: the checkpoints that are kept, the one being written,
 * and embeddings.h5 twice, since the new file replaces the old one only when it is complete.  Local.
 * Errors: KITH_ENOMEM, KITH_ECONFIG.
 */
kith_status kith_estimate_disk(const kith_graph_sizes *sizes, const kith_model_options *model,
                               const kith_checkpoint_options *checkpoint, int64_t *bytes) KITH_MUST_USE;
/** The same of a model of streams, which has no embeddings.h5.  Local. */
int64_t kith_estimate_stream_disk(const kith_graph_sizes *sizes, const kith_stream_options *stream,
                                  int n_feature, const kith_train_options *train,
                                  const kith_checkpoint_options *checkpoint);

#endif
