/*
 * Graph convolution (Kipf and Welling, ICLR 2017, eq. 2): H(l + 1) = ReLU(A' H(l) W), where A' is the
 * symmetric normalized adjacency with loops; no activation in the last layer.  Dropout on the input of every
 * layer.
 */
#include "kith/model.h"

void kith_gcn_record(const kith_model_options *o, const kith_stage *s) {
  kith_tape *t = s->tape;
  kith_tensor *h = s->x;
  for (int l = 0; h && l < o->layers; l++) {
    if (o->dropout > 0) h = kith_dropout_op(t, s->play, o->dropout, false, h);
    h = kith_linear_op(t, h,
                       kith_stage_weights(s, "weight", l, h->d, kith_model_columns(o, l), KITH_INIT_GLOROT),
                       NULL);
    h = kith_aggregate_op(t, s->hop[l], KITH_WEIGH_LOOP, kith_ghosts_op(t, s->hop[l], h));
    if (l + 1 < o->layers) h = kith_activate_op(t, KITH_RELU, 0, h);
    kith_stage_layer(s, h);
  }
  kith_readout_op(t, s->readout, 1, 0, h);
}
