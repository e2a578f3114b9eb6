/**
 * Model: which one, and its options.
 */
#ifndef KITH_MODEL_H
#define KITH_MODEL_H

#include "kith/base.h"
#include "kith/sampler.h"
#include "kith/schema.h"
#include "kith/walk.h"

/* The models, and in the same order their names in a job.  docs/new-model.md shows how to add one. */
typedef enum kith_model_name {
  KITH_LIGHTGCN,
  KITH_MF,
  KITH_NGCF,
  KITH_GCN,
  KITH_GCNII,
  KITH_GAT,
  KITH_SAGE,
  KITH_PINSAGE,
  KITH_RGCN,
  KITH_DIFFNET,
  KITH_KGIN,
  KITH_CASCADE,
  KITH_HAN,
  KITH_SPECTRAL
} kith_model_name;
#define KITH_MODEL_NAMES                                                                                     \
  "lightgcn | mf | ngcf | gcn | gcnii | gat | sage | pinsage | rgcn | diffnet | kgin | cascade | han | "     \
  "spectral"

/** A node's input row: a free embedding, a weighted sum of its features, or the sum of both. */
typedef enum kith_input_name { KITH_EMBEDDING, KITH_FEATURES, KITH_BOTH } kith_input_name;

/** Input rows before the first step: random ones, or singular vectors of the interactions. */
typedef enum kith_start_name { KITH_START_RANDOM, KITH_START_SPECTRAL } kith_start_name;

/**
 * Score that ranks an item for a user: inner product of the final embeddings, or cosine.  Softmax trains
 * cosines either way.  LightGCN's layers give popular items longer embeddings, which the cosine discards (Wu
 * et al., "On the Effectiveness of Sampled Softmax Loss for Item Recommendation", TOIS 2024).
 */
typedef enum kith_score_name { KITH_DOT, KITH_COSINE } kith_score_name;

/** LightGCN's weights of layers: all equal, or softmax(a) with a learned and initially zero. */
typedef enum kith_layer_weights { KITH_LAYER_WEIGHTS_FIXED, KITH_LAYER_WEIGHTS_LEARNED } kith_layer_weights;

/** Rows by which LightGCN multiplies what it reads along the edges of a kind, such as a predicate of triples:
 * none, or learned and initially one. */
typedef enum kith_kind_rows { KITH_KIND_ROWS_NONE, KITH_KIND_ROWS_LEARNED } kith_kind_rows;

/** Numbers of the rows that LightGCN's layers gather and exchange on the full graph: floats, or rounded to
 * bf16, which is half the bytes.  Sums, parameters and final embeddings are floats in any case. */
typedef enum kith_storage { KITH_STORAGE_FLOAT32, KITH_STORAGE_BF16 } kith_storage;

/** `kith train` compares several half-lives and chooses one; kith_train_run() needs a number of seconds. */
enum { KITH_HALF_LIFE_AUTO = -1 };

typedef struct kith_lightgcn_options {
  kith_layer_weights layer_weights;
  kith_kind_rows kinds;
  kith_storage storage;
  double half_life; /**< h in seconds: an interaction counts 2^(-age / h), and at least 2^-60, before A is
                       normalized; age: the latest training interaction's time less its own.  0: none;
                       KITH_HALF_LIFE_AUTO */
  bool half_life_chosen; /**< half_life was KITH_HALF_LIFE_AUTO: checkpoints and embeddings.h5 store it */
} kith_lightgcn_options;

typedef struct kith_gcnii_options {
  double alpha;  /**< share of the first layer's rows in every layer's rows */
  double lambda; /**< layer l multiplies by (1 - b) I + b W, b = ln(lambda / l + 1) */
} kith_gcnii_options;

/** How the heads of GAT's last layer are merged: concatenation of heads with d / heads columns each, or the
 * mean of heads with d columns each. */
typedef enum kith_head_merge { KITH_HEADS_CONCAT, KITH_HEADS_AVERAGE } kith_head_merge;

typedef struct kith_gat_options {
  int heads;                  /**< attention heads, concatenated */
  int last_heads;             /**< heads of the last layer; 0: heads */
  kith_head_merge last_merge; /**< of the last layer's heads */
  double attention_dropout;   /**< probability of dropping an attention weight */
  int time_dim;               /**< numbers of a time code in the scores; 0: none */
} kith_gat_options;

