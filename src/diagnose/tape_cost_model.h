/* A model on a graph of a few dozen nodes, to see what it takes of a tape. */
#ifndef KITH_SRC_DIAGNOSE_TAPE_COST_MODEL_H
#define KITH_SRC_DIAGNOSE_TAPE_COST_MODEL_H

#include "kith/train.h"

/* What a tape takes, as a + b * owned rows + c * ghosts + d * entries: tapes are linear in all three. */
typedef struct kith__tape_cost_model {
  kith_tape_bytes fixed;
  double per_row[3], per_ghost[3], per_entry[3]; /* bytes of values, gradients, rooms */
  int64_t weights;                               /* numbers in dense weights */
} kith__tape_cost_model;

/* Record the model four times.  Local. */
kith_status kith__tape_cost_model_fit(const kith_model_options *model, kith_task task, int n_feature,
                                      kith__tape_cost_model *out) KITH_MUST_USE;
/* The tape on a graph of other sizes. */
kith_tape_bytes kith__tape_cost_model_predict(const kith__tape_cost_model *m, int64_t row, int64_t ghost,
                                              int64_t entry);

#endif
