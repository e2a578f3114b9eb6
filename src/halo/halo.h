/** What other rooms of the library use of halo, beyond kith/halo.h. */
#ifndef KITH_HALO_HALO_H
#define KITH_HALO_HALO_H

#include "kith/halo.h"
#include "graph/graph.h"

enum { KITH_HALO_MOST = INT32_MAX / 2 }; /**< rows that a rank can receive, or send: counts of MPI are ints */

/**
 * Create a halo whose pattern changes from step to step: kith_halo_setup() sets it.  Collective.
 *
 * @param max_recv, max_send  largest numbers of rows that this rank receives and sends in any step
 * @param d                   width of the rows; the buffers are allocated here
 * Errors: KITH_ENOMEM; KITH_EDATA (more than KITH_HALO_MOST rows).
 */
kith_agreed kith_halo_create_dynamic(const kith_comm *comm, const kith_gid *first, int64_t max_recv,
                                     int64_t max_send, int d, kith_halo **out) KITH_MUST_USE;

/**
 * Set the pattern of a dynamic halo.  Collective.  Allocates nothing.  Cannot fail: a number out of range, or
 * more rows than the capacity, aborts the job.
 *
 * @param recv       [n_recv] global numbers of the rows to receive, ascending
 * @param key        [n_recv] sort keys, passed to the owners of the rows (kith_halo_send_key()); may be null
 * @param piggyback  any number; it travels with the counts
 * @return the maximum of `piggyback` over all ranks
 */
int64_t kith_halo_setup(kith_halo *h, kith_lid n_recv, const kith_gid *recv, const int64_t *key,
                        int64_t piggyback);

/** Bytes of a halo that receives and sends at most so many rows, at most `d` wide.  Local. */
int64_t kith_halo_memory_bytes(int size, int64_t n_recv, int64_t n_send, int d);

/** Rows that this rank receives in forward. */
kith_lid kith_halo_n_recv(const kith_halo *h);
/** Rows that this rank sends in forward, those to itself included. */
kith_lid kith_halo_n_send(const kith_halo *h);
/** [n_send] the owned row behind each sent row, counted from 0 on this rank. */
const kith_lid *kith_halo_send_row(const kith_halo *h);
/** [n_send] the receiver's sort key of each sent row; 0 without keys. */
const int64_t *kith_halo_send_key(const kith_halo *h);
/** Index of the first row sent to rank r; n_send for r = size.  The rows sent to one rank are distinct if it
 * requested each once. */
kith_lid kith_halo_send_first(const kith_halo *h, int r);
/** Sent rows that go to another rank. */
kith_lid kith_halo_n_remote(const kith_halo *h);
/** The ranks of a halo.  Local. */
const kith_comm *kith_halo_comm(const kith_halo *h);
/** Bytes of rows, and messages of them, sent to other ranks since the halo was created, both directions. */
int64_t kith_halo_bytes(const kith_halo *h);
int64_t kith_halo_messages(const kith_halo *h);

/** Forward from packed rows: packed [n_send, d], row s is a copy of owned row send_row[s].  Collective. */
void kith_halo_forward_packed(kith_halo *h, int d, const float *packed, float *ghost);

/** Received rows that this rank owns itself: n rows, starting at index `recv` of the received rows and at
 * index `send` of the sent ones. */
typedef struct kith_halo_self_rows {
  kith_lid n, recv, send;
} kith_halo_self_rows;

kith_halo_self_rows kith_halo_self(const kith_halo *h);

/**
 * Start one direction without the rank's own rows (kith_halo_self()), which need not be packed.  Collective.
 * Complete it with kith_halo_end().
 *
 * @param packed, ghost  [n_send, d] and [n_recv, d], as below; the rank's own rows are left unchanged
 */
void kith_halo_forward_remote(kith_halo *h, int d, const float *packed, float *ghost);
void kith_halo_backward_remote(kith_halo *h, int d, const float *ghost, float *packed);

