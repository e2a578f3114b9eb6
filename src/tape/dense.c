/* Dense layers of one or two inputs with their activation. */
#include "ops/dense.h"

#include "tape/tape.h"

typedef struct dense {
  kith_dense shape;
  kith_tensor *x[2], *w[2], *bias[2], *y;
  float *scratch;
} dense;

static int dense_inputs(const dense *o) { return o->x[1] ? 2 : 1; }

/* The rows of an input that has more of them than y; null: the first. */
static const kith_lid *dense_rows(const dense *o, const kith_tensor *x) {
  const kith_row_subset *s = x->node_map != o->y->node_map ? o->y->node_map->subset : NULL;
  return s ? s->row : NULL;
}

/* The blocks of parameters move while a model is recorded. */
static kith_dense dense_now(const dense *o) {
  kith_dense now = o->shape;
  for (int i = 0; i < dense_inputs(o); i++) now.w[i] = o->w[i]->value;
  for (int i = 0; i < 2; i++) now.bias[i] = o->bias[i] ? o->bias[i]->value : NULL;
  for (int i = 0; i < dense_inputs(o); i++) now.row[i] = dense_rows(o, o->x[i]);
  return now;
}

static const float *dense_second(const dense *o) { return o->x[1] ? o->x[1]->value : NULL; }

static void dense_forward(void *self) {
  dense *o = self;
  kith_dense now = dense_now(o);
  kith_dense_forward(&now, kith_tensor_n(o->y), o->x[0]->value, dense_second(o), o->y->value);
}

/* Whether the gradient of an input is added to; if not, rows behind those of y, which are sources, are
 * cleared. */
static bool dense_adds(const dense *o, kith_tensor *x) {
  int64_t n_y = kith_tensor_n(o->y), n = kith_tensor_n(x);
  if (dense_rows(o, x)) (void)kith_tensor_grad(x);
  if (kith_tensor_mark_grad_written(x)) return true;
  kith_clear((n - n_y) * x->d, x->grad + n_y * x->d);
  return false;
}

static void dense_backward(void *self) {
  dense *o = self;
  kith_dense now = dense_now(o);
  kith_dense_gradients g = {.scratch = o->scratch};
  const kith_row_subset *s = o->y->node_map ? o->y->node_map->subset : NULL;
  if (s) g.piece_row = s->row;
  if (s) g.n_of = s->n_of;
  float *dy = kith_tensor_grad(o->y);
  for (int i = 0; i < dense_inputs(o); i++) {
    g.dw[i] = kith_tensor_grad(o->w[i]);
    if (!kith_tensor_requires_grad(o->x[i])) continue;
    g.add[i] = dense_adds(o, o->x[i]);
    g.dx[i] = o->x[i]->grad;
  }
  for (int i = 0; i < 2; i++) g.dbias[i] = o->bias[i] ? kith_tensor_grad(o->bias[i]) : NULL;
  kith_dense_backward(&now, kith_tensor_n(o->y), o->x[0]->value, dense_second(o), o->y->value, dy, &g);
}

kith_tensor *kith_dense_op(kith_tape *t, const kith_node_map *rows, kith_dense_inputs inputs, float slope,
                           kith_tensor *const x[2], kith_tensor *const w[2], kith_tensor *const bias[2]) {
  bool two = inputs != KITH_DENSE_ONE;
  if (!x[0] || !w[0] || (two && (!x[1] || !w[1]))) return NULL;
  dense made = {.shape = {.inputs = inputs, .k = {x[0]->d, two ? x[1]->d : 0}, .m = w[0]->d, .slope = slope},
                .x = {x[0], two ? x[1] : NULL},
                .w = {w[0], two ? w[1] : NULL},
                .bias = {bias[0], bias[1]}};
  made.y = kith_tape_node_tensor(t, rows, w[0]->d);
  made.scratch = kith_tape_workspace(t, kith_dense_scratch(&made.shape), sizeof *made.scratch);
  return kith_tape_record(t, "dense", false, dense_forward, dense_backward, &made, sizeof made, made.y);
}
