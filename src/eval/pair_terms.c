/*
 * Terms of listed pairs.  Users stay and shards of items circulate, so a tile of users looks up which of its
 * listed items are in the shard, and sorts them by column once; the tiles of items then take them in order.
 */
#include <stdlib.h>

#include "eval/eval_impl.h"
#include "ops/scores.h"

/* The most pairs of KITH_SCORE_USERS users, in any order. */
static int64_t pairs_most(const kith_ragged *l) {
  int64_t most = 0;
  for (int64_t u = 0; u < l->n_row; u++) {
    int64_t n = l->start[u + 1] - l->start[u];
    if (n > most) most = n;
  }
  return kith_min(most * KITH_SCORE_USERS, l->start[l->n_row]);
}

kith_status kith__addend_make(const kith_graph *g, const kith_pair_terms *terms, kith__addends *out) {
  kith_status st = KITH_OK;
  kith__addends p = {.terms = terms};
  *out = (kith__addends){.terms = NULL};
  if (!terms || !terms->item.start) return st;
  p.most = pairs_most(&terms->item);
  KITH_TRY(KITH_NEW(p.column, g->n[KITH_ITEM]));
  KITH_TRY(KITH_NEW(p.pair, kith_max_threads() * p.most));
  for (int64_t i = 0; i < g->n[KITH_ITEM]; i++) p.column[i] = -1;
  *out = p;
  p = (kith__addends){.terms = NULL};
done:
  kith__addend_free(&p);
  return st;
}

void kith__addend_free(kith__addends *p) {
  KITH_FREE(p->column);
  KITH_FREE(p->pair);
}

void kith__addend_locate(const kith__addends *p, const kith_shard *s) {
  if (!p->terms) return;
  for (int64_t e = 0; e < p->terms->item.start[p->terms->item.n_row]; e++)
    p->column[p->terms->item.value[e]] = -1;
  for (kith_lid j = 0; j < s->n; j++) p->column[s->original[j]] = j;
}

kith__pair *kith__addend_begin(const kith__addends *p) {
  return p->terms ? p->pair + kith_thread_num() * p->most : NULL;
}

int64_t kith__addend_list(const kith__addends *p, kith_lid user, int32_t at, kith__pair *out) {
  const kith_ragged *l = &p->terms->item;
  int64_t n = 0;
  for (kith_eid e = l->start[user]; e < l->start[user + 1]; e++)
    if (p->column[l->value[e]] >= 0)
      out[n++] = (kith__pair){.column = p->column[l->value[e]], .user = at, .value = p->terms->value[e]};
  return n;
}

static int pairs_compare(const void *a, const void *b) {
  const kith__pair *x = a, *y = b;
  if (x->column != y->column) return x->column < y->column ? -1 : 1;
  return (x->user > y->user) - (x->user < y->user);
}

void kith__addend_sort(int64_t n, kith__pair *pair) { qsort(pair, (size_t)n, sizeof *pair, pairs_compare); }

float kith__addend_one(const kith_pair_terms *terms, kith_lid user, int32_t item) {
  kith_eid low = terms->item.start[user], high = terms->item.start[user + 1];
  while (low < high) {
    kith_eid middle = low + (high - low) / 2;
    if (terms->item.value[middle] == item) return terms->value[middle];
    if (terms->item.value[middle] < item) low = middle + 1;
    else high = middle;
  }
  return 0;
}
