/* The table of models, their defaults and checks. */
#include <stdio.h>
#include <string.h>

#include "model/model.h"

typedef struct model {
  const char *name;
  void (*record)(const kith_model_options *o, const kith_model_ctx *ctx);
  bool needs_transpose;  /* backward reads the transpose of blocks: for all ops but kith_propagate_op() */
  bool self_loops;       /* every node is its own neighbor */
  bool importance_graph; /* its blocks are of importance neighborhoods */
  bool concat_layers;    /* the final embedding is the concatenation of the input rows and all layers */
  bool output_dim;       /* its last layer may have another number of columns */
  bool no_layers;        /* no message passing */
} model;

static const model model_table[] = {
    [KITH_LIGHTGCN] = {"lightgcn", kith_lightgcn_record, .needs_transpose = false},
    [KITH_MF] = {"mf", kith_mf_record, .no_layers = true},
    [KITH_NGCF] = {"ngcf", kith_ngcf_record, .needs_transpose = true, .concat_layers = true},
    [KITH_GCN] = {"gcn", kith_gcn_record, .needs_transpose = true, .output_dim = true},
    [KITH_GCNII] = {"gcnii", kith_gcnii_record, .needs_transpose = true, .output_dim = true},
    [KITH_GAT] = {"gat", kith_gat_record, .needs_transpose = true, .self_loops = true, .output_dim = true},
    [KITH_SAGE] = {"sage", kith_sage_record, .needs_transpose = true, .output_dim = true},
    [KITH_PINSAGE] = {"pinsage", kith_pinsage_record, .needs_transpose = true, .importance_graph = true,
                      .output_dim = true},
    [KITH_RGCN] = {"rgcn", kith_rgcn_record, .needs_transpose = true, .output_dim = true},
    [KITH_DIFFNET] = {"diffnet", kith_diffnet_record, .needs_transpose = true, .concat_layers = true},
    [KITH_KGIN] = {"kgin", kith_kgin_record, .needs_transpose = false},
    [KITH_CASCADE] = {"cascade", kith_cascade_record, .needs_transpose = false},
    [KITH_HAN] = {"han", kith_han_record, .needs_transpose = true, .output_dim = true},
    [KITH_SPECTRAL] = {"spectral", NULL, .no_layers = true},
};

kith_model_options kith_model_defaults(void) {
  return (kith_model_options){.name = KITH_LIGHTGCN,
                              .dim = 64,
                              .layers = 3,
                              .init = 0.1,
                              .score = KITH_DOT,
                              .lightgcn = kith_lightgcn_defaults(),
                              .gcnii = kith_gcnii_defaults(),
                              .gat = kith_gat_defaults(),
                              .sage = kith_sage_defaults(),
                              .pinsage = kith_pinsage_defaults(),
                              .rgcn = kith_rgcn_defaults(),
                              .kgin = kith_kgin_defaults(),
                              .cascade = kith_cascade_defaults(),
                              .han = kith_han_defaults(),
                              .diffnet = kith_diffnet_defaults(),
                              .spectral = kith_spectral_defaults(),
                              .recent = {.decay = KITH_RECENT_AUTO, .weight = KITH_RECENT_AUTO, .items = 20},
                              .sasrec = {.dim = 64,
                                         .graph = true,
                                         .length = 50,
                                         .blocks = 2,
                                         .heads = 2,
                                         .dropout = 0.5,
                                         .epochs = 50,
                                         .batch = 256,
                                         .rate = 1e-3,
                                         .gamma = KITH_SASREC_AUTO}};
}

const char *kith_model_text(kith_model_name name) { return model_table[name].name; }
const char *kith_score_text(kith_score_name name) { return name == KITH_COSINE ? "cosine" : "dot"; }
double kith_model_discount(const kith_model_options *o) {
  return kith_model_has_steps(o) && o->score == KITH_DOT ? o->length_discount : 0;
}
const char *kith_start_text(kith_start_name name) {
  return name == KITH_START_SPECTRAL ? "spectral" : "random";
}
const char *kith_input_text(kith_input_name name) {
  return name == KITH_FEATURES ? "features" : name == KITH_BOTH ? "both" : "embedding";
}
const char *kith_sage_aggregator_text(kith_sage_aggregator name) {
  return name == KITH_SAGE_LSTM ? "lstm" : name == KITH_SAGE_POOL ? "pool" : "mean";
}

const char *kith_layer_weights_text(kith_layer_weights name) {
  return name == KITH_LAYER_WEIGHTS_LEARNED ? "learned" : "fixed";
}
const char *kith_head_merge_text(kith_head_merge name) {
  return name == KITH_HEADS_AVERAGE ? "average" : "concat";
}

