/**
 * Model: formulas on the tape.  A model sees neither MPI nor files.
 */
#ifndef KITH_MODEL_H
#define KITH_MODEL_H

#include "kith/sample.h"
#include "kith/tape.h"

/* The models: their numbers, and in the same order their names in a job.  docs/new-model.md tells how to add
 * one. */
typedef enum kith_model_name {
  KITH_LIGHTGCN,
  KITH_MF,
  KITH_NGCF,
  KITH_GCN,
  KITH_GAT,
  KITH_SAGE,
  KITH_PINSAGE
} kith_model_name;
#define KITH_MODEL_NAMES                                                                                     \
  "lightgcn | "                                                                                              \
  "mf | "                                                                                                    \
  "ngcf | "                                                                                                  \
  "gcn | "                                                                                                   \
  "gat | "                                                                                                   \
  "sage | "                                                                                                  \
  "pinsage"

/** How GAT's last layer joins its heads: side by side, each with its share of the columns; or the mean of
 * heads that have all columns. */
typedef enum kith_gat_last { KITH_GAT_CONCAT, KITH_GAT_AVERAGE } kith_gat_last;

/** How GraphSAGE makes one row of many. */
typedef enum kith_aggregator { KITH_MEAN, KITH_POOL, KITH_LSTM } kith_aggregator;

/** How LightGCN weighs its layers: all alike, or as softmax(a) with an a that is learned and begins at zero.
 */
typedef enum kith_layer_weights { KITH_FIXED, KITH_LEARNED } kith_layer_weights;

/** What a node's input row is made of: an embedding of its own, what its features weigh, or the sum of both.
 */
typedef enum kith_input_name { KITH_EMBEDDING, KITH_FEATURES, KITH_BOTH } kith_input_name;

/**
 * What ranks an item for a user: the product of their final embeddings, or its cosine.  Softmax trains
 * cosines either way; the lengths that LightGCN's layers give to popular items are knowledge that a cosine
 * throws away (Wu et al., "On the Effectiveness of Sampled Softmax Loss for Item Recommendation", TOIS 2024).
 */
typedef enum kith_score_name { KITH_DOT, KITH_COSINE } kith_score_name;

typedef struct kith_model_options {
  kith_model_name name;
  int width;             /**< d, columns of an embedding, and of every layer */
  int layers;            /**< L, propagations */
  kith_input_name input; /**< recommendation; nodes of a type that the graph has no features of have
                            embeddings in any case */
  double init;           /**< standard deviation of the initial embeddings */
  kith_score_name score;
  int out; /**< columns of the last layer of models with weights in it (gcn, gat, sage); 0: width.  No key of
              jobs: trainers set it */
  int heads;      /**< GAT: attention heads, side by side */
  int heads_last; /**< GAT: heads of the last layer; 0: as many as the others have */
  kith_gat_last gat_last;
  double
      dropout; /**< probability of dropping a number of a layer's input (NGCF: of its output) in training */
  double attention_dropout;         /**< GAT: probability of dropping an attention weight in training */
  double edge_dropout;              /**< probability of leaving an edge out of a training step */
  kith_layer_weights layer_weights; /**< LightGCN */
  kith_aggregator aggregator;       /**< GraphSAGE */
  kith_importance_options near;     /**< PinSage: which nodes a node reads */
} kith_model_options;

kith_model_options kith_model_defaults(void);
const char *kith_model_text(kith_model_name name);            /**< "lightgcn" */
const char *kith_score_text(kith_score_name name);            /**< "dot" */
const char *kith_input_text(kith_input_name name);            /**< "embedding" */
const char *kith_aggregator_text(kith_aggregator name);       /**< "mean" */
const char *kith_layer_weights_text(kith_layer_weights name); /**< "fixed" */
const char *kith_gat_last_text(kith_gat_last name);           /**< "concat" */

/** Contradictions between options.  Local.  Errors: KITH_ECONFIG, naming the keys of a job. */
kith_status kith_model_check(const kith_model_options *o) KITH_MUST_USE;

