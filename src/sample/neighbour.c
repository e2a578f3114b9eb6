/* Which neighbours a node keeps: belongs to the node, the step and the hop, whoever draws. */
#include "kith/sample.h"

/* Insert into the ascending places 0 … n - 1 unless it is there; returns whether it was there. */
static bool neighbour_insert(int64_t n, int64_t x, int64_t *place) {
  int64_t at = n;
  while (at > 0 && place[at - 1] > x) at--;
  if (at > 0 && place[at - 1] == x) return true;
  for (int64_t i = n; i > at; i--) place[i] = place[i - 1];
  place[at] = x;
  return false;
}

int64_t kith_neighbour_draw(uint64_t seed, uint64_t step, int64_t node, int hop, int64_t degree, int k, int64_t *place) {
  if (k == 0 || k >= degree) {
    for (int64_t i = 0; i < degree; i++) place[i] = i;
    return degree;
  }
  kith_draw r = {{0}};
  for (int64_t i = 0; i < k; i++) {
    if (i % 4 == 0) r = kith_random(seed, KITH_USE_SAMPLE, step, (uint64_t)node, (uint64_t)hop << 32 | (uint64_t)i);
    int64_t last = degree - k + i, x = (int64_t)kith_random_below(r.bits[i % 4], (uint64_t)last + 1);
    if (neighbour_insert(i, x, place)) neighbour_insert(i, last, place); /* the last is larger than all drawn before */
  }
  return k;
}
