/** What other rooms of the library use of sample, beyond kith/sampler.h. */
#ifndef KITH_SAMPLE_SAMPLER_H
#define KITH_SAMPLE_SAMPLER_H

#include "kith/sampler.h"
#include "sample/negatives.h"

/** The defaults.  Local. */
kith_sampler_options kith_sampler_defaults(void);
/** The fan-outs of a relation, by the hash of its name; 0: interactions.  Local. */
const kith_fanouts *kith_sampler_fanouts(const kith_sampler_options *o, uint64_t relation);
const char *kith_sampler_mode_text(kith_sampler_mode mode);                  /**< "full" */
const char *kith_neighbor_weighting_text(kith_neighbor_weighting weighting); /**< "uniform" */
const char *kith_cluster_edges_text(kith_cluster_edges edges);               /**< "keep" */

/**
 * Sample `k` of a node's `degree` neighbors uniformly without replacement; returns their number.
 *
 * Local.  Keyed by (seed, step, node, layer, relation): every rank draws the same.  Floyd's algorithm
 * (Bentley and Floyd, CACM 1987): O(k) up to a degree of 4096; O(k degree / 4096) above, for k above 16.
 *
 * @param relation  key of the relation in random numbers; 0: interactions
 * @param k         0, or at least `degree`: all neighbors
 * @param mark      [degree / 64, rounded up] workspace; all 0 before and after
 * @param position  [min(k, degree)] positions within the row, 0 … degree - 1, ascending
 */
int64_t kith_neighbor_draw(uint64_t rng_seed, uint64_t step, int64_t node, int layer, uint64_t relation,
                           int64_t degree, int k, uint64_t *mark, int64_t *position);

/**
 * A sampler of blocks around the seed nodes of a step; the blocks are the same on any number of ranks.
 *
 * Neighbors are sampled by the rank that owns the row, which sends them to the rank that uses the row.
 * Every sampled edge has an importance weight `scale`: the sum over the sampled neighbors, times scale,
 * estimates the sum over all neighbors.  The edge's weight is scale times its entry in the symmetric
 * normalized adjacency A, so the weighted sum estimates a row of A x (without excluded edges).  For a
 * relation with weights of its own, both scale and weight are the importance weight times the relation's
 * weight.
 *
 * - neighbor (Hamilton et al., GraphSAGE, NIPS 2017, section 3.1): each row samples fan-out neighbors;
 *   unbiased.  A merged matrix is sampled relation by relation, each with its own fan-outs; the entries of a
 *   row stand relation by relation, and kith_block.merged tells the relation of each.  Scale is then the
 *   importance weight alone, and weight the importance weight times the matrix's entry, without omega where
 *   omega is learned: kith_relation_weights_op() multiplies by it.  No other mode samples a merged matrix.
 * - layerwise (Chen et al., FastGCN, ICLR 2018, section 3): each layer samples a set of nodes, node u with
 *   probability p_u proportional to the squared norm of column u of A; a row reads its neighbors in the set;
 *   scale is 1 / p_u; unbiased.
 * - saint-node (Zeng et al., GraphSAINT, ICLR 2020, section 3): one such set for all layers.  Given that row
 * u is in the set, v is with probability p_v, so the paper's aggregator normalization p_uv / p_u is p_v and
 *   scale is 1 / p_v.
 * - saint-edge, saint-walk (the same): the set is what random walks of 1 or `walk_length` steps visit that
 *   start at `budget` nodes.  A walk of one step samples an edge (u, v) with probability proportional to
 *   1 / deg u + 1 / deg v, as the paper's edge sampler does.  Scale is the inverse of inclusion probabilities
 *   that are estimated before training, from sets that include every node `coverage` times on average.  They
 *   are a neighbor's own probabilities in the block of the seed nodes; in the other blocks they are
 * conditional on the row being in the set, or not.
 * - cluster (Chiang et al., Cluster-GCN, KDD 2019): a row reads its neighbors in the step's parts, or with
 *   KITH_CLUSTER_EDGES_DROP in its own part; scale is neighbors / neighbors read, the paper's normalization.
 *   With KITH_CLUSTER_EDGES_REWEIGHT the scale is 1 within the row's part, and else the inverse probability
 *   that the neighbor's part is in the step: unbiased for nodes of the step's parts, if those are several.
 *
 * Seed nodes are rows of every block, whether or not they are in a step's set or parts.
 */
typedef struct kith_sampler kith_sampler;

/** What the rooms of a sampler depend on. */
typedef struct kith_sampler_sizes {
  int n_layer, size;                   /**< blocks; ranks */
  int64_t n_node, n_entry, max_degree; /**< of the matrix, over all ranks */
  int64_t n_own, n_own_entry;          /**< this rank's rows, and their entries */
  int64_t max_seed, all_seed;          /**< the most seed nodes of a step: on one rank, over all ranks */
  int64_t max_drawn[KITH_MAX_LAYERS];  /**< the most neighbors that a row samples in a layer; 0: all */
  int64_t max_nodes;                   /**< the most nodes of a step beside the seed nodes; 0: the graph's */
} kith_sampler_sizes;

