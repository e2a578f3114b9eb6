/**
 * Halo: exchange of rows between the ranks that own them and the ranks that read them.
 *
 * Forward copies rows from their owners to ghost rows; backward is the transpose and returns ghost rows to
 * their owners (compare PETSc's PetscSF and VecScatter).  The ghosts of the graph, the rows of a batch, and
 * the redistribution between partition order and file order are halos over different ownership ranges.
 *
 * Also: kith_dist_csr, one rank's rows of the distributed adjacency, and kith_block, what a layer reads.
 */
#ifndef KITH_HALO_H
#define KITH_HALO_H

#include "kith/comm.h"
#include "kith/graph.h"

/** A fixed pattern of which rows this rank sends to and receives from the others, with its buffers. */
typedef struct kith_halo kith_halo;

/**
 * Create a halo with a fixed pattern.  Collective over `comm`, which must outlive the halo.
 *
 * @param first   [size + 1] ownership ranges of the global numbers, the same on every rank; kept by reference
 * @param n_recv  rows that this rank receives in forward
 * @param recv    [n_recv] their global numbers, ascending; repeats and rows of this rank are allowed
 *
 * Errors: KITH_ENOMEM; KITH_EDATA if a number is out of range or not ascending.
 * Cost: 16 bytes are sent per received row, once.
 */
KITH_API kith_agreed kith_halo_create(const kith_comm *comm, const kith_gid *first, int64_t n_recv,
                                      const kith_gid *recv, kith_halo **out) KITH_MUST_USE;

/** Free the halo and null the pointer.  Local; accepts null. */
KITH_API void kith_halo_destroy(kith_halo **halo);

/**
 * Allocate the buffers for rows of `d` floats, so that no exchange allocates.  Local; call it once per width,
 * with the same widths on every rank.  Errors: KITH_ENOMEM; KITH_ECONFIG for more than 16 widths.
 */
KITH_API kith_status kith_halo_reserve(kith_halo *h, int d) KITH_MUST_USE;

/**
 * Copy owned rows to the ranks that read them: begin starts the exchange, end waits for it.
 *
 * begin and end are Collective and cannot fail once `d` is reserved.  A halo has one exchange under way: no
 * other one, backward included, may begin before end.  `ghost` must not be touched between begin and end;
 * `own` may, since begin packs it.  kith_halo_progress(), in between, is Local and optional: it gives MPI a
 * chance to move messages while the rank computes.
 *
 * @param d          width of the rows, reserved
 * @param own        [n_own, d] owned rows, in the order of their numbers
 * @param[out] ghost [n_recv, d] in the order of `recv`; each message is received in place
 */
KITH_API void kith_halo_begin(kith_halo *h, int d, const float *own, float *ghost);
KITH_API void kith_halo_progress(kith_halo *h);
KITH_API void kith_halo_end(kith_halo *h);

/**
 * The transpose of forward: each returned row is added to the owned row that it copied.  Collective; begins
 * and ends one exchange; cannot fail once `d` is reserved.
 *
 * @param ghost  [n_recv, d] in the order of `recv`; unchanged
 * @param[in,out] own  [n_own, d] rows are added rank by rank, ascending, and of one rank in the order of its
 *               `recv`: the same bits at every call, but not on another number of ranks
 */
KITH_API void kith_halo_backward(kith_halo *h, int d, const float *ghost, float *own);

/* ---- distributed sparse matrix ---- */

typedef struct kith_dist_transpose kith_dist_transpose;
typedef struct kith_merged_relations kith_merged_relations;
typedef struct kith_gated_entries kith_gated_entries;

/**
 * One rank's rows of a distributed square sparse matrix, with ghost columns and their halo (PETSc's MPIAIJ,
 * hypre's ParCSR, but with one local matrix for owned and ghost columns).
 *
 * Rows are the owned rows of all node types; columns are local rows: the owned ones, then ghosts, ascending
 * by global number.  By default the symmetric normalized adjacency D^-1/2 A D^-1/2 of the training graph (He
 * et al., LightGCN, SIGIR 2020, eq. 3); otherwise several relations merged, or given weights.
 *
 * A plain LightGCN over the interactions never has `merged` and `transpose`, nor `weighted`.  n_own is
 * csr.n_row.
 */
