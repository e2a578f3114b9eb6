/* Shared by the losses on pairs with negatives: BPR and NCE. */
#ifndef KITH_SRC_LOSS_PAIRS_H
#define KITH_SRC_LOSS_PAIRS_H

#include "loss/loss.h"

/* log(1 + exp(x)) without overflow, and its derivative. */
double kith__softplus(double x);
double kith__sigmoid(double x);

/* Offset of the rows of pair i's user and positive in the batch's rows [most rows, d]. */
static inline size_t kith__user_offset(const kith_batch *b, kith_lid i, int d) {
  return (size_t)b->user_row[i] * (size_t)d;
}
static inline size_t kith__positive_offset(const kith_batch *b, kith_lid i, int d) {
  return (size_t)b->positive_row[i] * (size_t)d;
}

/**
 * hardest [n_pair, n_negative]: the draw of each negative that is used, as an index in negative_row: the only
 * one or, of a pool, the one with the largest inner product with the user (the first of equals).
 */
void kith__hardest_negatives(const kith_batch *b, const kith_tensor *rows, kith_lid *hardest);
/* Offset of its row. */
static inline size_t kith__negative_offset(const kith_batch *b, const kith_lid *hardest, kith_lid i, int j,
                                           int d) {
  return (size_t)b->negative_row[hardest[(size_t)i * (size_t)b->shape.n_negative + (size_t)j]] * (size_t)d;
}
/* Zero the gradients of the draws of pair `i` that are not used. */
void kith__zero_unused_grad(const kith_batch *b, const kith_lid *hardest, kith_lid i, kith_tensor *rows);

#endif
