/* Binary search among ranges. */
#include "base/base.h"

int64_t kith_range_find(int64_t n, const int64_t *first, int64_t at) {
  int64_t low = 0, high = n - 1;
  while (low < high) {
    int64_t middle = low + (high - low + 1) / 2;
    if (first[middle] <= at) low = middle;
    else high = middle - 1;
  }
  return low;
}