typedef struct kith_diffnet_options {
  int time_dim; /**< numbers of a time code in the scores of relations with times; 0: none */
} kith_diffnet_options;

/** GraphSAGE's aggregation of neighbors. */
typedef enum kith_sage_aggregator { KITH_SAGE_MEAN, KITH_SAGE_POOL, KITH_SAGE_LSTM } kith_sage_aggregator;

typedef struct kith_sage_options {
  kith_sage_aggregator aggregator;
} kith_sage_options;

typedef struct kith_rgcn_options {
  int bases; /**< matrices of which every relation's is a weighted sum; 0: each is free */
} kith_rgcn_options;

typedef struct kith_kgin_options {
  int intents;         /**< P: mixtures of the kinds of edges, by which users weigh their items */
  double independence; /**< weight of the intents' distance correlations in the loss */
} kith_kgin_options;

/** The transformation between two behaviors: none, a matrix, or a matrix of users and one of items. */
typedef enum kith_cascade_transform {
  KITH_CASCADE_NONE,
  KITH_CASCADE_SHARED,
  KITH_CASCADE_TYPES
} kith_cascade_transform;

typedef struct kith_cascade_options {
  kith_relation_names order; /**< the behaviors: relations of users with items, which `relations` of the model
                                has with weight 1; then `interactions` */
  kith_fanouts layers;       /**< of each behavior, or one number for all; 0 or none: `layers` of the model */
  bool residual;             /**< X_(b+1) = X_b + E_b with rows of length 1 (CRGCN), in place of E_b W_b */
  kith_cascade_transform transform; /**< of E_b into X_(b+1), unless residual */
} kith_cascade_options;

/** What HAN takes of a node's neighbors in a meta-path: their mean, by the weights of its edges, or their sum
 * by attention. */
typedef enum kith_han_neighbors { KITH_HAN_MEAN, KITH_HAN_ATTENTION } kith_han_neighbors;

/** How HAN fuses the rows of meta-paths: side by side; weighted by attention to a meta-path as a whole; by
 * attention of each node; averaged. */
typedef enum kith_han_fuse {
  KITH_HAN_CONCAT,
  KITH_HAN_BY_TYPE,
  KITH_HAN_BY_NODE,
  KITH_HAN_AVERAGE
} kith_han_fuse;

typedef struct kith_han_options {
  kith_han_neighbors neighbors;
  kith_han_fuse fuse;       /**< concat, of means: softmax regression on the means side by side */
  bool own;                 /**< the node's own row is one more, beside those of the meta-paths */
  int heads;                /**< attention heads, whose columns are model.dim together */
  double attention_dropout; /**< probability of dropping an attention weight */
  int semantic_dim;         /**< columns of W in the attention to meta-paths */
} kith_han_options;

/** How spectral weighs an eigenvector whose eigenvalue is m times the largest one: m / (m + t), or m times a
 * function of log m that is linear between knots; or 0, which leaves the polynomial of P alone. */
typedef enum kith_spectral_filter_name {
  KITH_FILTER_RATIO,
  KITH_FILTER_KNOTS,
  KITH_FILTER_POLY
} kith_spectral_filter_name;

enum { KITH_MAX_KNOTS = 16 };

typedef struct kith_knots {
  int n;
  double of[KITH_MAX_KNOTS];
} kith_knots;

/** Options of the spectral model, whose formulas are in docs/models.md.  D_u and D_i are the degrees of users
 * and items in training, and R their interactions. */
typedef struct kith_spectral_options {
  double user_power, item_power;    /**< a and b of M = D_u^-a R D_i^-b */
  double input_power, output_power; /**< p and q: powers of D_i around the filter */
  kith_spectral_filter_name filter;
  double t;         /**< ratio: the eigenvalue, as a share of the largest, whose eigenvector weighs 1/2 */
  kith_knots knots; /**< knots: values of g(log m), equally spaced from log m_1 = 0 to log m_k */
  double direct;    /**< c: weight of M'M beside the filtered eigenvectors; 0: none */
  kith_knots coefficients; /**< c_1, c_2, …: weights of powers of M'M, in place of `direct`; none: n is 0 */
  int oversample;          /**< columns that the iteration has beside model.dim */
  int degree;              /**< of the Chebyshev polynomial of a round */
  int rounds;              /**< most rounds */
  double tolerance; /**< largest residual of an eigenpair, relative to the largest eigenvalue, at which the
                       iteration ends */
} kith_spectral_options;

