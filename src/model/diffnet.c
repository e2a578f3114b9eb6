/*
 * DiffNet++ (Wu et al., "DiffNet++: A Neural Influence and Interest Diffusion Network for Social
 * Recommendation", TKDE 2020, section 4.2), with one-layer scores as GAT has them.  For every relation r and
 * type of nodes that read in it,
 *   p_r,i = sum over the neighbors j of i in r of alpha_ij h_j,
 *   alpha_ij = softmax over j of LeakyReLU(a_r . h_i + b_r . h_j),
 *   h_i <- h_i + sum over r of gamma_ir p_r,i,
 *   gamma_ir = softmax over the r in which i has neighbors of LeakyReLU(c . h_i + e . p_r,i) + log omega_r.
 * Items read users alone, so that their gamma is 1.  The final embedding is the concatenation of all layers.
 * Dropout on what neighbors send, not on h_i itself.  With model.diffnet.time_dim codes of time are added to
 * the scores of relations whose edges have times (src/model/time_code.c).
 */
#include <stdio.h>

#include "graph/schema.h"
#include "model/model.h"
#include "ops/fuse.h"

kith_diffnet_options kith_diffnet_defaults(void) { return (kith_diffnet_options){.time_dim = 0}; }

static const float DIFFNET_SLOPE = 0.2f;

_Static_assert((int)KITH_MAX_READERS <= (int)KITH_FUSE_TERMS, "the fusion has a term for each reader");

/* A vector of weights, [1, d]: of a relation's readers, or of the fusion. */
static kith_tensor *diffnet_vector(const kith_model_ctx *ctx, const char *what, const char *of, int l,
                                   int d) {
  char name[KITH_NAME];
  snprintf(name, sizeof name, "%s %.40s", what, of);
  return kith_model_weights(ctx, name, l, 1, d, KITH_INIT_GLOROT);
}

/* Whether a relation's edges may have times. */
static bool diffnet_has_times(const kith_model_options *o, const kith_model_ctx *ctx, const kith_reader *r) {
  if (kith_model_time_dim(o) == 0) return false;
  if (r->relation == 0 || !ctx->schema) return true;
  const char *name = kith_model_relations(o)->of[r->relation - 1].name;
  return ctx->schema->relation[kith_schema_find_relation(ctx->schema, name)].timed;
}

/* Attention of a relation's readers to the rows h, ghosts included. */
static kith_fuse_input diffnet_attend(const kith_model_options *o, const kith_model_ctx *ctx,
                                      const kith_reader *r, int l, kith_tensor *h, kith_attended *made) {
  kith_tape *t = ctx->tape;
  char name[KITH_NAME];
  kith_fuse_input in = {.block = kith_relation_rows_op(t, ctx->block[l], r->relation, r->type),
                        .weight = r->weight};
  if (!in.block || !h) return in;
  kith_tensor *a = diffnet_vector(ctx, "left", r->name, l, h->d),
              *b = diffnet_vector(ctx, "right", r->name, l, h->d);
  kith_tensor *left = kith_head_dot_op(t, 1, a, h),
              *right = kith_ghost_update_op(t, ctx->block[l], kith_head_dot_op(t, 1, b, h));
  kith_tensor *alpha = NULL;
  if (diffnet_has_times(o, ctx, r)) {
    snprintf(name, sizeof name, "time %.40s", r->name);
    alpha = kith_model_timed_alpha(o, ctx, name, l, in.block, DIFFNET_SLOPE, left, right);
    in.z = kith_attend_op(t, in.block, alpha, h);
  } else in.z = kith_attention_op(t, in.block, DIFFNET_SLOPE, left, right, h);
  *made = (kith_attended){.layer = l,
                          .relation = r->relation,
                          .slope = DIFFNET_SLOPE,
                          .block = in.block,
                          .left = left,
                          .right = right,
                          .alpha = alpha,
                          .z = h};
  return in;
}

static kith_tensor *diffnet_layer(const kith_readers *reads, const kith_model_options *o,
                                  const kith_model_ctx *ctx, int l, kith_tensor *h) {
  kith_tape *t = ctx->tape;
  kith_fuse_input in[KITH_MAX_READERS] = {{NULL}};
  kith_attended made[KITH_MAX_READERS] = {{NULL}};
  const kith_tensor *gamma = NULL;
  kith_tensor *own = kith_dst_rows_op(t, ctx->block[l], h), *sent = h;
  if (o->dropout > 0) sent = kith_dropout_op(t, ctx->exec, o->dropout, false, h);
  sent = kith_ghost_update_op(t, ctx->block[l], sent);
  for (int r = 0; r < reads->n; r++) in[r] = diffnet_attend(o, ctx, &reads->of[r], l, sent, &made[r]);
  if (!own) return NULL;
  kith_tensor *c = kith_model_weights(ctx, "fuse own", l, 1, h->d, KITH_INIT_GLOROT),
              *e = kith_model_weights(ctx, "fuse near", l, 1, h->d, KITH_INIT_GLOROT);
  for (int r = 0; r < reads->n; r++) in[r].right = kith_head_dot_op(t, 1, e, in[r].z);
  kith_tensor *y = kith_fuse_op(t, reads->n, in, DIFFNET_SLOPE, kith_head_dot_op(t, 1, c, own), own, &gamma);
  for (int r = 0; y && r < reads->n; r++) {
    made[r].share = gamma;
    made[r].column = r;
    kith_model_attended(ctx, made[r]);
  }
  return y;
}

void kith_diffnet_record(const kith_model_options *o, const kith_model_ctx *ctx) {
  kith_readers reads;
  kith_tensor *h = ctx->x;
  kith_model_readers(o, ctx->schema, &reads);
  kith_layer_combine_op(ctx->tape, ctx->output, 1, 0, h);
  for (int l = 0; h && l < o->layers; l++) {
    h = diffnet_layer(&reads, o, ctx, l, h);
    kith_model_layer_output(ctx, h);
    kith_layer_combine_op(ctx->tape, ctx->output, 1, (l + 1) * o->dim, h);
  }
}

/* Softmaxes over whoever is there: edges have neither ages nor ties' weights, and gamma is learned. */
kith_status kith_diffnet_check(const kith_model_options *o) {
  kith_status st = KITH_OK;
  KITH_TRY(kith_readers_check(o, "a learned share", "attention to"));
  for (int i = 0; i < o->relations.n; i++)
    KITH_CHECK(o->relations.of[i].weight > 0, KITH_ECONFIG,
               "model.relations.%s: %g; diffnet expects a weight above 0, or none at all",
               o->relations.of[i].name, o->relations.of[i].weight);
done:
  return st;
}
