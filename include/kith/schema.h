/**
 * Schema: the node types and the relations of a graph.
 *
 * A relation is a set of edges between nodes of two types, or of one (R-GCN and DGL: an edge type).  The
 * interactions of users with items are relation `interactions` of every recommendation graph; the schema
 * lists the relations beside them, in the order of the job.
 */
#ifndef KITH_SCHEMA_H
#define KITH_SCHEMA_H

#include "kith/base.h"

enum {
  KITH_MAX_TYPES = 16,    /**< node types of a graph */
  KITH_MAX_RELATIONS = 32 /**< relations of a graph beside the interactions */
};

#define KITH_INTERACTIONS "interactions" /**< name of the relation of users with the items of the graph */

/** Which end of an edge from u to v reads the other: both; forward: u reads v; back: v reads u. */
typedef enum kith_direction {
  KITH_DIRECTION_BOTH,
  KITH_DIRECTION_FORWARD,
  KITH_DIRECTION_BACK
} kith_direction;

/** A relation beside the interactions: an edge type (from, name, to) of R-GCN and DGL. */
typedef struct kith_relation_type {
  char name[KITH_NAME]; /**< [a-z][a-z0-9_]*, at most 31 bytes */
  int from, to;         /**< node types of the two ends */
  bool weighted, timed; /**< whether edges have weights, and times */
  kith_direction direction;
  int n_kind; /**< kinds of its edges, at most 65535; 0: none.  A kind is the predicate of a triple (from,
                 kind, to), so that one relation can hold a whole knowledge graph */
} kith_relation_type;

/** Recommendation: type 0 is user and type 1 is item.  Classification: type 0 is node, and the only one. */
typedef struct kith_schema {
  int n_type, n_relation;
  char type[KITH_MAX_TYPES][KITH_NAME]; /**< names of the types, as those of relations */
  /** base[t] - 1: the type whose ids type t may have, too (job key data.nodes.NAME.same_as); 0: none.  Ends
   * of type t then have numbers x of both types: where the graph has m nodes of that type, x < m is node x of
   * that type, and x >= m is node x - m of type t itself. */
  int8_t base[KITH_MAX_TYPES];
  kith_relation_type relation[KITH_MAX_RELATIONS];
} kith_schema;

/**
 * How ties weigh: edges, without a direction, between two nodes of one type.  similarity: by the number of
 * training interactions that both ends, users or items, have in common; learned: by a gate, a factor in
 * (0, 1) that the model computes from the input rows of both ends.
 */
typedef enum kith_tie { KITH_TIE_NONE, KITH_TIE_SIMILARITY, KITH_TIE_LEARNED } kith_tie;

/**
 * The weights omega_r of the relations that a model's layers read beside the interactions, which weigh 1:
 * A + sum of omega_r A_r.  A relation without an entry is not read.  Ascending by name, whatever the schema.
 */
typedef struct kith_relation_weights {
  int n;
  struct kith_relation_weight {
    char name[KITH_NAME]; /**< of the relation */
    double weight; /**< omega > 0; learned: the initial value, in results of a run the learned one, of any
                      sign */
    bool learned;
  } of[KITH_MAX_RELATIONS];
  kith_tie tie;
  int n_half_life; /**< timed relations whose edges count by age; ascending by name */
  struct kith_relation_half_life {
    char name[KITH_NAME];
    double seconds; /**< age at which an edge counts half */
  } half_life[KITH_MAX_RELATIONS];
} kith_relation_weights;

#endif
