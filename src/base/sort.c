/* Radix sort by the least significant digit first (Knuth, The Art of Computer Programming 3, section 5.2.5,
 * algorithm R). */
#include "base/base.h"

enum {
  SORT_BITS = 11,
  SORT_DIGITS = 1 << SORT_BITS, /* the histogram, 16 KiB, fits the first-level cache */
  SORT_AHEAD = 8                /* prefetch distance: random stores would wait for each other */
};

static int sort_digit(int64_t key, int shift) { return (int)(key >> shift & (SORT_DIGITS - 1)); }

static void sort_pass(int64_t n, int shift, const kith_key_value *from, kith_key_value *to) {
  int64_t at[SORT_DIGITS + 1] = {0};
  for (int64_t i = 0; i < n; i++) at[sort_digit(from[i].key, shift) + 1]++;
  for (int d = 1; d < SORT_DIGITS; d++) at[d] += at[d - 1];
  for (int64_t i = 0; i < n; i++) {
    int64_t to_index = at[sort_digit(from[i].key, shift)]++;
    if (to_index + SORT_AHEAD < n) __builtin_prefetch(&to[to_index + SORT_AHEAD], 1);
    to[to_index] = from[i];
  }
}

/* Two passes at a time, so that the result is in x. */
void kith_sort(int64_t n, int64_t max_key, kith_key_value *x, kith_key_value *scratch) {
  for (int shift = 0; shift < 63 && max_key >> shift > 0; shift += 2 * SORT_BITS) {
    sort_pass(n, shift, x, scratch);
    sort_pass(n, shift + SORT_BITS, scratch, x);
  }
}
