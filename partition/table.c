/* Records that arrive at the rank that writes their rows of parts.h5, and their order there. */
#include "table.h"

#include <stdlib.h>
#include <string.h>

void kith__partition_table_free(partition_table *t) {
  KITH_FREE(t->row);
  KITH_FREE(t->original);
  KITH_FREE(t->neighbor);
  KITH_FREE(t->time);
  KITH_FREE(t->weight);
}

kith_status kith__partition_table_make(int64_t n, bool neighbor, bool timed, bool weighted,
                                       partition_table *t) {
  kith_status st = KITH_OK;
  *t = (partition_table){.n = n};
  KITH_CHECK(n < INT32_MAX, KITH_ECONFIG,
             "one rank would write %lld entries of parts.h5; at most 2^31 - 2: use more ranks", (long long)n);
  KITH_TRY(KITH_NEW(t->row, n));
  KITH_TRY(KITH_NEW(t->original, n));
  if (neighbor) KITH_TRY(KITH_NEW(t->neighbor, n));
  if (timed) KITH_TRY(KITH_NEW(t->time, n));
  if (weighted) KITH_TRY(KITH_NEW(t->weight, n));
done:
  return st;
}

void kith__partition_table_take(void *context, int64_t n, const void *records) {
  partition_table *t = context;
  const partition_record *e = records;
  for (int64_t k = 0; k < n; k++, t->at++) {
    t->row[t->at] = e[k].row;
    t->original[t->at] = e[k].original;
    if (t->neighbor) t->neighbor[t->at] = e[k].neighbor;
    if (t->time) t->time[t->at] = e[k].time;
    if (t->weight) t->weight[t->at] = e[k].weight;
  }
}

static int place_by_original(const void *a, const void *b) {
  const partition_place *x = a, *y = b;
  return (x->original > y->original) - (x->original < y->original);
}

/* Entries by row, then by original number: place [n]; start [n_row + 1]. */
kith_status kith__partition_table_sort(const partition_table *t, int64_t n_row, int64_t **start,
                                       partition_place **place) {
  kith_status st = KITH_OK;
  int64_t *next = NULL;
  KITH_TRY(KITH_NEW(*start, n_row + 1));
  KITH_TRY(KITH_NEW(next, n_row + 1));
  KITH_TRY(KITH_NEW(*place, t->n));
  for (int64_t k = 0; k < t->n; k++) (*start)[t->row[k] + 1]++;
  for (int64_t i = 0; i < n_row; i++) (*start)[i + 1] += (*start)[i];
  memcpy(next, *start, (size_t)(n_row + 1) * sizeof *next);
  for (int64_t k = 0; k < t->n; k++)
    (*place)[next[t->row[k]]++] = (partition_place){.original = t->original[k], .at = (int32_t)k};
  for (int64_t i = 0; i < n_row; i++)
    qsort(*place + (*start)[i], (size_t)((*start)[i + 1] - (*start)[i]), sizeof **place, place_by_original);
done:
  KITH_FREE(next);
  return st;
}
