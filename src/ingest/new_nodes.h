/* Private to ingest: features and relations of new nodes. */
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
/**
 * Read edges of relation `e` with new nodes.  Unknown users and items become new nodes if `what` says so and
 * the edge is kept.  Local.  Errors: KITH_ENOINPUT, KITH_EDATA, KITH_ECONFIG, KITH_ENOMEM.
 *
 * @param n_known      [KITH_MAX_TYPES] nodes of the graph
 * @param[in,out] map    [KITH_MAX_TYPES] ids, by type
 * @param[in,out] kinds  names of the relation's kinds in the graph; those that it lacks are added
 */
kith_status kith__new_relation_read(const kith_relation_source *s, const kith_relation_type *e,
                                    kith_new_node_types what, const int64_t *n_known, kith__id_map *map,
                                    kith__id_map *kinds, kith_new_edges *out,
                                    kith_new_relation_report *r) KITH_MUST_USE;
/** Broadcast features from rank 0.  Collective. */
kith_agreed kith__new_features_bcast(const kith_comm *comm, kith_features *f) KITH_MUST_USE;

/** The edges of rows: from [n] and to [n], which the caller frees, also on failure.  Errors: KITH_ENOMEM. */
kith_status kith__edges_flatten(const kith_ragged *rows, int64_t *n, int32_t **from,
                                int32_t **to) KITH_MUST_USE;

#endif
