/* Private to ingest: lists of further relations. */
#ifndef KITH_INGEST_RELATIONS_H
#define KITH_INGEST_RELATIONS_H

#include "ingest/lists.h"

/** The job key of a relation's list, for messages; `key` [KITH_NAME] is a buffer.  Local. */
const char *kith__relation_key(const kith_relation_source *s, char *key);
/** Check names, ends and columns of the relations.  Local.  Errors: KITH_ECONFIG. */
kith_status kith__relations_check(const kith_ingest_options *o) KITH_MUST_USE;

/**
 * Read the list of one relation: it adds nodes of further types, and no users or items.  Local.
 *
 * @param key          job key of the list, for messages
 * @param e            its ends
 * @param[in,out] map   [KITH_MAX_TYPES] ids by type
 * @param[in,out] kind  names of kinds
 * @param[out] r       the counts of the list
 * Errors: KITH_ENOINPUT, KITH_EDATA, KITH_ECONFIG (columns), KITH_ENOMEM.
 */
kith_status kith__relation_list_read(const char *key, const kith_relation_source *s,
                                     const kith_schema *schema, const kith_relation_type *e,
                                     kith__id_map *map, kith__id_map *kind, kith__edge_list *edges,
                                     kith_relation_report *r) KITH_MUST_USE;

/**
 * Read the lists of all relations, after those that have users and items.  Local.
 *
 * @param[in,out] map  [KITH_MAX_TYPES] ids by type; those of users and items are there, further types get
 *                     numbers in the order in which edges that are kept first name them
 * @param[in,out] t    the schema, which grows by further types and all relations; the rows
 * Errors: KITH_ENOINPUT, KITH_EDATA, KITH_ECONFIG, KITH_ENOMEM.
 */
kith_status kith__relations_lists(const kith_ingest_options *o, kith__id_map *map, kith__graph_data *t,
                                  kith_ingest_report *r) KITH_MUST_USE;

/**
 * Count what the two ends of each edge have in common, in relations without a direction between users, or
 * between items: their training items, or users, of the interactions `train`.  Local; after the split.
 * Errors: KITH_ENOMEM.  Cost: for each edge the degree of one end times the logarithm of that of the other.
 */
kith_status kith__relations_overlap(const kith_ragged *train, kith__graph_data *t,
                                    kith_ingest_report *r) KITH_MUST_USE;
/** How many numbers row a of x and row b of y have in common, both ascending.  Local. */
int32_t kith__overlap(const kith_ragged *x, int64_t a, const kith_ragged *y, int64_t b);
/** What the overlaps of a relation say in the report.  Local. */
void kith__overlap_report(const kith__edge_csr *rows, kith_relation_report *report);
/** Overlaps of one relation: overlap[e] numbers that the rows of `neighbors` of both ends of edge e share. */
void kith__overlaps_count(const kith_ragged *neighbors, const kith_ragged *edges, int32_t *overlap);

#endif
