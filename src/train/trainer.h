/* The trainer's structure: trainer.c owns it; full.c and sampled.c each implement one kind of step. */
#ifndef KITH_SRC_TRAIN_TRAINER_H
#define KITH_SRC_TRAIN_TRAINER_H

#include "train/train.h"

struct kith_trainer {
  const kith_comm *comm;
  const kith_graph *g;
  kith_model_options model;
  kith_train_options train;
  bool softmax, sampled, classifies;
  int64_t n_step, epoch_number;
  int d;                      /* columns of the input rows, unless those are sparse features */
  kith_dist_csr *a;           /* adjacency of the training graph */
  kith_dist_csr *own_graph;   /* of models that read another matrix; null: a */
  kith_dist_csr *layer_graph; /* the one of both that layers multiply by */
  kith_edge_order *edge_order;
  kith_negative_distribution *negative_distribution;
  kith_saturated_users *saturated_users; /* users without negatives; null if false negatives are not masked */
  kith_batch *batch;                     /* of the current step */
  kith_batch *next;              /* sampled modes: of the next step, whose sampling plan is in progress */
  int64_t planned;               /* global number of that step (exec.step); -1: none */
  kith_train_nodes *train_nodes; /* classification: in place of epoch, noise and batch */
  kith_halo *halo;               /* of the batch's rows; dynamic: set up anew in every step */
  kith_full_block full_block;
  const kith_block *block[KITH_MAX_LAYER_OUTPUTS]; /* block of each layer: the full graph, or sampled */
  kith_params *params;                             /* dense weights */
  kith_exec_ctx exec;
  kith_tape *tape; /* of a step */
  kith_output output;
  kith_sampler *sampler;     /* sampled modes: the blocks of a step … */
  kith_leaf_rows leaf;       /* … the rows that they read … */
  kith_gather_remote fetch;  /* … and the gradients of their embeddings */
  kith_tape *inference_tape; /* sampled modes: the model on the full graph, for inference */
  bool whole_was_run;        /* inference_tape has run since the last step */
  kith_output inference_output;
  kith_gather_index nothing; /* empty: the inference output is taken in full */
  kith_tensor *x;            /* embeddings; null if all input rows are computed from features */
  kith_input input;          /* input rows: x, weights of features, or both */
  const kith_optimizer *optimizer;
  float *slot[KITH_MAX_SLOTS]; /* [n_own, d] of the optimizer, for x */
  float *final;                /* [n_own, final width] */
  kith_layer_outputs layers;   /* layer outputs on the full graph */
  double l2_scale;             /* loss.l2 / training pairs of this step */
  kith_exact_sum loss;
  kith_step_stats stats;
  int64_t eval_bytes; /* halo bytes of inference, which do not count as steps' */
};

/* Full-graph steps: layers are computed by the owners, then the batch's rows are exchanged. Prepare is
 * Collective, record Local. */
kith_agreed kith__full_prepare(kith_trainer *t) KITH_MUST_USE;
kith_status kith__full_record(kith_trainer *t) KITH_MUST_USE;
/* Set up the halo of the filled batch; returns the largest request of all ranks. Collective. */
kith_step_request kith__full_setup_step(kith_trainer *t, kith_step_request request);
/* Run the layers only, with an empty batch. Collective. */
void kith__full_inference(kith_trainer *t);

/* Sampled steps: input rows are gathered from their owners, then every rank computes the rows of its batch.
 */
kith_agreed kith__sampled_prepare(kith_trainer *t) KITH_MUST_USE;
kith_status kith__sampled_record(kith_trainer *t) KITH_MUST_USE;
/* Take the blocks of this step, sampled during the previous one, and start to sample those of the next.
 * Collective. */
kith_step_request kith__sampled_setup_step(kith_trainer *t, int64_t step, kith_step_request request);
/* Complete the sampling plan in progress, before another user of the graph's halo. Collective. */
void kith__sampled_finish_plan(kith_trainer *t);
/* Complete and drop the plan of a step that will not run, because the order changes. Collective. */
void kith__sampled_discard_plan(kith_trainer *t);
void kith__sampled_inference(kith_trainer *t);

/* Fill the batch of a step: pairs into `b`, or labeled nodes. Collective. */
void kith__trainer_fill_batch(kith_trainer *t, int64_t step, kith_batch *b);
/* Record the input rows on the full graph; sets x and input. Local. */
kith_tensor *kith__trainer_record_input(kith_trainer *t, kith_tape *tape);
/* Record the features as input rows; leaf: null on the full graph. Local. */
kith_tensor *kith__trainer_record_features(kith_trainer *t, kith_tape *tape, const kith_node_map *node_map,
                                           const kith_leaf_rows *leaf);
/* Record the loss on the rows of the batch, or of the labeled nodes. Local. */
void kith__trainer_record_loss(kith_trainer *t, kith_tensor *rows);
/* Rows that the batch gathers. */
static inline const kith_gather_index *kith__gather_index(const kith_trainer *t) {
  return t->classifies ? &t->train_nodes->gather_index : &t->batch->gather_index;
}
/* Upper bound of the rows that this rank's part of a batch reads. */
static inline kith_lid kith__trainer_max_rows(const kith_trainer *t) {
  return t->classifies ? t->train_nodes->max_nodes : kith_batch_max_recv(t->batch);
}

/* Whether the input rows are trainable embeddings. */
static inline bool kith__rows_require_grad(const kith_trainer *t) { return t->x != NULL; }

#endif
