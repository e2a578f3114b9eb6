/*
 * HAN (Wang et al., WWW 2019), one layer over the meta-paths that model.relations names, and its plain form.
 *   h' = x M (eq. 1, of the one node type that is classified);
 *   z_p = sum over j in N_p(i) of alpha_ij h'_j, head by head, then ELU (eqs. 2 to 7), where N_p(i) has i
 * itself; y = sum over p of beta_p z_p, beta the softmax of mean over i of q . tanh(z_pi W + b) (eqs. 8 and
 * 9); logits = y C + c. Means instead of attention: alpha_ij is the weight of the edge as a share of its
 * row's, 1 for i itself. Plain form: logits = c + sum over p of mean_p(x) C_p, softmax regression on the
 * means side by side. Dropout on x and on alpha.
 */
#include <stdio.h>

#include "model/model.h"

static const float HAN_SLOPE = 0.2f;
enum { HAN_MAX = 1 + KITH_MAX_RELATIONS };

typedef struct han {
  const kith_model_options *o;
  const kith_model_ctx *ctx;
  const kith_relation_weights *paths;
} han;

kith_han_options kith_han_defaults(void) {
  return (
      kith_han_options){.neighbors = KITH_HAN_MEAN, .fuse = KITH_HAN_CONCAT, .heads = 8, .semantic_dim = 128};
}

/* Weights of a meta-path, by its name. */
static kith_tensor *han_weights(const han *m, const char *what, const char *path, int64_t n_row, int d) {
  char name[2 * KITH_NAME];
  snprintf(name, sizeof name, "%.20s %.31s", what, path);
  return kith_model_weights(m->ctx, name, 0, n_row, d, KITH_INIT_GLOROT);
}

static kith_tensor *han_mean(const han *m, int p, kith_tensor *h) {
  const kith_block *block = kith_meta_path_block_op(m->ctx->tape, m->ctx->block[0], 1 + p);
  return block ? kith_aggregate_op(m->ctx->tape, block, KITH_NORM_MEAN, h) : NULL;
}

/* Dropout of attention weights needs one for each edge; without it none is stored. */
static kith_tensor *han_attend(const han *m, int p, kith_tensor *h) {
  kith_tape *t = m->ctx->tape;
  const kith_block *block = kith_meta_path_block_op(t, m->ctx->block[0], 1 + p);
  const char *name = m->paths->of[p].name;
  if (!block || !h) return NULL;
  kith_tensor *left = kith_head_dot_op(t, m->o->han.heads, han_weights(m, "left", name, 1, h->d), h),
              *right = kith_head_dot_op(t, m->o->han.heads, han_weights(m, "right", name, 1, h->d), h);
  right = kith_ghost_update_op(t, block, right);
  if (m->o->han.attention_dropout == 0) return kith_attention_op(t, block, HAN_SLOPE, left, right, h);
  kith_tensor *alpha = kith_edge_softmax_op(t, block, kith_edge_score_op(t, block, HAN_SLOPE, left, right));
  alpha = kith_attention_dropout_op(t, block, m->ctx->exec, m->o->han.attention_dropout, alpha);
  return kith_attend_op(t, block, alpha, h);
}

/* ---- softmax regression ---- */

static kith_tensor *han_regression(const han *m, kith_tensor *x) {
  kith_tape *t = m->ctx->tape;
  const kith_block *block = m->ctx->block[0];
  int d = kith_model_layer_dim(m->o, 0);
  kith_tensor *y = NULL;
  for (int p = 0; p < m->paths->n; p++) {
    /* means of rows with the bias are means with the bias */
    kith_tensor *c = p == 0 ? kith_model_weights(m->ctx, "bias", 0, 1, d, KITH_INIT_ZERO) : NULL;
    kith_tensor *h = kith_linear_op(t, x, han_weights(m, "weight", m->paths->of[p].name, x->d, d), c);
    h = han_mean(m, p, kith_ghost_update_op(t, block, h));
    y = p == 0 ? h : kith_add_op(t, 1, y, 1, h);
  }
  if (!m->o->han.own) return y;
  kith_tensor *w = kith_model_weights(m->ctx, "own", 0, x->d, d, KITH_INIT_GLOROT);
  return kith_add_op(t, 1, y, 1, kith_dst_rows_op(t, block, kith_linear_op(t, x, w, NULL)));
}

/* ---- rows of meta-paths, fused ---- */

static kith_tensor *han_score(const han *m, kith_tensor *z) {
  kith_tape *t = m->ctx->tape;
  int d = m->o->han.semantic_dim;
  kith_tensor *h =
      kith_activate_op(t, KITH_TANH, 0, kith_model_linear(m->ctx, "semantic", "semantic bias", 0, d, z));
  return kith_head_dot_op(t, 1, kith_model_weights(m->ctx, "query", 0, 1, d, KITH_INIT_GLOROT), h);
}

