/*
 * Codes of time in the scores of attention: cos(omega_k t + phi_k) of an edge's age t in days, with learned
 * frequencies and phases that all layers and relations share, and weights of each.  The first frequencies are
 * those of TGAT (Xu et al., ICLR 2020): from 1 to 1e-9 in equal ratios; phases begin with 0.
 */
#include <math.h>

#include "model/model.h"

static kith_tensor *time_frequencies(kith_params *params, int dim) {
  kith_tensor *omega = kith_params_get(params, "time frequency", 1, dim, KITH_INIT_ZERO);
  for (int k = 0; omega && k < dim; k++) omega->value[k] = (float)pow(10, dim > 1 ? -9.0 * k / (dim - 1) : 0);
  return omega;
}

kith_tensor *kith_model_timed_alpha(const kith_model_options *o, const kith_model_ctx *ctx, const char *name,
                                    int l, const kith_block *block, float slope, kith_tensor *left,
                                    kith_tensor *right) {
  const int dim = kith_model_time_dim(o);
  if (!left || !right || !block) return NULL;
  kith_time_code code = {.omega = time_frequencies(ctx->params, dim)};
  code.phi = kith_params_get(ctx->params, "time phase", 1, dim, KITH_INIT_ZERO);
  code.weight = kith_model_weights(ctx, name, l, left->d, dim, KITH_INIT_GLOROT);
  return kith_edge_softmax_op(ctx->tape, block,
                              kith_time_score_op(ctx->tape, block, slope, left, right, code));
}
