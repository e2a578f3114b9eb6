/* The table of models, and what they start from. */
#include <stdio.h>

#include "kith/model.h"

typedef struct model {
  const char *name;
  void (*record)(const kith_model_options *o, const kith_stage *s);
} model;

static const model model_table[] = {
    [KITH_LIGHTGCN] = {"lightgcn", kith_lightgcn_record}, [KITH_MF] = {"mf", kith_mf_record},    [KITH_NGCF] = {"ngcf", kith_ngcf_record},
    [KITH_GCN] = {"gcn", kith_gcn_record},                [KITH_GAT] = {"gat", kith_gat_record}, [KITH_SAGE] = {"sage", kith_sage_record},
    [KITH_PINSAGE] = {"pinsage", kith_pinsage_record},
};

kith_model_options kith_model_defaults(void) {
  return (kith_model_options){.name = KITH_LIGHTGCN, .width = 64, .layers = 3, .init = 0.1, .score = KITH_DOT, .heads = 1, .near = kith_near_defaults()};
}

const char *kith_model_text(kith_model_name name) { return model_table[name].name; }
const char *kith_score_text(kith_score_name name) { return name == KITH_COSINE ? "cosine" : "dot"; }
const char *kith_aggregator_text(kith_aggregator name) { return name == KITH_POOL ? "pool" : "mean"; }

int kith_model_layers(const kith_model_options *o) { return o->name == KITH_MF ? 0 : o->layers; }
int kith_model_width(const kith_model_options *o) { return o->name == KITH_NGCF ? o->width * (o->layers + 1) : o->width; }
bool kith_model_needs_back(const kith_model_options *o) { return o->name != KITH_LIGHTGCN && o->name != KITH_MF; }
bool kith_model_has_loops(const kith_model_options *o) { return o->name == KITH_GAT; }
bool kith_model_reads_near(const kith_model_options *o) { return o->name == KITH_PINSAGE; }

void kith_model_record(const kith_model_options *o, const kith_stage *s) { model_table[o->name].record(o, s); }

kith_tensor *kith_stage_weights(const kith_stage *s, const char *name, int l, int64_t n_row, int d, kith_init init) {
  char text[KITH_NAME];
  snprintf(text, sizeof text, "%s.%d", name, l);
  return kith_params_get(s->params, text, n_row, d, init);
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
