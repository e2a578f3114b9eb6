/*
 * EASE: Steck, "Embarrassingly shallow autoencoders for sparse data" (WWW 2019), equations 6 to 8: the
 * weights B of a linear model X B of items by items with a zero diagonal, in closed form.
 *
 * One array of items by items becomes the Gram matrix, its Cholesky factor and its inverse, in place.
 */
#include "baseline/ease.h"

#include "base/base.h"
#include "ops/lapack.h"
#include "ops/ops.h"

int64_t kith__ease_bytes(int64_t n_item) {
  const kith__ease *e = NULL;
  const double *gram = NULL;
  return KITH_BYTES(e->inverse, n_item * n_item) + KITH_BYTES(e->diagonal, n_item) +
         (n_item <= KITH__EASE_DOUBLE ? KITH_BYTES(gram, n_item * n_item) : 0);
}

/* The lower triangle of X'X + lambda I: counts, exact in float up to 2^24. */
static void ease_gram(const kith_ragged *items, int64_t n_item, double lambda, float *g) {
  for (int64_t i = 0; i < n_item; i++) g[i * n_item + i] = (float)lambda;
  for (int64_t u = 0; u < items->n_row; u++)
    for (kith_eid e = items->start[u]; e < items->start[u + 1]; e++)
      for (kith_eid f = items->start[u]; f <= e; f++)
        g[(int64_t)items->value[e] * n_item + items->value[f]] += 1;
}

/* The same inverse, by way of double precision. */
static kith_status ease_invert_double(int64_t n_item, float *g, bool *good) {
  kith_status st = KITH_OK;
  double *wide = NULL;
  KITH_TRY(KITH_NEW(wide, n_item * n_item));
  for (int64_t k = 0; k < n_item * n_item; k++) wide[k] = (double)g[k];
  kith_symmetric_inverse((int)n_item, wide, good);
  for (int64_t k = 0; k < n_item * n_item; k++) g[k] = (float)wide[k];
done:
  KITH_FREE(wide);
  return st;
}

/* Copy the lower triangle to the upper one, in tiles that stay in a cache, and move the diagonal. */
static void ease_mirror(const kith__ease *e) {
  enum { TILE = 64 };
  const int64_t n = e->n_item;
  float *g = e->inverse;
#pragma omp parallel for schedule(dynamic)
  for (int64_t row = 0; row < n; row += TILE)
    for (int64_t column = 0; column <= row; column += TILE)
      for (int64_t i = row; i < kith_min(row + TILE, n); i++)
        for (int64_t j = column; j < kith_min(column + TILE, i); j++) g[j * n + i] = g[i * n + j];
  for (int64_t i = 0; i < n; i++) {
    e->diagonal[i] = g[i * n + i];
    g[i * n + i] = 0;
  }
}

kith_status kith__ease_make(const kith_ragged *items, int64_t n_item, double lambda, kith__ease *out) {
  kith_status st = KITH_OK;
  bool good = true;
  *out = (kith__ease){.n_item = n_item};
  KITH_TRY(KITH_NEW(out->inverse, n_item * n_item));
  KITH_TRY(KITH_NEW(out->diagonal, n_item));
  ease_gram(items, n_item, lambda, out->inverse);
  if (n_item <= KITH__EASE_DOUBLE) KITH_TRY(ease_invert_double(n_item, out->inverse, &good));
  else kith_symmetric_inverse_float((int)n_item, out->inverse, &good);
  KITH_CHECK(good, KITH_ENUMERIC,
             "baseline ease: the Gram matrix of %lld items with lambda %g has no Cholesky factor",
             (long long)n_item, lambda);
  ease_mirror(out);
done:
  return st;
}

void kith__ease_free(kith__ease *e) {
  KITH_FREE(e->inverse);
  KITH_FREE(e->diagonal);
}

void kith__ease_score(const void *ease, int64_t n, const int32_t *item, float *score) {
  const kith__ease *all = ease;
  for (int64_t e = 0; e < n; e++) {
    const float *row = all->inverse + (int64_t)item[e] * all->n_item;
    for (int64_t i = 0; i < all->n_item; i++) score[i] -= row[i];
  }
  for (int64_t i = 0; i < all->n_item; i++) score[i] /= all->diagonal[i];
}
