/**
 * Attention whose keys and values have codes of time beside the rows that they are made of (TGAT: Xu et al.,
 * ICLR 2020, section 3.2; TGN: Rossi et al., 2020, section 3.1): of an entry e = (i, j) and head h
 *   s_e = <q_i, k_j + c_e Wk> / sqrt(d / heads),   alpha = softmax of s over the row's entries,
 *   y_i = sum over e of alpha_e (v_j + (c_e + b) Wv),
 * c_e + b being the entry's code, b one for all.  A softmax does not see what b adds to all keys of a row, so
 * that b is left out of s: its part of the gradients would be rounding alone.  Codes are projected once for a
 * row, not for each entry: <q_i, c_e Wk> is <Wk q_i, c_e>, and the codes' part of y_i is (sum over e of
 * alpha_e c_e) Wv. All functions are Local.
 */
#ifndef KITH_OPS_CODED_ATTENTION_H
#define KITH_OPS_CODED_ATTENTION_H

#include "ops/time_code.h"

enum { KITH_CODE_DIM = 320 }; /**< most numbers of an entry: a code of time, and others beside it */

/** Arrays of one call; heads and dim within KITH_TIME_HEADS and KITH_CODE_DIM, d divisible by heads. */
typedef struct kith_coded_attention {
  int heads, d, dim;
  const kith_csr *a;     /**< [rows, columns] */
  const float *q;        /**< [rows, d] */
  kith_node_rows k, v;   /**< [columns, d] */
  const float *code;     /**< [entries, dim] */
  const float *base;     /**< [dim] b; null: 0 */
  const float *wk, *wv;  /**< [dim, d] */
  float *alpha;          /**< [entries, heads] from forward to backward */
  float *read;           /**< [rows, heads, dim] sums of alpha (c + b), from forward to backward */
  float *slope, *reread; /**< the same shapes: gradients of s, and sums of these times c */
} kith_coded_attention;

/** Gradients, all added to. */
typedef struct kith_coded_gradients {
  float *q, *code, *base, *wk, *wv; /**< base: null without o->base */
  kith_grad_rows k, v;
} kith_coded_gradients;

/** y [rows, d]; zero for a row without entries. */
void kith_coded_attention_forward(const kith_coded_attention *o, float *y);
/** @param back  the transpose of o->a */
void kith_coded_attention_backward(const kith_coded_attention *o, const kith_csc *back, const float *dy,
                                   kith_coded_gradients g);

/**
 * Codes of ages: y [n, dim] = cos(exp(rate_k) age + phase_k).  Angles are in double and reduced to a turn.
 * Frequencies are learned as logarithms, since they span nine powers of ten.
 * @param differs  y = cos(exp(rate_k) age + phase_k) - cos(phase_k), with all digits also where both are
 * alike
 */
void kith_code_forward(int64_t n, int dim, bool differs, const float *age, const float *rate,
                       const float *phase, float *y);
/** drate, dphase [dim] +=; sums in double, in the order of the rows. */
void kith_code_backward(int64_t n, int dim, bool differs, const float *age, const float *rate,
                        const float *phase, const float *dy, float *drate, float *dphase);

#endif
