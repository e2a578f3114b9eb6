/** The k best of scored items, kept in a heap. */
#ifndef KITH_EVAL_TOPK_HEAP_H
#define KITH_EVAL_TOPK_HEAP_H

#include <stdbool.h>
#include <stdint.h>

typedef struct kith_scored_item {
  float score;
  int32_t item;
} kith_scored_item;

/* Ranking order: the higher score first, then the smaller item number. */
static inline bool kith__scored_item_before(kith_scored_item a, kith_scored_item b) {
  return a.score > b.score || (a.score == b.score && a.item < b.item);
}

/* Bounded heap of the k best items; entry[0] is the worst of them. */
typedef struct kith_topk_heap {
  int n, k;
  kith_scored_item *entry;
} kith_topk_heap;

/* Lowest score in a full heap; minus infinity if it is not full. */
float kith__topk_heap_threshold(const kith_topk_heap *heap);
void kith__topk_heap_push(kith_topk_heap *heap, kith_scored_item e);
/* Sort the entries, best first; no push afterwards. */
void kith__topk_heap_sort(kith_topk_heap *heap);

#endif