/**
 * The transpose of kith_halo_forward_packed(): return ghost rows to their owners, without a sum.  Collective.
 *
 * @param ghost       [n_recv, d]
 * @param[out] packed [n_send, d] row s belongs to owned row send_row[s]; ordered by sending rank, then by
 * number
 */
void kith_halo_backward_packed(kith_halo *h, int d, const float *ghost, float *packed);

/** Forward of integers in place of rows: ghost[i] = own[recv[i]].  Collective.  Errors: KITH_ENOMEM. */
kith_agreed kith_halo_forward_int(kith_halo *h, const int64_t *own, int64_t *ghost) KITH_MUST_USE;

/* ---- replicated rows ---- */

/**
 * All-gather of rows, in place: rank r holds rows first[r] … first[r + 1] - 1 of x [first[size], d] before,
 * and every rank holds all rows after.  Collective.
 *
 * @param scratch  [2 size]
 */
void kith_allgather_rows(const kith_comm *comm, const int64_t *first, int d, int *scratch, float *x);

/* ---- distributed sparse matrix ---- */

/** Sizes of one rank's rows of a matrix. */
typedef struct kith_dist_csr_sizes {
  int size; /**< ranks */
  int64_t n_own, n_ghost, n_entry;
  int64_t n_send; /**< rows that the halo sends: about as many as it receives */
  int d;          /**< width of the widest rows that are exchanged */
} kith_dist_csr_sizes;

/** Bytes of a matrix with its halo; of what says which relation its entries are of, if it is merged; of its
 * transpose, if it has one; and of the list in which its ghosts are found.  Local. */
int64_t kith_dist_csr_bytes(const kith_dist_csr_sizes *s);
int64_t kith_merged_relations_bytes(int64_t n_entry, bool learned);
int64_t kith_dist_transpose_bytes(int64_t n_own, int64_t n_entry, bool learned);
/** Bytes of the n_entry gated entries of a merged matrix, which has a transpose if it is directed.  Local. */
int64_t kith_gated_entries_bytes(int64_t n_own, int64_t n_entry, bool directed);
int64_t kith_dist_csr_transient_bytes(const kith_dist_csr_sizes *s);
/** Bytes of kith_full_block_make(), beside the matrix.  Local. */
int64_t kith_full_block_bytes(const kith_dist_csr_sizes *s, bool csc, bool loops);

/**
 * The merged matrix M = A + sum over relations of omega_r A_r, the training graph and each relation
 * normalized by their own degrees; for kith_propagate_op().  An entry of A_r is 1 / sqrt(row degree * column
 * degree), which count entries: edges of several kinds count several times.  M is symmetric, unless a
 * relation is directed: then it has its transpose.  Weights of edges are not read.  `degree` counts training
 * interactions only.  Collective.
 *
 * @param relations  names and omegas; a learned one begins with its initial value
 * @param half_life  seconds; above 0, interactions of a graph with times are weighted by
 * kith_dist_csr_decay() Errors: KITH_ENOMEM; KITH_ECONFIG (the graph lacks a relation, or what its weights
 * need: times, overlaps, any ties); KITH_EDATA if a row is not ascending. Memory: 1 byte an entry more than
 * kith_dist_csr_create(), 5 if an omega is learned; twice all that with a transpose.
 */
kith_agreed kith_dist_csr_create_merged(const kith_comm *comm, const kith_graph *g,
                                        const kith_relation_weights *relations, double half_life, int d,
                                        kith_dist_csr **out) KITH_MUST_USE;

/** Weight of an entry before omega, by the entries of its row and of its column in the same relation. */
typedef enum kith_normalization {
  KITH_NORMALIZE_BOTH,  /**< 1 / sqrt(row * column): what kith_dist_csr_create_merged() makes */
  KITH_NORMALIZE_LEFT,  /**< 1 / row: means */
  KITH_NORMALIZE_RIGHT, /**< 1 / column */
  KITH_NORMALIZE_NONE   /**< 1: sums */
} kith_normalization;

