/**
 * Graph attention over in-edges (Velickovic et al., GAT, ICLR 2018, eq. 1-4), without a number for each edge.
 *
 * Per head h with the columns h d / heads … (h + 1) d / heads - 1:
 *   s_ij = LeakyReLU(left_i + right_j),   alpha_ij = softmax over the entries j of row i,
 *   y_i = sum over j of alpha_ij z_j.
 * Each pass gathers every row once: forward the rows of z along the rows of the matrix, backward the rows of
 * dy along its columns, which compute alpha again from what forward kept of each row.
 */
#ifndef KITH_OPS_ATTENTION_H
#define KITH_OPS_ATTENTION_H

#include "ops/ops.h"

enum {
  KITH_ATTENTION_HEADS = 64, /**< most heads */
  KITH_ATTENTION_KEPT = 4    /**< numbers that a row keeps for each head */
};

/** Heads, columns of all heads, and LeakyReLU's slope, 0 … 1. */
typedef struct kith_attention {
  int heads, d;
  float slope;
  /** Compute only these n_subset rows: y, dy and what is kept have no others.  Null: all. */
  const kith_row_subset *subset;
  kith_lid n_subset;
} kith_attention;

/** What forward keeps of the rows for backward. */
typedef struct kith_attention_rows {
  float *kept; /**< [rows, KITH_ATTENTION_KEPT, heads] left; largest score; 1 / sum of the exponentials; sum
                  of alpha over entries with left + right > 0, in backward <dy, y> */
  float *positive; /**< [rows, d] sum of alpha z over those entries */
} kith_attention_rows;

/**
 * @param left   [rows of the matrix, heads], right [columns, heads], z [columns, d]
 * @param[out] y [rows, d], zero for a row without entries
 * Cost: 4 (d + heads) bytes gathered for each entry.
 */
void kith_attention_forward(const kith_csr *a, const kith_attention *o, const float *left,
                            kith_node_rows right, kith_node_rows z, kith_attention_rows keep, float *y);

/** dleft [rows of the matrix, heads] += the gradient of left; also makes `keep` ready for
 * kith_attention_backward_columns(). */
void kith_attention_backward_rows(const kith_csr *a, const kith_attention *o, kith_attention_rows keep,
                                  const float *y, const float *dy, float *dleft);

/**
 * dright [columns, heads] += and dz [columns, d] = (or += where `add`).
 *
 * Of a subset: the bits are those of all rows whose other dy are zero, apart from the signs of zeros.
 * Cost: 4 (d + KITH_ATTENTION_KEPT heads) bytes gathered for each entry of the rows.
 */
void kith_attention_backward_columns(const kith_csc *back, const kith_attention *o, kith_attention_rows keep,
                                     kith_node_rows right, kith_node_rows z, const float *dy,
                                     kith_grad_rows dright, bool add, kith_grad_rows dz);

#endif
