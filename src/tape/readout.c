/* A model's final embedding is a weighted sum of layers, or layers side by side; a step needs only the rows
 * that its batch asks for. */
#include <math.h>

#include "kith/tape.h"

typedef struct readout {
  kith_readout *r;
  int i; /* which term */
} readout;

/* The first term at a column starts it; later ones at the same column add to it. */
static bool readout_adds(const kith_readout *r, int i) {
  for (int j = 0; j < i; j++)
    if (r->at[j] == r->at[i]) return true;
  return false;
}

static void readout_forward(void *self) {
  readout *o = self;
  const kith_readout *r = o->r;
  kith_pick_forward(r->picks, r->h[o->i]->d, r->weight[o->i], r->h[o->i]->value, readout_adds(r, o->i),
                    r->packed->d, r->packed->value + r->at[o->i]);
}

static void readout_backward(void *self) {
  readout *o = self;
  kith_tensor *h = o->r->h[o->i];
  float *dh = kith_tensor_open(h); /* the rows not asked for have no gradient */
  const float *dz = o->r->packed->grad + o->r->at[o->i];
  kith_pick_backward(o->r->picks, h->d, o->r->weight[o->i], o->r->packed->d, dz, dh);
  if (o->r->mixed)
    o->r->dweight[o->i] = kith_pick_backward_weight(o->r->picks, h->d, h->value, o->r->packed->d, dz);
}

void kith_readout_op(kith_tape *t, kith_readout *r, float weight, int at, kith_tensor *h) {
  if (!h) return;
  readout *o = kith_tape_op(t, "readout", false, readout_forward, readout_backward, sizeof *o);
  if (!o) return;
  *o = (readout){r, r->n};
  r->h[r->n] = h;
  r->at[r->n] = at;
  r->weight[r->n++] = weight;
}

/* ---- learned weights ---- */

typedef struct mix {
  kith_readout *r;
  kith_tensor *a;
} mix;

static void mix_forward(void *self) {
  mix *o = self;
  const float *a = o->a->value;
  float most = a[0], sum = 0;
  for (int i = 1; i < o->a->d; i++) most = a[i] > most ? a[i] : most;
  for (int i = 0; i < o->a->d; i++) sum += o->r->weight[i] = expf(a[i] - most);
  for (int i = 0; i < o->a->d; i++) o->r->weight[i] /= sum;
}

/* da_i += w_i (dw_i - sum of w dw) */
static void mix_backward(void *self) {
  mix *o = self;
  const kith_readout *r = o->r;
  float *da = kith_tensor_open(o->a);
  double along = 0;
  for (int i = 0; i < o->a->d; i++) along += (double)r->weight[i] * r->dweight[i];
  for (int i = 0; i < o->a->d; i++) da[i] += (float)((double)r->weight[i] * (r->dweight[i] - along));
}

void kith_mix_op(kith_tape *t, kith_readout *r, kith_tensor *a) {
  if (!a) return;
  mix *o = kith_tape_op(t, "mix", false, mix_forward, mix_backward, sizeof *o);
  if (!o) return;
  *o = (mix){r, a};
  r->mixed = true;
}

void kith_readout_all(const kith_readout *r, int64_t n_own, int d, float *final) {
  for (int i = 0; i < r->n; i++)
    kith_scale_rows(n_own, r->h[i]->d, r->weight[i], r->h[i]->value, readout_adds(r, i), d, final + r->at[i]);
}
