/*
 * LightGCN (He et al., SIGIR 2020): E(l + 1) = A E(l); the final embedding is the mean of all layers.  The
 * parameters are the initial embeddings and, optionally, the weights of the layers in the mean.
 *
 * With a residual r: E(l + 1) = (1 - r) A E(l) + r E(0) (Klicpera et al., ICLR 2019, eq. 5).
 *
 * With rows of kinds (model.kinds: learned): E(l + 1) = A E(l) + sum over the edges (r, j) of other relations
 * of omega a_ij q_r * E(l)_j, elementwise, where q_r is the row of the edge's kind.
 *
 * Those weights are a softmax: free weights could grow in place of the embeddings and so evade the L2 term,
 * which contains the initial embeddings only.
 */
#include "model/model.h"
#include "tape/compose.h"

kith_lightgcn_options kith_lightgcn_defaults(void) {
  return (kith_lightgcn_options){.layer_weights = KITH_LAYER_WEIGHTS_FIXED};
}

/* The rows that layers gather, rounded: one workspace, since only a layer that runs reads it.  Null: they are
 * floats. */
static kith_bf16_pair *lightgcn_rounded(const kith_model_options *o, const kith_model_ctx *ctx) {
  const kith_tensor *x = ctx->x;
  if (o->lightgcn.storage != KITH_STORAGE_BF16 || !x || !ctx->block[0]->dist_csr) return NULL;
  return kith_tape_workspace(ctx->tape, kith_block_columns(ctx->block[0]) * kith_bf16_words(x->d),
                             sizeof(kith_bf16_pair));
}

/* The entries of layer l with the rows of their kinds, all shared by layers; null: there are none. */
static kith_composition *lightgcn_kinds(const kith_model_options *o, const kith_model_ctx *ctx, int l,
                                        kith_composition *before) {
  const kith_composition_options how = {.norm = KITH_NORM_SYMMETRIC};
  if (!kith_model_reads_kinds(o)) return NULL;
  if (l > 0 && ctx->block[l] == ctx->block[l - 1]) return before;
  return kith_composition_op(ctx->tape, ctx->block[l], &how,
                             kith_model_weights(ctx, "kinds", 0, ctx->block[l]->merged->n_kind, o->dim,
                                                KITH_INIT_ONE));
}

void kith_lightgcn_record(const kith_model_options *o, const kith_model_ctx *ctx) {
  float weight = 1.0f / (float)(o->layers + 1);
  kith_tensor *h = ctx->x, *first = h;
  if (o->lightgcn.layer_weights == KITH_LAYER_WEIGHTS_LEARNED)
    kith_layer_weights_op(ctx->tape, ctx->output,
                          kith_model_weights(ctx, "layers", 0, 1, o->layers + 1, KITH_INIT_ZERO));
  kith_layer_combine_op(ctx->tape, ctx->output, weight, 0, h);
  kith_composition *by = NULL;
  kith_propagation how = {.rounded = o->layers > 0 ? lightgcn_rounded(o, ctx) : NULL};
  for (int l = 0; l < o->layers; l++) {
    if (l + 1 == o->layers) how.output = ctx->output;
    by = lightgcn_kinds(o, ctx, l, by);
    h = kith_model_reads_kinds(o) ? kith_compose_op(ctx->tape, by, h)
                                  : kith_propagate_with_op(ctx->tape, ctx->block[l], &how, h);
    h = kith_model_residual(o->residual, ctx, l, &first, h);
    kith_layer_combine_op(ctx->tape, ctx->output, weight, 0, h);
    kith_model_layer_output(ctx, h);
  }
}
