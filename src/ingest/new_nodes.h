/* Private to ingest: what is known of newcomers. */
#ifndef KITH_INGEST_NEW_NODES_H
#define KITH_INGEST_NEW_NODES_H

#include "ingest/lists.h"

/**
 * Read what newcomers of a type are like, and add the features that the graph does not know to *unknown; ids
 * that are met for the first time get numbers if they may be new, and known nodes are passed over.  Local.
 * Errors: KITH_ECONFIG (the graph has no such features), KITH_EDATA, KITH_ENOINPUT.
 */
kith_status kith__new_features_read(const char *path, const kith_feature_source *source, int type,
                                    bool may_be_new, kith__id_map *node, kith_new_nodes *n,
                                    int64_t *unknown) KITH_MUST_USE;
/** What rank 0 has becomes everybody's.  Collective. */
kith_agreed kith__new_features_bcast(const kith_comm *comm, kith_features *f) KITH_MUST_USE;

#endif
