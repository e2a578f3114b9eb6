/**
 * Edge order: the order of the training edges in an epoch, and their division into steps.
 */
#ifndef KITH_SAMPLE_EDGE_ORDER_H
#define KITH_SAMPLE_EDGE_ORDER_H

#include "halo/halo.h"

/** A training edge (user, positive item) whose user this rank owns. */
typedef struct kith_train_edge {
  int64_t position;    /**< position in the order of the epoch, over all ranks */
  kith_eid local_edge; /**< index into graph->neighbor */
  kith_lid user;       /**< index into graph->row_of[KITH_USER] */
} kith_train_edge;

/** Id of a training edge: its index in graph.h5, the same on any number of ranks.  Local. */
kith_eid kith_train_edge_id(const kith_graph *g, const kith_train_edge *s);

/* ---- saturated users ---- */

/**
 * Saturated users: users with a training interaction with every item that may be drawn as a negative.
 * Their edges have no negative and are in no step.
 */
typedef struct kith_saturated_users {
  int64_t n_user;         /**< number of saturated users, over all ranks */
  kith_eid n_pair;        /**< number of their training edges, over all ranks */
  bool *is_saturated;     /**< [n_own_of[KITH_USER]] for each owned user */
  kith_eid *first_edge;   /**< [n_user] id of the first training edge of each user, ascending */
  kith_eid *pairs_before; /**< [n_user + 1] prefix sums of the users' numbers of training edges */
} kith_saturated_users;

/**
 * Find the saturated users.
 *
 * Collective.  16 bytes a saturated user on every rank.
 *
 * @param any  whether items without training interactions may be negatives too
 *             (kith_negative_distribution_covers_all())
 *
 * Errors: KITH_ENOMEM; KITH_ECONFIG if there are more than 2^30 such users; KITH_EDATA if all users are
 * saturated, so that no edge is left.
 */
kith_agreed kith_saturated_users_create(const kith_comm *comm, const kith_graph *g, bool any,
                                        kith_saturated_users **out) KITH_MUST_USE;
/** Local; accepts null. */
void kith_saturated_users_destroy(kith_saturated_users **saturated);
/** Number of saturated users' training edges with an id below `edge`.  Local; accepts null; O(log users). */
kith_eid kith_saturated_users_pairs_before(const kith_saturated_users *s, kith_eid edge);

/* ---- epochs of an update ---- */

/**
 * Which training edges an epoch of an update has: every new one (kith_graph.is_new), and n_draw old ones, by
 * a keyed permutation of them.  Saturated users' edges are neither.
 */
typedef struct kith_replay {
  kith_eid n_new, n_old; /**< over all ranks */
  kith_eid n_draw;       /**< old edges of an epoch */
  kith_eid *new_before;  /**< [n_own_of[KITH_USER]] new edges of users of smaller original numbers … */
  kith_eid *old_before;  /**< … and their old ones */
} kith_replay;

/**
 * Collective.
 *
 * @param share  of old edges among those of an epoch, 0 to below 1: n_draw is n_new share / (1 - share),
 *               rounded, or n_old if there are fewer; without new edges 1, for a trainer that does no step
 * Errors: KITH_ENOMEM; KITH_EDATA (no edges: all users are saturated).
 */
kith_agreed kith_replay_create(const kith_comm *comm, const kith_graph *g,
                               const kith_saturated_users *saturated, double share,
                               kith_replay **out) KITH_MUST_USE;
/** Local; accepts null. */
void kith_replay_destroy(kith_replay **replay);

/* ---- order of an epoch ---- */

/**
 * The order of an epoch, restricted to the training edges whose users this rank owns.  No rank holds the
 * whole order: a rank computes the positions of its own edges from a keyed permutation.
 *
 * - Steps of `batch` edges: one permutation of all training edges, cut into steps.
 * - Steps of `clusters` parts (Cluster-GCN): an epoch is as many rounds through all parts as give about
 *   `batch` edges a step.  Each round visits the parts in an order of its own.  A part contributes an equal
 *   share of its users' edges to every round, chosen by a permutation of them.
 */
