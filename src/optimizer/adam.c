/* Adam on a flat block: seven numbers moved per parameter, so its limit is memory bandwidth. */
#include <math.h>

#include "kith/ops.h"
#include "kith/optimizer.h"

kith_adam_options kith_adam_defaults(void) { return (kith_adam_options){.lr = 1e-3, .beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-8}; }

/* What a step multiplies by, worked out in double: 1 - beta in float would lose four digits. */
typedef struct adam_rates {
  float keep1, new1, keep2, new2; /* beta1, 1 - beta1, beta2, 1 - beta2 */
  float rate, unroot, epsilon;    /* lr / (1 - beta1^t), 1 / sqrt(1 - beta2^t) */
} adam_rates;

KITH_KERNEL static void adam_block(adam_rates r, int64_t n, const float *g, float *m, float *v, float *p) {
#pragma omp parallel for simd schedule(static)
  for (int64_t i = 0; i < n; i++) {
    m[i] = r.keep1 * m[i] + r.new1 * g[i];
    v[i] = r.keep2 * v[i] + r.new2 * (g[i] * g[i]);
    p[i] -= r.rate * m[i] / (sqrtf(v[i]) * r.unroot + r.epsilon);
  }
}

void kith_adam_step(const kith_adam_options *o, int64_t step, int64_t n, const float *g, float *m, float *v, float *p) {
  double correct1 = 1 - pow(o->beta1, (double)step), correct2 = 1 - pow(o->beta2, (double)step);
  adam_rates r = {.keep1 = (float)o->beta1, .new1 = (float)(1 - o->beta1), .keep2 = (float)o->beta2, .new2 = (float)(1 - o->beta2),
                  .rate = (float)(o->lr / correct1), .unroot = (float)(1 / sqrt(correct2)), .epsilon = (float)o->epsilon};
  adam_block(r, n, g, m, v, p);
}
