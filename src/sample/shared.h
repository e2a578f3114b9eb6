/* Negatives that all pairs of a step share. */
#ifndef KITH_SRC_SAMPLE_SHARED_H
#define KITH_SRC_SAMPLE_SHARED_H

#include "kith/sample.h"

/* Room for `n` of them and steps of up to `pairs`.  Local; what is made stays in *h, also on failure. */
kith_status kith__shared_reserve(int n, int pairs, int64_t n_item, int size, kith_shared *h) KITH_MUST_USE;
void kith__shared_free(kith_shared *h);

/* Draw those of a step, whose n_global is known, and learn who knows them.  Collective. */
void kith__shared_fill(kith_batch *b, const kith_epoch *e, int64_t step);

#endif
