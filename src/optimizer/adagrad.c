/* Adagrad: s += g^2, p -= lr g / (sqrt(s) + epsilon). */
#include <math.h>

#include "ops/ops.h"
#include "optimizer/optimizer.h"

typedef struct adagrad_rates {
  float lr, epsilon;
} adagrad_rates;

KITH_INLINE void adagrad_one(adagrad_rates r, float g, float *s, float *p) {
  *s += g * g;
  *p -= r.lr * g / (sqrtf(*s) + r.epsilon);
}

KITH_KERNEL static void adagrad_block(adagrad_rates r, int64_t n, const float *g, float *s, float *p) {
#pragma omp parallel for schedule(static)
  for (int64_t i = 0; i < n; i++) adagrad_one(r, g[i], s + i, p + i);
}

KITH_KERNEL static void adagrad_rows(adagrad_rates r, int32_t n, const int32_t *row, int d, const float *g,
                                     float *s, float *p) {
#pragma omp parallel for schedule(static)
  for (int32_t i = 0; i < n; i++) {
    size_t at = (size_t)row[i] * (size_t)d;
    const float *from = g + (size_t)i * (size_t)d;
    for (int k = 0; k < d; k++) adagrad_one(r, from[k], s + at + k, p + at + k);
  }
}

static adagrad_rates adagrad_at(const kith_optimizer_options *o) {
  return (adagrad_rates){.lr = (float)o->lr, .epsilon = (float)o->epsilon};
}

void kith__adagrad_step(const kith_optimizer_options *o, int64_t step, int64_t n, const float *g,
                        float *const *slot, float *p) {
  (void)step;
  adagrad_block(adagrad_at(o), n, g, slot[0], p);
}

void kith__adagrad_step_rows(const kith_optimizer_options *o, int64_t step, int32_t n, const int32_t *row,
                             int d, const float *g, float *const *slot, float *p) {
  (void)step;
  adagrad_rows(adagrad_at(o), n, row, d, g, slot[0], p);
}
