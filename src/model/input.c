/* The input rows: embeddings, features, or both; and the initial embeddings. */
#include <stdio.h>

#include "model/model.h"

bool kith_model_uses_features(const kith_model_options *o, const kith_graph *g, int type) {
  return o->input != KITH_EMBEDDING && g->n_feature_of[type] > 0;
}
bool kith_model_uses_embedding(const kith_model_options *o, const kith_graph *g, int type) {
  return o->input != KITH_FEATURES || !kith_model_uses_features(o, g, type);
}

bool kith_model_forgets(const kith_model_options *o, const kith_graph *g, int type) {
  return kith_model_uses_embedding(o, g, type) && !kith_model_reads_sparse(g) &&
         (kith_model_n_layer(o) > 0 || kith_model_uses_features(o, g, type));
}

bool kith_model_reads_sparse(const kith_graph *g) { return g->n_class > 0 && g->n_feature_of[KITH_USER] > 0; }

bool kith_model_uses_any_embedding(const kith_model_options *o, const kith_graph *g) {
  if (kith_model_reads_sparse(g)) return false;
  for (int t = 0; t < g->schema.n_type; t++)
    if (kith_model_uses_embedding(o, g, t)) return true;
  return false;
}

/* Named ".0": weights of the first layer. */
static void input_weights(const kith_graph *g, int t, kith_params *params, kith_input *in) {
  char weights[KITH_NAME], bias[KITH_NAME];
  snprintf(weights, sizeof weights, "%.31s features.0", g->schema.type[t]);
  snprintf(bias, sizeof bias, "%.31s features bias.0", g->schema.type[t]);
  in->w[t] = kith_params_get(params, weights, g->n_feature_of[t], in->d, KITH_INIT_GLOROT);
  in->b[t] = kith_params_get(params, bias, 1, in->d, KITH_INIT_ZERO);
}

kith_input kith_model_input(const kith_model_options *o, const kith_graph *g, kith_params *params,
                            kith_tensor *x) {
  kith_input in = {
      .n_own = g->n_own, .d = x ? x->d : o->dim, .x = x, .type = g->type, .features = &g->features};
  for (int t = 0; t < g->schema.n_type; t++) {
    in.uses_embedding[t] = x && kith_model_uses_embedding(o, g, t);
    if (kith_model_uses_features(o, g, t)) input_weights(g, t, params, &in);
  }
  return in;
}

kith_forget kith_model_forget(const kith_model_options *o, const kith_graph *g, const kith_exec_ctx *exec,
                              const kith_node_map *own) {
  kith_forget f = {.p = o->forget, .exec = exec, .node = own->node};
  for (int t = 0; t < g->schema.n_type; t++) f.of[t] = kith_model_forgets(o, g, t);
  return f;
}

void kith_model_init(const kith_model_options *o, const kith_graph *g, uint64_t seed, float *x) {
#pragma omp parallel for schedule(static)
  for (kith_lid i = 0; i < g->n_own; i++) {
    float *row = x + (size_t)i * (size_t)o->dim;
    for (int k = 0; k < o->dim && kith_model_uses_embedding(o, g, g->type[i]); k++) {
      kith_draw r = kith_random(seed, KITH_RNG_INIT, g->type[i], (uint64_t)g->original[i], (uint64_t)k);
      row[k] = (float)(o->init * kith_random_normal(r.bits[0], r.bits[1]));
    }
  }
}
