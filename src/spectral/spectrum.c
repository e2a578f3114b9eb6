/*
 * Rounds of subspace iteration: filter, orthonormalize, Rayleigh-Ritz, residuals.
 *
 * The limit of a round: a product by P gathers 8 width bytes for each interaction, and there are degree + 2
 * of them, 5 in the first round; Gram matrices and rotations take about 8 n_item width^2 flops.  Gowalla with
 * width 1048: 68 GB and 0.36 Tflop in a round of degree 8, and an eigenproblem of 1048 columns on one thread.
 */
#include <limits.h>
#include <math.h>
#include <string.h>

#include "ops/lapack.h"
#include "ops/ops.h"
#include "spectral/spectral_impl.h"

enum {
  FIRST_PRODUCTS = 3, /* of the first round, whose columns are random: more, and they would be too similar */
  MOST_PASSES = 8,    /* of orthonormalization */
  PATIENT_PASSES = 4, /* drop nothing; each pass afterwards drops what is below a bound 32 times higher */
  DRAW = 8            /* random columns of one draw */
};

/* Off-diagonal elements of the columns' inner products that Rayleigh-Ritz accounts for. */
static const double ORTHOGONAL = 1e-4;
/* Inner products of float columns are known to about 1e-7: pivots and eigenvalues below these are noise. */
static const double LEAST_PIVOT = 3e-3, LEAST_EIGENVALUE = 1e-6;
static const double INDEPENDENT = 0.3;  /* pivots above it: Rayleigh-Ritz takes the columns as they are */
static const double LEAST_LOW = 1e-3;   /* of the damped interval's end, relative to the largest eigenvalue */
static const double LOCKED = 0.5;       /* errors below this share of the tolerance: a slab is not filtered */
static const double ERROR_ONE = 0x1p56; /* fixed point of squared errors, each of which is below 4 */

/* ---- what a round needs beside it ---- */

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

static kith_status round_alloc(const kith_graph *g, kith_dist_csr *a, kith__round *m) {
  kith_status st = KITH_OK;
  int64_t w = m->s->width;
  KITH_TRY(kith__gram_make(&m->block, (int)w, &m->gram));
  KITH_TRY(kith__apply_make(g, a, m->s->relations, &m->block, &m->gram, &m->apply));
  KITH_TRY(KITH_NEW(m->x, m->block.n * w));
  KITH_TRY(KITH_NEW(m->wide, (int64_t)m->block.n * WIDE));
  KITH_TRY(KITH_NEW(m->g, w * w));
  KITH_TRY(KITH_NEW(m->h, w * w));
  KITH_TRY(KITH_NEW(m->length, w));
  KITH_TRY(KITH_NEW(m->t, w * w));
  KITH_TRY(KITH_NEW(m->most, w));
  KITH_TRY(KITH_NEW(m->factor, w));
  KITH_TRY(KITH_NEW(m->error, w));
done:
  return st;
}

static void round_destroy(kith__round **round) {
  kith__round *m = *round;
  if (!m) return;
  kith__item_block_free(&m->block);
  kith__gram_free(&m->gram);
  kith__apply_free(&m->apply);
  KITH_FREE(m->x);
  KITH_FREE(m->wide);
  KITH_FREE(m->g);
  KITH_FREE(m->h);
  KITH_FREE(m->length);
  KITH_FREE(m->t);
  KITH_FREE(m->most);
  KITH_FREE(m->factor);
  KITH_FREE(m->error);
  KITH_FREE(*round);
}

void kith_spectrum_end_rounds(kith_spectrum *s) { round_destroy(&s->round_memory); }

void kith_spectrum_free(kith_spectrum **spectrum) {
  kith_spectrum *s = *spectrum;
  if (!s) return;
  KITH_FREE(s->value);
  KITH_FREE(s->error);
  KITH_FREE(s->v);
  round_destroy(&s->round_memory);
  KITH_FREE(*spectrum);
}

int64_t kith_spectrum_round_bytes(const kith_dist_csr_sizes *s, int64_t n_item, int width, int threads) {
  const kith__round *m = NULL;
  int64_t n_block = kith_min((n_item / s->size / CHUNK + 2) * CHUNK, n_item), w = width;
  return kith__item_block_bytes(s->size, n_item, s->n_own) + kith__gram_bytes(width, threads) +
         kith__apply_bytes(s, n_item) + KITH_BYTES(m->x, n_block * (w + WIDE)) + 4 * KITH_BYTES(m->g, w * w) +
         KITH_BYTES(m->t, w * w) + w * 32;
}

static int round_columns(const kith_spectrum *s, int first) { return (int)kith_min(SLAB, s->width - first); }

