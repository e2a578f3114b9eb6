/**
 * Loss: BPR and in-batch softmax, forward and backward, on the rows of a batch.
 */
#ifndef KITH_LOSS_H
#define KITH_LOSS_H

#include "kith/base.h"

typedef enum kith_loss_name { KITH_BPR, KITH_SOFTMAX } kith_loss_name;

typedef struct kith_loss_options {
  kith_loss_name name;
  double l2;          /**< weight of half the squared norm of the batch's initial embeddings, per pair */
  double temperature; /**< softmax: what cosines are divided by */
} kith_loss_options;

kith_loss_options kith_loss_defaults(void);

#endif
