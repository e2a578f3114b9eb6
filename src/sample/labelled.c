/* Which training nodes make up a step: every rank works out the places of its own in a keyed permutation of all. */
#include <stdlib.h>

#include "kith/sample.h"

static kith_lid labelled_count(const kith_graph *g) {
  kith_lid n = 0;
  for (kith_lid i = 0; i < g->n_own; i++) n += g->split[i] == KITH_NODE_TRAIN;
  return n;
}

kith_status kith_labelled_create(const kith_graph *g, kith_gid low, int64_t batch, bool seeds, uint64_t seed, kith_labelled **out) {
  kith_status st = KITH_OK;
  kith_labelled *l = NULL;
  *out = NULL;
  KITH_CHECK(g->task == KITH_CLASSIFY && g->n_train > 0, KITH_EDATA, "the graph has no training nodes");
  KITH_TRY(KITH_NEW(l, 1));
  *l = (kith_labelled){.g = g, .low = low, .seeds = seeds, .seed = seed, .n_all = labelled_count(g)};
  l->batch = batch < g->n_train ? batch : g->n_train;
  l->n_step = (g->n_train + l->batch - 1) / l->batch;
  KITH_TRY(KITH_NEW(l->all, l->n_all));
  KITH_TRY(KITH_NEW(l->first, l->n_step + 2));
  kith_lid most = kith_labelled_most(l);
  KITH_TRY(KITH_NEW(l->own, most));
  KITH_TRY(KITH_NEW(l->number, most));
  KITH_TRY(KITH_NEW(l->label, most));
  KITH_TRY(KITH_NEW(l->weight, most));
  KITH_TRY(KITH_NEW(l->count, (int64_t)most + 1));
  for (kith_lid i = 0; i <= most; i++) l->count[i] = i;
  *out = l;
  l = NULL;
done:
  kith_labelled_destroy(&l);
  return st;
}

void kith_labelled_destroy(kith_labelled **labelled) {
  kith_labelled *l = *labelled;
  if (!l) return;
  KITH_FREE(l->all);
  KITH_FREE(l->first);
  KITH_FREE(l->own);
  KITH_FREE(l->number);
  KITH_FREE(l->label);
  KITH_FREE(l->weight);
  KITH_FREE(l->count);
  KITH_FREE(*labelled);
}

/* Counting sort by step, which keeps rows ascending: first[s + 2] counts step s, then first[s + 1] is where its next row goes. */
void kith_labelled_begin(kith_labelled *l, int64_t number) {
  const kith_graph *g = l->g;
  kith_shuffle order = kith_shuffle_make(l->seed, KITH_USE_SHUFFLE, (uint64_t)number, (uint64_t)g->n_train);
  l->epoch = number;
  for (int64_t s = 0; s < l->n_step + 2; s++) l->first[s] = 0;
  for (int pass = 0; pass < 2; pass++) {
    for (kith_lid i = 0; i < g->n_own; i++) {
      if (g->split[i] != KITH_NODE_TRAIN) continue;
      int64_t step = (int64_t)kith_shuffle_place(&order, (uint64_t)g->edge[i]) / l->batch;
      if (pass == 0) l->first[step + 2]++;
      else l->all[l->first[step + 1]++] = i;
    }
    if (pass == 0)
      for (int64_t s = 2; s < l->n_step + 2; s++) l->first[s] += l->first[s - 1];
  }
}

int64_t kith_labelled_nodes(const kith_labelled *l, int64_t step) {
  int64_t left = l->g->n_train - step * l->batch;
  return left < l->batch ? left : l->batch;
}

kith_lid kith_labelled_most(const kith_labelled *l) { return (kith_lid)(l->n_all < l->batch ? l->n_all : l->batch); }

static void labelled_arrange(kith_labelled *l, kith_lid n, const kith_lid *own) {
  const kith_graph *g = l->g;
  l->n = n;
  for (kith_lid i = 0; i < n; i++) {
    l->own[i] = own[i];
    l->number[i] = l->low + own[i];
    l->label[i] = g->label[own[i]];
  }
  kith_lid *row = l->seeds ? l->count : l->own;
  l->picks = (kith_picks){.n = n, .row = row, .n_sum = n, .sum_row = row, .start = l->count, .member = l->count};
}

void kith_labelled_step(kith_labelled *l, int64_t step) {
  double weight = 1 / (double)kith_labelled_nodes(l, step);
  labelled_arrange(l, (kith_lid)(l->first[step + 1] - l->first[step]), l->all + l->first[step]);
  for (kith_lid i = 0; i < l->n; i++) l->weight[i] = weight;
}

void kith_labelled_take(kith_labelled *l, kith_lid n, const kith_lid *own, const double *weight) {
  labelled_arrange(l, n, own);
  for (kith_lid i = 0; i < n; i++) l->weight[i] = weight[i];
}
