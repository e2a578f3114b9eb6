/* The table of models, and what they start from. */
#include "kith/model.h"

kith_model_options kith_model_defaults(void) {
  return (kith_model_options){.name = KITH_LIGHTGCN, .width = 64, .layers = 3, .init = 0.1, .score = KITH_DOT};
}

const char *kith_model_text(kith_model_name name) { return name == KITH_MF ? "mf" : "lightgcn"; }

const char *kith_score_text(kith_score_name name) { return name == KITH_COSINE ? "cosine" : "dot"; }

void kith_model_record(const kith_model_options *o, kith_tape *t, kith_relation *a, kith_tensor *x, kith_readout *r) {
  switch (o->name) {
  case KITH_LIGHTGCN: kith_lightgcn_record(o, t, a, x, r); break;
  case KITH_MF: kith_mf_record(t, x, r); break;
  }
}

void kith_model_init(const kith_model_options *o, const kith_graph *g, uint64_t seed, float *x) {
#pragma omp parallel for schedule(static)
  for (kith_lid i = 0; i < g->n_own; i++) {
    float *row = x + (size_t)i * (size_t)o->width;
    for (int k = 0; k < o->width; k++) {
      kith_draw r = kith_random(seed, KITH_USE_INIT, g->type[i], (uint64_t)g->original[i], (uint64_t)k);
      row[k] = (float)(o->init * kith_random_normal(r.bits[0], r.bits[1]));
    }
  }
}
