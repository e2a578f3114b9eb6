/* A graph of users, items and tags with three relations, cut over the ranks, and its dense matrices: what
 * models over relations are held against. */
#ifndef KITH_TEST_RELATED_H
#define KITH_TEST_RELATED_H

#include "support/cut.h"
#include "support/relational.h"

#include "sample/sample.h"
#include "train/train.h"

enum {
  USERS = 12,
  ITEMS = 15,
  NODES = USERS + ITEMS + TEST_TAGS,
  EDGES = 70,
  WIDTH = 4,
  LAYERS = TEST_RELATIONAL_LAYERS,
  RELATIONS = 1 + TEST_RELATIONS,
  CUT = 5,
  SEEDS = 8
};
static const double TOLERANCE = 2e-6; /* floats against double */

extern const kith_relation_weights READ; /* what models read */

typedef struct setting {
  test_graph t;
  kith_graph *g;
  kith_dist_csr *a;
  kith_params *params;
  kith_normalization by;
  bool typed;   /* rgcn: a matrix for each relation and each type that reads in it … */
  int bases;    /* … sums of so many; 0: each is free */
  bool attends; /* diffnet, in place of all of these */
} setting;

/* Nodes of all types have numbers from 0 to NODES - 1: users, items, tags. */
int related_type(int node);
int64_t related_original(int node);
int related_node(int type, int64_t original);
int related_node_of_key(int64_t key); /* -1: there is none */
/* Number k of a node's input row. */
double related_input(int node, int k);
void related_set_input(int64_t n, const int64_t *node, kith_tensor *x);

/* How often node i reads node j in a relation; 0: interactions. */
double related_reads(const test_graph *t, int relation, int i, int j);
/* The matrix of a relation: its counts, divided by what the normalization says. */
void related_matrix(const setting *s, int relation, double a[NODES][NODES]);

setting related_make(kith_normalization by, bool directed);
void related_free(setting *s);
/* Global numbers of nodes that a rank samples for; their number. */
kith_lid related_seeds(const setting *s, kith_gid seed[SEEDS]);

#endif
