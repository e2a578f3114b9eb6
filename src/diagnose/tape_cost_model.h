/* Tape memory of a model, fitted on graphs of a few dozen nodes. */
#ifndef KITH_SRC_DIAGNOSE_TAPE_COST_MODEL_H
#define KITH_SRC_DIAGNOSE_TAPE_COST_MODEL_H

#include "diagnose/memory_estimate.h"

/* Bytes of a tape: fixed + per_row * owned rows + per_ghost * ghosts + per_entry * entries. */
typedef struct kith__tape_cost_model {
  kith_tape_bytes fixed;
  double per_row[4], per_ghost[4], per_entry[4]; /* bytes of values, gradients, rooms, ghosts */
  int64_t weights;                               /* number of dense weights */
} kith__tape_cost_model;

/* Fit the coefficients by recording the model four times, on the features of a graph. Local. */
kith_status kith__tape_cost_model_fit(const kith_model_options *model, const kith_graph_sizes *sizes,
                                      kith__tape_cost_model *out) KITH_MUST_USE;
/* Bytes of the tape on a graph of other sizes. Local. */
kith_tape_bytes kith__tape_cost_model_predict(const kith__tape_cost_model *m, int64_t row, int64_t ghost,
                                              int64_t entry);

#endif
