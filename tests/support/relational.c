#include "support/relational.h"

#include <stdio.h>

static kith_tensor *weights(kith_params *params, const char *name, int relation, int l, int d) {
  char text[KITH_NAME];
  snprintf(text, sizeof text, "%s.%d.%d", name, relation, l);
  return kith_params_get(params, text, d, d, KITH_INIT_GLOROT);
}

static kith_tensor *layer(kith_tape *t, kith_params *params, const kith_block *block, int l, kith_tensor *h) {
  h = kith_ghost_update_op(t, block, h);
  if (!h) return NULL;
  kith_tensor *y =
      kith_linear_op(t, kith_dst_rows_op(t, block, h), weights(params, "self", 0, l, h->d), NULL);
  for (int r = 0; r < block->merged->n; r++) {
    const kith_block *one = kith_relation_block_op(t, block, r);
    if (!one) return NULL;
    kith_tensor *near = kith_aggregate_op(t, one, KITH_NORM_SYMMETRIC, h);
    y = kith_add_op(t, 1, y, 1, kith_linear_op(t, near, weights(params, "relation", r, l, h->d), NULL));
  }
  return kith_activate_op(t, KITH_RELU, 0, y);
}

kith_tensor *test_relational(kith_tape *t, kith_params *params, const kith_block *const *block, int layers,
                             kith_tensor *x) {
  for (int l = 0; l < layers; l++) x = layer(t, params, block[l], l, x);
  return x;
}
