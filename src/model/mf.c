/* Matrix factorization: final embeddings are the input rows (Rendle et al., BPR, UAI 2009, section 4.3.1). */
#include "model/model.h"

void kith_mf_record(const kith_model_options *o, const kith_model_ctx *ctx) {
  (void)o;
  kith_layer_combine_op(ctx->tape, ctx->output, 1, 0, ctx->x);
}
