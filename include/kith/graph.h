/**
 * Graph: sparse matrices, ragged arrays, and one rank's share of the partitioned graph.
 *
 * Three numberings of nodes:
 *
 * - Original number: order of first appearance, dense per node type; used in files and results.
 * - Global number: after partitioning; part by part, within a part type by type in the order of the schema
 *   (users before items), each by original number.
 * - Local number: on one rank; owned rows in global order, then ghosts in global order (hence sorted by
 * owner).
 */
#ifndef KITH_GRAPH_H
#define KITH_GRAPH_H

#include "kith/schema.h"

/** What the times of interactions are.  Line: numbers of lines, an order of all of them.  Place: an order
 * within a user's items alone, of an adjacency list; those of two users do not compare. */
typedef enum kith_time_is { KITH_TIME_SECONDS, KITH_TIME_LINE, KITH_TIME_PLACE } kith_time_is;

/** The split that a labeled node belongs to; node classification. */
typedef enum kith_node_split {
  KITH_NODE_NONE,
  KITH_NODE_TRAIN,
  KITH_NODE_VALID,
  KITH_NODE_TEST,
  KITH_NODE_SPLITS
} kith_node_split;

/**
 * The types of every recommendation graph, the two sides of the bipartite graph of interactions.
 * Types KITH_SIDES to KITH_MAX_TYPES - 1 are further ones, which only relations have.
 */
typedef enum kith_node_type { KITH_USER = 0, KITH_ITEM = 1, KITH_SIDES = 2 } kith_node_type;

/**
 * Ragged array: a list of node numbers for each row (the pattern of a CSR matrix without permutation).
 * Row i is value[start[i]] … value[start[i + 1] - 1], ascending original numbers of one node type: of items,
 * unless the member that holds the array says otherwise.
 */
typedef struct kith_ragged {
  int64_t n_row;
  kith_eid *start; /**< [n_row + 1] */
  int32_t *value;  /**< [start[n_row]] original numbers */
} kith_ragged;

/**
 * Sparse matrix [n_row, n_col] in CSR format, local numbers, rows stored in the order in which they are
 * computed: position p holds row perm[p], entries start[p] … start[p + 1] - 1.
 *
 * The columns of a row ascend by kith_node_key() of their nodes, not by col: so a sum over a row has one
 * order on any number of ranks, whatever the local numbers.
 */
typedef struct kith_csr {
  kith_lid n_row, n_col;
  kith_lid *perm;  /**< [n_row] the row at each position, each row once */
  kith_eid *start; /**< [n_row + 1] first entry of each position, not of each row */
  kith_lid *col;   /**< [start[n_row]] column of each entry */
  float *weight;   /**< [start[n_row]] value of each entry */
} kith_csr;

/** Sparse features of nodes: row i has features index[start[i]] … index[start[i + 1] - 1], each with a value.
 */
typedef struct kith_features {
  int64_t n_row;
  kith_eid *start; /**< [n_row + 1]; null: no row has any */
  int32_t *index;  /**< [start[n_row]] */
  float *value;    /**< [start[n_row]] */
} kith_features;

/**
 * The transpose of a kith_csr, by reference to its entries: column c has entries entry[start[c]] …
 * entry[start[c + 1] - 1], ascending; row[] is the row of each.
 */
typedef struct kith_csc {
  kith_lid n_col;
  kith_eid *start; /**< [n_col + 1] */
  kith_eid *entry; /**< [entries] */
  kith_lid *row;   /**< [entries] */
} kith_csc;

/** Allocate for matrices of up to max_col columns and max_entry entries.  Local.  Errors: KITH_ENOMEM, *out
 * is empty. */
KITH_API kith_status kith_csc_make(kith_lid max_col, kith_eid max_entry, kith_csc *out) KITH_MUST_USE;
/**
 * Transpose a matrix: counting sort, O(entries).  Local.
 *
 * @param size, scratch  temporary memory in bytes, aligned as by kith_alloc(); with 12 bytes an entry,
 * matrices larger than a cache are transposed faster; 0 and null: none
 */
KITH_API void kith_csc_fill(const kith_csr *csr, int64_t size, void *scratch, kith_csc *csc);
/** Free the arrays.  Local. */
KITH_API void kith_csc_free(kith_csc *csc);

/** Which rows of a larger map, the owned rows of the full graph, the rows of a map are. */
typedef struct kith_row_subset {
  int64_t n_of;             /**< rows of the larger map */
  const kith_lid *row;      /**< [n] their numbers there, ascending */
  const kith_lid *position; /**< [n] their positions in the matrix: where kith_csr.perm has them */
  const kith_lid *index;    /**< [n_of] the inverse of row; -1 for a row that is not among them */
} kith_row_subset;