static int round_wide_columns(const kith_spectrum *s, int first) {
  return (int)kith_min(WIDE, s->width - first);
}

static kith_status round_finite(bool finite) {
  return finite ? KITH_OK
                : kith_fail(KITH_ENUMERIC, "the spectral iteration met a number that is not finite");
}

/* ---- residuals ---- */

/* Add the squared errors of a slab, whose columns x are multiplied already. */
static void measure_slab(kith__round *m, int first) {
  const kith_spectrum *s = m->s;
  const kith__apply *p = &m->apply;
  int n = round_columns(s, first);
  double largest = s->value[0] > 0 ? s->value[0] : 1;
#pragma omp parallel
  {
    int64_t sum[SLAB] = {0};
#pragma omp for
    for (kith_lid i = 0; i < p->g->n_own_of[KITH_ITEM]; i++) {
      size_t at = (size_t)p->g->row_of[KITH_ITEM][i] * SLAB;
      for (int k = 0; k < n; k++) {
        double r =
            ((double)p->y[at + (size_t)k] - s->value[first + k] * (double)p->x[at + (size_t)k]) / largest;
        sum[k] += (int64_t)rint(r * r * ERROR_ONE);
      }
    }
#pragma omp critical
    for (int k = 0; k < n; k++) m->error[first + k] += sum[k];
  }
}

static void measure_end(kith__round *m) {
  kith_spectrum *s = m->s;
  kith_comm_sum_int(m->comm, s->width, m->error);
  s->residual = 0;
  for (int j = 0; j < s->width; j++) {
    s->error[j] = sqrt((double)m->error[j] / ERROR_ONE);
    if (j < s->k && s->error[j] > s->residual) s->residual = s->error[j];
    m->error[j] = 0;
  }
  s->measured = true;
}

static void round_measure(kith__round *m) {
  const kith_spectrum *s = m->s;
  for (int first = 0; first < s->width; first += SLAB) {
    kith__apply_set(&m->apply, round_columns(s, first), s->v + first, s->width);
    kith__apply_product(&m->apply);
    measure_slab(m, first);
  }
  measure_end(m);
}

/* ---- the filter ---- */

static bool round_is_locked(const kith_spectrum *s, int first, double tolerance) {
  for (int j = first; j < first + round_columns(s, first); j++)
    if (s->error[j] > LOCKED * tolerance) return false;
  return true;
}

/* The damped interval ends amid the columns beyond the wanted ones. */
static kith__interval round_interval(const kith_spectrum *s, int first) {
  double low =
      s->value[s->k + (s->width - s->k) / 2 < s->width ? s->k + (s->width - s->k) / 2 : s->width - 1];
  return (kith__interval){.low = fmax(low, LEAST_LOW * s->value[0]),
                          .top = s->value[first],
                          .largest = s->value[0]};
}

/* Products of the first round: columns of an older matrix are nearly eigenvectors, and one is enough. */
static int round_products(const kith_spectrum *s, int degree) {
  return s->extended ? 1 : (int)kith_min(degree, FIRST_PRODUCTS);
}

static bool round_filter(kith__round *m, int degree, double tolerance) {
  const kith_spectrum *s = m->s;
  if (s->round > 0 && !kith__apply_lead(&m->apply, round_columns(s, 0), s->v, s->width)) return false;
  for (int first = 0; first < s->width; first += SLAB) {
    int n = round_columns(s, first);
    kith__apply_set(&m->apply, n, s->v + first, s->width);
    if (s->round == 0) kith__apply_power(&m->apply, round_products(s, degree));
    else if (s->value[0] > 0 && !round_is_locked(s, first, tolerance) &&
             !kith__apply_filter(&m->apply, degree, round_interval(s, first), first > 0))
      return false;
    if (kith__item_block_take(&m->block, m->apply.x, n, m->x + first, s->width) == INT_MAX) return false;
  }
  return true;
}

/* ---- orthonormal columns ---- */

