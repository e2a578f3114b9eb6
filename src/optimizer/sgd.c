/* Gradient descent with momentum: v = momentum v + g, p -= lr v. */
#include "ops/ops.h"
#include "optimizer/optimizer.h"

typedef struct sgd_rates {
  float momentum, lr;
} sgd_rates;

KITH_INLINE void sgd_one(sgd_rates r, float g, float *v, float *p) {
  *v = r.momentum * *v + g;
  *p -= r.lr * *v;
}

KITH_KERNEL static void sgd_block(sgd_rates r, int64_t n, const float *g, float *v, float *p) {
#pragma omp parallel for schedule(static)
  for (int64_t i = 0; i < n; i++) sgd_one(r, g[i], v + i, p + i);
}

KITH_KERNEL static void sgd_rows(sgd_rates r, int32_t n, const int32_t *row, int d, const float *g, float *v,
                                 float *p) {
#pragma omp parallel for schedule(static)
  for (int32_t i = 0; i < n; i++) {
    size_t at = (size_t)row[i] * (size_t)d;
    const float *from = g + (size_t)i * (size_t)d;
    for (int k = 0; k < d; k++) sgd_one(r, from[k], v + at + k, p + at + k);
  }
}

static sgd_rates sgd_at(const kith_optimizer_options *o) {
  return (sgd_rates){.momentum = (float)o->momentum, .lr = (float)o->lr};
}

void kith__sgd_step(const kith_optimizer_options *o, int64_t step, int64_t n, const float *g,
                    float *const *slot, float *p) {
  (void)step;
  sgd_block(sgd_at(o), n, g, slot[0], p);
}

void kith__sgd_step_rows(const kith_optimizer_options *o, int64_t step, int32_t n, const int32_t *row, int d,
                         const float *g, float *const *slot, float *p) {
  (void)step;
  sgd_rows(sgd_at(o), n, row, d, g, slot[0], p);
}