int kith_model_n_layer(const kith_model_options *o);    /**< hops that the model looks around: 0 for MF */
int kith_model_output_dim(const kith_model_options *o); /**< columns of a final embedding */
int kith_model_layer_dim(const kith_model_options *o,
                         int l); /**< columns of what layer l makes: width, or `out` in the last */
bool kith_model_can_classify(
    const kith_model_options *o); /**< whether its last layer can have a column a class: gcn, gat, sage */
bool kith_model_needs_transpose(
    const kith_model_options *o); /**< whether its ops read the transpose of hops */
bool kith_model_has_self_loops(
    const kith_model_options *o); /**< whether a node is among its own neighbors (GAT) */
bool kith_model_uses_importance_graph(const kith_model_options *o); /**< whether its hops are of importance
                                                            neighborhoods instead of the graph's (PinSage) */

/** The rows of all nodes after each layer, the input rows first: for who watches how they change from one to
 * the next. */
typedef struct kith_layer_outputs {
  int n;
  kith_tensor *h[KITH_MAX_LAYER_OUTPUTS];
} kith_layer_outputs;

/** What a model is recorded on. */
typedef struct kith_model_ctx {
  kith_tape *tape;
  kith_params *params;
  kith_exec_ctx *exec;
  const kith_block *const *hop; /**< [layers] of each layer, the first one reads the input rows */
  kith_tensor *x;               /**< input rows: initial embeddings */
  kith_output
      *output; /**< receives the terms of the final embedding; picks and packed are set by the caller */
  kith_layer_outputs *layers; /**< receives the rows after each layer; may be null */
} kith_model_ctx;

/**
 * Record a model.  What could not be recorded is told by kith_tape_status() and kith_params_status().
 * The same model recorded twice with the same params shares its weights: once for steps, once for the whole
 * graph.
 */
void kith_model_record(const kith_model_options *o, const kith_model_ctx *ctx);

/* One function a model. */
void kith_lightgcn_record(const kith_model_options *o, const kith_model_ctx *ctx);
void kith_mf_record(const kith_model_options *o, const kith_model_ctx *ctx);
void kith_ngcf_record(const kith_model_options *o, const kith_model_ctx *ctx);
void kith_gcn_record(const kith_model_options *o, const kith_model_ctx *ctx);
void kith_gat_record(const kith_model_options *o, const kith_model_ctx *ctx);
void kith_sage_record(const kith_model_options *o, const kith_model_ctx *ctx);
/* … and one on importance neighborhoods (kith_importance_neighbors_create) instead of the training graph. */
void kith_pinsage_record(const kith_model_options *o, const kith_model_ctx *ctx);

/** Tell that `h` are the rows after the next layer; null is passed over.  For models. */
void kith_model_layer_output(const kith_model_ctx *ctx, kith_tensor *h);

/** The weights called `name` of layer `l`, "name.l"; null on failure.  For models. */
kith_tensor *kith_model_weights(const kith_model_ctx *ctx, const char *name, int l, int64_t n_row, int d,
                                kith_init init);
/** h times d columns of weights called `name`, plus those called `bias` unless it is null; null in, null out.
 * For models. */
kith_tensor *kith_model_linear(const kith_model_ctx *ctx, const char *name, const char *bias, int l, int d,
                               kith_tensor *h);

/** Whether nodes of a type have embeddings, and whether their features are read.  The same on every rank. */
bool kith_model_uses_embedding(const kith_model_options *o, const kith_graph *g, int type);
bool kith_model_uses_features(const kith_model_options *o, const kith_graph *g, int type);
/** Whether nodes of any type have embeddings. */
bool kith_model_uses_any_embedding(const kith_model_options *o, const kith_graph *g);
/** What the model's input rows are made of; the features' weights are made, or found, in `params` (see
 * kith_params_status()).  Local. */
kith_input kith_model_input(const kith_model_options *o, const kith_graph *g, kith_params *params,
                            kith_tensor *x);

/**
 * Initial embeddings of this rank's rows: normal, standard deviation `init`, keyed by (type, original
 * number); zero where a type has none.  Local.
 */
void kith_model_init(const kith_model_options *o, const kith_graph *g, uint64_t seed, float *x);

#endif
