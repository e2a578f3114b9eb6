/* Radix sort by the least significant digit first (Knuth, The Art of Computer Programming 3, section 5.2.5,
 * algorithm R). */
#include "kith/base.h"

enum {
  SORT_BITS = 11,
  SORT_DIGITS = 1 << SORT_BITS, /* places of all digits, 16 KiB, stay in a core's first cache */
  SORT_AHEAD = 8 /* things between asking for a line of memory and writing it: stores wait for each other */
};

static int sort_digit(int64_t key, int shift) { return (int)(key >> shift & (SORT_DIGITS - 1)); }

static void sort_pass(int64_t n, int shift, const kith_key_value *from, kith_key_value *to) {
  int64_t at[SORT_DIGITS + 1] = {0};
  for (int64_t i = 0; i < n; i++) at[sort_digit(from[i].key, shift) + 1]++;
  for (int d = 1; d < SORT_DIGITS; d++) at[d] += at[d - 1];
  for (int64_t i = 0; i < n; i++) {
    int64_t place = at[sort_digit(from[i].key, shift)]++;
    if (place + SORT_AHEAD < n) __builtin_prefetch(&to[place + SORT_AHEAD], 1);
    to[place] = from[i];
  }
}

/* Two passes at a time, so that what is sorted ends where it was. */
void kith_sort(int64_t n, int64_t most, kith_key_value *x, kith_key_value *scratch) {
  for (int shift = 0; shift < 63 && most >> shift > 0; shift += 2 * SORT_BITS) {
    sort_pass(n, shift, x, scratch);
    sort_pass(n, shift + SORT_BITS, scratch, x);
  }
}
