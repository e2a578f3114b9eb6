/** Training runs of the models of streams: epochs over the events in order of time, checkpoints. */
#ifndef KITH_TRAIN_STREAM_RUN_H
#define KITH_TRAIN_STREAM_RUN_H

#include "kith/train.h"
#include "kith/stream.h"
#include "tgn/tgn.h"

typedef struct kith_stream_run {
  kith_stream_options stream; /**< model: KITH_STREAM_TGN; known: event or batch */
  kith_train_options train;   /**< epochs, seed, optimizer and lr_decay are read */
  kith_checkpoint_options checkpoint;
  int every;                /**< epochs between evaluations on validation events, as evaluate.every */
  char work[KITH_PATH];     /**< folder of checkpoints and metrics.jsonl */
  const char *job;          /**< text of the resolved job */
  const char *config_key;   /**< of the job; a checkpoint of another one is refused */
  const char *config_usual; /**< as kith_run's */
  bool fresh;               /**< remove earlier checkpoints and begin anew */
  const char *old; /**< null, or an update: the checkpoint of an ended epoch on a shorter stream … */
  int64_t trained; /**< … whose training events these are; the epoch goes on with those behind it, and
                        ends as epoch train.epochs */
} kith_stream_run;

typedef struct kith_stream_run_result {
  int64_t epochs;      /**< done, those before interruptions included */
  double loss;         /**< mean of - log probability over the events of the last epoch; NaN: none was run */
  double seconds;      /**< of this call's steps */
  int64_t n_event;     /**< of this call's steps */
  int64_t checkpoints; /**< that this call wrote */
  double mrr;          /**< of the model alone on validation events after the last evaluation; NaN: none */
} kith_stream_run_result;

/**
 * Train a model of streams, or continue from the newest readable checkpoint in the work folder; the number of
 * ranks may differ.  On the same number an interrupted run has the bits of one that was not.  Collective.
 *
 * Errors: KITH_ECONFIG (options; a checkpoint of another configuration key), KITH_ENUMERIC (the loss is not
 * finite; the last checkpoint is kept), KITH_EINTERRUPT (stopped by a signal, checkpoint written), those of
 * files, KITH_ENOMEM.
 */
kith_agreed kith_stream_train(const kith_comm *comm, const kith_graph *g, kith_stream *stream,
                              const kith_stream_run *run, kith_stream_run_result *out) KITH_MUST_USE;

/**
 * The model of the newest readable checkpoint.  Collective.
 *
 * @param[out] epoch  epochs that it has behind it
 * Errors: KITH_ENOINPUT (there is no checkpoint), others as above.
 */
kith_agreed kith_stream_load(const kith_comm *comm, const kith_graph *g, kith_stream *stream,
                             const kith_stream_run *run, kith_tgn **out, int64_t *epoch) KITH_MUST_USE;

#endif
