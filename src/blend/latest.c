/* The items of users in a relation or in training, and in the order of their times. */
#include <stdlib.h>
#include <string.h>

#include "blend/evidence_impl.h"

/* ---- lists ---- */

static kith_status latest_train(const kith_graph *g, kith_ragged *out, int64_t **time) {
  kith_status st = KITH_OK;
  const kith_ragged *l = &g->train;
  const kith_eid n = l->start[l->n_row];
  out->n_row = l->n_row;
  KITH_TRY(KITH_NEW(out->start, l->n_row + 1));
  KITH_TRY(KITH_NEW(out->value, n));
  memcpy(out->start, l->start, (size_t)(l->n_row + 1) * sizeof *l->start);
  memcpy(out->value, l->value, (size_t)n * sizeof *l->value);
  if (!time) goto done;
  KITH_TRY(KITH_NEW(*time, n));
  for (kith_lid u = 0; u < l->n_row; u++)
    memcpy(*time + l->start[u], g->time + g->start[g->row_of[KITH_USER][u]],
           (size_t)(l->start[u + 1] - l->start[u]) * sizeof **time);
done:
  return st;
}

/* Items that stand several times, of several kinds: the latest of each stays. */
static void latest_merge(kith_ragged *l, int64_t *time) {
  kith_eid to = 0, from = 0;
  for (int64_t u = 0; u < l->n_row; u++) {
    const kith_eid first = to;
    for (; from < l->start[u + 1]; from++) {
      bool again = to > first && l->value[to - 1] == l->value[from];
      if (again && time && time[from] > time[to - 1]) time[to - 1] = time[from];
      if (again) continue;
      l->value[to] = l->value[from];
      if (time) time[to] = time[from];
      to++;
    }
    l->start[u + 1] = to;
  }
}

kith_status kith__evidence_items(const kith_graph *g, int r, kith_ragged *out, int64_t **time) {
  kith_status st = KITH_OK;
  *out = (kith_ragged){.n_row = 0};
  if (r < 0) return latest_train(g, out, time);
  KITH_TRY(kith_relation_items(g, r, out, time));
  latest_merge(out, time ? *time : NULL);
done:
  return st;
}

/* ---- order ---- */

typedef struct latest_item {
  int64_t time;
  uint64_t key;
  int32_t item;
} latest_item;

static int latest_compare(const void *a, const void *b) {
  const latest_item *x = a, *y = b;
  if (x->time != y->time) return x->time > y->time ? -1 : 1;
  if (x->key != y->key) return x->key < y->key ? -1 : 1;
  return (x->item > y->item) - (x->item < y->item);
}

kith_status kith__evidence_latest(const kith_graph *g, int r, kith_ragged *out) {
  kith_status st = KITH_OK;
  int64_t *time = NULL, most = 0;
  latest_item *list = NULL;
  KITH_TRY(kith__evidence_items(g, r, out, &time));
  for (int64_t u = 0; u < out->n_row; u++)
    if (out->start[u + 1] - out->start[u] > most) most = out->start[u + 1] - out->start[u];
  KITH_TRY(KITH_NEW(list, most));
  for (int64_t u = 0; u < out->n_row; u++) {
    const uint64_t user = (uint64_t)g->original[g->row_of[KITH_USER][u]];
    int32_t *item = out->value + out->start[u];
    const int64_t n = out->start[u + 1] - out->start[u];
    for (int64_t i = 0; i < n; i++)
      list[i] = (latest_item){time[out->start[u] + i],
                              kith_random(0, KITH_RNG_LATEST, user, (uint64_t)item[i], 0).bits[0], item[i]};
    qsort(list, (size_t)n, sizeof *list, latest_compare);
    for (int64_t i = 0; i < n; i++) item[i] = list[i].item;
  }
done:
  KITH_FREE(list);
  KITH_FREE(time);
  return st;
}
