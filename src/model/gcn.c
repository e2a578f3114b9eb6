/*
 * Graph convolution (Kipf and Welling, ICLR 2017, eq. 2): H(l + 1) = ReLU(A' H(l) W), where A' is the
 * symmetric normalized adjacency with loops; no activation in the last layer.  Dropout on the input of every
 * layer.
 *
 * With a residual r (Klicpera et al., ICLR 2019, eq. 5) and Z = X W, the input rows times the first layer's
 * weights, the first layer is (1 - r) A' Z + r Z, and a further one ((1 - r) A' H(l) + r Z) W.
 */
#include "model/model.h"

static kith_tensor *gcn_aggregate(const kith_model_ctx *ctx, int l, kith_tensor *h) {
  return kith_aggregate_op(ctx->tape, ctx->block[l], KITH_NORM_SELF_LOOPS,
                           kith_ghost_update_op(ctx->tape, ctx->block[l], h));
}

/* Further layers multiply last, since Z has the columns of their input. */
static kith_tensor *gcn_layer(const kith_model_options *o, const kith_model_ctx *ctx, int l,
                              kith_tensor **first, kith_tensor *h) {
  bool multiplies_last = o->residual > 0 && l > 0;
  int d = kith_model_layer_dim(o, l);
  if (!multiplies_last) h = kith_model_linear(ctx, "weight", NULL, l, d, h);
  if (l == 0) *first = h;
  h = kith_model_residual(o->residual, ctx, l, first, gcn_aggregate(ctx, l, h));
  return multiplies_last ? kith_model_linear(ctx, "weight", NULL, l, d, h) : h;
}

void kith_gcn_record(const kith_model_options *o, const kith_model_ctx *ctx) {
  kith_tape *t = ctx->tape;
  kith_tensor *h = ctx->x, *first = NULL;
  for (int l = 0; h && l < o->layers; l++) {
    if (o->dropout > 0) h = kith_dropout_op(t, ctx->exec, o->dropout, false, h);
    h = gcn_layer(o, ctx, l, &first, h);
    if (l + 1 < o->layers) h = kith_activate_op(t, KITH_RELU, 0, h);
    kith_model_layer_output(ctx, h);
  }
  kith_layer_combine_op(t, ctx->output, 1, 0, h);
}
