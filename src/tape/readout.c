/* A model's final embedding is a weighted sum of layers; a step needs only the rows that its batch asks for. */
#include "kith/tape.h"

typedef struct readout {
  kith_readout *r;
  int i; /* which term */
} readout;

static void readout_forward(void *self) {
  readout *o = self;
  kith_pick_forward(o->r->picks, o->r->packed->d, o->r->weight[o->i], o->r->h[o->i]->value, o->i > 0, o->r->packed->value);
}

static void readout_backward(void *self) {
  readout *o = self;
  kith_tensor *h = o->r->h[o->i];
  if (!kith_tensor_touch(h)) kith_clear(h->n_row * h->d, h->grad); /* the rows not asked for have no gradient */
  kith_pick_backward(o->r->picks, h->d, o->r->weight[o->i], o->r->packed->grad, h->grad);
}

void kith_readout_op(kith_tape *t, kith_readout *r, float weight, kith_tensor *h) {
  if (!h) return;
  readout *o = kith_tape_op(t, "readout", false, readout_forward, readout_backward, sizeof *o);
  if (!o) return;
  *o = (readout){r, r->n};
  r->h[r->n] = h;
  r->weight[r->n++] = weight;
}

void kith_readout_all(const kith_readout *r, int64_t n_own, float *final) {
  for (int i = 0; i < r->n; i++) kith_scale(n_own * r->h[i]->d, r->weight[i], r->h[i]->value, i > 0, final);
}
