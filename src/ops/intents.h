/** Kernels of intents (Wang et al., KGIN, WWW 2021): users weigh what they read by their intents. */
#ifndef KITH_OPS_INTENTS_H
#define KITH_OPS_INTENTS_H

#include "ops/ops.h"

/**
 * Users' rows: y_i = near_i * (1 + sum over p of s_ip g_p), elementwise, s_i = softmax over p of <h_i, g_p>.
 * Other rows: y_i = near_i.
 *
 * @param node  [n] node keys of the rows
 * @param m, g  [m, d] intents
 * @param h     [n, d]
 * @param near  [n, d]
 * @param s     [n, m] shares of the intents; other rows are unchanged
 */
void kith_intents_forward(int64_t n, const int64_t *node, int m, int d, const float *g, const float *h,
                          const float *near, float *s, float *y);
/**
 * dnear += and dh += (either may be null); ds [n, m] = gradient of the softmax's arguments.
 */
void kith_intents_backward(int64_t n, const int64_t *node, int m, int d, const float *g, const float *near,
                           const float *s, const float *dy, float *ds, float *dh, float *dnear);
/** dg [m, d] += the gradient of the intents * KITH_RELATION_UNIT, after kith_intents_backward(): summed by
 * kith_split_add(), with the same bits for any distribution of the rows.
 *
 * @param scratch  [2, m, d] */
void kith_intents_gradient(int64_t n, const int64_t *node, int m, int d, const float *h, const float *near,
                           const float *s, const float *ds, const float *dy, double *scratch,
                           kith_exact_sum *dg);

/** y [m, d] = softmax(a) q: a [m, r], by row, and q [r, d]. */
void kith_mixture_forward(int m, int r, int d, const float *a, const float *q, float *share, float *y);
/** da += and dq +=; share [m, r] is forward's softmax(a). */
void kith_mixture_backward(int m, int r, int d, const float *q, const float *share, const float *dy,
                           float *da, float *dq);

/**
 * The sum over pairs of rows x, y of g [m, d] of their distance correlation, each row taken as d observations
 * of a number (Szekely, Rizzo and Bakirov, Annals of Statistics 2007): sqrt(V(x, y) / sqrt(V(x, x) V(y, y))),
 * V(x, y) the mean of A_kl B_kl, A_kl = |x_k - x_l| less the means of its row and column, plus that of all.
 *
 * @param factor   dg [m, d] += factor times the gradient
 * @param scratch  [2 d + 1, d]
 * @return the sum; rows without variance count 0
 */
double kith_distance_correlation(int m, int d, const float *g, double factor, double *scratch, float *dg);

#endif
