/**
 * Ops: kernels, forward beside backward.  Pointers and sizes; no state, no allocation, no MPI, no errors.
 *
 * Every kernel gives the same bits for any number of threads: a row is summed by one thread, in one order.
 */
#ifndef KITH_OPS_H
#define KITH_OPS_H

#include "kith/graph.h"

/*
 * Several instruction sets in one binary, chosen when the program starts.  Not with clang 14 (its resolvers
 * do not link) nor under sanitizers.
 */
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(KITH_NO_CLONES)
#define KITH_KERNEL __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define KITH_KERNEL
#endif

/* A helper of a kernel: part of each of its clones, so that it is compiled for their instruction sets. */
#if defined(__GNUC__)
#define KITH_INLINE static inline __attribute__((always_inline))
#else
#define KITH_INLINE static inline
#endif

/* Ask for the lines of a row that will be read or written soon: misses then travel together, and stores do
 * not wait for them. */
KITH_INLINE void kith_prefetch_row(int d, const float *row) {
  const int line = 16; /* floats */
  for (int k = 0; k < d; k += line) __builtin_prefetch(row + k);
}

int kith_max_threads(void); /**< threads that the next parallel region will have */
int kith_thread_num(void);  /**< this thread's number in its region */

/**
 * y [n_row, d] = A x for the places first … last - 1 of A: y[i] = sum over neighbors j of weight_ij x[j], in
 * the order of the row.  The other rows of y are left alone.
 *
 * @param x       [n_col, d]
 * @param add     y += A x instead
 * Cost: d * 4 bytes gathered an entry; the limit is the machine's gather bandwidth.
 * The transpose of a symmetric A is itself, so backward is this function on the gradient.
 */
void kith_spmm(const kith_csr *a, kith_lid first, kith_lid last, int d, const float *x, bool add, float *y);

/** y = A x for a list of places: the rows row[place[i]], i = 0 … n - 1, with the same bits. */
void kith_spmm_rows(const kith_csr *a, kith_lid n, const kith_lid *place, int d, const float *x, float *y);
/** y = A x with weights w [entries] instead of the matrix's. */
void kith_spmm_weighted(const kith_csr *a, const float *w, int d, const float *x, float *y);
/** x [columns, d] += its transpose times y: a column sums its entries in their order. */
void kith_spmm_transpose(const kith_back *back, const float *w, int d, const float *y, float *x);

/**
 * Which rows are asked for, once per asking, and in which order what comes back is summed.
 * Group i gathers the askings member[start[i]] … of row unique_row[i], in the order of their keys.
 */
typedef struct kith_gather_index {
  kith_lid n;           /**< askings */
  const kith_lid *row;  /**< [n] */
  kith_lid n_unique;    /**< distinct rows */
  kith_lid *unique_row; /**< [n_unique] ascending */
  kith_lid *l2_count; /**< [n_unique] askings of each row that L2 counts: those that train it for certain, not
                        a pool's draws */
  kith_lid *start;    /**< [n_unique + 1] */
  kith_lid *member;   /**< [n] */
} kith_gather_index;

/** z [n, d] = w x[row] (added to z when `add`); rows of z lie `ld` numbers apart. */
void kith_gather_forward(const kith_gather_index *p, int d, float w, const float *x, bool add, int ld,
                         float *z);
/** dx[row] += w dz, each row's askings in the order of their keys: the transpose. */
void kith_gather_backward(const kith_gather_index *p, int d, float w, int ld, const float *dz, float *dx);
/** dw: the sum over the askings of <x[row], dz>, in their order. */
double kith_gather_backward_weight(const kith_gather_index *p, int d, const float *x, int ld,
                                   const float *dz);

/** y = 0, for n numbers, by all threads. */
void kith_clear(int64_t n, float *y);
/** y = w x, or y += w x. */
void kith_scale(int64_t n, float w, const float *x, bool add, float *y);

/** y [n, d] = w x, or y += w x; rows of y lie `ld` numbers apart. */
void kith_scale_rows(int64_t n, int d, float w, const float *x, bool add, int ld, float *y);

/** The inner product of two rows: sixteen running sums, then a tree, the same on every instruction set. */
float kith_dot(int d, const float *a, const float *b);

/** unit [n, d] = x[at[i]] / ||x[at[i]]||, norm [n] = ||x[at[i]]||; a zero row stays zero. */
void kith_gather_normalize_forward(kith_lid n, const kith_lid *at, int d, const float *x, float *unit,
                                   float *norm);
/** y [n, d] = rows of x divided by their norms, norm [n]; a zero row stays zero.  Backward: dx += the
 * transpose of the derivative at y. */
void kith_normalize_rows_forward(int64_t n, int d, const float *x, float *y, float *norm);
void kith_normalize_rows_backward(int64_t n, int d, const float *y, const float *norm, const float *dy,
                                  float *dx);
