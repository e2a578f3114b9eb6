/*
 * GraphSAGE (Hamilton et al., NIPS 2017, algorithm 1): h_i = ReLU([h_i, aggregate of h_j] W + b), unit rows;
 * the aggregate is the mean of the neighbors, or the maximum of ReLU(h_j P + p), or what an LSTM holds after
 * reading them. The last layer has neither ReLU nor unit rows, since products rank.
 */
#include "kith/model.h"

static kith_tensor *sage_pool(const kith_model_options *o, const kith_stage *s, int l, kith_tensor *h) {
  kith_stage_weights(s, "pool", l, h->d, o->width,
                     KITH_INIT_GLOROT); /* before its bias, as in older checkpoints */
  kith_tensor *p =
      kith_activate_op(s->tape, KITH_RELU, 0, kith_stage_linear(s, "pool", "pool bias", l, o->width, h));
  return kith_aggregate_max_op(s->tape, s->hop[l], kith_ghosts_op(s->tape, s->hop[l], p));
}

/* What neighbors say to the gates is computed once a node, not once an edge. */
static kith_tensor *sage_lstm(const kith_model_options *o, const kith_stage *s, int l, kith_tensor *h) {
  kith_tensor *z =
      kith_ghosts_op(s->tape, s->hop[l], kith_stage_linear(s, "lstm in", "lstm bias", l, 4 * o->width, h));
  return kith_lstm_op(s->tape, s->hop[l], s->play, KITH_LSTM_MOST, z,
                      kith_stage_weights(s, "lstm", l, o->width, 4 * o->width, KITH_INIT_GLOROT));
}

static kith_tensor *sage_aggregate(const kith_model_options *o, const kith_stage *s, int l, kith_tensor *h) {
  if (o->aggregator == KITH_POOL) return sage_pool(o, s, l, h);
  if (o->aggregator == KITH_LSTM) return sage_lstm(o, s, l, h);
  return kith_aggregate_op(s->tape, s->hop[l], KITH_WEIGH_MEAN, kith_ghosts_op(s->tape, s->hop[l], h));
}

void kith_sage_record(const kith_model_options *o, const kith_stage *s) {
  kith_tape *t = s->tape;
  kith_tensor *h = s->x;
  for (int l = 0; h && l < o->layers; l++) {
    if (o->dropout > 0) h = kith_dropout_op(t, s->play, o->dropout, false, h);
    kith_tensor *both[2] = {kith_self_op(t, s->hop[l], h), sage_aggregate(o, s, l, h)};
    kith_tensor *x = kith_concat_op(t, 2, both);
    if (!x) return;
    h = kith_stage_linear(s, "weight", "bias", l, kith_model_columns(o, l), x);
    if (l + 1 < o->layers) h = kith_unit_op(t, kith_activate_op(t, KITH_RELU, 0, h));
    kith_stage_layer(s, h);
  }
  kith_readout_op(t, s->readout, 1, 0, h);
}
