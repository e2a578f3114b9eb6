/* Which candidates of a step the users of its pairs know. */
#ifndef KITH_SRC_SAMPLE_FALSE_NEGATIVE_MASK_H
#define KITH_SRC_SAMPLE_FALSE_NEGATIVE_MASK_H

#include "kith/sample.h"

/* Room for `n` candidates and steps of up to `pairs`.  Local; what is made stays in *m, also on failure. */
kith_status kith__false_negative_mask_make(int n, int pairs, int64_t n_item,
                                           kith_false_negative_mask *m) KITH_MUST_USE;
void kith__false_negative_mask_free(kith_false_negative_mask *m);

/*
 * Mark the candidates item[0] … item[n - 1] of a step for the pairs whose users have a training interaction
 * with them; where they are the items of the pairs themselves (`own`), a pair's own item is not marked for
 * it.  Collective.
 */
void kith__false_negative_mask_fill(kith_false_negative_mask *m, const kith_batch *b,
                                    const kith_edge_order *e, int64_t step, int n, const int32_t *item,
                                    bool own);

#endif
