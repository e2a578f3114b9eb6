/**
 * Sample: which training pairs make up a step, their negatives, and the rows that a step needs.
 */
#ifndef KITH_SAMPLE_H
#define KITH_SAMPLE_H

#include "kith/halo.h"
#include "kith/ops.h"

/** A training pair whose user this rank owns. */
typedef struct kith_train_edge {
  int64_t position;    /**< in the order of the epoch, over all ranks */
  kith_eid local_edge; /**< in graph->neighbor */
  kith_lid user;       /**< in graph->row_of[KITH_USER] */
} kith_train_edge;

/**
 * Saturated users: those who have a training interaction with every item that may be drawn as a negative.
 * Their pairs have no negative, and are in no step.
 */
typedef struct kith_saturated_users {
  int64_t n_user;     /**< how many, over all ranks … */
  kith_eid n_pair;    /**< … and their training pairs */
  bool *is_saturated; /**< [n_own_of[KITH_USER]] whether each owned user is one */
  kith_eid
      *first_edge; /**< [n_user] the first training edge of each, in the order of graph.h5, ascending … */
  kith_eid *pairs_before; /**< [n_user + 1] … and the pairs of those before it */
} kith_saturated_users;

/**
 * Find them.  Collective; 16 bytes a saturated user on every rank.  Errors: KITH_ENOMEM; KITH_EDATA if all
 * users are saturated, so that no pair is left.
 *
 * @param any  whether items without training interactions may be negatives, too
 * (kith_negative_distribution_covers_all())
 */
kith_agreed kith_saturated_users_create(const kith_comm *comm, const kith_graph *g, bool any,
                                        kith_saturated_users **out) KITH_MUST_USE;
/** Local; accepts null. */
void kith_saturated_users_destroy(kith_saturated_users **saturated);
/** Training pairs of saturated users before a training edge, in the order of graph.h5.  Local; accepts null;
 * O(log users). */
kith_eid kith_saturated_users_pairs_before(const kith_saturated_users *s, kith_eid edge);

/**
 * The training pairs of this rank in the order of an epoch, cut into steps over all ranks.  Nobody holds it
 * whole. Steps of `batch` pairs: one keyed permutation of all training edges.  Steps of `clusters` parts of
 * the cut: as many rounds through all parts, each in a keyed order of its own, as make steps of about `batch`
 * pairs; a part's users bring an equal share of their pairs to every round, by a keyed permutation.
 */
typedef struct kith_edge_order {
  const kith_graph *g;
  int batch;
  int clusters;       /**< parts in a step; 0: steps are of pairs from anywhere */
  int64_t rounds;     /**< clusters: in an epoch */
  kith_gid first_gid; /**< clusters: first global number of this rank */
  uint64_t rng_seed;
  const kith_saturated_users *saturated; /**< users whose pairs are in no step; null: there are none */
  kith_eid n_pair;                       /**< pairs in the epoch, over all ranks */
  int64_t epoch, n_step;
  int64_t max_pairs;  /**< pairs in any step, over all ranks */
  int64_t *part_pair; /**< [n_part] clusters: pairs of each part */
  int first_part,
      n_own_part; /**< clusters: the parts of this rank, first_part … first_part + n_own_part - 1 */
  int64_t *part_step, *part_position; /**< [n_part, rounds] clusters: step and first place of each of these
                                      parts in each round */
  int64_t *step_start;                /**< [n_step + 1] positions of the first pair of each step */
  kith_eid *own_start;                /**< [n_step + 2] this rank's seeds of each step */
  kith_train_edge *edges;             /**< [own training edges], ascending by place */
} kith_edge_order;

/** Steps of `batch` pairs; those of saturated users (null: there are none), which must outlive the epoch, are
 * left out.  Local. */
kith_status kith_edge_order_create(const kith_graph *g, const kith_saturated_users *saturated, int batch,
                                   uint64_t rng_seed, kith_edge_order **out) KITH_MUST_USE;
