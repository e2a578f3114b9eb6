/* Negatives: belong to the edge and the epoch, whoever draws them. */
#include "kith/sample.h"

enum { NEGATIVE_TRIES = 1000 };

int32_t kith_negative_draw(const kith_graph *g, uint64_t seed, int64_t epoch, kith_eid edge, kith_lid user) {
  int32_t item = 0;
  for (uint64_t try = 0; try < NEGATIVE_TRIES; try++) {
    uint64_t bits = kith_random(seed, KITH_USE_NEGATIVE, (uint64_t)epoch, (uint64_t)edge, try).bits[0];
    item = (int32_t)kith_random_below(bits, (uint64_t)g->n[KITH_ITEM]);
    if (!kith_lists_has(&g->train, user, item)) break;
  }
  return item;
}
