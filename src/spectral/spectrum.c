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

#include "ops/ops.h"
#include "spectral/round.h"

/* Products of the first round, whose columns are random: more, and they would be too similar. */
enum { FIRST_PRODUCTS = 3 };

static const double LEAST_LOW = 1e-3;   /* of the damped interval's end, relative to the largest eigenvalue */
static const double LOCKED = 0.5;       /* errors below this share of the tolerance: a slab is not filtered */
static const double ERROR_ONE = 0x1p56; /* fixed point of squared errors, each of which is below 4 */

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

kith_status kith__round_finite(bool finite) {
  return finite ? KITH_OK
                : kith_fail(KITH_ENUMERIC, "the spectral iteration met a number that is not finite");
}

/* ---- residuals ---- */

/* Add the squared errors of a slab, whose columns x are multiplied already. */
static void measure_slab(kith__round *m, int first) {
  const kith_spectrum *s = m->s;
  const kith__apply *p = &m->apply;
  int n = kith__round_columns(s, first);
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
    kith__apply_set(&m->apply, kith__round_columns(s, first), s->v + first, s->width);
    kith__apply_product(&m->apply);
    measure_slab(m, first);
  }
  measure_end(m);
}

/* ---- the filter ---- */

static bool round_is_locked(const kith_spectrum *s, int first, double tolerance) {
  for (int j = first; j < first + kith__round_columns(s, first); j++)
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
  if (s->round > 0 && !kith__apply_lead(&m->apply, kith__round_columns(s, 0), s->v, s->width)) return false;
  for (int first = 0; first < s->width; first += SLAB) {
    int n = kith__round_columns(s, first);
    kith__apply_set(&m->apply, n, s->v + first, s->width);
    if (s->round == 0) kith__apply_power(&m->apply, round_products(s, degree));
    else if (s->value[0] > 0 && !round_is_locked(s, first, tolerance) &&
             !kith__apply_filter(&m->apply, degree, round_interval(s, first), first > 0))
      return false;
    if (kith__item_block_take(&m->block, m->apply.x, n, m->x + first, s->width) == INT_MAX) return false;
  }
  return true;
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

/* Filter all columns, and solve the eigenproblem within them. */
static kith_agreed round_whole(kith__round *m, int degree, double tolerance) {
  kith_agreed st = {KITH_OK};
  bool kept = false;
  KITH_TRY(kith_agree(m->comm, kith__round_finite(round_filter(m, degree, tolerance))));
  kith__round_keep(m, &kept);
  if (!kept) KITH_TRY(kith__round_orthonormalize(m));
  KITH_TRY(kith__round_ritz(m));
done:
  return st;
}

kith_agreed kith_spectrum_round(const kith_comm *comm, const kith_graph *g, kith_dist_csr *a, int degree,
                                double tolerance, kith_spectrum *s) {
  kith_agreed st = {KITH_OK};
  bool blocks = false;
  if (!s->round_memory) KITH_TRY(round_create(comm, g, a, s));
  if (s->round > 0 && !s->measured) round_measure(s->round_memory);
  KITH_TRY(kith__round_blocks(s->round_memory, &blocks));
  if (blocks) KITH_TRY(kith__round_estimate(s->round_memory));
  else KITH_TRY(round_whole(s->round_memory, degree, tolerance));
  if (!blocks || s->residual > tolerance) round_measure(s->round_memory);
  s->round++;
done:
  return st;
}
