/**
 * A gated recurrent unit (Cho et al., EMNLP 2014, with the candidate's reset behind its product, as in most
 * programs), one step for each row:
 *   (r, z, c) = gates of d columns each; s is the sigmoid:
 *   r = s(x_r + m_r),   z = s(x_z + m_z),   c = tanh(x_c + r m_c),   y = (1 - z) c + z h,
 * where x = message Wx + bx and m = h Wm + bm, made by the caller.  A row without a message keeps h.
 * All functions are Local.
 */
#ifndef KITH_OPS_GRU_H
#define KITH_OPS_GRU_H

#include "ops/ops.h"

/** Arrays of one call. */
typedef struct kith_gru {
  int64_t n; /**< rows */
  int d;
  const uint8_t *on;  /**< [n] 1: the row has a message; 0: y = h */
  const float *x, *m; /**< [n, 3 d] */
  const float *h;     /**< [n, d] */
  float *gate;        /**< [n, 3 d] r, z and c, from forward to backward */
} kith_gru;

/** y [n, d]. */
void kith_gru_forward(const kith_gru *o, float *y);
/** dx, dm [n, 3 d] += and dh [n, d] += (null: none). */
void kith_gru_backward(const kith_gru *o, const float *dy, float *dx, float *dm, float *dh);

#endif
