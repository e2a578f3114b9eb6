/* Sampling methods: how the owner of a row samples its neighbors.  One file a method. */
#ifndef KITH_SRC_SAMPLE_SAMPLER_METHOD_H
#define KITH_SRC_SAMPLE_SAMPLER_METHOD_H

#include "sample/relation_rows.h"
#include "sample/sample.h"

/* In place of a layer in the keys of draws that all layers share: a number that draws keep. */
enum { SAMPLE_NO_LAYER = 16 };

/* A query for the sampled neighbors of a row in one relation. */
typedef struct sample_query {
  int layer;               /* 0 is the farthest from the seed nodes */
  kith_lid row;            /* owned row … */
  kith_eid start;          /* … its first entry … */
  int relation;            /* … the relation, 0: interactions … */
  int64_t first;           /* … and the relation's first position, where entries are relation by relation */
  int64_t n_eligible;      /* neighbors that may be sampled */
  int64_t n_excluded;      /* neighbors that may not … */
  const int64_t *excluded; /* [n_excluded] … and their positions in the row, ascending */
} sample_query;

/* Position in the row of the i-th eligible neighbor: i plus the number of excluded neighbors before it. */
static inline int64_t kith__eligible(const sample_query *q, int64_t i) {
  int64_t low = 0, high = q->n_excluded;
  while (low < high) {
    int64_t middle = low + (high - low) / 2;
    if (q->excluded[middle] - middle <= i) low = middle + 1;
    else high = middle;
  }
  return i + low;
}

/* The entry at a position among the relation's entries of the row. */
static inline kith_eid kith__query_entry(const sample_relation_rows *rows, const sample_query *q,
                                         int64_t position) {
  return kith__relation_rows_entry(rows, q->start, q->first + position);
}

typedef struct sample_method {
  void *self;
  /* Begin to prepare a step.  Collective; may be NULL. */
  void (*begin)(void *self, uint64_t step);
  /* Advance the preparation by one stage; returns whether it is complete.  Collective; NULL: begin completes
   * it. */
  bool (*advance)(void *self);
  /* The most neighbors that draw() may sample for a query.  Local; NULL: all that are eligible. */
  int64_t (*most)(const void *self, const sample_query *q);
  /* Sample a row's entries of a relation: write the positions of the sampled neighbors, each once, and their
   * importance weights; returns their number.  Local; several threads at once, 0 … n_thread - 1. */
  int64_t (*draw)(void *self, int thread, const sample_query *q, int64_t *position, float *scale);
  void (*destroy)(void *self);
  int64_t max_drawn[KITH_MAX_LAYERS]; /* the most neighbors of a row in each layer; 0: all of them */
  int64_t max_nodes; /* the most nodes in all blocks, without the seed nodes; 0: the graph's */
  bool row_scale;    /* all sampled neighbors of a row in a relation have the same importance weight */
} sample_method;

/* What methods are made from. */
typedef struct sample_context {
  const kith_comm *comm;
  const kith_graph *g;
  const kith_dist_csr *a;
  sample_relation_rows by_relation; /* of a */
  kith_sampler_options options;
  int n_layer;
  int64_t n_entry;    /* entries of the matrix, over all ranks */
  int64_t max_degree; /* the most entries of a row, over all ranks */
  int64_t most_node,
      most_degree; /* the largest node key, and degree of a node or entries of a row: on any rank */
  int n_thread;    /* that sample at once */
  uint64_t rng_seed;
} sample_context;

/* Local. */
kith_status kith__method_neighbor(const sample_context *s, sample_method *out) KITH_MUST_USE;
/* Collective. */
kith_agreed kith__method_node_set(const sample_context *s, sample_method *out) KITH_MUST_USE;
kith_agreed kith__method_saint(const sample_context *s, sample_method *out) KITH_MUST_USE;
kith_agreed kith__method_cluster(const sample_context *s, sample_method *out) KITH_MUST_USE;

#endif
