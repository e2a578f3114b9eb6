/*
 * KGIN (Wang et al., "Learning Intents behind Interactions with Knowledge Graph for Recommendation", WWW
 * 2021), over relations with kinds of edges, such as triples.  A kind r has a row q_r, and an intent p is a
 * mixture of them: g_p = sum over r of softmax(a_p)_r q_r (eqs. 1 and 2).  A layer:
 *   items and entities: e_i <- mean over the edges (r, v) of i of q_r * e_v (eq. 9);
 *   users: s_p = softmax over p of <e_u, g_p> (eq. 7), n_u = mean of e_i over the items of u, and
 *   e_u <- n_u + n_u * sum over p of s_p g_p: eq. 8 with the items' mean itself beside it, as the authors'
 *   program has it.
 * Then dropout, and unit rows; the final embedding is the sum of the input rows and all layers (eq. 13).
 * The loss keeps intents apart by their distance correlation (eqs. 4 and 5).
 */
#include "graph/schema.h"
#include "model/model.h"
#include "tape/compose.h"
#include "tape/intents.h"

kith_kgin_options kith_kgin_defaults(void) { return (kith_kgin_options){.intents = 4, .independence = 1e-4}; }

/* The kinds' rows, and the intents. */
static kith_tensor *kgin_kinds(kith_params *params, int n_kind, int d) {
  return kith_params_get(params, "kinds.0", n_kind, d, KITH_INIT_GLOROT);
}
static kith_tensor *kgin_intents(const kith_model_options *o, kith_tape *t, kith_params *params,
                                 kith_tensor *kinds) {
  if (!kinds) return NULL;
  return kith_mixture_op(
      t, kith_params_get(params, "intents.0", o->kgin.intents, (int)kinds->n_row, KITH_INIT_GLOROT), kinds);
}

static kith_tensor *kgin_layer(const kith_model_options *o, const kith_model_ctx *ctx, int l,
                               kith_composition *by, kith_tensor *intents, kith_tensor *h) {
  kith_tape *t = ctx->tape;
  const kith_block *block = ctx->block[l];
  kith_tensor *near = kith_compose_op(t, by, h);
  h = kith_intents_op(t, block, intents, kith_dst_rows_op(t, block, h), near);
  if (h && o->dropout > 0) h = kith_dropout_op(t, ctx->exec, o->dropout, false, h);
  return kith_model_unit_rows(ctx, h);
}

void kith_kgin_record(const kith_model_options *o, const kith_model_ctx *ctx) {
  const kith_composition_options how = {.norm = KITH_NORM_MEAN, .users_only = true};
  kith_tensor *h = ctx->x, *kinds = kgin_kinds(ctx->params, ctx->block[0]->merged->n_kind, o->dim),
              *intents = kgin_intents(o, ctx->tape, ctx->params, kinds);
  kith_composition *by = NULL;
  kith_layer_combine_op(ctx->tape, ctx->output, 1, 0, h);
  for (int l = 0; h && l < o->layers; l++) {
    bool same = l > 0 && ctx->block[l] == ctx->block[l - 1];
    if (!same) by = kith_composition_op(ctx->tape, ctx->block[l], &how, kinds);
    h = kgin_layer(o, ctx, l, by, intents, h);
    kith_layer_combine_op(ctx->tape, ctx->output, 1, 0, h);
    kith_model_layer_output(ctx, h);
  }
}

void kith_model_record_loss(const kith_model_options *o, const kith_comm *comm, const kith_dist_csr *a,
                            kith_params *params, kith_tape *t, kith_exact_sum *loss) {
  if (o->name != KITH_KGIN || o->kgin.independence == 0) return;
  kith_tensor *kinds = kgin_kinds(params, a->merged->n_kind, o->dim);
  kith_independence_op(t, comm, o->kgin.independence, kgin_intents(o, t, params, kinds), loss);
}

kith_status kith_kgin_check(const kith_model_options *o) {
  kith_status st = KITH_OK;
  const kith_relation_weights *w = kith_model_relations(o);
  KITH_CHECK(w->n > 0, KITH_ECONFIG,
             "model.relations: kgin reads a knowledge graph, and none is named; expected a relation with the "
             "weight 1 (data.relations), and model.layers of 1 or more");
  KITH_TRY(kith_readers_check(o, "rows of kinds", "means of"));
  for (int i = 0; i < w->n; i++)
    KITH_CHECK(
        w->of[i].weight == 1, KITH_ECONFIG,
        "model.relations.%s: kgin learns a row for each kind of edge, of any scale; expected 1, or 0 to "
        "leave the relation out",
        w->of[i].name);
done:
  return st;
}

kith_status kith_kgin_check_graph(const kith_model_options *o, const kith_schema *s) {
  kith_status st = KITH_OK;
  const kith_relation_weights *w = kith_model_relations(o);
  for (int i = 0; i < w->n; i++) {
    int r = kith_schema_find_relation(s, w->of[i].name);
    if (r < 0) continue; /* kith_dist_csr_create_merged() refuses it */
    const kith_relation_type *e = &s->relation[r];
    KITH_CHECK(!kith_schema_has(s, e->from, KITH_USER) && !kith_schema_has(s, e->to, KITH_USER), KITH_ECONFIG,
               "model.relations.%s: kgin's users read their items alone, and users are at an end of this "
               "relation; expected relations of items and of further nodes",
               w->of[i].name);
  }
done:
  return st;
}
