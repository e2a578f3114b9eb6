/*
 * Neural graph collaborative filtering (Wang et al., SIGIR 2019, eq. 7): with N = A E(l),
 *   E(l + 1) = LeakyReLU((N + E(l)) W1 + (N * E(l)) W2),
 * then dropout.  The final embedding is the concatenation of all layers, each but the first with normalized
 * rows.
 */
#include "model/model.h"

static const float NGCF_SLOPE = 0.2f;

static kith_tensor *ngcf_layer(const kith_model_options *o, const kith_model_ctx *ctx, int l,
                               kith_tensor *h) {
  kith_tape *t = ctx->tape;
  kith_tensor *w1 = kith_model_weights(ctx, "sum", l, h->d, o->dim, KITH_INIT_GLOROT),
              *b1 = kith_model_weights(ctx, "sum bias", l, 1, o->dim, KITH_INIT_ZERO);
  kith_tensor *w2 = kith_model_weights(ctx, "product", l, h->d, o->dim, KITH_INIT_GLOROT),
              *b2 = kith_model_weights(ctx, "product bias", l, 1, o->dim, KITH_INIT_ZERO);
  kith_tensor *own = kith_model_dense_rows(ctx, l, h);
  kith_tensor *near =
      kith_aggregate_op(t, ctx->block[l], KITH_NORM_SYMMETRIC, kith_ghost_update_op(t, ctx->block[l], h));
  kith_tensor *y =
      kith_dense_op(t, ctx->block[l]->dst, KITH_DENSE_SUM_PRODUCT, NGCF_SLOPE, (kith_tensor *[]){near, own},
                    (kith_tensor *[]){w1, w2}, (kith_tensor *[]){b1, b2});
  return o->dropout > 0 ? kith_dropout_op(t, ctx->exec, o->dropout, false, y) : y;
}

void kith_ngcf_record(const kith_model_options *o, const kith_model_ctx *ctx) {
  kith_tensor *h = ctx->x;
  kith_layer_combine_op(ctx->tape, ctx->output, 1, 0, h);
  for (int l = 0; h && l < o->layers; l++) {
    h = ngcf_layer(o, ctx, l, h);
    kith_model_layer_output(ctx, h);
    kith_layer_combine_op(ctx->tape, ctx->output, 1, (l + 1) * o->dim, kith_normalize_op(ctx->tape, h));
  }
}