/* The bits of the largest absolute value of each column on this rank.  Local. */
KITH_KERNEL static void round_largest(kith__round *m, uint32_t *most) {
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
static void round_scale(kith__round *m) {
  int w = m->s->width;
  memset(m->most, 0, (size_t)w * sizeof *m->most);
  round_largest(m, m->most);
  KITH_MPI(MPI_Allreduce(MPI_IN_PLACE, m->most, w, MPI_UINT32_T, MPI_MAX, m->comm->mpi));
  for (int j = 0; j < w; j++) m->factor[j] = m->most[j] > 0 ? ldexpf(1, 126 - (int)(m->most[j] >> 23)) : 1;
#pragma omp parallel for
  for (kith_lid i = 0; i < m->block.n; i++)
    for (int j = 0; j < w; j++) m->x[(size_t)i * (size_t)w + (size_t)j] *= m->factor[j];
}

/* The upper triangle of X'X, by blocks of columns. */
static void round_inner(kith__round *m) {
  int w = m->s->width;
  for (int first = 0; first < w; first += WIDE) {
    int n = round_wide_columns(m->s, first);
    kith__gram_sum(&m->gram, first + n, m->x, w, n, m->x + first, w, m->g + first, w);
  }
}

/* Scale inner products to columns of length 1; those of a column of zeros become a unit vector's.  Returns
 * the largest off-diagonal element. */
static double round_normalize(kith__round *m) {
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

/* Columns of zeros become eigenvectors of eigenvalue -1, which are the last.  Returns how many columns are
 * not zero. */
static int round_set_zeros_apart(const kith__round *m, double *a) {
  int w = m->s->width, n = 0;
  for (int j = 0; j < w; j++) {
    if (m->length[j] == 0) a[(size_t)j * (size_t)(w + 1)] = -1;
    n += m->length[j] > 0;
  }
  return n;
}

/* The share of the largest eigenvalue below which a pass drops directions.  The noise of inner products grows
 * with the largest: columns of few directions would bring it back in each pass. */
static double round_least(int pass) {
  return pass < PATIENT_PASSES ? -1 : ldexp(LEAST_EIGENVALUE, 5 * (pass - PATIENT_PASSES));
}

/* T of nearly dependent columns: eigenvectors of the inner products; noise is left for the next pass to
 * clean, or dropped. */
static kith_status round_split(kith__round *m, double least) {
  kith_status st = KITH_OK;
  int w = m->s->width, n = round_set_zeros_apart(m, m->g);
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
static kith_status round_combination(kith__round *m, int pass, bool *triangular) {
  int w = m->s->width;
  size_t n = (size_t)w * (size_t)w;
  memcpy(m->h, m->g, n * sizeof *m->h);
  kith_cholesky_inverse(w, m->h, LEAST_PIVOT, triangular);
  if (!*triangular) return round_split(m, round_least(pass));
  for (size_t i = 0; i < n; i++) m->t[i] = (float)(m->length[i / (size_t)w] * m->h[i]);
  return KITH_OK;
}

/* Make the columns orthonormal up to ORTHOGONAL; then m->g has their inner products, scaled by m->length. */
static kith_agreed round_orthonormalize(kith__round *m) {
  kith_agreed st = {KITH_OK};
  int w = m->s->width;
  for (int pass = 0;; pass++) {
    bool triangular = false;
    kith_status mine = KITH_OK;
    round_scale(m);
    round_inner(m);
    if (round_normalize(m) < ORTHOGONAL || pass == MOST_PASSES) return st;
    if (m->comm->rank == 0) mine = round_combination(m, pass, &triangular);
    KITH_TRY(kith_agree(m->comm, mine));
    kith_comm_bcast(m->comm, sizeof triangular, &triangular);
    kith_comm_bcast(m->comm, (int64_t)w * w * (int64_t)sizeof *m->t, m->t);
    kith__gram_rotate(&m->gram, m->t, triangular, m->x);
  }
done:
  return st;
}

/* The columns of an older matrix are nearly orthonormal: Rayleigh-Ritz then takes them as they are, with
 * m->g and m->length as round_orthonormalize() sets them. */
static void round_keep(kith__round *m, bool *kept) {
  int w = m->s->width;
  *kept = false;
  if (m->s->round > 0 || !m->s->extended) return;
  round_scale(m);
  round_inner(m);
  round_normalize(m);
  if (m->comm->rank == 0) {
    memcpy(m->h, m->g, (size_t)w * (size_t)w * sizeof *m->h);
    kith_cholesky_inverse(w, m->h, INDEPENDENT, kept);
  }
  kith_comm_bcast(m->comm, sizeof *kept, kept);
}

/* ---- Rayleigh-Ritz ---- */

/* m->wide = P times columns first … of X, each slab divided by 2^exponent.  False if a number is not finite.
 */
static bool ritz_multiply(kith__round *m, int first, int *exponent) {
  int w = m->s->width, end = first + round_wide_columns(m->s, first);
  for (int j = first; j < end; j += SLAB) {
    int n = round_columns(m->s, j);
    kith__item_block_give(&m->block, m->x + j, n, w, m->apply.x);
    kith__apply_product(&m->apply);
    exponent[(j - first) / SLAB] =
        kith__item_block_take(&m->block, m->apply.y, n, m->wide + (j - first), WIDE);
    if (exponent[(j - first) / SLAB] == INT_MAX) return false;
  }
  return true;
}

/* The upper triangle of X'PX, by blocks of columns. */
static bool ritz_project(kith__round *m) {
  int w = m->s->width, exponent[WIDE / SLAB];
  for (int first = 0; first < w; first += WIDE) {
    int n = round_wide_columns(m->s, first);
    if (!ritz_multiply(m, first, exponent)) return false;
    kith__gram_sum(&m->gram, first + n, m->x, w, n, m->wide, WIDE, m->h + first, w);
    for (int i = 0; i < first + n; i++)
      for (int j = first; j < first + n; j++) {
        double *h = &m->h[(size_t)i * (size_t)w + (size_t)j];
        *h = ldexp(*h * m->length[i] * m->length[j], exponent[(j - first) / SLAB]);
      }
  }
  return true;
}

/* Ritz values and vectors, on rank 0.  Columns of zeros get the last values. */
static kith_status ritz_solve(kith__round *m) {
  kith_status st = KITH_OK;
  int w = m->s->width, n = round_set_zeros_apart(m, m->h);
  double *value = NULL;
  KITH_TRY(KITH_NEW(value, w));
  KITH_TRY(kith_eigen_generalized(w, m->h, m->g, value));
  for (int j = 0; j < w; j++) {
    const double *vector = m->h + (size_t)(w - 1 - j) * (size_t)w;
    m->s->value[j] = fmax(value[w - 1 - j], 0);
    for (int i = 0; i < w; i++)
      m->t[(size_t)i * (size_t)w + (size_t)j] = j < n ? (float)(m->length[i] * vector[i]) : 0;
  }
done:
  KITH_FREE(value);
  return st;
}

/* Copy the columns of the block to their owners. */
static void ritz_store(kith__round *m) {
  kith_spectrum *s = m->s;
  const kith__apply *p = &m->apply;
  for (int first = 0; first < s->width; first += SLAB) {
    int n = round_columns(s, first);
    kith__item_block_give(&m->block, m->x + first, n, s->width, p->x);
#pragma omp parallel for
    for (kith_lid i = 0; i < p->g->n_own_of[KITH_ITEM]; i++) {
      size_t row = (size_t)p->g->row_of[KITH_ITEM][i];
      memcpy(s->v + row * (size_t)s->width + first, p->x + row * SLAB, (size_t)n * sizeof *s->v);
    }
  }
}

static kith_agreed round_ritz(kith__round *m) {
  kith_agreed st = {KITH_OK};
  int64_t w = m->s->width;
  KITH_TRY(kith_agree(m->comm, round_finite(ritz_project(m))));
  KITH_TRY(kith_agree(m->comm, m->comm->rank == 0 ? ritz_solve(m) : KITH_OK));
  kith_comm_bcast(m->comm, w * (int64_t)sizeof *m->s->value, m->s->value);
  kith_comm_bcast(m->comm, w * w * (int64_t)sizeof *m->t, m->t);
  kith__gram_rotate(&m->gram, m->t, false, m->x);
  ritz_store(m);
done:
  return st;
}

/* Memory of all rounds: fresh pages cost more than what is done with them. */
static kith_agreed round_create(const kith_comm *comm, const kith_graph *g, kith_dist_csr *a,
                                kith_spectrum *s) {
  kith_agreed st = {KITH_OK};
  kith__round *m = NULL;
  KITH_TRY(kith_agree(comm, KITH_NEW(m, 1)));
  m->comm = comm;
  m->s = s;
  KITH_TRY(kith__item_block_make(comm, g, &m->block));
  KITH_TRY(kith_agree(comm, round_alloc(g, a, m)));
  s->round_memory = m;
  m = NULL;
done:
  round_destroy(&m);
  return st;
}

kith_agreed kith_spectrum_round(const kith_comm *comm, const kith_graph *g, kith_dist_csr *a, int degree,
                                double tolerance, kith_spectrum *s) {
  kith_agreed st = {KITH_OK};
  bool kept = false;
  if (!s->round_memory) KITH_TRY(round_create(comm, g, a, s));
  if (s->round > 0 && !s->measured) round_measure(s->round_memory);
  KITH_TRY(kith_agree(comm, round_finite(round_filter(s->round_memory, degree, tolerance))));
  round_keep(s->round_memory, &kept);
  if (!kept) KITH_TRY(round_orthonormalize(s->round_memory));
  KITH_TRY(round_ritz(s->round_memory));
  round_measure(s->round_memory);
  s->round++;
done:
  return st;
}
