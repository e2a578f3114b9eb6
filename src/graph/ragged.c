/* Ragged arrays: release and lookup. */
#include "graph/graph.h"

void kith_ragged_free(kith_ragged *ragged) {
  KITH_FREE(ragged->start);
  KITH_FREE(ragged->value);
  ragged->n_row = 0;
}

/* The first entry of row `row` that is not below `value`. */
static kith_eid ragged_find(const kith_ragged *ragged, int64_t row, int32_t value) {
  kith_eid low = ragged->start[row], high = ragged->start[row + 1];
  while (low < high) {
    kith_eid middle = low + (high - low) / 2;
    if (ragged->value[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

bool kith_ragged_has(const kith_ragged *ragged, int64_t row, int32_t value) {
  kith_eid e = ragged_find(ragged, row, value);
  return e < ragged->start[row + 1] && ragged->value[e] == value;
}

bool kith_ragged_has_kind(const kith_ragged *ragged, const uint16_t *kind, int64_t row, int32_t value,
                          uint16_t k) {
  for (kith_eid e = ragged_find(ragged, row, value); e < ragged->start[row + 1]; e++) {
    if (ragged->value[e] != value) return false;
    if (!kind || kind[e] == k) return true;
  }
  return false;
}
