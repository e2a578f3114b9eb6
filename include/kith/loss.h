/**
 * Loss: BPR and in-batch softmax, forward and backward, on the rows of a batch.
 */
#ifndef KITH_LOSS_H
#define KITH_LOSS_H

#include "kith/sample.h"
#include "kith/tape.h"

typedef enum kith_loss_name { KITH_BPR, KITH_SOFTMAX } kith_loss_name;

typedef struct kith_loss_options {
  kith_loss_name name;
  double l2;          /**< weight of half the squared norm of the batch's initial embeddings, per pair */
  double temperature; /**< softmax: what cosines are divided by */
  double logq;        /**< softmax: how much of the log of an item's frequency is taken off its logit, 0 … 1 */
} kith_loss_options;

kith_loss_options kith_loss_defaults(void);
const char *kith_loss_text(kith_loss_name name); /**< "bpr" */

/**
 * Bayesian personalised ranking (Rendle et al., UAI 2009): the mean over the step's pairs of
 * softplus(<u, negative> - <u, positive>), added to *loss.
 *
 * @param b     the step's pairs, read when played
 * @param rows  [most wanted, d] the rows that the pairs name
 */
void kith_bpr_op(kith_tape *t, const kith_batch *b, kith_tensor *rows, kith_sum *loss);

/**
 * In-batch softmax: the mean over the step's pairs of -log softmax of cos(u, i) / temperature, where the candidates of
 * a pair are the items of all pairs of the step on all ranks, except other pairs with the same item.
 *
 * An item is a candidate as often as it is popular, which alone would teach the model to rank against popularity.
 * Logits in training are therefore cos / temperature - logq * log(frequency): with logq = 1 the softmax over the batch
 * estimates the softmax over all items (Bengio and Senecal 2008; Yi et al., RecSys 2019), with 0 it is left as it is.
 *
 * Each rank takes whole tiles of the batch: its users against all items forward, its items against all users backward,
 * so that every sum has one order whatever the number of ranks.  Costs 8 d products a pair and candidate over all ranks.
 */
void kith_softmax_op(kith_tape *t, const kith_comm *comm, const kith_batch *b, int batch, const kith_loss_options *options,
                     kith_tensor *rows, kith_sum *loss);

#endif
