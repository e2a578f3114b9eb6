/* Private to ingest: what is known of newcomers. */
#ifndef KITH_INGEST_NEW_NODES_H
#define KITH_INGEST_NEW_NODES_H

#include "ingest/lists.h"

/**
 * Read what newcomers of a type are like, and add the features that the graph does not know to *unknown; ids
 * that are met for the first time get numbers if they may be new, and known nodes are passed over.  Local.
 * Errors: KITH_ECONFIG (the graph has no such features), KITH_EDATA, KITH_ENOINPUT.
 */
kith_status kith__newcomers_describe(const char *path, const kith_feature_source *source, int type,
                                     bool may_be_new, kith__names *node, kith_newcomers *n,
                                     int64_t *unknown) KITH_MUST_USE;
/** What rank 0 has becomes everybody's.  Collective. */
kith_agreed kith__newcomers_share_features(const kith_comm *comm, kith_features *f) KITH_MUST_USE;

#endif
