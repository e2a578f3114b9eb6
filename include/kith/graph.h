/**
 * Graph: nodes, rows of neighbors, and one rank's share of a cut graph.
 *
 * Original number: order of first appearance, dense per node type; what files and results speak.
 * Global number: after partitioning; part by part, users before items within a part, each by original number.
 * Local number: on one rank; owned rows in global order, then ghosts in global order (so ordered by owner).
 */
#ifndef KITH_GRAPH_H
#define KITH_GRAPH_H

#include "kith/comm.h"

/** What is learned: which items users will like, or which class nodes belong to. */
typedef enum kith_task { KITH_RECOMMEND, KITH_CLASSIFY } kith_task;

/** What a labeled node is held for; node classification. */
typedef enum kith_node_split {
  KITH_NODE_NONE,
  KITH_NODE_TRAIN,
  KITH_NODE_VALID,
  KITH_NODE_TEST,
  KITH_NODE_SPLITS
} kith_node_split;

typedef enum kith_node_type { KITH_USER = 0, KITH_ITEM = 1, KITH_TYPES = 2 } kith_node_type;

/** Lists of items, one per row: row i is item[start[i]] … item[start[i + 1] - 1], ascending original numbers.
 */
typedef struct kith_ragged {
  int64_t n_row;
  kith_eid *start; /**< [n_row + 1] */
  int32_t *value;  /**< [start[n_row]] original item numbers */
} kith_ragged;

void kith_ragged_free(kith_ragged *lists);
/** Whether row `row` holds `item`: binary search. */
bool kith_ragged_has(const kith_ragged *lists, int64_t row, int32_t item);

/**
 * Sparse matrix with rows and columns in local numbers; within a row, columns stand in the order of original
 * numbers. The entries of row row[p] stand at place p: rows lie in memory in the order in which they are
 * computed.
 */
typedef struct kith_csr {
  kith_lid n_row, n_col;
  kith_lid *perm;  /**< [n_row] each row once */
  kith_eid *start; /**< [n_row + 1] of each place */
  kith_lid *col;   /**< [start[n_row]] */
  float *weight;   /**< [start[n_row]] */
} kith_csr;

void kith_csr_free(kith_csr *csr);

/** What is known of nodes: row i has the features of[start[i]] … of[start[i + 1] - 1], each with a value. */
typedef struct kith_features {
  int64_t n_row;
  kith_eid *start; /**< [n_row + 1]; null: no row has any */
  int32_t *index;  /**< [start[n_row]] */
  float *value;    /**< [start[n_row]] */
} kith_features;

void kith_features_free(kith_features *features);
/** Room for n_row rows with `n` features together; start is zero.  Local; on failure nothing is left. */
kith_status kith_features_make(int64_t n_row, kith_eid n, kith_features *out) KITH_MUST_USE;

/**
 * The transpose of a matrix's places: column c has the entries entry[start[c]] … entry[start[c + 1] - 1],
 * ascending, and row[…] says which row each of them belongs to.
 */
typedef struct kith_csc {
  kith_lid n_col;
  kith_eid *start; /**< [n_col + 1] */
  kith_eid *entry; /**< [entries] */
  kith_lid *row;   /**< [entries] */
} kith_csc;

/** Make room for matrices of up to that size.  Local; on failure nothing is left. */
kith_status kith_csc_make(kith_lid most_col, kith_eid most_entry, kith_csc *out) KITH_MUST_USE;
/**
 * Fill for a matrix: counting sort, O(entries).  Local.
 * @param size, scratch  bytes that may be written to meanwhile, aligned as kith_alloc() does: with 16 for
 * each entry, matrices larger than a cache are transposed faster; 0 and null: there are none
 */
void kith_csc_fill(const kith_csr *csr, int64_t size, void *scratch, kith_csc *back);
void kith_csc_free(kith_csc *back);

/** The nodes that the rows of a matrix stand for, at this step; whoever plans steps changes it between them.
 */
