/**
 * Negatives: options of negative sampling.
 */
#ifndef KITH_NEGATIVES_H
#define KITH_NEGATIVES_H

/** How the negatives of a pair are drawn: for losses bpr and nce.  Items that the user has a training
 * interaction with are never drawn. */
typedef struct kith_negative_options {
  int count;         /**< k, negatives of a positive pair */
  double popularity; /**< share of draws in proportion to degree^alpha */
  double alpha;      /**< 0 … 1 */
  double inbatch;    /**< share of draws among the items of the step's other pairs; the rest are uniform.
                        (kith_loss_options.inbatch is another thing, of softmax) */
  double hard; /**< bpr: share of hard negatives: of a pool of draws, the one that the model scores highest */
  int pool;    /**< draws in a pool */
} kith_negative_options;

#endif
