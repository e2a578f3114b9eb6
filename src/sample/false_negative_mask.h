/* Masks the candidates of a step that are known positives of a pair's user. */
#ifndef KITH_SRC_SAMPLE_FALSE_NEGATIVE_MASK_H
#define KITH_SRC_SAMPLE_FALSE_NEGATIVE_MASK_H

#include "sample/sample.h"

/* Allocate for `n` candidates and up to `pairs` pairs a step.  Local; on failure the caller frees *m. */
kith_status kith__false_negative_mask_make(int n, int pairs, int64_t n_item,
                                           kith_false_negative_mask *m) KITH_MUST_USE;
int64_t kith__false_negative_mask_bytes(int n, int pairs, int64_t n_item);
void kith__false_negative_mask_free(kith_false_negative_mask *m);

/*
 * Mask the candidates item[0] … item[n - 1] of a step for each pair whose user has a training interaction
 * with them.  With `own`, candidate i is the item of pair i, and is not masked for that pair.  Collective.
 *
 * @param first  [size + 1] rank r processes candidates first[r] … first[r + 1] - 1, in whole tiles
 */
void kith__false_negative_mask_fill(kith_false_negative_mask *m, kith_batch *b, const kith_edge_order *e,
                                    int64_t step, int n, const int32_t *item, const int64_t *first, bool own);

#endif
