/* y = x w + b. */
#include "tape/tape.h"

typedef struct linear {
  kith_tensor *x, *w, *b, *y;
} linear;

static void linear_forward(void *self) {
  linear *o = self;
  int n = (int)kith_tensor_n(o->x), k = o->x->d, m = o->y->d;
  kith_gemm_nn(n, m, k, 1, o->x->value, o->w->value, 0, o->y->value);
  if (o->b) kith_bias_forward(n, m, o->b->value, o->y->value);
}

/* dx += dy w', dw += x' dy, db += column sums of dy. */
static void linear_backward(void *self) {
  linear *o = self;
  int n = (int)kith_tensor_n(o->x), k = o->x->d, m = o->y->d;
  const float *dy = kith_tensor_grad(o->y);
  if (kith_tensor_requires_grad(o->x)) kith_gemm_nt(n, k, m, 1, dy, o->w->value, 1, kith_tensor_grad(o->x));
  kith_gemm_tn(k, m, n, 1, o->x->value, dy, 1, kith_tensor_grad(o->w));
  if (o->b) kith_bias_backward(n, m, dy, kith_tensor_grad(o->b));
}

kith_tensor *kith_linear_op(kith_tape *t, kith_tensor *x, kith_tensor *w, kith_tensor *b) {
  if (!x || !w) return NULL;
  if (x->sparse) return kith__sparse_linear(t, x, w, b);
  kith_tensor *y =
      x->node_map ? kith_tape_node_tensor(t, x->node_map, w->d) : kith_tape_tensor(t, x->n_row, w->d);
  const linear made = {x, w, b, y};
  return kith_tape_record(t, "linear", false, linear_forward, linear_backward, &made, sizeof made, y);
}

/* ---- rows of weights ---- */

typedef struct row_view {
  kith_tensor view;
  const kith_tensor *w;
  int64_t first;
} row_view;

/* The blocks of parameters move while a model is recorded. */
static void row_view_forward(void *self) {
  row_view *o = self;
  o->view.value = o->w->value + o->first * o->view.d;
  o->view.grad = o->w->grad + o->first * o->view.d;
}

kith_tensor *kith_row_view_op(kith_tape *t, kith_tensor *w, int64_t first, int64_t n) {
  if (!w) return NULL;
  row_view *o = kith_tape_op(t, "row view", false, row_view_forward, NULL, sizeof *o);
  if (!o) return NULL;
  *o = (row_view){.view = {.n_row = n, .d = w->d, .grad_written = true}, .w = w, .first = first};
  row_view_forward(o);
  return &o->view;
}

/* ---- weights mixed with the identity ---- */

typedef struct identity_mix {
  float b;
  kith_tensor *w, *y;
} identity_mix;

static void identity_mix_forward(void *self) {
  identity_mix *o = self;
  int d = o->y->d;
  kith_scale((int64_t)d * d, o->b, o->w->value, false, o->y->value);
  for (int i = 0; i < d; i++) o->y->value[i * d + i] += 1 - o->b;
}

static void identity_mix_backward(void *self) {
  identity_mix *o = self;
  kith_scale((int64_t)o->y->d * o->y->d, o->b, kith_tensor_grad(o->y), true, kith_tensor_grad(o->w));
}

kith_tensor *kith_identity_mix_op(kith_tape *t, float b, kith_tensor *w) {
  if (!w) return NULL;
  kith_tensor *y = kith_tape_tensor(t, w->n_row, w->d);
  const identity_mix made = {b, w, y};
  return kith_tape_record(t, "identity mix", false, identity_mix_forward, identity_mix_backward, &made,
                          sizeof made, y);
}