/** x [n, d] with every row divided by its norm, in place. */
void kith_normalize_rows(kith_lid n, int d, float *x);
/** dx[at[i]] = (dunit_i - unit_i <unit_i, dunit_i>) / norm_i; each row of x has one i. */
void kith_gather_normalize_backward(kith_lid n, const kith_lid *at, int d, const float *unit,
                                    const float *norm, const float *dunit, float *dx);

/**
 * Row-major products by the BLAS: by one thread inside a parallel region, by all threads outside.
 * nt: c [m, n] = alpha a [m, k] b' [n, k] + beta c;   nn: c [m, n] = alpha a [m, k] b [k, n] + beta c;
 * tn: c [m, n] = alpha a' [k, m] b [k, n] + beta c.
 * The order of each sum depends on the shapes and the place in c only, so equal calls give equal bits.
 */
void kith_gemm_nt(int m, int n, int k, float alpha, const float *a, const float *b, float beta, float *c);
void kith_gemm_nn(int m, int n, int k, float alpha, const float *a, const float *b, float beta, float *c);
void kith_gemm_tn(int m, int n, int k, float alpha, const float *a, const float *b, float beta, float *c);

/** Functions of one number; `slope` is LeakyReLU's below zero (0.2 in GAT and NGCF) and ELU's alpha. */
typedef enum kith_activation {
  KITH_IDENTITY,
  KITH_RELU,
  KITH_LEAKY_RELU,
  KITH_ELU,
  KITH_SIGMOID,
  KITH_TANH
} kith_activation;
/** y = f(x), n numbers. */
void kith_activate_forward(kith_activation f, float slope, int64_t n, const float *x, float *y);
/** dx += f'(x) dy, given y = f(x) too. */
void kith_activate_backward(kith_activation f, float slope, int64_t n, const float *x, const float *y,
                            const float *dy, float *dx);

/** y [n, m] += b [m] in every row, and its transpose db += sum of the rows of dy. */
void kith_bias_forward(int64_t n, int m, const float *b, float *y);
void kith_bias_backward(int64_t n, int m, const float *dy, float *db);

/** y = a * b, number by number; backward: da += b dy. */
void kith_hadamard_forward(int64_t n, const float *a, const float *b, float *y);
void kith_hadamard_backward(int64_t n, const float *b, const float *dy, float *da);

/**
 * Dropout (Srivastava et al., JMLR 2014): y = x / (1 - p) with probability 1 - p, else 0, for each number, or
 * for each row at once.  What is dropped belongs to (key, node, column), so every rank count drops the same.
 *
 * @param p     below 1; in steps of 1 / 65536
 * @param key   of this step and op
 * @param node  [n] what the rows' draws belong to
 * backward: dx += the same mask on dy.
 */
typedef struct kith_dropout {
  double p;
  bool rows; /**< drop whole rows */
  uint64_t seed, step, op;
} kith_dropout;
void kith_dropout_forward(const kith_dropout *o, int64_t n, int d, const int64_t *node, const float *x,
                          float *y);
void kith_dropout_backward(const kith_dropout *o, int64_t n, int d, const int64_t *node, const float *dy,
                           float *dx);
/**
 * The same for numbers of entries, x [entries, heads]: the draws of an entry belong to the nodes of its row
 * and column.
 *
 * @param row, col  [rows], [columns] nodes
 */
void kith_attention_dropout_forward(const kith_dropout *o, const kith_csr *a, int heads, const int64_t *row,
                                    const int64_t *col, const float *x, float *y);
void kith_attention_dropout_backward(const kith_dropout *o, const kith_csr *a, int heads, const int64_t *row,
                                     const int64_t *col, const float *dy, float *dx);

/**
 * Edge dropout: whether the step leaves the edge of two nodes out, which it does with probability p; the same
 * either way round.  A node keeps the edge to itself.  Only p, seed and step are read.
 */
bool kith_edge_is_dropped(const kith_dropout *o, int64_t i, int64_t j);
/**
 * The entries of `a` that the step keeps, in their order, their weights divided by 1 - p.
 *
 * @param row, col  [rows], [columns] nodes
 * @param keep      [entries] room
 * @param out       start, col and weight have room for those of a; the rest is set, row is a's
 * Cost: one draw an entry.
 */
void kith_edge_dropout(const kith_dropout *o, const kith_csr *a, const int64_t *row, const int64_t *col,
                       uint8_t *keep, kith_csr *out);

/*
 * Sums over in-edges.  A row's entries come in the order of the matrix; w [entries, heads] weighs each head's
 * share of the columns: head h has the columns h d / heads … of a row.
 */
