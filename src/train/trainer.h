/*
 * The trainer's structure: trainer.c owns it; full.c and sampled.c each implement one kind of step,
 * pair_targets.c and node_targets.c what is learned.
 */
#ifndef KITH_SRC_TRAIN_TRAINER_H
#define KITH_SRC_TRAIN_TRAINER_H

#include "train/train.h"

typedef struct kith_targets kith_targets;
typedef struct also_stream also_stream; /* also.c */

/* State of training on pairs (pair_targets.c). */
typedef struct pair_targets {
  bool softmax;
  kith_edge_order *edge_order;
  kith_replay *replay; /* an update's pairs; null: all pairs */
  kith_negative_distribution *negative_distribution;
  kith_saturated_users *saturated_users; /* users without negatives; null if false negatives are not masked */
  kith_batch *batch;                     /* of the current step */
  kith_batch *next; /* sampled modes: of the next step, whose sampling plan is in progress */
  double l2_scale;  /* loss.l2 / training pairs of the current step */
} pair_targets;

/* State of training on next items through the model of the graph (joint_targets.c). */
typedef struct joint_targets {
  struct kith_sasrec *sasrec;
  kith_ragged list; /* what it learns from … */
  int64_t *user;
  kith_gather_index own; /* the rows of this rank's items … */
  int64_t *place;        /* … and their numbers among all … */
  kith_node_map items;   /* … of which these are */
  int64_t n_weight;      /* dense weights of the model of the graph, which come first */
} joint_targets;

struct kith_trainer {
  const kith_comm *comm;
  const kith_graph *g;
  kith_model_options model;
  kith_train_options train;
  bool sampled;
  const kith_targets *targets;  /* what the steps learn from … */
  pair_targets pairs;           /* … pairs … */
  int n_also;                   /* … beside them pairs of other relations … */
  also_stream *also;            /* [n_also] */
  kith_further_output *further; /* [n_also] rows of the model for them */
  kith_train_nodes *nodes;      /* … or labeled nodes; null … */
  joint_targets *joint;         /* … or next items, through the model of the graph; null … */
  struct kith_sasrec *sasrec; /* … or by SASRec alone: steps are its own, and there is no tape here; null */
  int64_t n_step, epoch_number;
  const int64_t *step_start;             /* [n_step + 1] examples in the steps before each, over all ranks */
  const kith_gather_index *gather_index; /* rows of the current step */
  kith_lid max_rows;                     /* most rows that this rank's part of a step reads … */
  int64_t all_rows;                      /* … and that all ranks' parts do; 0: not known */
  kith_lid max_excluded;                 /* most pairs whose edges a sampled step excludes */
  int d;                                 /* columns of the input rows, unless those are sparse features */
  kith_dist_csr *a;                      /* adjacency of the training graph */
  kith_dist_csr *own_graph;              /* of models that read another matrix; null: a */
  kith_dist_csr *layer_graph;            /* the one of both that layers multiply by */
  int64_t planned;   /* sampled modes: number (exec.step) of the step whose plan is in progress; -1: none */
  kith_halo *halo;   /* of the batch's rows; dynamic: set up anew in every step; null: they do not travel */
  kith_hosts *hosts; /* full mode: of layers whose rows are read in place; null: not looked for … */
  kith_host_halo *host_halo; /* … and the halo of this rank's host; null: rows are exchanged by messages */
  kith_shared_halo *near_halo;    /* the same of layers that gather rows */
  int64_t fetched[2];             /* by host: rows that hosts fetch, and would if each rank fetched its own */
  char not_shared[2 * KITH_PATH]; /* why; "": nothing was asked for */
  kith_full_block full_block;
  kith_params *params; /* dense weights */
  kith_exec_ctx exec;
  kith_tape *tape;           /* of a step … */
  kith_recording step;       /* … and the model on it */
  kith_sampler *sampler;     /* sampled modes: the blocks of a step … */
  kith_leaf_rows leaf;       /* … the rows that they read … */
  kith_gather_remote fetch;  /* … and the gradients of their embeddings */
  kith_tape *inference_tape; /* sampled modes: the model on the full graph, for inference */
  kith_recording inference;
  kith_recording *whole; /* the recording on the full graph: one of both */
  bool whole_was_run;    /* inference_tape has run since the last step */
  const kith_optimizer *optimizer;
  int64_t optimizer_base; /* steps of the optimizer beside the steps of epochs: those of an older graph had
                             others */
  float *slot[KITH_MAX_SLOTS]; /* [n_own, d] of the optimizer, for x */
  float *held;                 /* an update: [n_own, d] x as it was at its beginning; null: not held */
  float *final;                /* [n_own, final width] */
  kith_exact_sum loss;
  kith_step_stats stats;
  kith_phase_clock phases;           /* of the steps */
  int64_t eval_bytes, eval_messages; /* of the halo in inference, which do not count as steps' */
};

