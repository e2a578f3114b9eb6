/* Private to eval: the direct term of a spectral model's scores. */
#ifndef KITH_EVAL_DIRECT_H
#define KITH_EVAL_DIRECT_H

#include "eval/eval.h"
#include "ops/direct.h"

/*
 * The training interactions of the whole graph, by item, with powers of the degrees: every rank holds them.
 * With the users who read an item in the order of original numbers, and a user's items likewise, all sums
 * have one order on any number of ranks and in any cut.
 */
typedef struct kith__direct {
  kith_direct_lists lists; /* factor: c / lambda_1 D_i^(q - b), of a polynomial without c; all null: none */
  int64_t n_user;
  float *input;  /* [items] D_i^-(p + b) */
  float *middle; /* [users] D_u^(-2 a) */
  /* Of polynomials: */
  int64_t n_item;
  kith_direct_term term;
  float *outer, *inner; /* [items] D_i^-p and D_i^-b */
  double *work;         /* [threads, users + items] scratch memory */
} kith__direct;

/* Empty if the term is off or t->lambda_1 is 0.  Collective.  Errors: KITH_ENOMEM. */
kith_agreed kith__direct_make(const kith_comm *comm, const kith_graph *g, const kith_direct_term *t,
                              kith__direct *out) KITH_MUST_USE;
void kith__direct_free(kith__direct *t);
static inline bool kith__direct_is_on(const kith__direct *t) { return t->lists.start; }

/*
 * Add what a user with n items, ascending, has in common with all users: reach[v] for every user v of one of
 * the items.  Local.
 */
void kith__direct_reach(const kith__direct *t, int64_t n, const int32_t *item, float *reach);
/* Set to zero again what kith__direct_reach() has added to, in time that does not grow with the users. */
void kith__direct_unreach(const kith__direct *t, int64_t n, const int32_t *item, float *reach);

/* The same for user u of a tile.  Local. */
kith_status kith__direct_tile_make(const kith__direct *t, kith_direct_reach *out) KITH_MUST_USE;
void kith__direct_tile_free(kith_direct_reach *r);
void kith__direct_tile_reach(const kith__direct *t, int64_t n, const int32_t *item, int u,
                             kith_direct_reach *r);
void kith__direct_tile_unreach(const kith__direct *t, int64_t n, const int32_t *item, kith_direct_reach *r);

#endif
