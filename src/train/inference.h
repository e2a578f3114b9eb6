/** A trained model on a whole graph: recorded, with the parameters of a checkpoint, to be run forward. */
#ifndef KITH_TRAIN_INFERENCE_H
#define KITH_TRAIN_INFERENCE_H

#include "train/train.h"

/** Its parts point to each other: do not move it. */
typedef struct kith_inference {
  kith_dist_csr *a; /**< what layers read; after kith_tape_forward() with the learned weights of relations */
  kith_full_block full_block;
  kith_params *params;
  kith_tape *tape;
  kith_exec_ctx exec;
  void (*tap)(void *self, kith_tensor *h); /**< set before recording: see kith_layer_outputs … */
  void *tap_self;                          /**< … */
  const kith_gather_index *gathered; /**< set before recording: the rows that backward begins with, at most
                                        one on a rank.  Null: all rows are computed, forward alone */
  kith_weights behind; /**< set before reading: the weights that a checkpoint of model.sasrec.joint has behind
                          those of the model of the graph.  n 0: none */
  bool one_way; /**< set before recording: new nodes of the graph read known ones, which do not read them */
  kith_recording recording;
} kith_inference;

/**
 * Record a model with steps on the graph; its rows are zero until kith_inference_read().  Collective.
 *
 * @param g, model  must outlive it
 * @param seed      of the walks to importance neighborhoods
 * Errors: KITH_ENOMEM; those of kith_model_graph_create().  *out is to be freed, then too.
 */
kith_agreed kith_inference_record(const kith_comm *comm, const kith_graph *g, const kith_model_options *model,
                                  uint64_t seed, kith_inference *out) KITH_MUST_USE;
/**
 * Read the parameters of a checkpoint.  Collective.
 *
 * @param g       the graph of the run: that of the recording, or its first rows
 * @param[out] c  what else the file holds; the caller frees c->history
 * Errors: those of kith_checkpoint_read(), by the configuration key of `run`.
 */
kith_agreed kith_inference_read(kith_inference *m, const kith_graph *g, const kith_run *run,
                                const char *checkpoint, kith_checkpoint *c) KITH_MUST_USE;
/** Free its parts.  Local. */
void kith_inference_free(kith_inference *m);

#endif
