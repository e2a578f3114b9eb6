/** Orders of integers: sorted once, mixed, or in rows.  All are Local. */
#ifndef KITH_SRC_BASE_ORDER_H
#define KITH_SRC_BASE_ORDER_H

#include <stdint.h>

/** Mix the bits of x: the finalizer of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014). */
static inline uint64_t kith_mix(uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

/** The order of two int64_t, for qsort() and bsearch(). */
int kith_compare_int64(const void *a, const void *b);
/** Sort x [n], and keep each number once; returns how many there are. */
int64_t kith_sort_unique(int64_t n, int64_t *x);
/** The entries of the longest of n rows: start [n + 1].  0 without rows. */
int64_t kith_longest_row(int64_t n, const int64_t *start);

#endif
