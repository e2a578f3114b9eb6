/* The iteration of eigenpairs, run on test graphs, and the same matrix as a dense one in double. */
#ifndef KITH_TESTS_SUPPORT_SPECTRUM_H
#define KITH_TESTS_SUPPORT_SPECTRUM_H

#include "support/cut.h"

#include "spectral/spectral.h"

/* Powers of the degrees of users and items, and the degree of the rounds' polynomials. */
static const double SPECTRUM_A = 0.4, SPECTRUM_B = 0.3;
enum { SPECTRUM_DEGREE = 8, SPECTRUM_SEED = 7 };

typedef struct spectrum_recipe {
  int k, oversample, rounds, parts;
  uint64_t cut;
  bool restart;                         /* between rounds only value, v, round and residual survive */
  const struct spectrum_outcome *known; /* of an older matrix: begin with it … */
  int64_t n_known;                      /* … which has so many items; 0: begin with random columns */
  int block;                            /* … and its columns go by blocks of so many; 0: as it is */
  double tolerance;                     /* 0: 1e-5 */
} spectrum_recipe;

typedef struct spectrum_outcome {
  int width;
  float *v; /* [n_item, width] by original number, on every rank */
  double *value, *error;
  double residual;
} spectrum_outcome;

void spectrum_outcome_free(spectrum_outcome *o);
/* M [n_user, n_item] = D_u^-a R D_i^-b. */
double *spectrum_dense(const test_graph *t, double a, double b);
/* Eigenvalues on the diagonal of s [n, n], eigenvectors in the rows of u. */
void spectrum_jacobi(int n, double *s, double *u);
spectrum_outcome spectrum_iterate(const kith_comm *comm, const test_graph *t, spectrum_recipe how);
/* Columns of length 1 or 0, at right angles; returns how many are not zero. */
int spectrum_assert_orthonormal(const test_graph *t, const spectrum_outcome *o);
/* The errors are those of m, and the residual is the largest of the first k. */
void spectrum_assert_errors(const test_graph *t, const double *m, const spectrum_outcome *o, int k);
/* The same bits. */
void spectrum_assert_same(const test_graph *t, const spectrum_outcome *a, const spectrum_outcome *b);

#endif
