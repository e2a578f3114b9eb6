/** What other rooms of the library use of model, beyond kith/model.h. */
#ifndef KITH_MODEL_MODEL_H
#define KITH_MODEL_MODEL_H

#include "kith/model.h"
#include "sample/sample.h"
#include "tape/tape.h"

kith_lightgcn_options kith_lightgcn_defaults(void); /**< fixed layer weights */
kith_gcnii_options kith_gcnii_defaults(void);       /**< the paper's on Cora: 0.1 and 0.5 */
kith_gat_options kith_gat_defaults(void);           /**< one head, no dropout */
kith_sage_options kith_sage_defaults(void);         /**< mean */
kith_diffnet_options kith_diffnet_defaults(void);   /**< no time codes */
kith_kgin_options kith_kgin_defaults(void);         /**< 4 intents, independence 1e-4 */
kith_rgcn_options kith_rgcn_defaults(void);         /**< a free matrix for each relation */
kith_cascade_options kith_cascade_defaults(void);   /**< MB-CGCN, with matrices of users and of items */
kith_han_options kith_han_defaults(void);           /**< softmax regression on means side by side */
kith_spectral_options kith_spectral_defaults(void); /**< ratio filter, all powers 1/2 */

const char *kith_model_text(kith_model_name name);                /**< "lightgcn" */
const char *kith_score_text(kith_score_name name);                /**< "dot" */
const char *kith_input_text(kith_input_name name);                /**< "embedding" */
const char *kith_start_text(kith_start_name name);                /**< "random" */
const char *kith_sage_aggregator_text(kith_sage_aggregator name); /**< "mean" */
const char *kith_layer_weights_text(kith_layer_weights name);     /**< "fixed" */
const char *kith_head_merge_text(kith_head_merge name);           /**< "concat" */

int kith_model_n_layer(const kith_model_options *o); /**< layers of message passing: 0 for MF */

int kith_model_layer_dim(const kith_model_options *o, int l); /**< columns of layer l's output */
/** Whether the last layer can have one column for each class: gcn, gcnii, gat, sage, rgcn, han. */
bool kith_model_can_classify(const kith_model_options *o);
/** Whether layers read relations one by one (kith_model_readers()): rgcn, diffnet. */
bool kith_model_has_readers(const kith_model_options *o);
/** Whether the weights `name` are of a dense layer that does not propagate and decays apart: gcnii. */
bool kith_model_is_dense_layer(const kith_model_options *o, const char *name);
/** Refuse a model without steps where `what` needs them: "the trainer".  Errors: KITH_ECONFIG. */
kith_status kith_model_check_steps(const kith_model_options *o, const char *what) KITH_MUST_USE;
/** The checks of kith_model_check() for rgcn, diffnet and han. */
kith_status kith_rgcn_check(const kith_model_options *o) KITH_MUST_USE;
kith_status kith_diffnet_check(const kith_model_options *o) KITH_MUST_USE;
kith_status kith_han_check(const kith_model_options *o) KITH_MUST_USE;
/** The checks of kith_model_check() for kgin, and those of the graph that it reads.  Errors: KITH_ECONFIG. */
kith_status kith_kgin_check(const kith_model_options *o) KITH_MUST_USE;
kith_status kith_kgin_check_graph(const kith_model_options *o, const kith_schema *schema) KITH_MUST_USE;
/** Whether layers read the kinds of edges: kgin, and lightgcn with rows for them. */
bool kith_model_reads_kinds(const kith_model_options *o);
/** Into how many strips of columns, of at most `most`, layers cut the rows that ranks exchange: 1 where they
 * exchange whole rows, as for gradients of relations' weights, and for rows of kinds. */
int kith_model_strips(const kith_model_options *o, int most);
/** The checks of kith_model_check() for cascade. */
kith_status kith_cascade_check(const kith_model_options *o) KITH_MUST_USE;
/** Check that a cascade's behaviors are relations of users with items that both read.  Other models: nothing.
 * Errors: KITH_ECONFIG. */
kith_status kith_cascade_check_schema(const kith_model_options *o, const kith_schema *s) KITH_MUST_USE;
int kith_cascade_behavior_layers(const kith_model_options *o, int b); /**< of behavior b of the order */
int kith_cascade_layers(const kith_model_options *o);                 /**< of all behaviors */
bool kith_cascade_reads_layers(const kith_model_options *o);          /**< some have those of model.layers */
/** The checks of kith_model_check() for the spectral model. */
kith_status kith_spectral_check(const kith_model_options *o) KITH_MUST_USE;
/** Whether layers on the full graph gather rows that are rounded to bf16: lightgcn with model.storage. */
bool kith_model_rounds_rows(const kith_model_options *o);
/** Whether steps train the model: all but spectral, which kith_train_run() computes. */
bool kith_model_has_steps(const kith_model_options *o);
/** model.length_discount where the model ranks by products; else 0. */
double kith_model_discount(const kith_model_options *o);
/** Whether backward needs the transpose of blocks. */
bool kith_model_needs_transpose(const kith_model_options *o);
/** Whether every node is its own neighbor in the blocks (GAT). */
bool kith_model_has_self_loops(const kith_model_options *o);
/** Whether full steps compute only the rows of the last layer that the batch reads, and their gradients
 * (kith_gathered_rows_op()).  LightGCN does so forward only, by itself. */