/** y [rows, d]: y_i = sum over entries e of row i of w_e x[col_e]. */
void kith_edge_sum_forward(const kith_csr *a, int heads, const float *w, int d, const float *x, float *y);
/** dx [columns, d] += the transpose, in gather form: a column sums its entries in their order. */
void kith_edge_sum_backward_x(const kith_back *back, int heads, const float *w, int d, const float *dy,
                              float *dx);
/** dw_e += <dy_i, x[col_e]>, head by head. */
void kith_edge_sum_backward_w(const kith_csr *a, int heads, int d, const float *x, const float *dy,
                              float *dw);

/** y_i = the largest of x[col_e], number by number, zero for a row without entries; who [rows, d]: which
 * entry it was, or -1. */
void kith_edge_max_forward(const kith_csr *a, int d, const float *x, float *y, kith_eid *who);
void kith_edge_max_backward(const kith_back *back, int d, const kith_eid *who, const float *dy, float *dx);

/** y [n, heads]: head by head the inner product of the columns of x [n, d] with a [d]; backward adds to dx
 * and da. */
void kith_head_dot_forward(int64_t n, int heads, int d, const float *a, const float *x, float *y);
void kith_head_dot_backward(int64_t n, int heads, int d, const float *a, const float *x, const float *dy,
                            float *da, float *dx);

/** y [n, d / heads]: the mean of the heads of x [n, d], and its transpose. */
void kith_head_mean_forward(int64_t n, int heads, int d, const float *x, float *y);
void kith_head_mean_backward(int64_t n, int heads, int d, const float *dy, float *dx);

/** s [entries, heads]: s_e = f(left[row_e] + right[col_e]), f LeakyReLU (Velickovic et al., GAT, ICLR 2018,
 * eq. 1). */
void kith_edge_score_forward(const kith_csr *a, int heads, float slope, const float *left, const float *right,
                             float *s);
void kith_edge_score_backward_left(const kith_csr *a, int heads, float slope, const float *s, const float *ds,
                                   float *dleft);
void kith_edge_score_backward_right(const kith_back *back, int heads, float slope, const float *s,
                                    const float *ds, float *dright);

/** alpha [entries, heads] = softmax of s over the entries of each row, head by head; backward: ds += its
 * transpose at alpha. */
void kith_edge_softmax_forward(const kith_csr *a, int heads, const float *s, float *alpha);
void kith_edge_softmax_backward(const kith_csr *a, int heads, const float *alpha, const float *dalpha,
                                float *ds);

/**
 * One tile of an in-batch softmax: rows of logits become probabilities, in place.
 * Row i is place first + i of the batch; a candidate j that has the same item as i, but is not i, is left
 * out.
 *
 * @param m, n     rows of the tile, candidates
 * @param bias     [n] taken off the logits of each candidate
 * @param s        [m, n] logits, minus infinity to leave one out; afterwards probabilities
 * @param lse      [m] log of the sum of exponentials
 */
void kith_inbatch_softmax_rows(int m, int n, int64_t first, const int32_t *item, const float *bias, float *s,
                               float *lse);
/**
 * The same probabilities seen from the items: s [m, n] holds logits of items first … against all users;
 * afterwards the probability that user j gives to the item, exp(s_ij - bias_i - lse_j).
 */
void kith_inbatch_softmax_columns(int m, int n, int64_t first, const int32_t *item, const float *bias,
                                  const float *lse, float *s);

/**
 * One tile of a softmax whose candidates stand apart from the pairs' own items: s [m, n] logits of
 * candidates, own [m] logits of the rows' own items; afterwards probabilities.  bias [n] is taken off the
 * candidates' logits, minus infinity leaves one out.
 */
void kith_sampled_softmax_rows(int m, int n, const float *bias, float *s, float *own, float *lse);
/** The same probabilities seen from the candidates: s [m, n] becomes exp(s_ij - bias_i - lse_j). */
void kith_sampled_softmax_columns(int m, int n, const float *bias, const float *lse, float *s);

/* ---- sums of weights by features ---- */

/** y [d] += sum over the features of a row of value * w[of]: w [features, d]. */
void kith_features_forward(const kith_features *f, int64_t row, int d, const float *w, float *y);

/**
 * The transpose, for n rows: dw[t][of] += value * dy for every feature of every row of type t; db[t] += dy.
 *
 * @param type  [f->n_row]
 * @param row   [n] which rows; null: the first n
 * @param dy    [n, d] their gradients
 * @param dw, db  [features, d] and [1, d] of each type; null where its rows are passed over
 * Threads share columns, not rows: every sum has one order.
 */
void kith_features_backward(const kith_features *f, const uint8_t *type, int64_t n, const kith_lid *row,
                            int d, const float *dy, float *const dw[KITH_TYPES], float *const db[KITH_TYPES]);

#endif
