/**
 * Loss: BPR, noise contrastive estimation, softmax; its options.
 */
#ifndef KITH_LOSS_H
#define KITH_LOSS_H

#include "kith/base.h"

/**
 * Loss of a training pair (user, item), with scores y.  bpr and nce draw the pair's negatives by
 * kith_negative_options; softmax has candidates of the step instead, by the options below.
 */
typedef enum kith_loss_name {
  KITH_BPR,     /**< mean over negatives j of -log sigma(y_item - y_j) (Rendle et al., UAI 2009) */
  KITH_SOFTMAX, /**< cross-entropy of cosines over the temperature, over the step's candidates */
  KITH_NCE /**< noise contrastive estimation (Gutmann and Hyvarinen, AISTATS 2010): logistic classification
              of the item against its k negatives, by y_j - log(k p_j), p_j the probability of drawing j */
} kith_loss_name;

/** softmax: whether the sum of exponentials includes the pair's own item. */
typedef enum kith_positive { KITH_POSITIVE_IN_SUM, KITH_POSITIVE_LEFT_OUT } kith_positive;

/** Rows that L2 regularization is on: the input rows (kith_input_name), or those and the rows of every layer.
 */
typedef enum kith_l2_on { KITH_L2_ON_INPUT, KITH_L2_ON_LAYERS } kith_l2_on;

typedef struct kith_loss_options {
  kith_loss_name name;
  double l2; /**< L2 regularization: adds l2 / 2 * sum of |x|^2 / (pairs of the step), over the rows x (see
                l2_on) of the users, items and negatives; a row used m times counts m times */
  double temperature; /**< softmax: cosines are divided by it */
  double logq; /**< softmax: logQ correction, 0 … 1: fraction of the log frequency subtracted from a logit */
  bool mask;   /**< softmax: mask false negatives: other pairs' items that the user trains on as positives */
  bool inbatch; /**< softmax: the items of the step's other pairs are candidates (in-batch negatives) */
  int shared;   /**< softmax: number of further candidates, drawn once for all pairs of a step */
  kith_l2_on l2_on;
  kith_positive positive;
  double log_sum_weight; /**< softmax: factor of the log of the sum of exponentials */
} kith_loss_options;

KITH_API kith_loss_options kith_loss_defaults(void); /**< Local. */

#endif
