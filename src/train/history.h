/* metrics.jsonl: one JSON object an epoch. */
#ifndef KITH_SRC_TRAIN_HISTORY_H
#define KITH_SRC_TRAIN_HISTORY_H

#include "kith/train.h"

/** The history as text, and where it is kept. */
typedef struct history {
  char path[KITH_PATH];
  char run[KITH_NAME]; /* id of the run, in every line; "": none */
  char *text;          /* all lines so far */
  int64_t size, room;
} history;

/** Local, on every rank alike; only rank 0 writes files. */
kith_status kith__history_begin(history *h, const char *work, const char *id, const char *text) KITH_MUST_USE;
void kith__history_end(history *h);

/** What one epoch has to tell. */
typedef struct history_line {
  bool classifies;
  bool again; /* an epoch that has its line is measured by another score: nothing is told of its steps */
  int64_t epoch;
  double loss, seconds;
  int64_t n_example, halo_bytes;
  const kith_eval_result *eval; /* null if the epoch was not evaluated */
  const char *split;            /* "valid", "test", or "test-selected" */
  int n_layer;                  /* 0 if the layers were not measured */
  kith_oversmoothing layer[KITH_MAX_LAYER_OUTPUTS];
} history_line;

kith_status kith__history_add(history *h, const history_line *line) KITH_MUST_USE;
/** Write the whole history, atomically.  Local: rank 0 calls it. */
kith_status kith__history_write(const history *h) KITH_MUST_USE;

#endif
