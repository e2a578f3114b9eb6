/*
 * Graph attention (Velickovic et al., ICLR 2018): z = h W, head by head
 *   alpha_ij = softmax over j of LeakyReLU(a . z_i + b . z_j),   h_i = ELU(sum over j of alpha_ij z_j),
 * where a node is one of its own neighbors.  Heads stand side by side (each width / heads wide), or, in the
 * last layer, are averaged (eq. 6); no activation there.  Dropout on the input of every layer and on
 * attention weights.
 */
#include "kith/model.h"

static const float GAT_SLOPE = 0.2f;

/* Heads of a layer, and the columns of all of them together. */
typedef struct gat_shape {
  int heads, columns;
  bool average;
} gat_shape;

static gat_shape gat_shape_of(const kith_model_options *o, int l) {
  bool last = l + 1 == o->layers;
  gat_shape g = {.heads = last && o->heads_last > 0 ? o->heads_last : o->heads,
                 .average = last && o->gat_last == KITH_GAT_AVERAGE};
  g.columns = kith_model_layer_dim(o, l) * (g.average ? g.heads : 1);
  return g;
}

static kith_tensor *gat_layer(const kith_model_options *o, const kith_model_ctx *ctx, int l, kith_tensor *h) {
  kith_tape *t = ctx->tape;
  const kith_block *hop = ctx->hop[l];
  gat_shape g = gat_shape_of(o, l);
  kith_tensor *w = kith_model_weights(ctx, "weight", l, h->d, g.columns, KITH_INIT_GLOROT);
  kith_tensor *a = kith_model_weights(ctx, "left", l, 1, g.columns, KITH_INIT_GLOROT),
              *b = kith_model_weights(ctx, "right", l, 1, g.columns, KITH_INIT_GLOROT);
  kith_tensor *z = kith_linear_op(t, h, w, NULL);
  kith_tensor *left = kith_head_dot_op(t, g.heads, a, z),
              *right = kith_ghost_update_op(t, hop, kith_head_dot_op(t, g.heads, b, z));
  kith_tensor *alpha = kith_edge_softmax_op(t, hop, kith_edge_score_op(t, hop, GAT_SLOPE, left, right));
  if (o->attention_dropout > 0)
    alpha = kith_attention_dropout_op(t, hop, ctx->exec, o->attention_dropout, alpha);
  kith_tensor *y = kith_attend_op(t, hop, alpha, kith_ghost_update_op(t, hop, z));
  return g.average ? kith_head_mean_op(t, g.heads, y) : y;
}

void kith_gat_record(const kith_model_options *o, const kith_model_ctx *ctx) {
  kith_tensor *h = ctx->x;
  for (int l = 0; h && l < o->layers; l++) {
    if (o->dropout > 0) h = kith_dropout_op(ctx->tape, ctx->exec, o->dropout, false, h);
    h = gat_layer(o, ctx, l, h);
    if (l + 1 < o->layers) h = kith_activate_op(ctx->tape, KITH_ELU, 1, h);
    kith_model_layer_output(ctx, h);
  }
  kith_layer_combine_op(ctx->tape, ctx->output, 1, 0, h);
}
