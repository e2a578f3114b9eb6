/* Private to baseline: EASE. */
#ifndef KITH_BASELINE_EASE_H
#define KITH_BASELINE_EASE_H

#include "baseline/baseline.h"

enum { KITH__EASE_DOUBLE = 4096 }; /* up to that many items the inverse is computed in double precision */

typedef struct kith__ease {
  int64_t n_item;
  float *inverse;  /* [n_item, n_item] P = (X'X + lambda I)^-1, but for its diagonal, where zeros are … */
  float *diagonal; /* [n_item] … since it is here */
} kith__ease;

/* items: of every user, ascending.  Local, all threads.  Errors: KITH_ENOMEM; KITH_ENUMERIC. */
kith_status kith__ease_make(const kith_ragged *items, int64_t n_item, double lambda,
                            kith__ease *out) KITH_MUST_USE;
void kith__ease_free(kith__ease *e);
/* score[i] = sum of B_ji over the user's items j, B = I - P diag(1 / P_ii): of a kith_item_scorer. */
void kith__ease_score(const void *ease, int64_t n, const int32_t *item, float *score);

int64_t kith__ease_bytes(int64_t n_item);

#endif
