/* The steps of embed.adapt; contract: train/adapt.h. */
#include "train/adapt.h"

#include <math.h>
#include <string.h>

#include "base/base.h"
#include "comm/comm.h"
#include "ops/exponential.h"
#include "ops/product.h"

void kith__adapt_free(kith__adapt *a) {
  KITH_FREE(a->item);
  KITH_FREE(a->shared);
  KITH_FREE(a->score);
  KITH_FREE(a->near);
}

static double adapt_square(int d, const float *x) {
  double sum = 0;
  for (int j = 0; j < d; j++) sum += (double)x[j] * (double)x[j];
  return sum;
}

void kith__adapt_unit(int d, float *x) {
  const double length = sqrt(adapt_square(d, x));
  for (int j = 0; j < d && length > 0; j++) x[j] = (float)((double)x[j] / length);
}

/* ---- what every rank has ---- */

static kith_status adapt_allocate(kith__adapt *a) {
  kith_status st = KITH_OK;
  KITH_TRY(KITH_NEW(a->item, a->n_item * a->d));
  KITH_TRY(KITH_NEW(a->shared, a->d));
  KITH_TRY(KITH_NEW(a->score, a->n_item * KITH__ADAPT_BLOCK));
  KITH_TRY(KITH_NEW(a->near, (int64_t)KITH__ADAPT_BLOCK * a->d));
done:
  return st;
}

kith_agreed kith__adapt_make(const kith_comm *comm, const kith_graph *g, int d, const float *x,
                             double sharpness, kith__adapt *out) {
  kith_agreed st = {KITH_OK};
  kith_exact_sum squares = {0};
  const size_t row = (size_t)d * sizeof *x;
  *out = (kith__adapt){.d = d, .n_item = g->n[KITH_ITEM], .sharpness = (float)sharpness};
  KITH_TRY(kith_agree(comm, adapt_allocate(out)));
  for (kith_lid i = 0; i < g->n_own; i++) {
    const float *from = x + (int64_t)i * d;
    if (g->type[i] == KITH_ITEM) memcpy(out->item + g->original[i] * d, from, row);
    if (g->type[i] == KITH_USER) kith_exact_sum_add(&squares, adapt_square(d, from));
  }
  kith_comm_reduce(comm, out->n_item * d, MPI_UINT32_T, MPI_BOR, out->item);
  kith_comm_sum(comm, 1, &squares);
  out->length = sqrt(kith_exact_sum_value(&squares) / (double)(g->n[KITH_USER] > 0 ? g->n[KITH_USER] : 1));
done:
  return st;
}

/* ---- a step ---- */

void kith__adapt_own(const kith__adapt *a, int64_t n, const int32_t *item, float *y) {
  for (int j = 0; j < a->d; j++) {
    double sum = 0;
    for (int64_t i = 0; i < n; i++) sum += (double)a->item[(int64_t)item[i] * a->d + j];
    y[j] = (float)sum;
  }
  kith__adapt_unit(a->d, y);
}

/* score [n] becomes its softmax. */
static void adapt_softmax(int64_t n, float *score) {
  float max = score[0];
  double sum = 0;
  for (int64_t j = 1; j < n; j++) max = score[j] > max ? score[j] : max;
  for (int64_t j = 0; j < n; j++) {
    score[j] = kith_exponential(score[j] - max);
    sum += (double)score[j];
  }
  for (int64_t j = 0; j < n; j++) score[j] = (float)((double)score[j] / sum);
}

void kith__adapt_likely(const kith__adapt *a, int n, const float *y) {
  const int n_item = (int)a->n_item, d = a->d;
  kith_product_nt(n, n_item, d, a->sharpness, y, a->item, false, a->score);
#pragma omp parallel for schedule(static)
  for (int i = 0; i < n; i++) adapt_softmax(n_item, a->score + (int64_t)i * n_item);
  kith_product_nn(n, d, n_item, 1, a->score, a->item, false, a->near);
}

/* y [d] = r unit(y + r (by unit(x) + also z)). */
static void adapt_move(const kith__adapt *a, double by, float *x, double also, const float *z, float *y) {
  if (by != 0) kith__adapt_unit(a->d, x);
  for (int j = 0; j < a->d; j++)
    y[j] = (float)((double)y[j] + a->length * (by * (double)x[j] + also * (double)z[j]));
  kith__adapt_unit(a->d, y);
  for (int j = 0; j < a->d; j++) y[j] = (float)(a->length * (double)y[j]);
}

static void adapt_block(const kith__adapt *a, kith__adapt_rates rates, int n, const float *own, float *x) {
  const int d = a->d;
  for (int i = 0; i < n; i++) {
    float *y = x + (int64_t)i * d;
    kith__adapt_unit(d, y);
    for (int j = 0; j < d; j++) y[j] = (float)(a->length * (double)y[j]);
    adapt_move(a, 0, a->near, rates.shared, a->shared, y);
  }
  for (int s = 0; s < rates.steps; s++) {
    if (rates.likely != 0) kith__adapt_likely(a, n, x);
    for (int i = 0; i < n; i++)
      adapt_move(a, rates.likely, a->near + (int64_t)i * d, rates.own, own + (int64_t)i * d,
                 x + (int64_t)i * d);
  }
}

void kith__adapt_rows(const kith__adapt *a, kith__adapt_rates rates, int64_t n, const float *own, float *x) {
  for (int64_t i = 0; i < n; i += KITH__ADAPT_BLOCK)
    adapt_block(a, rates, (int)kith_min(n - i, KITH__ADAPT_BLOCK), own + i * a->d, x + i * a->d);
}
