/** What other rooms of the library use of sample, beyond kith/negatives.h. */
#ifndef KITH_SAMPLE_NEGATIVES_H
#define KITH_SAMPLE_NEGATIVES_H

#include "kith/negatives.h"
#include "comm/host_table.h"
#include "sample/edge_order.h"

/** The defaults.  Local. */
kith_negative_options kith_negative_defaults(void);

/** Cumulative integer weights of items: a draw is a binary search. */
typedef struct kith_item_cdf {
  int64_t *cdf;          /**< [n + 1] total weight of the items before each, by original id: … */
  kith_host_table table; /**< … its memory, once a host */
  int64_t *user_cdf;     /**< [own training edges] as graph->train: total weight of a user's items up to and
                            including each */
} kith_item_cdf;

/**
 * Negative (noise) distribution p_n over items, a mixture:
 *
 *     p_n(i) = popularity degree_i^alpha / sum of degree^alpha + inbatch degree_i / edges
 *              + (1 - popularity - inbatch) / items
 *
 * degree_i is the item's number of training interactions; the exponent follows Mikolov et al., NIPS 2013.
 * A step is a random sample of the training edges, so an item's expected frequency in it is proportional to
 * its degree.  Weights are integers, so that all ranks draw the same items.
 */
typedef struct kith_negative_distribution {
  int64_t n;                               /**< number of items */
  double popularity, alpha, inbatch, hard; /**< as in the options */
  kith_item_cdf degree_alpha;              /**< of degree^alpha; empty if popularity is 0 */
  kith_item_cdf degree;                    /**< of degree; empty if inbatch is 0 */
} kith_negative_distribution;

/**
 * Collective.  With popularity > 0: 8 bytes an item on every host, one sum of them over the hosts, and
 * 8 bytes an own training edge; with inbatch > 0 the same again.  Errors: KITH_ENOMEM.
 */
kith_agreed kith_negative_distribution_create(const kith_comm *comm, const kith_graph *g,
                                              const kith_negative_options *o,
                                              kith_negative_distribution **out) KITH_MUST_USE;
/** Bytes of it, where this rank owns `n_pair` training edges, n_here ranks of its host sharing what can be.
 * Local. */
int64_t kith_negative_distribution_bytes(const kith_negative_options *o, int n_here, int64_t n_item,
                                         int64_t n_pair);
/** Local; accepts null. */
void kith_negative_distribution_destroy(kith_negative_distribution **distribution);
/**
 * Sample an item from p_n; returns its original id.  Local; O(log items).
 *
 * In-batch draws are made among all training edges.
 *
 * @param r  random bits: bits[1] choose the component of the mixture, bits[0] the item
 */
int32_t kith_negative_distribution_sample(const kith_negative_distribution *z, const kith_draw *r);
/** log p_n(item).  Local. */
double kith_negative_distribution_log_prob(const kith_negative_distribution *z, int32_t item);
/** Whether p_n > 0 for every item, rather than only for those with training interactions.  Local. */
bool kith_negative_distribution_covers_all(const kith_negative_distribution *z);

/** A positive pair of a step, as the ranks that need it receive it. */
typedef struct kith_pair {
  kith_gid user_gid;  /**< global id of the user */
  int32_t user, item; /**< original ids of the user and of the item */
  int32_t position;   /**< among the pairs of the step */
  float log_degree;   /**< log of the item's number of training interactions */
} kith_pair;

/** The positive pairs of a step, over all ranks, whose items are the in-batch negatives. */
typedef struct kith_inbatch_pairs {
  int64_t n;
  const int32_t *item; /**< [n] their original ids, by position */
} kith_inbatch_pairs;

/**
 * Draw a negative item for a training edge; returns its original id.  Local.
 *
 * The item follows p_n, conditioned on having no training interaction with the user.  It is keyed by
 * (seed, epoch, edge, j, c), so it does not depend on the ranks.  Rejection sampling, at most 64 tries;
 * then an exact draw from the conditional distribution.
 *
 * The in-batch component draws the item of another pair of the step, all with the same probability.  If the
 * user has interactions with all of them, and no other component has an item for the user, the item is drawn
 * among all training edges.
 *
 * @param edge     id of the training edge
 * @param user     index into graph->row_of[KITH_USER]; not saturated (kith_saturated_users_create())
 * @param j        number of the negative, 0 … count - 1
 * @param c        draw: 0, or 0 … pool - 1 for a hard negative
 * @param inbatch  the step's pairs; NULL without in-batch draws
 */
int32_t kith_negative_draw(const kith_negative_distribution *z, const kith_edge_order *e, kith_eid edge,
                           kith_lid user, int j, int c, const kith_inbatch_pairs *inbatch);
/** Whether negative `j` of a training edge is a hard one.  Local. */
bool kith_negative_is_hard(const kith_negative_distribution *z, const kith_edge_order *e, kith_eid edge,
                           int j);

#endif