/** What is added to the final rows of users, of the order of their items. */
typedef enum kith_sequence_name {
  KITH_SEQUENCE_NONE,
  KITH_SEQUENCE_RECENT,
  KITH_SEQUENCE_SASREC /**< rows beside them, of a model that is trained after them */
} kith_sequence_name;

enum { KITH_RECENT_AUTO = -1 }; /**< chosen on validation */

/** recent: a user's row grows by w times the sum over p = 0, 1, … of delta^p times the final row of the
 * user's item number p, the latest first. */
typedef struct kith_recent_options {
  double decay;  /**< delta, or KITH_RECENT_AUTO */
  double weight; /**< w, or KITH_RECENT_AUTO */
  int items;     /**< most items of a user that are summed */
  bool chosen;   /**< what another run has chosen takes the place of AUTO */
  double chosen_decay, chosen_weight;
} kith_recent_options;

enum { KITH_SASREC_LONGEST = 1024, KITH_SASREC_AUTO = -1 /**< chosen on validation */ };

/** Options of SASRec, whose formulas are in docs/models.md. */
typedef struct kith_sasrec_options {
  int dim;        /**< columns of its rows */
  bool graph;     /**< whether items have rows of the model of the graph beside their own */
  bool joint;     /**< whether the weights that make those are trained, too */
  int length;     /**< n: items of a sequence, the latest ones; at most KITH_SASREC_LONGEST */
  int blocks;     /**< of attention and dense layers */
  int heads;      /**< of attention; they divide dim */
  double dropout; /**< probability of dropping an element of the sequence's rows, and of what a part of a
                     block adds to them */
  int epochs;     /**< passes over all users */
  int batch;      /**< users of a step, over all ranks */
  int candidates; /**< of a step, drawn uniformly beside the items that follow its places; 0: all items */
  double rate;    /**< learning rate of Adam */
  double gamma;   /**< weight of the graph's scores beside its own, or KITH_SASREC_AUTO; 0: none */
  bool chosen;    /**< what another run has chosen takes the place of AUTO */
  double chosen_gamma;
} kith_sasrec_options;

/** Options of all models, and those of single models in structs of their own. */
typedef struct kith_model_options {
  kith_model_name name;
  int dim;               /**< d: columns of an embedding and of every layer */
  int layers;            /**< L: message-passing layers; cascade: of each behavior */
  kith_input_name input; /**< recommendation only; node types without features have embeddings in any case */
  double init;           /**< standard deviation of the initial embeddings */
  kith_start_name start; /**< their values; spectral: by the options `spectral`, and init is their root mean
                            square */
  kith_score_name score;
  double length_discount; /**< dot: final embeddings of items are divided by this power of their lengths */
  int output_dim; /**< columns of the last layer (gcn, gcnii, gat, sage, pinsage, rgcn, han); 0: dim.  Set by
                     trainers, not a key */
  double dropout; /**< probability of dropping an element of a layer's input (ngcf, kgin: output) */
  double edge_dropout; /**< probability of dropping an edge from a training step */
  double forget; /**< train.forget: probability that a training step leaves a node's own embedding out of its
                    input row; recommendation and classification by embeddings */
  double residual; /**< lightgcn, gcn: share of the input rows in every layer's rows; 0: none */
  kith_relation_weights relations; /**< lightgcn, rgcn, diffnet, kgin, cascade, spectral: relations read
                                      beside the interactions; han: its meta-paths */
  kith_lightgcn_options lightgcn;
  kith_gcnii_options gcnii;
  kith_gat_options gat;
  kith_sage_options sage;
  kith_pinsage_options pinsage; /**< importance neighborhoods */
  kith_rgcn_options rgcn;
  kith_kgin_options kgin;
  kith_cascade_options cascade;
  kith_han_options han;
  kith_diffnet_options diffnet;
  kith_spectral_options spectral;
  kith_sequence_name sequence; /**< recommendation only */
  kith_recent_options recent;
  kith_sasrec_options sasrec;
} kith_model_options;

KITH_API kith_model_options kith_model_defaults(void); /**< lightgcn, dim 64, 3 layers, init 0.1 */

/** Check options against each other.  Local.  Errors: KITH_ECONFIG, naming the job keys. */
KITH_API kith_status kith_model_check(const kith_model_options *o) KITH_MUST_USE;

KITH_API int kith_model_output_dim(const kith_model_options *o); /**< columns of a final embedding */

#endif
