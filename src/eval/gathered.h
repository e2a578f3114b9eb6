/**
 * Gathered users: some users, drawn by key, whose lists every rank holds.
 */
#ifndef KITH_EVAL_GATHERED_H
#define KITH_EVAL_GATHERED_H

#include "eval/eval.h"

/** The same on every rank, but for `own`. */
typedef struct kith_gathered_users {
  int64_t n;
  int64_t *original;  /**< [n] original numbers, ascending */
  kith_lid *own;      /**< [n] index into g->row_of[KITH_USER] on the rank that owns the user; elsewhere -1 */
  kith_ragged masked, /**< [n] items that are not ranked, an item perhaps several times */
      truth;          /**< [n] held-out items that count, ascending */
  uint8_t *trained;   /**< [items] 1: the item is ranked for nobody (cold candidates); null: all are ranked */
} kith_gathered_users;

/**
 * About n_wanted of the users with validation items that count, each with the same probability by a key of
 * its own; all of them if there are fewer.  Collective.  Errors: KITH_ENOMEM; those of kith_eval_check().
 */
kith_agreed kith_gathered_users_make(const kith_comm *comm, const kith_graph *g, const kith_eval_scope *scope,
                                     kith_rng_stream stream, uint64_t seed, int64_t n_wanted,
                                     kith_gathered_users *out) KITH_MUST_USE;
void kith_gathered_users_free(kith_gathered_users *users); /**< Local. */

#endif
