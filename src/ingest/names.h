/* Private to ingest: what users and items are called, for people to read. */
#ifndef KITH_INGEST_NAMES_H
#define KITH_INGEST_NAMES_H

#include "ingest/lists.h"

/**
 * Read a list of ids and names against the ids of the interactions.  Local.
 *
 * @param key         of the source in the job, such as "data.item_names"
 * @param[out] names  text [n, width], zeros where a node has no name
 * @param[out] report what the list said nothing of, or twice
 * Errors: KITH_ENOINPUT; KITH_EDATA (file:line; no line names a known id); KITH_ECONFIG (columns);
 * KITH_ENOMEM.
 */
kith_status kith__node_names_read(const char *key, const kith_name_source *source, kith__id_map *node,
                                  kith_ids *names, kith_name_report *report) KITH_MUST_USE;

#endif
