/**
 * Blend: one score made of several models' scores.
 *
 *   score(u, i) = sum over m of gamma_m s_m(u, i) / sigma_m + sum over k of c_k f_k(u, i),  gamma >= 0,
 *
 * where s_m are a model's scores, sigma_m is their standard deviation over keyed pairs, and f_k is evidence.
 * The weights maximize the likelihood of the validation items, each of which is chosen among the items that
 * the blend ranks highest for its user with probability softmax(score / tau_u), tau_u the standard deviation
 * of these scores: concave, with few unknowns, so Newton's method finds the maximum.  Which items these are
 * depends on the weights, so both are found in rounds.  Sums over users are exact, so the result has the same
 * bits on any number of ranks and in any cut.
 */
#ifndef KITH_BLEND_BLEND_H
#define KITH_BLEND_BLEND_H

#include <math.h>

#include "kith/comm.h"
#include "kith/eval.h"
#include "blend/evidence.h"
#include "ops/newton.h"

enum {
  KITH_BLEND_MAX = KITH_NEWTON_MAX, /**< most weights */
  KITH_BLEND_POOL = 100, /**< items that each model and evidence ranks highest for a user: candidates … */
  KITH_BLEND_KEPT = 50,  /**< … of which so many, ranked highest by the blend, are kept in a round */
  KITH_BLEND_ROUNDS = 20 /**< most rounds */
};

/** One model of a blend. */
typedef struct kith_blend_member {
  const char *name; /**< for messages */
  int d;
  const float *x;          /**< [n_own, d] rows, borrowed */
  kith_direct_term direct; /**< what its scores have beside the rows' products; c = 0: nothing */
  double sigma, gamma;
} kith_blend_member;

/** Of the weights' search. */
typedef struct kith_blend_options {
  int64_t n_user;        /**< validation users, about; all of them if there are fewer */
  uint64_t seed;         /**< key of users and pairs */
  kith_eval_scope scope; /**< the items that a user's are chosen among, and the held-out ones that count */
} kith_blend_options;

enum { KITH_BLEND_USERS = 4000 /**< validation users, unless told otherwise */ };

typedef struct kith_blend_report {
  int64_t n_user, n_pair; /**< users, and their validation items that count */
  int64_t n_kept;         /**< of these, the ones that are kept in the last round */
  int n_round, n_pass;    /**< rounds, and evaluations of the likelihood in all of them */
  double change;          /**< the largest change of a weight's share of all in the last round; 0: no round */
  double log_likelihood;  /**< mean over the kept validation items, natural logarithm */
  double uniform;         /**< the same where all kept items are equally likely */
  bool converged;
  bool flat[KITH_BLEND_MAX]; /**< members, then evidence: the same for all kept items of a user, so of weight
                                0 */
} kith_blend_report;

/**
 * Measure sigma of every member on n_pair pairs of a user and an item, each drawn uniformly by key.
 * Collective; the same bits on any number of ranks.  Errors: KITH_ENOMEM; KITH_EDATA if scores do not differ,
 * with the member's name.
 */
kith_agreed kith_blend_scale(const kith_comm *comm, const kith_graph *g, uint64_t seed, int64_t n_pair,
                             int n_member, kith_blend_member *member) KITH_MUST_USE;

/**
 * Find the weights gamma of all members, whose sigma is known, and c of the evidence.  Collective; the same
 * bits on any number of ranks.
 *
 * @param g  with a validation split
 * @param table        of the evidence; n = 0: there is none
 * @param[out] weight  [table->n]
 * Errors: KITH_ENOMEM; KITH_ECONFIG (no validation items that count); KITH_ENUMERIC.
 * Cost: one ranking of the users by each member; memory of KITH_BLEND_POOL (8 n + 13) n bytes a user for n
 * members and evidence together, and of a member's rows of all items that are candidates.
 */
kith_agreed kith_blend_fit(const kith_comm *comm, const kith_graph *g, const kith_blend_options *o,
                           int n_member, kith_blend_member *member, const kith_evidence_table *table,
                           double *weight, kith_blend_report *out) KITH_MUST_USE;

/** Factor of a member's rows in those of the blend: products of rows have gamma / sigma. */
static inline float kith_blend_factor(double gamma, double sigma) { return (float)sqrt(gamma / sigma); }

/**
 * Rows whose products are the blend's, but for the direct term and the evidence of listed pairs: those of the
 * members with gamma > 0 side by side, each times sqrt(gamma / sigma); then, if there is evidence of items,
 * or no other column, a column of 1 for users and of the sum of c_k f_k for items.  Local.
 *
 * @param evidence  [table->n] with the weights
 * @param[out] d, x  a new block [n_own, d]; d is 0 and x null if no member has weight and there is no
 * evidence.  Errors: KITH_ENOMEM.
 */
kith_status kith_blend_rows(const kith_graph *g, int n_member, const kith_blend_member *member,
                            const kith_evidence_table *table, const kith_evidence *evidence, int *d,
                            float **x) KITH_MUST_USE;

/** The direct term of the blend: that of the member that has one, times gamma / sigma; all 0 if none has.
 * Local.  At most one member with weight may have one: else KITH_ECONFIG. */
kith_status kith_blend_direct(int n_member, const kith_blend_member *member,
                              kith_direct_term *out) KITH_MUST_USE;

#endif
