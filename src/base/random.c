/* Counter-based random numbers: a pure function of key and counter, without state. */
#include <math.h>

#include <Random123/philox.h>

#include "base/base.h"

KITH_INLINE kith_draw random_draw(uint64_t rng_seed, kith_rng_stream stream, uint64_t a, uint64_t b,
                                  uint64_t c, uint64_t d) {
  philox4x64_key_t key = {{rng_seed, (uint64_t)stream}};
  philox4x64_ctr_t counter = {{a, b, c, d}};
  philox4x64_ctr_t r = philox4x64(counter, key);
  return (kith_draw){{r.v[0], r.v[1], r.v[2], r.v[3]}};
}

kith_draw kith_random4(uint64_t rng_seed, kith_rng_stream stream, uint64_t a, uint64_t b, uint64_t c,
                       uint64_t d) {
  return random_draw(rng_seed, stream, a, b, c, d);
}

kith_draw kith_random(uint64_t rng_seed, kith_rng_stream stream, uint64_t a, uint64_t b, uint64_t c) {
  return kith_random4(rng_seed, stream, a, b, c, 0);
}

KITH_KERNEL void kith_random_fill(uint64_t rng_seed, kith_rng_stream stream, const uint64_t counter[4], int n,
                                  uint64_t *bits) {
  int i = 0;
  for (; i + 4 <= n; i += 4) {
    kith_draw r = random_draw(rng_seed, stream, counter[0], counter[1], counter[2] + (uint64_t)i, counter[3]);
    for (int j = 0; j < 4; j++) bits[i + j] = r.bits[j];
  }
  if (i == n) return;
  kith_draw r = random_draw(rng_seed, stream, counter[0], counter[1], counter[2] + (uint64_t)i, counter[3]);
  for (int j = 0; i + j < n; j++) bits[i + j] = r.bits[j];
}

double kith_random_normal(uint64_t bits0, uint64_t bits1) {
  double radius = sqrt(-2.0 * log(1.0 - kith_random_unit(bits0)));
  return radius * cos(6.283185307179586 * kith_random_unit(bits1));
}
