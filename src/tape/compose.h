/** Ops on edges with kinds, such as the triples of a knowledge graph. */
#ifndef KITH_TAPE_COMPOSE_H
#define KITH_TAPE_COMPOSE_H

#include "tape/tape.h"

/** The entries along which layers compose rows with kinds of edges. */
typedef struct kith_composition kith_composition;
typedef struct kith_composition_options {
  /** KITH_NORM_SYMMETRIC: the matrix's own weights.  KITH_NORM_MEAN: means over the entries of a row, of all
   * relations together; of sampled entries weighted by kith_block.scale. */
  kith_edge_norm norm;
  bool users_only; /**< interactions are read by users alone: items read relations, users their items */
} kith_composition_options;

/**
 * The entries of a block of a merged matrix with kinds (kith_dist_csr_add_kinds()), for kith_compose_op().
 * Record it after edge dropout, once for all layers that share the block.  On the full graph Collective when
 * run.
 *
 * @param q  [kinds, d] a row for each kind, as kith_merged_relations.kind counts them from 1: a parameter.
 *           Interactions have none.
 * @return owned by the tape; null on failure
 * Memory: 20 bytes for each entry that is read, in sampled steps 44; 4 d a row and ghost; 40 d a kind.
 */
kith_composition *kith_composition_op(kith_tape *t, const kith_block *block,
                                      const kith_composition_options *how, kith_tensor *q);

/**
 * y_i [dst rows, d] = sum over the composition's entries e of row i of w_e x[col_e] * q[kind_e], elementwise,
 * without q along interactions.  x [src rows, d]: the op exchanges its ghost rows.  On the full graph
 * Collective when run; the gradients of x and q have the same bits on any number of ranks.
 *
 * Cost: 2 d multiplications for each entry; in backward the same along the transpose, and for the gradient
 * of q about 10 d operations in double for each run of entries of one kind in a row.
 */
kith_tensor *kith_compose_op(kith_tape *t, kith_composition *by, kith_tensor *x);

/** Add a replicated tensor's gradient, summed exactly in units of 1 / KITH_RELATION_UNIT: on the full graph
 * over all ranks, and rank 0 alone adds it, since gradients of weights are summed over ranks.  Collective on
 * the full graph.
 *
 * @param sum  [x's numbers] this rank's share */
void kith__exact_gradient(const kith_block *block, kith_exact_sum *sum, kith_tensor *x);

#endif
