/* Heavy-tailed shares that add up exactly: weights are cut off at a height that is found by filling up. */
#include <math.h>

#include "generate/spread.h"

static const double spread_exponent = 1.5; /* of P(weight > x) = x^-exponent */

/* The factor that makes the weights, each cut off at `most`, sum up to `total`. */
static double spread_factor(int64_t n, const double *weight, double total, double most) {
  int64_t cut = -1, before; /* ever more weights are cut off, until no more are */
  double factor = 0;
  do {
    double rest = 0;
    before = cut;
    cut = 0;
    for (int64_t i = 0; i < n; i++) {
      if (factor * weight[i] >= most) cut++;
      else rest += weight[i];
    }
    if (rest > 0) factor = (total - most * (double)cut) / rest;
  } while (cut != before);
  return factor;
}

kith_status kith__spread_deal(uint64_t seed, kith_rng_stream use, int64_t n, int64_t total, int64_t most,
                              int32_t *share) {
  kith_status st = KITH_OK;
  double *weight = NULL, sum = 0, so_far = 0;
  int64_t given = 0;
  KITH_TRY(KITH_NEW(weight, n));
  for (int64_t i = 0; i < n; i++)
    weight[i] =
        pow(1 - kith_random_unit(kith_random(seed, use, (uint64_t)i, 0, 0).bits[0]), -1 / spread_exponent);
  double factor = spread_factor(n, weight, (double)total, (double)most);
  for (int64_t i = 0; i < n; i++) {
    weight[i] = fmin(factor * weight[i], (double)most);
    sum += weight[i];
  }
  for (int64_t i = 0; i < n; i++) {
    so_far += weight[i];
    int64_t upto = i == n - 1 ? total : sum > 0 ? (int64_t)((double)total * (so_far / sum)) : 0;
    share[i] = (int32_t)(upto - given);
    given = upto;
  }
done:
  KITH_FREE(weight);
  return st;
}
