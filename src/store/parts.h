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
/** Read the features of the owned rows, if the file has any.  Collective. */
kith_agreed kith__parts_read_features(const kith_comm *comm, kith_h5 *f, kith_graph *g) KITH_MUST_USE;

#endif