/**
 * Normalize a merged matrix otherwise: interactions and each relation by their own degrees.  Collective.
 * Half-lives are forgotten.  With LEFT and RIGHT a matrix without a transpose is not for kith_propagate_op(),
 * whose backward pass requires symmetric weights.
 *
 * @param relations  those that the matrix was made of
 * Errors: KITH_ENOMEM.
 */
kith_agreed kith_dist_csr_normalize(const kith_comm *comm, const kith_relation_weights *relations,
                                    kith_normalization by, kith_dist_csr *a) KITH_MUST_USE;

/**
 * Add the ages of its entries to a matrix of interactions, or of several relations: kith_dist_csr.age.
 * Collective.
 *
 * @param relations  those that the matrix was made of
 * @param key        the job's key that needs ages, for messages
 * Errors: KITH_ENOMEM; KITH_ECONFIG if none of the relations has times, or times of interactions were not
 * read.
 */
kith_agreed kith_dist_csr_add_ages(const kith_comm *comm, const kith_graph *g,
                                   const kith_relation_weights *relations, const char *key,
                                   kith_dist_csr *a) KITH_MUST_USE;

/**
 * Add the kinds of its entries to a merged matrix (kith_merged_relations.kind), and to its transpose.
 * Collective.
 *
 * @param relations  those that the matrix was made of
 * Errors: KITH_ENOMEM; KITH_ECONFIG for more than 65535 kinds together; KITH_EDATA if an edge of a new node
 * (kith embed) has a kind that the graph lacks.
 * Memory: kith_merged_kinds_bytes(), for the matrix and for its transpose.
 */
kith_agreed kith_dist_csr_add_kinds(const kith_comm *comm, const kith_graph *g,
                                    const kith_relation_weights *relations, kith_dist_csr *a) KITH_MUST_USE;
int64_t kith_merged_kinds_bytes(int64_t n_entry);

/**
 * Give the entries of a merged matrix the weights of their edges: those that a relation has, else 1.  Local.
 *
 * @param relations  those that the matrix was made of
 * Errors: KITH_ECONFIG (a weight is not above 0, so that means by weights would be none).
 */
kith_status kith_dist_csr_give_weights(const kith_graph *g, const kith_relation_weights *relations,
                                       kith_dist_csr *a) KITH_MUST_USE;

/* ---- decay.c: recent interactions weigh more ---- */

/** An interaction of age a counts 2^(-a / half_life), and at least 2^-60. */
typedef struct kith_decay {
  double half_life; /**< in units of the graph's times; 0: all interactions count 1 */
  int64_t now;      /**< the latest time of a training interaction */
} kith_decay;

/** The latest time of a training interaction; INT64_MIN: the graph has no times.  Collective. */
int64_t kith_latest_time(const kith_comm *comm, const kith_graph *g);

/** The decay of a graph with times by a half-life in seconds.  Times whose latest is 1e11 or more are taken
 * as milliseconds, from 1e14 on as microseconds, and so on.  Collective. */
kith_decay kith_decay_make(const kith_comm *comm, const kith_graph *g, double seconds);
/** The same, by a latest time.  Local. */
kith_decay kith_decay_of(double seconds, int64_t now);
/** What an interaction at `time` counts.  Local. */
double kith_decay_factor(const kith_decay *t, int64_t time);
/** kith_dist_csr_create() of a graph with times, weighted by kith_dist_csr_decay().  Collective. */
kith_agreed kith_dist_csr_create_decayed(const kith_comm *comm, const kith_graph *g, double seconds, int d,
                                         kith_dist_csr **out) KITH_MUST_USE;
/**
 * Weigh the interactions of a matrix by age: f / sqrt(D_row D_column), where D sums the f of a node.  The
 * interactions are the first entries of each row, in the order of `g`; other entries are unchanged.  The
 * weights are symmetric to the last bit, and the same on any number of ranks.
 *
 * Collective.  Errors: KITH_ENOMEM.
 * @param g  with times
 */
kith_agreed kith_dist_csr_decay(const kith_comm *comm, const kith_graph *g, const kith_decay *t,
                                kith_dist_csr *a) KITH_MUST_USE;

#endif