/** Steps of `clusters` parts (Chiang et al., Cluster-GCN, KDD 2019, section 3.2) and about `batch` pairs.
 * Collective. */
kith_agreed kith_edge_order_create_clusters(const kith_comm *comm, const kith_graph *g,
                                            const kith_saturated_users *saturated, int batch, int clusters,
                                            uint64_t rng_seed, kith_edge_order **out) KITH_MUST_USE;
void kith_edge_order_destroy(kith_edge_order **epoch);
/** Put the seeds into the order of `epoch`.  Local; allocates nothing; O(own training edges + rounds *
 * parts). */
void kith_edge_order_set_epoch(kith_edge_order *e, int64_t epoch);
/** Pairs of a step over all ranks. */
int64_t kith_edge_order_step_size(const kith_edge_order *e, int64_t step);
/** The order of the parts in a round (rounds are numbered over all epochs): step s of it has those at the
 * places s * clusters and on. */
kith_permutation kith_cluster_order(uint64_t rng_seed, int64_t round, int n_part);
/** The step of a round that a part belongs to, 0 the round's first. */
int64_t kith_cluster_step_of_part(uint64_t rng_seed, int64_t round, int n_part, int clusters, int part);
/** Steps of a round. */
int64_t kith_cluster_steps_per_round(int n_part, int clusters);
/** The number of the training edge behind a seed, in the order of graph.h5. */
kith_eid kith_train_edge_id(const kith_graph *g, const kith_train_edge *s);

/** How negatives are drawn: k for each pair, of which a share are the hardest of a pool of draws. */
typedef struct kith_negative_options {
  int count;         /**< k, negatives of a pair */
  double popularity; /**< share of draws in proportion to degree^alpha … */
  double alpha;      /**< 0 … 1 */
  double inbatch; /**< … and of draws among the items of the step's other pairs; the others are uniform */
  double hard; /**< share of negatives that are, of a pool of draws, the one that the model scores highest */
  int pool;    /**< draws in a pool */
} kith_negative_options;

kith_negative_options kith_negative_defaults(void);

/** Whole weights of items, summed up so that a draw is a binary search. */
typedef struct kith_item_cdf {
  int64_t *cdf;      /**< [n + 1] weight of the items before each, by original number */
  int64_t *user_cdf; /**< [own training pairs] by graph->train: weight of the items of a user's list up to and
                     including each */
} kith_item_cdf;

/**
 * The law that items are drawn from as negatives, p_n(i) = popularity degree_i^alpha / sum + inbatch degree_i
 * / edges
 * + (1 - popularity - inbatch) / items (Mikolov et al., NIPS 2013, for the exponent).  The degree counts
 * training interactions: a step's pairs are a random sample of all training pairs, so that is how often an
 * item is there. Weights are whole numbers, so that draws are the same on every rank.
 */
typedef struct kith_negative_distribution {
  int64_t n;                               /**< items */
  double popularity, alpha, inbatch, hard; /**< as in the options */
  kith_item_cdf degree_alpha;              /**< weights degree^alpha; null while popularity is 0 */
  kith_item_cdf degree;                    /**< training pairs of each item; null while inbatch is 0 */
} kith_negative_distribution;

/** Collective.  With popularity, 8 bytes an item on every rank, one sum of them, and 8 bytes an own training
 * pair; with inbatch the same again. */
kith_agreed kith_negative_distribution_create(const kith_comm *comm, const kith_graph *g,
                                              const kith_negative_options *o,
                                              kith_negative_distribution **out) KITH_MUST_USE;
/** Local; accepts null. */
void kith_negative_distribution_destroy(kith_negative_distribution **distribution);
/**
 * The item (original number) that random bits draw from p_n: bits[1] say by which law, bits[0] which item.
 * What would be drawn in a batch is drawn among all training pairs.
 */