bool kith_model_gathers_last(const kith_model_options *o);
/** Whether the blocks are of importance neighborhoods instead of the training graph (PinSage). */
bool kith_model_uses_importance_graph(const kith_model_options *o);

/** The relations that the model reads beside the interactions, and their weights: lightgcn, rgcn,
 * diffnet, kgin and cascade with layers, and spectral; others read none. */
const kith_relation_weights *kith_model_relations(const kith_model_options *o);
/** The weight of one of them; null if layers do not read it. */
const struct kith_relation_weight *kith_model_relation(const kith_model_options *o, const char *name);
/** The parameter of a relation's learned weight, [1, 1]; null: the weight is fixed, or on failure. */
kith_tensor *kith_model_relation_parameter(const struct kith_relation_weight *relation, kith_params *params);
/** The half-life of a relation's edges, in seconds; 0: none, or layers do not read the relation. */
double kith_model_relation_half_life(const kith_model_options *o, const char *name);
/** Whether the edges of any relation that layers read are weighted by age. */
bool kith_model_ages_relations(const kith_model_options *o);
/** Numbers of a time code in the scores of attention: gat and diffnet with layers; 0: none. */
int kith_model_time_dim(const kith_model_options *o);
/** Whether interactions are weighted by age: lightgcn with a half-life. */
bool kith_model_decays(const kith_model_options *o);
/** Whether layers read another matrix than the training graph's adjacency: kith_model_graph_create() makes
 * it. */
bool kith_model_has_own_graph(const kith_model_options *o);
/**
 * The matrix that the model's layers read on the whole graph: the training graph's adjacency; merged with
 * those of relations; or importance neighborhoods.  Collective.
 *
 * @param seed  of the walks to importance neighborhoods
 * Errors: those of what makes the matrix.
 */
kith_agreed kith_model_graph_create(const kith_comm *comm, const kith_graph *g, const kith_model_options *o,
                                    uint64_t seed, kith_dist_csr **out) KITH_MUST_USE;

/** The input rows, then the rows after each layer: for diagnostics such as oversmoothing. */
typedef struct kith_layer_outputs {
  int n;
  kith_tensor *h[KITH_MAX_LAYER_OUTPUTS];
  /** Set before recording: called in backward with each of them, once all layers that read it have added to
   * its gradient, and before what made it; it may change the gradient.  Null: nothing. */
  void (*tap)(void *self, kith_tensor *h);
  void *tap_self;
} kith_layer_outputs;

/**
 * An attention as a model recorded it, for explanations: of every row i of its block and every head,
 *   y_i = share_i sum over the entries (i, j) of alpha_ij z_j,
 * where alpha_i is the softmax of LeakyReLU(left_i + right_j) over the entries of the row.
 */
typedef struct kith_attended {
  const struct kith_attended *next; /**< the one before it, since the last comes first; null: none */
  int layer;                        /**< from 0 */
  int relation;                     /**< whose entries the block has, in their order; 0: interactions */
  bool averages;                    /**< y is the mean of the heads; else they have columns of their own */
  float slope;                      /**< of LeakyReLU */
  const kith_block *block;
  const kith_tensor *left, *right; /**< [src rows, heads] */
  const kith_tensor *alpha;        /**< [entries, heads], with time codes; null: without */
  const kith_tensor *z;            /**< [src rows, columns of all heads] */
  const kith_tensor *share;        /**< [dst rows, …]; null: 1 */
  int column;                      /**< of share */
} kith_attended;

/** Rows of the model for a further batch, of pairs of a relation: those of the relation's behavior where the
 * model has any (cascade), else the final embeddings. */
typedef struct kith_further_output {
  const char *relation;
  const kith_gather_index *gather_index; /**< the rows of the batch */
  int64_t max_gathered;                  /**< most rows of a batch */
  kith_output output;                    /**< made by recording */
} kith_further_output;

