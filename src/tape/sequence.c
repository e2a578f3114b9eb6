/* Layer normalization, causal attention, and the rows that enter them. */
#include "tape/sequence.h"

typedef struct layer_norm {
  kith_tensor *x, *gain, *bias, *y;
  float *moment; /* [rows, 2] */
} layer_norm;

static void layer_norm_forward(void *self) {
  layer_norm *o = self;
  kith_layer_norm_forward(kith_tensor_n(o->x), o->x->d, o->x->value, o->gain->value, o->bias->value,
                          o->y->value, o->moment);
}

static void layer_norm_backward(void *self) {
  layer_norm *o = self;
  const float *dy = kith_tensor_grad(o->y);
  kith_layer_norm_backward(kith_tensor_n(o->x), o->x->d, o->x->value, o->gain->value, o->moment, dy,
                           kith_tensor_grad(o->x), kith_tensor_grad(o->gain), kith_tensor_grad(o->bias));
}

kith_tensor *kith_layer_norm_op(kith_tape *t, kith_tensor *x, kith_tensor *gain, kith_tensor *bias) {
  if (!x || !gain || !bias) return NULL;
  layer_norm made = {.x = x, .gain = gain, .bias = bias};
  made.y = kith_tape_node_tensor(t, x->node_map, x->d);
  made.moment = kith_tape_workspace(t, x->n_row * 2, sizeof *made.moment);
  return kith_tape_record(t, "layer norm", false, layer_norm_forward, layer_norm_backward, &made, sizeof made,
                          made.y);
}

/* ---- attention ---- */

typedef struct causal {
  const kith_sequences *s;
  int heads;
  kith_tensor *q, *k, *v, *y;
  float *p; /* [rows, heads, longest] */
} causal;

static void causal_forward(void *self) {
  causal *o = self;
  kith_causal_attention_forward(o->s, o->heads, o->y->d, o->q->value, o->k->value, o->v->value, o->p,
                                o->y->value);
}

static void causal_backward(void *self) {
  causal *o = self;
  const float *dy = kith_tensor_grad(o->y);
  kith_causal_attention_backward(o->s, o->heads, o->y->d, o->q->value, o->k->value, o->v->value, o->p, dy,
                                 kith_tensor_grad(o->q), kith_tensor_grad(o->k), kith_tensor_grad(o->v));
}

kith_tensor *kith_causal_attention_op(kith_tape *t, const kith_sequences *s, int heads, kith_tensor *q,
                                      kith_tensor *k, kith_tensor *v) {
  if (!q || !k || !v) return NULL;
  causal made = {.s = s, .heads = heads, .q = q, .k = k, .v = v};
  made.y = kith_tape_node_tensor(t, q->node_map, q->d);
  made.p = kith_tape_workspace(t, q->n_row * heads * s->longest, sizeof *made.p);
  return kith_tape_record(t, "causal attention", false, causal_forward, causal_backward, &made, sizeof made,
                          made.y);
}

/* ---- the rows that enter ---- */

typedef struct sequence_rows {
  const kith_sequence_places *at;
  float scale;
  kith_tensor *item, *position, *x;
} sequence_rows;

static void sequence_rows_forward(void *self) {
  sequence_rows *o = self;
  kith_sequence_rows_forward(kith_tensor_n(o->x), o->x->d, o->at->item, o->at->place, o->scale,
                             o->item->value, o->position->value, o->x->value);
}

static void sequence_rows_backward(void *self) {
  sequence_rows *o = self;
  const float *dx = kith_tensor_grad(o->x);
  kith_sequence_rows_backward(kith_tensor_n(o->x), o->x->d, o->at->item, o->at->place, o->scale, dx,
                              kith_tensor_grad(o->item), kith_tensor_grad(o->position));
}

kith_tensor *kith_sequence_rows_op(kith_tape *t, const kith_node_map *rows, const kith_sequence_places *at,
                                   float scale, kith_tensor *item, kith_tensor *position) {
  if (!item || !position) return NULL;
  sequence_rows made = {at, scale, item, position, kith_tape_node_tensor(t, rows, item->d)};
  return kith_tape_record(t, "sequence rows", false, sequence_rows_forward, sequence_rows_backward, &made,
                          sizeof made, made.x);
}
