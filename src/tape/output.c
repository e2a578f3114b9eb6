/* A model's final embedding is a weighted sum of layers, or layers side by side; a step needs only the rows
 * that its batch asks for. */
#include <math.h>

#include "kith/tape.h"

typedef struct layer_combine {
  kith_output *r;
  int i; /* which term */
} layer_combine;

/* The first term at a column starts it; later ones at the same column add to it. */
static bool output_adds(const kith_output *r, int i) {
  for (int j = 0; j < i; j++)
    if (r->at[j] == r->at[i]) return true;
  return false;
}

static void layer_combine_forward(void *self) {
  layer_combine *o = self;
  const kith_output *r = o->r;
  kith_gather_forward(r->gather_index, r->h[o->i]->d, r->weight[o->i], r->h[o->i]->value,
                      output_adds(r, o->i), r->packed->d, r->packed->value + r->at[o->i]);
}

static void layer_combine_backward(void *self) {
  layer_combine *o = self;
  kith_tensor *h = o->r->h[o->i];
  float *dh = kith_tensor_grad(h); /* the rows not asked for have no gradient */
  const float *dz = o->r->packed->grad + o->r->at[o->i];
  kith_gather_backward(o->r->gather_index, h->d, o->r->weight[o->i], o->r->packed->d, dz, dh);
  if (o->r->mixed)
    o->r->dweight[o->i] =
        kith_gather_backward_weight(o->r->gather_index, h->d, h->value, o->r->packed->d, dz);
}

void kith_layer_combine_op(kith_tape *t, kith_output *r, float weight, int at, kith_tensor *h) {
  if (!h) return;
  layer_combine *o =
      kith_tape_op(t, "layer_combine", false, layer_combine_forward, layer_combine_backward, sizeof *o);
  if (!o) return;
  *o = (layer_combine){r, r->n};
  r->h[r->n] = h;
  r->at[r->n] = at;
  r->weight[r->n++] = weight;
}

/* ---- learned weights ---- */

typedef struct layer_weights {
  kith_output *r;
  kith_tensor *a;
} layer_weights;

static void layer_weights_forward(void *self) {
  layer_weights *o = self;
  const float *a = o->a->value;
  float most = a[0], sum = 0;
  for (int i = 1; i < o->a->d; i++) most = a[i] > most ? a[i] : most;
  for (int i = 0; i < o->a->d; i++) sum += o->r->weight[i] = expf(a[i] - most);
  for (int i = 0; i < o->a->d; i++) o->r->weight[i] /= sum;
}

/* da_i += w_i (dw_i - sum of w dw) */
static void layer_weights_backward(void *self) {
  layer_weights *o = self;
  const kith_output *r = o->r;
  float *da = kith_tensor_grad(o->a);
  double along = 0;
  for (int i = 0; i < o->a->d; i++) along += (double)r->weight[i] * r->dweight[i];
  for (int i = 0; i < o->a->d; i++) da[i] += (float)((double)r->weight[i] * (r->dweight[i] - along));
}

void kith_layer_weights_op(kith_tape *t, kith_output *r, kith_tensor *a) {
  if (!a) return;
  layer_weights *o =
      kith_tape_op(t, "layer_weights", false, layer_weights_forward, layer_weights_backward, sizeof *o);
  if (!o) return;
  *o = (layer_weights){r, a};
  r->mixed = true;
}

void kith_output_rows(const kith_output *r, int64_t n_own, int d, float *final) {
  for (int i = 0; i < r->n; i++)
    kith_scale_rows(n_own, r->h[i]->d, r->weight[i], r->h[i]->value, output_adds(r, i), d, final + r->at[i]);
}