/** The inputs and outputs of recording a model. */
typedef struct kith_model_ctx {
  kith_tape *tape;
  kith_params *params;
  kith_exec_ctx *exec;
  const kith_schema *schema;      /**< of the graph; null: unknown, then types of nodes are not told apart */
  const kith_block *const *block; /**< [layers] block of each layer; the first one reads the input rows */
  kith_tensor *x;                 /**< input rows */
  kith_output
      *output; /**< receives the terms of the final embedding; the caller sets gather_index and packed */
  kith_layer_outputs *layers; /**< receives the rows after each layer; may be null */
  const kith_attended *
      *attended; /**< receives the attentions of gat and diffnet, the last first; may be null */
  int n_further; /**< further batches … */
  kith_further_output *further; /**< … of which a model records those that it has other rows for */
} kith_model_ctx;

/**
 * Record a model.  Failures are in kith_tape_status() and kith_params_status().
 * Recording it again with the same params shares the weights: once for steps, once for the full graph. Local.
 */
void kith_model_record(const kith_model_options *o, const kith_model_ctx *ctx);

/* One function for each model, called by kith_model_record(). */
void kith_lightgcn_record(const kith_model_options *o, const kith_model_ctx *ctx);
void kith_mf_record(const kith_model_options *o, const kith_model_ctx *ctx);
void kith_ngcf_record(const kith_model_options *o, const kith_model_ctx *ctx);
void kith_gcn_record(const kith_model_options *o, const kith_model_ctx *ctx);
void kith_gcnii_record(const kith_model_options *o, const kith_model_ctx *ctx);
void kith_gat_record(const kith_model_options *o, const kith_model_ctx *ctx);
void kith_sage_record(const kith_model_options *o, const kith_model_ctx *ctx);
/* On importance neighborhoods instead of the training graph. */
void kith_pinsage_record(const kith_model_options *o, const kith_model_ctx *ctx);

void kith_rgcn_record(const kith_model_options *o, const kith_model_ctx *ctx);
void kith_diffnet_record(const kith_model_options *o, const kith_model_ctx *ctx);
void kith_kgin_record(const kith_model_options *o, const kith_model_ctx *ctx);
/** Record what the weights of a model add to a step's loss: the intents of kgin.  Rank 0 alone adds it.
 * Local. */
void kith_model_record_loss(const kith_model_options *o, const kith_comm *comm, const kith_dist_csr *a,
                            kith_params *params, kith_tape *t, kith_exact_sum *loss);
void kith_cascade_record(const kith_model_options *o, const kith_model_ctx *ctx);
void kith_han_record(const kith_model_options *o, const kith_model_ctx *ctx);

/* For models: */
/** The output of a relation's batch, null if there is none. */
kith_output *kith_model_further(const kith_model_ctx *ctx, const char *relation);

/** One relation, in the rows of one type of nodes: a model has weights of its own for each. */
typedef struct kith_reader {
  int relation;         /**< of the block: 0: interactions */
  int type;             /**< of the nodes that read; -1: any */
  float weight;         /**< model.relations; interactions: 1 */
  char name[KITH_NAME]; /**< "friend to 0": of its weights */
} kith_reader;
enum {
  KITH_MAX_READERS = (1 + KITH_MAX_RELATIONS) * 4
}; /* a relation's edges end at 4 types, with same_as */
typedef struct kith_readers {
  int n;
  kith_reader of[KITH_MAX_READERS];
} kith_readers;
/** All of a model, interactions first.  Without a schema (null) each relation is read by all nodes alike. */
void kith_model_readers(const kith_model_options *o, const kith_schema *s, kith_readers *m);
/** Refuse what a model without weights of entries does not read: learned weights of relations, half-lives and
 * ties.  `learns` and `takes` tell why: "a matrix", "means of".  Errors: KITH_ECONFIG. */
kith_status kith_readers_check(const kith_model_options *o, const char *learns,
                               const char *takes) KITH_MUST_USE;

/** Store `h` as the rows after the next layer; null is ignored. */
void kith_model_layer_output(const kith_model_ctx *ctx, kith_tensor *h);
/** Unit rows that are added up to final ones.  With a tap, which explains scores, backward takes lengths as
 * they are: along itself a unit row has no derivative, so that its neighbors would cancel out. */
kith_tensor *kith_model_unit_rows(const kith_model_ctx *ctx, kith_tensor *h);
/** alpha [entries, heads] of gat and diffnet with time codes, whose weights are `name`; null on failure. */
kith_tensor *kith_model_timed_alpha(const kith_model_options *o, const kith_model_ctx *ctx, const char *name,
                                    int l, const kith_block *block, float slope, kith_tensor *left,
                                    kith_tensor *right);
