/* Ragged arrays: release and lookup. */
#include "graph/graph.h"

void kith_ragged_free(kith_ragged *ragged) {
  KITH_FREE(ragged->start);
  KITH_FREE(ragged->value);
  ragged->n_row = 0;
}

bool kith_ragged_has(const kith_ragged *ragged, int64_t row, int32_t value) {
  kith_eid low = ragged->start[row], high = ragged->start[row + 1];
  while (low < high) {
    kith_eid middle = low + (high - low) / 2;
    if (ragged->value[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low < ragged->start[row + 1] && ragged->value[low] == value;
}
