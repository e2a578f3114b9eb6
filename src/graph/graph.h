/** What other rooms of the library use of graph, beyond kith/graph.h. */
#ifndef KITH_GRAPH_GRAPH_H
#define KITH_GRAPH_GRAPH_H

#include "kith/graph.h"
#include "comm/comm.h"

/** Free the arrays.  Local. */
void kith_ragged_free(kith_ragged *ragged);
/** Whether row `row` contains `value`: binary search.  Local. */
bool kith_ragged_has(const kith_ragged *ragged, int64_t row, int32_t value);
/** Whether row `row` contains `value` with the kind kind[e] == k; kind null: any.  Local. */
bool kith_ragged_has_kind(const kith_ragged *ragged, const uint16_t *kind, int64_t row, int32_t value,
                          uint16_t k);
/** The rows that hold each value 0 … n_value - 1, ascending.  Local.  Errors: KITH_ENOMEM; *out is freed by
 * the caller, then too. */
kith_status kith_ragged_transpose(const kith_ragged *ragged, int64_t n_value, kith_ragged *out) KITH_MUST_USE;

/** Free the arrays.  Local. */
void kith_csr_free(kith_csr *csr);
/** Bytes of a matrix, and of its transpose by kith_csc_make().  Local. */
int64_t kith_csr_bytes(int64_t n_row, int64_t n_entry);
int64_t kith_csc_bytes(int64_t n_col, int64_t n_entry);

/** Free the arrays.  Local. */
void kith_features_free(kith_features *features);
/** Bytes of features.  Local. */
int64_t kith_features_bytes(int64_t n_row, int64_t n);
/** Allocate n_row rows with `n` entries in total; start is zero.  Local.  Errors: KITH_ENOMEM, *out is empty.
 */
kith_status kith_features_make(int64_t n_row, kith_eid n, kith_features *out) KITH_MUST_USE;
/** The elements of x [n_row, d] that are not zero.  Local.  Errors: KITH_ENOMEM, *out is empty. */
kith_status kith_features_from_dense(int64_t n_row, int d, const float *x, kith_features *out) KITH_MUST_USE;

/** Free the arrays.  Local. */
void kith_adjacency_free(kith_adjacency *adjacency);

/** Sizes of a graph and of one rank's share of it. */
typedef struct kith_graph_sizes {
  kith_schema schema;
  int64_t n[KITH_MAX_TYPES];                     /**< nodes of the whole graph, by type */
  int64_t n_edge;                                /**< training interactions, or edges, of the whole graph */
  int64_t n_train;                               /**< classification: training nodes */
  int n_class;                                   /**< classification; else 0 */
  int n_feature_of[KITH_MAX_TYPES];              /**< features by node type */
  int64_t feature_nnz;                           /**< nonzero features of the rank's rows */
  bool weighted;                                 /**< the interactions have weights */
  int n_part;                                    /**< parts of the cut; 0: not partitioned yet */
  int size;                                      /**< ranks … */
  int n_here;                                    /**< … and those of this rank's host; 0: not known */
  int64_t n_own, n_ghost;                        /**< rows that the rank owns; ghost rows that they read */
  int64_t n_entry;                               /**< neighbors of the owned rows, with multiplicity */
  int64_t n_pair;                                /**< training interactions of the rank's users … */
  int64_t n_held_out;                            /**< … and those held out for validation and test */
  int64_t n_relation_entry[KITH_MAX_RELATIONS];  /**< entries of the owned rows in each relation … */
  int64_t n_transpose_entry[KITH_MAX_RELATIONS]; /**< … and by column, in directed ones */
  int64_t n_ghost_with_relations;                /**< ghost rows that all of them read together */
  int64_t n_own_of[KITH_MAX_TYPES];
  bool exact; /**< sizes of a real cut; else an even share and an upper bound of the ghosts */
} kith_graph_sizes;

/** Bytes of kith_graph; `timed`: with the times of interactions.  Local. */
int64_t kith_graph_bytes(const kith_graph_sizes *s, bool timed);

#endif
