/* Bayesian personalised ranking on the rows of a batch. */
#include <math.h>

#include "kith/loss.h"

typedef struct bpr {
  const kith_batch *b;
  kith_tensor *rows;
  kith_sum *loss;
} bpr;

/* log(1 + exp(x)) without overflow. */
static double bpr_softplus(double x) { return x > 0 ? x + log1p(exp(-x)) : log1p(exp(x)); }

/* How much the user prefers the negative: <u, n> - <u, p>. */
static double bpr_margin(const bpr *o, kith_lid i) {
  int d = o->rows->d;
  const float *x = o->rows->value;
  const float *u = x + (size_t)o->b->at[0][i] * (size_t)d;
  const float *p = x + (size_t)o->b->at[1][i] * (size_t)d, *n = x + (size_t)o->b->at[2][i] * (size_t)d;
  return (double)kith_dot(d, u, n) - (double)kith_dot(d, u, p);
}

static void bpr_forward(void *self) {
  bpr *o = self;
  for (kith_lid i = 0; i < o->b->n_pair; i++) kith_sum_add(o->loss, bpr_softplus(bpr_margin(o, i)) / (double)o->b->n_global);
}

/* With s = sigmoid(margin) / pairs:  du = s (n - p), dn = s u, dp = -s u.  Each row belongs to one pair. */
static void bpr_backward(void *self) {
  bpr *o = self;
  size_t d = (size_t)o->rows->d;
  const float *x = o->rows->value;
  float *dx = o->rows->grad;
#pragma omp parallel for schedule(static)
  for (kith_lid i = 0; i < o->b->n_pair; i++) {
    float s = (float)(1 / (1 + exp(-bpr_margin(o, i))) / (double)o->b->n_global);
    size_t u = d * (size_t)o->b->at[0][i], p = d * (size_t)o->b->at[1][i], n = d * (size_t)o->b->at[2][i];
    for (size_t k = 0; k < d; k++) {
      dx[u + k] = s * (x[n + k] - x[p + k]);
      dx[n + k] = s * x[u + k];
      dx[p + k] = -s * x[u + k];
    }
  }
}

void kith_bpr_op(kith_tape *t, const kith_batch *b, kith_tensor *rows, kith_sum *loss) {
  if (!rows) return;
  bpr *o = kith_tape_op(t, "bpr", false, bpr_forward, bpr_backward, sizeof *o);
  if (o) *o = (bpr){b, rows, loss};
}
