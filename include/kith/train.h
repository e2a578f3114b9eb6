/**
 * Train: what owns parameters and steps (the trainer), and the run around it: epochs, evaluation, early
 * stopping, checkpoints, the exported embeddings.
 */
#ifndef KITH_TRAIN_H
#define KITH_TRAIN_H

#include "kith/store.h"
#include "kith/loss.h"
#include "kith/model.h"
#include "kith/optimizer.h"
#include "kith/eval.h"
#include "kith/oversmoothing.h"

/** Whose dense weights decay: those of all layers, or of the first. */
typedef enum kith_weight_decay_on { KITH_DECAY_ALL, KITH_DECAY_FIRST } kith_weight_decay_on;

typedef struct kith_train_options {
  kith_sampler_options sampler;
  bool exclude_targets; /**< sampled hops leave out the pairs that the step learns from */
  int batch;  /**< training pairs in a step, over all ranks; classification: training nodes, and mode full
                 takes all */
  int epochs; /**< epochs in all, those of an earlier run included */
  uint64_t seed;
  double weight_decay; /**< weight of half the squared norm of dense weights: its gradient is added, the loss
                          is without it */
  kith_weight_decay_on weight_decay_on;
  double lr_decay; /**< of the learning rate: it is lr * decay^epoch in epoch 0, 1, … */
  int patience;    /**< evaluations without a better score before stopping; 0 never stops early */
  kith_adam_options adam;
  kith_loss_options loss;
  kith_negative_options negatives;
} kith_train_options;

typedef struct kith_checkpoint_options {
  int every_epochs;     /**< epochs between checkpoints; 0: none because of epochs */
  int every_steps;      /**< steps between checkpoints, counted over epochs; 0: none because of steps */
  double every_minutes; /**< of rank 0's clock between checkpoints; 0: none because of time */
  int keep;             /**< how many of the newest stay */
  bool keep_best; /**< where evaluations pick the epoch: write one of the picked epoch, and keep it beside the
                newest */
  int async_above_mb; /**< megabytes from which a checkpoint is written beside the steps, from a copy; steps
                 wait for smaller ones */
} kith_checkpoint_options;

kith_train_options kith_train_defaults(void);
kith_checkpoint_options kith_checkpoint_defaults(void);

/* ---- the trainer: parameters and steps ---- */

typedef struct kith_trainer kith_trainer;

/**
 * Record the model, make every buffer, set the initial embeddings.  What is learned is the graph's task:
 * pairs, or classes of its labeled nodes, for which the model's last layer gets a column a class.
 * Collective; `comm` and `g` must outlive it.
 */
kith_agreed kith_trainer_create(const kith_comm *comm, const kith_graph *g, const kith_model_options *model,
                                const kith_train_options *train, kith_trainer **out) KITH_MUST_USE;
void kith_trainer_destroy(kith_trainer **trainer);

int64_t kith_trainer_n_step(const kith_trainer *t); /**< steps in an epoch */
int64_t kith_trainer_n_example(const kith_trainer *t, int64_t first,
                               int64_t last); /**< pairs (classification: nodes) of the steps first … last - 1
                                                 of the current epoch, over all ranks */

/** Users who have a training interaction with every item that may be drawn as a negative (kith_saturated):
 * their pairs are in no step. */
typedef struct kith_excluded_users {
  int64_t n_user; /**< over all ranks */
  kith_eid n_pair;
  bool
      any; /**< whether negatives are drawn among all items, or only among those with training interactions */
} kith_excluded_users;
kith_excluded_users kith_trainer_excluded_users(const kith_trainer *t);

/** Put the training pairs into the order of an epoch, 0 the first.  Local. */
void kith_trainer_set_epoch(kith_trainer *t, int64_t epoch);
/**
 * What a rank wants to happen after a step; the largest request of all ranks comes true: nothing; the loss of
 * all ranks is added up, for a display; a checkpoint is written; it is also waited for; the run stops after a
 * checkpoint.
 */
typedef enum kith_step_request {
  KITH_REQUEST_NONE,
  KITH_REQUEST_LOSS,
  KITH_REQUEST_CHECKPOINT,
  KITH_REQUEST_CHECKPOINT_NOW,
  KITH_REQUEST_STOP
} kith_step_request;

/**
 * One step of the current epoch.  Collective; cannot fail and allocates nothing.
 *
 * @param request  what this rank wants to happen after the step; it rides along with counts that are
 * exchanged anyway
 * @return the largest request of all ranks; the same on every rank
 */
kith_step_request kith_trainer_step(kith_trainer *t, int64_t step, kith_step_request request);

/** What a trainer has learned: lent, [n_own, d] each; and the dense weights, the same on every rank. */
typedef struct kith_train_state {
  int d; /**< columns of x, m and v; 0 where rows are data, or made of features alone, and nothing of them is
            learned */
  float *x, *m, *v;
  kith_weights weights;
  kith_sum *loss; /**< this rank's share of the sum over steps of the mean loss, since it was last cleared by
                     the caller */
} kith_train_state;
kith_train_state kith_trainer_state(kith_trainer *t);

