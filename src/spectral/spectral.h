/**
 * What other rooms of the library use of spectral: the leading eigenvectors of P = M'M, where
 * M = D_u^-a R D_i^-b is the weighted matrix of the training interactions.
 *
 * A subspace iteration: random columns go through rounds.  A round applies a polynomial of P that amplifies
 * the wanted eigenvectors (Zhou, Saad et al., J. Comput. Phys. 2006), makes the columns orthonormal, and
 * solves the eigenproblem within them (Rayleigh-Ritz).  P is never formed.  All results have the same bits on
 * any number of ranks and for any cut.
 */
#ifndef KITH_SPECTRAL_SPECTRAL_H
#define KITH_SPECTRAL_SPECTRAL_H

#include "halo/halo.h"

enum { KITH_SPECTRAL_SLAB = 64 }; /* columns that are multiplied by the matrix together */

/**
 * The adjacency of the training graph; the edge of user u and item i weighs D_u^-a D_i^-b.  Symmetric: users
 * read items, and items users.  Collective.
 *
 * @param a, b  powers of the degrees of users and of items
 * @param d     width of the rows that will be exchanged
 * Errors: KITH_ENOMEM; KITH_EDATA as kith_dist_csr_create().
 */
kith_agreed kith_spectral_matrix_create(const kith_comm *comm, const kith_graph *g, double a, double b, int d,
                                        kith_dist_csr **out) KITH_MUST_USE;

/**
 * What relations add to P: for weights omega_r,
 *   P = R^'(1 + sum over ties omega_r^2 F_r^2) R^ + sum over other relations omega_r^2 M_r'M_r,
 * where R^ = D_u^-a R D_i^-b.  Rows of M_r = D_x^-a A_r D_i^-b hold the items that a node x has edges with,
 * F_r = D^-1/2 A_r D^-1/2 is over ties between users, and degrees count edges of the relation.  Edges have no
 * direction here; those of several kinds are that many.
 */
typedef struct kith_spectral_relations kith_spectral_relations;

/**
 * Collective.
 *
 * @param by    relations of the graph, with fixed weights
 * @param a, b  as in kith_spectral_matrix_create()
 * @param[out] out  null if there are none
 * Errors: KITH_ENOMEM; KITH_ECONFIG: the graph lacks a relation, or it joins neither items nor users with
 * users.  Edges without an item at an end are a warning.
 * Memory: 16 bytes for each edge, 32 between users; 256 bytes for each row, ghosts included, and 80 for each
 * relation; 256 more for each row with ties.
 */
kith_agreed kith_spectral_relations_create(const kith_comm *comm, const kith_graph *g,
                                           const kith_relation_weights *by, double a, double b,
                                           kith_spectral_relations **out) KITH_MUST_USE;
/** Bytes of them on one rank, and the most ghost rows that one of their matrices may have, of whose number
 * only a bound is known.  Local. */
int64_t kith_spectral_relations_bytes(const kith_graph_sizes *g, const kith_relation_weights *by,
                                      int64_t *n_ghost);
/** Free them and null the pointer.  Local; accepts null. */
void kith_spectral_relations_free(kith_spectral_relations **relations);

typedef struct kith__round kith__round;

/** Approximate eigenpairs of P between two rounds. */
typedef struct kith_spectrum {
  int k, width;    /**< wanted pairs, and columns of the iteration */
  double *value;   /**< [width] Ritz values, descending; 0 before the first round */
  float *v;        /**< [n_own, width] item rows: orthonormal columns, or columns of zeros where P has fewer
                        eigenvectors; after a round in blocks of unit length, nearly at right angles;
                        user rows: zero.  Before the first round: random */
  double *error;   /**< [width] |P v - lambda v| / lambda_1 of each pair, if `measured` */
  bool measured;   /**< false after a checkpoint was read, and where the first round went by blocks and its
                        estimate is within the tolerance: the next round measures first */
  int round;       /**< rounds that were done */
  bool extended;   /**< kith_spectrum_extend(): it began with columns of an older matrix */
  int block;       /**< most columns of one Ritz problem in the first round from such columns; 192 */
  uint64_t seed;   /**< of what is drawn then */
  double residual; /**< the largest error of the first k pairs; infinite before the first round; not measured:
                        estimated */
  kith_spectral_relations *relations; /**< those in P, set by the caller, which keeps them; null: none */
  kith__round *round_memory;          /**< what rounds need beside it; null before the first one */
} kith_spectrum;

