/* Private to ingest: whether what parts.h5 says holds together. */
#ifndef KITH_STORE_PARTS_CHECK_H
#define KITH_STORE_PARTS_CHECK_H

#include "kith/store.h"

/**
 * Original numbers of each type are 0, 1, …, each once; so are the places of training pairs or nodes; every
 * pair stands at both of its ends, with the same weight.  Collective.  Errors: KITH_EDATA, naming `path`.
 * Room for a moment: 24 bytes a row.
 */
kith_agreed kith__parts_check(const kith_comm *comm, const kith_graph *g, const char *path) KITH_MUST_USE;

#endif
