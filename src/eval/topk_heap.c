/* Bounded heap of the top K of a stream; the result does not depend on the order of the stream. */
#include <math.h>
#include <stdlib.h>

#include "eval/eval_impl.h"

float kith__topk_heap_threshold(const kith_topk_heap *heap) {
  return heap->n < heap->k ? -INFINITY : heap->entry[0].score;
}

static void topk_heap_sift_down(kith_topk_heap *heap) {
  kith_scored_item *h = heap->entry, e = h[0];
  int i = 0;
  for (;;) {
    int child = 2 * i + 1;
    if (child >= heap->n) break;
    if (child + 1 < heap->n && kith__scored_item_before(h[child], h[child + 1])) child++;
    if (!kith__scored_item_before(e, h[child])) break; /* the worse one stays at the root */
    h[i] = h[child];
    i = child;
  }
  h[i] = e;
}

void kith__topk_heap_push(kith_topk_heap *heap, kith_scored_item e) {
  kith_scored_item *h = heap->entry;
  if (heap->n == heap->k) {
    if (!kith__scored_item_before(e, h[0])) return;
    h[0] = e;
    topk_heap_sift_down(heap);
    return;
  }
  int i = heap->n++;
  for (; i > 0 && kith__scored_item_before(h[(i - 1) / 2], e); i = (i - 1) / 2) h[i] = h[(i - 1) / 2];
  h[i] = e;
}

static int topk_heap_compare(const void *a, const void *b) {
  const kith_scored_item *x = a, *y = b;
  return kith__scored_item_before(*x, *y) ? -1 : kith__scored_item_before(*y, *x);
}

void kith__topk_heap_sort(kith_topk_heap *heap) {
  qsort(heap->entry, (size_t)heap->n, sizeof *heap->entry, topk_heap_compare);
}