int kith_model_n_layer(const kith_model_options *o) {
  if (o->name == KITH_CASCADE) return kith_cascade_layers(o);
  return model_table[o->name].no_layers ? 0 : o->layers;
}

int kith_model_layer_dim(const kith_model_options *o, int l) {
  return l >= 0 && l + 1 == o->layers && o->output_dim > 0 && model_table[o->name].output_dim ? o->output_dim
                                                                                              : o->dim;
}

int kith_model_output_dim(const kith_model_options *o) {
  return model_table[o->name].concat_layers ? o->dim * (o->layers + 1)
                                            : kith_model_layer_dim(o, o->layers - 1);
}

bool kith_model_can_classify(const kith_model_options *o) {
  return o->name == KITH_GCN || o->name == KITH_GCNII || o->name == KITH_GAT || o->name == KITH_SAGE ||
         o->name == KITH_RGCN || o->name == KITH_HAN;
}
bool kith_model_is_dense_layer(const kith_model_options *o, const char *name) {
  return o->name == KITH_GCNII && strncmp(name, "dense", 5) == 0;
}
bool kith_model_has_readers(const kith_model_options *o) {
  return o->name == KITH_RGCN || o->name == KITH_DIFFNET;
}
bool kith_model_rounds_rows(const kith_model_options *o) {
  return o->name == KITH_LIGHTGCN && o->layers > 0 && o->lightgcn.storage == KITH_STORAGE_BF16;
}
bool kith_model_has_steps(const kith_model_options *o) {
  return model_table[o->name].record != NULL || o->sequence == KITH_SEQUENCE_SASREC;
}
bool kith_model_needs_transpose(const kith_model_options *o) { return model_table[o->name].needs_transpose; }
bool kith_model_has_self_loops(const kith_model_options *o) { return model_table[o->name].self_loops; }
bool kith_model_gathers_last(const kith_model_options *o) {
  switch (o->name) {
  case KITH_NGCF: return true;
  case KITH_GCN: return o->residual == 0; /* its products come after the sums, of a BLAS: other bits */
  case KITH_GAT: return o->gat.attention_dropout == 0 && o->gat.time_dim == 0;
  case KITH_SAGE: return o->sage.aggregator == KITH_SAGE_MEAN;
  default: return false;
  }
}
bool kith_model_uses_importance_graph(const kith_model_options *o) {
  return model_table[o->name].importance_graph;
}

kith_status kith_model_check_steps(const kith_model_options *o, const char *what) {
  if (o->sequence == KITH_SEQUENCE_SASREC)
    return kith_fail(KITH_ECONFIG,
                     "model.sequence: sasrec is trained after the model of the graph, by kith train; %s has "
                     "steps of that model alone; set model.sequence to none",
                     what);
  if (kith_model_has_steps(o)) return KITH_OK;
  return kith_fail(KITH_ECONFIG, "model.name: %s is not trained by steps, which %s needs",
                   kith_model_text(o->name), what);
}

/* The gradients of entries' weights read the rows of both ends as floats. */
static kith_status model_check_storage(const kith_model_options *o) {
  kith_status st = KITH_OK;
  const kith_relation_weights *w = kith_model_relations(o);
  if (!kith_model_rounds_rows(o)) return st;
  for (int i = 0; i < w->n; i++)
    KITH_CHECK(
        !w->of[i].learned, KITH_ECONFIG,
        "model.storage: bf16 does not go with model.relations.%s: learned, whose gradient needs the rows "
        "that layers gather as floats; expected float32, or a number",
        w->of[i].name);
  KITH_CHECK(
      w->n == 0 || w->tie != KITH_TIE_LEARNED, KITH_ECONFIG,
      "model.storage: bf16 does not go with model.tie: learned, whose gradient needs the rows that layers "
      "gather as floats; expected float32");
done:
  return st;
}

/* Rows of kinds take the place of learned weights of relations, and multiply floats. */
static kith_status model_check_kinds(const kith_model_options *o) {
  kith_status st = KITH_OK;
  const kith_relation_weights *w = kith_model_relations(o);
  if (o->name != KITH_LIGHTGCN || o->lightgcn.kinds == KITH_KIND_ROWS_NONE) return st;
  KITH_CHECK(
      w->n > 0, KITH_ECONFIG,
      "model.kinds: learned, but the model reads no relation; expected one in model.relations, or none");
  for (int i = 0; i < w->n; i++)
    KITH_CHECK(!w->of[i].learned, KITH_ECONFIG,
               "model.relations.%s: learned, but model.kinds: learned has a row for each kind of its edges; "
               "expected a number",
               w->of[i].name);
  KITH_CHECK(w->tie != KITH_TIE_LEARNED, KITH_ECONFIG,
             "model.tie: learned does not go with model.kinds: learned; expected none or similarity");
  KITH_CHECK(o->lightgcn.storage == KITH_STORAGE_FLOAT32, KITH_ECONFIG,
             "model.storage: bf16 does not go with model.kinds: learned; expected float32");
done:
  return st;
}

