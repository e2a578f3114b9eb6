/* The order of an epoch: a keyed permutation, of which each rank works out the places of its own edges. */
#include <stdlib.h>

#include "kith/sample.h"

kith_status kith_epoch_create(const kith_graph *g, int batch, uint64_t seed, kith_epoch **out) {
  kith_status st = KITH_OK;
  kith_epoch *e = NULL;
  kith_eid n_own = 0;
  *out = NULL;
  for (kith_lid u = 0; u < g->n_own_of[KITH_USER]; u++) {
    kith_lid row = g->row_of[KITH_USER][u];
    n_own += g->start[row + 1] - g->start[row];
  }
  KITH_TRY(KITH_NEW(e, 1));
  *e = (kith_epoch){.g = g, .batch = batch, .seed = seed, .n_step = (g->n_edge + batch - 1) / batch};
  KITH_TRY(KITH_NEW(e->first, e->n_step + 2));
  KITH_TRY(KITH_NEW(e->seeds, n_own));
  *out = e;
  e = NULL;
done:
  kith_epoch_destroy(&e);
  return st;
}

void kith_epoch_destroy(kith_epoch **epoch) {
  if (!*epoch) return;
  KITH_FREE((*epoch)->first);
  KITH_FREE((*epoch)->seeds);
  KITH_FREE(*epoch);
}

kith_eid kith_seed_edge(const kith_graph *g, const kith_seed *s) {
  kith_lid row = g->row_of[KITH_USER][s->user];
  return g->edge[row] + (s->at - g->start[row]);
}

static int epoch_compare(const void *a, const void *b) {
  int64_t x = ((const kith_seed *)a)->place, y = ((const kith_seed *)b)->place;
  return (x > y) - (x < y);
}

/* Counting sort by step: first[s + 2] counts step s, then first[s + 1] is where the next seed of step s goes. */
void kith_epoch_begin(kith_epoch *e, int64_t number) {
  const kith_graph *g = e->g;
  kith_shuffle order = kith_shuffle_make(e->seed, KITH_USE_SHUFFLE, (uint64_t)number, (uint64_t)g->n_edge);
  e->epoch = number;
  for (int64_t s = 0; s < e->n_step + 2; s++) e->first[s] = 0;
  for (int pass = 0; pass < 2; pass++) {
    for (kith_lid u = 0; u < g->n_own_of[KITH_USER]; u++) {
      kith_lid row = g->row_of[KITH_USER][u];
      for (kith_eid at = g->start[row]; at < g->start[row + 1]; at++) {
        kith_seed s = {.at = at, .user = u};
        s.place = (int64_t)kith_shuffle_place(&order, (uint64_t)kith_seed_edge(g, &s));
        if (pass == 0) e->first[s.place / e->batch + 2]++;
        else e->seeds[e->first[s.place / e->batch + 1]++] = s;
      }
    }
    if (pass == 0)
      for (int64_t s = 2; s < e->n_step + 2; s++) e->first[s] += e->first[s - 1];
  }
#pragma omp parallel for schedule(dynamic, 8)
  for (int64_t s = 0; s < e->n_step; s++)
    qsort(e->seeds + e->first[s], (size_t)(e->first[s + 1] - e->first[s]), sizeof *e->seeds, epoch_compare);
}

int64_t kith_epoch_pairs(const kith_epoch *e, int64_t step) {
  int64_t left = e->g->n_edge - step * e->batch;
  return left < e->batch ? left : e->batch;
}
