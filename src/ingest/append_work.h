/* Private to ingest: new lists behind an old graph.  Everything here is Local, on rank 0. */
#ifndef KITH_INGEST_APPEND_WORK_H
#define KITH_INGEST_APPEND_WORK_H

#include "ingest/lists.h"
#include "ingest/append.h"

/** An append at work. */
typedef struct kith__append {
  const kith_ingest_options *data;
  const kith_append_options *o;
  const char *path;              /**< the old graph.h5 */
  kith__graph_data t;            /**< the old graph, which becomes the new one */
  int64_t n_old[KITH_MAX_TYPES]; /**< its nodes */
  kith__id_map map[KITH_MAX_TYPES];
  bool recompose; /**< the meta-paths were dropped from t, to be composed anew */
  kith_append_report *r;
} kith__append;

/** Load the ids of all types. */
kith_status kith__append_load_ids(kith__append *a) KITH_MUST_USE;
/** After the interactions: further types whose ids may be those of users or items know them all. */
kith_status kith__append_join_types(kith__append *a) KITH_MUST_USE;
/** After all edges: ids, features and names of the new nodes, behind those of the old ones. */
kith_status kith__append_nodes(kith__append *a) KITH_MUST_USE;

/** Put the lines of the new list `list` behind the events of a stream.  Errors: KITH_EDATA (one is before the
 * last of these), KITH_ENOMEM. */
kith_status kith__append_events(kith__append *a, const char *list,
                                const kith__edge_list *edges) KITH_MUST_USE;
/** Split the longer stream, and its interactions with those of the new list.  t.valid and t.test have a row
 * for every user.  Errors: those of kith__events_split(); KITH_ECONFIG (no event more is for training). */
kith_status kith__append_split_events(kith__append *a, const kith__edge_csr *fresh) KITH_MUST_USE;

/** Read the lists of relations, and bring every relation to the new numbers of nodes. */
kith_status kith__append_relations(kith__append *a) KITH_MUST_USE;

/** After the nodes: compose the meta-paths anew whose relations have new edges. */
kith_status kith__append_paths(kith__append *a) KITH_MUST_USE;

/** Check that the list `key` has a column of times, weights or kinds if the graph has it, and only then.
 * Errors: KITH_ECONFIG. */
kith_status kith__append_check_columns(const char *path, const char *key, const char *what,
                                       const kith__edge_list *list, const kith__edge_csr *old) KITH_MUST_USE;
/** Warn if new times look like another unit than the old ones. */
void kith__append_check_units(const char *list, const char *path, const kith__edge_csr *old,
                              const kith__edge_csr *fresh);

/** Put a line of this update behind those of t->taken.  Errors: KITH_ENOMEM. */
kith_status kith__append_take(kith__append *a) KITH_MUST_USE;

#endif
