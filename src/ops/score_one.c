/* One score.  This file, as panel.c, is compiled with contraction, so that the multiply-add is fused, and
 * without vectorization: a vector's products would be rounded before they are added. */
#include "ops/scores.h"

KITH_KERNEL float kith_scores_one(int d, const float *user, const float *item) {
  float sum = 0;
  for (int k = 0; k < d; k++) sum += user[k] * item[k];
  return sum;
}
