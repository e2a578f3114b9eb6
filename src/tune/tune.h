/**
 * Tune: settings of the spectral filter, chosen on validation users by a keyed random search.
 *
 * The score of an item is linear in what is searched for, beside a power of the item's degree: with F_j the
 * scores of the filter's j-th knot alone and T those of the direct term,
 *   s = D_i^q (sum_j g_j F_j + c T).
 * So F and T are computed once, for some hundred candidates of each user, and a trial costs a few products.
 *
 * Users are halved at random: the search reads the first half, and what it found is kept only if it is better
 * on the second half, too.
 */
#ifndef KITH_TUNE_TUNE_H
#define KITH_TUNE_TUNE_H

#include "kith/comm.h"
#include "kith/graph.h"
#include "kith/model.h"
#include "spectral/spectral.h"

typedef struct kith_tune_options {
  int64_t n_user;  /**< validation users, about; all of them if there are fewer */
  int n_candidate; /**< items of each user: those that rank first by the job's own settings */
  int n_trial;     /**< of the search */
  int n_knot;      /**< of the filter, 2 … KITH_MAX_KNOTS */
  int k;           /**< cutoff of Recall and NDCG */
  bool direct;     /**< whether the weight of the direct term is searched for; else it stays as it is */
  uint64_t seed;   /**< key of users, halves and trials */
} kith_tune_options;

kith_tune_options kith_tune_defaults(void); /**< 10000 users, 500 candidates, 250 trials, 7 knots, k 20 */

/** Means over the users of a half, whose candidates alone are ranked. */
typedef struct kith_tune_marks {
  double recall, ndcg; /**< at k */
} kith_tune_marks;

enum { KITH_TUNE_HALVES = 2 }; /**< 0: searched on; 1: checked on */

typedef struct kith_tune_report {
  int64_t n_user[KITH_TUNE_HALVES];
  kith_tune_marks own[KITH_TUNE_HALVES];    /**< with the job's settings, as the search begins */
  kith_tune_marks chosen[KITH_TUNE_HALVES]; /**< with those that were found */
  double most_recall[KITH_TUNE_HALVES];     /**< if all candidates that are held out ranked first */
  int n_better;                             /**< trials that were better than those before */
  bool kept; /**< false: what was found is no better on the second half, so the settings are the job's */
} kith_tune_report;

/**
 * Search for knots, the direct term's weight and the output power.  Collective; the same result on any number
 * of ranks.
 *
 * @param g  with a validation split
 * @param s  the eigenpairs of a finished run
 * @param[in,out] o  the settings to begin with, and those that were chosen, which have six digits
 * Errors: KITH_ENOMEM; KITH_ECONFIG (no validation split; fewer than two users).
 * Cost: one ranking of the users, then n_trial products over users * candidates.
 */
kith_agreed kith_tune(const kith_comm *comm, const kith_graph *g, const kith_spectrum *s,
                      const kith_tune_options *tune, kith_spectral_options *o,
                      kith_tune_report *out) KITH_MUST_USE;

#endif