/** Allocate the arrays, zeroed; for kith_spectrum_start() and for readers of checkpoints, which set value, v,
 * round and residual.  Local.  Errors: KITH_ENOMEM, *out is null. */
kith_status kith_spectrum_make(kith_lid n_own, int k, int width, kith_spectrum **out) KITH_MUST_USE;
/**
 * Random columns, a function of the seed and of the items' original numbers.  Collective.
 *
 * @param k           wanted pairs; may exceed the rank of P
 * @param oversample  further columns: with more of them the last wanted pairs converge in fewer rounds
 * Errors: KITH_ENOMEM.
 */
kith_agreed kith_spectrum_start(const kith_comm *comm, const kith_graph *g, int k, int oversample,
                                uint64_t seed, kith_spectrum **out) KITH_MUST_USE;
/**
 * Begin anew with eigenpairs of an older matrix, to which users, items and interactions were added.
 *
 * The first round takes P v, one product; rows of new items then are in the direction of Nystroem's extension
 * P v / lambda (Bengio et al., NIPS 2003).  With many columns it solves Ritz problems of `block` neighboring
 * ones, as blocks.c describes: further rounds then begin with columns of length 1 that are not quite
 * orthogonal.  If there are fewer than four blocks, if columns are of zeros, or if what they have of each
 * other would grow too much, it is a whole Rayleigh-Ritz, without orthonormalization where the columns are
 * independent enough, and columns beyond the wanted pairs, and those of zeros, are random: a direction that
 * the old columns lack is found by them.  In blocks it is found by columns on items that the old ones lack.
 * Local.
 *
 * @param g  the graph of the new matrix
 * @param s  value and v of the older matrix; rows of items that it lacks are zero
 */
void kith_spectrum_extend(const kith_graph *g, uint64_t seed, kith_spectrum *s);
/**
 * One round.  Collective.  `comm`, `g` and `a` must be those of the rounds before.  Slabs of columns whose
 * errors are far below the tolerance are not filtered again.
 *
 * @param a          kith_spectral_matrix_create() with d = KITH_SPECTRAL_SLAB; unchanged
 * @param degree     of the polynomial, at least 1; the first round has products by P alone, at most 3
 * @param tolerance  as kith_spectral_options has it
 * Errors: KITH_ENOMEM; KITH_ENUMERIC if a number is not finite; then *s is not to be used.
 * Cost: degree + 2 products by P of width columns, and about 7 n_item width^2 flops; a first round in blocks
 * one product, two where its estimate is above the tolerance, and about 4 n_item width block flops.
 */
kith_agreed kith_spectrum_round(const kith_comm *comm, const kith_graph *g, kith_dist_csr *a, int degree,
                                double tolerance, kith_spectrum *s) KITH_MUST_USE;
/** Free what rounds need beside the spectrum; a further round allocates it again.  Collective. */
void kith_spectrum_end_rounds(kith_spectrum *s);
/** Free it and null the pointer.  Collective; accepts null. */
void kith_spectrum_free(kith_spectrum **s);

/** Bytes of a spectrum, and of what the first round allocates beside it on one rank.  Local. */
int64_t kith_spectrum_bytes(int64_t n_own, int width);
int64_t kith_spectrum_round_bytes(const kith_dist_csr_sizes *s, int64_t n_item, int width, int threads);

#endif
