/* The pairs of a step, at the ranks that need them. */
#ifndef KITH_SRC_SAMPLE_STEP_PAIRS_H
#define KITH_SRC_SAMPLE_STEP_PAIRS_H

#include "sample/batch.h"

/* Allocate for a batch whose shape is set, of which one rank processes `most` pairs.  Collective; on failure
 * the caller frees. */
kith_agreed kith__step_pairs_make(kith_batch *b, int64_t most) KITH_MUST_USE;
void kith__step_pairs_free(kith_batch *b);
int64_t kith__step_pairs_bytes(const kith_batch_shape *shape, int size, int64_t most);

/*
 * Fill b->pair, with softmax b->item, b->log_degree and the users of this rank's tiles, and b->step_item, as
 * the shape says.  b->n_global and b->tile_first must be set.  Collective.
 */
void kith__step_pairs_fill(kith_batch *b, const kith_edge_order *e, int64_t step);

#endif
