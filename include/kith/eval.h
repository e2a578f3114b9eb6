/**
 * Eval: exact distributed top-K and ranking metrics; accuracy of node classification.
 *
 * Users stay with their owners; shards of items circulate on a ring of ranks, and each user keeps a running
 * top-K.  Scores are inner products, and a direct term where there is one; ties go to the smaller original
 * item number.  Results have the same digits on any number of ranks.
 */
#ifndef KITH_EVAL_H
#define KITH_EVAL_H

#include "kith/comm.h"
#include "kith/graph.h"

enum { KITH_MAX_CUTOFFS = 8 }; /**< most cutoffs K of a job */

/** Held-out interactions (classification: nodes) that are the ground truth. */
typedef enum kith_eval_split {
  KITH_EVAL_AUTO, /**< training: validation if there is any, else test; kith evaluate: test, else validation
                   */
  KITH_EVAL_VALID,
  KITH_EVAL_TEST
} kith_eval_split;

enum { KITH_EVERY_AUTO = -1 }; /**< each of the first ten epochs, then every fifth */

/** Criterion that selects the epoch in classification: the most correct nodes (ties: the smaller loss), or
 * the smallest loss. */
typedef enum kith_select_by { KITH_SELECT_BY_ACCURACY, KITH_SELECT_BY_LOSS } kith_select_by;

/** Items that are ranked; cold: those without training interactions. */
typedef enum kith_candidates { KITH_CANDIDATES_ALL, KITH_CANDIDATES_COLD } kith_candidates;

/** Kinds of evidence that a blend may add to scores; docs/models.md has their formulas. */
typedef enum kith_evidence_kind {
  KITH_EVIDENCE_SEEN,    /**< whether the user has the item in the relation */
  KITH_EVIDENCE_RATE,    /**< how often that came with an interaction */
  KITH_EVIDENCE_FRIENDS, /**< neighbors of the user in the relation who chose the item */
  KITH_EVIDENCE_RECENT,  /**< how recently the user had the item in the relation */
  KITH_EVIDENCE_ORDER,   /**< users who had the item soon after one of the user's latest */
  KITH_EVIDENCE_POPULAR, /**< users who have the item in the relation */
  KITH_EVIDENCE_ALIKE,   /**< how alike the item's content is to that of the user's items */
  KITH_EVIDENCE_NEAR,    /**< items of the user next to the item */
  KITH_EVIDENCE_NEAR2,   /**< the same, two edges away */
  KITH_EVIDENCE_KINDS
} kith_evidence_kind;

/** Which items are ranked for a user. */
typedef struct kith_eval_scope {
  kith_candidates candidates;
  kith_relation_names
      mask; /**< relations of users with items: a user's items in them are not ranked.  Of
                 `interactions`, the training items; in the test split validation items, too */
} kith_eval_scope;

/** Numbers that the scores of some pairs have beside products of rows and a direct term.  All 0: none have.
 */
typedef struct kith_pair_terms {
  kith_ragged item; /**< [owned users] items, ascending, each once */
  float *value;     /**< [pairs] what is added to the score */
} kith_pair_terms;

typedef struct kith_eval_options {
  int n_k;
  int k[KITH_MAX_CUTOFFS]; /**< ascending */
  int every;               /**< epochs between evaluations in training; 0: none; or KITH_EVERY_AUTO */
  kith_eval_split split;   /**< ground truth */
  kith_eval_scope scope;   /**< which items are ranked, and which held-out items count: those that are */
  int sampled;             /**< 0: full ranking; N: each held-out item among N sampled items (sampled-N) */
  uint64_t seed;           /**< random key of the sampled-N protocol */
  kith_direct_term direct; /**< what scores have beside the rows' products; all 0: nothing.  No job key */
  const kith_pair_terms *pairs; /**< the same of listed pairs, borrowed; NULL: nothing.  No job key */
  kith_select_by select_by;     /**< classification */
  bool oversmoothing; /**< in training: also measure of every layer how alike its rows are: their mean
                         cosine over all pairs, and the Dirichlet energy per node */
  kith_agreed (*poll)(void *context); /**< Collective callback, about 16 times in an evaluation; or NULL */
  void *poll_context;                 /**< argument of poll */
  bool (*should_stop)(
      void); /**< Local: whether to abort; once true it stays true.  NULL on all ranks, or none */
} kith_eval_options;

KITH_API kith_eval_options kith_eval_defaults(void); /**< Local. */

/** Means over n_user users, those with a held-out item that is ranked; definitions: docs/metrics.md. */
typedef struct kith_metrics {
  int n_k, k[KITH_MAX_CUTOFFS];
  int64_t n_user;
  int64_t n_user_short;    /**< sampled-N: users with fewer than N candidate items, all of which are ranked */
  int64_t n_user_left_out; /**< users with held-out items of which none is ranked; they are not in n_user */
  double recall[KITH_MAX_CUTOFFS];    /**< hits in the top K / |held out| */
  double ndcg[KITH_MAX_CUTOFFS];      /**< DCG / DCG of min(K, |held out|) hits first */
  double hit_rate[KITH_MAX_CUTOFFS];  /**< 1 if any hit */
  double precision[KITH_MAX_CUTOFFS]; /**< hits / K */
  double mrr[KITH_MAX_CUTOFFS];       /**< 1 / position of the first hit within K */
} kith_metrics;

