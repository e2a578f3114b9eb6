/*
 * A bit for each row of a message: which rows are read, or are not zero.  Bit i is bit i mod 8 of byte i / 8.
 */
#ifndef KITH_HALO_BITS_H
#define KITH_HALO_BITS_H

#include <stdint.h>
#include <string.h>

/** Bytes of n bits. */
static inline int kith_bits_bytes(int n) { return (n + 7) / 8; }

static inline uint8_t kith_bits_get(const uint8_t *bits, int i) { return bits[i / 8] >> i % 8 & 1; }

/** Set the bits of n marks, those of rows row[i]; row null: of rows 0 … n - 1.  A mark is zero or not. */
static inline void kith_bits_set(int n, const int32_t *row, const uint8_t *mark, uint8_t *bits) {
  if (n <= 0) return;
  memset(bits, 0, (size_t)kith_bits_bytes(n));
  for (int i = 0; i < n; i++) bits[i / 8] = (uint8_t)(bits[i / 8] | (mark[row ? row[i] : i] != 0) << i % 8);
}

#endif
