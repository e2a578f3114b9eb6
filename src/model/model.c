/* The table of models, and what they start from. */
#include <stdio.h>

#include "kith/model.h"

typedef struct model {
  const char *name;
  void (*record)(const kith_model_options *o, const kith_model_ctx *ctx);
  bool needs_transpose;  /* its ops read the transpose of hops: all but kith_propagate_op() do */
  bool self_loops;       /* a node is among its own neighbors */
  bool importance_graph; /* its hops are of importance neighborhoods */
  bool concat_layers;    /* the final embedding is the initial one and those of all layers, side by side */
  bool output_dim;       /* its last layer can have other columns than the others */
  bool no_layers;        /* it looks at no neighbors */
} model;

static const model model_table[] = {
    [KITH_LIGHTGCN] = {"lightgcn", kith_lightgcn_record, .needs_transpose = false},
    [KITH_MF] = {"mf", kith_mf_record, .no_layers = true},
    [KITH_NGCF] = {"ngcf", kith_ngcf_record, .needs_transpose = true, .concat_layers = true},
    [KITH_GCN] = {"gcn", kith_gcn_record, .needs_transpose = true, .output_dim = true},
    [KITH_GAT] = {"gat", kith_gat_record, .needs_transpose = true, .self_loops = true, .output_dim = true},
    [KITH_SAGE] = {"sage", kith_sage_record, .needs_transpose = true, .output_dim = true},
    [KITH_PINSAGE] = {"pinsage", kith_pinsage_record, .needs_transpose = true, .importance_graph = true,
                      .output_dim = true},
};

kith_model_options kith_model_defaults(void) {
  return (kith_model_options){.name = KITH_LIGHTGCN,
                              .width = 64,
                              .layers = 3,
                              .init = 0.1,
                              .score = KITH_DOT,
                              .heads = 1,
                              .near = kith_importance_defaults()};
}

const char *kith_model_text(kith_model_name name) { return model_table[name].name; }
const char *kith_score_text(kith_score_name name) { return name == KITH_COSINE ? "cosine" : "dot"; }
const char *kith_input_text(kith_input_name name) {
  return name == KITH_FEATURES ? "features" : name == KITH_BOTH ? "both" : "embedding";
}
const char *kith_aggregator_text(kith_aggregator name) {
  return name == KITH_LSTM ? "lstm" : name == KITH_POOL ? "pool" : "mean";
}

const char *kith_layer_weights_text(kith_layer_weights name) {
  return name == KITH_LEARNED ? "learned" : "fixed";
}
const char *kith_gat_last_text(kith_gat_last name) { return name == KITH_GAT_AVERAGE ? "average" : "concat"; }

int kith_model_n_layer(const kith_model_options *o) { return model_table[o->name].no_layers ? 0 : o->layers; }

int kith_model_layer_dim(const kith_model_options *o, int l) {
  return l >= 0 && l + 1 == o->layers && o->out > 0 && model_table[o->name].output_dim ? o->out : o->width;
}

int kith_model_output_dim(const kith_model_options *o) {
  return model_table[o->name].concat_layers ? o->width * (o->layers + 1)
                                            : kith_model_layer_dim(o, o->layers - 1);
}

bool kith_model_can_classify(const kith_model_options *o) {
  return o->name == KITH_GCN || o->name == KITH_GAT || o->name == KITH_SAGE;
}
bool kith_model_needs_transpose(const kith_model_options *o) { return model_table[o->name].needs_transpose; }
bool kith_model_has_self_loops(const kith_model_options *o) { return model_table[o->name].self_loops; }
bool kith_model_uses_importance_graph(const kith_model_options *o) {
  return model_table[o->name].importance_graph;
}

kith_status kith_model_check(const kith_model_options *o) {
  kith_status st = KITH_OK;
  int last = o->heads_last > 0 ? o->heads_last : o->heads, columns = kith_model_layer_dim(o, o->layers - 1);
  if (o->name != KITH_GAT) return st;
  KITH_CHECK(o->width % o->heads == 0, KITH_ECONFIG,
             "model.gat.heads: %d does not divide model.dim, which is %d", o->heads, o->width);
  KITH_CHECK(o->gat_last == KITH_GAT_AVERAGE || columns % last == 0, KITH_ECONFIG,
             "model.gat.last_heads: %d does not divide the columns of the last layer, which are %d; with "
             "model.gat.last_merge: average it need not",
             last, columns);
done:
  return st;
}

/* Layers that share a hop share what edge dropout leaves of it. */
void kith_model_record(const kith_model_options *o, const kith_model_ctx *ctx) {
  const kith_block *hop[KITH_MAX_LAYER_OUTPUTS];
  kith_model_ctx dropped = *ctx;
  for (int l = 0; l < kith_model_n_layer(o); l++) {
    hop[l] = l > 0 && ctx->hop[l] == ctx->hop[l - 1]
                 ? hop[l - 1]
                 : kith_edge_dropout_op(ctx->tape, ctx->hop[l], ctx->exec, o->edge_dropout);
    if (!hop[l]) return;
  }
  dropped.hop = hop;
  kith_model_layer_output(ctx, ctx->x);
  model_table[o->name].record(o, &dropped);
}

void kith_model_layer_output(const kith_model_ctx *ctx, kith_tensor *h) {
  if (ctx->layers && h) ctx->layers->h[ctx->layers->n++] = h;
}

kith_tensor *kith_model_weights(const kith_model_ctx *ctx, const char *name, int l, int64_t n_row, int d,
                                kith_init init) {
  char text[KITH_NAME];
  snprintf(text, sizeof text, "%s.%d", name, l);
  return kith_params_get(ctx->params, text, n_row, d, init);
}

kith_tensor *kith_model_linear(const kith_model_ctx *ctx, const char *name, const char *bias, int l, int d,
                               kith_tensor *h) {
  if (!h) return NULL;
  kith_tensor *b =
      bias ? kith_model_weights(ctx, bias, l, 1, d, KITH_INIT_ZERO) : NULL; /* first, as in checkpoints */
  return kith_linear_op(ctx->tape, h, kith_model_weights(ctx, name, l, h->d, d, KITH_INIT_GLOROT), b);
}
