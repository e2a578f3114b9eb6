/* Private to store: reading parts.h5. */
#ifndef KITH_STORE_PARTS_H
#define KITH_STORE_PARTS_H

#include "store/store.h"

/** Read and validate this rank's row offsets into the dataset `values`, into a new block, rebased to zero;
 * *first is the first value's index in the file.  Collective. */
kith_agreed kith__parts_read_offsets(const kith_comm *comm, kith_h5 *f, const char *name, const char *values,
                                     const kith_graph *g, int64_t **start, int64_t *first) KITH_MUST_USE;
/** Check that a dataset has at least `wanted` rows, before memory is allocated for them.  Collective.
 * Errors: KITH_EDATA. */
kith_agreed kith__parts_check_extent(const kith_comm *comm, kith_h5 *f, const char *name,
                                     int64_t wanted) KITH_MUST_USE;
/** The type of a node.  Local.
 * @param type_count  [n_part, n_type] nodes of each type in each part */
int kith__parts_type(const kith_graph *g, const int64_t *type_count, kith_gid number);
/**
 * Read and validate the rows of the relations of g->schema.  Collective.
 *
 * @param n_edge  [n_relation] edges of each, each of which has two entries; -1: unknown
 */
kith_agreed kith__parts_read_relations(const kith_comm *comm, kith_h5 *f, kith_graph *g,
                                       const int64_t *type_count, const int64_t *n_edge) KITH_MUST_USE;
/** Read the features of the owned rows, if the file has any.  Collective. */
kith_agreed kith__parts_read_features(const kith_comm *comm, kith_h5 *f, kith_graph *g) KITH_MUST_USE;

/* Read `n` values from index `first` into a new block. */
#define KITH__READ_SLICE(f, name, type, first, n, block)                                                     \
  do {                                                                                                       \
    KITH_TRY(kith__parts_check_extent(comm, f, name, (first) + (n)));                                        \
    KITH_TRY(kith_agree(comm, KITH_NEW(block, n)));                                                          \
    KITH_TRY(kith_h5_read(f, name, type, 0, first, n, block));                                               \
  } while (0)

#endif
