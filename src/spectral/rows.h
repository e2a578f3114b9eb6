/* Final rows of the spectral model. */
#ifndef KITH_SPECTRAL_ROWS_H
#define KITH_SPECTRAL_ROWS_H

#include "kith/model.h"
#include "spectral/spectral.h"

/**
 * Final rows x [n_own, k]: items D_i^q V, users f(m) V' D_i^-p r_u, and zeros for other node types.  The
 * inner product of both is the score without the direct term.  A negative f stays on the user's side.
 * Collective.  The bits of a row do not depend on the number of ranks or on the cut: a user's sum is in the
 * order of original item numbers.
 *
 * @param g  the graph of the spectrum, perhaps with new users as its last rows: their rows of s->v are zero
 * Errors: KITH_ENOMEM; KITH_EDATA as kith_dist_csr_create().
 */
kith_agreed kith_spectral_rows(const kith_comm *comm, const kith_graph *g, const kith_spectral_options *o,
                               const kith_spectrum *s, float *x) KITH_MUST_USE;

/** What the scores of these rows have beside the inner product.  Local. */
kith_direct_term kith_spectral_direct(const kith_spectral_options *o, const kith_spectrum *s);

/** Bytes of what kith_spectral_rows() allocates on one rank.  Local. */
int64_t kith_spectral_rows_bytes(const kith_dist_csr_sizes *s, int k);

#endif
