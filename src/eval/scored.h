/**
 * Scored: evaluation of scores that are no products of rows, by a function that scores all items for a user.
 */
#ifndef KITH_EVAL_SCORED_H
#define KITH_EVAL_SCORED_H

#include "eval/eval.h"

/** Whatever gives a user with some training items a score of each item. */
typedef struct kith_item_scorer {
  /** Local, called by several threads: item [n] training items of the user, ascending; score [items], zeros
   * when it is called. */
  void (*score)(const void *context, int64_t n, const int32_t *item, float *score);
  const void *context;
  bool on_root; /**< rank 0 alone can score, and ranks the users of all ranks */
} kith_item_scorer;

/**
 * The figures of kith_eval_metrics(), by the same split, scope, protocol and candidates, equal on every rank.
 * Ties go to the smaller original number.  o->direct, o->pairs and callbacks are not used.
 *
 * Collective.  Errors: KITH_ENOMEM; those of kith_eval_check().
 * Memory: for each thread 12 bytes an item; on_root on several ranks: all lists of all users on every rank.
 */
kith_agreed kith_eval_metrics_scored(const kith_comm *comm, const kith_graph *g, const kith_item_scorer *by,
                                     const kith_eval_options *o, kith_metrics *out) KITH_MUST_USE;

#endif
