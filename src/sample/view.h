/* The hops of one plan.  There are two of them: one is read by a step while the other is made for the next.
 */
#ifndef KITH_SRC_SAMPLE_VIEW_H
#define KITH_SRC_SAMPLE_VIEW_H

#include "kith/sample.h"

typedef struct sample_hop {
  kith_node_map edges;
  kith_csr csr;
  float *scale; /* [entries] */
  kith_csc back;
  kith_block hop; /* what ops read: points to the others */
} sample_hop;

typedef struct sample_view {
  int n_hop;
  kith_node_map frame[KITH_HOPS_MOST + 1]; /* frame[n_hop] are the seeds, frame[0] the leaves */
  sample_hop hop[KITH_HOPS_MOST];          /* [n_hop], hop[l] reads frame[l] */
  int64_t *node, *degree;                  /* [most rows] of all frames */
  kith_gid *want;                          /* [most rows] the leaves' numbers grouped by owner … */
  kith_lid *want_row;                      /* … and which leaf each is */
} sample_view;

/*
 * Room for hops of up to rows[l] rows and entries[l] entries, l < n_hop; rows[n_hop] seeds.  Where it will
 * stay, since what it holds points into it.  Local; what is made stays in *v, also on failure.
 */
kith_status kith__view_make(int n_hop, const int64_t *rows, const int64_t *entries,
                            sample_view *v) KITH_MUST_USE;
void kith__view_free(sample_view *v);
/* Exchange what two views of the same room hold; their places stay, and what points to them. */
void kith__view_swap(sample_view *a, sample_view *b);

#endif
