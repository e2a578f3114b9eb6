/*
 * Negatives that all pairs of a step share: every rank draws the same.  The owner of a user, who alone knows its list,
 * marks those that the user has a training interaction with; the marks are shared as bits.
 */
#include <math.h>

#include "sample/shared.h"

kith_status kith__shared_reserve(int n, int pairs, int64_t n_item, int size, kith_shared *h) {
  kith_status st = KITH_OK;
  int64_t n_tile = (n + KITH_TILE - 1) / KITH_TILE;
  KITH_CHECK(n_tile * pairs <= INT32_MAX, KITH_ECONFIG, "%d pairs that share %d negatives need %lld marks, at most %d x 64: fewer of one or the other are needed",
             pairs, n, (long long)n_tile * pairs, INT32_MAX);
  KITH_TRY(KITH_NEW(h->first, size + 1));
  KITH_TRY(KITH_NEW(h->log_often, n));
  KITH_TRY(KITH_NEW(h->known, n_tile * pairs));
  KITH_TRY(KITH_NEW(h->next, n));
  KITH_TRY(KITH_NEW(h->newest, n > 0 ? n_item : 0));
done:
  return st;
}

void kith__shared_free(kith_shared *h) {
  KITH_FREE(h->first);
  KITH_FREE(h->log_often);
  KITH_FREE(h->known);
  KITH_FREE(h->next);
  KITH_FREE(h->newest);
}

/* Draws of the same item form a chain: newest[item], next[it - 1], …, each a draw's number from 1. */
static void shared_draw(kith_batch *b, const kith_epoch *e, int64_t step) {
  kith_shared *h = &b->shared;
  int32_t *item = b->item + b->n_global;
  h->n = b->shape.n_shared;
  for (int s = 0; s < h->n; s++) {
    kith_draw r = kith_random(e->seed, KITH_USE_SHARED, (uint64_t)e->epoch, (uint64_t)step, (uint64_t)s);
    item[s] = kith_noise_item(b->noise, &r);
    h->log_often[s] = (float)(log((double)h->n) + kith_noise_log(b->noise, item[s]));
    h->next[s] = h->newest[item[s]];
    h->newest[item[s]] = s + 1;
  }
}

static void shared_mark(kith_batch *b, const kith_seed *seed, int64_t place) {
  const kith_lists *train = &b->g->train;
  kith_shared *h = &b->shared;
  for (kith_eid at = train->start[seed->user]; at < train->start[seed->user + 1]; at++)
    for (int32_t s = h->newest[train->item[at]]; s > 0; s = h->next[s - 1])
      h->known[(s - 1) / KITH_TILE * b->n_global + place] |= (uint64_t)1 << (s - 1) % KITH_TILE;
}

void kith__shared_fill(kith_batch *b, const kith_epoch *e, int64_t step) {
  kith_shared *h = &b->shared;
  int64_t n_word = (b->shape.n_shared + KITH_TILE - 1) / KITH_TILE * b->n_global;
  if (b->shape.n_shared == 0) return;
  shared_draw(b, e, step);
  for (int64_t i = 0; i < n_word; i++) h->known[i] = 0;
#pragma omp parallel for schedule(dynamic, 64)
  for (kith_eid s = e->first[step]; s < e->first[step + 1]; s++) shared_mark(b, &e->seeds[s], e->seeds[s].place - e->place_first[step]);
  for (int s = 0; s < h->n; s++) h->newest[b->item[b->n_global + s]] = 0;
  KITH_MPI(MPI_Allreduce(MPI_IN_PLACE, h->known, (int)n_word, MPI_UINT64_T, MPI_BOR, b->comm->mpi));
}
