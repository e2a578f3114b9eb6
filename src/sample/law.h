/* By which law the owner of a node draws among its neighbors: one law for each way of sampling, each in its
 * own file. */
#ifndef KITH_SRC_SAMPLE_LAW_H
#define KITH_SRC_SAMPLE_LAW_H

#include "kith/sample.h"

/* A node that is asked about. */
typedef struct sample_question {
  int hop;                 /* l, 0 the farthest from the seeds */
  kith_lid row;            /* owned row of the node */
  int64_t among;           /* neighbors that may be drawn */
  int64_t n_left_out;      /* the others, which may not … */
  const int64_t *left_out; /* [n_left_out] … and their places in the row, ascending */
} sample_question;

/* The place in the row of the i-th neighbor that may be drawn: behind it and every one that is left out
 * before it. */
static inline int64_t kith__allowed(const sample_question *q, int64_t i) {
  int64_t low = 0, high = q->n_left_out;
  while (low < high) {
    int64_t middle = low + (high - low) / 2;
    if (q->left_out[middle] - middle <= i) low = middle + 1;
    else high = middle;
  }
  return i + low;
}

typedef struct sample_law {
  void *self;
  /* Begin to get ready for a step.  Collective; null: there is nothing to do. */
  void (*begin)(void *self, uint64_t step);
  /* Go on with it, as kith_sampler_advance() does; returns whether it is ready.  Collective; null: it is once
   * it has begun. */
  bool (*advance)(void *self);
  /* Write the places of the drawn neighbors, each once, and for each the factor that makes the sum over the
     drawn ones an estimate of the sum over all; returns how many.  Local. */
  int64_t (*draw)(void *self, const sample_question *q, int64_t *place, float *scale);
  void (*destroy)(void *self);
  int64_t most_drawn[KITH_HOPS_MOST]; /* of one node's neighbors at each hop; 0: all of them */
  int64_t most_nodes; /* beside the seeds, in all frames together; 0: no bound but the graph */
} sample_law;

/* What laws are made from. */
typedef struct sample_setting {
  const kith_comm *comm;
  const kith_graph *g;
  const kith_dist_csr *a;
  kith_sampler_options options;
  int n_hop;
  int64_t n_entry;     /* of the relation, over all ranks */
  int64_t most_degree; /* on any rank */
  uint64_t seed;
} sample_setting;

/* Local. */
kith_status kith__law_neighbor(const sample_setting *s, sample_law *out) KITH_MUST_USE;
/* Collective. */
kith_agreed kith__law_nodes(const sample_setting *s, sample_law *out) KITH_MUST_USE;
kith_agreed kith__law_saint(const sample_setting *s, sample_law *out) KITH_MUST_USE;
kith_agreed kith__law_cluster(const sample_setting *s, sample_law *out) KITH_MUST_USE;

#endif
