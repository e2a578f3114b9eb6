/* What the losses on pairs with negatives share: BPR and NCE. */
#ifndef KITH_SRC_LOSS_PAIRS_H
#define KITH_SRC_LOSS_PAIRS_H

#include "kith/loss.h"

/* log(1 + exp(x)) without overflow, and its derivative. */
double kith__softplus(double x);
double kith__sigmoid(double x);

/* Where the rows of the user and the positive of pair `i` begin among the batch's rows of width d. */
static inline size_t kith__user_offset(const kith_batch *b, kith_lid i, int d) {
  return (size_t)b->at[0][i] * (size_t)d;
}
static inline size_t kith__positive_offset(const kith_batch *b, kith_lid i, int d) {
  return (size_t)b->at[1][i] * (size_t)d;
}

/**
 * Which draw of each negative counts: the only one or, of a pool, the one whose row has the largest product
 * with the user's (the first of equals).  hardest [n_pair, n_negative], places in at[2].
 */
void kith__hardest_negatives(const kith_batch *b, const kith_tensor *rows, kith_lid *hardest);
/* Where its row begins. */
static inline size_t kith__negative_offset(const kith_batch *b, const kith_lid *hardest, kith_lid i, int j,
                                           int d) {
  return (size_t)b->at[2][hardest[(size_t)i * (size_t)b->shape.n_negative + (size_t)j]] * (size_t)d;
}
/* The gradients of the draws of pair `i` that do not count are zero. */
void kith__zero_unused_grad(const kith_batch *b, const kith_lid *hardest, kith_lid i, kith_tensor *rows);

#endif
