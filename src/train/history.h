/* metrics.jsonl: one JSON object per epoch. */
#ifndef KITH_SRC_TRAIN_HISTORY_H
#define KITH_SRC_TRAIN_HISTORY_H

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
  int64_t n_example, halo_bytes;
  const kith_eval_result *eval; /* null: the epoch was not evaluated */
  const char *split;            /* "valid", "test", or "test-selected" */
  kith_learned learned;         /* of relations, after the epoch */
  int n_layer;                  /* 0: oversmoothing was not measured */
  kith_oversmoothing layer[KITH_MAX_LAYER_OUTPUTS];
} history_line;

kith_status kith__history_add(history *h, const history_line *line) KITH_MUST_USE;
/** Write what is new behind what the file has, or all of it, atomically.  Local: rank 0 calls it. */
kith_status kith__history_write(history *h) KITH_MUST_USE;

#endif