static kith_tensor *han_average(const han *m, int n, kith_tensor *const *z) {
  kith_tensor *y = z[0];
  for (int p = 1; p < n; p++)
    y = kith_add_op(m->ctx->tape, p == 1 ? 1.0f / (float)n : 1, y, 1.0f / (float)n, z[p]);
  return y;
}

static kith_tensor *han_fuse(const han *m, int n, kith_tensor *const *z) {
  kith_tape *t = m->ctx->tape;
  const kith_dist_csr *a = m->ctx->block[0]->dist_csr;
  kith_tensor *score[HAN_MAX] = {NULL};
  bool by_type = m->o->han.fuse == KITH_HAN_BY_TYPE;
  if (m->o->han.fuse == KITH_HAN_AVERAGE) return han_average(m, n, z);
  for (int p = 0; p < n; p++) score[p] = han_score(m, z[p]);
  kith_status st = !by_type || a
                       ? KITH_OK
                       : kith_fail(KITH_ECONFIG, "model.han.fuse: type takes a mean over all nodes, which "
                                                 "sampled steps do not have; expected node");
  if (kith_tape_check(t, st) != KITH_OK) return NULL;
  return kith_semantic_op(t, by_type && a ? kith_halo_comm(a->halo) : NULL, n, score, z);
}

static kith_tensor *han_layer(const han *m, kith_tensor *x) {
  kith_tape *t = m->ctx->tape;
  const kith_block *block = m->ctx->block[0];
  kith_tensor *z[HAN_MAX] = {NULL};
  int n = 0;
  kith_tensor *h =
      kith_linear_op(t, x, kith_model_weights(m->ctx, "weight", 0, x->d, m->o->dim, KITH_INIT_GLOROT), NULL);
  h = kith_ghost_update_op(t, block, h);
  for (int p = 0; p < m->paths->n; p++)
    z[n++] = m->o->han.neighbors == KITH_HAN_ATTENTION ? han_attend(m, p, h) : han_mean(m, p, h);
  if (m->o->han.own) z[n++] = kith_dst_rows_op(t, block, h);
  for (int p = 0; p < n; p++) z[p] = kith_activate_op(t, KITH_ELU, 1, z[p]);
  return kith_model_linear(m->ctx, "output", "output bias", 1, kith_model_layer_dim(m->o, 0),
                           han_fuse(m, n, z));
}

void kith_han_record(const kith_model_options *o, const kith_model_ctx *ctx) {
  const han m = {.o = o, .ctx = ctx, .paths = kith_model_relations(o)};
  kith_tensor *h = ctx->x;
  if (h && o->dropout > 0) h = kith_dropout_op(ctx->tape, ctx->exec, o->dropout, false, h);
  if (h) h = o->han.fuse == KITH_HAN_CONCAT ? han_regression(&m, h) : han_layer(&m, h);
  kith_model_layer_output(ctx, h);
  kith_layer_combine_op(ctx->tape, ctx->output, 1, 0, h);
}

/* ---- checks ---- */

static kith_status han_check_paths(const kith_relation_weights *w) {
  kith_status st = KITH_OK;
  KITH_CHECK(
      w->n > 0, KITH_ECONFIG,
      "model.relations: han reads the meta-paths that it names, and it names none; expected 1 for each");
  for (int i = 0; i < w->n; i++)
    KITH_CHECK(!w->of[i].learned && w->of[i].weight == 1, KITH_ECONFIG,
               "model.relations.%s: han learns what a meta-path weighs; expected 1", w->of[i].name);
  KITH_CHECK(w->n_half_life == 0 && w->tie == KITH_TIE_NONE, KITH_ECONFIG,
             "%s: han takes edges of any age, and ties as they are; expected none",
             w->n_half_life > 0 ? "model.half_lives" : "model.tie");
done:
  return st;
}

kith_status kith_han_check(const kith_model_options *o) {
  kith_status st = KITH_OK;
  bool attends = o->han.neighbors == KITH_HAN_ATTENTION;
  KITH_CHECK(o->layers == 1, KITH_ECONFIG, "model.layers: %d, but han has one layer; expected 1", o->layers);
  KITH_TRY(han_check_paths(&o->relations));
  KITH_CHECK(
      !attends || o->han.fuse != KITH_HAN_CONCAT, KITH_ECONFIG,
      "model.han.fuse: concat is a regression on means; with model.han.neighbors: attention expected type, "
      "node or mean");
  KITH_CHECK(!attends || o->dim % o->han.heads == 0, KITH_ECONFIG,
             "model.han.heads: %d does not divide model.dim, which is %d", o->han.heads, o->dim);
done:
  return st;
}
