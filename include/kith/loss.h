/**
 * Loss: BPR, noise contrastive estimation and softmax on the pairs of a batch, cross-entropy on labeled
 * nodes; forward and backward.
 */
#ifndef KITH_LOSS_H
#define KITH_LOSS_H

#include "kith/sample.h"
#include "kith/tape.h"

typedef enum kith_loss_name { KITH_BPR, KITH_SOFTMAX, KITH_NCE } kith_loss_name;

typedef struct kith_loss_options {
  kith_loss_name name;
  double l2;          /**< weight of half the squared norm of the batch's initial embeddings, per pair */
  double temperature; /**< softmax: what cosines are divided by */
  double logq; /**< softmax: how much of the log of an item's frequency is taken off its logit, 0 … 1 */
  bool mask; /**< softmax: leave out the items of other pairs that the pair's user has a training interaction
                with */
  bool inbatch; /**< softmax: whether the items of the step's other pairs are candidates */
  int shared;   /**< softmax: further candidates, drawn from the noise for all pairs of the step */
} kith_loss_options;

kith_loss_options kith_loss_defaults(void);
const char *kith_loss_text(kith_loss_name name); /**< "bpr" */
/** Contradictions between a loss and its negatives.  Local.  Errors: KITH_ECONFIG. */
kith_status kith_loss_check(const kith_loss_options *o, const kith_negative_options *n) KITH_MUST_USE;

/**
 * Bayesian personalized ranking (Rendle et al., UAI 2009): the mean over the step's pairs, and over the k
 * negatives of each, of softplus(<u, negative> - <u, positive>), added to *loss.  A hard negative is, of its
 * pool, the draw with the largest <u, draw> at this step (Zhang et al., SIGIR 2013); only that draw's row
 * gets a gradient.
 *
 * @param b     the step's pairs, read when played
 * @param rows  [most wanted, d] the rows that the pairs name
 */
void kith_bpr_op(kith_tape *t, const kith_batch *b, kith_tensor *rows, kith_sum *loss);

/**
 * Noise contrastive estimation (Gutmann and Hyvarinen, AISTATS 2010; Mnih and Teh, ICML 2012): with the
 * logits l(i) = <u, i> - log(k p_n(i)), the mean over the step's pairs of softplus(-l(positive)) + sum over
 * its k negatives of softplus(l(negative)), added to *loss.  Scores then estimate log p(i | u), without a sum
 * over all items.
 *
 * p_n is the law of the noise before a user's own items are left out of the draws: leaving them out makes
 * every other item likelier by a factor that is near 1 unless the user has a good share of all items, and is
 * not corrected. Draws in the batch follow it as far as a step is a random sample of all training pairs,
 * which steps of clusters are not.
 */
void kith_nce_op(kith_tape *t, const kith_batch *b, kith_tensor *rows, kith_sum *loss);

/**
 * Softmax: the mean over the step's pairs of -log softmax of cos(u, i) / temperature.  The candidates of a
 * pair are its own item; with `inbatch` the items of all other pairs of the step on all ranks, but for those
 * with the same item and, with `mask`, those that the user has a training interaction with; and `shared`
 * negatives drawn for the whole step, but for those that the user has a training interaction with.
 *
 * An item is a candidate as often as it is popular, or as the noise draws it, which alone would teach the
 * model to rank against popularity.  Logits in training are therefore cos / temperature - logq *
 * log(frequency), the frequency being how often a candidate is expected in a step: with logq = 1 the softmax
 * over the candidates estimates the softmax over all items (Bengio and Senecal 2008; Yi et al., RecSys 2019),
 * with 0 it is left as it is. in batch: degree_i * pairs / edges, for a pair's own item too, as Yi et al.
 * have it; shared: shared * p_n(i); a pair's own item, without `inbatch`: 1, it is there for certain.
 *
 * Each rank takes whole tiles: its users against all candidates forward, its candidates against all users
 * backward, so that every sum has one order whatever the number of ranks.  Costs 8 d products a pair and
 * candidate over all ranks.
 */
void kith_softmax_op(kith_tape *t, const kith_comm *comm, const kith_batch *b,
                     const kith_loss_options *options, kith_tensor *rows, kith_sum *loss);

/**
 * Cross-entropy of the classes of labeled nodes: sum over the step's nodes of weight_i (log of the sum over
 * all classes c of exp(x_ic) - x_i,label), added to *loss.
 *
 * @param l     the step's nodes on this rank, read when played
 * @param rows  [most nodes, classes] their logits
 */
void kith_cross_entropy_op(kith_tape *t, const kith_labelled *l, kith_tensor *rows, kith_sum *loss);

#endif
