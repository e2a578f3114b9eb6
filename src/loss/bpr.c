/* Bayesian personalized ranking on the rows of a batch. */
#include "loss/pairs.h"

typedef struct bpr {
  const kith_batch *b;
  kith_tensor *rows;
  kith_lid *hardest; /* [pairs, negatives] index of the draw used, in negative_row */
  double *margin;    /* [pairs, negatives] <u, negative> - <u, positive> */
  kith_exact_sum *loss;
} bpr;

static void bpr_margins(bpr *o, kith_lid i) {
  int d = o->rows->d, k = o->b->shape.n_negative;
  const float *x = o->rows->value, *u = x + kith__user_offset(o->b, i, d);
  double positive = (double)kith_dot(d, u, x + kith__positive_offset(o->b, i, d));
  for (int j = 0; j < k; j++)
    o->margin[i * k + j] =
        (double)kith_dot(d, u, x + kith__negative_offset(o->b, o->hardest, i, j, d)) - positive;
}

static void bpr_forward(void *self) {
  bpr *o = self;
  int k = o->b->shape.n_negative;
  kith__hardest_negatives(o->b, o->rows, o->hardest);
#pragma omp parallel for schedule(static)
  for (kith_lid i = 0; i < o->b->n_pair; i++) bpr_margins(o, i);
  for (int64_t i = 0; i < (int64_t)o->b->n_pair * k; i++)
    kith_exact_sum_add(o->loss, kith__softplus(o->margin[i]) / (double)o->b->n_global / k);
}

/* With s = sigmoid(margin) / (pairs * k), over the negatives n of a pair:  du = sum s (n - p), dn = s u, dp =
 * -sum s u. */
static void bpr_gradient(bpr *o, kith_lid i, int j) {
  int width = o->rows->d, k = o->b->shape.n_negative;
  size_t d = (size_t)width, u = kith__user_offset(o->b, i, width), p = kith__positive_offset(o->b, i, width);
  size_t n = kith__negative_offset(o->b, o->hardest, i, j, width);
  const float *x = o->rows->value;
  float *dx = o->rows->grad, s = (float)(kith__sigmoid(o->margin[i * k + j]) / (double)o->b->n_global / k);
  for (size_t c = 0; c < d; c++) {
    float du = s * (x[n + c] - x[p + c]), dp = -s * x[u + c];
    dx[u + c] = j > 0 ? dx[u + c] + du : du;
    dx[p + c] = j > 0 ? dx[p + c] + dp : dp;
    dx[n + c] = s * x[u + c];
  }
}

/* Every row belongs to one pair: = in place of +=. */
static void bpr_backward(void *self) {
  bpr *o = self;
#pragma omp parallel for schedule(static)
  for (kith_lid i = 0; i < o->b->n_pair; i++) {
    for (int j = 0; j < o->b->shape.n_negative; j++) bpr_gradient(o, i, j);
    kith__zero_unused_grad(o->b, o->hardest, i, o->rows);
  }
}

void kith_bpr_op(kith_tape *t, const kith_batch *b, kith_tensor *rows, kith_exact_sum *loss) {
  if (!rows) return;
  int64_t most = (int64_t)b->shape.pairs * b->shape.n_negative;
  bpr made = {.b = b, .rows = rows, .loss = loss};
  made.hardest = kith_tape_workspace(t, most, sizeof *made.hardest);
  made.margin = kith_tape_workspace(t, most, sizeof *made.margin);
  bpr *o = kith_tape_op(t, "bpr", false, bpr_forward, bpr_backward, sizeof *o);
  if (o) *o = made;
}
