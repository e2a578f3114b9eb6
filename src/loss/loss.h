/** What other rooms of the library use of loss, beyond kith/loss.h. */
#ifndef KITH_LOSS_LOSS_H
#define KITH_LOSS_LOSS_H

#include "kith/loss.h"
#include "sample/sample.h"
#include "tape/tape.h"

const char *kith_loss_text(kith_loss_name name); /**< "bpr" */
/** Check a loss against the options of its negatives.  Local.  Errors: KITH_ECONFIG. */
kith_status kith_loss_check(const kith_loss_options *o, const kith_negative_options *n) KITH_MUST_USE;

/**
 * Bayesian personalized ranking (Rendle et al., UAI 2009): mean over the step's pairs, and over the k
 * negatives of each, of softplus(<u, negative> - <u, positive>).  A hard negative is the draw of a pool with
 * the largest <u, draw> at this step (Zhang et al., SIGIR 2013); only its row has a gradient.
 *
 * @param b     the step's pairs, read when run
 * @param rows  [most rows of a batch, d] embeddings of the pairs' users, items and negatives
 */
void kith_bpr_op(kith_tape *t, const kith_batch *b, kith_tensor *rows, kith_exact_sum *loss);

/**
 * Noise contrastive estimation (Gutmann and Hyvarinen, AISTATS 2010; Mnih and Teh, ICML 2012): with logits
 * l(i) = <u, i> - log(k p_n(i)), mean over the step's pairs of softplus(-l(positive)) + sum over the k
 * negatives of softplus(l(negative)).  Scores then estimate log p(i | u) without a sum over all items.
 *
 * p_n is the noise distribution before a user's own items are rejected.  Rejection raises the probability of
 * every other item by a factor near 1, unless the user has a large share of all items; it is not corrected.
 * In-batch draws follow p_n only where a step is a random sample of all training pairs: not in cluster mode.
 */
void kith_nce_op(kith_tape *t, const kith_batch *b, kith_tensor *rows, kith_exact_sum *loss);

/**
 * Softmax: mean over the step's pairs of log_sum_weight * log of the sum of exp(cos(u, j) / temperature) over
 * the pair's candidates j, minus cos(u, i) / temperature of its own item i; with log_sum_weight = 1 that is
 * -log softmax.  Candidates:
 * - its own item, unless `positive` leaves it out of the sum; a pair without others then has no loss;
 * - with `inbatch`, the items of the step's other pairs on all ranks, except equal items and, with `mask`,
 *   training items of the user;
 * - `shared` negatives drawn for the whole step, except training items of the user.
 *
 * Popular items are candidates more often, which would teach the model to rank against popularity.  The logQ
 * correction makes the logits in training cos / temperature - logq * log(frequency), where the frequency is
 * the expected number of occurrences in a step.  With logq = 1 the softmax over candidates estimates the
 * softmax over all items (Bengio and Senecal 2008; Yi et al., RecSys 2019); with 0 there is no correction.
 * Frequencies: in-batch degree_i * pairs / edges, for the own item too, as in Yi et al.; shared:
 * shared * p_n(i); own item without `inbatch`: 1, since it is always a candidate.
 *
 * With the own item left out this is the bilateral softmax loss (Wu et al., BSL, ICDE 2024), whose second
 * temperature is log_sum_weight; with weight 1 as well, decoupled contrastive learning (Yeh et al., ECCV
 * 2022).
 *
 * Each rank computes whole tiles: forward its users against all candidates, backward its candidates against
 * all users, so that every sum has one order on any number of ranks.  Collective when run.  Cost: 8 d
 * multiplications for each pair and candidate, over all ranks.
 */
void kith_softmax_op(kith_tape *t, const kith_comm *comm, const kith_batch *b,
                     const kith_loss_options *options, kith_tensor *rows, kith_exact_sum *loss);
/** Bytes of it for steps of so many pairs and shared negatives, beside the rows.  Local. */
int64_t kith_softmax_bytes(int64_t n_pair, int64_t n_shared, int d);

/**
 * Cross-entropy of labeled nodes: sum over the step's nodes of weight_i (log sum over classes c of exp(x_ic)
 * - x_i,label).
 *
 * @param l     the step's nodes on this rank, read when run
 * @param rows  [most nodes, classes] their logits
 */
void kith_cross_entropy_op(kith_tape *t, const kith_train_nodes *l, kith_tensor *rows, kith_exact_sum *loss);

/**
 * Items that stand for all others in a step, each once: those that occurred among its draws, the rows' own
 * ones among them.  A logit grows by log(occurrences / expected ones); a row's own item is counted once,
 * however often it occurred, so that its logit grows by log(1 / expected ones).
 */
typedef struct kith_softmax_candidates {
  int64_t n, capacity;
  const int32_t *item; /**< [n] ascending */
  const float *bias;   /**< [n] log occurrences - log expected ones */
  const float *once;   /**< [n] - log expected ones */
} kith_softmax_candidates;

/** The items that a step's rows are to predict, among all items or the step's candidates. */
typedef struct kith_catalog {
  int64_t n_global;    /**< rows of the step over all ranks */
  const int32_t *next; /**< [rows of this rank] each row's own item; its place among the candidates */
  const kith_softmax_candidates *of; /**< null: all items */
} kith_catalog;

/**
 * Softmax over a catalog: mean over the step's rows r of log sum over all items j of exp(<h_r, z_j>) minus
 * <h_r, z_i> of r's own item i.  Each rank has rows of its own, and all items: gradients of the items are
 * this rank's share, to be summed over ranks.  Local when run.
 *
 * With candidates j is one of them, and <h_r, z_j> grows by its bias: the loss of Yi et al. (RecSys 2019) for
 * a list of draws, of which equal ones are summed before and those of r's own item count once.
 *
 * @param c      the step's, read when run; whether it has candidates, and their capacity, is fixed
 * @param h      [rows, d], @param items  [items, d]
 * Cost: 3 d multiplications for each row and item, gradients included: forward computes them, so that no
 * logit is computed twice.  Memory: kith_catalog_rows() * items numbers, and one more gradient of h and of
 * the items; with candidates so many items, and their rows.
 */
void kith_catalog_softmax_op(kith_tape *t, const kith_catalog *c, kith_tensor *h, kith_tensor *items,
                             kith_exact_sum *loss);
/** Rows whose logits it holds at once, from 64 to 192, about 64 MiB of them where these fit.  Local. */
int kith_catalog_rows(int64_t n_item);

#endif
