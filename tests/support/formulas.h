/* Models as their papers have them, in double precision: dense loops over a small graph of users and items.
 * Every formula states its source; none shares code with the library, but for keyed draws. */
#ifndef KITH_TEST_FORMULAS_H
#define KITH_TEST_FORMULAS_H

#include "support/cut.h"

#include "train/train.h"

enum {
  USERS = 9,
  ITEMS = 11,
  EDGES = 60,
  NODES = USERS + ITEMS,
  WIDTH = 4,
  LAYERS = 2,
  EPOCH = 1,
  WIDEST = 16
};
enum { PARAMETERS = 1024 };

typedef struct net {
  const kith_model_options *o;
  const kith_train_options *t;
  const test_graph *g;
  bool linked[NODES][NODES];
  double near[NODES][NODES]; /* PinSage: visits of walks from a node, 0 for those it does not read */
  int degree[NODES];
  bool viewed[NODES][NODES]; /* in a second relation of users with items */
  int views[NODES];
  double further[NODES][WIDEST]; /* rows that the auxiliary loss of the second relation trains */
  uint64_t step;                 /* of training, for the order in which an LSTM reads */
  bool training;
  const double *weight;   /* behind the weights that a layer has taken */
  int n_weight, taken;    /* numbers in all, and taken so far */
  bool first[PARAMETERS]; /* whether a weight is the first layer's */
  bool dense[PARAMETERS]; /* whether it decays as GCNII's dense layers do */
} net;

typedef double rows[NODES][WIDEST];

/* Volkovs et al., NIPS 2017, section 4.2: whether this step of training leaves a node's embedding out. */
bool net_forgets(const net *m, int node);
/* Final rows of all nodes by the parameters p: input rows [NODES, WIDTH], users first, then the weights. */
void net_forward(net *m, const double *p, rows final);
/* Make final rows of d columns those of an export: unit rows for cosines, items divided by a power of their
 * lengths. */
void net_export(const net *m, int d, rows final);

#endif
