/* Intents as mixtures of rows, the users that weigh by them, and what keeps them apart. */
#include <string.h>

#include "ops/intents.h"
#include "tape/compose.h"
#include "tape/intents.h"

typedef struct mixture {
  kith_tensor *a, *q, *y;
  float *share; /* [m, r] */
} mixture;

static void mixture_forward(void *self) {
  mixture *o = self;
  kith_mixture_forward((int)o->a->n_row, o->a->d, o->q->d, o->a->value, o->q->value, o->share, o->y->value);
}

static void mixture_backward(void *self) {
  mixture *o = self;
  if (!kith_tensor_requires_grad(o->y)) return;
  kith_mixture_backward((int)o->a->n_row, o->a->d, o->q->d, o->q->value, o->share, kith_tensor_grad(o->y),
                        kith_tensor_grad(o->a), kith_tensor_grad(o->q));
}

kith_tensor *kith_mixture_op(kith_tape *t, kith_tensor *a, kith_tensor *q) {
  if (!a || !q) return NULL;
  mixture made = {a, q, kith_tape_tensor(t, a->n_row, q->d),
                  kith_tape_workspace(t, a->n_row * a->d, sizeof *made.share)};
  return kith_tape_record(t, "mixture", false, mixture_forward, mixture_backward, &made, sizeof made, made.y);
}

typedef struct intents {
  const kith_block *block;
  kith_tensor *g, *h, *near, *y;
  float *s, *ds;            /* [dst rows, m] shares of the intents, and the gradient of their scores */
  kith_exact_sum *gradient; /* [m, d] of g */
  double *scratch;          /* [2, m, d] */
} intents;

static void intents_forward(void *self) {
  intents *o = self;
  kith_intents_forward(kith_tensor_n(o->y), o->block->dst->node, (int)o->g->n_row, o->g->d, o->g->value,
                       o->h->value, o->near->value, o->s, o->y->value);
}

static float *intents_grad(kith_tensor *x) {
  return kith_tensor_requires_grad(x) ? kith_tensor_grad(x) : NULL;
}

static void intents_backward(void *self) {
  intents *o = self;
  int m = (int)o->g->n_row, d = o->g->d;
  int64_t n = kith_tensor_n(o->y);
  const int64_t *node = o->block->dst->node;
  const float *dy = kith_tensor_grad(o->y);
  memset(o->gradient, 0, (size_t)(m * d) * sizeof *o->gradient);
  kith_intents_backward(n, node, m, d, o->g->value, o->near->value, o->s, dy, o->ds, intents_grad(o->h),
                        intents_grad(o->near));
  kith_intents_gradient(n, node, m, d, o->h->value, o->near->value, o->s, o->ds, dy, o->scratch, o->gradient);
  kith__exact_gradient(o->block, o->gradient, o->g);
}

kith_tensor *kith_intents_op(kith_tape *t, const kith_block *block, kith_tensor *g, kith_tensor *h,
                             kith_tensor *near) {
  if (!g || !h || !near) return NULL;
  int64_t m = g->n_row, rows = block->dst->capacity;
  intents made = {.block = block, .g = g, .h = h, .near = near};
  made.y = kith_tape_node_tensor(t, block->dst, g->d);
  made.s = kith_tape_workspace(t, rows * m, sizeof *made.s);
  made.ds = kith_tape_workspace(t, rows * m, sizeof *made.ds);
  made.gradient = kith_tape_workspace(t, m * g->d, sizeof *made.gradient);
  made.scratch = kith_tape_workspace(t, 2 * m * g->d, sizeof *made.scratch);
  return kith_tape_record(t, "intents", block->dist_csr != NULL, intents_forward, intents_backward, &made,
                          sizeof made, made.y);
}

typedef struct independence {
  double weight;
  kith_tensor *g;
  kith_exact_sum *loss;
  double *scratch;
  float *dg; /* [m, d] */
} independence;

static void independence_forward(void *self) {
  independence *o = self;
  int m = (int)o->g->n_row, d = o->g->d;
  memset(o->dg, 0, (size_t)(m * d) * sizeof *o->dg);
  double sum = kith_distance_correlation(m, d, o->g->value, o->weight, o->scratch, o->dg);
  kith_exact_sum_add(o->loss, o->weight * sum);
}

static void independence_backward(void *self) {
  independence *o = self;
  kith_scale(o->g->n_row * o->g->d, 1, o->dg, true, kith_tensor_grad(o->g));
}

void kith_independence_op(kith_tape *t, const kith_comm *comm, double weight, kith_tensor *g,
                          kith_exact_sum *loss) {
  if (!g || weight == 0 || comm->rank != 0) return;
  independence made = {.weight = weight, .g = g, .loss = loss};
  int64_t d = g->d;
  made.scratch = kith_tape_workspace(t, (2 * d + 1) * d, sizeof *made.scratch);
  made.dg = kith_tape_workspace(t, g->n_row * d, sizeof *made.dg);
  independence *o =
      kith_tape_op(t, "independence", false, independence_forward, independence_backward, sizeof *o);
  if (o) *o = made;
}
