/*
 * GraphSAGE (Hamilton et al., NIPS 2017, algorithm 1): h_i = normalized ReLU([h_i, aggregate of h_j] W + b).
 * The aggregate is the mean of the neighbors, the maximum of ReLU(h_j P + p), or the last state of an LSTM.
 * The last layer has neither ReLU nor normalization, since inner products rank.
 */
#include "model/model.h"

kith_sage_options kith_sage_defaults(void) { return (kith_sage_options){.aggregator = KITH_SAGE_MEAN}; }

static kith_tensor *sage_pool(const kith_model_options *o, const kith_model_ctx *ctx, int l, kith_tensor *h) {
  kith_model_weights(ctx, "pool", l, h->d, o->dim,
                     KITH_INIT_GLOROT); /* before its bias: the order in older checkpoints */
  kith_tensor *p =
      kith_activate_op(ctx->tape, KITH_RELU, 0, kith_model_linear(ctx, "pool", "pool bias", l, o->dim, h));
  return kith_aggregate_max_op(ctx->tape, ctx->block[l], kith_ghost_update_op(ctx->tape, ctx->block[l], p));
}

/* The gates' inputs are computed once for each node, not for each edge. */
static kith_tensor *sage_lstm(const kith_model_options *o, const kith_model_ctx *ctx, int l, kith_tensor *h) {
  kith_tensor *z = kith_ghost_update_op(ctx->tape, ctx->block[l],
                                        kith_model_linear(ctx, "lstm in", "lstm bias", l, 4 * o->dim, h));
  return kith_lstm_op(ctx->tape, ctx->block[l], ctx->exec, KITH_LSTM_MAX_ENTRIES, z,
                      kith_model_weights(ctx, "lstm", l, o->dim, 4 * o->dim, KITH_INIT_GLOROT));
}

static kith_tensor *sage_aggregate(const kith_model_options *o, const kith_model_ctx *ctx, int l,
                                   kith_tensor *h) {
  if (o->sage.aggregator == KITH_SAGE_POOL) return sage_pool(o, ctx, l, h);
  if (o->sage.aggregator == KITH_SAGE_LSTM) return sage_lstm(o, ctx, l, h);
  return kith_aggregate_op(ctx->tape, ctx->block[l], KITH_NORM_MEAN,
                           kith_ghost_update_op(ctx->tape, ctx->block[l], h));
}

/*
 * The same layer on sparse features, which are multiplied by the weights before anything else is done with
 * them: [h_i, mean of h_j] W = h_i W_own + mean of (h_j W_near), with the weights' rows in two.
 */
static kith_tensor *sage_sparse(const kith_model_options *o, const kith_model_ctx *ctx, int l,
                                kith_tensor *h) {
  kith_tape *t = ctx->tape;
  int d = kith_model_layer_dim(o, l);
  bool mean = o->sage.aggregator == KITH_SAGE_MEAN;
  kith_tensor *near = mean ? h : sage_aggregate(o, ctx, l, h);
  kith_tensor *b =
      kith_model_weights(ctx, "bias", l, 1, d, KITH_INIT_ZERO); /* before the weights, as there */
  if (!near) return NULL;
  kith_tensor *w = kith_model_weights(ctx, "weight", l, h->d + near->d, d, KITH_INIT_GLOROT);
  kith_tensor *own = kith_linear_op(t, h, kith_row_view_op(t, w, 0, h->d), b);
  near = kith_linear_op(t, near, kith_row_view_op(t, w, h->d, near->d), NULL);
  if (mean)
    near = kith_aggregate_op(t, ctx->block[l], KITH_NORM_MEAN, kith_ghost_update_op(t, ctx->block[l], near));
  return kith_add_op(t, 1, kith_dst_rows_op(t, ctx->block[l], own), 1, near);
}

/* The last layer has no ReLU. */
static kith_tensor *sage_layer(const kith_model_options *o, const kith_model_ctx *ctx, int l,
                               kith_tensor *h) {
  kith_tape *t = ctx->tape;
  int d = kith_model_layer_dim(o, l);
  kith_tensor *both[2] = {kith_model_dense_rows(ctx, l, h)};
  both[1] = sage_aggregate(o, ctx, l, h);
  kith_tensor *bias[2] = {kith_model_weights(ctx, "bias", l, 1, d, KITH_INIT_ZERO), NULL};
  if (!both[0] || !both[1]) return NULL;
  int k = both[0]->d, near = both[1]->d;
  kith_tensor *w = kith_model_weights(ctx, "weight", l, k + near, d, KITH_INIT_GLOROT);
  kith_tensor *parts[2] = {kith_row_view_op(t, w, 0, k), kith_row_view_op(t, w, k, near)};
  return kith_dense_op(t, ctx->block[l]->dst, KITH_DENSE_BESIDE, l + 1 < o->layers ? 0 : 1, both, parts,
                       bias);
}

void kith_sage_record(const kith_model_options *o, const kith_model_ctx *ctx) {
  kith_tape *t = ctx->tape;
  kith_tensor *h = ctx->x;
  for (int l = 0; h && l < o->layers; l++) {
    if (o->dropout > 0) h = kith_dropout_op(t, ctx->exec, o->dropout, false, h);
    bool activate = l + 1 < o->layers, sparse = h && h->sparse;
    if (h) h = sparse ? sage_sparse(o, ctx, l, h) : sage_layer(o, ctx, l, h);
    if (activate && sparse) h = kith_activate_op(t, KITH_RELU, 0, h);
    if (activate) h = kith_normalize_op(t, h);
    kith_model_layer_output(ctx, h);
  }
  kith_layer_combine_op(t, ctx->output, 1, 0, h);
}
