/**
 * Train: the trainer, which owns parameters and runs steps; and the training run around it: epochs,
 * evaluation, early stopping, checkpoints and the export of embeddings.
 */
#ifndef KITH_TRAIN_H
#define KITH_TRAIN_H

#include "kith/eval.h"
#include "kith/loss.h"
#include "kith/model.h"
#include "kith/negatives.h"
#include "kith/optimizer.h"
#include "kith/sampler.h"
#include "kith/tape.h"

/** Layers whose dense weights decay: all of them, or the first one only. */
typedef enum kith_weight_decay_on { KITH_DECAY_ALL, KITH_DECAY_FIRST } kith_weight_decay_on;

/** Auxiliary losses: in every step a batch of pairs of another relation of users with items, whose loss
 * counts `weight` beside that of the interactions; 0: none. */
typedef struct kith_also {
  int n;
  struct kith_also_loss {
    char name[KITH_NAME]; /**< of the relation */
    double weight;
  } of[KITH_MAX_RELATIONS];
} kith_also;

/** How the rows of new nodes begin in an update. */
typedef enum kith_update_init {
  KITH_UPDATE_MEAN, /**< as the mean of the input rows of the known nodes that they interact with */
  KITH_UPDATE_ZERO,
  KITH_UPDATE_FEATURES /**< as the mean of those of the known nodes of their type with the most alike
                          features; nodes without such, and types without features, as with mean */
} kith_update_init;

/** An update: a trained model learns the interactions that its graph lacked. */
typedef struct kith_update_options {
  bool on;               /**< steps learn from new pairs, and from old ones drawn by key */
  int epochs;            /**< over the new pairs */
  double replay;         /**< share of old pairs among those of an epoch, below 1 */
  double lr;             /**< learning rate; 0: half of train.lr */
  double hold;           /**< mu of mu/2 |x - x_old|^2 on input rows of known nodes */
  kith_update_init init; /**< of rows of new nodes */
  int init_neighbors;    /**< KITH_UPDATE_FEATURES: known nodes of a mean, at least 1 */
} kith_update_options;

typedef struct kith_train_options {
  kith_sampler_options sampler;
  bool exclude_targets; /**< sampled modes: the step's training pairs are no edges of its sampled blocks */
  int batch; /**< training pairs of a step, over all ranks; classification: training nodes (mode full: all) */
  int epochs;                /**< total number of epochs, those before an interruption included */
  uint64_t seed;             /**< key of initial embeddings, batch order and negatives */
  double weight_decay;       /**< L2 penalty of dense weights, w/2 |W|^2: added to gradients, not to the loss;
                                adamw: decoupled */
  double weight_decay_dense; /**< gcnii: the same of its dense layers; weight_decay is of the others */
  kith_weight_decay_on weight_decay_on;
  double lr_decay; /**< factor of the learning rate per epoch: epoch e = 0, 1, … uses lr * lr_decay^e */
  int strips;      /**< of columns in which layers exchange rows, at most: as many messages, the same bits */
  int patience;    /**< evaluations without improvement before stopping early; 0: never */
  kith_optimizer_options optimizer;
  kith_loss_options loss;
  kith_negative_options negatives;
  kith_also also;             /**< sampler mode full, and the models cascade, lightgcn and mf */
  kith_update_options update; /**< on: the graph is one of kith_graph_parent_read() */
} kith_train_options;

typedef struct kith_checkpoint_options {
  int every_epochs;     /**< epochs between checkpoints; 0: off */
  int every_steps;      /**< steps between checkpoints, counted over epochs; 0: off */
  double every_minutes; /**< minutes of rank 0's clock between checkpoints; 0: off */
  int keep;             /**< number of newest checkpoints that are kept */
  bool keep_best;       /**< where evaluations select the epoch: also write and keep its checkpoint */
  int async_above_mb;   /**< checkpoints of at least so many MiB (2^20 bytes), over all ranks, are written
                           asynchronously, from a copy */
} kith_checkpoint_options;