static kith_status model_check_sequence(const kith_model_options *o) {
  kith_status st = KITH_OK;
  const kith_sasrec_options *s = &o->sasrec;
  if (o->sequence != KITH_SEQUENCE_SASREC) return st;
  KITH_CHECK(s->dim % s->heads == 0, KITH_ECONFIG,
             "model.sasrec.heads: %d does not divide model.sasrec.dim, which is %d", s->heads, s->dim);
  KITH_CHECK(s->graph || s->gamma <= 0, KITH_ECONFIG,
             "model.sasrec.gamma: %g, but with model.sasrec.graph: false no model has scores beside it; "
             "expected 0",
             s->gamma);
  KITH_CHECK(!s->joint || s->graph, KITH_ECONFIG,
             "model.sasrec.joint: true, but with model.sasrec.graph: false there is no model to train on; "
             "expected false");
  KITH_CHECK(!s->joint || model_table[o->name].record, KITH_ECONFIG,
             "model.sasrec.joint: model.name: %s is not trained by steps; expected false",
             kith_model_text(o->name));
  KITH_CHECK(!s->joint || (o->score == KITH_DOT && o->length_discount == 0), KITH_ECONFIG,
             "model.sasrec.joint: rows are trained as they are; expected model.score: dot and "
             "model.length_discount: 0");
done:
  return st;
}

kith_status kith_model_check(const kith_model_options *o) {
  kith_status st = KITH_OK;
  KITH_TRY(model_check_sequence(o));
  if (o->name == KITH_SPECTRAL) return kith_spectral_check(o);
  if (o->name == KITH_RGCN) KITH_TRY(kith_rgcn_check(o));
  if (o->name == KITH_DIFFNET) KITH_TRY(kith_diffnet_check(o));
  if (o->name == KITH_KGIN) KITH_TRY(kith_kgin_check(o));
  if (o->name == KITH_CASCADE) KITH_TRY(kith_cascade_check(o));
  if (o->name == KITH_HAN) KITH_TRY(kith_han_check(o));
  KITH_TRY(model_check_storage(o));
  KITH_TRY(model_check_kinds(o));
  KITH_CHECK(o->start == KITH_START_RANDOM || o->input != KITH_FEATURES, KITH_ECONFIG,
             "model.start: spectral, but with model.input: features input rows are no embeddings; expected "
             "model.start: random, or model.input: embedding or both");
  int last = o->gat.last_heads > 0 ? o->gat.last_heads : o->gat.heads,
      columns = kith_model_layer_dim(o, o->layers - 1);
  if (o->name != KITH_GAT) return st;
  KITH_CHECK(o->dim % o->gat.heads == 0, KITH_ECONFIG,
             "model.gat.heads: %d does not divide model.dim, which is %d", o->gat.heads, o->dim);
  KITH_CHECK(o->gat.last_merge == KITH_HEADS_AVERAGE || columns % last == 0, KITH_ECONFIG,
             "model.gat.last_heads: %d does not divide the columns of the last layer, which are %d; with "
             "model.gat.last_merge: average it need not",
             last, columns);
done:
  return st;
}

kith_tensor *kith_model_relation_parameter(const struct kith_relation_weight *relation, kith_params *params) {
  char name[KITH_NAME];
  snprintf(name, sizeof name, "relation.%.31s", relation->name);
  return relation->learned ? kith_params_get(params, name, 1, 1, KITH_INIT_ONE) : NULL;
}

/* The parameters of learned gates; with zeros, every gate is 1/2. */
static void model_record_gates(const kith_model_ctx *ctx, kith_tensor *const *omega) {
  if (!ctx->x) return;
  kith_tensor *weight = kith_params_get(ctx->params, "tie", 1, ctx->x->d, KITH_INIT_ZERO);
  kith_tensor *bias = kith_params_get(ctx->params, "tie.bias", 1, 1, KITH_INIT_ZERO);
  kith_gates_op(ctx->tape, ctx->block[0], ctx->x, weight, bias, omega);
}

