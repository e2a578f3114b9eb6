/* Private to ingest: reading parts.h5. */
#ifndef KITH_STORE_PARTS_H
#define KITH_STORE_PARTS_H

#include "kith/store.h"

/** Row starts of this rank's slice, of the rows of the dataset `values`, rebased to zero, in a new block;
 * *first is where the slice begins in the file.  Collective. */
kith_agreed kith__parts_read_offsets(const kith_comm *comm, kith_h5 *f, const char *name, const char *values,
                                     const kith_graph *g, int64_t **start, int64_t *first) KITH_MUST_USE;
/** KITH_EDATA unless a dataset has so many rows: no room is made for what is not there.  Collective. */
kith_agreed kith__parts_check_extent(const kith_comm *comm, kith_h5 *f, const char *name,
                                     int64_t wanted) KITH_MUST_USE;
/** Features of the owned rows, if the file has any.  Collective. */
kith_agreed kith__parts_read_features(const kith_comm *comm, kith_h5 *f, kith_graph *g) KITH_MUST_USE;

#endif
