/* Negatives that all pairs of a step share: every rank draws the same; those that a user knows are marked. */
#include <math.h>

#include "sample/marks.h"
#include "sample/shared.h"

kith_status kith__shared_reserve(int n, int pairs, int64_t n_item, int size, kith_shared *h) {
  kith_status st = KITH_OK;
  KITH_TRY(KITH_NEW(h->first, size + 1));
  KITH_TRY(KITH_NEW(h->log_often, n));
  KITH_TRY(kith__marks_reserve(n, pairs, n_item, &h->marks));
done:
  return st;
}

void kith__shared_free(kith_shared *h) {
  KITH_FREE(h->first);
  KITH_FREE(h->log_often);
  kith__marks_free(&h->marks);
}

void kith__shared_fill(kith_batch *b, const kith_epoch *e, int64_t step) {
  kith_shared *h = &b->shared;
  int32_t *item = b->item + b->n_global;
  if (b->shape.n_shared == 0) return;
  h->n = b->shape.n_shared;
  for (int s = 0; s < h->n; s++) {
    kith_draw r =
        kith_random(e->seed, KITH_RNG_SHARED_NEGATIVE, (uint64_t)e->epoch, (uint64_t)step, (uint64_t)s);
    item[s] = kith_noise_item(b->noise, &r);
    h->log_often[s] = (float)(log((double)h->n) + kith_noise_log(b->noise, item[s]));
  }
  kith__marks_fill(&h->marks, b, e, step, h->n, item, false);
}
