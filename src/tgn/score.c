/* Scores of all items for events, and their softmax. */
#include <math.h>

#include "tgn/tgn_impl.h"

KITH_KERNEL static void score_evidence(const tgn_scores *s, int e, float *y) {
  const tgn_clues *c = s->clues;
  const float *w = s->weight + (size_t)e * TGN_EVIDENCE;
  for (int h = 0; h < TGN_HALF_LIVES; h++) {
    const float *popular = c->popular + ((size_t)e * TGN_HALF_LIVES + (size_t)h) * (size_t)s->n_item;
    for (int64_t i = 0; i < s->n_item; i++) y[i] += w[TGN_POPULAR + h] * popular[i];
  }
  for (int k = c->start[e]; k < c->start[e + 1]; k++) {
    const tgn_met *m = &c->met[k];
    y[m->item] += w[m->place] + w[TGN_AGE] * m->age + w[TGN_COUNT] * m->count;
  }
}

void kith__tgn_score(const tgn_scores *s, float *y) {
  kith_gemm_nt(s->n, (int)s->n_item, s->d, 1, s->user + (size_t)s->first * (size_t)s->d, s->item, 0, y);
#pragma omp parallel for schedule(static)
  for (int e = 0; e < s->n; e++)
    if (s->weight) score_evidence(s, s->first + e, y + e * s->n_item);
}

/* ---- the loss ---- */

typedef struct tgn_loss {
  tgn_targets *targets;
  const tgn_clues *clues;
  kith_tensor *user, *item, *weight;
  float *p; /* [events, items] scores, probabilities, then gradients */
} tgn_loss;

static tgn_scores loss_scores(const tgn_loss *o) {
  return (tgn_scores){.n = o->targets->n,
                      .d = o->user->d,
                      .n_item = kith_tensor_n(o->item),
                      .user = o->user->value,
                      .item = o->item->value,
                      .weight = o->weight ? o->weight->value : NULL,
                      .clues = o->clues};
}

/* Scores become probabilities; returns the log of the sum of exponentials. */
KITH_KERNEL static double loss_softmax(int64_t n, float *y) {
  float max = -INFINITY;
  double sum = 0;
  for (int64_t i = 0; i < n; i++) max = y[i] > max ? y[i] : max;
  for (int64_t i = 0; i < n; i++) {
    y[i] = expf(y[i] - max);
    sum += (double)y[i];
  }
  for (int64_t i = 0; i < n; i++) y[i] = (float)((double)y[i] / sum);
  return (double)max + log(sum);
}

static void loss_forward(void *self) {
  tgn_loss *o = self;
  const tgn_scores s = loss_scores(o);
  kith__tgn_score(&s, o->p);
  for (int e = 0; e < s.n; e++) {
    float *p = o->p + e * s.n_item;
    const double own = (double)p[o->targets->item[e]];
    kith_exact_sum_add(&o->targets->loss, o->targets->scale * (loss_softmax(s.n_item, p) - own));
  }
}

/* dw of an event's evidence, of dy [items]. */
KITH_KERNEL static void loss_evidence(const tgn_scores *s, int e, const float *dy, float *dw) {
  const tgn_clues *c = s->clues;
  for (int h = 0; h < TGN_HALF_LIVES; h++)
    dw[TGN_POPULAR + h] +=
        kith_dot((int)s->n_item, dy,
                 c->popular + ((size_t)e * TGN_HALF_LIVES + (size_t)h) * (size_t)s->n_item);
  for (int k = c->start[e]; k < c->start[e + 1]; k++) {
    const tgn_met *m = &c->met[k];
    dw[m->place] += dy[m->item];
    dw[TGN_AGE] += dy[m->item] * m->age;
    dw[TGN_COUNT] += dy[m->item] * m->count;
  }
}

static void loss_backward(void *self) {
  tgn_loss *o = self;
  const tgn_scores s = loss_scores(o);
  const int n_item = (int)s.n_item;
  float *du = kith_tensor_grad(o->user), *di = kith_tensor_grad(o->item),
        *dw = o->weight ? kith_tensor_grad(o->weight) : NULL;
#pragma omp parallel for schedule(static)
  for (int e = 0; e < s.n; e++) {
    float *p = o->p + (size_t)e * (size_t)n_item;
    p[o->targets->item[e]] -= 1;
    for (int i = 0; i < n_item; i++) p[i] *= (float)o->targets->scale;
    if (dw) loss_evidence(&s, e, p, dw + (size_t)e * TGN_EVIDENCE);
  }
  kith_gemm_nn(s.n, s.d, n_item, 1, o->p, s.item, 1, du);
  kith_gemm_tn(n_item, s.d, s.n, 1, o->p, s.user, 1, di);
}

void kith__tgn_loss_op(kith_tape *t, tgn_targets *targets, const tgn_clues *clues, int max_event,
                       kith_tensor *user, kith_tensor *item, kith_tensor *weight) {
  if (!user || !item) return;
  float *p = kith_tape_workspace(t, max_event * item->n_row, sizeof *p);
  tgn_loss *o = kith_tape_op(t, "stream softmax", false, loss_forward, loss_backward, sizeof *o);
  if (o) *o = (tgn_loss){targets, clues, user, item, weight, p};
}