typedef struct kith_node_map {
  int64_t n;           /**< rows now */
  int64_t n_ghost;     /**< rows behind them that stand for nodes of other ranks */
  int64_t capacity;    /**< the most rows, ghosts included, that there will ever be */
  const int64_t *node; /**< [n] original number * KITH_TYPES + type: what a row's random numbers belong to */
} kith_node_map;

static inline int64_t kith_node_key(int type, int64_t original) { return original * KITH_TYPES + type; }

/**
 * Neighbors of this rank's rows in a further relation: row i has the global numbers neighbor[start[i]] …
 * neighbor[start[i + 1] - 1], in the order of original numbers.
 */
typedef struct kith_adjacency {
  kith_eid *start;    /**< [n_own + 1]; null: the graph does not have the relation */
  kith_gid *neighbor; /**< [start[n_own]] */
} kith_adjacency;

void kith_adjacency_free(kith_adjacency *adjacency);

/**
 * One rank's share of the cut graph: the rows that it owns.  Read from parts.h5; nothing of it depends on
 * which ranks wrote the file.  Plain struct, freed by kith_graph_destroy().
 *
 * A graph for node classification has nodes of one kind: all are of type KITH_USER, there are no items, the
 * lists are empty, and what is known of the nodes stands in the last members.
 */
typedef struct kith_graph {
  kith_task task;
  int64_t n[KITH_TYPES]; /**< users and items in the whole graph */
  kith_eid n_edge;       /**< training interactions in the whole graph; classification: edges */
  int n_part;            /**< parts of the cut, K */
  uint64_t fingerprint;  /**< of graph.h5; the same on all files of a job */
  kith_gid
      *part_first; /**< [n_part + 1] part p is the global numbers part_first[p] … part_first[p + 1] - 1 */
  kith_gid *first; /**< [size + 1] rank r owns the global numbers first[r] … first[r + 1] - 1 */
  kith_lid n_own;  /**< rows owned here */
  kith_lid n_own_of[KITH_TYPES];
  kith_lid *row_of[KITH_TYPES]; /**< [n_own_of[t]] the rows of type t, ascending */
  uint8_t *type;                /**< [n_own] kith_node_type */
  int64_t *original;            /**< [n_own] original number within the type */
  kith_eid *start;              /**< [n_own + 1] training neighbors of each owned row … */
  kith_gid *neighbor; /**< [start[n_own]] … their global numbers, in the order of original numbers … */
  float *weight; /**< [start[n_own]] … and the interactions' weights as they were given, of any sign; null if
                    they have none */
  kith_eid *edge; /**< [n_own] for a user, the number of its first training edge in graph.h5; for a training
                     node, its number among them; else -1 */
  kith_adjacency friend; /**< of users: who knows whom, in either direction; other rows are empty */
  kith_ragged train, valid,
      test; /**< rows: the owned users, in the order of row_of[KITH_USER]; original item numbers */
  kith_gid
      *item_number; /**< [n[KITH_ITEM]] global number of every item (negatives are drawn among all items) */
  int n_feature_of[KITH_TYPES]; /**< recommendation: features that nodes of each type may have, numbered type
                                   by type; 0: none has any … */
  kith_features features;       /**< … and those of the owned rows */
  int n_class, n_feature;       /**< classification; no features: 0 */
  int64_t n_train;              /**< classification: training nodes in the whole graph */
  float *feature;               /**< [n_own, n_feature] */
  int32_t *label;               /**< [n_own] class, or -1 */
  int8_t *split;                /**< [n_own] kith_node_split */
} kith_graph;

void kith_graph_destroy(kith_graph **graph);

/** The rank that owns a global number (or the part that it lies in): binary search in first[size + 1]. */
int kith_owner(int size, const kith_gid *first, kith_gid g);

/**
 * The range of `n` things that rank (or part, or tile) `i` of `size` takes when they are dealt evenly in
 * order: begin = n * i / size.
 */
static inline int64_t kith_chunk_begin(int64_t n, int size, int i) {
  return (int64_t)((__int128_t)n * i / size);
}

#endif
