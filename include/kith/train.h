/**
 * Train: the loop that owns parameters, steps, evaluations and checkpoints.
 */
#ifndef KITH_TRAIN_H
#define KITH_TRAIN_H

#include "kith/io.h"
#include "kith/loss.h"
#include "kith/model.h"
#include "kith/optimizer.h"
#include "kith/rank.h"

typedef struct kith_train_options {
  int batch;        /**< training pairs in a step, over all ranks */
  int epochs;       /**< epochs in all, those of an earlier run included */
  uint64_t seed;
  int patience;     /**< evaluations without a better score before stopping; 0 never stops early */
  kith_adam_options adam;
  kith_loss_options loss;
} kith_train_options;

typedef struct kith_checkpoint_options {
  int every;        /**< epochs between checkpoints; 0 only at the end */
  int keep;         /**< how many of the newest stay */
} kith_checkpoint_options;

kith_train_options kith_train_defaults(void);
kith_checkpoint_options kith_checkpoint_defaults(void);

#endif
