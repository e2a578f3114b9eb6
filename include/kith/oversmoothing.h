/**
 * Smooth: how alike the rows of a graph's nodes have become, to watch over-smoothing layer by layer.
 */
#ifndef KITH_OVERSMOOTHING_H
#define KITH_OVERSMOOTHING_H

#include "kith/halo.h"

/** Of one layer's rows. */
typedef struct kith_oversmoothing {
  double cosine; /**< mean over all pairs of different nodes whose rows are not zero; 1: all rows point the
                    same way */
  double
      energy; /**< Dirichlet energy a node; 0: rows differ along no edge but by the root of their degrees */
} kith_oversmoothing;

/**
 * With s the sum of the m rows that are not zero, each divided by its norm, the mean cosine is (|s|^2 - m) /
 * (m (m - 1)): linear in the nodes, though there are m (m - 1) / 2 pairs.  The energy of n nodes, of which
 * node i has d_i neighbors, is 1 / (2 n)  sum over i, sum over its neighbors j, of |x_i / sqrt(d_i) - x_j /
 * sqrt(d_j)|^2, that of Cai and Wang, "A Note on Over-Smoothing for Graph Neural Networks" (2020), for the
 * adjacency without loops, a node (Rusch et al., "A Survey on Oversmoothing in Graph Neural Networks", 2023,
 * divide by n as well).
 *
 * Collective.  Sums are exact: the same digits for any number of ranks.  Memory a row a ghost; moves every
 * ghost row once.
 * @param a  the graph's relation
 * @param x  [n_own, d] rows of the owned nodes
 * Errors: KITH_ENOMEM; KITH_ECONFIG if the halo knows too many widths already.
 */
kith_agreed kith_oversmoothing_measure(const kith_comm *comm, const kith_relation *a, int d, const float *x,
                                       kith_oversmoothing *out) KITH_MUST_USE;

#endif
