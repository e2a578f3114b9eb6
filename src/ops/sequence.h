/**
 * Rows of sequences: normalization of layers and causal attention, forward beside backward.
 */
#ifndef KITH_OPS_SEQUENCE_H
#define KITH_OPS_SEQUENCE_H

#include "ops/ops.h"

enum { KITH_MAX_SEQUENCE = 1024 }; /**< rows of a sequence, as KITH_SASREC_LONGEST */

/** Sequences without padding: the rows of sequence s are start[s] … start[s + 1] - 1, in order of time. */
typedef struct kith_sequences {
  int64_t n;
  int longest;          /**< most rows of a sequence of any step, at most KITH_MAX_SEQUENCE */
  const int64_t *start; /**< [n + 1] */
} kith_sequences;

/**
 * Layer normalization (Ba, Kiros and Hinton 2016, eq. 4): y = gain * (x - mean) / sqrt(variance + 1e-5) +
 * bias, mean and variance of each row of x [n, d].
 *
 * @param gain, bias  [d]
 * @param moment      [n, 2] for backward: the mean and 1 / sqrt(variance + 1e-5)
 */
void kith_layer_norm_forward(int64_t n, int d, const float *x, const float *gain, const float *bias, float *y,
                             float *moment);
/** dx, dgain and dbias are added to.  Sums over rows are in their order, by one thread. */
void kith_layer_norm_backward(int64_t n, int d, const float *x, const float *gain, const float *moment,
                              const float *dy, float *dx, float *dgain, float *dbias);

/**
 * Scaled dot-product attention (Vaswani et al., NIPS 2017, eq. 1) of a row over itself and the rows before it
 * in its sequence: y_i = sum over j <= i of p_ij v_j, p_ij the softmax over j of <q_i, k_j> / sqrt(d /
 * heads).  Head h has the columns h d / heads … (h + 1) d / heads - 1.
 *
 * @param q, k, v  [rows, d]
 * @param p        [rows, heads, longest] for backward: the weights by place in the sequence
 * Cost: 2 d multiplications for each pair of rows.
 */
void kith_causal_attention_forward(const kith_sequences *s, int heads, int d, const float *q, const float *k,
                                   const float *v, float *p, float *y);
/** dq, dk and dv are added to; 4 d multiplications for each pair. */
void kith_causal_attention_backward(const kith_sequences *s, int heads, int d, const float *q, const float *k,
                                    const float *v, const float *p, const float *dy, float *dq, float *dk,
                                    float *dv);

/**
 * Rows of items at places of a sequence: x_r = scale * item[of[r]] + position[place[r]], [n, d].
 * The backward adds in the order of the rows.
 */
void kith_sequence_rows_forward(int64_t n, int d, const int32_t *of, const int32_t *place, float scale,
                                const float *item, const float *position, float *x);
void kith_sequence_rows_backward(int64_t n, int d, const int32_t *of, const int32_t *place, float scale,
                                 const float *dx, float *ditem, float *dposition);

#endif