/** Rooms: the most of each that one rank has in a step.  None grows with the number of ranks where the seed
 * nodes of all ranks do not, and memory of the rest is touched by those steps only that need it. */
typedef struct kith_sampler_rooms {
  int64_t rows[KITH_MAX_LAYERS + 1]; /**< [n_layer + 1] of blocks; the last are seed nodes */
  int64_t entries[KITH_MAX_LAYERS];  /**< [n_layer] */
  int64_t asked, answered; /**< own rows that other ranks query in one layer, and their sampled neighbors */
  int64_t leaves;          /**< own rows that all ranks, this one included, request as input rows */
} kith_sampler_rooms;

/**
 * Local; allocates nothing, so that any sizes can be tried.
 *
 * Errors: KITH_ECONFIG if a step may have too many rows or neighbors.
 */
kith_status kith_sampler_make_rooms(const kith_sampler_sizes *z, kith_sampler_rooms *out) KITH_MUST_USE;

/**
 * Collective; `comm`, `g` and `a` must outlive the sampler.
 *
 * @param a             a merged one in mode neighbor only
 * @param n_layer       blocks: layers of the model
 * @param loops         add a self-loop to every row
 * @param max_seed      the most seed nodes on this rank in any step
 * @param all_seed      the most over all ranks; 0: the sum of max_seed
 * @param max_excluded  the most excluded edges in any step
 *
 * Errors: KITH_ENOMEM; KITH_ECONFIG if a step may have too many rows, or weights are needed and there are
 * none; KITH_EDATA if a weight is not positive and finite.
 */
kith_agreed kith_sampler_create(const kith_comm *comm, const kith_graph *g, const kith_dist_csr *a,
                                int n_layer, const kith_sampler_options *o, bool loops, kith_lid max_seed,
                                int64_t all_seed, kith_lid max_excluded, uint64_t rng_seed,
                                kith_sampler **out) KITH_MUST_USE;
/** Collective if a plan is being made; accepts null. */
void kith_sampler_destroy(kith_sampler **sampler);

/* ---- a plan: the blocks of a step ---- */

/**
 * Begin the plan of a step.
 *
 * Collective; allocates nothing.  With saint-edge and saint-walk, the relation's halo is in use until the
 * plan is complete.
 *
 * @param n, seed_node         [n] distinct global ids: the first rows of every block
 * @param n_excluded, excluded [n_excluded] interactions that are sampled from neither end: those with an end
 *                             on this rank, and any others; without them the input would contain the edges
 *                             that the step predicts.
 *                             Entries of other relations between the same nodes stay
 */
void kith_sampler_begin(kith_sampler *s, kith_lid n, const kith_gid *seed_node, uint64_t step,
                        int64_t n_excluded, const kith_pair *excluded);
/**
 * Advance the plan by one stage: wait for its messages, process them, and send the next ones, which travel
 * until the next call.  Returns whether the plan is complete; then further calls do nothing.
 *
 * Collective: every rank makes the same number of calls.
 */
bool kith_sampler_advance(kith_sampler *s);
/** Make the complete plan the current one, which the getters below return.  Local. */
void kith_sampler_swap(kith_sampler *s);
/** Begin, advance to the end, and swap.  Collective. */
void kith_sampler_plan(kith_sampler *s, kith_lid n, const kith_gid *seed_node, uint64_t step,
                       int64_t n_excluded, const kith_pair *excluded);

/**
 * Block of layer l; l = 0 is the farthest from the seed nodes.  Local.
 *
 * The pointer stays valid; each plan changes the contents.
 */
const kith_block *kith_sampler_block(const kith_sampler *s, int l);
/** Number of sampled edges of the plan, over all blocks of this rank.  Local. */
kith_eid kith_sampler_n_neighbor(const kith_sampler *s);
/** Seed nodes that have neighbors of which none was sampled; adds the number of seed nodes to *n_seed. Local.
 */
int64_t kith_sampler_n_seed_alone(const kith_sampler *s, int64_t *n_seed);
/** What a sampler's bytes depend on beside its blocks: a rank's share of the matrix. */
typedef struct kith_sampler_matrix {
  int n_relation;         /**< merged in the matrix, interactions included; 1: it is not merged */
  int64_t n_own, n_ghost; /**< rows */
  int64_t n_entry;
} kith_sampler_matrix;

/** Bytes of a sampler of these rooms.  Local. */
int64_t kith_sampler_bytes(int n_layer, const kith_sampler_rooms *r, int64_t n_node,
                           const kith_sampler_matrix *a);
/** The rooms of a sampler.  Local. */
const kith_sampler_rooms *kith_sampler_rooms_of(const kith_sampler *s);
/** Input nodes: the source rows of block 0.  Local. */
const kith_node_map *kith_sampler_input_nodes(const kith_sampler *s);
/**
 * Global ids of the input nodes, ascending as a halo expects them.  Local.
 *
 * @param[out] gid  [n] borrowed until the next plan
 * @param[out] row  [n] the input row of each
 */
void kith_sampler_input_gids(const kith_sampler *s, kith_lid *n, const kith_gid **gid, const kith_lid **row);

#endif
