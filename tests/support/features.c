#include "support/features.h"

#include <stdlib.h>

static kith_draw features_draw(uint64_t seed, const kith_graph *g, kith_lid row, int k) {
  return kith_random(seed, KITH_RNG_WEIGHT, (uint64_t)kith_node_key(g->type[row], g->original[row]),
                     (uint64_t)k, 99);
}

void test_features(kith_graph *g, const int n[KITH_SIDES], uint64_t seed) {
  int most = n[KITH_USER] > n[KITH_ITEM] ? n[KITH_USER] : n[KITH_ITEM];
  kith_features *f = &g->features;
  if (kith_features_make(g->n_own, (kith_eid)g->n_own * most, f) != KITH_OK) abort();
  for (int t = 0; t < KITH_SIDES; t++) g->n_feature_of[t] = n[t];
  for (kith_lid i = 0; i < g->n_own; i++) {
    kith_eid at = f->start[i];
    for (int k = 0; g->type[i] < KITH_SIDES && k < n[g->type[i]] && g->original[i] % 7 != 3; k++) {
      kith_draw draw = features_draw(seed, g, i, k);
      if (draw.bits[0] % 3 != 0) continue;
      f->index[at] = k;
      f->value[at++] = (float)(2 * kith_random_unit(draw.bits[1]) - 1);
    }
    f->start[i + 1] = at;
  }
}
