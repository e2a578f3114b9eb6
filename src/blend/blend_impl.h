/* Private to the room blend: the likelihood, and the search for its maximum. */
#ifndef KITH_SRC_BLEND_H
#define KITH_SRC_BLEND_H

#include "blend/blend.h"
#include "graph/graph.h"
#include "eval/gathered.h"

/* The mean log-likelihood of a validation item, its gradient, and minus its second derivatives. */
typedef struct kith__blend_point {
  double value, gradient[KITH_BLEND_MAX],
      curvature[KITH_BLEND_MAX * KITH_BLEND_MAX]; /* [n, n], the upper triangle */
} kith__blend_point;

/* Evidence of gathered users: of each its items, ascending, and n numbers of each; the same on every rank. */
typedef struct kith__listed {
  int n;
  kith_ragged item;
  double *value; /* [items, n] */
} kith__listed;

kith_agreed kith__listed_gather(const kith_comm *comm, const kith_gathered_users *users,
                                const kith_evidence_table *t, kith__listed *out) KITH_MUST_USE;
void kith__listed_free(kith__listed *l);
/* The numbers of a user's item; null: all are 0. */
const double *kith__listed_find(const kith__listed *l, int64_t user, int32_t item);

/* Unknowns: the weights of the members, then those of the evidence. */
typedef struct kith__likelihood kith__likelihood;

kith_agreed kith__likelihood_create(const kith_comm *comm, const kith_graph *g, const kith_blend_options *o,
                                    int n_member, const kith_blend_member *member,
                                    const kith_evidence_table *evidence,
                                    kith__likelihood **out) KITH_MUST_USE;
void kith__likelihood_destroy(kith__likelihood **l);
/* Users, and validation items that count. */
void kith__likelihood_count(const kith__likelihood *l, int64_t *n_user, int64_t *n_pair);
/* At the weights theta [n].  Collective; the same on every rank. */
kith_agreed kith__likelihood_at(kith__likelihood *l, const double *theta,
                                kith__blend_point *out) KITH_MUST_USE;

/* A concave function of n unknowns.  Collective; the same on every rank. */
typedef kith_agreed (*kith__blend_function)(void *context, const double *theta, kith__blend_point *out);

/*
 * Maximize it by damped Newton steps from theta [n] on, where it is `at`; both become those of the maximum.
 * The unknowns with bounded[k] stay at 0 or above.  Evaluations are added to *n_pass.  *converged: a further
 * step would gain nothing.
 */
kith_agreed kith__blend_maximize(int n, const bool *bounded, kith__blend_function f, void *context,
                                 double *theta, kith__blend_point *at, int *n_pass,
                                 bool *converged) KITH_MUST_USE;

#endif
