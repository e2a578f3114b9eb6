/* Inside a trainer: trainer.c owns it, full.c and sampled.c each record and arrange one kind of step. */
#ifndef KITH_SRC_TRAIN_TRAINER_H
#define KITH_SRC_TRAIN_TRAINER_H

#include "kith/train.h"

struct kith_trainer {
  const kith_comm *comm;
  const kith_graph *g;
  kith_model_options model;
  kith_train_options train;
  bool softmax, sampled, classifies;
  int64_t n_step, epoch_number;
  int d;                      /* columns of the input rows: of embeddings, or of features */
  kith_dist_csr *a;           /* the training graph's */
  kith_dist_csr *near;        /* importance neighborhoods, for models that read them */
  kith_dist_csr *layer_graph; /* which of both the layers read */
  kith_epoch *epoch;
  kith_noise *noise;
  kith_saturated
      *saturated; /* users without negatives; null where others' items are negatives though they are known */
  kith_batch *batch;       /* of the step … */
  kith_batch *next;        /* … and sampled modes: of the one that is planned meanwhile */
  int64_t planned;         /* its number, exec.step to be; -1: none */
  kith_labelled *labelled; /* classification: instead of epoch, noise and batch */
  kith_halo *halo;         /* of the batch's rows, aimed anew at every step */
  kith_full_block whole;
  const kith_block
      *hop[KITH_MAX_LAYER_OUTPUTS]; /* what each layer of a step reads: the whole graph, or a sampled hop */
  kith_params *params;              /* dense weights */
  kith_exec_ctx exec;
  kith_tape *tape; /* of a step */
  kith_output output;
  kith_sampler *sampler;     /* sampled modes: the hops of a step … */
  kith_gather_remote fetch;  /* … and the rows that it begins with */
  kith_tape *inference_tape; /* sampled modes: the model on the whole graph, for evaluation */
  bool whole_was_run;        /* since the last step */
  kith_output inference_output;
  kith_gather_index nothing; /* what it asks for: its output is taken whole */
  kith_tensor *x;   /* initial embeddings, which are parameters, or features, which are data; null where all
                       rows are made of features' weights */
  kith_input input; /* what the input rows are made of: x, weights of features, or both */
  float *m, *v;     /* [n_own, d] Adam's moments of parameters */
  float *final;     /* [n_own, final width] */
  kith_layer_outputs layers; /* of the model on the whole graph */
  double l2_scale;           /* l2 / pairs of this step */
  kith_exact_sum loss;
  kith_step_stats stats;
  int64_t eval_bytes; /* sent for evaluations, not by steps */
};

/* Steps on the whole graph: layers at the owners, then the batch's rows travel.  Prepare is collective,
 * record local. */
kith_agreed kith__full_prepare(kith_trainer *t) KITH_MUST_USE;
kith_status kith__full_record(kith_trainer *t) KITH_MUST_USE;
/* After the batch is filled: make its rows known to their owners; returns the largest request of all ranks.
 * Collective. */
kith_step_request kith__full_setup_step(kith_trainer *t, kith_step_request request);
/* Play the layers and nothing else.  Collective. */
void kith__full_inference(kith_trainer *t);

/* Steps on sampled hops: the leaves travel, then every rank computes the rows of its own batch. */
kith_agreed kith__sampled_prepare(kith_trainer *t) KITH_MUST_USE;
kith_status kith__sampled_record(kith_trainer *t) KITH_MUST_USE;
/* Hops of a step, which were drawn while the one before was played; those of the next one are begun.
 * Collective. */
kith_step_request kith__sampled_setup_step(kith_trainer *t, int64_t step, kith_step_request request);
/* Bring the plan under way to its end, where something else needs the halo of the whole graph.  Collective.
 */
void kith__sampled_finish_plan(kith_trainer *t);
/* The same for a step that will not come: its order changes.  Collective. */
void kith__sampled_discard_plan(kith_trainer *t);
void kith__sampled_inference(kith_trainer *t);

/* What a step of the epoch is about: pairs into `b`, or labeled nodes.  Collective. */
void kith__trainer_fill_batch(kith_trainer *t, int64_t step, kith_batch *b);
/* The input rows on the whole graph; sets x and input.  Local. */
kith_tensor *kith__trainer_record_input(kith_trainer *t, kith_tape *tape);
/* The loss on the rows that the batch wants, or of the labeled nodes.  Local. */
void kith__trainer_record_loss(kith_trainer *t, kith_tensor *rows);
/* The rows that a step asks for. */
static inline const kith_gather_index *kith__gather_index(const kith_trainer *t) {
  return t->classifies ? &t->labelled->gather_index : &t->batch->gather_index;
}
/* The most rows that this rank wants in any step: of its pairs, or its labeled nodes. */
static inline kith_lid kith__trainer_max_rows(const kith_trainer *t) {
  return t->classifies ? t->labelled->most : kith_batch_most_wanted(t->batch);
}

/* Whether embeddings are learned. */
static inline bool kith__rows_require_grad(const kith_trainer *t) {
  return t->x && kith_tensor_requires_grad(t->x);
}

#endif