/** Store an attention; its members are kept by reference. */
void kith_model_attended(const kith_model_ctx *ctx, kith_attended made);
/** Get the weights `name` of layer `l`, stored as "name.l"; null on failure. */
kith_tensor *kith_model_weights(const kith_model_ctx *ctx, const char *name, int l, int64_t n_row, int d,
                                kith_init init);
/** What a dense layer reads of h as the rows of layer l's own nodes: on the full graph h itself, of which
 * kith_dense_op() takes the block's destination rows; in sampled steps a copy of them, so that gradients of
 * neighbors are summed before it.  Null in, null out. */
kith_tensor *kith_model_dense_rows(const kith_model_ctx *ctx, int l, kith_tensor *h);
/** h W + b: d columns, W the weights `name`, b the weights `bias` unless null; null in, null out. */
kith_tensor *kith_model_linear(const kith_model_ctx *ctx, const char *name, const char *bias, int l, int d,
                               kith_tensor *h);

/**
 * (1 - share) h + share first, of the destination rows of layer l's block; h itself where share is 0.
 *
 * @param[in,out] first  rows of the block's source nodes; becomes those of its destination nodes, which are
 *                the source nodes of the next layer
 */
kith_tensor *kith_model_residual(double share, const kith_model_ctx *ctx, int l, kith_tensor **first,
                                 kith_tensor *h);

/** Whether the input rows of a node type include embeddings, or features.  The same on every rank. */
bool kith_model_uses_embedding(const kith_model_options *o, const kith_graph *g, int type);
bool kith_model_uses_features(const kith_model_options *o, const kith_graph *g, int type);
/** Whether nodes of a type have another source than their embeddings, so that steps may leave these out. */
bool kith_model_forgets(const kith_model_options *o, const kith_graph *g, int type);
/** What steps leave out of the rows of `own` (model.forget), which are read when run.  Local. */
kith_forget kith_model_forget(const kith_model_options *o, const kith_graph *g, const kith_exec_ctx *exec,
                              const kith_node_map *own);
/** Whether the input rows are the features themselves, without weights: those of labeled nodes. */
bool kith_model_reads_sparse(const kith_graph *g);
/** Whether any node type has embeddings. */
bool kith_model_uses_any_embedding(const kith_model_options *o, const kith_graph *g);
/** How the input rows are computed.  Gets the features' weights from `params` (see kith_params_status()).
 * Local.
 *
 * @param x  embeddings of the owned rows; null: none */
kith_input kith_model_input(const kith_model_options *o, const kith_graph *g, kith_params *params,
                            kith_tensor *x);

/**
 * A model on a tape, with what its ops read when run: it must stay where it is.  It is recorded on the full
 * graph, or on the blocks of sampled steps, whose input rows are computed by their owners.
 */
typedef struct kith_recording {
  /* Set by the caller, which keeps them: */
  const kith_model_options *model;
  const kith_graph *g;
  const kith_full_block *full; /**< the owned rows, and on the full graph the block of every layer */
  kith_params *params;
  kith_exec_ctx *exec;
  kith_tape *tape;
  bool trains; /**< for steps: the model's `forget` holds; false: for inference alone */
  const kith_gather_index *gather_index; /**< the rows of the batch; null: none, but all rows are computed */
  int64_t max_gathered;                  /**< most rows of a batch */
  int n_further;                         /**< the full graph: further batches, and their rows */
  kith_further_output *further;
  const kith_sampler *sampler; /**< sampled steps: the blocks; null: the full graph, and the next three too */
  const kith_leaf_rows *leaf;  /**< … the input rows … */
  kith_gather_remote *fetch;   /**< … the gradients of their embeddings … */
  const struct kith_recording *owner; /**< … and the full graph's recording, by which owners compute them */
  /* Made by recording: */
  kith_tensor *x;            /**< embeddings of the owned rows; null: there are none, or steps are sampled */
  kith_input input;          /**< how the owned rows are computed from them and from features */
  kith_tensor *rows;         /**< the input rows */
  kith_output output;        /**< final embeddings */
  kith_layer_outputs layers; /**< the input rows and the rows after each layer */
  const kith_attended *attended; /**< attentions, the last first; null: none */
  kith_gather_index nothing;
} kith_recording;

/** Record the input rows, then the layers and the output, whose gathered rows are returned.  What a loss
 * reads of the input rows is recorded in between.  Null on failure: see kith_tape_status() and
 * kith_params_status().  Local. */
kith_tensor *kith_recording_input(kith_recording *r);
kith_tensor *kith_recording_layers(kith_recording *r);

/**
 * Initial embeddings x [n_own, d]: normal with standard deviation `init`, keyed by (seed, type, original
 * number); rows of types without embeddings stay as they are.  Local.
 */
void kith_model_init(const kith_model_options *o, const kith_graph *g, uint64_t rng_seed, float *x);

#endif
