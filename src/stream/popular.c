/*
 * Decayed counts of all items, in units that the time since the last rebase has shrunk: an event counts
 * 2^((time - base) / half_life) when it is added, and nothing has to be done to the others.
 */
#include <math.h>
#include <string.h>

#include "base/base.h"
#include "stream/stream.h"

static const double POPULAR_REBASE = 512; /* half-lives; a count overflows beyond 1023 */

struct kith_stream_popular {
  int64_t n_item, base;
  double half_life, total;
  double *count; /* [n_item] */
};

kith_status kith_stream_popular_create(int64_t n_item, double half_life, kith_stream_popular **out) {
  kith_status st = KITH_OK;
  kith_stream_popular *p = NULL;
  *out = NULL;
  KITH_TRY(KITH_NEW(p, 1));
  p->n_item = n_item;
  p->half_life = half_life;
  KITH_TRY(KITH_NEW(p->count, n_item));
  *out = p;
  p = NULL;
done:
  kith_stream_popular_destroy(&p);
  return st;
}

void kith_stream_popular_destroy(kith_stream_popular **popular) {
  if (!*popular) return;
  KITH_FREE((*popular)->count);
  KITH_FREE(*popular);
}

void kith_stream_popular_reset(kith_stream_popular *p) {
  if (p->n_item > 0) memset(p->count, 0, (size_t)p->n_item * sizeof *p->count);
  p->total = 0;
  p->base = 0;
}

/* Half-lives since the base. */
static double popular_age(const kith_stream_popular *p, int64_t time) {
  return (double)(time - p->base) / p->half_life;
}

/* Count from `time` on. */
static void popular_rebase(kith_stream_popular *p, int64_t time) {
  double shrunk = exp2(-popular_age(p, time));
  p->total = 0;
  for (int64_t i = 0; i < p->n_item; i++) p->total += p->count[i] *= shrunk;
  p->base = time;
}

void kith_stream_popular_add(kith_stream_popular *p, int n, const kith_event *event) {
  for (int k = 0; k < n; k++) {
    if (p->total == 0) p->base = event[k].time;
    if (popular_age(p, event[k].time) > POPULAR_REBASE) popular_rebase(p, event[k].time);
    double one = exp2(popular_age(p, event[k].time));
    p->count[event[k].item_number] += one;
    p->total += one;
  }
}

double kith_stream_popular_get(const kith_stream_popular *p, int32_t item_number, int64_t time) {
  const double count = p->count[item_number]; /* 0: `time` may be long before a base that no event has set */
  return count > 0 ? count * exp2(-popular_age(p, time)) : 0;
}

void kith_stream_popular_shares(const kith_stream_popular *p, double weight, double *share) {
  if (!(p->total > 0)) return;
  const double factor = weight / p->total;
  for (int64_t i = 0; i < p->n_item; i++) share[i] += factor * p->count[i];
}