int32_t kith_negative_distribution_sample(const kith_negative_distribution *z, const kith_draw *r);
/** log p_n(item). */
double kith_negative_distribution_log_prob(const kith_negative_distribution *z, int32_t item);
/** Whether p_n is above zero for every item, rather than only for those with training interactions. */
bool kith_negative_distribution_covers_all(const kith_negative_distribution *z);

/** A training pair of a step as every rank learns it. */
typedef struct kith_pair {
  kith_gid user;          /**< global number */
  int64_t original, item; /**< original numbers of the user and of the item */
  int64_t degree;         /**< the item's training interactions */
} kith_pair;

/** The pairs of a step, over all ranks, of whose items in-batch negatives are drawn. */
typedef struct kith_inbatch_pairs {
  int64_t n;
  const kith_pair *pair; /**< [n] as in kith_batch */
} kith_inbatch_pairs;

/**
 * Draw `c` for negative `j` of a training edge: from p_n without the items that the user has training
 * interactions with, keyed by (seed, epoch, edge): original number.  Rejection, at most 64 tries; then a draw
 * among the items that the user does not know, of the same law.  The user must not be saturated
 * (kith_saturated_users_create()). A negative that is not hard is draw 0; a hard one is one of the draws 0 …
 * pool
 * - 1.
 *
 * What the law draws in the batch is the item of another pair of the step, each pair with the same chance:
 * that of the pair itself is known.  If there is none that the user does not know, and the law has no other
 * item for this user, it is drawn among all training pairs.
 *
 * @param inbatch  the step's pairs; null without in-batch draws
 */
int32_t kith_negative_draw(const kith_negative_distribution *z, const kith_edge_order *e, kith_eid edge,
                           kith_lid user, int j, int c, const kith_inbatch_pairs *inbatch);
/** Whether negative `j` of a training edge is the hardest of a pool. */
bool kith_negative_is_hard(const kith_negative_distribution *z, const kith_edge_order *e, kith_eid edge,
                           int j);

/**
 * The rows that this rank needs in a step, as a halo wants them (ascending by number), and where each pair
 * finds its own.  Rows are keyed by their place in the batch, so that owners sum gradients in the order of
 * the batch.
 *
 * BPR, NCE: the pairs of the users owned here; user, positive and negatives of each.
 * Softmax: the pairs in this rank's tiles of the batch, whoever owns them, two rows each; and this rank's
 * tiles of the negatives that the step's pairs share.
 */
enum { KITH_TILE = 64 }; /**< places of a batch that softmax handles together, on one rank */

/** What a step is made of at most. */
typedef struct kith_batch_shape {
  int pairs;      /**< over all ranks */
  bool softmax;   /**< tiles of the batch, rather than pairs with negatives of their own */
  int n_negative; /**< of a pair */
  int n_pool;     /**< draws in a pool; 1 where no negative is hard */
  int n_shared;   /**< softmax: negatives that all pairs of a step share */
  bool mask;      /**< softmax: mark the items of other pairs that a pair's user knows */
  bool excluded;  /**< every rank learns the step's pairs, for samplers to leave out */
  bool inbatch;   /**< every rank learns the step's pairs: some negatives are the items of others */
} kith_batch_shape;

/** Which candidates of a step the users of its pairs have a training interaction with. */
typedef struct kith_false_negative_mask {
  int n;          /**< candidates in this step; 0: nothing is marked */
  uint64_t *mask; /**< [n / KITH_TILE rounded up, n_global] a bit for each candidate of a tile: the user of
                      the pair knows it */
  int32_t *next, *head; /**< [n], [items] chains of candidates by item, while marks are made */
} kith_false_negative_mask;

/**
 * Negatives that all pairs of a step share, drawn from p_n with repetition, keyed by (seed, epoch, step,
 * draw). Those that a user has a training interaction with are marked, to be left out for its pairs.
 */