/** Top-K lists of users, best item first.  kith_eval_nearest(): of queries, best node first. */
typedef struct kith_topk {
  kith_lid n_user;
  int k;
  int32_t *item; /**< [n_user, k] original item numbers, padded with -1 */
  float *score;  /**< [n_user, k] */
} kith_topk;

/** Free the arrays.  Local. */
KITH_API void kith_topk_free(kith_topk *top);

/**
 * Top-K items of owned users.
 *
 * Collective over `comm`.  Errors: KITH_ENOMEM; KITH_ECONFIG if scope->mask names what is no relation of
 * users with items.
 * @param g      this rank's share
 * @param d      embedding dimension
 * @param x      [n_own, d] final embeddings of the owned rows; unit rows where the model scores by cosine
 * @param direct what scores have beside products of rows; NULL or c = 0: nothing
 * @param pairs  what the scores of listed pairs have in addition; NULL: nothing
 * @param k      list length
 * @param scope  the items that are ranked; masked interactions are those of training and validation.  NULL:
 *               that of kith_eval_defaults()
 * @param n_user, user  [n_user] owned users, as indices into g->row_of[KITH_USER]; user NULL: all of them
 * @param[out] top  rows in the order of `user`; freed by kith_topk_free()
 * Cost: 2 d n_user n_item flops over all ranks; memory of two item shards.  With a direct term also n_user
 * additions for each training interaction over all ranks, and on each rank 4 bytes for each training
 * interaction of the whole graph and 408 bytes for each of its users, these for each thread.
 */
KITH_API kith_agreed kith_eval_topk(const kith_comm *comm, const kith_graph *g, int d, const float *x,
                                    const kith_direct_term *direct, const kith_pair_terms *pairs, int k,
                                    const kith_eval_scope *scope, kith_lid n_user, const kith_lid *user,
                                    kith_topk *top) KITH_MUST_USE;

/**
 * Rank all users with held-out items and compute the metrics, equal on every rank.
 *
 * @param x  [n_own, d] as of kith_eval_topk()
 *
 * Collective.  Errors: KITH_ENOMEM; those of kith_eval_check() and of o->poll; KITH_EINTERRUPT if
 * o->should_stop is true on any rank: within a tile of users if true on all of them, else at the next poll.
 */
KITH_API kith_agreed kith_eval_metrics(const kith_comm *comm, const kith_graph *g, int d, const float *x,
                                       const kith_eval_options *o, kith_metrics *out) KITH_MUST_USE;

/** Check that the graph has the relations that the options mask, and that the protocol allows the options.
 * Local; the same on every rank.  Errors: KITH_ECONFIG. */
KITH_API kith_status kith_eval_check(const kith_graph *g, const kith_eval_options *o) KITH_MUST_USE;

/** Format the metrics at the largest K, "Recall@20 0.1824  NDCG@20 0.1554 …", into buffer [size]; `between`
 * separates the first three from the others.  Local. */
KITH_API void kith_metrics_print(const kith_metrics *m, const char *between, size_t size, char *buffer);

/**
 * The k users or items (`type`: KITH_USER or KITH_ITEM, no other) with the largest inner products with each
 * query row (maximum inner product search).
 *
 * Exact; ties go to the smaller original number.  The same on every rank and any number of ranks.
 * Collective over `comm`.  Errors: KITH_ENOMEM.
 * @param x        [n_own, d] rows of the owned nodes
 * @param query    [n_query, d], the same on every rank
 * @param exclude  per query an ascending list of original numbers to exclude; NULL: none
 * @param direct   what scores have beside products of rows, of queries that are users with the training items
 *                 `exclude`, in the graph or not; NULL or c = 0: nothing.  `type` must then be KITH_ITEM
 * @param[out] out  item [n_query, k] original numbers of the type, padded with -1
 * Cost: per query one product with each row of the type, and an all-gather of 8 k bytes per rank.  A direct
 * term adds the memory of kith_eval_topk(), less the 408 bytes.
 */
KITH_API kith_agreed kith_eval_nearest(const kith_comm *comm, const kith_graph *g, kith_node_type type, int d,
                                       const float *x, int n_query, const float *query,
                                       const kith_ragged *exclude, const kith_direct_term *direct, int k,
                                       kith_topk *out) KITH_MUST_USE;

/* ---- classes ---- */

/** Accuracy on the nodes of a split. */
typedef struct kith_accuracy {
  int64_t n, correct; /**< nodes; those whose largest logit (the first of equals) is their class */
  double loss;        /**< mean cross-entropy */
} kith_accuracy;

/** Accuracy of logits [n_own, classes] on the nodes of a split, equal on every rank.  Collective. */
KITH_API kith_accuracy kith_eval_accuracy(const kith_comm *comm, const kith_graph *g, const float *logits,
                                          kith_node_split split);

#endif
