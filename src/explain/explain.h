/**
 * Explain: what the score of a user and an item is a sum of, exactly.
 *
 * The final rows of a linear model are F = sum over l of w_l M^l X.  With R(m) = sum over l >= m of
 * w_l M^(l - m) X the score is
 *   <F_u, F_i> = w_0 <x_u, F_i> + sum over the entries j of row u of M_uj <R(1)_j, F_i>,
 * a term for the user's own row and one for each neighbor: an item that the user chose, a friend, a tag.
 * The terms can be divided further, down to paths u, j, …, v of m entries, each the product of its entries
 * and of w_m <x_v, F_i>.
 *
 * Scores of spectral are linear in the items that the user chose, r_u: item j contributes
 * D_j^-p <f(m) V_j, D_i^q V_i> and of the direct term c / lambda_1 D_i^q P_ij D_j^-p, of the users who chose
 * both.
 *
 * Where rows of users have the sums of model.sequence: recent, each of the latest items j_p is a term of its
 * own, w delta^p <F_j, F_i>, exactly so with every model; the user's own row, without them, is divided as
 * above.
 *
 * Of other models the score is no sum over neighbors.  A neighbor j contributes the derivative of <F_u, F_i>
 * by the logarithm of the weight of its edge, "gradient x input": the sum of <ds/dh_j, h_j> over the layers'
 * rows h_j that the user's rows read.  The score less all of these is the remainder.
 */
#ifndef KITH_EXPLAIN_EXPLAIN_H
#define KITH_EXPLAIN_EXPLAIN_H

#include "blend/evidence.h"
#include "kith/store.h"
#include "kith/train.h"

enum {
  KITH_EXPLAIN_MOST = 100,    /**< most reasons of an explanation */
  KITH_EXPLAIN_WALKS = 20,    /**< most paths, and most connections */
  KITH_EXPLAIN_HOPS = 16,     /**< most entries of a path */
  KITH_EXPLAIN_CHOICE = -1,   /**< relation of an interaction; others are indices into the schema */
  KITH_EXPLAIN_FEATURE = -2,  /**< no relation: the term is of a feature of an input row, of node `type` */
  KITH_EXPLAIN_EVIDENCE = -3, /**< no relation: the term is evidence of a blend */
  KITH_EXPLAIN_NODE = -4, /**< no relation: the term is of a node that layers read without an edge (walks) */
  KITH_EXPLAIN_LATEST = -5,   /**< no relation: one of the user's latest items (model.sequence: recent) */
  KITH_EXPLAIN_CONNECTION = 3 /**< fewest hops that connections may have */
};

/** Why an item has its score for a user; or, with another item, why it has a higher score than that one. */
typedef struct kith_explain_query {
  int64_t user, item; /**< original numbers */
  int64_t against;    /**< the other item; -1: none */
} kith_explain_query;

/** What terms are. */
typedef enum kith_explain_method {
  KITH_EXPLAIN_EXACT,     /**< parts of the score, which add up to it */
  KITH_EXPLAIN_ATTENTION, /**< the same where neighbors are weighted by attention, which is taken as it is;
                             connections are weighted by attention */
  KITH_EXPLAIN_GRADIENT   /**< gradient x input: an estimate; `rounding` is what it misses */
} kith_explain_method;

/** An edge that is read: of the user to a neighbor, or of a path. */
typedef struct kith_explain_edge {
  int type;         /**< of the neighbor, in the schema; of a feature that of its node */
  int relation;     /**< KITH_EXPLAIN_CHOICE, or in the schema */
  int kind;         /**< row of the relation's kind_id; -1: it has no kinds */
  bool timed;       /**< whether `time` is known */
  int64_t original; /**< number of the neighbor, or of the feature, within its type; of the evidence */
  int64_t time;
} kith_explain_edge;

/** A neighbor of the user, or one of its features, and its contribution to the score. */
typedef struct kith_explain_reason {
  kith_explain_edge edge;
  double value;
  double direct;    /**< the direct term's part of it */
  double attention; /**< alpha of the last layer, the mean of its heads; 0: the model has none */
  double share;     /**< gamma: what the last layer takes of the neighbor's relation */
} kith_explain_reason;

/**
 * The score once more, divided at the item's end: score = own + positive + negative + rest.  Only of models
 * in which items have features; of a blend the sum of its models'.
 */
typedef struct kith_explain_item {
  bool has_features; /**< else nothing is known */
  double own;        /**< of the item's own input row, but for its features */
  double positive;   /**< of all its features that contribute more than 0 … */
  double negative;   /**< … and less than that; with `against`, of both items */
  double rest;       /**< of its neighbors; in a blend also what other models and evidence contribute */
  int64_t n_positive, n_negative, n_term;
} kith_explain_item;

/** A path that begins with the user. */
typedef struct kith_explain_walk {
  int n;        /**< entries; 0: there is no such path */
  int member;   /**< model of a blend whose path it is; else 0 */
  double value; /**< its contribution to the score; of a connection: the product of its entries */
  kith_explain_edge hop[KITH_EXPLAIN_HOPS];
} kith_explain_walk;

