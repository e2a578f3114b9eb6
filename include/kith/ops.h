/**
 * Ops: kernels, forward beside backward.  Pointers and sizes; no state, no allocation, no MPI, no errors.
 *
 * Every kernel gives the same bits for any number of threads: a row is summed by one thread, in one order.
 */
#ifndef KITH_OPS_H
#define KITH_OPS_H

#include "kith/graph.h"

/*
 * Several instruction sets in one binary, chosen when the program starts.  Not with clang 14 (its resolvers do not
 * link) nor under sanitizers.
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

int kith_threads(void); /**< threads that the next parallel region will have */
int kith_thread(void);  /**< this thread's number in its region */

/**
 * y [n_row, d] = A x for the places first … last - 1 of A: y[i] = sum over neighbours j of weight_ij x[j], in the order
 * of the row.  The other rows of y are left alone.
 *
 * @param x       [n_col, d]
 * @param add     y += A x instead
 * Cost: d * 4 bytes gathered an entry; the limit is the machine's gather bandwidth.
 * The transpose of a symmetric A is itself, so backward is this function on the gradient.
 */
void kith_spmm(const kith_csr *a, kith_lid first, kith_lid last, int d, const float *x, bool add, float *y);

/** y = A x for a list of places: the rows row[place[i]], i = 0 … n - 1, with the same bits. */
void kith_spmm_some(const kith_csr *a, kith_lid n, const kith_lid *place, int d, const float *x, float *y);

/**
 * Which rows are asked for, once per asking, and in which order what comes back is summed.
 * Group i gathers the askings member[start[i]] … of row sum_row[i], in the order of their keys.
 */
typedef struct kith_picks {
  kith_lid n;              /**< askings */
  const kith_lid *row;     /**< [n] */
  kith_lid n_sum;          /**< distinct rows */
  kith_lid *sum_row;       /**< [n_sum] ascending */
  kith_lid *start;         /**< [n_sum + 1] */
  kith_lid *member;        /**< [n] */
} kith_picks;

/** z [n, d] = w x[row] (added to z when `add`). */
void kith_pick_forward(const kith_picks *p, int d, float w, const float *x, bool add, float *z);
/** dx[row] += w dz, each row's askings in the order of their keys: the transpose. */
void kith_pick_backward(const kith_picks *p, int d, float w, const float *dz, float *dx);

/** y = 0, for n numbers, by all threads. */
void kith_clear(int64_t n, float *y);
/** y = w x, or y += w x. */
void kith_scale(int64_t n, float w, const float *x, bool add, float *y);

/** The inner product of two rows: sixteen running sums, then a tree, the same on every instruction set. */
float kith_dot(int d, const float *a, const float *b);

/** unit [n, d] = x[at[i]] / ||x[at[i]]||, norm [n] = ||x[at[i]]||; a zero row stays zero. */
void kith_normalise_forward(kith_lid n, const kith_lid *at, int d, const float *x, float *unit, float *norm);
/** x [n, d] with every row divided by its norm, in place. */
void kith_normalise_rows(kith_lid n, int d, float *x);
/** dx[at[i]] = (dunit_i - unit_i <unit_i, dunit_i>) / norm_i; each row of x has one i. */
void kith_normalise_backward(kith_lid n, const kith_lid *at, int d, const float *unit, const float *norm,
                             const float *dunit, float *dx);

/**
 * Row-major products by the BLAS, meant to be called by one thread inside a parallel region.
 * nt: c [m, n] = alpha a [m, k] b' [n, k];   nn: c [m, n] = alpha a [m, k] b [k, n] + beta c.
 * The order of each sum depends on the shapes and the place in c only, so equal calls give equal bits.
 */
void kith_gemm_nt(int m, int n, int k, float alpha, const float *a, const float *b, float *c);
void kith_gemm_nn(int m, int n, int k, float alpha, const float *a, const float *b, float beta, float *c);

/**
 * One tile of an in-batch softmax: rows of logits become probabilities, in place.
 * Row i is place first + i of the batch; a candidate j that has the same item as i, but is not i, is left out.
 *
 * @param m, n     rows of the tile, candidates
 * @param bias     [n] taken off the logits of each candidate
 * @param s        [m, n] logits; afterwards probabilities
 * @param lse      [m] log of the sum of exponentials
 */
void kith_softmax_rows(int m, int n, int64_t first, const int32_t *item, const float *bias, float *s, float *lse);
/**
 * The same probabilities seen from the items: s [m, n] holds logits of items first … against all users; afterwards the
 * probability that user j gives to the item, exp(s_ij - bias_i - lse_j).
 */
void kith_softmax_columns(int m, int n, int64_t first, const int32_t *item, const float *bias, const float *lse, float *s);

#endif
