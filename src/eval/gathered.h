/**
 * Gathered users: some users whose lists every rank holds, so that each rank scores them against the items
 * that it owns.  Other than in a ranking, where users stay and items circulate, all scores of a user exist at
 * the same time, over the ranks: what a softmax over all items needs.
 */
#ifndef KITH_EVAL_GATHERED_H
#define KITH_EVAL_GATHERED_H

#include "eval/eval.h"
#include "ops/scores.h"

/** The same on every rank, but for `own`. */
typedef struct kith_gathered_users {
  int64_t n;
  int64_t *original; /**< [n] original numbers, ascending */
  kith_lid *own;     /**< [n] index into g->row_of[KITH_USER] on the rank that owns the user; elsewhere -1 */
  kith_ragged train, /**< [n] training items */
      masked,        /**< [n] items that are not ranked, an item perhaps several times */
      truth;         /**< [n] held-out items that count, ascending */
  uint8_t *trained;  /**< [items] 1: the item is ranked for nobody (cold candidates); null: all are ranked */
} kith_gathered_users;

/**
 * About n_wanted of the users with validation items that count, each with the same probability by a key of
 * its own; all of them if there are fewer.  Collective.  Errors: KITH_ENOMEM; those of kith_eval_check().
 */
kith_agreed kith_gathered_users_make(const kith_comm *comm, const kith_graph *g, const kith_eval_scope *scope,
                                     kith_rng_stream stream, uint64_t seed, int64_t n_wanted,
                                     kith_gathered_users *out) KITH_MUST_USE;
void kith_gathered_users_free(kith_gathered_users *users); /**< Local. */
/** Lists of the owned users [n_own_of[KITH_USER]], gathered in the order of users->original.  Collective.
 * Errors: KITH_ENOMEM. */
kith_agreed kith_gathered_lists(const kith_comm *comm, const kith_gathered_users *users, const kith_ragged *l,
                                kith_ragged *out) KITH_MUST_USE;

/** Scores of gathered users with the items that this rank owns, in the order of row_of[KITH_ITEM]. */
typedef struct kith_scorer kith_scorer;

/**
 * Collective; borrows g and users.  Errors: KITH_ENOMEM.
 *
 * @param x       [n_own, d] rows
 * @param direct  as of kith_eval_topk()
 */
kith_agreed kith_scorer_create(const kith_comm *comm, const kith_graph *g, const kith_gathered_users *users,
                               int d, const float *x, const kith_direct_term *direct,
                               kith_scorer **out) KITH_MUST_USE;
void kith_scorer_destroy(kith_scorer **s); /**< Local; accepts null. */
/** Columns of a tile of scores: the rank's items, padded to whole tiles.  Local. */
int64_t kith_scorer_width(kith_lid n_item);
/**
 * Scores of the users first … first + KITH_SCORE_USERS - 1, as far as there are any, with the bits of a
 * ranking.  Local.  @param[out] score  [KITH_SCORE_USERS, kith_scorer_width()]
 */
void kith_scorer_run(kith_scorer *s, int64_t first, float *score);

#endif