/** The sums of an explanation: score = own + positive + negative + rounding. */
typedef struct kith_explain_sums {
  double score;    /**< product of the exported rows; with `against`, the difference of both */
  double own;      /**< of the user's own input row, but for its features */
  double positive; /**< of all neighbors and features that contribute more than 0 … */
  double negative; /**< … and less than that */
  double rounding; /**< what floats have lost: of rows of bf16 some thousandths, else less than a millionth;
                      by gradient x input the remainder */
  double scale;    /**< factor in all of them: cosines divide by the length of the user's row */
  int64_t n_positive, n_negative, n_term;
} kith_explain_sums;

/** The same on every rank. */
typedef struct kith_explanations {
  int n, n_reason, n_path, n_connection; /**< queries, and the most of each */
  kith_explain_method method;
  bool reads_neighbors;        /**< whether any neighbor has a part: not of a model without layers */
  kith_explain_sums *sums;     /**< [n] */
  kith_explain_reason *reason; /**< [n, n_reason] largest contribution first, of any sign; type -1: no more */
  kith_explain_item *item;     /**< [n] */
  kith_explain_reason *item_reason; /**< [n, n_reason] features of the item, as `reason` */
  kith_explain_walk *path;          /**< [n, n_path] highest contribution first */
  kith_explain_walk *connection;    /**< [n, n_connection] largest product of entries first */
} kith_explanations;

/** Free the arrays.  Local. */
void kith_explanations_free(kith_explanations *e);

/** A trained model that can be explained. */
typedef struct kith_explainer kith_explainer;

/**
 * Run the model of the checkpoint that was exported, and keep what explanations read.  Collective.
 *
 * @param g     kept
 * @param run   work, parts, model, train.seed and what else says that a checkpoint is of this run; kept
 * @param from  of the exported rows
 * @param x     [n_own, d] the exported rows; kept
 * @param new   nodes that the graph does not have, as for kith_embed(): queries name them by n_known + i.
 * Their neighbors are those of their lists; others do not read them.  Null: none Errors: KITH_ECONFIG (a
 * model that cannot be divided; another configuration key), KITH_ENOINPUT (no checkpoint of the exported
 * epoch), KITH_EDATA (the rows are not those of the checkpoint), KITH_ENOMEM. Memory: four times the rows,
 * ghosts included.
 */
kith_agreed kith_explainer_create(const kith_comm *comm, const kith_graph *g, const kith_run *run,
                                  const kith_embeddings_origin *from, const float *x,
                                  const kith_new_nodes *new, kith_explainer **out) KITH_MUST_USE;
/** The rows of this rank's new nodes, users before items over all ranks: *n of them from *first on.  Local.
 */
const float *kith_explainer_new_rows(const kith_explainer *e, int64_t *first, int64_t *n);
/** Whether terms of a model's scores add up to them.  Local. */
bool kith_explain_is_exact(const kith_model_options *o);
/** The model in messages: its name, and what of it makes its scores estimates.  Local. */
const char *kith_explain_model_text(const kith_model_options *o);
/** Whether they do because attention is taken as it is: gat and diffnet.  Local. */
bool kith_explain_attends(const kith_model_options *o);
/**
 * The explainer of a blend: the score is the sum of the members' scores, each times its factor.  Terms of
 * several members for one edge are one term.  Paths are those of each member, and connections the first
 * one's. Collective.
 *
 * @param n       members, 0 (evidence alone) to KITH_BLEND_MODELS
 * @param member  [n] of the same graph; given away and set to null, unless it fails
 * @param factor  [n] gamma / sigma
 * @param table, evidence  what scores of listed pairs have beside, kept by reference, and [table->n] with its
 *                weights; each is a term
 * Errors: KITH_ENOMEM.
 */
kith_agreed kith_explainer_join(const kith_comm *comm, const kith_graph *g, int n, kith_explainer **member,
                                const double *factor, const kith_evidence_table *table,
                                const kith_evidence *evidence, kith_explainer **out) KITH_MUST_USE;
/** Free it and null the pointer.  Local; accepts null. */
void kith_explainer_free(kith_explainer **e);

/**
 * Explain scores.  Collective.  The same digits on any number of ranks and for any cut.
 *
 * @param query         [n] the same on every rank
 * @param n_reason      most neighbors and features that are listed; all of them count in the sums
 * @param n_path        paths of the highest contribution, exactly these; 0: none
 * @param n_connection  paths from the user to the item with the largest product of entries, of as many hops
 *                      as the model has layers, and of at least three, none of which comes back to the
 *                      user; 0: none
 * Errors: KITH_ENOMEM; KITH_EDATA if exact terms do not add up to a score.
 * Cost: for a query, the entries of the user's row; for 32 queries with paths, layers - 1 passes over the
 * matrix with rows of 32 numbers, and 128 bytes for each layer and each row.  Connections cost the same
 * again.  By gradient x input: the model forward for each user, and backward for each query.
 */
kith_agreed kith_explain(kith_explainer *e, int n, const kith_explain_query *query, int n_reason, int n_path,
                         int n_connection, kith_explanations *out) KITH_MUST_USE;

#endif
