/* The K best of a stream, in an order that does not depend on the stream's. */
#include <math.h>
#include <stdlib.h>

#include "rank/rank.h"

float kith__keep_threshold(const kith_keep *keep) {
  return keep->n < keep->k ? -INFINITY : keep->heap[0].score;
}

static void keep_sink(kith_keep *keep) {
  kith_entry *h = keep->heap, e = h[0];
  int i = 0;
  for (;;) {
    int child = 2 * i + 1;
    if (child >= keep->n) break;
    if (child + 1 < keep->n && kith__entry_is_before(h[child], h[child + 1])) child++;
    if (!kith__entry_is_before(e, h[child])) break; /* the worse one stays on top */
    h[i] = h[child];
    i = child;
  }
  h[i] = e;
}

void kith__keep_offer(kith_keep *keep, kith_entry e) {
  kith_entry *h = keep->heap;
  if (keep->n == keep->k) {
    if (!kith__entry_is_before(e, h[0])) return;
    h[0] = e;
    keep_sink(keep);
    return;
  }
  int i = keep->n++;
  for (; i > 0 && kith__entry_is_before(h[(i - 1) / 2], e); i = (i - 1) / 2) h[i] = h[(i - 1) / 2];
  h[i] = e;
}

static int keep_compare(const void *a, const void *b) {
  const kith_entry *x = a, *y = b;
  return kith__entry_is_before(*x, *y) ? -1 : kith__entry_is_before(*y, *x);
}

void kith__keep_sort(kith_keep *keep) {
  qsort(keep->heap, (size_t)keep->n, sizeof *keep->heap, keep_compare);
}