/**
 * Map from the rows of a tensor to nodes: row i belongs to the node with key node[i] (DGL's NID; here the key
 * is the same on any number of ranks, and is the counter of the row's random numbers).
 *
 * Tensors point to a map, since the number of rows changes: on the full graph the rows are the owned rows and
 * the map is constant, but for a layer of which a step computes some rows only (`subset`); in sampled
 * training the sampler sets it to the nodes of the step's block.
 */
typedef struct kith_node_map {
  int64_t n;           /**< rows at this step, without ghosts */
  int64_t n_ghost;     /**< ghost rows, which follow them in `node` and in a matrix's columns, but are not
                          rows of tensors: n … n + n_ghost - 1 */
  int64_t capacity;    /**< allocated rows: the most of any step, without ghosts */
  const int64_t *node; /**< [n + n_ghost] kith_node_key() of each row; null where rows are entries of a matrix
                          (kith_block.edges) */
  const kith_row_subset *subset; /**< the rows are these of the full graph's at this step; null: all, or in
                                    sampled training the first of the source rows */
} kith_node_map;

/** A key that identifies a node on any number of ranks: original number and type. */
static inline int64_t kith_node_key(int type, int64_t original) {
  if (type < KITH_SIDES) return original * 2 + type;
  return (INT64_C(1) << 62) | ((int64_t)type << 48) | original;
}
/** The type of a node, of its key. */
static inline int kith_node_key_type(int64_t key) {
  return key >> 62 ? (int)(key >> 48 & 0x3fff) : (int)(key & 1);
}

/**
 * The entries of the owned rows in one relation, CSR with global columns: row i has the global numbers
 * neighbor[start[i]] … neighbor[start[i + 1] - 1], in the order of original numbers, then of kinds.  They are
 * the nodes that row i reads in a layer; the relation's direction says which ends read.  All n_own rows have
 * offsets; those that read nothing are empty.
 */
typedef struct kith_adjacency {
  kith_eid *start;    /**< [n_own + 1] */
  kith_gid *neighbor; /**< [start[n_own]] */
  float *weight;      /**< [start[n_own]] of the edges; null: they have none */
  int64_t *time;      /**< [start[n_own]] seconds; null: they have none */
  uint16_t *kind;     /**< [start[n_own]] from 0; null: they have none */
  int32_t *overlap;   /**< [start[n_own]] common training neighbors of the two ends; null: not computed */
} kith_adjacency;

enum { KITH_DRIFT_SLICES = 5, KITH_DRIFT_TOP = 100 };

/** How the popularity of items, and who and what there is, change over time: docs/metrics.md. */
typedef struct kith_drift {
  int n; /**< slices of time; 0: not measured, since there are no times, or a slice would be empty */
  struct kith_drift_slice {
    int64_t from, until;                    /**< times, until excluded */
    int64_t pairs, users, items;            /**< training interactions, and users and items that have one */
    int64_t new_users, new_items;           /**< of these, those without an earlier one … */
    int64_t new_user_pairs, new_item_pairs; /**< … and their interactions */
    double overlap; /**< of the most popular items, the share that was so in the slice before; NaN: none is */
    double rank_correlation; /**< Spearman's, of the numbers of interactions of items here and in the slice
                                before; NaN: all are equal */
  } slice[KITH_DRIFT_SLICES];
} kith_drift;

enum { KITH_MAX_HIGHER = 15 /**< coefficients of a direct term beside the first */ };

/**
 * A term that a spectral model's scores have beside the inner product of rows: user u's score of item i grows
 * by the entry (i, u) of D_i^q (sum over j of c_j (P / lambda_1)^j) D_i^-p R', with P = M'M and M = D_u^-a R
 * D_i^-b.  R is the training interactions, each 1; D_u and D_i are the degrees of users and items in it.
 */
typedef struct kith_direct_term {
  double c;                       /**< c_1 */
  double lambda_1;                /**< the largest eigenvalue of P; 0: the model is not spectral */
  double user_power;              /**< a */
  double item_power;              /**< b */
  double input_power;             /**< p */
  double output_power;            /**< q */
  int n_higher;                   /**< higher powers: 0 for c alone */
  double higher[KITH_MAX_HIGHER]; /**< c_2, c_3, … */
} kith_direct_term;

/** Whether scores have more than rows.  Local. */
static inline bool kith_direct_is_on(const kith_direct_term *t) { return t->c != 0 || t->n_higher > 0; }

/** The graph that a graph was updated from: nodes of numbers below its counts are those of both. */
typedef struct kith_parent {
  bool is;                   /**< false: the graph is no update, and the rest is 0 */
  uint64_t fingerprint;      /**< of the parent's graph.h5 */
  int64_t n[KITH_MAX_TYPES]; /**< nodes of the parent, by type */
} kith_parent;

