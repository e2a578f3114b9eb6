/* Attention over in-edges: scores, their softmax, and sums weighted by it (Velickovic et al., GAT, ICLR
 * 2018). */
#include "ops/attention.h"
#include "tape/tape.h"

typedef struct attention {
  const kith_block *block;
  float slope;
  kith_tensor *a, *b, *y; /* by op: left and right; alpha and x; scores and none; a and x */
} attention;

static kith_tensor *attention_record(kith_tape *t, const char *name, attention made, void (*forward)(void *),
                                     void (*backward)(void *)) {
  return kith_tape_record(t, name, false, forward, backward, &made, sizeof made, made.y);
}

static void head_dot_forward(void *self) {
  attention *o = self;
  kith_head_dot_forward(kith_tensor_n(o->b), o->y->d, o->b->d, o->a->value, o->b->value, o->y->value);
}

static void head_dot_backward(void *self) {
  attention *o = self;
  const float *dy = kith_tensor_grad(o->y);
  kith_head_dot_backward(kith_tensor_n(o->b), o->y->d, o->b->d, o->a->value, o->b->value, dy,
                         kith_tensor_grad(o->a), kith_tensor_grad(o->b));
}

kith_tensor *kith_head_dot_op(kith_tape *t, int heads, kith_tensor *a, kith_tensor *x) {
  if (!a || !x) return NULL;
  attention made = {NULL, 0, a, x, kith_tape_node_tensor(t, x->node_map, heads)};
  return attention_record(t, "head dot", made, head_dot_forward, head_dot_backward);
}

static void head_mean_forward(void *self) {
  attention *o = self;
  kith_head_mean_forward(kith_tensor_n(o->b), o->b->d / o->y->d, o->b->d, o->b->value, o->y->value);
}

static void head_mean_backward(void *self) {
  attention *o = self;
  const float *dy = kith_tensor_grad(o->y);
  kith_head_mean_backward(kith_tensor_n(o->b), o->b->d / o->y->d, o->b->d, dy, kith_tensor_grad(o->b));
}

kith_tensor *kith_head_mean_op(kith_tape *t, int heads, kith_tensor *x) {
  if (!x) return NULL;
  attention made = {NULL, 0, NULL, x, kith_tape_node_tensor(t, x->node_map, x->d / heads)};
  return attention_record(t, "head mean", made, head_mean_forward, head_mean_backward);
}

static void edge_score_forward(void *self) {
  attention *o = self;
  kith_edge_score_forward(o->block->csr, o->y->d, o->slope, o->a->value, kith_tensor_rows(o->b), o->y->value);
}

static void edge_score_backward(void *self) {
  attention *o = self;
  const float *ds = kith_tensor_grad(o->y);
  kith_edge_score_backward_left(o->block->csr, o->y->d, o->slope, o->y->value, ds, kith_tensor_grad(o->a));
  kith_edge_score_backward_right(o->block->csc, o->y->d, o->slope, o->y->value, ds,
                                 kith_tensor_grad_rows(o->b));
}

kith_tensor *kith_edge_score_op(kith_tape *t, const kith_block *block, float slope, kith_tensor *left,
                                kith_tensor *right) {
  if (!left || !right) return NULL;
  kith_ghosts_read(t, block, right, false);
  attention made = {block, slope, left, right, kith_tape_node_tensor(t, block->edges, left->d)};
  return attention_record(t, "edge score", made, edge_score_forward, edge_score_backward);
}

static void edge_softmax_forward(void *self) {
  attention *o = self;
  kith_edge_softmax_forward(o->block->csr, o->y->d, o->a->value, o->y->value);
}

static void edge_softmax_backward(void *self) {
  attention *o = self;
  const float *dalpha = kith_tensor_grad(o->y);
  kith_edge_softmax_backward(o->block->csr, o->y->d, o->y->value, dalpha, kith_tensor_grad(o->a));
}

kith_tensor *kith_edge_softmax_op(kith_tape *t, const kith_block *block, kith_tensor *s) {
  if (!s) return NULL;
  attention made = {block, 0, s, NULL, kith_tape_node_tensor(t, block->edges, s->d)};
  return attention_record(t, "edge softmax", made, edge_softmax_forward, edge_softmax_backward);
}

static void attend_forward(void *self) {
  attention *o = self;
  kith_edge_sum_forward(o->block->csr, o->a->d, o->a->value, o->b->d, kith_tensor_rows(o->b), o->y->value);
}

static void attend_backward(void *self) {
  attention *o = self;
  const float *dy = kith_tensor_grad(o->y);
  kith_edge_sum_backward_x(o->block->csc, o->a->d, o->a->value, o->b->d, dy, kith_tensor_grad_rows(o->b));
  kith_edge_sum_backward_w(o->block->csr, o->a->d, o->b->d, kith_tensor_rows(o->b), dy,
                           kith_tensor_grad(o->a));
}

