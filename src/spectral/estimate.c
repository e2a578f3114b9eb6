/*
 * What the errors of the wanted pairs are at most, after a round in blocks: at the cost of two slabs'
 * products instead of all columns'.
 *
 * Probe p is the sum of the errors r_j = P v_j - lambda_j v_j of the pairs j = p, p + PROBES, …, with random
 * signs.  The mean of its square is the sum of theirs (Hutchinson's estimator), so that its length is about
 * the largest of them, or more: up to sqrt(their number) times, if they are alike.
 */
#include <math.h>
#include <string.h>

#include "ops/ops.h"
#include "spectral/round.h"

enum {
  PROBES = 2 * SLAB,
  PROBE = 3 /* the drawing that signs come from; 0 to 2 are those of columns and overlaps */
};

static const double ERROR_ONE = 0x1p56; /* fixed point of squared errors, each of which is below 4 */

typedef struct estimate {
  const kith_spectrum *s;
  int probes;
  float *sign, *value; /* [k] signs of the pairs, and their values with these signs */
} estimate;

static kith_status estimate_begin(const kith_spectrum *s, estimate *e) {
  kith_status st = KITH_OK;
  *e = (estimate){.s = s, .probes = (int)kith_min(s->block, PROBES)};
  KITH_TRY(KITH_NEW(e->sign, s->k));
  KITH_TRY(KITH_NEW(e->value, s->k));
  for (int j = 0; j < s->k; j += KITH__DRAW)
    kith__columns_random(s->seed, 0, j, PROBE, (int)kith_min(KITH__DRAW, s->k - j), e->sign + j);
  for (int j = 0; j < s->k; j++) {
    e->sign[j] = e->sign[j] < 0 ? -1 : 1;
    e->value[j] = e->sign[j] * (float)s->value[j];
  }
done:
  return st;
}

/* x, y [n] += v times two factors. */
KITH_KERNEL static void estimate_add_row(int n, const float *v, const float *sign, const float *value,
                                         float *x, float *y) {
  for (int p = 0; p < n; p++) {
    x[p] += sign[p] * v[p];
    y[p] += value[p] * v[p];
  }
}

/* Probes at … at + n - 1: p->x has the sums of the columns, p->before those of the columns times values. Each
 * is one chain over the columns. */
static void estimate_combine(const estimate *e, int at, int n, kith__apply *p) {
  const int k = e->s->k;
#pragma omp parallel for
  for (kith_lid i = 0; i < p->g->n_own_of[KITH_ITEM]; i++) {
    size_t row = (size_t)p->g->row_of[KITH_ITEM][i];
    const float *v = e->s->v + row * (size_t)e->s->width;
    float *x = p->x + row * SLAB, *y = p->before + row * SLAB;
    memset(x, 0, SLAB * sizeof *x);
    memset(y, 0, SLAB * sizeof *y);
    for (int j = at; j < k; j += e->probes)
      estimate_add_row((int)kith_min(n, k - j), v + j, e->sign + j, e->value + j, x, y);
  }
}

/* sum [SLAB] += squares of (y - by) / scale over a rank's items, in fixed point. */
static void estimate_add(const kith__apply *p, double scale, int64_t *sum) {
#pragma omp parallel
  {
    int64_t mine[SLAB] = {0};
#pragma omp for
    for (kith_lid i = 0; i < p->g->n_own_of[KITH_ITEM]; i++) {
      size_t at = (size_t)p->g->row_of[KITH_ITEM][i] * SLAB;
      for (int k = 0; k < SLAB; k++) {
        double r = ((double)p->y[at + (size_t)k] - (double)p->before[at + (size_t)k]) / scale;
        mine[k] += (int64_t)rint(r * r * ERROR_ONE);
      }
    }
#pragma omp critical
    for (int k = 0; k < SLAB; k++) sum[k] += mine[k];
  }
}

kith_agreed kith__round_estimate(kith__round *m) {
  kith_agreed st = {KITH_OK};
  kith_spectrum *s = m->s;
  estimate e;
  KITH_TRY(kith_agree(m->comm, estimate_begin(s, &e)));
  s->residual = 0;
  s->measured = false;
  const int pairs = (s->k + e.probes - 1) / e.probes; /* of a probe at most */
  for (int at = 0; at < e.probes; at += SLAB) {
    int64_t sum[SLAB] = {0};
    estimate_combine(&e, at, (int)kith_min(SLAB, e.probes - at), &m->apply);
    kith__apply_product(&m->apply);
    estimate_add(&m->apply, pairs * (s->value[0] > 0 ? s->value[0] : 1), sum);
    kith_comm_sum_int(m->comm, SLAB, sum);
    for (int p = 0; p < SLAB; p++) s->residual = fmax(s->residual, pairs * sqrt((double)sum[p] / ERROR_ONE));
  }
done:
  KITH_FREE(e.sign);
  KITH_FREE(e.value);
  return st;
}
