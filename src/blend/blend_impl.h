/* Private to the room blend: candidates, and their likelihood. */
#ifndef KITH_SRC_BLEND_H
#define KITH_SRC_BLEND_H

#include "blend/blend.h"
#include "graph/graph.h"
#include "eval/eval.h"
#include "ops/newton.h"

/* ---- candidates.c: what a validation item may be taken for ---- */

/* Of the owned users whose validation items choose the weights. */
typedef struct kith__candidates {
  int64_t n_user_all, n_truth_all; /* over all ranks: users, and their validation items that count */
  kith_lid n_user;
  kith_lid *user;   /* [n_user] indices into g->row_of[KITH_USER] */
  kith_ragged item; /* [n_user] candidates, ascending */
  uint8_t *chosen;  /* [candidates] 1: it is a validation item that counts */
  int n;            /* unknowns: the weights of members, then those of evidence */
  double *f;        /* [candidates, n] s_m / sigma_m, f_k */
} kith__candidates;

/* Collective.  Errors: KITH_ENOMEM; KITH_ECONFIG (no validation items that count). */
kith_agreed kith__candidates_make(const kith_comm *comm, const kith_graph *g, const kith_blend_options *o,
                                  int n_member, const kith_blend_member *member,
                                  const kith_evidence_table *evidence, kith__candidates *out) KITH_MUST_USE;
void kith__candidates_free(kith__candidates *c);
/* s_m / sigma_m of all candidates into f [candidates, n], from column m on.  Collective.  Errors:
 * KITH_ENOMEM.
 */
kith_agreed kith__candidates_score(const kith_comm *comm, const kith_graph *g,
                                   const kith_blend_member *member, int m, kith__candidates *c) KITH_MUST_USE;

/* ---- likelihood.c ---- */

typedef struct kith__likelihood kith__likelihood;

/* At first of all candidates, and of one temperature; borrows c. */
kith_agreed kith__likelihood_create(const kith_comm *comm, const kith__candidates *c,
                                    kith__likelihood **out) KITH_MUST_USE;
void kith__likelihood_destroy(kith__likelihood **l);
/* From now on of the KITH_BLEND_KEPT candidates of each user with the largest scores by theta [n], and with
 * the temperatures of these.  Collective. */
void kith__likelihood_keep(kith__likelihood *l, const double *theta);
/* Validation items that are among the candidates now, over all ranks.  Collective. */
int64_t kith__likelihood_count(const kith__likelihood *l);
/* Whether f_k is the same for all candidates of a user that are kept now: nothing says what it weighs. */
bool kith__likelihood_is_flat(const kith__likelihood *l, int k);
/* At the weights theta [n]: the mean log-likelihood of a validation item with the prior of weights, and
 * without it.  Collective; the same on every rank.  Errors: KITH_ENUMERIC. */
kith_agreed kith__likelihood_at(kith__likelihood *l, const double *theta,
                                kith_newton_point *out) KITH_MUST_USE;

#endif