/**
 * The final embeddings [n_own, kith_model_output_dim()], as products rank them: propagated, normalized where
 * the model scores by cosine. Classification: logits [n_own, classes]. Collective.  Lent until the next call.
 */
const float *kith_trainer_inference(kith_trainer *t);

int kith_trainer_n_layer(const kith_trainer *t); /**< layers whose rows the model tells of: the input rows,
                                                    then one a propagation */
/**
 * How alike the rows of all nodes are after each layer, as kith_trainer_inference() computed them since the
 * last step: out [n_layer]. Collective.  Errors: KITH_ENOMEM.
 */
kith_agreed kith_trainer_oversmoothing(kith_trainer *t, kith_oversmoothing *out) KITH_MUST_USE;

/** What steps have taken of this rank since the trainer was made. */
typedef struct kith_step_stats {
  int64_t steps;
  int64_t n_sampled;       /**< sampled modes: neighbors drawn for rows of this rank, over all hops */
  double seconds;          /**< in steps … */
  double sampling_seconds; /**< … of which in filling batches and drawing their hops, messages included … */
  double mpi_seconds;      /**< … and in MPI calls */
} kith_step_stats;
kith_step_stats kith_trainer_step_stats(const kith_trainer *t);

kith_eid kith_trainer_requested_edges(
    const kith_trainer *t); /**< neighbors of the rows that the last step asked this rank for */
int64_t
kith_trainer_halo_bytes(const kith_trainer *t); /**< bytes this rank has sent in exchanges of ghosts */

/* ---- the run ---- */

/** Everything `kith train` does, resolved. */
typedef struct kith_run {
  kith_model_options model;
  kith_train_options train;
  kith_eval_options evaluate;
  kith_checkpoint_options checkpoint;
  char work[KITH_PATH]; /**< folder of checkpoints, metrics.jsonl and embeddings.h5 */
  char graph[KITH_PATH], parts[KITH_PATH];
  const char *job; /**< resolved job text, kept in the files */
  bool fresh;      /**< ignore and remove earlier checkpoints */
} kith_run;

enum { KITH_CONFIG_KEY_SIZE = 2048 };

/**
 * What must be the same for a checkpoint to be continued: words "key=value" of all that decides the next bit,
 * text [size]. Model, train and evaluate of `run` are read.  Local.
 */
void kith_config_key(const kith_graph *g, const kith_run *run, size_t size, char *text);

/** How good an epoch is: one of the two, by the task. */
typedef struct kith_eval_result {
  kith_metrics ranking;
  kith_accuracy classification;
} kith_eval_result;

typedef struct kith_run_result {
  int64_t epochs;     /**< done, over all runs */
  double loss;        /**< of the last epoch, if this run ended one; else not a number */
  int64_t best_epoch; /**< the epoch that embeddings.h5 holds … */
  int64_t best_step; /**< … and steps of the next one, where train.epochs was lowered in the middle of it */
  bool evaluated;
  kith_eval_result best; /**< on the split of the job, at best_epoch */
  bool tested; /**< the test split was read once, at the end, after validation had picked the epoch */
  kith_eval_result test;
  double seconds;            /**< in steps, this run */
  int64_t checkpoints;       /**< written by this run … */
  double checkpoint_seconds; /**< … and for how long training stood still for them */
  int64_t n_example;         /**< (classification: nodes) trained on, this run */
  int64_t halo_bytes;        /**< over all ranks, in exchanges of ghosts by steps of this run */
} kith_run_result;

/**
 * Note SIGUSR1, SIGTERM, SIGINT, SIGXCPU and SIGHUP (unless it is ignored) from now on, instead of dying of
 * them, for kith_train_run() to find: so a signal that comes while the graph is read is not lost.  A second
 * SIGTERM or SIGINT ends the program.  A SIGCONT of the parent process asks for a checkpoint: it is the first
 * thing that Open MPI's mpirun sends when it ends a job (Ctrl-C), a second before SIGTERM and two before
 * SIGKILL.  Local; also before MPI_Init().
 */
void kith_signals_install(void);

/**
 * Train until the epochs are done, patience ends, or a signal (SIGUSR1, SIGTERM, SIGINT) asks to stop.
 * Collective. Continues from the newest checkpoint in the work folder unless `fresh`; the checkpoint may be
 * of any number of ranks. One that cannot be read is reported and passed over for the next older one; one of
 * another graph or config_key is refused. When checkpoints are written changes no result.  docs/restarts.md
 * says what happens on each kind of interruption. Errors: KITH_ECONFIG (checkpoint of another config_key),
 * KITH_ENUMERIC, KITH_EINTERRUPT (checkpoint written), file errors.
 */
kith_agreed kith_train_run(const kith_comm *comm, const kith_graph *g, const kith_run *run,
                           kith_run_result *out) KITH_MUST_USE;

#endif
