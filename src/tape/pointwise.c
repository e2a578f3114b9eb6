/* Elementwise ops and ops on rows: sum, product, activation, concatenation, dropout, normalization. */
#include <string.h>

#include "tape/tape.h"

typedef struct pointwise {
  kith_tensor *a, *b, *y;
  float wa, wb;
  kith_activation f;
  float slope;
} pointwise;

static int64_t pointwise_size(const pointwise *o) { return kith_tensor_n(o->y) * o->y->d; }

/* A result with the rows of `x` and d columns. */
static kith_tensor *pointwise_like(kith_tape *t, const kith_tensor *x, int d) {
  return x->node_map ? kith_tape_tensor_like(t, x, x->node_map, d) : kith_tape_tensor(t, x->n_row, d);
}

static kith_tensor *pointwise_record(kith_tape *t, const char *name, pointwise made, void (*forward)(void *),
                                     void (*backward)(void *)) {
  made.y = pointwise_like(t, made.b && kith_tensor_requires_grad(made.b) ? made.b : made.a,
                          made.a->d); /* constant only if all inputs are */
  return kith_tape_record(t, name, false, forward, backward, &made, sizeof made, made.y);
}

static void add_forward(void *self) {
  pointwise *o = self;
  kith_scale(pointwise_size(o), o->wa, o->a->value, false, o->y->value);
  kith_scale(pointwise_size(o), o->wb, o->b->value, true, o->y->value);
}

static void add_backward(void *self) {
  pointwise *o = self;
  if (!kith_tensor_requires_grad(o->y)) return;
  const float *dy = kith_tensor_grad(o->y);
  if (kith_tensor_requires_grad(o->a)) kith_scale(pointwise_size(o), o->wa, dy, true, kith_tensor_grad(o->a));
  if (kith_tensor_requires_grad(o->b)) kith_scale(pointwise_size(o), o->wb, dy, true, kith_tensor_grad(o->b));
}

kith_tensor *kith_add_op(kith_tape *t, float wa, kith_tensor *a, float wb, kith_tensor *b) {
  if (!a || !b) return NULL;
  return pointwise_record(t, "add", (pointwise){.a = a, .b = b, .wa = wa, .wb = wb}, add_forward,
                          add_backward);
}

static void hadamard_forward(void *self) {
  pointwise *o = self;
  kith_hadamard_forward(pointwise_size(o), o->a->value, o->b->value, o->y->value);
}

static void hadamard_backward(void *self) {
  pointwise *o = self;
  if (!kith_tensor_requires_grad(o->y)) return;
  const float *dy = kith_tensor_grad(o->y);
  if (kith_tensor_requires_grad(o->a))
    kith_hadamard_backward(pointwise_size(o), o->b->value, dy, kith_tensor_grad(o->a));
  if (kith_tensor_requires_grad(o->b))
    kith_hadamard_backward(pointwise_size(o), o->a->value, dy, kith_tensor_grad(o->b));
}

kith_tensor *kith_hadamard_op(kith_tape *t, kith_tensor *a, kith_tensor *b) {
  if (!a || !b) return NULL;
  return pointwise_record(t, "hadamard", (pointwise){.a = a, .b = b}, hadamard_forward, hadamard_backward);
}

static void activate_forward(void *self) {
  pointwise *o = self;
  kith_activate_forward(o->f, o->slope, pointwise_size(o), o->a->value, o->y->value);
}

static void activate_backward(void *self) {
  pointwise *o = self;
  if (!kith_tensor_requires_grad(o->y)) return;
  const float *dy = kith_tensor_grad(o->y);
  kith_activate_backward(o->f, o->slope, pointwise_size(o), o->a->value, o->y->value, dy,
                         kith_tensor_grad(o->a));
}

kith_tensor *kith_activate_op(kith_tape *t, kith_activation f, float slope, kith_tensor *x) {
  if (!x) return NULL;
  return pointwise_record(t, "activate", (pointwise){.a = x, .f = f, .slope = slope}, activate_forward,
                          activate_backward);
}

/* ---- concatenation ---- */

typedef struct concat {
  int n;
  kith_tensor *x[KITH_MAX_CONCAT], *y;
} concat;

static void concat_forward(void *self) {
  concat *o = self;
  for (int i = 0, at = 0; i < o->n; at += o->x[i++]->d)
    for (int64_t r = 0; r < kith_tensor_n(o->y); r++)
      memcpy(o->y->value + r * o->y->d + at, o->x[i]->value + r * o->x[i]->d,
             (size_t)o->x[i]->d * sizeof(float));
}

