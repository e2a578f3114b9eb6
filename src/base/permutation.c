/*
 * A keyed permutation by a Feistel network over pairs (left, right) of digits below `side`, side^2 >= n.
 * Cycle walking: a result in n … side^2 - 1 is mapped again; since side^2 - n < 2 side + 1, that is rare.
 * A cheap keyed mix is enough for an order of batches.
 */
#include <math.h>

#include "base/base.h"
#include "base/order.h"

enum { PERMUTATION_ROUNDS = 6 };

kith_permutation kith_permutation_make(uint64_t rng_seed, kith_rng_stream stream, uint64_t epoch,
                                       uint64_t n) {
  kith_permutation s = {.n = n, .side = (uint64_t)sqrt((double)n)};
  while (s.side * s.side < n) s.side++;
  if (s.side == 0) s.side = 1;
  for (uint64_t i = 0; i < PERMUTATION_ROUNDS; i++)
    s.key[i] = kith_random(rng_seed, stream, epoch, i, 0).bits[0];
  return s;
}

static uint64_t permutation_forward(const kith_permutation *s, uint64_t x) {
  uint64_t left = x / s->side, right = x % s->side;
  for (int i = 0; i < PERMUTATION_ROUNDS; i++) {
    uint64_t next = (left + kith_random_below(kith_mix(right ^ s->key[i]), s->side)) % s->side;
    left = right;
    right = next;
  }
  return left * s->side + right;
}

static uint64_t permutation_backward(const kith_permutation *s, uint64_t x) {
  uint64_t left = x / s->side, right = x % s->side;
  for (int i = PERMUTATION_ROUNDS - 1; i >= 0; i--) {
    uint64_t before = (right + s->side - kith_random_below(kith_mix(left ^ s->key[i]), s->side)) % s->side;
    right = left;
    left = before;
  }
  return left * s->side + right;
}

uint64_t kith_permutation_apply(const kith_permutation *s, uint64_t index) {
  do index = permutation_forward(s, index);
  while (index >= s->n);
  return index;
}

uint64_t kith_permutation_inverse(const kith_permutation *s, uint64_t element) {
  do element = permutation_backward(s, element);
  while (element >= s->n);
  return element;
}
