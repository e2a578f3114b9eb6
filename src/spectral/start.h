/* Input rows of a model that is trained by steps, made of singular vectors. */
#ifndef KITH_SPECTRAL_START_H
#define KITH_SPECTRAL_START_H

#include "kith/model.h"
#include "spectral/spectral.h"

/**
 * Set the rows x [n_own, dim] of users and items to the directions of the rows of U S^(1/2) and V S^(1/2),
 * where M = D_u^-a R D_i^-b = U S V' and the dim largest singular values are taken.  A row gets the length
 * init * sqrt(dim), which is about that of random rows.  Collective.  The bits of a row depend neither on the
 * number of ranks nor on the cut.
 *
 * @param o  its dim, init and, of its options of the spectral model, those of M and of the iteration
 * @param x  unchanged: rows of other types and of nodes without an interaction, and columns beyond the rank
 * of M, in which case the others get the length for their number Errors: KITH_ENOMEM; KITH_ENUMERIC if a
 * number is not finite; KITH_EDATA as kith_dist_csr_create(). Cost: that of the rounds of
 * kith_spectrum_round().
 */
kith_agreed kith_spectral_start_rows(const kith_comm *comm, const kith_graph *g, const kith_model_options *o,
                                     uint64_t seed, float *x) KITH_MUST_USE;

#endif
