/* Decayed counts of all items. */
#include <math.h>
#include <string.h>

#include "base/base.h"
#include "stream/stream.h"

struct kith_stream_popular {
  int64_t n_item;
  double half_life;
  double *count; /* [n_item] at the item's latest event */
  int64_t *time; /* [n_item] of that event */
};

kith_status kith_stream_popular_create(int64_t n_item, double half_life, kith_stream_popular **out) {
  kith_status st = KITH_OK;
  kith_stream_popular *p = NULL;
  *out = NULL;
  KITH_TRY(KITH_NEW(p, 1));
  p->n_item = n_item;
  p->half_life = half_life;
  KITH_TRY(KITH_NEW(p->count, n_item));
  KITH_TRY(KITH_NEW(p->time, n_item));
  *out = p;
  p = NULL;
done:
  kith_stream_popular_destroy(&p);
  return st;
}

void kith_stream_popular_destroy(kith_stream_popular **popular) {
  if (!*popular) return;
  KITH_FREE((*popular)->count);
  KITH_FREE((*popular)->time);
  KITH_FREE(*popular);
}

void kith_stream_popular_reset(kith_stream_popular *p) {
  if (p->n_item > 0) memset(p->count, 0, (size_t)p->n_item * sizeof *p->count);
}

double kith_stream_popular_get(const kith_stream_popular *p, int32_t i, int64_t time) {
  if (p->count[i] == 0) return 0;
  return p->count[i] * exp2(-(double)(time - p->time[i]) / p->half_life);
}

void kith_stream_popular_add(kith_stream_popular *p, int n, const kith_event *event) {
  for (int k = 0; k < n; k++) {
    int32_t i = event[k].item_number;
    p->count[i] = kith_stream_popular_get(p, i, event[k].time) + 1;
    p->time[i] = event[k].time;
  }
}
