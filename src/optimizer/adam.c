/* Adam: reads four numbers and writes three for each parameter, so it is bound by memory bandwidth. */
#include <math.h>

#include "ops/ops.h"
#include "optimizer/optimizer.h"

/* Factors of a step, computed in double: 1 - beta in float would lose four digits. */
typedef struct adam_rates {
  float keep1, new1, keep2, new2; /* beta1, 1 - beta1, beta2, 1 - beta2 */
  float rate, unroot, epsilon;    /* lr / (1 - beta1^t), 1 / sqrt(1 - beta2^t) */
} adam_rates;

/* One number's step. */
KITH_INLINE void adam_one(adam_rates r, float g, float *m, float *v, float *p) {
  *m = r.keep1 * *m + r.new1 * g;
  *v = r.keep2 * *v + r.new2 * (g * g);
  *p -= r.rate * *m / (sqrtf(*v) * r.unroot + r.epsilon);
}

KITH_KERNEL static void adam_block(adam_rates r, int64_t n, const float *g, float *m, float *v, float *p) {
#pragma omp parallel for simd schedule(static)
  for (int64_t i = 0; i < n; i++) adam_one(r, g[i], m + i, v + i, p + i);
}

KITH_KERNEL static void adam_rows(adam_rates r, int32_t n, const int32_t *row, int d, const float *g,
                                  float *m, float *v, float *p) {
#pragma omp parallel for schedule(static)
  for (int32_t i = 0; i < n; i++) {
    size_t at = (size_t)row[i] * (size_t)d;
    const float *from = g + (size_t)i * (size_t)d;
    for (int k = 0; k < d; k++) adam_one(r, from[k], m + at + k, v + at + k, p + at + k);
  }
}

static adam_rates adam_at(const kith_optimizer_options *o, int64_t step) {
  double correct1 = 1 - pow(o->beta1, (double)step), correct2 = 1 - pow(o->beta2, (double)step);
  return (adam_rates){.keep1 = (float)o->beta1,
                      .new1 = (float)(1 - o->beta1),
                      .keep2 = (float)o->beta2,
                      .new2 = (float)(1 - o->beta2),
                      .rate = (float)(o->lr / correct1),
                      .unroot = (float)(1 / sqrt(correct2)),
                      .epsilon = (float)o->epsilon};
}

void kith__adam_step(const kith_optimizer_options *o, int64_t step, int64_t n, const float *g,
                     float *const *slot, float *p) {
  adam_block(adam_at(o, step), n, g, slot[0], slot[1], p);
}

void kith__adam_step_rows(const kith_optimizer_options *o, int64_t step, int32_t n, const int32_t *row, int d,
                          const float *g, float *const *slot, float *p) {
  adam_rows(adam_at(o, step), n, row, d, g, slot[0], slot[1], p);
}
