/** What other rooms of the library use of train, beyond kith/train.h. */
#ifndef KITH_TRAIN_TRAIN_H
#define KITH_TRAIN_TRAIN_H

#include "kith/train.h"
#include "comm/phases.h"
#include "store/store.h"
#include "loss/loss.h"
#include "model/model.h"
#include "optimizer/optimizer.h"
#include "eval/eval.h"
#include "eval/oversmoothing.h"

/* ---- the trainer: parameters and steps ---- */

/** Bytes of the optimizer's slots of the rank's [n_own, d] embeddings, and of the final rows of `width`
 * columns.  Local. */
int64_t kith_trainer_rows_bytes(int n_slot, int64_t n_own, int d, int width);

/** What batches of pairs hold, if a step has so many pairs.  Local. */
kith_batch_shape kith_trainer_batch_shape(const kith_train_options *train, int64_t pairs);

/** Steps of the optimizer after some epochs and steps: as many as these have, unless
 * kith_trainer_set_optimizer_step() has set another count, from which it goes on.  Local. */
int64_t kith_trainer_optimizer_step(const kith_trainer *t, int64_t epoch, int64_t step);
void kith_trainer_set_optimizer_step(kith_trainer *t, int64_t epoch, int64_t step, int64_t count);

/** Hold the input rows of known nodes where they are now: train.update.hold.  Local.  Errors: KITH_ENOMEM. */
kith_status kith_trainer_hold(kith_trainer *t) KITH_MUST_USE;
/**
 * Begin the input rows of new nodes by train.update.init, and those of nodes without a training interaction
 * in the parent that have one now, unless layers or further losses read them by a relation.  Collective.
 *
 * @param parts_path  file of the graph, which is read with init features alone
 * @param[out] out    cold_rows, alike_rows and drawn_rows, over all ranks
 * Errors: KITH_ENOMEM; KITH_ECONFIG (init features, and neither users nor items have both features and
 * embeddings); those of reading parts.h5.
 */
kith_agreed kith_trainer_begin_new(kith_trainer *t, const char *parts_path,
                                   kith_update_result *out) KITH_MUST_USE;
/** New pairs, and old ones, of an epoch of an update.  Local. */
void kith_trainer_update_pairs(const kith_trainer *t, int64_t *n_new, int64_t *n_old);

/** Training pairs (classification: nodes) of steps [first, last) of the current epoch, on all ranks.  Local.
 */
int64_t kith_trainer_n_example(const kith_trainer *t, int64_t first, int64_t last);

/** Users for whom no negative exists (kith_saturated_users): no step trains on their pairs. */
typedef struct kith_excluded_users {
  int64_t n_user; /**< over all ranks */
  kith_eid n_pair;
  bool any; /**< negatives are drawn among all items; else only among items with training interactions */
} kith_excluded_users;
kith_excluded_users kith_trainer_excluded_users(const kith_trainer *t); /**< Local. */
/** The same of auxiliary loss i, and its relation; null: there are no more.  Local. */
kith_excluded_users kith_trainer_also_excluded_users(const kith_trainer *t, int i, const char **relation);

/** Layers that kith_trainer_oversmoothing() measures: the input rows, and the output of each layer.  Local.
 */
int kith_trainer_n_layer(const kith_trainer *t);
/**
 * Measure oversmoothing of every layer, out [n_layer], on the rows of the latest kith_trainer_inference();
 * call it before the next step.  Collective.  Errors: KITH_ENOMEM.
 */
kith_agreed kith_trainer_oversmoothing(kith_trainer *t, kith_oversmoothing *out) KITH_MUST_USE;

/** Statistics of this rank's steps since the trainer was created. */
typedef struct kith_step_stats {
  int64_t steps;
  int64_t n_sampled; /**< sampled modes: neighbors sampled for rows of this rank, over all layers */
  int64_t n_seed,
      n_seed_alone;        /**< sampled modes: seed nodes; those with neighbors of which none was sampled */
  double seconds;          /**< wall time of the steps */
  double sampling_seconds; /**< part of it: building batches and sampling blocks, with their messages … */
  double batch_seconds;    /**< … and the batches' part of that */
  double mpi_seconds;      /**< part of it: MPI calls */
} kith_step_stats;
kith_step_stats kith_trainer_step_stats(const kith_trainer *t); /**< Local. */
/** The seconds of these steps by phase.  Local. */
kith_phases kith_trainer_phases(const kith_trainer *t);

/** The weights of relations in the layers, learned ones as they are now.  Local. */
void kith_trainer_relations(kith_trainer *t, kith_relation_weights *out);

/** What was learned of relations: "relation_NAME" is a learned omega; "tie_norm" and "tie_bias" are the norm
 * of a and b of the gates of ties. */
typedef struct kith_learned {
  int n;
  struct kith_learned_value {
    char name[KITH_NAME];
    double value;
  } of[2 * KITH_MAX_RELATIONS + 2];
} kith_learned;