KITH_API kith_train_options kith_train_defaults(void);           /**< Local. */
KITH_API kith_checkpoint_options kith_checkpoint_defaults(void); /**< Local. */

/* ---- the trainer: parameters and steps ---- */

typedef struct kith_trainer kith_trainer;

/**
 * Create a trainer: record the model on a tape, allocate all buffers, initialize the embeddings.
 *
 * The graph's task decides what is trained: ranking of pairs, or classes of labeled nodes.  For
 * classification the model's last layer gets one column per class.
 * Collective.  `comm` and `g` must outlive the trainer.
 * Errors: KITH_ENOMEM; KITH_ECONFIG (model and graph or options do not fit); KITH_EDATA (no training pairs).
 */
KITH_API kith_agreed kith_trainer_create(const kith_comm *comm, const kith_graph *g,
                                         const kith_model_options *model, const kith_train_options *train,
                                         kith_trainer **out) KITH_MUST_USE;
/** Free the trainer and null the pointer; accepts null.  Collective: it may hold a communicator. */
KITH_API void kith_trainer_destroy(kith_trainer **trainer);

KITH_API int64_t kith_trainer_n_step(const kith_trainer *t); /**< Steps per epoch.  Local. */

/** Shuffle the training pairs for an epoch, from 0.  Deterministic in (seed, epoch).  Local. */
KITH_API void kith_trainer_set_epoch(kith_trainer *t, int64_t epoch);

/** What a rank requests after a step.  All ranks act on the largest request of any of them. */
typedef enum kith_step_request {
  KITH_REQUEST_NONE,
  KITH_REQUEST_LOSS,           /**< sum the loss over ranks, for the progress display */
  KITH_REQUEST_CHECKPOINT,     /**< write a checkpoint */
  KITH_REQUEST_CHECKPOINT_NOW, /**< write a checkpoint and wait until it is on disk */
  KITH_REQUEST_STOP            /**< write a checkpoint and stop */
} kith_step_request;

/**
 * Run one step of the current epoch.  Collective; cannot fail and allocates nothing.
 *
 * @param step     0 … kith_trainer_n_step() - 1, of the epoch of kith_trainer_set_epoch()
 * @param request  of this rank; piggybacked on counts that the step exchanges anyway
 * @return the largest request of all ranks; the same on every rank
 */
KITH_API kith_step_request kith_trainer_step(kith_trainer *t, int64_t step, kith_step_request request);

/**
 * Run all steps of an epoch, from 0, as kith_trainer_set_epoch() and kith_trainer_step() do.  Resets the sum
 * of the losses.  Collective; cannot fail and allocates nothing.
 * @return the mean of the steps' losses, the same on all ranks
 */
KITH_API double kith_trainer_run_epoch(kith_trainer *t, int64_t epoch);

/** Trainable state, borrowed: embeddings and optimizer slots [n_own, d]; dense weights, equal on all ranks.
 */
typedef struct kith_train_state {
  int d; /**< columns of x and the slots; 0 if there are no embeddings: rows are features, or made of features
          */
  float *x, *slot[KITH_MAX_SLOTS];
  const kith_optimizer *optimizer;
  kith_weights weights;
  kith_exact_sum *loss; /**< sum of the steps' mean losses, this rank's share; the caller resets it */
} kith_train_state;
/** The state of a trainer, valid until kith_trainer_destroy().  Local. */
KITH_API kith_train_state kith_trainer_state(kith_trainer *t);

/**
 * Run the model on the full graph, without dropout, and return its output [n_own, kith_model_output_dim()].
 *
 * Recommendation: final embeddings, normalized where the model scores by cosine.  Classification: logits
 * [n_own, classes].  Collective.  Borrowed until the next call.
 */
KITH_API const float *kith_trainer_inference(kith_trainer *t);

/* ---- the training run ---- */

/** Options of a training run: all that kith_train_run() is given beside the graph.  `kith train` fills it
 * from the job. */
