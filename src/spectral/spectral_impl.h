/* The parts of a round: item rows in the order of original numbers, sums over them, products by P. */
#ifndef KITH_SRC_SPECTRAL_IMPL_H
#define KITH_SRC_SPECTRAL_IMPL_H

#include <math.h>

#include "spectral/spectral.h"

enum {
  SLAB = KITH_SPECTRAL_SLAB,
  WIDE = 4 * SLAB, /* columns of a sum over items: the more, the less often its other operand is copied */
  CHUNK = 512      /* rows of items whose sums are made by one product */
};

/* Factor of a node in the weights of its edges. */
static inline double kith__degree_factor(double power, int64_t degree) {
  return degree > 0 ? pow((double)degree, -power) : 0;
}

/* ---- relations.c ---- */

/* Columns of x and y [columns, SLAB] that the products need, n_own rows and ghosts; 0 for null.  Local. */
kith_lid kith__relations_columns(const kith_spectral_relations *s);
/* Rows of users of y += those that ties make of them, sum F F y.  Collective. */
void kith__relations_add_ties(kith_spectral_relations *s, float *y);
/* Item rows of y += sum M_r' M_r x over the other relations; reads the item rows of x.  Collective. */
void kith__relations_add_items(kith_spectral_relations *s, float *x, float *y);

/* ---- columns.c ---- */

/* n random numbers in [-1, 1) of an item's row: its columns first …, `first` a multiple of KITH__DRAW, in the
 * nth drawing.  Local. */
enum { KITH__DRAW = 8 };
void kith__columns_random(uint64_t seed, int64_t item, int first, uint64_t nth, int n, float *out);
/* Draw the columns that are not kept of an older matrix; their values become 0.  Local. */
void kith__columns_draw(const kith_graph *g, kith_spectrum *s);
/* Whether the first round may take the columns in blocks: they are an older matrix's, there are enough of
 * them and none is of zeros.  Local. */
bool kith__columns_fill_blocks(const kith_spectrum *s);

/* ---- block.c ---- */

/*
 * Chunks of CHUNK items, by original number, are dealt to the ranks in blocks.  What is summed within a chunk
 * then depends neither on the number of ranks nor on the cut.
 */
typedef struct kith__item_block {
  const kith_comm *comm;
  const kith_graph *g;
  kith_lid n;      /* rows of this rank's block */
  kith_halo *halo; /* from the owners to the block: rows in the order of global numbers */
  kith_lid *at;    /* [n] where each row of the block is among the received ones */
  float *packed;   /* [n, SLAB] received rows */
} kith__item_block;

kith_agreed kith__item_block_make(const kith_comm *comm, const kith_graph *g,
                                  kith__item_block *b) KITH_MUST_USE;
void kith__item_block_free(kith__item_block *b);
int64_t kith__item_block_bytes(int size, int64_t n_item, int64_t n_own);
/*
 * Copy the item rows of x [n_own, SLAB] to the block, scaled by the power of two that makes the largest
 * element lie in [1/2, 1).  Collective.
 *
 * @param y  rows `ld` apart, `width` columns of them
 * @return the exponent: y = x / 2^exponent; INT_MAX if an element is not finite
 */
int kith__item_block_take(kith__item_block *b, const float *x, int width, float *y, int ld);
/* Copy rows of the block, `ld` apart, to the item rows of x [n_own, SLAB]; further columns become zero.
 * Collective. */
void kith__item_block_give(kith__item_block *b, const float *y, int width, int ld, float *x);

/* ---- gram.c ---- */

/* Memory of sums and rotations, for each thread. */
typedef struct kith__gram {
  const kith__item_block *block;
  int width, threads;
  float **part;  /* [threads] [width, WIDE] products of a chunk, or [CHUNK, width] rows of one */
  int64_t **sum; /* [threads] [width, WIDE] in fixed point */
} kith__gram;