typedef struct kith_dist_csr {
  kith_csr csr;     /**< [n_own, n_own + n_ghost]; interior rows first, then boundary rows, each ascending */
  kith_lid *iperm;  /**< [n_own] position of each row in csr: the inverse of csr.perm */
  int64_t *degree;  /**< [n_own + n_ghost] training interactions of each row, also where relations are merged;
                         with given weights: entries of the row */
  int64_t *node;    /**< [n_own + n_ghost] kith_node_key() of each row */
  kith_gid *number; /**< [n_own + n_ghost] global number of each row */
  kith_lid n_interior;           /**< rows without ghost columns: positions 0 … n_interior - 1 of csr */
  kith_lid n_ghost;              /**< ghosts that csr or the transpose reads: n_own … n_own + n_ghost - 1 */
  kith_merged_relations *merged; /**< the term of each entry; null: one relation */
  kith_dist_transpose *transpose; /**< null: the matrix is symmetric, and backward multiplies by it */
  float *age;      /**< [entries of csr] days before the latest edge of the entry's relation; below 0: its
                      edges have no times.  Null: kith_dist_csr_add_ages() was not called */
  bool weighted;   /**< from kith_dist_csr_create_weighted(): csr.weight is as given, neither normalized nor
                      necessarily symmetric, and kith_block.scale is csr.weight */
  kith_halo *halo; /**< fills rows n_own … of a tensor from their owners */
} kith_dist_csr;

/**
 * M', the transpose of a matrix with directed relations, over the same rows and ghosts.  Row i holds the rows
 * that read row i, so that backward gathers along it: its sums have one order on any number of ranks, too.
 */
struct kith_dist_transpose {
  kith_csr csr;        /**< [n_own, n_own + n_ghost], as that of kith_dist_csr */
  kith_lid n_interior; /**< rows without ghost columns, the first of csr */
  uint8_t *of;         /**< [entries] the term of each entry, as kith_merged_relations has it */
  float *base;         /**< [entries] entries of A_k'; null if no omega is learned */
  uint16_t *kind;      /**< [entries] as that of kith_merged_relations */
};

/**
 * Which term of M = A + sum of omega_k A_k each entry of a merged matrix comes from.
 *
 * Term 0 is A, the interactions; term k > 0 is relation k - 1 of the model's kith_relation_weights (not of
 * the schema).  Entries of two terms at one column stay two entries.
 */
struct kith_merged_relations {
  int n;                                /**< terms: 1 + relations that the model reads */
  uint8_t *of;                          /**< [entries] the term of each entry */
  uint64_t key[1 + KITH_MAX_RELATIONS]; /**< of each term, in draws of edge dropout: 0, hashes of names */
  bool learned[1 + KITH_MAX_RELATIONS]; /**< whether omega is trained; then entry e weighs omega * base[e] */
  float *base;                          /**< [entries] entries of A_k; null if no omega is learned */
  int n_kind;     /**< kinds of edges of all relations together; one without kinds counts as one */
  uint16_t *kind; /**< [entries] 1 + the kind among these, relation by relation; 0: interactions.  Null: a
                     model that does not read kinds (kith_dist_csr_add_kinds()) */
  kith_exact_sum gradient[1 + KITH_MAX_RELATIONS]; /**< d loss / d omega of each term, this rank's share */
  kith_gated_entries *gated;                       /**< null: no entry has a gate */
};

/**
 * The ties in a merged matrix (kith_merged_relations, below) whose weights are learned (KITH_TIE_LEARNED), as
 * a matrix of their own: an entry weighs base * gate, times omega where that is learned.  The model computes
 * the gates at every step.
 */
struct kith_gated_entries {
  kith_csr csr;    /**< rows and columns of the merged matrix, these entries; weights are scratch memory */
  kith_eid *entry; /**< [entries of csr] their indices in the merged matrix … */
  kith_eid *back;  /**< … and in its transpose; null: the merged matrix is symmetric */
  float *base;     /**< [entries of csr] weights without gate, and without omega where that is learned */
  float *gate;     /**< [entries of csr] gates of this step, in (0, 1) */
  float
      *weight_grad; /**< [entries of csr] d loss / d weight of (i, j) plus that of (j, i), over all layers */
};

/**
 * One layer's bipartite graph (DGL's block): each dst row aggregates src rows.  On the full graph src and dst
 * are both the owned rows, and ghost rows follow the src rows; but where a step reads only some rows of its
 * last layer, those alone are the dst rows (dst->subset), and csr and csc are still of all rows.  In sampled
 * steps the dst rows are the first of the src rows, and there are no ghosts.
 */