typedef struct kith_run {
  kith_model_options model;
  kith_train_options train;
  kith_eval_options evaluate;
  kith_checkpoint_options checkpoint;
  char work[KITH_PATH];                    /**< folder of checkpoints, metrics.jsonl and embeddings.h5 */
  char graph[KITH_PATH], parts[KITH_PATH]; /**< paths of graph.h5 and parts.h5 */
  const char *job; /**< text of the resolved job file, stored in checkpoints and embeddings.h5; "": none,
                      but not NULL */
  const char *config_key; /**< "key=value …" of all settings that decide the result: a checkpoint with another
                           one is refused; NULL: made of the options */
  const char *config_usual; /**< "key=value …" of settings at their defaults, for messages; NULL: unknown */
  bool fresh;               /**< remove earlier checkpoints and begin anew */
  bool no_test;             /**< do not read the test split at the end, where validation selected the epoch */
  char old[KITH_PATH];      /**< an update: the checkpoint of the older graph's model that it begins from; its
                               graph is one of kith_graph_parent_read(); "": none, a training run */
} kith_run;

/** Result of an evaluation: one of the two, by the graph's task. */
typedef struct kith_eval_result {
  kith_metrics ranking;
  kith_accuracy classification;
} kith_eval_result;

/** What an update learned from. */
typedef struct kith_update_result {
  int64_t new_pairs, old_pairs;      /**< of an epoch */
  int64_t new_nodes[KITH_MAX_TYPES]; /**< by type */
  int64_t cold_rows;  /**< known nodes whose first training pairs these are: they begin like new ones */
  int64_t alike_rows; /**< with init features: new nodes that begin as means of nodes with alike features */
  int64_t drawn_rows; /**< with init mean or features: new nodes of all types that begin as in training, since
                         no mean is theirs */
} kith_update_result;

typedef struct kith_run_result {
  int64_t epochs;     /**< epochs done, those before interruptions included */
  double residual;    /**< spectral: the largest of an eigenpair; the epochs are rounds */
  double loss;        /**< of the last epoch, if this call finished one; else NaN */
  int64_t best_epoch; /**< epoch that embeddings.h5 holds … */
  int64_t best_step;  /**< … plus steps of the next one; 0, unless the run ended within an epoch because
                         train.epochs was lowered before it went on */
  bool evaluated;
  kith_eval_result best; /**< on the split of the job, at best_epoch */
  bool tested;           /**< validation selected the epoch; the test split was read once, at the end */
  kith_eval_result test;
  bool recent;                        /**< model.sequence: recent; of the rows that were made last: … */
  double recent_decay, recent_weight; /**< … its numbers */
  bool sasrec;                        /**< model.sequence: sasrec; of the rows that were made last: … */
  double sasrec_gamma;                /**< … the weight of the graph's scores */
  double seconds;            /**< wall clock of this call's steps, without evaluations and checkpoints */
  int64_t checkpoints;       /**< checkpoints that this call wrote … */
  double checkpoint_seconds; /**< … and seconds that training waited for them */
  int64_t n_example;         /**< training pairs (classification: nodes) of this call's steps */
  int64_t halo_bytes;        /**< sent in halo exchanges of this call's steps, over all ranks */
  kith_relation_weights relations; /**< of the model's layers; learned ones after the last epoch */
  kith_update_result update;       /**< of an update; else 0 */
} kith_run_result;

/**
 * Train until all epochs are done, patience is exhausted, or a signal requests a stop.
 *
 * Resumes from the newest checkpoint in the work folder unless `fresh`; the number of ranks may differ.  An
 * unreadable checkpoint is reported and the next older one is tried; one of another graph or configuration
 * key is refused.  The times of checkpoints do not affect results.  docs/restarts.md lists the behavior on
 * each kind of interruption.
 * Collective.  Errors: KITH_ECONFIG (checkpoint of another configuration key), KITH_ENUMERIC,
 * KITH_EINTERRUPT (stopped by a signal, checkpoint written), those of files.
 */
KITH_API kith_agreed kith_train_run(const kith_comm *comm, const kith_graph *g, const kith_run *run,
                                    kith_run_result *out) KITH_MUST_USE;

#endif