typedef struct kith_shared_negatives {
  int n;               /**< in this step */
  int64_t *first;      /**< [size + 1] draws first[r] … first[r + 1] - 1, whole tiles, are rank r's */
  float *log_expected; /**< [n] log of how often each item is expected among the draws, n p_n(item) */
  kith_false_negative_mask mask; /**< of the draws */
} kith_shared_negatives;

typedef struct kith_batch {
  const kith_comm *comm;
  const kith_graph *g;
  const kith_dist_csr *a;
  const kith_negative_distribution *distribution;
  kith_batch_shape shape;
  int64_t n_global;                                 /**< pairs of this step over all ranks */
  kith_lid n_pair;                                  /**< pairs handled here */
  kith_lid *user_row, *positive_row, *negative_row; /**< rows of users [n_pair], positives [n_pair], negatives
                      [n_pair, n_negative, n_pool] or this rank's shared ones, among the wanted */
  kith_lid n_recv;
  kith_gid *recv_gid; /**< [n_recv] ascending */
  int64_t *recv_key;  /**< [n_recv] */
  int32_t *item; /**< original numbers of the pairs' items: [n_pair], softmax: of all pairs of the step, then
                    of the shared negatives */
  int32_t *negative_item; /**< [n_pair, n_negative, n_pool] original numbers; -1 in a pool's place that is not
                             drawn */
  int64_t *tile_first;    /**< [size + 1] softmax: places first[r] … first[r + 1] - 1 are rank r's */
  kith_pair *pair;        /**< [n_global] softmax, targets or inbatch: by place */
  float *log_degree;      /**< [pairs] softmax: log of the items' training interactions */
  kith_shared_negatives shared;   /**< softmax */
  kith_false_negative_mask mask;  /**< softmax with shape.mask: of the pairs' items, a pair's own left out */
  kith_gather_index gather_index; /**< what this rank is asked for, after kith_batch_sort_send() */
  kith_lid n_seed;                /**< after kith_batch_gather_seed_nodes(): wanted nodes, each once … */
  kith_gid *seed_node;            /**< [n_seed] … their global numbers, ascending */
  kith_lid *seed_index;           /**< [n_recv] which of them each wanted row is */
  void *sort;                     /**< room for sorting … */
  kith_key_value *order;          /**< … and the order that it brings */
} kith_batch;

/** Room for steps of a shape.  Collective (sizes only).  Errors: KITH_ENOMEM; KITH_ECONFIG if a step has too
 * many rows. */
kith_agreed kith_batch_create(const kith_comm *comm, const kith_graph *g, const kith_dist_csr *a,
                              const kith_negative_distribution *distribution, const kith_batch_shape *shape,
                              kith_batch **out) KITH_MUST_USE;
void kith_batch_destroy(kith_batch **batch);

/** The most rows that this rank wants and is asked for in any step. */
kith_lid kith_batch_max_recv(const kith_batch *b);
kith_lid kith_batch_max_send(const kith_batch *b);

/** Fill for BPR or NCE: seeds of a step with negatives.  Local; collective with shape.excluded or
 * shape.inbatch (32 bytes a pair). */
void kith_batch_fill_pairs(kith_batch *b, const kith_edge_order *e, int64_t step);
/** Fill for softmax.  Collective: every rank learns the step's pairs (32 bytes each), and a bit of each pair
 * and shared negative. */
void kith_batch_fill_softmax(kith_batch *b, const kith_edge_order *e, int64_t step);
/** Make it a step without pairs.  Local. */
void kith_batch_clear(kith_batch *b);
/** For sampled steps: the wanted nodes each once, and picks that take every wanted row from them.  Local. */
void kith_batch_gather_seed_nodes(kith_batch *b);
/** After the halo is aimed: order what came to be asked for.  Local. */
void kith_batch_sort_send(kith_batch *b, const kith_halo *h);

/* ---- labeled nodes ---- */

