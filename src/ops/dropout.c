/* Dropout: backward draws the masks again instead of storing them. */
#include "ops/ops.h"

enum { DROPOUT_TOGETHER = 16 }; /* columns decided by one draw of 256 bits, 16 bits each */

/* Numbers of 16 bits below which an element is dropped, and the scale of the others. */
typedef struct dropout_law {
  uint64_t below;
  float scale;
} dropout_law;

static dropout_law dropout_law_of(const kith_dropout *o) {
  uint64_t below = (uint64_t)(o->p * 65536);
  return (dropout_law){below, (float)(1 / (1 - (double)below / 65536))};
}

/* Scale or zero of element k of a draw, from 16 bits of it. */
static inline float dropout_element(dropout_law law, const kith_draw *r, int k) {
  return (r->bits[k / 4] >> (16 * (k % 4)) & 0xffff) < law.below ? 0 : law.scale;
}

/* mask [16] */
static void dropout_decide(const kith_dropout *o, kith_draw r, float *mask) {
  dropout_law law = dropout_law_of(o);
  for (int k = 0; k < DROPOUT_TOGETHER; k++) mask[k] = dropout_element(law, &r, k);
}

/* The draw of columns first … first + 15 of a node's row. */
static kith_draw dropout_draw(const kith_dropout *o, int64_t node, int first) {
  return kith_random(o->seed, KITH_RNG_DROPOUT, o->step, (uint64_t)node, o->op << 32 | (uint64_t)first);
}

static void dropout_apply(const kith_dropout *o, int64_t n, int d, const int64_t *node, const float *from,
                          bool add, float *to) {
#pragma omp parallel for schedule(static)
  for (int64_t i = 0; i < n; i++) {
    float mask[DROPOUT_TOGETHER];
    for (int k = 0; k < d; k++) {
      if (k % DROPOUT_TOGETHER == 0 && (k == 0 || !o->rows))
        dropout_decide(o, dropout_draw(o, node[i], k), mask);
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

void kith_dropout_elements(const kith_dropout *o, int64_t node, int n, const int32_t *col, const float *x,
                           float *y) {
  dropout_law law = dropout_law_of(o);
  kith_draw draw = {{0}};
  int drawn = -1; /* first column of the draw */
  for (int e = 0; e < n; e++) {
    int first = col[e] / DROPOUT_TOGETHER * DROPOUT_TOGETHER;
    if (first != drawn) draw = dropout_draw(o, node, first);
    drawn = first;
    y[e] = dropout_element(law, &draw, col[e] - first) * x[e];
  }
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
