/* Scores of all items for events, and their softmax. */
#include <math.h>

#include "tgn/tgn_impl.h"

/* Evidence of event e, the k-th that is scored. */
KITH_KERNEL static void score_evidence(const tgn_scores *s, int k, float *y) {
  const tgn_clues *c = s->clues;
  const int e = s->first + k;
  const float *w = s->weight + (size_t)e * TGN_EVIDENCE;
  float *popular = s->popular + (size_t)k * TGN_HALF_LIVES * (size_t)s->n_item;
  kith__tgn_clues_popular(c, e, s->from, s->n_item, popular);
  for (int h = 0; h < TGN_HALF_LIVES; h++, popular += s->n_item)
    for (int64_t i = 0; i < s->n_item; i++) y[i] += w[TGN_POPULAR + h] * popular[i];
  for (int m = c->start[e]; m < c->start[e + 1]; m++) {
    const tgn_met *met = &c->met[m];
    const int64_t i = met->item - s->from;
    if (i >= 0 && i < s->n_item) y[i] += w[met->place] + w[TGN_AGE] * met->age + w[TGN_COUNT] * met->count;
  }
}

void kith__tgn_score(const tgn_scores *s, float *y) {
  const size_t d = (size_t)s->d;
  kith_gemm_nt(s->n, (int)s->n_item, s->d, 1, s->user + (size_t)s->first * d, s->item + (size_t)s->from * d,
               0, y);
#pragma omp parallel for schedule(static)
  for (int k = 0; k < s->n; k++)
    if (s->weight) score_evidence(s, k, y + k * s->n_item);
}

/* ---- the loss ---- */

typedef struct tgn_loss {
  tgn_targets *targets;
  const tgn_clues *clues;
  kith_tensor *user, *item, *weight;
  int64_t block;           /* items at a time */
  float *p;                /* [events, block] scores, probabilities, then gradients */
  float *popular;          /* [events, TGN_HALF_LIVES, block] */
  double *max, *sum, *own; /* [events] of the scores: the largest, the sum of exp(score - max), the item's */
} tgn_loss;

static int64_t loss_n_item(const tgn_loss *o) { return kith_tensor_n(o->item); }

/* The block that begins with item `from`, whose scores are o->p. */
static tgn_scores loss_block(const tgn_loss *o, int64_t from) {
  return (tgn_scores){.n = o->targets->n,
                      .d = o->user->d,
                      .from = from,
                      .n_item = kith_min(o->block, loss_n_item(o) - from),
                      .user = o->user->value,
                      .item = o->item->value,
                      .weight = o->weight ? o->weight->value : NULL,
                      .clues = o->clues,
                      .popular = o->popular};
}

/* Add n scores to an event's largest one and sum. */
KITH_KERNEL static void loss_add(int64_t n, const float *y, double *max, double *sum) {
  float most = (float)*max;
  double more = 0;
  for (int64_t i = 0; i < n; i++) most = y[i] > most ? y[i] : most;
  for (int64_t i = 0; i < n; i++) more += (double)expf(y[i] - most);
  *sum = *sum * exp(*max - (double)most) + more;
  *max = (double)most;
}

static void loss_forward(void *self) {
  tgn_loss *o = self;
  tgn_targets *of = o->targets;
  for (int e = 0; e < of->n; e++) {
    o->max[e] = -INFINITY;
    o->sum[e] = 0;
  }
  for (int64_t from = 0; from < loss_n_item(o); from += o->block) {
    const tgn_scores s = loss_block(o, from);
    kith__tgn_score(&s, o->p);
    for (int e = 0; e < s.n; e++) {
      const float *y = o->p + e * s.n_item;
      const int64_t i = of->item[e] - from;
      if (i >= 0 && i < s.n_item) o->own[e] = (double)y[i];
      loss_add(s.n_item, y, &o->max[e], &o->sum[e]);
    }
  }
  for (int e = 0; e < of->n; e++)
    kith_exact_sum_add(&of->loss, of->scale * (o->max[e] + log(o->sum[e]) - o->own[e]));
}

/* dw of the evidence of event e, of dy [n_item]. */
KITH_KERNEL static void loss_evidence(const tgn_scores *s, int e, const float *dy, float *dw) {
  const tgn_clues *c = s->clues;
  const float *popular = s->popular + (size_t)e * TGN_HALF_LIVES * (size_t)s->n_item;
  for (int h = 0; h < TGN_HALF_LIVES; h++)
    dw[TGN_POPULAR + h] += kith_dot((int)s->n_item, dy, popular + h * s->n_item);
  for (int k = c->start[e]; k < c->start[e + 1]; k++) {
    const tgn_met *m = &c->met[k];
    const int64_t i = m->item - s->from;
    if (i < 0 || i >= s->n_item) continue;
    dw[m->place] += dy[i];
    dw[TGN_AGE] += dy[i] * m->age;
    dw[TGN_COUNT] += dy[i] * m->count;
  }
}

/* Scores of event e in p [n_item] become gradients. */
KITH_KERNEL static void loss_slope(const tgn_loss *o, const tgn_scores *s, int e, float *p) {
  const float max = (float)o->max[e], scale = (float)o->targets->scale;
  const int64_t own = o->targets->item[e] - s->from;
  for (int64_t i = 0; i < s->n_item; i++) p[i] = (float)((double)expf(p[i] - max) / o->sum[e]);
  if (own >= 0 && own < s->n_item) p[own] -= 1;
  for (int64_t i = 0; i < s->n_item; i++) p[i] *= scale;
}

/* The scores of a single block are there; those of several are computed once more. */
static void loss_backward(void *self) {
  tgn_loss *o = self;
  float *du = kith_tensor_grad(o->user), *di = kith_tensor_grad(o->item),
        *dw = o->weight ? kith_tensor_grad(o->weight) : NULL;
  for (int64_t from = 0; from < loss_n_item(o); from += o->block) {
    const tgn_scores s = loss_block(o, from);
    const int n = (int)s.n_item;
    if (s.n_item < loss_n_item(o)) kith__tgn_score(&s, o->p);
    const size_t at = (size_t)from * (size_t)s.d;
#pragma omp parallel for schedule(static)
    for (int e = 0; e < s.n; e++) {
      float *p = o->p + (size_t)e * (size_t)n;
      loss_slope(o, &s, e, p);
      if (dw) loss_evidence(&s, e, p, dw + (size_t)e * TGN_EVIDENCE);
    }
    kith_gemm_nn(s.n, s.d, n, 1, o->p, s.item + at, 1, du);
    kith_gemm_tn(n, s.d, s.n, 1, o->p, s.user, 1, di + at);
  }
}

void kith__tgn_loss_op(kith_tape *t, tgn_targets *targets, const tgn_clues *clues, int max_event,
                       int64_t block, kith_tensor *user, kith_tensor *item, kith_tensor *weight) {
  if (!user || !item) return;
  float *p = kith_tape_workspace(t, max_event * block, sizeof *p);
  float *popular = kith_tape_workspace(t, max_event * TGN_HALF_LIVES * block, sizeof *popular);
  double *max = kith_tape_workspace(t, 3 * (int64_t)max_event, sizeof *max);
  tgn_loss *o = kith_tape_op(t, "stream softmax", false, loss_forward, loss_backward, sizeof *o);
  if (o && max)
    *o = (tgn_loss){.targets = targets,
                    .clues = clues,
                    .user = user,
                    .item = item,
                    .weight = weight,
                    .block = block,
                    .p = p,
                    .popular = popular,
                    .max = max,
                    .sum = max + max_event,
                    .own = max + 2 * (int64_t)max_event};
}
