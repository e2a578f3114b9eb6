/* Negatives that all pairs of a step share: every rank draws the same; false negatives are masked. */
#include <math.h>

#include "sample/false_negative_mask.h"
#include "sample/shared_negatives.h"

kith_status kith__shared_negatives_make(int n, int pairs, int64_t n_item, int size,
                                        kith_shared_negatives *h) {
  kith_status st = KITH_OK;
  KITH_TRY(KITH_NEW(h->first, size + 1));
  KITH_TRY(KITH_NEW(h->log_expected, n));
  KITH_TRY(kith__false_negative_mask_make(n, pairs, n_item, &h->mask));
done:
  return st;
}

int64_t kith__shared_negatives_bytes(int n, int pairs, int64_t n_item, int size) {
  const kith_shared_negatives *h = NULL;
  return KITH_BYTES(h->first, size + 1) + KITH_BYTES(h->log_expected, n) +
         kith__false_negative_mask_bytes(n, pairs, n_item);
}

void kith__shared_negatives_free(kith_shared_negatives *h) {
  KITH_FREE(h->first);
  KITH_FREE(h->log_expected);
  kith__false_negative_mask_free(&h->mask);
}

void kith__shared_negatives_fill(kith_batch *b, const kith_edge_order *e, int64_t step) {
  kith_shared_negatives *h = &b->shared;
  int32_t *item = b->item + b->n_global;
  if (b->shape.n_shared == 0) return;
  h->n = b->shape.n_shared;
  for (int s = 0; s < h->n; s++) {
    kith_draw r =
        kith_random(e->rng_seed, KITH_RNG_SHARED_NEGATIVE, (uint64_t)e->epoch, (uint64_t)step, (uint64_t)s);
    item[s] = kith_negative_distribution_sample(b->distribution, &r);
    h->log_expected[s] =
        (float)(log((double)h->n) + kith_negative_distribution_log_prob(b->distribution, item[s]));
  }
  kith__false_negative_mask_fill(&h->mask, b, e, step, h->n, item, h->first, false);
}
