/* Counter-based random numbers: a pure function of key and counter, without state. */
#include <math.h>

#include <Random123/philox.h>

#include "base/base.h"

kith_draw kith_random4(uint64_t rng_seed, kith_rng_stream stream, uint64_t a, uint64_t b, uint64_t c,
                       uint64_t d) {
  philox4x64_key_t key = {{rng_seed, (uint64_t)stream}};
  philox4x64_ctr_t counter = {{a, b, c, d}};
  philox4x64_ctr_t r = philox4x64(counter, key);
  return (kith_draw){{r.v[0], r.v[1], r.v[2], r.v[3]}};
}

kith_draw kith_random(uint64_t rng_seed, kith_rng_stream stream, uint64_t a, uint64_t b, uint64_t c) {
  return kith_random4(rng_seed, stream, a, b, c, 0);
}

uint64_t kith_random_below(uint64_t bits, uint64_t n) {
  __extension__ typedef unsigned __int128 wide;
  return (uint64_t)(((wide)bits * n) >> 64);
}

double kith_random_normal(uint64_t bits0, uint64_t bits1) {
  double radius = sqrt(-2.0 * log(1.0 - kith_random_unit(bits0)));
  return radius * cos(6.283185307179586 * kith_random_unit(bits1));
}
