/* L2 regularization of a batch's input rows, at their owners: a row that is gathered three times counts three
 * times. */
#include "tape/tape.h"

typedef struct l2 {
  const kith_gather_index *gather_index;
  const double *scale;
  kith_tensor *x;
  kith_exact_sum *loss;
} l2;

static void l2_forward(void *self) {
  l2 *o = self;
  for (kith_lid i = 0; i < o->gather_index->n_unique; i++) {
    const float *x = o->x->value + (size_t)o->gather_index->unique_row[i] * (size_t)o->x->d;
    kith_exact_sum_add(o->loss,
                       0.5 * *o->scale * o->gather_index->l2_count[i] * (double)kith_dot(o->x->d, x, x));
  }
}

static void l2_backward(void *self) {
  l2 *o = self;
  int d = o->x->d;
  float *dx = kith_tensor_grad(o->x);
#pragma omp parallel for schedule(static)
  for (kith_lid i = 0; i < o->gather_index->n_unique; i++) {
    size_t at = (size_t)o->gather_index->unique_row[i] * (size_t)d;
    float w = (float)(*o->scale * o->gather_index->l2_count[i]);
    for (int k = 0; k < d; k++) dx[at + (size_t)k] += w * o->x->value[at + (size_t)k];
  }
}

void kith_l2_op(kith_tape *t, const kith_gather_index *gather_index, const double *scale, kith_tensor *x,
                kith_exact_sum *loss) {
  if (!x) return;
  l2 *o = kith_tape_op(t, "l2", false, l2_forward, l2_backward, sizeof *o);
  if (o) *o = (l2){gather_index, scale, x, loss};
}
