/* Private to ingest: display names of users and items. */
#ifndef KITH_INGEST_NAMES_H
#define KITH_INGEST_NAMES_H

#include "ingest/lists.h"

/**
 * Read a list of ids and names for the nodes of a map.  Local.
 *
 * @param key         job key of the source, such as "data.item_names"
 * @param[out] names  text [n, width], zeros for a node without a name
 * Errors: KITH_ENOINPUT; KITH_EDATA (file:line; no known id); KITH_ECONFIG (columns); KITH_ENOMEM.
 */
kith_status kith__node_names_read(const char *key, const kith_name_source *source, kith__id_map *node,
                                  kith_ids *names, kith_name_report *report,
                                  kith_list_report *list) KITH_MUST_USE;

#endif