kith_status kith__gram_make(const kith__item_block *b, int width, kith__gram *s) KITH_MUST_USE;
void kith__gram_free(kith__gram *s);
int64_t kith__gram_bytes(int width, int threads);
/*
 * g [m, n] = X'Y over all items, n at most WIDE.  Collective.  Exact but for the rounding within chunks.
 *
 * @param x  [block rows, m] rows ldx apart, elements in [-1, 1]
 * @param y  [block rows, n] rows ldy apart, elements in [-1, 1]
 * @param g  rows ldg apart
 */
void kith__gram_sum(kith__gram *s, int m, const float *x, int ldx, int n, const float *y, int ldy, double *g,
                    int ldg);
/* y = x T, or y += x T if `add`; x [block rows, m] and y [block rows, n] in rows that are ld apart, T [m, n].
 * Local. */
void kith__gram_combine(kith__gram *s, int m, const float *x, int n, const float *t, bool add, float *y,
                        int ld);
/* Lengths of the columns of x [block rows, n], rows ld apart, whose squares sum to at most the number of
 * items. Collective.  Exact but for the rounding within chunks. */
void kith__gram_lengths(kith__gram *s, int n, const float *x, int ld, double *length);
/* x [block rows, width] = x T; T [width, width], with zeros below its diagonal if `triangular`.  Local. */
void kith__gram_rotate(kith__gram *s, const float *t, bool triangular, float *x);

/* ---- apply.c ---- */

/* A slab of columns, and what multiplies it by P. */
typedef struct kith__apply {
  const kith_graph *g;
  kith_dist_csr *a;
  kith_spectral_relations *relations; /* null: none */
  kith__item_block *block;
  kith__gram *gram;
  kith_lid n[KITH_SIDES][2];         /* users and items in the interior and at the boundary … */
  kith_lid *position[KITH_SIDES][2]; /* … and where they are in a->csr */
  float *x, *before, *y; /* [n_own + n_ghost, SLAB] the slab, the term before it, scratch memory */
  int lead, ld, lead_exponent;
  const float *lead_own; /* [n_own, lead] leading eigenvectors so far, rows ld apart; at most SLAB of them */
  float *lead_block;     /* [block rows, SLAB] the same in the block, divided by 2^lead_exponent */
  float *other;          /* [block rows, SLAB] scratch memory */
  double *inner;         /* [SLAB, SLAB] scratch memory */
} kith__apply;

kith_status kith__apply_make(const kith_graph *g, kith_dist_csr *a, kith_spectral_relations *relations,
                             kith__item_block *block, kith__gram *gram, kith__apply *p) KITH_MUST_USE;
void kith__apply_free(kith__apply *p);
int64_t kith__apply_bytes(const kith_dist_csr_sizes *s, int64_t n_item);
/* Set the item rows of x to `width` columns of v [n_own, …], rows ld apart, and zeros.  Local. */
void kith__apply_set(kith__apply *p, int width, const float *v, int ld);
/* Item rows of y = P x.  Collective. */
void kith__apply_product(kith__apply *p);
/* x = P^n x, scaled by a power of two.  Collective. */
void kith__apply_power(kith__apply *p, int n);
/* Vectors that kith__apply_filter() removes from x.  Collective.  False if a number is not finite. */
bool kith__apply_lead(kith__apply *p, int lead, const float *v, int ld);

/* What the polynomial does to eigenvalues: those below `low` are damped, and those above it grow the faster
 * the larger they are. */
typedef struct kith__interval {
  double low;
  double top;     /* its eigenvectors keep their length */
  double largest; /* largest eigenvalue of all */
} kith__interval;

/*
 * x = T_degree((2 P - low) / low) x, scaled.  Collective.  False if a number is not finite.
 *
 * @param project  remove the leading vectors again and again, since rounding errors in their direction grow
 *                 fastest
 */
bool kith__apply_filter(kith__apply *p, int degree, kith__interval by, bool project);

#endif
