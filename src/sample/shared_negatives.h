/* Negatives that all pairs of a step share. */
#ifndef KITH_SRC_SAMPLE_SHARED_NEGATIVES_H
#define KITH_SRC_SAMPLE_SHARED_NEGATIVES_H

#include "sample/sample.h"

/* Allocate for `n` of them and up to `pairs` pairs a step.  Local; on failure the caller frees *h. */
kith_status kith__shared_negatives_make(int n, int pairs, int64_t n_item, int size,
                                        kith_shared_negatives *h) KITH_MUST_USE;
int64_t kith__shared_negatives_bytes(int n, int pairs, int64_t n_item, int size);
void kith__shared_negatives_free(kith_shared_negatives *h);

/* Draw them for a step and fill their mask; b->n_global, and h->first, must be set.  Collective. */
void kith__shared_negatives_fill(kith_batch *b, const kith_edge_order *e, int64_t step);

#endif
