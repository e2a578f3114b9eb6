/* Squares of four vectors of four numbers, transposed: the smallest vectors, which every instruction set has.
 */
#ifndef KITH_OPS_FOUR_H
#define KITH_OPS_FOUR_H

#include "ops/ops.h"

typedef float kith_four __attribute__((vector_size(16), aligned(4), may_alias));

#if defined __clang__
#define KITH_FOUR_MIX(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
#define KITH_FOUR_MIX(a, b, ...) __builtin_shuffle(a, b, (int __attribute__((vector_size(16)))){__VA_ARGS__})
#endif

/* Number j of vector i and number i of vector j change places. */
KITH_INLINE void kith_four_transpose(kith_four *c) {
  kith_four low = KITH_FOUR_MIX(c[0], c[1], 0, 4, 1, 5), high = KITH_FOUR_MIX(c[0], c[1], 2, 6, 3, 7);
  kith_four next_low = KITH_FOUR_MIX(c[2], c[3], 0, 4, 1, 5),
            next_high = KITH_FOUR_MIX(c[2], c[3], 2, 6, 3, 7);
  c[0] = KITH_FOUR_MIX(low, next_low, 0, 1, 4, 5);
  c[1] = KITH_FOUR_MIX(low, next_low, 2, 3, 6, 7);
  c[2] = KITH_FOUR_MIX(high, next_high, 0, 1, 4, 5);
  c[3] = KITH_FOUR_MIX(high, next_high, 2, 3, 6, 7);
}

#endif
