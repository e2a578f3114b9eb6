/**
 * Loss: BPR, noise contrastive estimation, softmax; its options.
 */
#ifndef KITH_LOSS_H
#define KITH_LOSS_H

#include "kith/base.h"

typedef enum kith_loss_name { KITH_BPR, KITH_SOFTMAX, KITH_NCE } kith_loss_name;

typedef struct kith_loss_options {
  kith_loss_name name;
  double l2; /**< L2 regularization: l2 / 2 times the squared norm of the input rows (kith_input_name) of the
                batch, per pair */
  double temperature; /**< softmax: cosines are divided by it */
  double logq; /**< softmax: logQ correction, 0 … 1: fraction of the log frequency subtracted from a logit */
  bool mask;   /**< softmax: mask false negatives: other pairs' items that the user trains on as positives */
  bool inbatch; /**< softmax: the items of the step's other pairs are candidates (in-batch negatives) */
  int shared;   /**< softmax: number of further candidates, drawn once for all pairs of a step */
} kith_loss_options;

KITH_API kith_loss_options kith_loss_defaults(void);

#endif
