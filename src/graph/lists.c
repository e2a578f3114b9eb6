/* Rows of item numbers: giving them back, and asking whether one holds an item. */
#include "kith/graph.h"

void kith_lists_free(kith_lists *lists) {
  KITH_FREE(lists->start);
  KITH_FREE(lists->item);
  lists->n_row = 0;
}

bool kith_lists_has(const kith_lists *lists, int64_t row, int32_t item) {
  kith_eid low = lists->start[row], high = lists->start[row + 1];
  while (low < high) {
    kith_eid middle = low + (high - low) / 2;
    if (lists->item[middle] < item) low = middle + 1;
    else high = middle;
  }
  return low < lists->start[row + 1] && lists->item[low] == item;
}
