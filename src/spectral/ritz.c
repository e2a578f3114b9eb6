/* Rayleigh-Ritz: the eigenproblem of P within the columns. */
#include <limits.h>
#include <math.h>
#include <string.h>

#include "ops/lapack.h"
#include "ops/ops.h"
#include "spectral/round.h"

/* m->wide = P times columns first … of X, each slab divided by 2^exponent.  False if a number is not finite.
 */
static bool ritz_multiply(kith__round *m, int first, int *exponent) {
  int w = m->s->width, end = first + kith__round_wide_columns(m->s, first);
  for (int j = first; j < end; j += SLAB) {
    int n = kith__round_columns(m->s, j);
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
    int n = kith__round_wide_columns(m->s, first);
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
  int w = m->s->width, n = kith__round_set_zeros_apart(m, m->h);
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

void kith__round_store(kith__round *m, int first, int n, const float *x, int ld) {
  const kith_spectrum *s = m->s;
  const kith__apply *p = &m->apply;
  for (int j = 0; j < n; j += SLAB) {
    int columns = (int)kith_min(SLAB, n - j);
    kith__item_block_give(&m->block, x + j, columns, ld, p->x);
#pragma omp parallel for
    for (kith_lid i = 0; i < p->g->n_own_of[KITH_ITEM]; i++) {
      size_t row = (size_t)p->g->row_of[KITH_ITEM][i];
      memcpy(s->v + row * (size_t)s->width + first + j, p->x + row * SLAB, (size_t)columns * sizeof *s->v);
    }
  }
}

kith_agreed kith__round_ritz(kith__round *m) {
  kith_agreed st = {KITH_OK};
  int64_t w = m->s->width;
  KITH_TRY(kith_agree(m->comm, kith__round_finite(ritz_project(m))));
  KITH_TRY(kith_agree(m->comm, m->comm->rank == 0 ? ritz_solve(m) : KITH_OK));
  kith_comm_bcast(m->comm, w * (int64_t)sizeof *m->s->value, m->s->value);
  kith_comm_bcast(m->comm, w * w * (int64_t)sizeof *m->t, m->t);
  kith__gram_rotate(&m->gram, m->t, false, m->x);
  kith__round_store(m, 0, m->s->width, m->x, m->s->width);
done:
  return st;
}
