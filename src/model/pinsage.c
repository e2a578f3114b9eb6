/*
 * PinSage (Ying et al., KDD 2018, algorithms 1 and 2): with N(i) the nodes that random walks from i visit
 * most often and alpha_ij their shares of the visits, n_i = sum over j in N(i) of alpha_ij ReLU(Q h_j + q),
 * h_i = normalized ReLU(W [h_i, n_i] + w), and after the last layer h = G2 ReLU(G1 h + g).  The paper's nodes
 * are items with features; here they are users and items with learned embeddings, as in the comparisons of
 * Wang et al. (NGCF, SIGIR 2019).
 */
#include "model/model.h"

/* CONVOLVE.  In a sampled block the shares are renormalized over the sampled neighbors. */
static kith_tensor *pinsage_convolve(const kith_model_options *o, const kith_model_ctx *ctx, int l,
                                     kith_tensor *h) {
  kith_tape *t = ctx->tape;
  /* The names of weights key their initial values, so their spelling stays. */
  kith_tensor *far =
      kith_activate_op(t, KITH_RELU, 0, kith_model_linear(ctx, "neighbour", "neighbour bias", l, o->dim, h));
  kith_tensor *near =
      kith_aggregate_op(t, ctx->block[l], KITH_NORM_MEAN, kith_ghost_update_op(t, ctx->block[l], far));
  kith_tensor *both[2] = {kith_dst_rows_op(t, ctx->block[l], h), near};
  return kith_normalize_op(t, kith_activate_op(t, KITH_RELU, 0,
                                               kith_model_linear(ctx, "weight", "bias", l, o->dim,
                                                                 kith_concat_op(t, 2, both))));
}

void kith_pinsage_record(const kith_model_options *o, const kith_model_ctx *ctx) {
  kith_tape *t = ctx->tape;
  kith_tensor *h = ctx->x;
  for (int l = 0; h && l < o->layers; l++) {
    if (o->dropout > 0) h = kith_dropout_op(t, ctx->exec, o->dropout, false, h);
    h = pinsage_convolve(o, ctx, l, h);
    kith_model_layer_output(ctx, h);
  }
  h = kith_activate_op(t, KITH_RELU, 0, kith_model_linear(ctx, "last", "last bias", 0, o->dim, h));
  kith_layer_combine_op(t, ctx->output, 1, 0,
                        kith_model_linear(ctx, "last", NULL, 1, kith_model_layer_dim(o, o->layers - 1), h));
}
