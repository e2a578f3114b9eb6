/*
 * GraphSAGE (Hamilton et al., NIPS 2017, algorithm 1): h_i = ReLU([h_i, aggregate of h_j] W + b), unit rows; the
 * aggregate is the mean of the neighbours, or the maximum of ReLU(h_j P + p).  The last layer has neither ReLU nor unit
 * rows, since products rank.
 */
#include "kith/model.h"

static kith_tensor *sage_aggregate(const kith_model_options *o, const kith_stage *s, int l, kith_tensor *h) {
  const kith_hop *hop = s->hop[l];
  if (o->aggregator == KITH_MEAN) return kith_aggregate_op(s->tape, hop, KITH_WEIGH_MEAN, kith_ghosts_op(s->tape, hop, h));
  kith_tensor *w = kith_stage_weights(s, "pool", l, h->d, o->width, KITH_INIT_GLOROT), *b = kith_stage_weights(s, "pool bias", l, 1, o->width, KITH_INIT_ZERO);
  kith_tensor *p = kith_activate_op(s->tape, KITH_RELU, 0, kith_linear_op(s->tape, h, w, b));
  return kith_aggregate_max_op(s->tape, hop, kith_ghosts_op(s->tape, hop, p));
}

void kith_sage_record(const kith_model_options *o, const kith_stage *s) {
  kith_tape *t = s->tape;
  kith_tensor *h = s->x;
  for (int l = 0; h && l < o->layers; l++) {
    if (o->dropout > 0) h = kith_dropout_op(t, s->play, o->dropout, false, h);
    kith_tensor *both[2] = {kith_self_op(t, s->hop[l], h), sage_aggregate(o, s, l, h)};
    kith_tensor *x = kith_concat_op(t, 2, both);
    if (!x) return;
    int d = kith_model_columns(o, l);
    h = kith_linear_op(t, x, kith_stage_weights(s, "weight", l, x->d, d, KITH_INIT_GLOROT), kith_stage_weights(s, "bias", l, 1, d, KITH_INIT_ZERO));
    if (l + 1 < o->layers) h = kith_unit_op(t, kith_activate_op(t, KITH_RELU, 0, h));
  }
  kith_readout_op(t, s->readout, 1, 0, h);
}
