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
#include "ops/panel.h"
#include "spectral/round.h"

enum {
  PROBES = KITH_PANEL,
  PROBE = 2 /* the drawing that signs come from; 0 and 1 are rows of columns */
};

/* e [width, PROBES] of random signs, and the panel of Lambda e / lambda_1. */
static kith_status overlap_signs(const kith_spectrum *s, float **e, float **panel) {
  kith_status st = KITH_OK;
  KITH_TRY(KITH_NEW(*e, (int64_t)s->width * PROBES));
  KITH_TRY(KITH_NEW(*panel, (int64_t)s->width * PROBES));
  for (int j = 0; j < s->width; j++) {
    float *sign = *e + (size_t)j * PROBES, value = (float)(s->value[j] / s->value[0]);
    for (int p = 0; p < PROBES; p += KITH__DRAW)
      kith__columns_random(s->seed, j, p, PROBE, KITH__DRAW, sign + p);
    for (int p = 0; p < PROBES; p++) {
      sign[p] = sign[p] < 0 ? -1 : 1;
      (*panel)[(size_t)j * PROBES + (size_t)p] = value * sign[p];
    }
  }
done:
  return st;
}

/* Item rows of p->x = V times the panel, each one chain over the columns; a run of neighboring rows at a
 * time. */
static void overlap_apply(const kith_spectrum *s, const float *panel, kith__apply *p) {
  const kith_lid *row = p->g->row_of[KITH_ITEM], n = p->g->n_own_of[KITH_ITEM];
#pragma omp parallel for schedule(dynamic, 1)
  for (kith_lid low = 0; low < n; low += CHUNK)
    for (kith_lid i = low, run, high = (kith_lid)kith_min(low + CHUNK, n); i < high; i += run) {
      size_t at = (size_t)row[i], width = (size_t)s->width;
      for (run = 1; i + run < high && row[i + run] == row[i] + run;) run++;
      kith_panel_product(run, s->width, (kith_strided){s->v + at * width, width, 1}, panel,
                         (kith_panel_output){SLAB, 1, false}, p->x + at * SLAB);
      for (kith_lid r = 0; r < run; r++)
        memset(p->x + (at + (size_t)r) * SLAB + PROBES, 0, (SLAB - PROBES) * sizeof *p->x);
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
  float *e = NULL, *panel = NULL;
  KITH_TRY(kith_agree(m->comm, overlap_signs(s, &e, &panel)));
  overlap_apply(s, panel, &m->apply);
  KITH_TRY(kith_agree(m->comm, kith__round_finite(overlap_measure(m, first, n))));
  *overlap = overlap_largest(s, e, first, n, m->apply.inner);
done:
  KITH_FREE(e);
  KITH_FREE(panel);
  return st;
}
