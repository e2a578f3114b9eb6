/**
 * Rank: exact distributed top-K and the metrics; the accuracy of classes.
 *
 * Users stay with their owners, item shards circulate around the ring of ranks, each user keeps a running
 * top-K. Scores are inner products; ties go to the smaller original item number.  The same digits on any
 * number of ranks.
 */
#ifndef KITH_EVAL_H
#define KITH_EVAL_H

#include "kith/graph.h"

enum { KITH_MAX_CUTOFFS = 8 }; /**< how many K a job may ask for */

/** Which held-out lists are the truth; auto: validation where the graph has some, else test. */
typedef enum kith_eval_split { KITH_EVAL_AUTO, KITH_EVAL_VALID, KITH_EVAL_TEST } kith_eval_split;

enum { KITH_EVERY_AUTO = -1 }; /**< evaluate after each of the first ten epochs, then after every fifth one */

/** What picks the epoch of a classification: the most right answers, of equals the smaller loss; or the
 * smallest loss. */
typedef enum kith_select_by { KITH_SELECT_BY_ACCURACY, KITH_SELECT_BY_LOSS } kith_select_by;

typedef struct kith_eval_options {
  int n_k;
  int k[KITH_MAX_CUTOFFS]; /**< ascending */
  int every;               /**< epochs between evaluations while training; 0: none; KITH_EVERY_AUTO */
  kith_eval_split
      split;     /**< which lists are the truth; on test, validation items are masked like training items */
  int sampled;   /**< 0: full ranking; N: the sampled-N protocol */
  uint64_t seed; /**< of the sampled protocol */
  kith_select_by select_by;           /**< classification */
  bool oversmoothing;                 /**< while training: tell how alike the rows of each layer are, too */
  kith_agreed (*poll)(void *context); /**< called by all ranks together, some sixteen times in an evaluation:
                                          what falls due meanwhile is done there; null: nothing is */
  void *poll_context;                 /**< of poll */
  bool (*should_stop)(void); /**< asked now and then whether to give up, on each rank; once true it stays so;
                         null: never.  The same on every rank */
} kith_eval_options;

kith_eval_options kith_eval_defaults(void);

/** Whether an evaluation follows an epoch, 1 the first.  The last epoch of a run is evaluated too unless
 * every is 0.  Local. */
bool kith_eval_is_due(int every, int64_t epoch);
/** How many interactions, or nodes, a split holds out, over all ranks; `split` is valid or test.  Collective.
 */
int64_t kith_eval_split_count(const kith_comm *comm, const kith_graph *g, kith_eval_split split);
/** The split that `split` stands for: auto is resolved.  Collective. */
kith_eval_split kith_eval_split_resolve(const kith_comm *comm, const kith_graph *g, kith_eval_split split);

/** Means over the users that have held-out items. */
typedef struct kith_metrics {
  int n_k, k[KITH_MAX_CUTOFFS];
  int64_t n_user;
  int64_t n_user_short; /**< sampled-N: users who have not met as many as N items; all of those are ranked */
  double recall[KITH_MAX_CUTOFFS];    /**< hits in the top K / |held out| */
  double ndcg[KITH_MAX_CUTOFFS];      /**< DCG / DCG of min(K, |held out|) hits first */
  double hit_rate[KITH_MAX_CUTOFFS];  /**< 1 if any hit */
  double precision[KITH_MAX_CUTOFFS]; /**< hits / K */
  double mrr[KITH_MAX_CUTOFFS];       /**< 1 / place of the first hit within K */
} kith_metrics;

/** The best items of each owned user, best first. */
typedef struct kith_topk {
  kith_lid n_user;
  int k;
  int32_t *item; /**< [n_user, k] original item numbers; -1 where there are fewer items */
  float *score;  /**< [n_user, k] */
} kith_topk;

void kith_topk_free(kith_topk *top);

/**
 * The K best items of every owned user among all items that the user has no masked interaction with.
 *
 * Collective over `comm`.
 * @param g      this rank's share
 * @param d      width
 * @param x      [n_own, d] final embeddings of the owned rows (normalized already where the model scores by
 * cosine)
 * @param k      how many
 * @param mask_valid  mask validation items as well as training items
 * @param n_user, user  [n_user] which owned users, as places in g->row_of[KITH_USER]; user null: all of them
 * @param[out] top  freed by kith_topk_free(); rows in the order of `user`
 * Cost: 2 d n_user n_item floating point operations over all ranks; memory two item shards.
 */
kith_agreed kith_eval_topk(const kith_comm *comm, const kith_graph *g, int d, const float *x, int k,
                           bool mask_valid, kith_lid n_user, const kith_lid *user,
                           kith_topk *top) KITH_MUST_USE;

/**
 * Rank and measure.  Collective; the same digits on every rank and for any number of ranks.
 * Errors: KITH_ENOMEM; those of o->poll; KITH_EINTERRUPT if o->should_stop was true on any rank: within a
 * tile of users if it is on all of them, else until the next poll.
 */
kith_agreed kith_eval_metrics(const kith_comm *comm, const kith_graph *g, int d, const float *x,
                              const kith_eval_options *o, kith_metrics *out) KITH_MUST_USE;

/** "Recall@20 0.1824  NDCG@20 0.1554 …" at the largest K, in `buffer`; `between` parts the first three from
 * the rest. */
void kith_metrics_print(const kith_metrics *m, const char *between, size_t size, char *buffer);

/**
 * The k nodes of a type whose rows have the highest products with each of a few query rows; of equals the
 * smaller original number comes first.  Exact, and the same on any number of ranks.
 *
 * Collective over `comm`.
 * @param x      [n_own, d] rows of the owned nodes
 * @param query  [n_query, d], the same on every rank
 * @param skip   a row of ascending original numbers for each query, which are not listed; null: none
 * @param[out] out  item [n_query, k] original numbers of the type, -1 where there are fewer; the same on
 * every rank Errors: KITH_ENOMEM. Cost: n_query times the rows of the type; 8 k bytes from every rank to
 * every other for each query.
 */
kith_agreed kith_eval_nearest(const kith_comm *comm, const kith_graph *g, kith_node_type type, int d,
                              const float *x, int n_query, const float *query, const kith_lists *skip, int k,
                              kith_topk *out) KITH_MUST_USE;

/* ---- classes ---- */

/** How well logits say the classes of the nodes of a split. */
typedef struct kith_accuracy {
  int64_t n, correct; /**< nodes; those whose largest logit (of equals the first) is that of their class */
  double loss;        /**< mean cross-entropy */
} kith_accuracy;

/** Measure logits [n_own, classes] on the nodes of a split.  Collective; the same digits on every rank. */
kith_accuracy kith_eval_accuracy(const kith_comm *comm, const kith_graph *g, const float *logits,
                                 kith_node_split split);

/** Share of right answers; 0 without nodes. */
double kith_accuracy_ratio(const kith_accuracy *a);

/** "accuracy 0.8140 (814 of 1000)  loss 0.6021", in `buffer`. */
void kith_accuracy_print(const kith_accuracy *a, size_t size, char *buffer);

#endif
