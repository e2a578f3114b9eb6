/* Attention over in-edges: scores, their softmax, and the sums that they weigh (Velickovic et al., GAT, ICLR 2018). */
#include "kith/tape.h"

typedef struct attention {
  const kith_hop *hop;
  float slope;
  kith_tensor *a, *b, *y; /* left and right; or alpha and x; or scores alone; or weights and x */
} attention;

static kith_tensor *attention_record(kith_tape *t, const char *name, attention made, void (*forward)(void *), void (*backward)(void *)) {
  attention *o = kith_tape_op(t, name, false, forward, backward, sizeof *o);
  if (o) *o = made;
  return o ? made.y : NULL;
}

static void heads_forward(void *self) {
  attention *o = self;
  kith_heads_forward(kith_tensor_n(o->b), o->y->d, o->b->d, o->a->value, o->b->value, o->y->value);
}

static void heads_backward(void *self) {
  attention *o = self;
  const float *dy = kith_tensor_open(o->y);
  kith_heads_backward(kith_tensor_n(o->b), o->y->d, o->b->d, o->a->value, o->b->value, dy, kith_tensor_open(o->a), kith_tensor_open(o->b));
}

kith_tensor *kith_heads_op(kith_tape *t, int heads, kith_tensor *a, kith_tensor *x) {
  if (!a || !x) return NULL;
  attention made = {NULL, 0, a, x, kith_tape_rows(t, x->frame, heads)};
  return attention_record(t, "heads", made, heads_forward, heads_backward);
}

static void score_forward(void *self) {
  attention *o = self;
  kith_edge_score_forward(o->hop->csr, o->y->d, o->slope, o->a->value, o->b->value, o->y->value);
}

static void score_backward(void *self) {
  attention *o = self;
  const float *ds = kith_tensor_open(o->y);
  kith_edge_score_backward_left(o->hop->csr, o->y->d, o->slope, o->y->value, ds, kith_tensor_open(o->a));
  kith_edge_score_backward_right(o->hop->back, o->y->d, o->slope, o->y->value, ds, kith_tensor_open(o->b));
}

kith_tensor *kith_score_op(kith_tape *t, const kith_hop *hop, float slope, kith_tensor *left, kith_tensor *right) {
  if (!left || !right) return NULL;
  attention made = {hop, slope, left, right, kith_tape_rows(t, hop->edges, left->d)};
  return attention_record(t, "score", made, score_forward, score_backward);
}

static void softmax_edges_forward(void *self) {
  attention *o = self;
  kith_edge_softmax_forward(o->hop->csr, o->y->d, o->a->value, o->y->value);
}

static void softmax_edges_backward(void *self) {
  attention *o = self;
  const float *dalpha = kith_tensor_open(o->y);
  kith_edge_softmax_backward(o->hop->csr, o->y->d, o->y->value, dalpha, kith_tensor_open(o->a));
}

kith_tensor *kith_softmax_edges_op(kith_tape *t, const kith_hop *hop, kith_tensor *s) {
  if (!s) return NULL;
  attention made = {hop, 0, s, NULL, kith_tape_rows(t, hop->edges, s->d)};
  return attention_record(t, "softmax of edges", made, softmax_edges_forward, softmax_edges_backward);
}

static void attend_forward(void *self) {
  attention *o = self;
  kith_edge_sum_forward(o->hop->csr, o->a->d, o->a->value, o->b->d, o->b->value, o->y->value);
}

static void attend_backward(void *self) {
  attention *o = self;
  const float *dy = kith_tensor_open(o->y);
  kith_edge_sum_backward_x(o->hop->back, o->a->d, o->a->value, o->b->d, dy, kith_tensor_open(o->b));
  kith_edge_sum_backward_w(o->hop->csr, o->a->d, o->b->d, o->b->value, dy, kith_tensor_open(o->a));
}

kith_tensor *kith_attend_op(kith_tape *t, const kith_hop *hop, kith_tensor *alpha, kith_tensor *x) {
  if (!alpha || !x) return NULL;
  attention made = {hop, 0, alpha, x, kith_tape_rows(t, hop->out, x->d)};
  return attention_record(t, "attend", made, attend_forward, attend_backward);
}
