/*
 * embed.adapt: the rows of new users, moved by a few steps on their own pairs while all else stays.
 *
 * y_0 = r unit(r unit(x) + mu r m), y_s+1 = r unit(y_s + r (alpha unit(P) + beta unit(M(y_s)))),
 * P = mean of e_i over the user's items, M(y) = sum over all items of softmax(c <y, e>)_j e_j.
 *
 * x is the row of kith_embed(), e are exported rows, r is the root mean square of users' exported rows,
 * c is 1 / loss.temperature where that was trained, else 1.  P - M is 1 / c of what descends the user's loss,
 * -log softmax(c <y, e>) of its items; each part has a rate of its own, and beta may be positive: then a row
 * is drawn to items like its own.  m, one row, and the rates are learned on episodes (adapt_learn.c).
 */
#ifndef KITH_SRC_TRAIN_ADAPT_H
#define KITH_SRC_TRAIN_ADAPT_H

#include "kith/embed.h"

enum { KITH__ADAPT_BLOCK = 64 }; /* rows that are moved together */

/* What the rows of users are moved by; item rows by original number, on every rank. */
typedef struct kith__adapt {
  int d;
  int64_t n_item;
  float *item;     /* [n_item, d] */
  double length;   /* r */
  float sharpness; /* c */
  float *shared;   /* [d] m, of length 1 or 0 */
  float *score;    /* [KITH__ADAPT_BLOCK, n_item] scratch … */
  float *near;     /* … and this: [KITH__ADAPT_BLOCK, d] */
} kith__adapt;

typedef struct kith__adapt_rates {
  double own, likely, shared; /* alpha, beta, mu */
  int steps;
} kith__adapt_rates;

/* Gather the rows of items, and find r.  x [n_own, d].  Collective.  Errors: KITH_ENOMEM.  *out is to be
 * freed then, too.  Memory: the rows of all items, and as much again for 64 / d of them, on every rank. */
kith_agreed kith__adapt_make(const kith_comm *comm, const kith_graph *g, int d, const float *x,
                             double sharpness, kith__adapt *out) KITH_MUST_USE;
void kith__adapt_free(kith__adapt *a); /* Local. */

/* x [d] /= |x|; zeros stay.  Local. */
void kith__adapt_unit(int d, float *x);
/* y [d] = unit(P) of n items.  Local. */
void kith__adapt_own(const kith__adapt *a, int64_t n, const int32_t *item, float *y);
/* near [n, d] = M(y), for n rows of y [n, d], at most KITH__ADAPT_BLOCK: a->near.  Local. */
void kith__adapt_likely(const kith__adapt *a, int n, const float *y);
/*
 * Move rows x [n, d] by all steps.  Local.  A row has the same bits whatever is beside it.
 *
 * @param own  [n, d] unit(P) of each
 */
void kith__adapt_rows(const kith__adapt *a, kith__adapt_rates rates, int64_t n, const float *own, float *x);

#endif
