/* Orthonormal columns, by the factor of their inner products or, where they are dependent, by eigenvectors.
 */
#include <math.h>
#include <string.h>

#include "ops/lapack.h"
#include "ops/ops.h"
#include "spectral/round.h"

enum {
  MOST_PASSES = 8,
  PATIENT_PASSES = 4 /* drop nothing; each pass afterwards drops what is below a bound 32 times higher */
};

/* Off-diagonal elements of the columns' inner products that Rayleigh-Ritz accounts for. */
static const double ORTHOGONAL = 1e-4;
/* Inner products of float columns are known to about 1e-7: pivots and eigenvalues below these are noise. */
static const double LEAST_PIVOT = 3e-3, LEAST_EIGENVALUE = 1e-6;
static const double INDEPENDENT = 0.3; /* pivots above it: Rayleigh-Ritz takes the columns as they are */

/* The bits of the largest absolute value of each column on this rank.  Local. */
KITH_KERNEL static void orthonormal_largest(kith__round *m, uint32_t *most) {
  int w = m->s->width;
#pragma omp parallel num_threads(m->gram.threads)
  {
    uint32_t *mine = (uint32_t *)(void *)m->gram.sum[kith_thread_num()];
    memset(mine, 0, (size_t)w * sizeof *mine);
#pragma omp for
    for (kith_lid i = 0; i < m->block.n; i++) {
      const float *row = m->x + (size_t)i * (size_t)w;
      for (int j = 0; j < w; j++) {
        uint32_t bits;
        memcpy(&bits, &row[j], sizeof bits);
        bits &= 0x7fffffffu;
        mine[j] = bits > mine[j] ? bits : mine[j];
      }
    }
#pragma omp critical
    for (int j = 0; j < w; j++) most[j] = mine[j] > most[j] ? mine[j] : most[j];
  }
}

/* Scale each column by a power of two, so that its largest element lies in [1/2, 1). */
static void orthonormal_scale(kith__round *m) {
  int w = m->s->width;
  memset(m->most, 0, (size_t)w * sizeof *m->most);
  orthonormal_largest(m, m->most);
  KITH_MPI(MPI_Allreduce(MPI_IN_PLACE, m->most, w, MPI_UINT32_T, MPI_MAX, m->comm->mpi));
  for (int j = 0; j < w; j++) m->factor[j] = m->most[j] > 0 ? ldexpf(1, 126 - (int)(m->most[j] >> 23)) : 1;
#pragma omp parallel for
  for (kith_lid i = 0; i < m->block.n; i++)
    for (int j = 0; j < w; j++) m->x[(size_t)i * (size_t)w + (size_t)j] *= m->factor[j];
}

/* The upper triangle of X'X, by blocks of columns. */
static void orthonormal_inner(kith__round *m) {
  int w = m->s->width;
  for (int first = 0; first < w; first += WIDE) {
    int n = kith__round_wide_columns(m->s, first);
    kith__gram_sum(&m->gram, first + n, m->x, w, n, m->x + first, w, m->g + first, w);
  }
}

/* Scale inner products to columns of length 1; those of a column of zeros become a unit vector's.  Returns
 * the largest off-diagonal element. */
static double orthonormal_normalize(kith__round *m) {
  int w = m->s->width;
  double most = 0;
  for (int i = 0; i < w; i++) {
    double g = m->g[(size_t)i * (size_t)(w + 1)];
    m->length[i] = g > 0 ? 1 / sqrt(g) : 0;
  }
  for (int i = 0; i < w; i++) {
    double *row = m->g + (size_t)i * (size_t)w;
    row[i] = 1;
    for (int j = i + 1; j < w; j++) {
      row[j] *= m->length[i] * m->length[j];
      most = fmax(most, fabs(row[j]));
    }
  }
  return most;
}

int kith__round_set_zeros_apart(const kith__round *m, double *a) {
  int w = m->s->width, n = 0;
  for (int j = 0; j < w; j++) {
    if (m->length[j] == 0) a[(size_t)j * (size_t)(w + 1)] = -1;
    n += m->length[j] > 0;
  }
  return n;
}

/* The share of the largest eigenvalue below which a pass drops directions.  The noise of inner products grows
 * with the largest: columns of few directions would bring it back in each pass. */
static double orthonormal_least(int pass) {
  return pass < PATIENT_PASSES ? -1 : ldexp(LEAST_EIGENVALUE, 5 * (pass - PATIENT_PASSES));
}

/* T of nearly dependent columns: eigenvectors of the inner products; noise is left for the next pass to
 * clean, or dropped. */
static kith_status orthonormal_split(kith__round *m, double least) {
  kith_status st = KITH_OK;
  int w = m->s->width, n = kith__round_set_zeros_apart(m, m->g);
  double *value = NULL;
  KITH_TRY(KITH_NEW(value, w));
  KITH_TRY(kith_eigen_symmetric(w, m->g, value));
  for (int j = 0; j < w; j++) {
    const double *vector = m->g + (size_t)(w - 1 - j) * (size_t)w;
    double q = value[w - 1 - j], scale = 1 / sqrt(fmax(q, LEAST_EIGENVALUE));
    if (j >= n || q < least * value[w - 1]) scale = 0;
    for (int i = 0; i < w; i++)
      m->t[(size_t)i * (size_t)w + (size_t)j] = (float)(m->length[i] * vector[i] * scale);
  }
done:
  KITH_FREE(value);
  return st;
}

/* How to combine the columns, on rank 0. */
static kith_status orthonormal_combination(kith__round *m, int pass, bool *triangular) {
  int w = m->s->width;
  size_t n = (size_t)w * (size_t)w;
  memcpy(m->h, m->g, n * sizeof *m->h);
  kith_cholesky_inverse(w, m->h, LEAST_PIVOT, triangular);
  if (!*triangular) return orthonormal_split(m, orthonormal_least(pass));
  for (size_t i = 0; i < n; i++) m->t[i] = (float)(m->length[i / (size_t)w] * m->h[i]);
  return KITH_OK;
}

kith_agreed kith__round_orthonormalize(kith__round *m) {
  kith_agreed st = {KITH_OK};
  int w = m->s->width;
  for (int pass = 0;; pass++) {
    bool triangular = false;
    kith_status mine = KITH_OK;
    orthonormal_scale(m);
    orthonormal_inner(m);
    if (orthonormal_normalize(m) < ORTHOGONAL || pass == MOST_PASSES) return st;
    if (m->comm->rank == 0) mine = orthonormal_combination(m, pass, &triangular);
    KITH_TRY(kith_agree(m->comm, mine));
    kith_comm_bcast(m->comm, sizeof triangular, &triangular);
    kith_comm_bcast(m->comm, (int64_t)w * w * (int64_t)sizeof *m->t, m->t);
    kith__gram_rotate(&m->gram, m->t, triangular, m->x);
  }
done:
  return st;
}

void kith__round_keep(kith__round *m, bool *kept) {
  int w = m->s->width;
  *kept = false;
  if (m->s->round > 0 || !m->s->extended) return;
  orthonormal_scale(m);
  orthonormal_inner(m);
  orthonormal_normalize(m);
  if (m->comm->rank == 0) {
    memcpy(m->h, m->g, (size_t)w * (size_t)w * sizeof *m->h);
    kith_cholesky_inverse(w, m->h, INDEPENDENT, kept);
  }
  kith_comm_bcast(m->comm, sizeof *kept, kept);
}
