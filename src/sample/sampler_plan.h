/* The hops of one plan.  There are two of them: one is read by a step while the other is made for the next.
 */
#ifndef KITH_SRC_SAMPLE_SAMPLER_PLAN_H
#define KITH_SRC_SAMPLE_SAMPLER_PLAN_H

#include "kith/sample.h"

typedef struct sample_block {
  kith_node_map edges;
  kith_csr csr;
  float *scale; /* [entries] */
  kith_csc back;
  kith_block hop; /* what ops read: points to the others */
} sample_block;

typedef struct sample_plan {
  int n_layer;
  kith_node_map frame[KITH_MAX_LAYERS + 1]; /* frame[n_layer] are the seeds, frame[0] the leaves */
  sample_block block[KITH_MAX_LAYERS];      /* [n_layer], block[l] reads frame[l] */
  int64_t *node, *degree;                   /* [most rows] of all frames */
  kith_gid *want;                           /* [most rows] the leaves' numbers grouped by owner … */
  kith_lid *want_row;                       /* … and which leaf each is */
} sample_plan;

/*
 * Room for hops of up to rows[l] rows and entries[l] entries, l < n_layer; rows[n_layer] seeds.  Where it
 * will stay, since what it holds points into it.  Local; what is made stays in *v, also on failure.
 */
kith_status kith__sampler_plan_make(int n_layer, const int64_t *rows, const int64_t *entries,
                                    sample_plan *p) KITH_MUST_USE;
void kith__sampler_plan_free(sample_plan *p);
/* Exchange what two views of the same room hold; their places stay, and what points to them. */
void kith__sampler_plan_swap(sample_plan *a, sample_plan *b);

#endif
