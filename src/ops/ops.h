/** What other rooms of the library use of ops, beyond kith/ops.h. */
#ifndef KITH_OPS_OPS_H
#define KITH_OPS_OPS_H

#include <string.h>

#include "kith/ops.h"
#include "graph/graph.h"

/* Prefetch the cache lines of a row that is read or written soon: cache misses then overlap. */
KITH_INLINE void kith_prefetch_row(int d, const float *row) {
  const int line = 16; /* floats */
  for (int k = 0; k < d; k += line) __builtin_prefetch(row + k);
}

/* ---- the rows that columns of a matrix name ---- */

/**
 * Column c names row c of `own`, or row c - n_own of `ghost`: the rows that this rank owns are apart from
 * copies of those of other ranks.  With `at`, c names row at[c - n_own] of `host`, where other ranks of this
 * host have it, or, of a negative number a, row -1 - a of `ghost`.  Kernels find rows by kith_row_at() alone.
 */
typedef struct kith_node_rows {
  const float *own, *ghost; /**< [n_own, d] and [columns - n_own, d] */
  kith_lid n_own;
  const kith_lid *at; /**< [columns - n_own, at least 1] null: all of them are rows of `ghost` */
  const float *host;
  int ld; /**< not 0: a strip of columns.  Rows of `own`, and those of the result, are so far apart, and both
             begin with the strip's first column; those of `ghost` have the strip alone.  Only kith_spmm_of(),
             _rows and _nonzero know strips, without `at` */
} kith_node_rows;
/** The same to be written. */
typedef struct kith_grad_rows {
  float *own, *ghost;
  kith_lid n_own;
} kith_grad_rows;

/** Rows x [columns, d] in one place. */
KITH_INLINE kith_node_rows kith_node_rows_together(const float *x) {
  return (kith_node_rows){.own = x, .ghost = x, .n_own = INT32_MAX};
}
KITH_INLINE kith_grad_rows kith_grad_rows_together(float *x) { return (kith_grad_rows){x, x, INT32_MAX}; }

KITH_INLINE const float *kith__row_in_place(const kith_node_rows x, int d, kith_lid column) {
  const bool is_own = column < x.n_own;
  const kith_lid at = x.at[is_own ? 0 : column - x.n_own];
  const float *from = at < 0 ? x.ghost : x.host;
  kith_lid row = at < 0 ? -1 - at : at;
  from = is_own ? x.own : from;
  row = is_own ? column : row;
  return from + (size_t)row * (size_t)d;
}
/** The row that a column names.  Choices that are moves, not branches, which no CPU would foresee; but `at`
 * is the same for all columns. */
KITH_INLINE const float *kith_row_at(const kith_node_rows x, int d, kith_lid column) {
  if (x.at) return kith__row_in_place(x, d, column);
  const float *from = column < x.n_own ? x.own : x.ghost;
  kith_lid before = column < x.n_own ? 0 : x.n_own;
  return from + (size_t)(column - before) * (size_t)d;
}
KITH_INLINE float *kith_grad_row_at(const kith_grad_rows x, int d, kith_lid column) {
  float *from = column < x.n_own ? x.own : x.ghost;
  kith_lid before = column < x.n_own ? 0 : x.n_own;
  return from + (size_t)(column - before) * (size_t)d;
}

int kith_max_threads(void); /**< threads of the next parallel region (OpenMP) */
int kith_thread_num(void);  /**< this thread's number in its region */

/* ---- sparse times dense ---- */

/** kith_spmm() and kith_spmm_transpose() of rows in two places. */
void kith_spmm_of(const kith_csr *a, kith_lid first, kith_lid last, int d, kith_node_rows x, bool add,
                  float *y);
void kith_spmm_transpose_to(const kith_csc *back, const float *w, int d, const float *y, kith_grad_rows x);

/** The same for the rows at n positions only, with the same bits.  Other rows of y are unchanged. */
void kith_spmm_rows(const kith_csr *a, kith_lid n, const kith_lid *position, int d, kith_node_rows x,
                    float *y);

/* ---- rows of bf16 ---- */

/**
 * Two bf16, column 2 k in the lower half and 2 k + 1 in the upper one.  A bf16 is the upper half of a float:
 * it has a float's range and 8 significant bits.  Rows are whole 32-bit words, so that a halo exchanges them
 * as it does floats.
 */
