/* Dropout: backward draws the masks again instead of storing them. */
#include "ops/ops.h"

enum { DROPOUT_TOGETHER = 16 }; /* columns decided by one draw of 256 bits, 16 bits each */

/* mask [16]: scale or zero, from 16 bits of the draw each. */
static void dropout_decide(const kith_dropout *o, kith_draw r, float *mask) {
  uint64_t below = (uint64_t)(o->p * 65536);
  float scale = (float)(1 / (1 - (double)below / 65536));
  for (int k = 0; k < DROPOUT_TOGETHER; k++)
    mask[k] = (r.bits[k / 4] >> (16 * (k % 4)) & 0xffff) < below ? 0 : scale;
}

/* Columns first … first + 15 of a node's row. */
static void dropout_mask(const kith_dropout *o, int64_t node, int first, float *mask) {
  dropout_decide(o,
                 kith_random(o->seed, KITH_RNG_DROPOUT, o->step, (uint64_t)node,
                             o->op << 32 | (uint64_t)first),
                 mask);
}

static void dropout_apply(const kith_dropout *o, int64_t n, int d, const int64_t *node, const float *from,
                          bool add, float *to) {
#pragma omp parallel for schedule(static)
  for (int64_t i = 0; i < n; i++) {
    float mask[DROPOUT_TOGETHER];
    for (int k = 0; k < d; k++) {
      if (k % DROPOUT_TOGETHER == 0 && (k == 0 || !o->rows)) dropout_mask(o, node[i], k, mask);
      to[i * d + k] = (add ? to[i * d + k] : 0) + mask[o->rows ? 0 : k % DROPOUT_TOGETHER] * from[i * d + k];
    }
  }
}

void kith_dropout_forward(const kith_dropout *o, int64_t n, int d, const int64_t *node, const float *x,
                          float *y) {
  dropout_apply(o, n, d, node, x, false, y);
}

void kith_dropout_backward(const kith_dropout *o, int64_t n, int d, const int64_t *node, const float *dy,
                           float *dx) {
  dropout_apply(o, n, d, node, dy, true, dx);
}

static void attention_dropout_apply(const kith_dropout *o, const kith_csr *a, int heads, const int64_t *row,
                                    const int64_t *col, const float *from, bool add, float *to) {
#pragma omp parallel for schedule(dynamic, 64)
  for (kith_lid p = 0; p < a->n_row; p++)
    for (kith_eid e = a->start[p]; e < a->start[p + 1]; e++) {
      float mask[DROPOUT_TOGETHER];
      for (int h = 0; h < heads; h++) {
        if (h % DROPOUT_TOGETHER == 0)
          dropout_decide(o,
                         kith_random4(o->seed, KITH_RNG_ATTENTION_DROPOUT, o->step, (uint64_t)row[a->perm[p]],
                                      (uint64_t)col[a->col[e]], o->op << 32 | (uint64_t)h),
                         mask);
        to[e * heads + h] = (add ? to[e * heads + h] : 0) + mask[h % DROPOUT_TOGETHER] * from[e * heads + h];
      }
    }
}

void kith_attention_dropout_forward(const kith_dropout *o, const kith_csr *a, int heads, const int64_t *row,
                                    const int64_t *col, const float *x, float *y) {
  attention_dropout_apply(o, a, heads, row, col, x, false, y);
}

void kith_attention_dropout_backward(const kith_dropout *o, const kith_csr *a, int heads, const int64_t *row,
                                     const int64_t *col, const float *dy, float *dx) {
  attention_dropout_apply(o, a, heads, row, col, dy, true, dx);
}
