/** What other rooms of the library use of eval, beyond kith/eval.h. */
#ifndef KITH_EVAL_EVAL_H
#define KITH_EVAL_EVAL_H

#include "kith/eval.h"
#include "graph/graph.h"

/** Whether kith_eval_topk() ranks an item for a user, and why not. */
typedef enum kith_ranked {
  KITH_RANKED,
  KITH_RANKED_NOT_WARM, /**< it has training interactions, and cold items are ranked */
  KITH_RANKED_NOT_OWN   /**< it is among the user's items of scope->mask: of relation number `*mask` */
} kith_ranked;
/** The same on every rank, of original numbers.  Collective.  Errors: those of kith_eval_topk(). */
kith_agreed kith_eval_ranks(const kith_comm *comm, const kith_graph *g, const kith_eval_scope *scope,
                            int64_t user, int64_t item, kith_ranked *why, int *mask) KITH_MUST_USE;
/** kith_eval_topk() for the validation split: validation items are ranked.  user [n_user] is not null. */
kith_agreed kith_eval_topk_valid(const kith_comm *comm, const kith_graph *g, int d, const float *x,
                                 const kith_direct_term *direct, int k, const kith_eval_scope *scope,
                                 kith_lid n_user, const kith_lid *user, kith_topk *top) KITH_MUST_USE;
/**
 * kith_eval_topk() of all users, dealt anew: the fullest rank has at most 2 % more than the mean, or one
 * more.
 *
 * @param[out] top   lists of this rank, and …
 * @param[out] user  [top->n_user] … original numbers of their users; freed by the caller, after a failure,
 * too
 */
kith_agreed kith_eval_topk_all(const kith_comm *comm, const kith_graph *g, int d, const float *x,
                               const kith_direct_term *direct, const kith_pair_terms *pairs, int k,
                               const kith_eval_scope *scope, kith_topk *top, int32_t **user) KITH_MUST_USE;
/** Bytes of a ranking of all items: `most_item` the most items of a rank, `n_user` the rank's users, rows of
 * width d, k of each user.  Local. */
int64_t kith_eval_topk_bytes(int size, int64_t most_item, int64_t n_user, int d, int k);
/** Bytes of users that an evaluation deals anew to even out ranks: n_user users of this rank with n_pair
 * training and held-out interactions.  Local. */
int64_t kith_eval_deal_bytes(int size, int64_t n_user, int64_t n_pair, int d);
/** Bytes of the sampled-N protocol with N = n_candidate: most_own the most rows of a rank, most_item the most
 * items.  Local. */
int64_t kith_eval_sampled_bytes(int size, int64_t most_own, int64_t most_item, int64_t n_user, int64_t n_item,
                                int d, int n_candidate);
/** Bytes that a direct term adds to that: the whole graph's users, items and training interactions.  Local.
 */
int64_t kith_eval_direct_bytes(int64_t n_user, int64_t n_item, int64_t n_edge, bool poly);
/**
 * The direct term alone, of some items for some users, as a ranking would add it.  Collective.
 *
 * @param user  [n_user] owned users, as indices into g->row_of[KITH_USER]
 * @param item  [n_user, n] original numbers; -1: none
 * @param[out] out  [n_user, n]; 0 where there is no item.  Untouched if the term's c is 0.  Errors:
 * KITH_ENOMEM.
 */
kith_agreed kith_eval_direct_some(const kith_comm *comm, const kith_graph *g, const kith_direct_term *term,
                                  kith_lid n_user, const kith_lid *user, int n, const int32_t *item,
                                  float *out) KITH_MUST_USE;
/** The training items of all users [users in all], by original number, on every rank.  Collective.  Errors:
 * KITH_ENOMEM; *r is freed by the caller, then too. */
kith_agreed kith_train_lists(const kith_comm *comm, const kith_graph *g, kith_ragged *r) KITH_MUST_USE;
/** Which items have training interactions: [items] 1, others 0, the same on every rank.  Collective.  Errors:
 * KITH_ENOMEM; *trained is freed by the caller, then too. */
kith_agreed kith_trained_items(const kith_comm *comm, const kith_graph *g, uint8_t **trained) KITH_MUST_USE;
/** The same of any lists of items of the owned users, in the order that they have. */
kith_agreed kith_all_lists(const kith_comm *comm, const kith_graph *g, const kith_ragged *l,
                           kith_ragged *r) KITH_MUST_USE;
/** The items of the owned users in relation r, which joins users and items, ascending; with kinds, an item
 * perhaps several times.  The direction decides nothing.  time: of each, where the relation has times; null:
 * they are not wanted.  Local.  Errors: KITH_ENOMEM; *out and *time are freed by the caller, then too. */
kith_status kith_relation_items(const kith_graph *g, int r, kith_ragged *out, int64_t **time) KITH_MUST_USE;
/** Whether epoch 1, 2, … is evaluated.  A run also evaluates its last epoch, unless every is 0.  Local. */
bool kith_eval_is_due(int every, int64_t epoch);
/** Number of held-out interactions, or nodes, of split valid or test, over all ranks.  Collective. */
int64_t kith_eval_split_count(const kith_comm *comm, const kith_graph *g, kith_eval_split split);
/** Resolve KITH_EVAL_AUTO to valid or test.  Collective. */
kith_eval_split kith_eval_split_resolve(const kith_comm *comm, const kith_graph *g, kith_eval_split split);

/* ---- classes ---- */

/**
 * Macro-F1 of logits [n_own, classes] on the nodes of a split, equal on every rank: the mean over classes of
 * 2 right / (nodes of the class + nodes predicted as of it), of classes that some node has, or is predicted
 * to have; 0 without nodes.  Counted exactly.  Collective.  Errors: KITH_ENOMEM.
 */
kith_agreed kith_eval_macro_f1(const kith_comm *comm, const kith_graph *g, const float *logits,
                               kith_node_split split, double *out) KITH_MUST_USE;

/** correct / n; 0 without nodes.  Local. */
double kith_accuracy_ratio(const kith_accuracy *a);

/** Format as "accuracy 0.8140 (814 of 1000)  loss 0.6021" into buffer [size].  Local. */
void kith_accuracy_print(const kith_accuracy *a, size_t size, char *buffer);

#endif
