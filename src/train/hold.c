/*
 * Rows of known nodes are held where the update began: hold/2 |x - x_old|^2.
 *
 * The penalty is not part of the gradient, which Adam would scale by its own size, but minimized exactly
 * after the optimizer's step, at the same learning rate: the proximal step (Parikh and Boyd, Proximal
 * algorithms, 2014, section 4.2), as AdamW decays weights.
 * So any penalty is stable, and a large one leaves the rows where they were.
 */
#include <string.h>

#include "train/trainer.h"

/* argmin over z of |z - x|^2 / 2 + lr hold/2 |z - held|^2 */
static void hold_row(int d, float pull, const float *held, float *x) {
  for (int j = 0; j < d; j++) x[j] += pull * (held[j] - x[j]);
}

void kith__hold(kith_trainer *t, double lr) {
  const kith_graph *g = t->g;
  double a = lr * t->train.update.hold;
  float pull = (float)(a / (1 + a)), *x = t->whole->x->value;
  const kith_lid *row = t->sampled ? t->fetch.grad_row : NULL; /* null: all */
  kith_lid n = t->sampled ? t->fetch.n_grad_row : g->n_own;
#pragma omp parallel for schedule(static)
  for (kith_lid k = 0; k < n; k++) {
    kith_lid i = row ? row[k] : k;
    if (!kith__row_is_new(t, i)) hold_row(t->d, pull, t->held + (int64_t)i * t->d, x + (int64_t)i * t->d);
  }
}

kith_status kith_trainer_hold(kith_trainer *t) {
  kith_status st = KITH_OK;
  int64_t n = (int64_t)t->g->n_own * t->d;
  if (!kith__rows_require_grad(t) || t->train.update.hold == 0) return st;
  KITH_TRY(KITH_NEW(t->held, n));
  memcpy(t->held, t->whole->x->value, (size_t)n * sizeof *t->held);
done:
  return st;
}
