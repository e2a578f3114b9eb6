/*
 * Graph attention (Velickovic et al., ICLR 2018): z = h W, head by head
 *   alpha_ij = softmax over j of LeakyReLU(a . z_i + b . z_j),   h_i = ELU(sum over j of alpha_ij z_j),
 * where every node is its own neighbor.  Heads are concatenated, d / heads columns each; in the last layer
 * they may be averaged (eq. 6), and there is no activation.  Dropout on the input of every layer and on
 * attention weights.  With model.gat.time_dim codes of time are added to the scores (src/model/time_code.c).
 */
#include "model/model.h"

static const float GAT_SLOPE = 0.2f;

kith_gat_options kith_gat_defaults(void) { return (kith_gat_options){.heads = 1}; }

/* Heads of a layer, and the columns of all heads. */
typedef struct gat_shape {
  int heads, columns;
  bool average;
} gat_shape;

static gat_shape gat_shape_of(const kith_model_options *o, int l) {
  bool last = l + 1 == o->layers;
  gat_shape g = {.heads = last && o->gat.last_heads > 0 ? o->gat.last_heads : o->gat.heads,
                 .average = last && o->gat.last_merge == KITH_HEADS_AVERAGE};
  g.columns = kith_model_layer_dim(o, l) * (g.average ? g.heads : 1);
  return g;
}

/* Dropout of attention weights needs one for each edge; without it none is stored. */
static kith_tensor *gat_attend(const kith_model_options *o, const kith_model_ctx *ctx, int l,
                               kith_tensor *left, kith_tensor *right, kith_tensor *z, kith_tensor **alpha) {
  kith_tape *t = ctx->tape;
  const kith_block *block = ctx->block[l];
  const bool timed = kith_model_time_dim(o) > 0;
  *alpha = NULL;
  if (o->gat.attention_dropout == 0 && !timed) return kith_attention_op(t, block, GAT_SLOPE, left, right, z);
  if (timed) *alpha = kith_model_timed_alpha(o, ctx, "time", l, block, GAT_SLOPE, left, right);
  else *alpha = kith_edge_softmax_op(t, block, kith_edge_score_op(t, block, GAT_SLOPE, left, right));
  kith_tensor *kept = *alpha;
  if (o->gat.attention_dropout > 0)
    kept = kith_attention_dropout_op(t, block, ctx->exec, o->gat.attention_dropout, kept);
  return kith_attend_op(t, block, kept, z);
}

static kith_tensor *gat_layer(const kith_model_options *o, const kith_model_ctx *ctx, int l, kith_tensor *h) {
  kith_tape *t = ctx->tape;
  const kith_block *block = ctx->block[l];
  gat_shape g = gat_shape_of(o, l);
  kith_tensor *w = kith_model_weights(ctx, "weight", l, h->d, g.columns, KITH_INIT_GLOROT);
  kith_tensor *a = kith_model_weights(ctx, "left", l, 1, g.columns, KITH_INIT_GLOROT),
              *b = kith_model_weights(ctx, "right", l, 1, g.columns, KITH_INIT_GLOROT);
  kith_tensor *z = kith_linear_op(t, h, w, NULL);
  kith_tensor *left = kith_head_dot_op(t, g.heads, a, z),
              *right = kith_ghost_update_op(t, block, kith_head_dot_op(t, g.heads, b, z));
  kith_tensor *alpha = NULL,
              *y = gat_attend(o, ctx, l, left, right, kith_ghost_update_op(t, block, z), &alpha);
  kith_model_attended(ctx, (kith_attended){.layer = l,
                                           .averages = g.average,
                                           .slope = GAT_SLOPE,
                                           .block = block,
                                           .left = left,
                                           .right = right,
                                           .alpha = alpha,
                                           .z = z});
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
