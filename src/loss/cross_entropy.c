/* Cross-entropy on the logits of labeled nodes; each node's loss is computed by its owner. */
#include <math.h>

#include "loss/loss.h"

typedef struct cross_entropy {
  const kith_train_nodes *l;
  kith_tensor *rows;
  double *lse; /* [max nodes] log-sum-exp of the logits */
  kith_exact_sum *loss;
} cross_entropy;

static const float *cross_entropy_row(const cross_entropy *o, kith_lid i) {
  return o->rows->value + (size_t)i * (size_t)o->rows->d;
}

static double cross_entropy_lse(int n, const float *x) {
  double max = (double)x[0], sum = 0;
  for (int k = 1; k < n; k++) max = (double)x[k] > max ? (double)x[k] : max;
  for (int k = 0; k < n; k++) sum += exp((double)x[k] - max);
  return max + log(sum);
}

static void cross_entropy_forward(void *self) {
  cross_entropy *o = self;
  const kith_train_nodes *l = o->l;
#pragma omp parallel for schedule(static)
  for (kith_lid i = 0; i < l->n; i++) o->lse[i] = cross_entropy_lse(o->rows->d, cross_entropy_row(o, i));
  for (kith_lid i = 0; i < l->n; i++)
    kith_exact_sum_add(o->loss, l->weight[i] * (o->lse[i] - (double)cross_entropy_row(o, i)[l->label[i]]));
}

/* dx_ic = weight_i (softmax_ic - [c is the label]) */
static void cross_entropy_backward(void *self) {
  cross_entropy *o = self;
  const kith_train_nodes *l = o->l;
  int n = o->rows->d;
#pragma omp parallel for schedule(static)
  for (kith_lid i = 0; i < l->n; i++) {
    const float *x = cross_entropy_row(o, i);
    float *dx = o->rows->grad + (size_t)i * (size_t)n;
    for (int k = 0; k < n; k++)
      dx[k] = (float)(l->weight[i] * (exp((double)x[k] - o->lse[i]) - (k == l->label[i] ? 1 : 0)));
  }
}

void kith_cross_entropy_op(kith_tape *t, const kith_train_nodes *l, kith_tensor *rows, kith_exact_sum *loss) {
  if (!rows) return;
  cross_entropy made = {.l = l,
                        .rows = rows,
                        .lse = kith_tape_workspace(t, l->max_nodes, sizeof(double)),
                        .loss = loss};
  cross_entropy *o =
      kith_tape_op(t, "cross-entropy", false, cross_entropy_forward, cross_entropy_backward, sizeof *o);
  if (o) *o = made;
}
