/* By which law the owner of a node draws among its neighbors: one law for each way of sampling, each in its
 * own file. */
#ifndef KITH_SRC_SAMPLE_SAMPLER_METHOD_H
#define KITH_SRC_SAMPLE_SAMPLER_METHOD_H

#include "kith/sample.h"

/* A node that is asked about. */
typedef struct sample_query {
  int layer;               /* l, 0 the farthest from the seeds */
  kith_lid row;            /* owned row of the node */
  int64_t n_eligible;      /* neighbors that may be drawn */
  int64_t n_excluded;      /* the others, which may not … */
  const int64_t *excluded; /* [n_excluded] … and their places in the row, ascending */
} sample_query;

/* The place in the row of the i-th neighbor that may be drawn: behind it and every one that is left out
 * before it. */
static inline int64_t kith__eligible(const sample_query *q, int64_t i) {
  int64_t low = 0, high = q->n_excluded;
  while (low < high) {
    int64_t middle = low + (high - low) / 2;
    if (q->excluded[middle] - middle <= i) low = middle + 1;
    else high = middle;
  }
  return i + low;
}

typedef struct sample_method {
  void *self;
  /* Begin to get ready for a step.  Collective; null: there is nothing to do. */
  void (*begin)(void *self, uint64_t step);
  /* Go on with it, as kith_sampler_advance() does; returns whether it is ready.  Collective; null: it is once
   * it has begun. */
  bool (*advance)(void *self);
  /* Write the places of the drawn neighbors, each once, and for each the factor that makes the sum over the
     drawn ones an estimate of the sum over all; returns how many.  Local. */
  int64_t (*draw)(void *self, const sample_query *q, int64_t *position, float *scale);
  void (*destroy)(void *self);
  int64_t max_drawn[KITH_MAX_LAYERS]; /* of one node's neighbors at each hop; 0: all of them */
  int64_t max_nodes; /* beside the seeds, in all frames together; 0: no bound but the graph */
} sample_method;

/* What laws are made from. */
typedef struct sample_context {
  const kith_comm *comm;
  const kith_graph *g;
  const kith_dist_csr *a;
  kith_sampler_options options;
  int n_layer;
  int64_t n_entry;    /* of the relation, over all ranks */
  int64_t max_degree; /* on any rank */
  uint64_t rng_seed;
} sample_context;

/* Local. */
kith_status kith__method_neighbor(const sample_context *s, sample_method *out) KITH_MUST_USE;
/* Collective. */
kith_agreed kith__method_node_set(const sample_context *s, sample_method *out) KITH_MUST_USE;
kith_agreed kith__method_saint(const sample_context *s, sample_method *out) KITH_MUST_USE;
kith_agreed kith__method_cluster(const sample_context *s, sample_method *out) KITH_MUST_USE;

#endif
