/* Dropout: masks are drawn again in the backward pass rather than kept. */
#include "kith/ops.h"

enum { DROPOUT_TOGETHER = 16 }; /* columns that one draw of 256 bits decides, 16 bits each */

/* Columns first … first + 15 of a node's row: scale or zero for each. */
static void dropout_mask(const kith_dropout *o, int64_t node, int first, float *mask) {
  kith_draw r = kith_random(o->seed, KITH_USE_DROPOUT, o->step, (uint64_t)node, o->op << 32 | (uint64_t)first);
  uint64_t below = (uint64_t)(o->p * 65536);
  float scale = (float)(1 / (1 - (double)below / 65536));
  for (int k = 0; k < DROPOUT_TOGETHER; k++) mask[k] = (r.bits[k / 4] >> (16 * (k % 4)) & 0xffff) < below ? 0 : scale;
}

static void dropout_apply(const kith_dropout *o, int64_t n, int d, const int64_t *node, const float *from, bool add, float *to) {
#pragma omp parallel for schedule(static)
  for (int64_t i = 0; i < n; i++) {
    float mask[DROPOUT_TOGETHER];
    for (int k = 0; k < d; k++) {
      if (k % DROPOUT_TOGETHER == 0 && (k == 0 || !o->rows)) dropout_mask(o, node[i], k, mask);
      to[i * d + k] = (add ? to[i * d + k] : 0) + mask[o->rows ? 0 : k % DROPOUT_TOGETHER] * from[i * d + k];
    }
  }
}

void kith_dropout_forward(const kith_dropout *o, int64_t n, int d, const int64_t *node, const float *x, float *y) {
  dropout_apply(o, n, d, node, x, false, y);
}

void kith_dropout_backward(const kith_dropout *o, int64_t n, int d, const int64_t *node, const float *dy, float *dx) {
  dropout_apply(o, n, d, node, dy, true, dx);
}