#define KITH_LOSS_OF "loss_"
/** Add "loss_NAME" for each auxiliary loss, without its weight: the mean of the steps since
 * kith_trainer_begin_also(), of an epoch that goes on from a checkpoint of those since then.  Collective. */
void kith_trainer_also_losses(const kith_trainer *t, kith_learned *out);
void kith_trainer_begin_also(kith_trainer *t); /**< Local. */

enum { KITH_LEARNED_SIZE = 4096 }; /**< bytes of a kith_learned as text */

/** What a trainer has learned of relations, as it is now.  Local. */
kith_learned kith_trainer_learned(kith_trainer *t);
/** Of model.sasrec.joint: h [own users, dim], of the final rows `item` of all items; and how many of the
 * dense weights, the first ones, are of the model of the graph.  Local. */
void kith_trainer_sequence_users(kith_trainer *t, const float *item, float *h);
int64_t kith_trainer_graph_weights(const kith_trainer *t);
/** Of SASRec: z [items, dim], after kith_trainer_inference(), or with model.sasrec.joint after
 * kith_trainer_sequence_users().  Local. */
const float *kith_trainer_sequence_items(const kith_trainer *t);
/** Of weights and parameters.  Local. */
kith_learned kith_learned_of(const kith_relation_weights *w, const kith_params *params);
/** Print "name value, …", or "".  Local. */
void kith_learned_print(const kith_learned *l, size_t size, char *text);
/** Rows that the last step requested from this rank, each counted once, and their total degree.  Local. */
int64_t kith_trainer_requested_rows(const kith_trainer *t);
kith_eid kith_trainer_requested_edges(const kith_trainer *t);
/** Entries of this rank's rows of the matrix that layers multiply by.  Local. */
kith_eid kith_trainer_entries(const kith_trainer *t);
/** How ranks of one host read each other's rows, for the log; "" where there is nothing to say.  Local. */
void kith_trainer_sharing(const kith_trainer *t, size_t size, char *text);
/** Say, for the log, in which strips layers exchange rows, or why there are none.  Local.
 * @return whether there are */
bool kith_trainer_strips(const kith_trainer *t, size_t size, char *text);
/** Bytes that this rank has sent in halo exchanges of steps, and messages.  Local. */
int64_t kith_trainer_halo_bytes(const kith_trainer *t);
int64_t kith_trainer_halo_messages(const kith_trainer *t);

/* ---- the training run ---- */

enum { KITH_CONFIG_KEY_SIZE = 8192, KITH_SPECTRAL_FILTER_SIZE = 512 };

/**
 * Configuration key of a run on a graph, text [size]: a checkpoint is resumed only if its key is the same.
 * Collective.
 */
void kith_config_key(const kith_comm *comm, const kith_graph *g, const kith_run *run, size_t size,
                     char *text);
/**
 * Configuration key of the rows that a run exports, text [size]: `config_key` and what the export applies,
 * which is model.length_discount, model.sequence: recent, and of the spectral model its filter and powers.
 * Local.  Errors: KITH_ECONFIG (too long).
 */
kith_status kith_export_key(const kith_run *run, const char *config_key, size_t size,
                            char *text) KITH_MUST_USE;
/** The words of a configuration key, of a run or of its export, that are those of its job, as
 * kith_job_config_key() prints them: text [size].  Local. */
void kith_config_key_of_job(const char *key, size_t size, char *text);
/** Whether rows whose export key is `key`, or null, have the model's length_discount, and its recent items.
 * Local. */
bool kith_export_is_of(const kith_model_options *o, const char *key);
/** "ratio:0.1" or "knots:1,0.5": text [KITH_SPECTRAL_FILTER_SIZE].  Local. */
void kith_spectral_filter_print(const kith_spectral_options *o, char *text);
/** The same as earlier versions wrote it, from model, train and evaluate of `run`.  Local. */
void kith_config_key_legacy(const kith_graph *g, const kith_run *run, size_t size, char *text);

struct kith_spectrum;
/**
 * The eigenpairs of the newest checkpoint of a spectral run.  Collective.
 *
 * @param run  work, model and train.seed as the run had them
 * Errors: KITH_ENOINPUT (no checkpoint), KITH_EDATA, KITH_ECONFIG (of another configuration key),
 * KITH_ENOMEM.
 */
kith_agreed kith_spectral_load(const kith_comm *comm, const kith_graph *g, const kith_run *run,
                               struct kith_spectrum **out) KITH_MUST_USE;

/**
 * Install signal handlers that record a request for kith_train_run() instead of ending the process.
 *
 * SIGUSR1, SIGTERM, SIGINT, SIGXCPU, and SIGHUP unless it is ignored, request a stop; a second SIGTERM or
 * SIGINT ends the program.  Call it early, so that a signal during the reading of the graph is not lost.
 * SIGCONT from the parent process requests a checkpoint: Open MPI's mpirun sends it first when it ends a job
 * (Ctrl-C), one second before SIGTERM and two before SIGKILL.  Local; allowed before MPI_Init().
 */
void kith_signals_install(void);

#endif
