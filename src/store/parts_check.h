/* Private to store: consistency of the ranks' shares of parts.h5. */
#ifndef KITH_STORE_PARTS_CHECK_H
#define KITH_STORE_PARTS_CHECK_H

#include "store/store.h"

/**
 * Check over all ranks: original numbers of each type are 0, 1, …, each once; so are the indices of training
 * edges or nodes; every edge is stored at both ends, with the same weight.  Collective.
 * Errors: KITH_EDATA, naming `path`.  Temporary memory: 24 bytes per row.
 */
kith_agreed kith__parts_check(const kith_comm *comm, const kith_graph *g, const char *path) KITH_MUST_USE;

/** Check that the two ends of every interaction have the same time.  Collective.  Errors: KITH_EDATA. */
kith_agreed kith__parts_check_times(const kith_comm *comm, const kith_graph *g, int64_t *time,
                                    const char *path) KITH_MUST_USE;

/** Check that the two ends of every interaction agree on whether it is new.  Collective.  Errors: KITH_EDATA.
 */
kith_agreed kith__parts_check_new(const kith_comm *comm, const kith_graph *g, const int8_t *is_new,
                                  const char *path) KITH_MUST_USE;

#endif
