/*
 * R-GCN (Schlichtkrull et al., ESWC 2018, eqs. 2 and 3):
 *   h_i <- ReLU(W_0 h_i + sum over r of 1 / N_r(i) sum over the N_r(i) neighbors j in r of W_r h_j),
 * where r is a relation and the type of the node that reads, so that both directions of a relation have
 * weights of their own.  W_r is free, or sum over b of a_rb V_b with shared V.  No activation in the last
 * layer.  Dropout on the input of every layer.
 */
#include "model/model.h"

typedef struct rgcn {
  const kith_model_options *o;
  const kith_model_ctx *ctx;
  kith_readers reads; /* what each W_r belongs to */
} rgcn;

kith_rgcn_options kith_rgcn_defaults(void) { return (kith_rgcn_options){.bases = 0}; }

/* W_r [k, d] */
static kith_tensor *rgcn_weights(const rgcn *m, int r, int l, int k, int d) {
  int bases = m->o->rgcn.bases;
  if (bases == 0) return kith_model_weights(m->ctx, m->reads.of[r].name, l, k, d, KITH_INIT_GLOROT);
  kith_tensor *a = kith_model_weights(m->ctx, "mix", l, m->reads.n, bases, KITH_INIT_GLOROT);
  return kith_basis_op(m->ctx->tape, a, r,
                       kith_model_weights(m->ctx, "basis", l, (int64_t)bases * k, d, KITH_INIT_GLOROT));
}

/* Sparse features are multiplied first, by their owners; other rows last, so that all relations read one
 * tensor with its ghost rows. */
static kith_tensor *rgcn_term(const rgcn *m, int r, int l, int d, kith_tensor *h) {
  kith_tape *t = m->ctx->tape;
  const kith_block *block = m->ctx->block[l],
                   *one = kith_relation_rows_op(t, block, m->reads.of[r].relation, m->reads.of[r].type);
  kith_tensor *w = rgcn_weights(m, r, l, h->d, d);
  if (!one) return NULL;
  if (!h->sparse) return kith_linear_op(t, kith_aggregate_op(t, one, KITH_NORM_MEAN, h), w, NULL);
  return kith_aggregate_op(t, one, KITH_NORM_MEAN,
                           kith_ghost_update_op(t, block, kith_linear_op(t, h, w, NULL)));
}

static kith_tensor *rgcn_layer(const rgcn *m, int l, kith_tensor *h) {
  kith_tape *t = m->ctx->tape;
  const kith_block *block = m->ctx->block[l];
  int d = kith_model_layer_dim(m->o, l);
  kith_tensor *w = kith_model_weights(m->ctx, "self", l, h->d, d, KITH_INIT_GLOROT);
  if (!h->sparse) h = kith_ghost_update_op(t, block, h);
  if (!h) return NULL;
  kith_tensor *y = h->sparse ? kith_dst_rows_op(t, block, kith_linear_op(t, h, w, NULL))
                             : kith_linear_op(t, kith_dst_rows_op(t, block, h), w, NULL);
  for (int r = 0; r < m->reads.n; r++)
    y = kith_add_op(t, 1, y, m->reads.of[r].weight, rgcn_term(m, r, l, d, h));
  return l + 1 < m->o->layers ? kith_activate_op(t, KITH_RELU, 0, y) : y;
}

void kith_rgcn_record(const kith_model_options *o, const kith_model_ctx *ctx) {
  rgcn m = {.o = o, .ctx = ctx};
  kith_tensor *h = ctx->x;
  kith_model_readers(o, ctx->schema, &m.reads);
  for (int l = 0; h && l < o->layers; l++) {
    if (o->dropout > 0) h = kith_dropout_op(ctx->tape, ctx->exec, o->dropout, false, h);
    if (h) h = rgcn_layer(&m, l, h);
    kith_model_layer_output(ctx, h);
  }
  kith_layer_combine_op(ctx->tape, ctx->output, 1, 0, h);
}

/* Means of what is there: edges have neither ages nor ties' weights, and W_r learns what omega would. */
kith_status kith_rgcn_check(const kith_model_options *o) {
  return kith_readers_check(o, "a matrix", "means of");
}
