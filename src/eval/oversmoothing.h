/**
 * Oversmoothing: similarity of the rows of a layer, as mean cosine and Dirichlet energy.
 */
#ifndef KITH_EVAL_OVERSMOOTHING_H
#define KITH_EVAL_OVERSMOOTHING_H

#include "halo/halo.h"

/** Measures of one layer. */
typedef struct kith_oversmoothing {
  double cosine; /**< mean over all pairs of distinct nonzero rows; 1: all rows are parallel */
  double energy; /**< Dirichlet energy per node; 0: x_i / sqrt(d_i) is equal at both ends of every edge */
} kith_oversmoothing;

/**
 * Measure a layer.
 *
 * cosine = (|s|^2 - m) / (m (m - 1)), with s the sum of the m nonzero rows, each divided by its norm: linear
 * in the nodes although it is a mean over m (m - 1) / 2 pairs.
 * energy = 1 / (2 n) sum_i sum_{j in N(i)} |x_i / sqrt(d_i) - x_j / sqrt(d_j)|^2 over n nodes of degree d_i.
 * Sources: Cai and Wang, "A Note on Over-Smoothing for Graph Neural Networks" (2020), here without loops;
 * divided by n as in Rusch et al., "A Survey on Oversmoothing in Graph Neural Networks" (2023).
 * Nodes are users and items, or those of a classification; further node types are left out.
 *
 * Collective.  Sums are exact: the same digits on any number of ranks.  Cost: one exchange of all ghost rows,
 * and memory for them.
 * @param a  the adjacency matrix of the graph
 * @param x  [n_own, d] rows of the owned nodes
 * Errors: KITH_ENOMEM; KITH_ECONFIG if the halo has too many row widths already.
 */
kith_agreed kith_oversmoothing_measure(const kith_comm *comm, const kith_dist_csr *a, int d, const float *x,
                                       kith_oversmoothing *out) KITH_MUST_USE;

#endif
