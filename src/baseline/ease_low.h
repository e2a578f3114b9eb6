/* Private to baseline: EASE in the span of the leading eigenvectors. */
#ifndef KITH_BASELINE_EASE_LOW_H
#define KITH_BASELINE_EASE_LOW_H

#include "baseline/baseline.h"
#include "spectral/spectral.h"

/* Columns of the iteration beside the wanted ones; and the seed of its first columns. */
enum { KITH__EASE_LOW_OVERSAMPLE = 32, KITH__EASE_LOW_SEED = 1 };

typedef struct kith__ease_low {
  int columns;      /* of x: eigenvectors that were asked for, at most the items */
  int rank;         /* of them, those that are not of the eigenvalue zero */
  kith_spectrum *s; /* of X'X */
  float *x;         /* [n_own, columns] rows of users and items whose inner products are the scores */
} kith__ease_low;

/* The eigenvectors, the same bits on any number of ranks.  Collective.  Errors: KITH_ENOMEM; KITH_ENUMERIC.
 */
kith_agreed kith__ease_low_make(const kith_comm *comm, const kith_graph *g, int columns,
                                kith__ease_low *out) KITH_MUST_USE;
/* Rows x for one lambda.  Collective.  Errors: KITH_ENOMEM. */
kith_agreed kith__ease_low_rows(const kith_comm *comm, const kith_graph *g, double lambda,
                                kith__ease_low *e) KITH_MUST_USE;
/* Collective. */
void kith__ease_low_free(kith__ease_low *e);

/* Of this rank, ghosts as many as there may be.  Local. */
int64_t kith__ease_low_bytes(const kith_graph *g, int size, int columns);

#endif
