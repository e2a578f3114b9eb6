/* Inside the partition room: the three ways to cut. */
#ifndef KITH_SRC_PARTITION_H
#define KITH_SRC_PARTITION_H

#include "kith/partition.h"
#include "store/store.h"

/**
 * A graph as rows of neighbors, both directions; users first, then items, then further types.  Plain arrays
 * for METIS.
 */
typedef struct partition_graph {
  int64_t n;       /* nodes */
  int64_t *start;  /* [n + 1] */
  uint32_t *to;    /* [start[n]] nodes, ascending in each row: users and items may be 2^32 - 2 */
  int32_t *weight; /* [start[n]] in the cut; null: 1 */
  kith_eid *edge;  /* [start[n]] relations: the edge of the dataset behind an entry; else null */
} partition_graph;

/* Nodes in one sequence: those of each type, n [KITH_MAX_TYPES], follow those of the type before. */
/** first [KITH_MAX_TYPES + 1]: the first node of each type, and the number of nodes. */
void kith__partition_first(const int64_t *n, int64_t *first);
/** The type of a node, which becomes its number within the type. */
int kith__partition_type(const int64_t *n, int64_t *node);
/** The node of number x of a type's id space. */
int64_t kith__partition_node(const kith_schema *schema, const int64_t *n, const int64_t *first, int type,
                             int64_t x);

/** Whether the method knows what the job balances.  Errors: KITH_ECONFIG. */
kith_status kith__partition_check_balance(const kith_partition_options *o) KITH_MUST_USE;

/** Whether numbers of nodes hold all of a dataset: sizes alone are looked at.  Errors: KITH_ECONFIG. */
kith_status kith__partition_check_size(const kith_dataset *d) KITH_MUST_USE;

/** rank_of [parts]: the rank of `ranks` that owns each part. */
void kith__partition_owners(int parts, int ranks, int32_t *rank_of);
/** The most of x [n] to its mean, 1 without any; *sum gets their sum. */
double kith__partition_balance(int n, const int64_t *x, int64_t *sum);

/** The interactions.  Rows of nodes from users and items on, up to n, are empty. */
kith_status kith__partition_graph_make(const kith_dataset *d, int64_t n, partition_graph *out) KITH_MUST_USE;
void kith__partition_graph_free(partition_graph *g);

kith_status kith__partition_metis(const kith_dataset *d, const kith_partition_options *o,
                                  int32_t *part) KITH_MUST_USE;
kith_status kith__partition_contiguous(const kith_dataset *d, const kith_partition_options *o,
                                       int32_t *part) KITH_MUST_USE;
/** By a method of kith_partition_is_together(). */
kith_status kith__partition_alone(const kith_dataset *d, const kith_partition_options *o,
                                  int32_t *part) KITH_MUST_USE;
/** Deal nodes first … n - 1, which nothing reads, evenly, type by type. */
void kith__partition_deal_rest(const kith_dataset *d, const kith_partition_options *o, int64_t first,
                               int32_t *part);

/** Write a dataset of parts.h5 by the one rank that there is.  Collective.  Errors: KITH_EIO. */
static inline kith_agreed kith__partition_put(kith_h5 *f, const char *name, kith_h5_type type, int d,
                                              int64_t n, const void *data) {
  return kith_h5_write_slices(f, name, type, d, n, &(kith_h5_slice){.n = n, .context = data});
}

/** The part of node `original` of a type, by hash. */
static inline int32_t kith__partition_hash_one(const kith_partition_options *o, int type, int64_t original) {
  uint64_t bits = kith_random(o->seed, KITH_RNG_PARTITION, (uint64_t)type, (uint64_t)original, 0).bits[0];
  return (int32_t)kith_random_below(bits, (uint64_t)o->parts);
}
/** The range that begins at `before` of `all`, which is more. */
static inline int32_t kith__partition_range_of(int64_t before, int64_t all, int parts) {
  int32_t p = (int32_t)((double)before / (double)all * parts);
  return p < parts ? p : parts - 1;
}

/** Features of a dataset's nodes, all together. */
int64_t kith__partition_n_features(const kith_dataset *d);
/** Write them in global order, node[k] being the node of global number k; nothing if there are none.
 * Collective. */
kith_agreed kith__partition_write_features(const kith_comm *comm, kith_h5 *f, const kith_dataset *d,
                                           int64_t n, const int64_t *node) KITH_MUST_USE;

/** weight [relations]: 1 for those that a model reads, and 0. */
void kith__partition_reads(const kith_dataset *d, const kith_partition_options *o, int *weight);
/** weight [relations]: what an edge of each weighs in the cut, where an interaction weighs 1; 0: nothing. */
void kith__partition_weights(const kith_dataset *d, const kith_partition_options *o, int *weight);
/** Entries of the relations whose weight is not 0, in both directions: an upper bound. */
int64_t kith__partition_n_entry(const kith_dataset *d, const int *weight);
/** Nodes of the union: users and items alone if no relation whose weight is not 0 has another type. */
int64_t kith__partition_n_cut(const kith_dataset *d, const int *weight);
/**
 * The union of the interactions and of the relations whose weight is not 0.  Its entries have weights, sums
 * of those of the relations that have the pair, if a relation weighs more than an interaction.
 */
kith_status kith__partition_union(const kith_dataset *d, const int *weight,
                                  partition_graph *out) KITH_MUST_USE;

/** Every pair of nodes that a relation joins, once, in the rows of both, whatever its direction and kinds. */
kith_status kith__partition_pairs(const kith_dataset *d, int r, partition_graph *out) KITH_MUST_USE;
/** The rows that layers read in a relation, or those of its transpose; by node, then by kind. */
kith_status kith__partition_rows(const kith_dataset *d, int r, bool transpose,
                                 partition_graph *out) KITH_MUST_USE;

/** As kith_partition_write(), with the attribute `first_cut` of an updated graph; -1: without. */
kith_agreed kith__partition_write(const kith_comm *comm, const char *path, const kith_dataset *d,
                                  const kith_partition_options *o, const int32_t *part,
                                  double first_cut) KITH_MUST_USE;

/** Global order. */
typedef struct partition_order {
  int64_t n;
  const int64_t *node, *number; /* [n] the node of each global number, and the reverse */
} partition_order;

/**
 * Write the relations in global order, and the attribute `schema`; nothing if the dataset has none.
 * Collective.
 */
kith_agreed kith__partition_write_relations(const kith_comm *comm, kith_h5 *f, const kith_dataset *d,
                                            const partition_order *o) KITH_MUST_USE;

#endif