typedef struct kith_edge_order {
  const kith_graph *g;
  int batch;          /**< edges in a step, over all ranks */
  int clusters;       /**< parts in a step; 0: steps of edges from all parts */
  int64_t rounds;     /**< clusters: rounds in an epoch */
  kith_gid first_gid; /**< clusters: first global id of this rank */
  uint64_t rng_seed;
  const kith_saturated_users *saturated; /**< users whose edges are in no step; NULL: none */
  const kith_replay *replay;             /**< an update's edges alone; NULL: all */
  kith_eid n_pair;                       /**< edges in the epoch, over all ranks */
  int64_t epoch, n_step;
  int64_t max_pairs;      /**< the most edges in any step, over all ranks */
  int64_t *part_pair;     /**< [n_part] clusters: edges of each part */
  int first_part;         /**< clusters: the first part whose nodes this rank owns */
  int n_own_part;         /**< clusters: the number of such parts, which are consecutive */
  int64_t *part_step;     /**< [n_own_part, rounds] clusters: step of each own part in each round */
  int64_t *part_position; /**< [n_own_part, rounds] clusters: position of its first edge in that round */
  int64_t *step_start;    /**< [n_step + 1] position of the first edge of each step */
  kith_eid *own_start;    /**< [n_step + 2] index into `edges` of this rank's first edge of each step */
  kith_train_edge *edges; /**< [own training edges] ascending by position */
} kith_edge_order;

/**
 * An order with steps of `batch` edges.  Local.
 *
 * @param saturated  users whose edges are left out; NULL: none; must outlive the order
 */
kith_status kith_edge_order_create(const kith_graph *g, const kith_saturated_users *saturated, int batch,
                                   uint64_t rng_seed, kith_edge_order **out) KITH_MUST_USE;
/** The same for the edges of an update's epochs; the replay must outlive the order.  Local. */
kith_status kith_edge_order_create_replay(const kith_graph *g, const kith_saturated_users *saturated,
                                          const kith_replay *replay, int batch, uint64_t rng_seed,
                                          kith_edge_order **out) KITH_MUST_USE;
/** Bytes of it, where this rank owns `n_pair` of the edges.  Local. */
int64_t kith_edge_order_bytes(int64_t n_pair, int64_t n_step);
/**
 * An order with steps of `clusters` parts and about `batch` edges (Chiang et al., Cluster-GCN, KDD 2019,
 * section 3.2).  Collective.
 */
kith_agreed kith_edge_order_create_clusters(const kith_comm *comm, const kith_graph *g,
                                            const kith_saturated_users *saturated, int batch, int clusters,
                                            uint64_t rng_seed, kith_edge_order **out) KITH_MUST_USE;
/** Local; accepts null. */
void kith_edge_order_destroy(kith_edge_order **order);
/**
 * Sort the edges into the order of an epoch.
 *
 * Local; allocates nothing.  O(own training edges + rounds * parts), and sorting within each step.
 */
void kith_edge_order_set_epoch(kith_edge_order *e, int64_t epoch);
/** Number of edges of a step, over all ranks.  Local. */
int64_t kith_edge_order_step_size(const kith_edge_order *e, int64_t step);

/* ---- order of the parts ---- */

/**
 * The permutation of the parts in a round; rounds are numbered over all epochs.  Step s of the round has the
 * parts at positions s * clusters … s * clusters + clusters - 1.  Local.
 */
kith_permutation kith_cluster_order(uint64_t rng_seed, int64_t round, int n_part);
/** Step of a part within a round, from 0.  Local. */
int64_t kith_cluster_step_of_part(uint64_t rng_seed, int64_t round, int n_part, int clusters, int part);
/** Steps in a round.  Local. */
int64_t kith_cluster_steps_per_round(int n_part, int clusters);

#endif
