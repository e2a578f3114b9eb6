/*
 * A round of the iteration, shared by its steps: the filter and residuals are in spectrum.c, orthonormal
 * columns in orthonormal.c, Rayleigh-Ritz in ritz.c; the first round of an update in overlap.c, blocks.c and
 * estimate.c.
 */
#ifndef KITH_SRC_SPECTRAL_ROUND_H
#define KITH_SRC_SPECTRAL_ROUND_H

#include "spectral/spectral_impl.h"

/* What rounds need beside the spectrum. */
struct kith__round {
  const kith_comm *comm;
  kith_spectrum *s;
  kith__item_block block;
  kith__gram gram;
  kith__apply apply;
  float *x;       /* [block rows, width] the columns */
  float *wide;    /* [block rows, WIDE] some of them, multiplied by P */
  double *g, *h;  /* [width, width] X'X and X'PX, upper triangles */
  double *length; /* [width] 1 / the columns' lengths; 0: a column of zeros */
  float *t;       /* [width, width] how the columns are combined */
  uint32_t *most; /* [width] bits of the columns' largest elements */
  float *factor;  /* [width] powers of two that they are scaled by */
  int64_t *error; /* [width] squared errors in fixed point */
};

/* Columns of the slab, and of the wide block, that begins at `first`. */
static inline int kith__round_columns(const kith_spectrum *s, int first) {
  return (int)kith_min(SLAB, s->width - first);
}

static inline int kith__round_wide_columns(const kith_spectrum *s, int first) {
  return (int)kith_min(WIDE, s->width - first);
}

/* KITH_ENUMERIC unless all numbers are finite.  Local. */
kith_status kith__round_finite(bool finite) KITH_MUST_USE;

/* ---- orthonormal.c ---- */

/* Make the columns orthonormal up to 1e-4; then m->g has their inner products, scaled by m->length.
 * Collective.  Errors: KITH_ENOMEM; KITH_ENUMERIC. */
kith_agreed kith__round_orthonormalize(kith__round *m) KITH_MUST_USE;
/* The columns of an older matrix are nearly orthonormal: Rayleigh-Ritz then takes them as they are, with
 * m->g and m->length as kith__round_orthonormalize() sets them.  Collective. */
void kith__round_keep(kith__round *m, bool *kept);
/* Columns of zeros become eigenvectors of eigenvalue -1 of a [width, width], which are the last.  Returns how
 * many columns are not zero.  Local. */
int kith__round_set_zeros_apart(const kith__round *m, double *a);

/* ---- overlap.c ---- */

/* An estimate of what one of the last wanted columns has of all others after a product by P, as a share of
 * its length: the largest one.  Reads columns and values.  Collective.  Errors: KITH_ENOMEM; KITH_ENUMERIC.
 */
kith_agreed kith__round_overlap(kith__round *m, double *overlap) KITH_MUST_USE;

/* ---- blocks.c ---- */

/* The first round from columns of an older matrix, in blocks of neighbors.  *done is false, and columns that
 * it lacks are drawn, where they are too few or too far from right angles: then a whole round is to be made.
 * Collective.  Errors: KITH_ENOMEM; KITH_ENUMERIC. */
kith_agreed kith__round_blocks(kith__round *m, bool *done) KITH_MUST_USE;

/* ---- estimate.c ---- */

/* Set s->residual to an estimate from above; the errors of the pairs are not measured.  Collective.
 * Errors: KITH_ENOMEM. */
kith_agreed kith__round_estimate(kith__round *m) KITH_MUST_USE;

/* ---- ritz.c ---- */

/* Ritz pairs of the columns become those of the spectrum.  Collective.  Errors: KITH_ENOMEM; KITH_ENUMERIC.
 */
kith_agreed kith__round_ritz(kith__round *m) KITH_MUST_USE;
/* Copy n columns of the block, in rows of x [block rows] that are ld apart, to their owners' columns from
 * `first` on.  Collective. */
void kith__round_store(kith__round *m, int first, int n, const float *x, int ld);

#endif
