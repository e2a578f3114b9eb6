/**
 * Negatives: options of negative sampling.
 */
#ifndef KITH_NEGATIVES_H
#define KITH_NEGATIVES_H

/** How negatives are drawn. */
typedef struct kith_negative_options {
  int count;         /**< k, negatives of a positive pair */
  double popularity; /**< share of draws in proportion to degree^alpha */
  double alpha;      /**< 0 … 1 */
  double inbatch;    /**< share of draws among the items of the step's other pairs; the rest are uniform */
  double hard; /**< share of hard negatives: of a pool of draws, the one that the model scores highest */
  int pool;    /**< draws in a pool */
} kith_negative_options;

#endif
