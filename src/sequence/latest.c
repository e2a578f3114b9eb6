/* The latest items of users; contract: sequence/sequence.h. */
#include "sequence/sequence.h"

#include <stdlib.h>
#include <string.h>

/* ---- the training items ---- */

kith_status kith_sequence_items(const kith_graph *g, kith_ragged *out, int64_t **time) {
  kith_status st = KITH_OK;
  const kith_ragged *l = &g->train;
  const kith_eid n = l->start[l->n_row];
  *out = (kith_ragged){.n_row = l->n_row};
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

/* ---- their order ---- */

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

kith_status kith_sequence_sort(const int64_t *user, const int64_t *time, kith_ragged *items) {
  kith_status st = KITH_OK;
  int64_t most = 0;
  latest_item *list = NULL;
  for (int64_t u = 0; u < items->n_row; u++)
    if (items->start[u + 1] - items->start[u] > most) most = items->start[u + 1] - items->start[u];
  KITH_TRY(KITH_NEW(list, most));
  for (int64_t u = 0; u < items->n_row; u++) {
    const kith_eid first = items->start[u];
    int32_t *item = items->value + first;
    const int64_t n = items->start[u + 1] - first;
    for (int64_t i = 0; i < n; i++)
      list[i] =
          (latest_item){time[first + i],
                        kith_random(0, KITH_RNG_LATEST, (uint64_t)user[u], (uint64_t)item[i], 0).bits[0],
                        item[i]};
    qsort(list, (size_t)n, sizeof *list, latest_compare);
    for (int64_t i = 0; i < n; i++) item[i] = list[i].item;
  }
done:
  KITH_FREE(list);
  return st;
}

kith_status kith_sequence_users(const kith_graph *g, int64_t **user) {
  kith_status st = KITH_OK;
  KITH_TRY(KITH_NEW(*user, g->n_own_of[KITH_USER]));
  for (kith_lid u = 0; u < g->n_own_of[KITH_USER]; u++) (*user)[u] = g->original[g->row_of[KITH_USER][u]];
done:
  return st;
}

/* Keep the first items of each row. */
static void latest_cut(int64_t most, kith_ragged *l) {
  kith_eid to = 0, from = 0;
  for (int64_t u = 0; u < l->n_row; u++) {
    const kith_eid end = l->start[u + 1], stop = kith_min(end, from + most);
    for (kith_eid e = from; e < stop; e++) l->value[to++] = l->value[e];
    l->start[u + 1] = to;
    from = end;
  }
}

kith_status kith_sequence_latest(const kith_graph *g, int64_t most, kith_ragged *out) {
  kith_status st = KITH_OK;
  int64_t *time = NULL, *user = NULL;
  *out = (kith_ragged){.n_row = 0};
  KITH_CHECK(g->time, KITH_ECONFIG,
             "model.sequence: the interactions have no times that say their order; name "
             "data.interactions.columns.time, and run kith ingest and kith partition again");
  KITH_TRY(kith_sequence_items(g, out, &time));
  KITH_TRY(kith_sequence_users(g, &user));
  KITH_TRY(kith_sequence_sort(user, time, out));
  if (most > 0) latest_cut(most, out);
done:
  KITH_FREE(time);
  KITH_FREE(user);
  return st;
}