typedef struct kith_block {
  kith_dist_csr *dist_csr; /**< the full graph's matrix and halo; null in sampled steps */
  const kith_node_map *src, *dst;
  const kith_node_map *edges; /**< rows of tensors [entries of csr, heads]: n is the entries of this step */
  /** [dst rows, src rows + ghosts]; weights of the symmetric normalized adjacency, or an unbiased estimate of
   * them.  They contain `scale`: an op that reads csr->weight does not read scale, too. */
  const kith_csr *csr;
  /** [entries of csr] multiplier of each entry, for ops with weights of their own: the given edge weight (1
   * without), times the inverse sampling probability, times keep_scale.  Null: all 1. */
  const float *scale;
  const kith_csc *csc; /**< transpose of this rank's csr: backward scatters along it, to ghosts, too */
  /** Full graph with directed relations: the owned rows of M' (kith_dist_transpose), along which backward
   * gathers instead; null: M is symmetric, and backward gathers along csr. */
  const kith_csr *transpose;
  const kith_csr *whole; /**< csr before edge dropout (without any: csr itself); of the same shape.  Its
                            entries index merged->of and keep */
  kith_merged_relations *merged; /**< the term of each entry of `whole`; null: one relation */
  const float *age;              /**< [entries of whole] kith_dist_csr.age, 0 of self-loops; null: none */
  const int64_t *degree;         /**< [src rows] degree of each node in the full graph */
  bool drops_edges;    /**< edge dropout: the entries change from step to step, also on the full graph */
  const uint8_t *keep; /**< [entries of whole] 1 for those that are in csr, 0 for those that this step
                          dropped; null: none is dropped, as in evaluation */
  const uint8_t *transpose_keep; /**< the same of the entries of dist_csr->transpose; null: none is dropped,
                                    or there is no transpose */
  double keep_scale; /**< with keep: 1 / (1 - p), the factor that kept entries have, p as in edge_dropout */
  const struct kith_halo_part *part; /**< full graph: the ghosts that rows of dst read, which alone are
                                        exchanged; null: all */
  bool one_way; /**< full graph: some rows read others that do not read them, as new nodes do, so that neither
                   csr nor `transpose` is the transpose of csr: backward scatters along csc, to ghosts, too */
} kith_block;

/** The full graph as a block, with the storage that it points to. */
typedef struct kith_full_block {
  kith_node_map nodes, edges; /**< rows of block.src and block.dst; of block.edges */
  kith_csr looped;            /**< with self-loops, the first entry of every row; empty without loops */
  float *looped_age;          /**< block.age with self-loops; else null */
  kith_csc csc;               /**< of block.csr; empty unless it was asked for */
  kith_block block;           /**< what ops are recorded on */
} kith_full_block;

/**
 * Make the full graph's block in place: do not move *out, since its block points into it.  Local.
 * Errors: KITH_ENOMEM.
 *
 * @param a          the adjacency; must outlive the block
 * @param csc        fill block.csc, too, 12 bytes an entry: all ops but kith_propagate_op() read it.  (The
 *                   transpose over ranks, block.transpose, is that of the matrix, whatever this says.)
 * @param loops      add a self-loop of weight zero to every row
 */
KITH_API kith_status kith_full_block_make(kith_dist_csr *a, bool csc, bool loops,
                                          kith_full_block *out) KITH_MUST_USE;
/** Free the block's storage.  Local. */
KITH_API void kith_full_block_free(kith_full_block *full);

/**
 * The training graph's symmetric normalized adjacency.  Collective.
 *
 * @param comm, g  must outlive the matrix: its halo refers to both
 * @param d  width of the rows that will be exchanged; further ones: kith_halo_reserve() on its halo
 * Errors: KITH_ENOMEM; KITH_EDATA for more than 2^31 - 2 rows on a rank.
 */
KITH_API kith_agreed kith_dist_csr_create(const kith_comm *comm, const kith_graph *g, int d,
                                          kith_dist_csr **out) KITH_MUST_USE;

/**
 * A matrix with given rows and weights.  Collective.  Not for kith_propagate_op(), whose backward pass
 * requires a symmetric matrix.
 *
 * @param start   [n_own + 1] row offsets of the owned rows
 * @param number  [start[n_own]] global numbers of the columns, in the order of original numbers
 * @param weight  [start[n_own]] weights of the entries
 * @param comm, g, d  as in kith_dist_csr_create(); the three arrays are copied
 * Errors: KITH_ENOMEM; KITH_EDATA if a number is out of range.
 */
KITH_API kith_agreed kith_dist_csr_create_weighted(const kith_comm *comm, const kith_graph *g,
                                                   const kith_eid *start, const kith_gid *number,
                                                   const float *weight, int d,
                                                   kith_dist_csr **out) KITH_MUST_USE;

/** Free the matrix and null the pointer.  Local; accepts null. */
KITH_API void kith_dist_csr_destroy(kith_dist_csr **matrix);

#endif
