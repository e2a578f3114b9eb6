/* Equal draws are one candidate: how often they occurred is part of its logit. */
#include "sequence/sasrec_candidates.h"

#include <math.h>

kith_status kith__sasrec_candidates_make(int n_drawn, int64_t n_item, int64_t most_places,
                                         kith_sasrec_candidates *c) {
  kith_status st = KITH_OK;
  const int64_t most = kith_min(n_item, most_places + n_drawn);
  c->n_drawn = n_drawn;
  c->n_item = n_item;
  KITH_TRY(KITH_NEW(c->follows, n_item));
  KITH_TRY(KITH_NEW(c->count, n_item));
  KITH_TRY(KITH_NEW(c->at, n_item));
  KITH_TRY(KITH_NEW(c->item, most));
  KITH_TRY(KITH_NEW(c->bias, most));
  KITH_TRY(KITH_NEW(c->once, most));
  c->of = (kith_softmax_candidates){.capacity = most, .item = c->item, .bias = c->bias, .once = c->once};
done:
  return st;
}

void kith__sasrec_candidates_free(kith_sasrec_candidates *c) {
  KITH_FREE(c->follows);
  KITH_FREE(c->count);
  KITH_FREE(c->at);
  KITH_FREE(c->item);
  KITH_FREE(c->bias);
  KITH_FREE(c->once);
}

void kith__sasrec_candidates_add(kith_sasrec_candidates *c, int64_t n, const int32_t *next) {
  for (int64_t i = 0; i < n; i++) c->follows[next[i]]++;
}

void kith__sasrec_candidates_end(kith_sasrec_candidates *c, const kith_comm *comm) {
  kith_comm_sum_int(comm, c->n_item, c->follows);
  for (int64_t j = 0; j < c->n_item; j++) c->n_place += c->follows[j];
}

/* How often each item occurs in the step. */
static void candidates_count(kith_sasrec_candidates *c, const kith_comm *comm, uint64_t seed, int64_t epoch,
                             int64_t step, int64_t n, const int32_t *next) {
  for (int64_t j = 0; j < c->n_item; j++) c->count[j] = 0;
  for (int64_t i = 0; i < n; i++) c->count[next[i]]++;
  kith_comm_sum_int(comm, c->n_item, c->count);
  for (int s = 0; s < c->n_drawn; s++) {
    const kith_draw r =
        kith_random(seed, KITH_RNG_SHARED_NEGATIVE, (uint64_t)epoch, (uint64_t)step, (uint64_t)s);
    c->count[kith_random_below(r.bits[0], (uint64_t)c->n_item)]++;
  }
}

void kith__sasrec_candidates_fill(kith_sasrec_candidates *c, const kith_comm *comm, uint64_t seed,
                                  int64_t epoch, int64_t step, int64_t n_global, int64_t n, int32_t *next) {
  const double share = c->n_place > 0 ? (double)n_global / (double)c->n_place : 0,
               drawn = (double)c->n_drawn / (double)c->n_item;
  int32_t at = 0;
  candidates_count(c, comm, seed, epoch, step, n, next);
  for (int64_t j = 0; j < c->n_item; j++) {
    if (c->count[j] == 0) continue;
    const double once = -log(share * (double)c->follows[j] + drawn);
    c->at[j] = at;
    c->item[at] = (int32_t)j;
    c->once[at] = (float)once;
    c->bias[at++] = (float)(once + log((double)c->count[j]));
  }
  c->of.n = at;
  for (int64_t i = 0; i < n; i++) next[i] = c->at[next[i]];
}