/**
 * The labeled nodes that a step of a node classification learns from, each at its owner, with what it weighs
 * in the loss.  The order of an epoch is a keyed permutation of all training nodes, cut into steps of `batch`
 * of them over all ranks; a node's number among the training nodes is what is permuted, so every rank count
 * has the same steps.  Steps of `clusters` parts of the cut have the training nodes of these parts, an epoch
 * being one round through all parts.
 */
typedef struct kith_train_nodes {
  const kith_graph *g;
  bool as_seeds; /**< a step's rows are the nodes themselves, one after the other, rather than the owned rows
                  */
  int64_t batch; /**< 0 with clusters */
  int clusters;  /**< parts in a step; 0: steps are of nodes from anywhere */
  int64_t n_step, epoch;
  uint64_t rng_seed;
  kith_gid first_gid;             /**< first global number of this rank */
  kith_lid n_own, max_nodes;      /**< training nodes owned here; the most of them in any step */
  kith_lid *order;                /**< [n_all] their rows, step by step, ascending within each */
  kith_eid *own_start;            /**< [n_step + 2] where this rank's nodes of each step begin */
  int64_t *part_node;             /**< [n_part] clusters: training nodes of each part, over all ranks */
  int64_t *step_start;            /**< [n_step + 1] nodes of the steps before each, over all ranks */
  kith_lid n;                     /**< nodes of the step owned here … */
  kith_lid *row;                  /**< [n] … their owned rows, ascending … */
  kith_gid *gid;                  /**< [n] … global numbers … */
  int32_t *label;                 /**< [n] … classes … */
  double *weight;                 /**< [n] … and what each weighs in the loss */
  kith_gid *peeked;               /**< [most] global numbers of a step to come */
  kith_lid *iota;                 /**< [most + 1] 0, 1, 2, … */
  kith_gather_index gather_index; /**< the rows of the step, each asked for once */
} kith_train_nodes;

/**
 * Steps of `batch` training nodes over all ranks (all of them if there are fewer).  Local.
 *
 * @param low    first global number of this rank
 * @param as_seeds  whether the nodes are the seeds of sampled hops
 */
kith_status kith_train_nodes_create(const kith_graph *g, kith_gid low, int64_t batch, bool as_seeds,
                                    uint64_t rng_seed, kith_train_nodes **out) KITH_MUST_USE;
/** Steps of `clusters` parts, the same that kith_sampler_plan() takes; the nodes are the seeds of its hops.
 * Collective. */
kith_agreed kith_train_nodes_create_clusters(const kith_comm *comm, const kith_graph *g, int clusters,
                                             uint64_t rng_seed, kith_train_nodes **out) KITH_MUST_USE;
/** Local; accepts null. */
void kith_train_nodes_destroy(kith_train_nodes **nodes);
/** Put the training nodes into the order of `epoch`.  Local; allocates nothing; O(own training nodes).
 */
void kith_train_nodes_set_epoch(kith_train_nodes *l, int64_t epoch);
/** Training nodes of a step over all ranks. */
int64_t kith_train_nodes_step_size(const kith_train_nodes *l, int64_t step);
/**
 * Fill with the nodes of a step; each weighs 1 / nodes of the step, which makes the loss their mean, and with
 * clusters, whose steps may differ much, steps / training nodes, which makes it that over an epoch.  Local.
 */
void kith_train_nodes_fill(kith_train_nodes *l, int64_t step);
/** Global numbers of a step's nodes owned here, ascending; lent until the next call.  Fills nothing.  Local.
 */
kith_lid kith_train_nodes_peek(kith_train_nodes *l, int64_t step, const kith_gid **gid);
/**
 * Fill with other nodes: row [n] owned rows of labeled nodes, ascending, at most l->max_nodes; weight [n].
 * Local. For samplers that choose a step's nodes themselves.
 */
void kith_train_nodes_fill_with(kith_train_nodes *l, kith_lid n, const kith_lid *row, const double *weight);

/* ---- sampled neighborhoods ---- */

enum { KITH_MAX_LAYERS = 16 };

