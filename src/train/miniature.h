/* A model on a graph of a few dozen nodes, to see what it takes of a tape. */
#ifndef KITH_SRC_TRAIN_MINIATURE_H
#define KITH_SRC_TRAIN_MINIATURE_H

#include "kith/train.h"

/* What a tape takes, as a + b * owned rows + c * ghosts + d * entries: tapes are linear in all three. */
typedef struct kith_miniature {
  kith_tape_bytes fixed;
  double row[3], ghost[3], entry[3]; /* bytes of values, gradients, rooms */
  int64_t weights;                   /* numbers in dense weights */
} kith_miniature;

/* Record the model four times.  Local. */
kith_status kith__miniature_measure(const kith_model_options *model, kith_task task, int n_feature,
                                    kith_miniature *out) KITH_MUST_USE;
/* The tape on a graph of other sizes. */
kith_tape_bytes kith__miniature_at(const kith_miniature *m, int64_t row, int64_t ghost, int64_t entry);

#endif
