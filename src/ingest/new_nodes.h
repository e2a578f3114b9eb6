/* Private to ingest: features of new nodes. */
#ifndef KITH_INGEST_NEW_NODES_H
#define KITH_INGEST_NEW_NODES_H

#include "ingest/lists.h"

/**
 * Read features of new nodes of a type.  Unknown ids are added if `may_be_new`; lines of known nodes are
 * skipped; *unknown is incremented by the features that the graph does not have.  Local. Errors: KITH_ECONFIG
 * (the graph has no such features), KITH_EDATA, KITH_ENOINPUT.
 */
kith_status kith__new_features_read(const char *path, const kith_feature_source *source, int type,
                                    bool may_be_new, kith__id_map *node, kith_new_nodes *n,
                                    int64_t *unknown) KITH_MUST_USE;
/** Broadcast features from rank 0.  Collective. */
kith_agreed kith__new_features_bcast(const kith_comm *comm, kith_features *f) KITH_MUST_USE;

#endif
