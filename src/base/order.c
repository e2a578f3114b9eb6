/* Orders of integers. */
#include <stdlib.h>

#include "base/order.h"

int kith_compare_int64(const void *a, const void *b) {
  const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return (x > y) - (x < y);
}

int64_t kith_sort_unique(int64_t n, int64_t *x) {
  int64_t kept = 0;
  if (n > 0) qsort(x, (size_t)n, sizeof *x, kith_compare_int64);
  for (int64_t i = 0; i < n; i++)
    if (i == 0 || x[i] != x[i - 1]) x[kept++] = x[i];
  return kept;
}

int64_t kith_longest_row(int64_t n, const int64_t *start) {
  int64_t longest = 0;
  for (int64_t i = 0; i < n; i++)
    if (start[i + 1] - start[i] > longest) longest = start[i + 1] - start[i];
  return longest;
}
