/* A plan: the blocks of one step.  A sampler has two (double buffering): a step reads the front plan while
 * the back plan is made for the next step. */
#ifndef KITH_SRC_SAMPLE_SAMPLER_PLAN_H
#define KITH_SRC_SAMPLE_SAMPLER_PLAN_H

#include "sample/sample.h"

typedef struct sample_block {
  kith_node_map edges;
  kith_csr csr;
  float *scale; /* [entries] */
  kith_csc csc;
  kith_merged_relations merged; /* relations of the entries; without arrays where the matrix is not merged */
  kith_block block;             /* what operators read; points to the other members */
} sample_block;

typedef struct sample_plan {
  int n_layer;
  kith_node_map nodes[KITH_MAX_LAYERS + 1]; /* nodes[n_layer]: seed nodes; nodes[0]: input nodes */
  sample_block block[KITH_MAX_LAYERS];      /* [n_layer]; block[l] maps nodes[l] to nodes[l + 1] */
  int64_t *node, *degree;                   /* [max rows] of the rows of all blocks */
  kith_gid *input_gid;                      /* [max rows] global ids of the input nodes, ascending … */
  kith_lid *input_row;                      /* … and their input rows */
} sample_plan;

/*
 * Allocate for blocks of up to rows[l] source rows and entries[l] entries, l < n_layer, and rows[n_layer]
 * seed nodes; with the relations of a merged matrix, or null. Local.  *p must not be moved, since it points
 * into itself; on failure the caller frees it.
 */
kith_status kith__sampler_plan_make(int n_layer, const int64_t *rows, const int64_t *entries,
                                    const kith_merged_relations *merged, sample_plan *p) KITH_MUST_USE;
int64_t kith__sampler_plan_bytes(int n_layer, const int64_t *rows, const int64_t *entries, bool merged);
void kith__sampler_plan_free(sample_plan *p);
/* Swap the contents of two plans of the same sizes; pointers to the plans and their blocks stay valid. */
void kith__sampler_plan_swap(sample_plan *a, sample_plan *b);

#endif
