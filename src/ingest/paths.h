/* Private to ingest: meta-paths, relations that are composed of those of lists. */
#ifndef KITH_INGEST_PATHS_H
#define KITH_INGEST_PATHS_H

#include "ingest/lists.h"

enum {
  KITH__PATH_ENTRIES = INT32_MAX,   /* most edges of a meta-path */
  KITH__PATH_EXACT_FLOAT = 1 << 24, /* most ways from a node to another, where weights are counts */
};
static const int64_t KITH__PATH_EXACT = INT64_C(1) << 53; /* … and in any case */

/**
 * Compose the meta-paths and append them to the schema.  Local; after all lists have been read, when
 * t->ids[k].n counts the nodes of every type.
 *
 * With M = M_1 M_2 … of the integer matrices of its relations, a meta-path has the edge (x, y) where M_xy > 0
 * and x is not y.  M_r counts the edges of each pair of nodes, one a kind; that of ties, edges without a
 * direction within a type, is symmetric, each pair counting once however many lines have it.
 *
 * A meta-path that reads the same from both ends is symmetric, and has no direction, as has one between two
 * types; others, and those of which `keep` leaves edges out, are read forward.
 *
 * @param most    edges that a meta-path may have: KITH__PATH_ENTRIES
 * @param report  [KITH_MAX_RELATIONS] as in the schema
 * Errors: KITH_ECONFIG, naming the key (an unknown relation; ends that do not meet; too many edges, or ways
 * between two nodes); KITH_EDATA (no edge); KITH_ENOMEM.
 * Cost: twice the number of ways.  Memory: that of the edges, 12 bytes for a node of the largest type twice,
 * and of relations that are read back or in both directions a copy.
 */
kith_status kith__paths_make(int n_path, const kith_path_source *path, int64_t most, kith__graph_data *t,
                             kith_relation_report *report) KITH_MUST_USE;

/** Whether a relation is a step of any meta-path.  Local. */
bool kith__paths_use(int n_path, const kith_path_source *path, const char *relation);

#endif