typedef uint32_t kith_bf16_pair;
/** Words of a row of d columns; where d is odd, the last half is zero. */
static inline int kith_bf16_words(int d) { return d / 2 + d % 2; }
/** The bits of the nearest bf16, of two equally near ones the even one; beyond the range infinity; NaN stays
 * NaN. */
KITH_INLINE uint32_t kith_bf16_bits(float x) {
  uint32_t bits;
  memcpy(&bits, &x, sizeof bits);
  uint32_t nearest = (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
  return (bits & 0x7fffffff) > 0x7f800000 ? bits >> 16 | 0x40 : nearest;
}
KITH_INLINE float kith_bf16_widen(uint32_t bits) {
  float x;
  memcpy(&x, &bits, sizeof x);
  return x;
}
/** The two columns as floats of the same value. */
KITH_INLINE float kith_bf16_even(kith_bf16_pair x) { return kith_bf16_widen(x << 16); }
KITH_INLINE float kith_bf16_odd(kith_bf16_pair x) { return kith_bf16_widen(x & 0xffff0000); }

/** y [n, words] = x [n, d], rounded. */
void kith_bf16_round_rows(int64_t n, int d, const float *x, kith_bf16_pair *y);
/** Rounded rows of the columns of a matrix, as kith_node_rows: [.., words], own rows and ghosts; ld, in
 * words, as there. */
typedef struct kith_bf16_rows {
  const kith_bf16_pair *own, *ghost;
  kith_lid n_own;
  int ld; /**< 0: all rows follow each other from `own` on */
} kith_bf16_rows;
KITH_INLINE kith_bf16_rows kith_bf16_rows_together(const kith_bf16_pair *x) {
  return (kith_bf16_rows){.own = x, .ghost = x, .n_own = INT32_MAX};
}
/** kith_spmm() and kith_spmm_rows() of rounded rows x [n_col, words]: y is the same as of their values as
 * floats. */
void kith_spmm_bf16(const kith_csr *a, kith_lid first, kith_lid last, int d, kith_bf16_rows x, bool add,
                    float *y);
void kith_spmm_rows_bf16(const kith_csr *a, kith_lid n, const kith_lid *position, int d, kith_bf16_rows x,
                         float *y);

/** y = A x with weights w [entries] instead of the matrix's. */
void kith_spmm_weighted(const kith_csr *a, const float *w, int d, kith_node_rows x, float *y);

/** kith_spmm() of an x [n_col, d] whose rows are zero but for those with some[row] = 1: with its bits, apart
 * from the signs of zeros.  The other rows are not read. */
void kith_spmm_nonzero(const kith_csr *a, kith_lid first, kith_lid last, int d, const uint8_t *some,
                       kith_node_rows x, bool add, float *y);
/** y [n, d] = the n rows of A x that `rows` names, with weights w [entries]; their bits are those of
 * kith_spmm_weighted(). */
void kith_spmm_subset(const kith_csr *a, const float *w, kith_lid n, const kith_row_subset *rows, int d,
                      kith_node_rows x, float *y);
/** x += A' y for the y [n_row, d] whose rows are those of y [n, d] here, and zero elsewhere: with the bits of
 * kith_spmm_transpose(), apart from the signs of zeros. */
void kith_spmm_transpose_subset(const kith_csc *back, const float *w, const kith_row_subset *rows, int d,
                                const float *y, kith_grad_rows x);

/* ---- learned weights of relations ---- */

/** weight[e] = omega[of[e]] * base[e] for the n entries whose relation's omega is learned. */
void kith_relation_scale(kith_eid n, const uint8_t *of, const bool *learned, const float *omega,
                         const float *base, float *weight);

/** The entries of a merged matrix: their relations, and their weights before omega. */
typedef struct kith_relation_entries {
  int n;               /**< relations, interactions included */
  const uint8_t *of;   /**< [entries] */
  const bool *learned; /**< [n] */
  const float *base;   /**< [entries] */
  const uint8_t *keep; /**< [entries] 0: edge dropout dropped the entry; null: all are kept */
  double scale;        /**< 1 / (1 - p) of edge dropout, or 1 */
} kith_relation_entries;

enum { KITH_MAX_SEMANTIC = 1 + KITH_MAX_RELATIONS }; /* rows that are fused */
/** beta [n] = softmax of score [n]; n is at most KITH_MAX_SEMANTIC. */
void kith_softmax_weights(int n, const double *score, float *beta);
/** dscore [n] = beta (dbeta - sum of beta dbeta). */
void kith_softmax_weights_backward(int n, const float *beta, const double *dbeta, double *dscore);
/** y_i [n_row, d] = sum over p of beta_p z_p,i: n matrices z_p [n_row, d].  Row i has its weights at
 * beta[i * stride]: stride is n, or 0 where all rows have the same. */
void kith_semantic_forward(int64_t n_row, int n, int d, int stride, const float *beta, const float *const *z,
                           float *y);
/** dz_p += beta_p dy; dbeta [n_row, n] = <dy_i, z_p,i>, of each row alone. */
void kith_semantic_backward(int64_t n_row, int n, int d, int stride, const float *beta, const float *const *z,
                            const float *dy, float *const *dz, float *dbeta);

/** Gradients of omegas are summed exactly in units of 2^-64: they are far smaller than the loss. */
#define KITH_RELATION_UNIT 0x1p24

/**
 * Gradient of each learned omega in y = sum of omega_r A_r x: += <dy, A_r x> * KITH_RELATION_UNIT, where A_r
 * is kept as base.  A row's entries are summed in their order, rows exactly, so that the sum over ranks has
 * the same bits on any number of them.
 *
 * @param row       [n_row, d] owned rows: dy
 * @param column    [n_col, d] ghost rows filled: x.  Of a symmetric matrix the two may change places.
 * @param gradient  [n]
 */
void kith_relation_gradient(const kith_csr *a, const kith_relation_entries *r, int d, const float *row,
                            kith_node_rows column, kith_exact_sum *gradient);

/* ---- learned gates of entries ---- */

/**
 * Gate of each entry (i, j): sigma(sum over k of a_k x_ik x_jk + b), the same bits for (j, i).
 *
 * @param e         the gated entries; weights are not read
 * @param x         [n_col, d] ghost rows filled
 * @param[out] gate [entries]
 */
void kith_gate_forward(const kith_csr *e, int d, kith_node_rows x, const float *a, float b, float *gate);
/**
 * Gradient of y = M x in the entries' weights, those of (i, j) and (j, i) together: slope += scale * (<dy_i,
 * x_j> + <dy_j, x_i>), the same bits for (j, i).
 *
 * @param entry  [entries] their indices in M
 * @param keep   [entries of M] 0: edge dropout dropped the entry; null: all are kept
 * @param x, dy  [n_col, d] ghost rows filled
 */
void kith_gate_add_slope(const kith_csr *e, const kith_eid *entry, const uint8_t *keep, float scale, int d,
                         kith_node_rows x, kith_node_rows dy, float *slope);
/** dx_ik += a_k z_ik for n rows, where z_i sums ds_ij x_j and ds is the gradient of the gate's argument. */
void kith_gate_backward_rows(int64_t n, int d, const float *a, const float *z, float *dx);
/** da_k += sum over i of x_ik z_ik / 2 * KITH_RELATION_UNIT: z has each pair at both ends. */
void kith_gate_backward_weight(int64_t n, int d, const float *x, const float *z, kith_exact_sum *da);

/* ---- gather ---- */

/**
 * Gather index with duplicates, and its transpose in key order, so that the scatter-add is deterministic.
 * Unique row i is gathered by the elements member[start[i]] … member[start[i + 1] - 1], in key order.
 */
typedef struct kith_gather_index {
  kith_lid n;           /**< elements */
  const kith_lid *row;  /**< [n] the row of each */
  kith_lid n_unique;    /**< distinct rows */
  kith_lid *unique_row; /**< [n_unique] ascending */
  kith_lid *l2_count; /**< [n_unique] elements that L2 regularization counts: not those of a pool of draws */
  kith_lid *start;    /**< [n_unique + 1] */
  kith_lid *member;   /**< [n] */
} kith_gather_index;

/** z [n, d] = w x[row], or z += w x[row]; ld is the leading dimension of z: floats from row to row. */
void kith_gather_forward(const kith_gather_index *p, int d, float w, const float *x, bool add, int ld,
                         float *z);
/** The transpose: dx[row] += w dz, the elements of a row in key order. */
void kith_gather_backward(const kith_gather_index *p, int d, float w, int ld, const float *dz, float *dx);
/** dw: the sum over the elements of <x[row], dz>, in their order. */
double kith_gather_backward_weight(const kith_gather_index *p, int d, const float *x, int ld,
                                   const float *dz);

/* ---- vectors and rows ---- */

/** y [n] = 0, by all threads. */
void kith_clear(int64_t n, float *y);
/** y [n] = w x, or y += w x. */
void kith_scale(int64_t n, float w, const float *x, bool add, float *y);

/** y [n, d] = w x, or y += w x; ld is the leading dimension of y. */
void kith_scale_rows(int64_t n, int d, float w, const float *x, bool add, int ld, float *y);

/** Inner product of two rows [d]: sixteen partial sums, then a tree, in the same order on every instruction
 * set. */
float kith_dot(int d, const float *a, const float *b);
/** Sum of a_k x_k y_k; the same bits if x and y change places. */
float kith_dot3(int d, const float *a, const float *x, const float *y);

/** y [n, d] = rows of x divided by their Euclidean norms, norm [n]; a zero row stays zero. */
void kith_normalize_rows_forward(int64_t n, int d, const float *x, float *y, float *norm);
/** dx_i += (dy_i - y_i <y_i, dy_i>) / norm_i */
void kith_normalize_rows_backward(int64_t n, int d, const float *y, const float *norm, const float *dy,
                                  float *dx);
/** The same in place: x [n, d]. */
void kith_normalize_rows(kith_lid n, int d, float *x);
/** A row x [d] is divided by a power of its length; a zero row stays zero. */
void kith_divide_by_length(int d, double power, float *x);
/** unit [n, d] = rows x[at[i]] divided by their norms, norm [n]; a zero row stays zero. */
void kith_gather_normalize_forward(kith_lid n, const kith_lid *at, int d, const float *x, float *unit,
                                   float *norm);
/** dx[at[i]] = (dunit_i - unit_i <unit_i, dunit_i>) / norm_i; no row of x may occur twice in `at`. */
void kith_gather_normalize_backward(kith_lid n, const kith_lid *at, int d, const float *unit,
                                    const float *norm, const float *dunit, float *dx);

/**
 * Row-major matrix products by the BLAS: by one thread inside a parallel region, by all threads outside.
 * nt: c [m, n] = alpha a [m, k] b' [n, k] + beta c;   nn: c [m, n] = alpha a [m, k] b [k, n] + beta c;
 * tn: c [m, n] = alpha a' [k, m] b [k, n] + beta c.
 * The order of each sum depends only on the shapes and the position in c, so equal calls give equal bits.
 */
void kith_gemm_nt(int m, int n, int k, float alpha, const float *a, const float *b, float beta, float *c);
void kith_gemm_nn(int m, int n, int k, float alpha, const float *a, const float *b, float beta, float *c);
void kith_gemm_tn(int m, int n, int k, float alpha, const float *a, const float *b, float beta, float *c);

/* ---- elementwise ---- */

/** y [n] = f(x). */
void kith_activate_forward(kith_activation f, float slope, int64_t n, const float *x, float *y);
/** dx += f'(x) dy; y = f(x). */
void kith_activate_backward(kith_activation f, float slope, int64_t n, const float *x, const float *y,
                            const float *dy, float *dx);

/** y [n, m] += b [m] in every row; backward: db += sum of the rows of dy. */
void kith_bias_forward(int64_t n, int m, const float *b, float *y);
void kith_bias_backward(int64_t n, int m, const float *dy, float *db);

/** y [n] = a * b, elementwise; backward: da += b dy. */
void kith_hadamard_forward(int64_t n, const float *a, const float *b, float *y);
void kith_hadamard_backward(int64_t n, const float *b, const float *dy, float *da);

/* ---- dropout ---- */

/**
 * Dropout (Srivastava et al., JMLR 2014): y = x / (1 - p) with probability 1 - p, else 0, for each element,
 * or for each row.  The mask is keyed by (seed, step, op, node, column), so it does not depend on the number
 * of ranks; backward draws it again.
 */
typedef struct kith_dropout {
  double p;  /**< below 1; rounded down to a multiple of 1 / 65536 */
  bool rows; /**< drop whole rows */
  uint64_t seed, step, op;
} kith_dropout;
/** @param node  [n] keys of the rows of x [n, d] */
void kith_dropout_forward(const kith_dropout *o, int64_t n, int d, const int64_t *node, const float *x,
                          float *y);
void kith_dropout_backward(const kith_dropout *o, int64_t n, int d, const int64_t *node, const float *dy,
                           float *dx);
/** The same for n elements of one row: y [n] = x [n] after dropout, of which element e is in column col[e].
 * Cost: one draw for each run of columns that lie in the same sixteen. */
void kith_dropout_elements(const kith_dropout *o, int64_t node, int n, const int32_t *col, const float *x,
                           float *y);
/**
 * Dropout of x [entries, heads], keyed by the nodes of an entry's row and column.
 *
 * @param row, col  [rows], [columns] nodes
 */
void kith_attention_dropout_forward(const kith_dropout *o, const kith_csr *a, int heads, const int64_t *row,
                                    const int64_t *col, const float *x, float *y);
void kith_attention_dropout_backward(const kith_dropout *o, const kith_csr *a, int heads, const int64_t *row,
                                     const int64_t *col, const float *dy, float *dx);

/**
 * Edge dropout: whether a step drops the edge between two nodes.  Probability p, symmetric; self-loops are
 * kept.  Reads p, seed and step only.
 *
 * @param relation  the edge's relation as a key: 0 for interactions, otherwise a hash of the name
 */
bool kith_edge_is_dropped(const kith_dropout *o, int64_t i, int64_t j, uint64_t relation);
/**
 * The entries of `a` that the step keeps, in their order, their weights divided by 1 - p.
 *
 * @param row, col  [rows], [columns] nodes
 * @param of, key   [entries] the relation of each entry, and the key of each relation; null: interactions
 * @param keep      [entries] workspace
 * @param out       its start, col and weight have room for those of a; the rest is set, row is a's
 * Cost: one draw for each entry.
 */
void kith_edge_dropout(const kith_dropout *o, const kith_csr *a, const int64_t *row, const int64_t *col,
                       const uint8_t *of, const uint64_t *key, uint8_t *keep, kith_csr *out);

/* ---- sums, maxima and attention over in-edges ---- */

/*
 * With H heads, head h has the columns h d / H … (h + 1) d / H - 1 of a row, and w [entries, H] has a weight
 * for each entry and head.  Entries of a row are summed in the order of the matrix.
 */
/** y [rows, d]: y_i = sum over entries e of row i of w_e x[col_e]. */
void kith_edge_sum_forward(const kith_csr *a, int heads, const float *w, int d, kith_node_rows x, float *y);
/** dx [columns, d] += the transpose, as a gather: a column sums its entries in their order. */
void kith_edge_sum_backward_x(const kith_csc *back, int heads, const float *w, int d, const float *dy,
                              kith_grad_rows dx);
/** dw_e += <dy_i, x[col_e]>, per head. */
void kith_edge_sum_backward_w(const kith_csr *a, int heads, int d, kith_node_rows x, const float *dy,
                              float *dw);

/** y_i = elementwise maximum of x[col_e], zero for a row without entries; argmax [rows, d]: the entry that
 * gave it (the first of equals), or -1. */
void kith_edge_max_forward(const kith_csr *a, int d, kith_node_rows x, float *y, kith_eid *argmax);
void kith_edge_max_backward(const kith_csc *back, int d, const kith_eid *argmax, const float *dy,
                            kith_grad_rows dx);

/** y [n, heads]: per head the inner product of the columns of x [n, d] with a [d]. */
void kith_head_dot_forward(int64_t n, int heads, int d, const float *a, const float *x, float *y);
void kith_head_dot_backward(int64_t n, int heads, int d, const float *a, const float *x, const float *dy,
                            float *da, float *dx);

/** y [n, d / heads]: the mean of the heads of x [n, d]. */
void kith_head_mean_forward(int64_t n, int heads, int d, const float *x, float *y);
void kith_head_mean_backward(int64_t n, int heads, int d, const float *dy, float *dx);

/** s [entries, heads]: s_e = LeakyReLU(left[row_e] + right[col_e]) (Velickovic et al., GAT, ICLR 2018,
 * eq. 1). */
void kith_edge_score_forward(const kith_csr *a, int heads, float slope, const float *left,
                             kith_node_rows right, float *s);
void kith_edge_score_backward_left(const kith_csr *a, int heads, float slope, const float *s, const float *ds,
                                   float *dleft);
void kith_edge_score_backward_right(const kith_csc *back, int heads, float slope, const float *s,
                                    const float *ds, kith_grad_rows dright);

/** alpha [entries, heads] = softmax of s over the entries of each row, per head. */
void kith_edge_softmax_forward(const kith_csr *a, int heads, const float *s, float *alpha);
void kith_edge_softmax_backward(const kith_csr *a, int heads, const float *alpha, const float *dalpha,
                                float *ds);

/* ---- tiles of the softmax loss ---- */

/**
 * In-batch softmax, one tile of users: rows of logits become probabilities, in place.
 * Row i is pair first + i of the batch, and candidate j the item of pair j.  Other pairs with the row's own
 * item are masked.
 *
 * @param m, n  rows of the tile, candidates
 * @param item  [n] items of the pairs
 * @param bias  [n] subtracted from the logits of each candidate
 * @param own   whether a row's own candidate is in the sum; if not, its probability is 0
 * @param s     [m, n] logits, minus infinity where masked; afterwards probabilities
 * @param lse   [m] log of the sum of exponentials; KITH_EMPTY_SUM where all candidates are masked
 */
void kith_inbatch_softmax_rows(int m, int n, int64_t first, const int32_t *item, const float *bias, bool own,
                               float *s, float *lse);
#define KITH_EMPTY_SUM 3e38f
/** The same probabilities for a tile of items: s [m, n] holds the logits of the items of pairs first …
 * against all users; afterwards exp(s_ij - bias_i - lse_j), the probability that user j gives to item i. */
void kith_inbatch_softmax_columns(int m, int n, int64_t first, const int32_t *item, const float *bias,
                                  const float *lse, bool own, float *s);

/**
 * Sampled softmax, one tile of users: candidates are shared negatives, and each row has its own positive.
 *
 * @param bias  [n] subtracted from the candidates' logits
 * @param s     [m, n] logits of the candidates, minus infinity where masked; afterwards probabilities
 * @param own   [m] logits of the positives; afterwards probabilities; null: they are not in the sums
 * @param lse   [m] log of the sum of exponentials; KITH_EMPTY_SUM where there is none
 */
void kith_sampled_softmax_rows(int m, int n, const float *bias, float *s, float *own, float *lse);
/** The same probabilities for a tile of candidates: s [m, n] becomes exp(s_ij - bias_i - lse_j). */
void kith_sampled_softmax_columns(int m, int n, const float *bias, const float *lse, float *s);

/* ---- embedding bags of features ---- */

/** Dropout of the values of features while a kernel reads them. */
typedef struct kith_feature_dropout {
  kith_dropout of;
  const int64_t *node; /**< [rows of the features] their keys */
} kith_feature_dropout;

/** y [d] += sum over the features of a row of value * w[feature]: w [features, d].
 *
 * @param drop  null: no dropout */
void kith_features_forward(const kith_features *f, const kith_feature_dropout *drop, int64_t row, int d,
                           const float *w, float *y);

/**
 * The transpose for n rows: dw[t][feature] += value * dy and db[t] += dy for every row of type t.
 *
 * @param type    [f->n_row]
 * @param drop    that of forward; null: none
 * @param row     [n] which rows; null: the first n
 * @param dy      [n, d]
 * @param dw, db  of each type: [features, d] and [1, d]; dw null: rows of that type are skipped; db null: no
 * bias Threads take columns, not rows, so that every sum has one order.
 */
void kith_features_backward(const kith_features *f, const kith_feature_dropout *drop, const uint8_t *type,
                            int64_t n, const kith_lid *row, int d, const float *dy,
                            float *const dw[KITH_MAX_TYPES], float *const db[KITH_MAX_TYPES]);

#endif
