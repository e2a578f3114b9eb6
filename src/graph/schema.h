/** Schemas: those of tasks without further types, lookup, and the text of the attribute `schema` in files. */
#ifndef KITH_GRAPH_SCHEMA_H
#define KITH_GRAPH_SCHEMA_H

#include "kith/graph.h"

/** Users and items, or nodes of one type; no further types, no relations.  Local. */
kith_schema kith_schema_users_items(void);
kith_schema kith_schema_nodes(void);

/** The type or relation of this name; -1: there is none.  Local. */
int kith_schema_find_type(const kith_schema *schema, const char *name);
int kith_schema_find_relation(const kith_schema *schema, const char *name);

/** "both", "forward" or "back".  Local. */
const char *kith_direction_text(kith_direction direction);

/** The half-life of a relation in seconds; 0: none.  Local. */
double kith_relation_half_life(const kith_relation_weights *w, const char *name);

/** Whether a relation consists of ties: without a direction, between nodes of one type.  Local. */
static inline bool kith_relation_is_tie(const kith_relation_type *e) {
  return e->from == e->to && e->direction == KITH_DIRECTION_BOTH;
}

/** Whether a name is [a-z][a-z0-9_]*, at most 31 bytes.  Local. */
bool kith_schema_is_name(const char *name);
/** Whether files use a name below /node otherwise, so that no type can have it.  Local. */
bool kith_schema_is_reserved(const char *name);

/** The type whose nodes come first in the id space of a type; -1: there is none.  Local. */
static inline int kith_schema_base(const kith_schema *schema, int type) { return schema->base[type] - 1; }
/** Numbers in the id space of a type, given the nodes of each type.  Local. */
int64_t kith_schema_space(const kith_schema *schema, const int64_t *n, int type);
/** The type of number x of a type's id space, and its original number there.  Local. */
int kith_schema_node(const kith_schema *schema, const int64_t *n, int type, int64_t x, int64_t *original);
/** Whether the id space of type `end` has nodes of a type.  Local. */
bool kith_schema_has(const kith_schema *schema, int end, int type);
/** KITH_USER or KITH_ITEM, whose nodes come first in the id space of a type; -1: neither's do.  Local. */
int kith_schema_side(const kith_schema *schema, int type);
/** Whether a relation may join users with items, under these names or as nodes of another type.  Local. */
bool kith_schema_joins_sides(const kith_schema *schema, const kith_relation_type *relation);
/** Whether some node may be at both ends of a relation.  Local. */
bool kith_schema_meets(const kith_schema *schema, const kith_relation_type *relation);

/**
 * The text of the attribute `schema`, in lines: "type NAME NODES [same_as TYPE]", then
 * "relation NAME FROM TO EDGES [weighted] [timed] [forward|back] [kinds N]".  Local.  Errors: KITH_ENOMEM.
 *
 * @param n         [n_type] nodes of each type
 * @param n_edge    [n_relation] edges of each relation
 * @param[out] text a new block
 */
kith_status kith_schema_print(const kith_schema *schema, const int64_t *n, const int64_t *n_edge,
                              char **text) KITH_MUST_USE;

/**
 * The inverse.  The types begin with user and item, or are node alone; numbers of nodes are below 2^31 - 1.
 * Local.
 *
 * @param path         of the file, for messages
 * @param[out] n       [KITH_MAX_TYPES]
 * @param[out] n_edge  [KITH_MAX_RELATIONS]
 * Errors: KITH_EDATA.
 */
kith_status kith_schema_parse(const char *path, const char *text, kith_schema *schema, int64_t *n,
                              int64_t *n_edge) KITH_MUST_USE;

#endif