/** How many neighbors a row keeps at each hop, the seeds' own first; 0: all of them. */
typedef struct kith_fanouts {
  int n, of[KITH_MAX_LAYERS];
} kith_fanouts;

/** How a step sees the graph: all of it, or hops that are drawn around the batch's nodes. */
typedef enum kith_sampler_mode {
  KITH_FULL,
  KITH_NEIGHBOR,
  KITH_LAYERWISE,
  KITH_CLUSTER,
  KITH_SAINT_NODE,
  KITH_SAINT_EDGE,
  KITH_SAINT_WALK
} kith_sampler_mode;

/**
 * In proportion to what a node draws among its neighbors: all alike; one over their degrees (the squares of
 * A's entries), or a relation's own weights; the interactions' weights.  It decides whom a row looks at, not
 * what counts: scales undo it.
 */
typedef enum kith_neighbor_weighting {
  KITH_UNIFORM,
  KITH_IMPORTANCE,
  KITH_EDGE_WEIGHT
} kith_neighbor_weighting;

/** What becomes of edges between the parts of a step. */
typedef enum kith_cluster_edges {
  KITH_CLUSTER_EDGES_KEEP,
  KITH_CLUSTER_EDGES_DROP,
  KITH_CLUSTER_EDGES_REWEIGHT
} kith_cluster_edges;

typedef struct kith_sampler_options {
  kith_sampler_mode mode;
  kith_fanouts fanouts;              /**< neighbor */
  kith_neighbor_weighting weighting; /**< neighbor: uniform draws are without, others with replacement */
  int64_t budget;  /**< layerwise: nodes expected in each layer's set; saint-node: in a step's; saint-edge,
                      saint-walk: walks that begin */
  int walk_length; /**< saint-walk: hops of a walk */
  int coverage; /**< saint-edge, saint-walk: how often a node is met, on average, while chances are counted */
  int clusters; /**< cluster: parts of the cut in a step */
  kith_cluster_edges cluster_edges; /**< cluster */
} kith_sampler_options;

kith_sampler_options kith_sampler_defaults(void);
const char *kith_sampler_mode_text(kith_sampler_mode mode);             /**< "full" */
const char *kith_neighbor_weighting_text(kith_neighbor_weighting draw); /**< "uniform" */
const char *kith_cluster_edges_text(kith_cluster_edges cut);            /**< "keep" */

/**
 * `k` of a node's `degree` neighbors without replacement, as ascending places 0 … degree - 1 (all of them if
 * k >= degree or k = 0), keyed by (seed, step, node, hop): whoever draws gets the same.  Floyd's algorithm
 * (Bentley and Floyd, CACM 1987).  Returns how many.  O(k), or O(degree) for more than a hundred or so.
 *
 * @param drawn  [degree] all false, and so again afterwards
 */
int64_t kith_neighbor_draw(uint64_t rng_seed, uint64_t step, int64_t node, int hop, int64_t degree, int k,
                           bool *drawn, int64_t *place);

