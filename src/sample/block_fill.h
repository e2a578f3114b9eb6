/* Fill a block from the replies to its queries. */
#ifndef KITH_SRC_SAMPLE_BLOCK_FILL_H
#define KITH_SRC_SAMPLE_BLOCK_FILL_H

#include "sample/neighbor_query.h"
#include "sample/row_hash.h"
#include "sample/sampler_plan.h"

/* Borrowed. */
typedef struct sample_block_fill {
  const sample_context *ctx;
  bool loops;
  const sample_neighbor_query *query; /* with complete replies about the rows of the block */
  sample_row_hash *row_hash;          /* rows of the nodes so far … */
  kith_gid *gid;                      /* … and their global ids, to which new nodes are appended … */
  sample_plan *plan;                  /* … and the other data of the plan's nodes */
} sample_block_fill;

/*
 * Fill block l of the plan.  Its rows are stored in grouped order; nodes without a row get the next ones, by
 * first appearance.  Local; the result does not depend on the number of threads.
 */
void kith__block_fill(const sample_block_fill *f, int l);

#endif
