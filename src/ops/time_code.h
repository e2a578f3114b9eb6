/**
 * Scores of attention with codes of time: of an entry (i, j) of age t, in days, and head h
 *   s = LeakyReLU(left_i + right_j + sum over k of w_hk cos(omega_k t + phi_k)),
 * where omega, phi and w are learned (functional time encoding: Xu et al., TGAT, ICLR 2020, section 3.1, with
 * phases as in Rossi et al., TGN, 2020).  The code of an entry whose age is below 0, which is none, is zero.
 */
#ifndef KITH_OPS_TIME_CODE_H
#define KITH_OPS_TIME_CODE_H

#include "ops/ops.h"

enum { KITH_TIME_DIM = 64, KITH_TIME_HEADS = 64 }; /**< most numbers of a code, most heads */

/** Codes of `dim` numbers, and what heads take of them. */
typedef struct kith_time_codes {
  int heads, dim;
  const float *age;         /**< [entries] days */
  const float *omega, *phi; /**< [dim] */
  const float *weight;      /**< [heads, dim] */
} kith_time_codes;

/** s [entries, heads] of left [rows, heads] and right [columns, heads].  Cost: dim cosines for each entry. */
void kith_time_score_forward(const kith_csr *a, const kith_time_codes *c, float slope, const float *left,
                             kith_node_rows right, float *s);

/** domega [dim], dphi [dim] and dweight [heads, dim] += of ds [entries, heads]; those of left and right are
 * kith_edge_score_backward_left() and _right().  Sums are in double, in the order of the entries. */
void kith_time_score_backward(const kith_csr *a, const kith_time_codes *c, float slope, const float *s,
                              const float *ds, float *domega, float *dphi, float *dweight);

#endif
