/*
 * LightGCN (He et al., SIGIR 2020): E(l + 1) = A E(l), the final embedding is the mean of all layers.  No weights, no
 * activation; the initial embeddings are all that is learnt.
 */
#include "kith/model.h"

void kith_lightgcn_record(const kith_model_options *o, kith_tape *t, kith_relation *a, kith_tensor *x, kith_readout *r) {
  float weight = 1.0f / (float)(o->layers + 1);
  kith_tensor *h = x;
  kith_readout_op(t, r, weight, h);
  for (int l = 0; l < o->layers; l++) {
    h = l + 1 < o->layers ? kith_propagate_op(t, a, h) : kith_propagate_last_op(t, a, r, h);
    kith_readout_op(t, r, weight, h);
  }
}