kith_tensor *kith_attend_op(kith_tape *t, const kith_block *block, kith_tensor *alpha, kith_tensor *x) {
  if (!alpha || !x) return NULL;
  kith_ghosts_read(t, block, x, true);
  attention made = {block, 0, alpha, x, kith_tape_node_tensor(t, block->dst, x->d)};
  return attention_record(t, "attend", made, attend_forward, attend_backward);
}

/* ---- scores, softmax and sums in one ---- */

typedef struct fused_attention {
  const kith_block *block;
  kith_attention shape;
  kith_attention_rows keep;
  kith_tensor *left, *right, *z, *y;
} fused_attention;

static kith_attention fused_attention_now(const fused_attention *o) {
  kith_attention now = o->shape;
  now.subset = o->block->dst->subset;
  now.n_subset = (kith_lid)o->block->dst->n;
  return now;
}

static void fused_attention_forward(void *self) {
  fused_attention *o = self;
  kith_attention now = fused_attention_now(o);
  kith_attention_forward(o->block->csr, &now, o->left->value, kith_tensor_rows(o->right),
                         kith_tensor_rows(o->z), o->keep, o->y->value);
}

/* Columns are all of z's rows, ghosts included, so that the first gradient of z is written, not added. */
static void fused_attention_backward(void *self) {
  fused_attention *o = self;
  const float *dy = kith_tensor_grad(o->y);
  float *dleft = kith_tensor_grad(o->left);
  const kith_grad_rows dright = kith_tensor_grad_rows(o->right);
  bool add;
  const kith_grad_rows dz = kith_tensor_mark_grad_rows(o->z, &add);
  kith_attention now = fused_attention_now(o);
  kith_attention_backward_rows(o->block->csr, &now, o->keep, o->y->value, dy, dleft);
  kith_attention_backward_columns(o->block->csc, &now, o->keep, kith_tensor_rows(o->right),
                                  kith_tensor_rows(o->z), dy, dright, add, dz);
}

kith_tensor *kith_attention_op(kith_tape *t, const kith_block *block, float slope, kith_tensor *left,
                               kith_tensor *right, kith_tensor *z) {
  if (!left || !right || !z) return NULL;
  kith_ghosts_read(t, block, right, true);
  kith_ghosts_read(t, block, z, true);
  int64_t rows = block->dst->capacity;
  fused_attention made = {.block = block, .left = left, .right = right, .z = z};
  made.shape = (kith_attention){.heads = left->d, .d = z->d, .slope = slope};
  made.y = kith_tape_node_tensor(t, block->dst, z->d);
  made.keep.kept = kith_tape_workspace(t, rows * KITH_ATTENTION_KEPT * left->d, sizeof *made.keep.kept);
  made.keep.positive = kith_tape_workspace(t, rows * z->d, sizeof *made.keep.positive);
  return kith_tape_record(t, "attention", false, fused_attention_forward, fused_attention_backward, &made,
                          sizeof made, made.y);
}

/* ---- dropout of elements [entries, heads] ---- */

typedef struct attention_dropout {
  const kith_block *block;
  const kith_exec_ctx *exec;
  double p;
  uint64_t op;
  kith_tensor *x, *y;
} attention_dropout;

static kith_dropout attention_dropout_now(const attention_dropout *o) {
  return (kith_dropout){.p = o->p, .seed = o->exec->seed, .step = o->exec->step, .op = o->op};
}

static void attention_dropout_forward(void *self) {
  attention_dropout *o = self;
  const kith_block *block = o->block;
  kith_dropout now = attention_dropout_now(o);
  if (o->exec->training)
    kith_attention_dropout_forward(&now, block->csr, o->x->d, block->dst->node, block->src->node, o->x->value,
                                   o->y->value);
  else kith_scale(kith_tensor_n(o->x) * o->x->d, 1, o->x->value, false, o->y->value);
}

static void attention_dropout_backward(void *self) {
  attention_dropout *o = self;
  const kith_block *block = o->block;
  const float *dy = kith_tensor_grad(o->y);
  kith_dropout now = attention_dropout_now(o);
  if (o->exec->training)
    kith_attention_dropout_backward(&now, block->csr, o->x->d, block->dst->node, block->src->node, dy,
                                    kith_tensor_grad(o->x));
  else kith_scale(kith_tensor_n(o->x) * o->x->d, 1, dy, true, kith_tensor_grad(o->x));
}

kith_tensor *kith_attention_dropout_op(kith_tape *t, const kith_block *block, kith_exec_ctx *exec, double p,
                                       kith_tensor *x) {
  if (!x) return NULL;
  attention_dropout made = {block, exec,
                            p,     (uint64_t)exec->n_dropout++,
                            x,     kith_tape_node_tensor(t, block->edges, x->d)};
  return kith_tape_record(t, "attention dropout", false, attention_dropout_forward,
                          attention_dropout_backward, &made, sizeof made, made.y);
}