/* The parameters of learned weights. */
static void model_record_relations(const kith_model_options *o, const kith_model_ctx *ctx) {
  const kith_relation_weights *w = kith_model_relations(o);
  kith_tensor *omega[1 + KITH_MAX_RELATIONS] = {NULL};
  int n = 0;
  for (int i = 0; i < w->n; i++) {
    omega[1 + i] = kith_model_relation_parameter(&w->of[i], ctx->params);
    if (!omega[1 + i]) continue; /* fixed, or a failure that the params hold */
    omega[1 + i]->value[0] = (float)w->of[i].weight;
    n++;
  }
  if (w->n > 0 && w->tie == KITH_TIE_LEARNED) model_record_gates(ctx, omega);
  for (int l = 0; n > 0 && l < o->layers; l++)
    if (l == 0 || ctx->block[l] != ctx->block[l - 1])
      kith_relation_weights_op(ctx->tape, ctx->block[l], omega);
}

/* Layers that share a block share its edge dropout. */
void kith_model_record(const kith_model_options *o, const kith_model_ctx *ctx) {
  const kith_block *block[KITH_MAX_LAYER_OUTPUTS];
  kith_model_ctx dropped = *ctx;
  model_record_relations(o, ctx);
  for (int l = 0; l < kith_model_n_layer(o); l++) {
    block[l] = l > 0 && ctx->block[l] == ctx->block[l - 1]
                   ? block[l - 1]
                   : kith_edge_dropout_op(ctx->tape, ctx->block[l], ctx->exec, o->edge_dropout);
    if (!block[l]) return;
  }
  int last = kith_model_n_layer(o) - 1;
  if (last >= 0 && kith_model_gathers_last(o))
    block[last] = kith_gathered_rows_op(ctx->tape, block[last], ctx->output);
  if (last >= 0 && !block[last]) return;
  dropped.block = block;
  kith_model_layer_output(ctx, ctx->x);
  model_table[o->name].record(o, &dropped);
}

kith_output *kith_model_further(const kith_model_ctx *ctx, const char *relation) {
  for (int i = 0; i < ctx->n_further; i++)
    if (strcmp(ctx->further[i].relation, relation) == 0) return &ctx->further[i].output;
  return NULL;
}

typedef struct layer_tap {
  const kith_layer_outputs *layers;
  kith_tensor *h;
} layer_tap;

static void layer_tap_forward(void *self) { (void)self; }
static void layer_tap_backward(void *self) {
  const layer_tap *o = self;
  o->layers->tap(o->layers->tap_self, o->h);
}

void kith_model_layer_output(const kith_model_ctx *ctx, kith_tensor *h) {
  if (!ctx->layers || !h) return;
  ctx->layers->h[ctx->layers->n++] = h;
  if (!ctx->layers->tap) return;
  layer_tap *o =
      kith_tape_op(ctx->tape, "layer_tap", false, layer_tap_forward, layer_tap_backward, sizeof *o);
  if (o) *o = (layer_tap){ctx->layers, h};
}

kith_tensor *kith_model_unit_rows(const kith_model_ctx *ctx, kith_tensor *h) {
  return ctx->layers && ctx->layers->tap ? kith_normalize_held_op(ctx->tape, h)
                                         : kith_normalize_op(ctx->tape, h);
}

void kith_model_attended(const kith_model_ctx *ctx, kith_attended made) {
  kith_attended *a = ctx->attended ? kith_tape_workspace(ctx->tape, 1, sizeof *a) : NULL;
  if (!a) return;
  *a = made;
  a->next = *ctx->attended;
  *ctx->attended = a;
}

kith_tensor *kith_model_weights(const kith_model_ctx *ctx, const char *name, int l, int64_t n_row, int d,
                                kith_init init) {
  char text[KITH_NAME];
  snprintf(text, sizeof text, "%s.%d", name, l);
  return kith_params_get(ctx->params, text, n_row, d, init);
}

kith_tensor *kith_model_dense_rows(const kith_model_ctx *ctx, int l, kith_tensor *h) {
  const kith_block *block = ctx->block[l];
  return block->dist_csr ? h : kith_dst_rows_op(ctx->tape, block, h);
}

kith_tensor *kith_model_linear(const kith_model_ctx *ctx, const char *name, const char *bias, int l, int d,
                               kith_tensor *h) {
  if (!h) return NULL;
  kith_tensor *b = bias ? kith_model_weights(ctx, bias, l, 1, d, KITH_INIT_ZERO)
                        : NULL; /* first: the order in checkpoints */
  return kith_linear_op(ctx->tape, h, kith_model_weights(ctx, name, l, h->d, d, KITH_INIT_GLOROT), b);
}

kith_tensor *kith_model_residual(double share, const kith_model_ctx *ctx, int l, kith_tensor **first,
                                 kith_tensor *h) {
  if (share == 0) return h;
  *first = kith_dst_rows_op(ctx->tape, ctx->block[l], *first);
  return kith_add_op(ctx->tape, (float)(1 - share), h, (float)share, *first);
}
