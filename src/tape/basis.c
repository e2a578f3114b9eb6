/* A matrix as a weighted sum of shared ones. */
#include "tape/tape.h"

typedef struct basis {
  int row;
  kith_tensor *a, *v, *y;
} basis;

static int64_t basis_size(const basis *o) { return o->y->n_row * o->y->d; }

static void basis_forward(void *self) {
  basis *o = self;
  const float *a = o->a->value + (int64_t)o->row * o->a->d;
  for (int b = 0; b < o->a->d; b++)
    kith_scale(basis_size(o), a[b], o->v->value + b * basis_size(o), b > 0, o->y->value);
}

/* dv_b += a_b dy, da_b += <dy, v_b> */
static void basis_backward(void *self) {
  basis *o = self;
  int64_t n = basis_size(o);
  const float *a = o->a->value + (int64_t)o->row * o->a->d, *dy = kith_tensor_grad(o->y);
  float *da = kith_tensor_grad(o->a) + (int64_t)o->row * o->a->d, *dv = kith_tensor_grad(o->v);
  for (int b = 0; b < o->a->d; b++) {
    double sum = 0;
    for (int64_t i = 0; i < n; i++) sum += (double)dy[i] * (double)o->v->value[b * n + i];
    da[b] += (float)sum;
    kith_scale(n, a[b], dy, true, dv + b * n);
  }
}

kith_tensor *kith_basis_op(kith_tape *t, kith_tensor *a, int row, kith_tensor *v) {
  if (!a || !v) return NULL;
  kith_tensor *y = kith_tape_tensor(t, v->n_row / a->d, v->d);
  const basis made = {row, a, v, y};
  return kith_tape_record(t, "basis", false, basis_forward, basis_backward, &made, sizeof made, y);
}
