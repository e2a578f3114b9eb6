/* Noise contrastive estimation: logistic classification of a pair's item against draws of the noise. */
#include <math.h>

#include "loss/pairs.h"

typedef struct nce {
  const kith_batch *b;
  kith_tensor *rows;
  kith_lid *hardest; /* [pairs, negatives] index of the draw used, in negative_row; there are no pools */
  double *logit;     /* [pairs, 1 + negatives] <u, i> - log(k p_n(i)): positive, then negatives */
  kith_exact_sum *loss;
} nce;

static void nce_logits(nce *o, kith_lid i) {
  const kith_batch *b = o->b;
  int d = o->rows->d, k = b->shape.n_negative;
  const float *x = o->rows->value, *u = x + kith__user_offset(b, i, d);
  double *logit = o->logit + (size_t)i * (size_t)(1 + k), log_k = log((double)k);
  logit[0] = (double)kith_dot(d, u, x + kith__positive_offset(b, i, d)) - log_k -
             kith_negative_distribution_log_prob(b->distribution, b->item[i]);
  for (int j = 0; j < k; j++)
    logit[1 + j] = (double)kith_dot(d, u, x + kith__negative_offset(b, o->hardest, i, j, d)) - log_k -
                   kith_negative_distribution_log_prob(b->distribution, b->negative_item[i * k + j]);
}

static void nce_forward(void *self) {
  nce *o = self;
  int64_t k = o->b->shape.n_negative, n = o->b->n_pair * (1 + k);
  kith__hardest_negatives(o->b, o->rows, o->hardest);
#pragma omp parallel for schedule(static)
  for (kith_lid i = 0; i < o->b->n_pair; i++) nce_logits(o, i);
  for (int64_t i = 0; i < n; i++)
    kith_exact_sum_add(o->loss, kith__softplus(i % (1 + k) == 0 ? -o->logit[i] : o->logit[i]) /
                                    (double)o->b->n_global);
}

/* With w = dloss / dlogit:  di = w u, du = sum of w i. */
static void nce_gradient(nce *o, kith_lid i, int j) {
  int width = o->rows->d;
  double logit = o->logit[(size_t)i * (size_t)(1 + o->b->shape.n_negative) + (size_t)j];
  float w = (float)((j == 0 ? -kith__sigmoid(-logit) : kith__sigmoid(logit)) / (double)o->b->n_global);
  size_t d = (size_t)width, u = kith__user_offset(o->b, i, width);
  size_t item = j == 0 ? kith__positive_offset(o->b, i, width)
                       : kith__negative_offset(o->b, o->hardest, i, j - 1, width);
  const float *x = o->rows->value;
  float *dx = o->rows->grad;
  for (size_t c = 0; c < d; c++) {
    dx[u + c] = (j == 0 ? 0 : dx[u + c]) + w * x[item + c];
    dx[item + c] = w * x[u + c];
  }
}

static void nce_backward(void *self) {
  nce *o = self;
#pragma omp parallel for schedule(static)
  for (kith_lid i = 0; i < o->b->n_pair; i++)
    for (int j = 0; j <= o->b->shape.n_negative; j++) nce_gradient(o, i, j);
}

void kith_nce_op(kith_tape *t, const kith_batch *b, kith_tensor *rows, kith_exact_sum *loss) {
  if (!rows) return;
  int64_t most = b->shape.pairs, k = b->shape.n_negative;
  nce made = {.b = b, .rows = rows, .loss = loss};
  made.hardest = kith_tape_workspace(t, most * k, sizeof *made.hardest);
  made.logit = kith_tape_workspace(t, most * (1 + k), sizeof *made.logit);
  nce *o = kith_tape_op(t, "nce", false, nce_forward, nce_backward, sizeof *o);
  if (o) *o = made;
}
