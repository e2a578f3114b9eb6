/*
 * GCNII (Chen et al., "Simple and Deep Graph Convolutional Networks", ICML 2020, eq. 5), for l = 1 … L:
 *   H(l) = ReLU(((1 - a) A' H(l - 1) + a H(0)) ((1 - b) I + b W)),   b = ln(lambda / l + 1),
 * between two dense layers, H(0) = ReLU(X W + c) and the final rows H(L) W + c.  A' is GCN's matrix, the
 * symmetric normalized adjacency with loops.  Dropout on the input of every layer, of the dense ones, too.
 */
#include <math.h>

#include "model/model.h"

kith_gcnii_options kith_gcnii_defaults(void) { return (kith_gcnii_options){.alpha = 0.1, .lambda = 0.5}; }

static kith_tensor *gcnii_drop(const kith_model_options *o, const kith_model_ctx *ctx, kith_tensor *h) {
  return o->dropout > 0 ? kith_dropout_op(ctx->tape, ctx->exec, o->dropout, false, h) : h;
}

static kith_tensor *gcnii_layer(const kith_model_options *o, const kith_model_ctx *ctx, int l,
                                kith_tensor **first, kith_tensor *h) {
  kith_tape *t = ctx->tape;
  float b = (float)log(o->gcnii.lambda / (l + 1) + 1);
  h = kith_aggregate_op(t, ctx->block[l], KITH_NORM_SELF_LOOPS, kith_ghost_update_op(t, ctx->block[l], h));
  h = kith_model_residual(o->gcnii.alpha, ctx, l, first, h);
  kith_tensor *w = kith_model_weights(ctx, "weight", l, o->dim, o->dim, KITH_INIT_GLOROT);
  return kith_activate_op(t, KITH_RELU, 0, kith_linear_op(t, h, kith_identity_mix_op(t, b, w), NULL));
}

void kith_gcnii_record(const kith_model_options *o, const kith_model_ctx *ctx) {
  kith_tape *t = ctx->tape;
  kith_tensor *h = kith_model_linear(ctx, "dense", "dense bias", 0, o->dim, gcnii_drop(o, ctx, ctx->x));
  h = kith_activate_op(t, KITH_RELU, 0, h);
  kith_model_layer_output(ctx, h);
  kith_tensor *first = h;
  for (int l = 0; h && l < o->layers; l++) {
    h = gcnii_layer(o, ctx, l, &first, gcnii_drop(o, ctx, h));
    kith_model_layer_output(ctx, h);
  }
  h = kith_model_linear(ctx, "dense", "dense bias", 1, kith_model_output_dim(o), gcnii_drop(o, ctx, h));
  kith_model_layer_output(ctx, h);
  kith_layer_combine_op(t, ctx->output, 1, 0, h);
}
