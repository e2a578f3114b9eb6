/**
 * Halo: who needs whose rows.
 *
 * One object, two directions: forward copies rows from their owners to those who asked for them, backward
 * brings rows back to their owners.  The graph's ghosts, the rows of a batch, and the move between "by part"
 * and "by original number" for files are all halos over different ownership ranges.
 */
#ifndef KITH_HALO_H
#define KITH_HALO_H

#include "kith/graph.h"

typedef struct kith_halo kith_halo;

/**
 * Ask for rows, once.  Collective over `comm`, which must outlive the halo.
 *
 * @param first   [size + 1] ownership ranges of the numbers, the same on every rank; kept by reference
 * @param n_recv  how many rows this rank wants
 * @param recv    [n_recv] their numbers, ascending (repeats allowed; a rank may want rows of its own)
 *
 * Errors: KITH_ENOMEM; KITH_EDATA if a number is out of range or not ascending.  Sends 16 bytes a wanted row,
 * once.
 */
kith_agreed kith_halo_create(const kith_comm *comm, const kith_gid *first, int64_t n_recv,
                             const kith_gid *recv, kith_halo **out) KITH_MUST_USE;

/**
 * A halo that is aimed anew at every step.  Collective.
 *
 * @param max_recv, max_send  the most rows that this rank will want, and be asked for, in any step
 * @param d                   width of the rows to come; buffers are made now
 */
kith_agreed kith_halo_create_dynamic(const kith_comm *comm, const kith_gid *first, kith_lid max_recv,
                                     kith_lid max_send, int d, kith_halo **out) KITH_MUST_USE;

/**
 * Aim a movable halo.  Collective; allocates nothing; cannot fail (asking out of range or for too much is
 * broken: abort).
 *
 * @param recv  [n_recv] numbers, ascending
 * @param key   [n_recv] what the owners order the returning rows by; may be null
 * @param piggyback  any number; the largest over all ranks is returned (it rides along with the counts)
 */
int64_t kith_halo_setup(kith_halo *h, kith_lid n_recv, const kith_gid *recv, const int64_t *key,
                        int64_t piggyback);

/** Local; accepts null. */
void kith_halo_destroy(kith_halo **halo);

kith_lid kith_halo_n_recv(const kith_halo *h); /**< rows this rank receives in forward */
kith_lid
kith_halo_n_send(const kith_halo *h); /**< rows this rank sends in forward, those to itself included */
const kith_lid *
kith_halo_send_row(const kith_halo *h); /**< [n_send] the owned row (0-based on this rank) behind each */
const int64_t *
kith_halo_send_key(const kith_halo *h);          /**< [n_send] the asker's key of each; zero without keys */
kith_lid kith_halo_n_remote(const kith_halo *h); /**< of n_send, those that cross to another rank */
int64_t kith_halo_bytes(
    const kith_halo *h); /**< bytes handed to other ranks since the halo was made, both directions */

/**
 * Make ready for rows of `d` floats, so that no later call allocates: every width that rows will have is
 * reserved once. Local; with the same widths on every rank.
 */
kith_status kith_halo_reserve(kith_halo *h, int d) KITH_MUST_USE;

/**
 * Copy the wanted rows from their owners.  Collective; cannot fail once the buffers are reserved.
 * Between begin and end, `ghost` must not be touched; call poke now and then so that messages progress.
 *
 * @param d       width of the rows, a reserved one
 * @param own     [n_own, d] rows owned here, in the order of the numbers
 * @param[out] ghost [n_recv, d] in the order of `want`; one message per neighbor lands in place
 */
void kith_halo_begin(kith_halo *h, int d, const float *own, float *ghost);
void kith_halo_progress(kith_halo *h);
void kith_halo_end(kith_halo *h);

/** The same from rows that the caller has packed: packed [n_send, d], row s standing for send_row[s]. */
void kith_halo_forward_packed(kith_halo *h, int d, const float *packed, float *ghost);

/** Wanted rows that this rank owns itself: the n from place `want` on among the wanted, `send` among those
 * that are sent. */
typedef struct kith_halo_self_rows {
  kith_lid n, recv, send;
} kith_halo_self_rows;

kith_halo_self_rows kith_halo_self(const kith_halo *h);

/**
 * Both directions without those, whose rows need not be packed; what is sent travels until kith_halo_end().
 * Collective.
 *
 * @param packed, ghost  [n_send, d], [n_recv, d] as below; the rank's own places are left alone
 */
void kith_halo_forward_remote(kith_halo *h, int d, const float *packed, float *ghost);
void kith_halo_backward_remote(kith_halo *h, int d, const float *ghost, float *packed);

/**
 * The transpose of forward_packed: bring rows back to their owners.  Collective.
 *
 * @param ghost   [n_recv, d]
 * @param[out] packed [n_send, d]; row s belongs to owned row send_row[s]; ordered by asking rank, then by
 * want
 */
void kith_halo_backward_packed(kith_halo *h, int d, const float *ghost, float *packed);

/** own[send_row[s]] += returned row s, s ascending: the transpose of forward, in rank order.  Collective. */
void kith_halo_backward(kith_halo *h, int d, const float *ghost, float *own);

