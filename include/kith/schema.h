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

/**
 * Which end of an edge from u to v, a line "u v" of the list, reads the other in a layer.  Beware: an edge
 * u -> v of DGL and PyG carries a message from u to v, which is BACK here.
 */
typedef enum kith_direction {
  KITH_DIRECTION_BOTH,    /**< u reads v, and v reads u: messages go both ways */
  KITH_DIRECTION_FORWARD, /**< u reads v: a message goes from v to u, against the edge of DGL and PyG */
  KITH_DIRECTION_BACK     /**< v reads u: a message goes from u to v, along the edge of DGL and PyG */
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

/**
 * The node types of a graph and the relations among them: the names and properties, without nodes and edges.
 *
 * Recommendation: type 0 is `user`, type 1 is `item`, further types follow.  relation[] does not hold the
 * interactions, which every such graph has.  Classification: type 0 is `node`, and the only one; relations,
 * if any, are among nodes.
 */
typedef struct kith_schema {
  int n_type, n_relation;
  char type[KITH_MAX_TYPES][KITH_NAME]; /**< names of the types, as those of relations */
  /** For job key data.nodes.NAME.same_as, by which an id of type t (an entity, say) may be the id of a node
   * of type b (an item).  base[t] is b + 1; 0: type t has no such ids.  In the edges of a relation an end of
   * type t is then a number x over both: where type b has m nodes, x < m is node x of type b, and x >= m is
   * node x - m of type t itself. */
  int8_t base[KITH_MAX_TYPES];
  kith_relation_type relation[KITH_MAX_RELATIONS];
} kith_schema;

/** Names of relations, each once; `interactions` may be one of them. */
typedef struct kith_relation_names {
  int n;
  char of[KITH_MAX_RELATIONS + 1][KITH_NAME];
} kith_relation_names;

/**
 * How ties weigh.  A tie is an edge of a relation of KITH_DIRECTION_BOTH between two nodes of one type, such
 * as two friends.
 */
typedef enum kith_tie {
  KITH_TIE_NONE,       /**< every tie counts 1 */
  KITH_TIE_SIMILARITY, /**< tie i-j of users or items counts |N(i) and N(j)|: the training neighbors that both
                          have; without any it weighs 0.  Ties of further types count 1.  These
                          counts are what the relation is then normalized by */
  KITH_TIE_LEARNED     /**< the normalized weight of tie i-j times a gate sigma(a' [x_i * x_j] + b), with the
                          input rows x, an elementwise product, and a, b learned with the model; not normalized
                          again */
} kith_tie;

/**
 * The relations that a model's layers read beside the interactions, and how: the layers' matrix is
 * A + sum over r of omega_r A_r.  A (the interactions) and each A_r are normalized on their own: entry (i, j)
 * of A_r is c_ij / sqrt(D_i D_j), where c_ij is what the edge counts (1 without ties' weights and half-lives)
 * and D sums c over the row's and the column's entries in r alone.
 *
 * A relation without an entry is not read.  Entries ascend by name, whatever the schema.
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
    double seconds; /**< h: an edge counts 2^(-age / h), and at least 2^-60; its age is the latest time of a
                       training interaction (without such times: of the relation's edges) less its own time,
                       and at least 0 */
  } half_life[KITH_MAX_RELATIONS];
} kith_relation_weights;

#endif