static void concat_backward(void *self) {
  concat *o = self;
  if (!kith_tensor_requires_grad(o->y)) return;
  const float *dy = kith_tensor_grad(o->y);
  for (int i = 0, at = 0; i < o->n; at += o->x[i++]->d) {
    if (!kith_tensor_requires_grad(o->x[i])) continue;
    float *dx = kith_tensor_grad(o->x[i]);
    int d = o->x[i]->d;
    for (int64_t r = 0; r < kith_tensor_n(o->y); r++)
      for (int k = 0; k < d; k++) dx[r * d + k] += dy[r * o->y->d + at + k];
  }
}

kith_tensor *kith_concat_op(kith_tape *t, int n, kith_tensor *const *x) {
  int d = 0, like = 0;
  for (int i = 0; i < n; i++) {
    if (!x[i]) return NULL;
    d += x[i]->d;
    if (kith_tensor_requires_grad(x[i])) like = i; /* constant only if all inputs are */
  }
  concat made = {.n = n, .y = pointwise_like(t, x[like], d)};
  for (int i = 0; i < n; i++) made.x[i] = x[i];
  return kith_tape_record(t, "concat", false, concat_forward, concat_backward, &made, sizeof made, made.y);
}

/* ---- dropout ---- */

typedef struct dropout {
  const kith_exec_ctx *exec;
  double p;
  bool rows;
  uint64_t op;
  kith_tensor *x, *y;
} dropout;

static kith_dropout dropout_now(const dropout *o) {
  return (
      kith_dropout){.p = o->p, .rows = o->rows, .seed = o->exec->seed, .step = o->exec->step, .op = o->op};
}

static void dropout_forward(void *self) {
  dropout *o = self;
  int64_t n = kith_tensor_n(o->x);
  kith_dropout now = dropout_now(o);
  if (o->exec->training && o->p > 0)
    kith_dropout_forward(&now, n, o->x->d, o->x->node_map->node, o->x->value, o->y->value);
  else memcpy(o->y->value, o->x->value, (size_t)(n * o->x->d) * sizeof(float));
}

static void dropout_backward(void *self) {
  dropout *o = self;
  int64_t n = kith_tensor_n(o->x);
  if (!kith_tensor_requires_grad(o->y)) return;
  const float *dy = kith_tensor_grad(o->y);
  kith_dropout now = dropout_now(o);
  if (o->exec->training && o->p > 0)
    kith_dropout_backward(&now, n, o->x->d, o->x->node_map->node, dy, kith_tensor_grad(o->x));
  else kith_scale(n * o->x->d, 1, dy, true, kith_tensor_grad(o->x));
}

kith_tensor *kith_dropout_op(kith_tape *t, kith_exec_ctx *exec, double p, bool rows, kith_tensor *x) {
  if (!x) return NULL;
  if (x->sparse) return kith__sparse_dropout(t, exec, p, x);
  dropout made = {exec, p, rows, (uint64_t)exec->n_dropout++, x, pointwise_like(t, x, x->d)};
  return kith_tape_record(t, "dropout", false, dropout_forward, dropout_backward, &made, sizeof made, made.y);
}

/* ---- normalization of rows ---- */

typedef struct normalize {
  kith_tensor *x, *y, *norm;
  bool held; /* backward takes the lengths as they are */
} normalize;

static void normalize_forward(void *self) {
  normalize *o = self;
  kith_normalize_rows_forward(kith_tensor_n(o->x), o->x->d, o->x->value, o->y->value, o->norm->value);
}

static void normalize_backward(void *self) {
  normalize *o = self;
  if (!kith_tensor_requires_grad(o->y)) return;
  const float *dy = kith_tensor_grad(o->y);
  const int64_t d = o->x->d;
  for (int64_t i = 0; o->held && i < kith_tensor_n(o->x); i++)
    if (o->norm->value[i] > 0)
      kith_scale(d, 1 / o->norm->value[i], dy + i * d, true, kith_tensor_grad(o->x) + i * d);
  if (o->held) return;
  kith_normalize_rows_backward(kith_tensor_n(o->x), o->x->d, o->y->value, o->norm->value, dy,
                               kith_tensor_grad(o->x));
}

static kith_tensor *normalize_record(kith_tape *t, kith_tensor *x, bool held) {
  if (!x) return NULL;
  normalize made = {x, pointwise_like(t, x, x->d), pointwise_like(t, x, 1), held};
  return kith_tape_record(t, "normalize", false, normalize_forward, normalize_backward, &made, sizeof made,
                          made.y);
}

kith_tensor *kith_normalize_op(kith_tape *t, kith_tensor *x) { return normalize_record(t, x, false); }

kith_tensor *kith_normalize_held_op(kith_tape *t, kith_tensor *x) { return normalize_record(t, x, true); }