/** Move integers instead of rows: ghost[i] = own[want[i]].  Collective. */
kith_agreed kith_halo_forward_int(kith_halo *h, const int64_t *own, int64_t *ghost) KITH_MUST_USE;

/* ---- rows that all ranks share ---- */

/**
 * Every rank holds rows first[rank] … first[rank + 1] - 1 of x [first[size], d]; afterwards all rows are
 * everywhere. Collective.
 */
void kith_allgather_rows(const kith_comm *comm, const int64_t *first, int d, float *x);

/* ---- a relation on this rank's rows ---- */

/**
 * Who reads whom, on local numbers, with the halo that ghost columns need: the symmetric normalized adjacency
 * D^-1/2 A D^-1/2 of the training graph (He et al., LightGCN, SIGIR 2020, eq. 3), or other rows with weights
 * of their own. The columns of a row ascend by kith_node_key(), so that sums have one order on any number of
 * ranks.
 */
typedef struct kith_dist_csr {
  kith_csr csr;     /**< [n_own, n_own + n_ghost]; rows without ghost neighbors first, then the others, each
                       ascending */
  kith_lid *iperm;  /**< [n_own] where each row stands in csr */
  int64_t *degree;  /**< [n_own + n_ghost] entries of each row (training interactions), ghosts included */
  int64_t *node;    /**< [n_own + n_ghost] kith_node_key() of each row, ghosts included */
  kith_gid *number; /**< [n_own + n_ghost] global number of each row, ghosts included */
  kith_lid n_interior; /**< how many have no ghost neighbor */
  kith_lid n_ghost;
  bool weighted; /**< weights were given, and need not be symmetric: they are the scale of a hop's entries */
  kith_halo *halo;
} kith_dist_csr;

/**
 * One hop (a block): out rows that are made of their neighbors' in rows.  On the whole graph both are the
 * owned rows, with ghosts behind the in rows; in a sampled step the out rows are the first of the in rows and
 * there are no ghosts.
 */
typedef struct kith_block {
  kith_dist_csr *dist_csr; /**< the whole graph: its relation and halo; null in sampled steps */
  const kith_node_map *src, *dst;
  const kith_node_map *edges; /**< one row for each entry of csr */
  const kith_csr
      *csr; /**< rows: out, columns: in; weights of the symmetric normalized adjacency, or their estimate */
  const float
      *scale; /**< [entries] what an entry counts beside others: weights that a relation was given, times, of
                 drawn neighbors, what makes their sum an estimate of the sum over all; null: 1 */
  const kith_csc *csc;   /**< its transpose */
  const int64_t *degree; /**< [in rows] neighbors of each node in the whole graph */
  bool drops_edges;      /**< edge dropout: entries change from step to step, on the whole graph too */
} kith_block;

/** The whole graph as a hop, and what it points to. */
typedef struct kith_full_block {
  kith_node_map nodes, edges;
  kith_csr looped; /**< with every row among its own neighbors, before the others; empty without loops */
  kith_csc csc;
  kith_block block;
} kith_full_block;

/**
 * Fill *out where it will stay, since its hop points into it; `a` must outlive it.  Local.  Errors:
 * KITH_ENOMEM.
 *
 * @param back   make the transpose too: all ops but kith_propagate_op() need it; 12 bytes an entry
 * @param loops  every row is one of its own neighbors (weight zero)
 */
kith_status kith_full_block_make(kith_dist_csr *a, bool back, bool loops, kith_full_block *out) KITH_MUST_USE;
/** Free what it holds.  Local. */
void kith_full_block_free(kith_full_block *whole);

/** The training graph's adjacency.  Collective.  `d` is the width of the rows that will be exchanged. */
kith_agreed kith_dist_csr_create(const kith_comm *comm, const kith_graph *g, int d,
                                 kith_dist_csr **out) KITH_MUST_USE;

/**
 * Rows of any neighbors.  Collective.  Not for kith_propagate_op(), whose backward pass takes the matrix to
 * be symmetric.
 *
 * @param start   [n_own + 1] entries of each owned row …
 * @param number  [start[n_own]] … global numbers of its neighbors, in the order of original numbers
 * @param weight  [start[n_own]] … and what each counts
 * Errors: KITH_ENOMEM; KITH_EDATA if a number is no node's.
 */
kith_agreed kith_dist_csr_create_weighted(const kith_comm *comm, const kith_graph *g, const kith_eid *start,
                                          const kith_gid *number, const float *weight, int d,
                                          kith_dist_csr **out) KITH_MUST_USE;
/**
 * The training graph's adjacency and the ties between users in one symmetric matrix, M = A + omega F, each
 * normalized by the degrees of its own relation; kith_propagate_op() reads it.  degree [n_own + n_ghost]
 * counts training interactions alone.  Collective.
 *
 * @param omega  weight of the ties, above 0; the graph has them (g->friend.start)
 * Errors: KITH_ENOMEM; KITH_EDATA if a row of ties does not ascend.
 */
kith_agreed kith_dist_csr_create_merged(const kith_comm *comm, const kith_graph *g, double omega, int d,
                                        kith_dist_csr **out) KITH_MUST_USE;
/** Local; accepts null. */
void kith_dist_csr_destroy(kith_dist_csr **relation);

#endif