/**
 * Hops around a step's seeds, the same on any number of ranks.  Neighbors of nodes owned elsewhere are drawn
 * by their owners and sent here.  Every entry has a factor `scale` that makes the sum over the drawn
 * neighbors an estimate of the sum over all; times the symmetric adjacency's entry it is the hop's weight,
 * so that the weighted sum estimates a row of A x (targets left out).  Of a relation with weights of its own
 * the factor is multiplied by them, and is the weight.
 *
 * - neighbor (Hamilton et al., GraphSAGE, NIPS 2017, section 3.1): each row draws fan-out neighbors;
 * unbiased.
 * - layerwise (Chen et al., FastGCN, ICLR 2018, section 3): each layer draws nodes, node u with a chance p_u
 * in proportion to the squared norm of A's column u; a row reads its neighbors among them, scale 1 / p_u;
 * unbiased.
 * - saint-node (Zeng et al., GraphSAINT, ICLR 2020, section 3): one such set serves all layers; of a row u
 * that is in it, v is with chance p_v, so the aggregator's normalization p_uv / p_u is p_v and scale is 1 /
 * p_v.
 * - saint-edge, saint-walk (the same): the set is what random walks of one hop, or of `walk`, visit that
 * begin at `budget` nodes.  A walk of one hop draws an edge as the paper's edge sampler does, in proportion
 * to 1 / deg u + 1 / deg v.  Scales are one over chances that are counted before training, in sets that meet
 * every node `coverage` times on average: of a seed's neighbors in its own hop; in farther ones, where the
 * row itself is in the set or not, given that it is or not.
 * - cluster (Chiang et al., Cluster-GCN, KDD 2019): a row reads its neighbors in the step's parts, or with
 * KITH_CLUSTER_EDGES_DROP in its own part; scale is neighbors / neighbors read, as the paper normalizes what
 * is left. With KITH_CLUSTER_EDGES_REWEIGHT neighbors in its own part count once, others one over the chance
 * that their part is there: that is unbiased for nodes of the step's parts, if those are several.
 *
 * The batch's nodes are rows of a step in any case, also those that are in no set or part.
 */
typedef struct kith_sampler kith_sampler;

/**
 * Collective; `comm`, `g` and `a` must outlive it.
 *
 * @param n_hop   layers of the model
 * @param loops   every row is one of its own neighbors, beside the drawn ones
 * @param max_seed    the most seeds on this rank in any step
 * @param max_excluded  the most pairs that are left out in any step
 */
kith_agreed kith_sampler_create(const kith_comm *comm, const kith_graph *g, const kith_dist_csr *a, int n_hop,
                                const kith_sampler_options *o, bool loops, kith_lid max_seed,
                                kith_lid max_excluded, uint64_t rng_seed, kith_sampler **out) KITH_MUST_USE;
/** Local; accepts null. */
void kith_sampler_destroy(kith_sampler **sampler);

/**
 * Begin to draw the hops of a step.  Collective; allocates nothing.  With saint-edge and saint-walk the halo
 * of the relation is used until the plan is made.
 *
 * @param n, seed_node  [n] distinct global numbers: the first rows of every frame
 * @param n_excluded, excluded  [n_excluded] pairs that are not drawn from either end; the same on every rank.
 * What a step learns from would otherwise be seen in the very rows that are to predict it.
 */
void kith_sampler_begin(kith_sampler *s, kith_lid n, const kith_gid *seed_node, uint64_t step,
                        int64_t n_excluded, const kith_pair *excluded);
/**
 * Go on with the plan: wait for the messages under way, work on them, send the next ones, which travel until
 * the next call. Collective: every rank calls it as often.  Returns whether the plan is made; then it does
 * nothing more.
 */
bool kith_sampler_advance(kith_sampler *s);
/** Let the made plan be the one that hops, leaves and wants tell of; until then they tell of the one before.
 * Local. */
void kith_sampler_swap(kith_sampler *s);
/** All three: the whole plan at once.  Collective. */
void kith_sampler_plan(kith_sampler *s, kith_lid n, const kith_gid *seed_node, uint64_t step,
                       int64_t n_excluded, const kith_pair *excluded);

/** The hop that layer l reads, l = 0 the farthest from the seeds.  Stays where it is; changed by every plan.
 */
const kith_block *kith_sampler_block(const kith_sampler *s, int l);
/** Neighbors that were drawn for the plan, over all hops. */
kith_eid kith_sampler_n_neighbor(const kith_sampler *s);
/** The rows that layer 0 reads. */
const kith_node_map *kith_sampler_input_nodes(const kith_sampler *s);
/** Their global numbers grouped by owner, as a halo wants them; row[i] is the leaf row of want[i].  Lent
 * until the next plan. */
void kith_sampler_input_gids(const kith_sampler *s, kith_lid *n, const kith_gid **want, const kith_lid **row);

/* ---- random walks ---- */

