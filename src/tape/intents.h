/** Ops of intents (Wang et al., KGIN, WWW 2021). */
#ifndef KITH_TAPE_INTENTS_H
#define KITH_TAPE_INTENTS_H

#include "tape/tape.h"

/** y [m, d] = softmax(a) q, row by row: a [m, r] and q [r, d], parameters or computed from them.  Local. */
kith_tensor *kith_mixture_op(kith_tape *t, kith_tensor *a, kith_tensor *q);

/**
 * Users' rows: y_i = near_i * (1 + sum over p of s_ip g_p), s_i = softmax over p of <h_i, g_p>; other rows
 * are those of near.
 *
 * @param g        [m, d] the same on every rank
 * @param h, near  [dst rows, d]
 * On the full graph Collective when run: the gradient of g is summed exactly over ranks, and rank 0 has it.
 */
kith_tensor *kith_intents_op(kith_tape *t, const kith_block *block, kith_tensor *g, kith_tensor *h,
                             kith_tensor *near);

/**
 * Add weight times the sum over pairs of rows of g [m, d] of their distance correlation to the loss
 * (kith_distance_correlation()).  g is the same on every rank, and rank 0 alone adds it.  Local.
 */
void kith_independence_op(kith_tape *t, const kith_comm *comm, double weight, kith_tensor *g,
                          kith_exact_sum *loss);

#endif
