/* metrics.jsonl: one JSON object per epoch. */
#ifndef KITH_SRC_TRAIN_HISTORY_H
#define KITH_SRC_TRAIN_HISTORY_H

#include "comm/phases.h"
#include "train/train.h"

/** Text of the history, and the path of its file. */
typedef struct history {
  char path[KITH_PATH];
  char run[KITH_NAME]; /* id of the run, in every line; "": none */
  char *text;          /* all lines so far */
  int64_t size, room;
  int64_t written; /* bytes of the file; -1: it is to be written anew */
} history;

/** Local; called by every rank with the same arguments. Only rank 0 writes files. */
kith_status kith__history_begin(history *h, const char *work, const char *id, const char *text) KITH_MUST_USE;
void kith__history_end(history *h);

/** Contents of one line. */
typedef struct history_line {
  bool classifies;
  bool is_round;   /* of the spectral model: the epoch is a round, and the residual stands for the loss */
  bool remeasured; /* second line of an epoch, evaluated by another score: without statistics of steps */
  int64_t epoch;
  double loss, residual, seconds;
  kith_phases phases;        /* seconds of these by phase; NaN: not known of all steps */
  double evaluate_seconds;   /* below 0: the epoch was not evaluated */
  double checkpoint_seconds; /* waited for since the line before; below 0: none was written */
  int64_t peak_bytes;        /* most resident bytes of a rank so far */
  int ranks;                 /* of the run that finished the epoch */
  int64_t n_example, halo_bytes;
  const kith_eval_result *eval; /* null: the epoch was not evaluated */
  const char *split;            /* "valid", "test", or "test-selected" */
  const kith_eval_options *how; /* with eval, of a ranking: its protocol */
  kith_learned learned;         /* of relations, after the epoch */
  int n_layer;                  /* 0: oversmoothing was not measured */
  kith_oversmoothing layer[KITH_MAX_LAYER_OUTPUTS];
} history_line;

/** Make of a line's phases and seconds, this rank's, the means over ranks, and set peak_bytes and ranks.
 * Collective.
 */
void kith__history_times(const kith_comm *comm, history_line *line);

/** The means over ranks.  Collective. */
void kith__phases_mean(const kith_comm *comm, kith_phases *x);

kith_status kith__history_add(history *h, const history_line *line) KITH_MUST_USE;
/** Write what is new behind what the file has, or all of it, atomically.  Local: rank 0 calls it. */
kith_status kith__history_write(history *h) KITH_MUST_USE;

#endif
