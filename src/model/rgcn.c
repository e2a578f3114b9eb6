/*
 * R-GCN (Schlichtkrull et al., ESWC 2018, eqs. 2 and 3):
 *   h_i <- ReLU(W_0 h_i + sum over r of 1 / N_r(i) sum over the N_r(i) neighbors j in r of W_r h_j),
 * where r is a relation and the type of the node that reads, so that both directions of a relation have
 * weights of their own.  W_r is free, or sum over b of a_rb V_b with shared V.  No activation in the last
 * layer.  Dropout on the input of every layer.
 */
#include <stdio.h>

#include "graph/schema.h"
#include "model/model.h"

enum { RGCN_MAX = (1 + KITH_MAX_RELATIONS) * 4 }; /* a relation's edges end at 4 types, with same_as */

/* What W_r belongs to. */
typedef struct rgcn_reads {
  int relation; /* 0: interactions */
  int type;     /* of the nodes that read; -1: any */
  float weight;
  char name[KITH_NAME];
} rgcn_reads;

typedef struct rgcn {
  const kith_model_options *o;
  const kith_model_ctx *ctx;
  int n;
  rgcn_reads reads[RGCN_MAX];
} rgcn;

kith_rgcn_options kith_rgcn_defaults(void) { return (kith_rgcn_options){.bases = 0}; }

static void rgcn_add(rgcn *m, int relation, int type, double weight, const char *name) {
  rgcn_reads *r = &m->reads[m->n++];
  *r = (rgcn_reads){.relation = relation, .type = type, .weight = (float)weight};
  if (type < 0) snprintf(r->name, sizeof r->name, "%.31s", name);
  else snprintf(r->name, sizeof r->name, "%.31s to %d", name, type);
}

/* Whether nodes of a type may read others in a relation. */
static bool rgcn_is_read_by(const kith_schema *s, const kith_relation_type *e, int type) {
  return (e->direction != KITH_DIRECTION_BACK && kith_schema_has(s, e->from, type)) ||
         (e->direction != KITH_DIRECTION_FORWARD && kith_schema_has(s, e->to, type));
}

static void rgcn_list(rgcn *m) {
  const kith_schema *s = m->ctx->schema;
  const kith_relation_weights *w = kith_model_relations(m->o);
  for (int t = 0; s && t < s->n_type && t < KITH_SIDES; t++) rgcn_add(m, 0, t, 1, KITH_INTERACTIONS);
  if (!s) rgcn_add(m, 0, -1, 1, KITH_INTERACTIONS);
  for (int i = 0; i < w->n; i++) {
    int r = s ? kith_schema_find_relation(s, w->of[i].name) : -1;
    if (r < 0) rgcn_add(m, 1 + i, -1, w->of[i].weight, w->of[i].name);
    for (int t = 0; r >= 0 && t < s->n_type; t++)
      if (rgcn_is_read_by(s, &s->relation[r], t)) rgcn_add(m, 1 + i, t, w->of[i].weight, w->of[i].name);
  }
}

/* W_r [k, d] */
static kith_tensor *rgcn_weights(const rgcn *m, int r, int l, int k, int d) {
  int bases = m->o->rgcn.bases;
  if (bases == 0) return kith_model_weights(m->ctx, m->reads[r].name, l, k, d, KITH_INIT_GLOROT);
  kith_tensor *a = kith_model_weights(m->ctx, "mix", l, m->n, bases, KITH_INIT_GLOROT);
  return kith_basis_op(m->ctx->tape, a, r,
                       kith_model_weights(m->ctx, "basis", l, (int64_t)bases * k, d, KITH_INIT_GLOROT));
}

/* Sparse features are multiplied first, by their owners; other rows last, so that all relations read one
 * tensor with its ghost rows. */
static kith_tensor *rgcn_term(const rgcn *m, int r, int l, int d, kith_tensor *h) {
  kith_tape *t = m->ctx->tape;
  const kith_block *block = m->ctx->block[l],
                   *one = kith_relation_rows_op(t, block, m->reads[r].relation, m->reads[r].type);
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
  for (int r = 0; r < m->n; r++) y = kith_add_op(t, 1, y, m->reads[r].weight, rgcn_term(m, r, l, d, h));
  return l + 1 < m->o->layers ? kith_activate_op(t, KITH_RELU, 0, y) : y;
}

void kith_rgcn_record(const kith_model_options *o, const kith_model_ctx *ctx) {
  rgcn m = {.o = o, .ctx = ctx};
  kith_tensor *h = ctx->x;
  rgcn_list(&m);
  for (int l = 0; h && l < o->layers; l++) {
    if (o->dropout > 0) h = kith_dropout_op(ctx->tape, ctx->exec, o->dropout, false, h);
    if (h) h = rgcn_layer(&m, l, h);
    kith_model_layer_output(ctx, h);
  }
  kith_layer_combine_op(ctx->tape, ctx->output, 1, 0, h);
}

/* Means of what is there: edges have neither ages nor ties' weights, and W_r learns what omega would. */
kith_status kith_rgcn_check(const kith_model_options *o) {
  kith_status st = KITH_OK;
  const kith_relation_weights *w = &o->relations;
  for (int i = 0; i < w->n; i++)
    KITH_CHECK(!w->of[i].learned, KITH_ECONFIG,
               "model.relations.%s: learned, but rgcn has a matrix for every relation; expected a number",
               w->of[i].name);
  for (int i = 0; i < w->n_half_life; i++)
    KITH_CHECK(!kith_model_relation(o, w->half_life[i].name), KITH_ECONFIG,
               "model.half_lives.%s: rgcn takes means of edges of any age; expected none",
               w->half_life[i].name);
  KITH_CHECK(w->n == 0 || w->tie == KITH_TIE_NONE, KITH_ECONFIG,
             "model.tie: rgcn takes means of ties; expected none");
done:
  return st;
}