/**
 * One rank's share of the partitioned graph, as training reads it from parts.h5: the rows that the rank owns,
 * in global numbers.  The whole graph by original numbers, as partitioning reads it, is a kith_dataset.
 * Plain struct, freed by kith_graph_destroy().
 *
 * A graph for node classification has one node type: every node is of type KITH_USER, there are no items, the
 * ragged arrays are empty, and the last members hold features, labels and splits.
 */
typedef struct kith_graph {
  kith_schema schema;
  int64_t n[KITH_MAX_TYPES]; /**< nodes of each type in the whole graph */
  kith_eid n_edge;           /**< training interactions in the whole graph; classification: undirected edges,
                                each counted once though both ends list it */
  int n_part;                /**< parts of the partition, K */
  uint64_t fingerprint;      /**< hash of graph.h5, equal in all files made from it */
  /** [n_part + 1] part p has the global numbers part_first[p] … part_first[p + 1] - 1. */
  kith_gid *part_first;
  kith_gid *first; /**< [ranks + 1] rank r owns the global numbers first[r] … first[r + 1] - 1 */
  kith_lid n_own;  /**< owned rows */
  kith_lid n_own_of[KITH_MAX_TYPES];
  kith_lid *row_of[KITH_MAX_TYPES]; /**< [n_own_of[t]] the rows of type t, ascending */
  uint8_t *type;                    /**< [n_own] type in the schema: KITH_USER, KITH_ITEM, a further one */
  int64_t *original;                /**< [n_own] original number within the type */
  kith_eid *start; /**< [n_own + 1] row i's training neighbors, items of a user and users of an item, are the
                      elements start[i] … start[i + 1] - 1 of neighbor, weight and time */
  kith_gid *neighbor;    /**< [start[n_own]] their global numbers, in the order of original numbers */
  float *weight;         /**< [start[n_own]] given weights of the interactions, of any sign; or null */
  int64_t *time;         /**< [start[n_own]] times of the interactions; or null: kith_graph_times_read() */
  bool timed;            /**< whether parts.h5 has them */
  kith_time_is time_is;  /**< what they are */
  bool refit;            /**< whether validation interactions are training interactions here: --refit */
  kith_parent parent;    /**< the graph that this one was updated from */
  int8_t *is_new;        /**< [start[n_own]] 1: an interaction that the parent lacks; or null: not read */
  kith_eid *first_edge;  /**< [n_own] recommendation: a user's first training edge in graph.h5; items: -1 */
  kith_eid *train_index; /**< [n_own] classification: a training node's index among the training nodes of the
                            whole graph, 0 … n_train - 1; others: -1.  Recommendation: null */
  kith_adjacency relation[KITH_MAX_RELATIONS]; /**< those of the schema */
  /** Of directed relations, the same entries by column: row i holds the rows that read it.  Others: null. */
  kith_adjacency transpose[KITH_MAX_RELATIONS];
  /** Rows: the owned users, in the order of row_of[KITH_USER]; values: original item numbers. */
  kith_ragged train, valid, test;
  kith_gid *item_number; /**< [n[KITH_ITEM]] global number of every item: negatives are drawn from all */
  struct kith_host_table *item_table; /**< where the ranks of a host share item_number; or null */
  int n_feature_of[KITH_MAX_TYPES];   /**< number of features of each node type, numbered per type; 0: none */
  kith_features features;             /**< features of the owned rows */
  int n_class;                        /**< classes of labeled nodes; 0: a graph of users and items */
  int64_t n_train;                    /**< classification: training nodes in the whole graph */
  int32_t *label;                     /**< [n_own] class, or -1; recommendation: null */
  int8_t *split;                      /**< [n_own] kith_node_split; recommendation: null */
} kith_graph;

/** Nodes of all types in the whole graph.  Local. */
static inline int64_t kith_graph_n_node(const kith_graph *g) {
  int64_t n = 0;
  for (int t = 0; t < KITH_MAX_TYPES; t++) n += g->n[t];
  return n;
}

/** Features of all types.  Local. */
static inline int64_t kith_graph_n_feature(const kith_graph *g) {
  int64_t n = 0;
  for (int t = 0; t < KITH_MAX_TYPES; t++) n += g->n_feature_of[t];
  return n;
}

/** Free the graph and null the pointer.  Local; accepts null. */
KITH_API void kith_graph_destroy(kith_graph **graph);

/** The rank (or part) that owns global number `g`: binary search in first[size + 1].  Local. */
KITH_API int kith_owner(int size, const kith_gid *first, kith_gid g);

#endif