/* An update: whether a row begins anew, of a node that the parent lacks, or that had no training interaction
 * there and has one now (new_rows.c).  Local. */
bool kith__row_is_new(const kith_trainer *t, kith_lid i);

/* Let ranks of one host read each other's rows in place, where layers do nothing but multiply, and memory is
 * given (share.c).  Collective. */
kith_agreed kith__trainer_share(kith_trainer *t) KITH_MUST_USE;

/* Full-graph steps: layers are computed by the owners, then the batch's rows are exchanged. Prepare is
 * Collective, record Local. */
kith_agreed kith__full_prepare(kith_trainer *t) KITH_MUST_USE;
kith_status kith__full_record(kith_trainer *t) KITH_MUST_USE;
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

/* Seed nodes of a sampled step, and the pairs whose edges are excluded from its blocks. */
typedef struct targets_seeds {
  kith_lid n;
  const kith_gid *node; /* [n] */
  int64_t n_pair;       /* those with an end on this rank, at least; 0: none are excluded */
  const kith_pair *pair;
} targets_seeds;

/* What steps learn from.  fill and setup are Collective, and so is create. */
struct kith_targets {
  bool ranks; /* final rows rank items, rather than classify */
  /* Check graph, options and model; set what the model must know of the targets. */
  kith_status (*check)(const kith_graph *g, const kith_train_options *train, kith_model_options *model);
  /* Set n_step, step_start, gather_index and max_rows. */
  kith_agreed (*create)(kith_trainer *t);
  void (*destroy)(kith_trainer *t);
  void (*set_epoch)(kith_trainer *t, int64_t epoch);
  void (*fill)(kith_trainer *t, int64_t step); /* make the examples of a step the current ones */
  void (*clear)(kith_trainer *t);              /* no examples: for inference */

  /* Full-graph steps: create the halo of the rows that are read, if they travel, … */
  kith_agreed (*prepare_full)(kith_trainer *t);
  kith_lid (*max_packed)(const kith_trainer *t); /* … most rows that this rank gives … */
  /* … and set it up for the current examples; returns the largest request of all ranks. */
  kith_step_request (*setup_full)(kith_trainer *t, kith_step_request request);

  /* Sampled steps: the seed nodes of a step to come, then its examples become the current ones. */
  targets_seeds (*plan)(kith_trainer *t, int64_t step);
  void (*take)(kith_trainer *t, int64_t step);

  /* Record what the loss says of the input rows; and the loss, of the rows that gather_index names. */
  void (*record_input_loss)(kith_trainer *t, kith_tensor *x);
  void (*record_loss)(kith_trainer *t, kith_tensor *rows);
};
/* Record the loss of a batch of pairs, of rows [most rows of a batch, d]. */
void kith__pair_loss_op(kith_trainer *t, const kith_batch *b, kith_tensor *rows, kith_exact_sum *loss);
extern const kith_targets kith__pair_targets, kith__node_targets, kith__joint_targets;

/* Pull the rows of known nodes that the step has moved towards t->held, at this learning rate.  Local. */
void kith__hold(kith_trainer *t, double lr);

/* Whether a model of the graph is trained by SASRec's loss. */
static inline bool kith__joins_sequences(const kith_model_options *m) {
  return m->sequence == KITH_SEQUENCE_SASREC && m->sasrec.joint;
}

/* Whether the input rows are trainable embeddings. */
static inline bool kith__rows_require_grad(const kith_trainer *t) { return t->whole->x != NULL; }

#endif
