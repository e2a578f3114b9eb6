/* Records that arrive at the rank that writes their rows of parts.h5, and their order there. */
#include "table.h"

#include <stdlib.h>
#include <string.h>

void kith__partition_table_free(partition_table *t) {
  KITH_FREE(t->start);
  KITH_FREE(t->next);
  KITH_FREE(t->entry);
}

static size_t table_field(partition_table *t, bool keep, size_t bytes) {
  size_t at = t->width;
  if (keep) t->width += bytes;
  return keep ? at : 0;
}

kith_status kith__partition_table_make(int64_t n_row, int64_t **start, partition_fields keep,
                                       partition_table *t) {
  kith_status st = KITH_OK;
  *t = (partition_table){.n_row = n_row, .start = *start, .width = sizeof(int32_t)};
  *start = NULL;
  t->neighbor_bytes = keep.wide ? sizeof(int64_t) : sizeof(uint32_t);
  t->neighbor = table_field(t, keep.neighbor, t->neighbor_bytes);
  t->time = table_field(t, keep.time, sizeof(int64_t));
  t->weight = table_field(t, keep.weight, sizeof(float));
  KITH_TRY(KITH_NEW(t->next, n_row));
  memcpy(t->next, t->start, (size_t)n_row * sizeof *t->start);
  KITH_TRY(KITH_NEW(t->entry, t->start[n_row] * (int64_t)t->width));
done:
  return st;
}

void kith__partition_table_take(void *context, int64_t n, const void *records) {
  partition_table *t = context;
  const partition_record *e = records;
  for (int64_t k = 0; k < n; k++) {
    char *to = t->entry + (size_t)t->next[e[k].row]++ * t->width;
    memcpy(to, &e[k].original, sizeof e[k].original);
    if (t->neighbor) memcpy(to + t->neighbor, &e[k].neighbor, t->neighbor_bytes); /* little-endian */
    if (t->time) memcpy(to + t->time, &e[k].time, sizeof e[k].time);
    if (t->weight) memcpy(to + t->weight, &e[k].weight, sizeof e[k].weight);
  }
}

static int table_by_original(const void *a, const void *b) {
  int32_t x, y;
  memcpy(&x, a, sizeof x);
  memcpy(&y, b, sizeof y);
  return (x > y) - (x < y);
}

void kith__partition_table_sort(partition_table *t) {
  KITH_FREE(t->next);
  for (int64_t i = 0; i < t->n_row; i++)
    qsort(t->entry + (size_t)t->start[i] * t->width, (size_t)(t->start[i + 1] - t->start[i]), t->width,
          table_by_original);
}
