/*
 * Graph convolution (Kipf and Welling, ICLR 2017, eq. 2): H(l + 1) = ReLU(A' H(l) W), where A' is the
 * symmetric normalized adjacency with loops; no activation in the last layer.  Dropout on the input of every
 * layer.
 */
#include "model/model.h"

void kith_gcn_record(const kith_model_options *o, const kith_model_ctx *ctx) {
  kith_tape *t = ctx->tape;
  kith_tensor *h = ctx->x;
  for (int l = 0; h && l < o->layers; l++) {
    if (o->dropout > 0) h = kith_dropout_op(t, ctx->exec, o->dropout, false, h);
    h = kith_linear_op(
        t, h, kith_model_weights(ctx, "weight", l, h->d, kith_model_layer_dim(o, l), KITH_INIT_GLOROT), NULL);
    h = kith_aggregate_op(t, ctx->block[l], KITH_NORM_SELF_LOOPS, kith_ghost_update_op(t, ctx->block[l], h));
    if (l + 1 < o->layers) h = kith_activate_op(t, KITH_RELU, 0, h);
    kith_model_layer_output(ctx, h);
  }
  kith_layer_combine_op(t, ctx->output, 1, 0, h);
}
