/*
 * How far the columns of an older matrix are from right angles, by random probes.
 *
 * What column j has of an older column i is multiplied by lambda_i / lambda_j in a product by P.  Probes tell
 * the sum of all of it at the cost of PROBES columns: with random signs e, V'(V Lambda e) / lambda_j - e_j
 * has the mean square sum over i != j of (v_i'v_j lambda_i / lambda_j)^2 (Hutchinson's estimator).  It is the
 * largest for the smallest eigenvalues, so that the last wanted columns are looked at.
 */
#include <limits.h>
#include <math.h>
#include <string.h>

#include "ops/ops.h"
#include "spectral/round.h"

enum {
  PROBES = 2 * KITH__DRAW,
  PROBE = 2 /* the drawing that signs come from; 0 and 1 are rows of columns */
};

/* e [width, PROBES] of random signs. */
static void overlap_signs(const kith_spectrum *s, float *e) {
  for (int j = 0; j < s->width; j++)
    for (int p = 0; p < PROBES; p += KITH__DRAW)
      kith__columns_random(s->seed, j, p, PROBE, KITH__DRAW, e + (size_t)j * PROBES + p);
  for (int i = 0; i < s->width * PROBES; i++) e[i] = e[i] < 0 ? -1 : 1;
}

/* Item rows of p->x = V Lambda e / lambda_1, each one chain over the columns. */
static void overlap_apply(const kith_spectrum *s, const float *e, kith__apply *p) {
  const float *scale = e + (size_t)s->width * PROBES;
#pragma omp parallel for
  for (kith_lid i = 0; i < p->g->n_own_of[KITH_ITEM]; i++) {
    size_t row = (size_t)p->g->row_of[KITH_ITEM][i];
    const float *v = s->v + row * (size_t)s->width;
    float *to = p->x + row * SLAB, sum[PROBES] = {0};
    for (int j = 0; j < s->width; j++) {
      float x = v[j] * scale[j];
      for (int k = 0; k < PROBES; k++) sum[k] += x * e[(size_t)j * PROBES + (size_t)k];
    }
    memcpy(to, sum, sizeof sum);
    memset(to + PROBES, 0, (SLAB - PROBES) * sizeof *to);
  }
}

/* The largest of the n columns from `first` on. */
static double overlap_largest(const kith_spectrum *s, const float *e, int first, int n, const double *inner) {
  double most = 0;
  for (int j = 0; j < n; j++) {
    double sum = 0;
    for (int p = 0; p < PROBES; p++) {
      double is = inner[(size_t)j * PROBES + (size_t)p] * s->value[0] / s->value[first + j],
             own = (double)e[(size_t)(first + j) * PROBES + (size_t)p];
      sum += (is - own) * (is - own);
    }
    most = fmax(most, sqrt(sum / PROBES));
  }
  return most;
}

/* Inner products of the last wanted columns with the probes, which are in p->x.  False if a number is not
 * finite. */
static bool overlap_measure(kith__round *m, int first, int n) {
  kith__apply *p = &m->apply;
  int probes = kith__item_block_take(&m->block, p->x, PROBES, p->other, SLAB), columns;
  if (probes == INT_MAX) return false;
  kith__apply_set(p, n, m->s->v + first, m->s->width);
  columns = kith__item_block_take(&m->block, p->x, n, p->lead_block, SLAB);
  if (columns == INT_MAX) return false;
  kith__gram_sum(&m->gram, n, p->lead_block, SLAB, PROBES, p->other, SLAB, p->inner, PROBES);
  for (int i = 0; i < n * PROBES; i++) p->inner[i] = ldexp(p->inner[i], probes + columns);
  return true;
}

kith_agreed kith__round_overlap(kith__round *m, double *overlap) {
  kith_agreed st = {KITH_OK};
  const kith_spectrum *s = m->s;
  int n = (int)kith_min(s->k, SLAB), first = s->k - n;
  float *e = NULL;
  KITH_TRY(kith_agree(m->comm, KITH_NEW(e, (int64_t)s->width * (PROBES + 1))));
  overlap_signs(s, e);
  for (int j = 0; j < s->width; j++) e[s->width * PROBES + j] = (float)(s->value[j] / s->value[0]);
  overlap_apply(s, e, &m->apply);
  KITH_TRY(kith_agree(m->comm, kith__round_finite(overlap_measure(m, first, n))));
  *overlap = overlap_largest(s, e, first, n, m->apply.inner);
done:
  KITH_FREE(e);
  return st;
}
