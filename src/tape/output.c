/* A model's output: a weighted sum or concatenation of layers, of which a step computes the rows that its
 * batch gathers. */
#include <math.h>

#include "tape/tape.h"

typedef struct layer_combine {
  kith_output *out;
  int i; /* which term */
} layer_combine;

/* Whether term i adds to an earlier one: the first term at an offset overwrites. */
static bool output_adds(const kith_output *out, int i) {
  for (int j = 0; j < i; j++)
    if (out->offset[j] == out->offset[i]) return true;
  return false;
}

static void layer_combine_forward(void *self) {
  layer_combine *o = self;
  const kith_output *out = o->out;
  const kith_tensor *h = out->h[o->i];
  kith_gather_forward(kith_output_index(out, h), h->d, out->weight[o->i], h->value, output_adds(out, o->i),
                      out->packed->d, out->packed->value + out->offset[o->i]);
}

static void layer_combine_backward(void *self) {
  layer_combine *o = self;
  kith_tensor *h = o->out->h[o->i];
  const kith_gather_index *p = kith_output_index(o->out, h);
  float *dh = kith_tensor_grad(h); /* rows that were not gathered have gradient zero */
  const float *dz = o->out->packed->grad + o->out->offset[o->i];
  kith_gather_backward(p, h->d, o->out->weight[o->i], o->out->packed->d, dz, dh);
  if (o->out->learned)
    o->out->dweight[o->i] = kith_gather_backward_weight(p, h->d, h->value, o->out->packed->d, dz);
}

void kith_layer_combine_op(kith_tape *t, kith_output *out, float weight, int offset, kith_tensor *h) {
  if (!h) return;
  layer_combine *o =
      kith_tape_op(t, "layer_combine", false, layer_combine_forward, layer_combine_backward, sizeof *o);
  if (!o) return;
  *o = (layer_combine){out, out->n};
  out->h[out->n] = h;
  out->offset[out->n] = offset;
  out->weight[out->n++] = weight;
}

/* ---- learned weights of the terms ---- */

typedef struct layer_weights {
  kith_output *out;
  kith_tensor *a;
} layer_weights;

static void layer_weights_forward(void *self) {
  layer_weights *o = self;
  const float *a = o->a->value;
  float max = a[0], sum = 0;
  for (int i = 1; i < o->a->d; i++) max = a[i] > max ? a[i] : max;
  for (int i = 0; i < o->a->d; i++) sum += o->out->weight[i] = expf(a[i] - max);
  for (int i = 0; i < o->a->d; i++) o->out->weight[i] /= sum;
}

/* da_i += w_i (dw_i - sum of w dw) */
static void layer_weights_backward(void *self) {
  layer_weights *o = self;
  const kith_output *out = o->out;
  float *da = kith_tensor_grad(o->a);
  double along = 0;
  for (int i = 0; i < o->a->d; i++) along += (double)out->weight[i] * out->dweight[i];
  for (int i = 0; i < o->a->d; i++) da[i] += (float)((double)out->weight[i] * (out->dweight[i] - along));
}

void kith_layer_weights_op(kith_tape *t, kith_output *out, kith_tensor *a) {
  if (!a) return;
  layer_weights *o =
      kith_tape_op(t, "layer_weights", false, layer_weights_forward, layer_weights_backward, sizeof *o);
  if (!o) return;
  *o = (layer_weights){out, a};
  out->learned = true;
}

void kith_output_rows(const kith_output *out, int64_t first, int64_t n, int d, float *final) {
  for (int i = 0; i < out->n; i++)
    kith_scale_rows(n, out->h[i]->d, out->weight[i], out->h[i]->value + first * out->h[i]->d,
                    output_adds(out, i), d, final + out->offset[i]);
}