/** One who walks: from node to node, each hop to a neighbor that is drawn uniformly. */
typedef struct kith_walker {
  int64_t id;       /**< his own number, over all ranks: what his draws belong to */
  kith_gid start;   /**< global number of the node that he begins at, */
  kith_gid current; /**< and of the one that he stands on */
} kith_walker;

/** How walkers walk.  The draw of a hop is keyed by (seed, use) and counted by (round, walker, hop). */
typedef struct kith_walk_options {
  uint64_t rng_seed, round; /**< round: an epoch, a step, or 0 */
  kith_rng_stream use;
  int length;     /**< hops */
  double restart; /**< chance at every hop of going back to the beginning instead */
} kith_walk_options;

/**
 * What is told of a walker when he has come to a node, at the node's owner: after `hop` hops, 0 at the
 * beginning.  In no order that could be relied upon, but for hops: it is that of arrival.
 */
typedef void kith_walk_visit(void *self, const kith_walker *walker, int hop);

/**
 * Walks on the training graph, the same on any number of ranks and any cut.  A walker who stands on a node
 * without neighbors stays there.
 */
typedef struct kith_walks kith_walks;

/**
 * Room for `most` walkers at once over all ranks, since they may all meet on one; 48 bytes each.  Collective;
 * `comm` and `g` must outlive it.  Errors: KITH_ENOMEM; KITH_ECONFIG if they are too many.
 */
kith_agreed kith_walks_create(const kith_comm *comm, const kith_graph *g, int64_t most,
                              kith_walks **out) KITH_MUST_USE;
/** Local; accepts null. */
void kith_walks_destroy(kith_walks **walks);

/**
 * Let walkers walk.  Collective; allocates nothing, cannot fail.  Every hop is one exchange, 24 bytes a
 * walker.
 *
 * @param n, walker  [n] those that begin from this rank: id and begin, any node of the graph
 * @param visit      called at every hop, 0 … length, for every walker that is on a node of this rank
 */
void kith_walks_run(kith_walks *w, const kith_walk_options *law, int64_t n, const kith_walker *walker,
                    kith_walk_visit *visit, void *self);
/** The same in pieces: begin; `walker` and `law` are not read afterwards.  Collective; waits for nobody. */
void kith_walks_begin(kith_walks *w, const kith_walk_options *law, int64_t n, const kith_walker *walker,
                      kith_walk_visit *visit, void *self);
/**
 * Go on: wait for the messages under way, work on them, send the next ones, which travel until the next call.
 * Collective: every rank calls it as often.  Returns whether all walks are at their end; it is not to be
 * called again then.
 */
bool kith_walks_advance(kith_walks *w);

/** Which nodes matter to a node (Ying et al., PinSage, KDD 2018, section 3.1). */
typedef struct kith_importance_options {
  int walks;      /**< from every node */
  int length;     /**< hops of a walk */
  int neighbors;  /**< T: how many of the visited nodes stay, the most visited ones */
  double restart; /**< chance at every hop of going back to the node itself */
} kith_importance_options;

kith_importance_options kith_importance_defaults(void);

/**
 * Importance neighborhoods: every node reads the T nodes that walks from it visit most, users and items
 * alike, the node itself left out; of those that are visited alike the one of the smaller original number.
 * Weights are the visits as shares of their sum.  The walks are keyed by (seed, node, walk), so the rows are
 * the same on any number of ranks. Collective; `comm` and `g` must outlive the relation.
 *
 * @param d  width of the rows that will be exchanged
 * Errors: KITH_ENOMEM; KITH_ECONFIG if the walks from one node of every rank are too many.
 * Cost: a random neighbor and 24 bytes sent a hop; 12 bytes a neighbor while they are found.
 */
kith_agreed kith_importance_neighbors_create(const kith_comm *comm, const kith_graph *g,
                                             const kith_importance_options *o, uint64_t rng_seed, int d,
                                             kith_dist_csr **out) KITH_MUST_USE;

#endif
