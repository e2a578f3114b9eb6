/* Which candidates of a step the users of its pairs know. */
#ifndef KITH_SRC_SAMPLE_MARKS_H
#define KITH_SRC_SAMPLE_MARKS_H

#include "kith/sample.h"

/* Room for `n` candidates and steps of up to `pairs`.  Local; what is made stays in *m, also on failure. */
kith_status kith__marks_reserve(int n, int pairs, int64_t n_item, kith_known *m) KITH_MUST_USE;
void kith__marks_free(kith_known *m);

/*
 * Mark the candidates item[0] … item[n - 1] of a step for the pairs whose users have a training interaction
 * with them; where they are the items of the pairs themselves (`own`), a pair's own item is not marked for
 * it.  Collective.
 */
void kith__marks_fill(kith_known *m, const kith_batch *b, const kith_epoch *e, int64_t step, int n,
                      const int32_t *item, bool own);

#endif
