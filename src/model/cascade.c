/*
 * Several behaviors in a fixed order, each of which refines the embeddings of the one before.
 *
 * MB-CGCN (Cheng et al., WWW 2023): for behavior b, LightGCN on its own graph from X_b,
 *   H_0 = X_b, H_l = A_b H_(l-1), E_b = mean of H_0 … H_L;  X_(b+1) = E_b W_b;  final: sum over b of E_b,
 * where W_b is a matrix of users and one of items, one of both, or the identity.
 *
 * CRGCN (Yan et al., TOIS 2023), with `residual`: E_b = H_L, each row divided by its length;
 *   X_(b+1) = X_b + E_b;  final: the last X.
 *
 * X_1 are the input rows.
 */
#include <string.h>

#include "graph/schema.h"
#include "model/model.h"

typedef struct cascade {
  const kith_model_options *o;
  const kith_model_ctx *ctx;
  int l;                         /* layers recorded so far */
  const kith_block *of, *behave; /* the block that the latest layer reads of, and the behavior's part of it */
} cascade;

kith_cascade_options kith_cascade_defaults(void) {
  return (kith_cascade_options){.layers = {.n = 1}, .transform = KITH_CASCADE_TYPES};
}

int kith_cascade_behavior_layers(const kith_model_options *o, int b) {
  const kith_fanouts *l = &o->cascade.layers;
  int n = l->n == 0 ? 0 : l->of[b < l->n ? b : l->n - 1];
  return n > 0 ? n : o->layers;
}

int kith_cascade_layers(const kith_model_options *o) {
  int n = 0;
  for (int b = 0; b < o->cascade.order.n; b++) n += kith_cascade_behavior_layers(o, b);
  return n;
}

bool kith_cascade_reads_layers(const kith_model_options *o) {
  const kith_fanouts *l = &o->cascade.layers;
  bool reads = l->n == 0;
  for (int i = 0; i < l->n; i++) reads = reads || l->of[i] == 0;
  return reads;
}

/* The number of behavior b among the relations of the merged matrix. */
static int cascade_relation(const kith_model_options *o, int b) {
  for (int i = 0; i < o->relations.n; i++)
    if (strcmp(o->relations.of[i].name, o->cascade.order.of[b]) == 0) return 1 + i;
  return 0;
}

/* The entries of behavior b in the next layer's block: on the full graph all layers have the same block. */
static const kith_block *cascade_block(cascade *m, int b, bool first) {
  const kith_block *of = m->ctx->block[m->l];
  if (first || of != m->of) m->behave = kith_relation_block_op(m->ctx->tape, of, cascade_relation(m->o, b));
  m->of = of;
  return m->behave;
}

/* H_l of H_(l-1); *x: rows that follow, cut to those of the new layer. */
static kith_tensor *cascade_layer(cascade *m, int b, bool first, const kith_output *last, kith_tensor *h,
                                  kith_tensor **x) {
  kith_tape *t = m->ctx->tape;
  const kith_block *block = cascade_block(m, b, first);
  if (!block) return NULL;
  h = kith_propagate_with_op(t, block, &(kith_propagation){.output = last}, h);
  kith_model_layer_output(m->ctx, h);
  *x = kith_dst_rows_op(t, m->of, *x);
  m->l++;
  return h;
}

/* E_b, the mean of all layers. */
static kith_tensor *cascade_mean(cascade *m, int b, kith_tensor *x) {
  int n = kith_cascade_behavior_layers(m->o, b);
  float share = 1 / (float)(n + 1);
  kith_tensor *h = x, *sum = x;
  for (int l = 0; l < n; l++) {
    h = cascade_layer(m, b, l == 0, NULL, h, &sum);
    sum = kith_add_op(m->ctx->tape, l == 0 ? share : 1, sum, share, h);
  }
  return sum;
}

/* The same of the last behavior, which only the output reads. */
static void cascade_mean_last(cascade *m, int b, kith_tensor *x) {
  int n = kith_cascade_behavior_layers(m->o, b);
  float share = 1 / (float)(n + 1);
  kith_tensor *h = x;
  kith_layer_combine_op(m->ctx->tape, m->ctx->output, share, 0, x);
  for (int l = 0; l < n; l++) {
    h = cascade_layer(m, b, l == 0, l + 1 == n ? m->ctx->output : NULL, h, &x);
    kith_layer_combine_op(m->ctx->tape, m->ctx->output, share, 0, h);
  }
}

/* The product of the rows of users, or of items, with their weights; other rows are zero. */
static kith_tensor *cascade_side(const cascade *m, const char *name, int b, int type, kith_tensor *e) {
  int d = m->o->dim;
  kith_tensor *w = kith_model_weights(m->ctx, name, b, d, d, KITH_INIT_IDENTITY);
  return kith_linear_op(m->ctx->tape, kith_type_rows_op(m->ctx->tape, type, e), w, NULL);
}

/* X_(b+1) of E_b. */
static kith_tensor *cascade_transform(const cascade *m, int b, kith_tensor *e) {
  int d = m->o->dim;
  switch (m->o->cascade.transform) {
  case KITH_CASCADE_NONE: return e;
  case KITH_CASCADE_SHARED:
    return kith_linear_op(m->ctx->tape, e,
                          kith_model_weights(m->ctx, "transform", b, d, d, KITH_INIT_IDENTITY), NULL);
  default: break;
  }
  kith_tensor *users = cascade_side(m, "transform.user", b, KITH_USER, e);
  return kith_add_op(m->ctx->tape, 1, users, 1, cascade_side(m, "transform.item", b, KITH_ITEM, e));
}

/* The rows that an auxiliary loss of behavior b trains. */
static void cascade_further(const cascade *m, int b, kith_tensor *rows) {
  kith_output *out = kith_model_further(m->ctx, m->o->cascade.order.of[b]);
  if (out) kith_layer_combine_op(m->ctx->tape, out, 1, 0, rows);
}

static void cascade_sum(cascade *m) {
  kith_tensor *x = m->ctx->x;
  int last = m->o->cascade.order.n - 1;
  for (int b = 0; b < last; b++) {
    kith_tensor *e = cascade_mean(m, b, x);
    kith_layer_combine_op(m->ctx->tape, m->ctx->output, 1, 0, e);
    cascade_further(m, b, e);
    x = cascade_transform(m, b, e);
  }
  cascade_mean_last(m, last, x);
}

static void cascade_residual(cascade *m) {
  kith_tape *t = m->ctx->tape;
  kith_tensor *x = m->ctx->x;
  for (int b = 0; b < m->o->cascade.order.n; b++) {
    kith_tensor *h = x;
    for (int l = 0; l < kith_cascade_behavior_layers(m->o, b); l++)
      h = cascade_layer(m, b, l == 0, NULL, h, &x);
    x = kith_add_op(t, 1, x, 1, kith_model_unit_rows(m->ctx, h));
    cascade_further(m, b, x);
  }
  kith_layer_combine_op(t, m->ctx->output, 1, 0, x);
}

void kith_cascade_record(const kith_model_options *o, const kith_model_ctx *ctx) {
  cascade m = {.o = o, .ctx = ctx};
  if (o->cascade.residual) cascade_residual(&m);
  else cascade_sum(&m);
}

/* ---- checks ---- */

static bool cascade_is_in_order(const kith_relation_names *order, const char *name) {
  for (int b = 0; b < order->n; b++)
    if (strcmp(order->of[b], name) == 0) return true;
  return false;
}

static kith_status cascade_check_order(const kith_relation_names *order) {
  kith_status st = KITH_OK;
  KITH_CHECK(order->n > 0 && strcmp(order->of[order->n - 1], KITH_INTERACTIONS) == 0, KITH_ECONFIG,
             "model.cascade.order: expected the behaviors in their order, %s last, such as [view, cart, "
             "%s]; found %s%s",
             KITH_INTERACTIONS, KITH_INTERACTIONS, order->n > 0 ? "a list that ends with " : "none",
             order->n > 0 ? order->of[order->n - 1] : "");
  for (int b = 0; b + 1 < order->n; b++)
    KITH_CHECK(strcmp(order->of[b], KITH_INTERACTIONS) != 0, KITH_ECONFIG,
               "model.cascade.order: expected %s last, and once", KITH_INTERACTIONS);
done:
  return st;
}

/* Each behavior's graph counts as it is: its own normalization, weight 1. */
static kith_status cascade_check_relations(const kith_model_options *o) {
  kith_status st = KITH_OK;
  const kith_relation_weights *w = &o->relations;
  for (int i = 0; i < w->n; i++) {
    const char *name = w->of[i].name;
    KITH_CHECK(cascade_is_in_order(&o->cascade.order, name), KITH_ECONFIG,
               "model.relations.%s: cascade reads the relations of model.cascade.order, and %s is none of "
               "them; add it there, or leave it out here",
               name, name);
    KITH_CHECK(!w->of[i].learned && w->of[i].weight == 1, KITH_ECONFIG,
               "model.relations.%s: cascade reads each behavior's graph by itself; expected 1", name);
  }
  for (int b = 0; b + 1 < o->cascade.order.n; b++)
    KITH_CHECK(cascade_relation(o, b) > 0, KITH_ECONFIG,
               "model.cascade.order: %s is no relation of model.relations; expected it there, with weight 1",
               o->cascade.order.of[b]);
  KITH_CHECK(w->n == 0 || w->tie == KITH_TIE_NONE, KITH_ECONFIG,
             "model.tie: cascade reads relations of users with items, which are no ties; expected none");
done:
  return st;
}

kith_status kith_cascade_check(const kith_model_options *o) {
  kith_status st = KITH_OK;
  const kith_cascade_options *c = &o->cascade;
  KITH_TRY(cascade_check_order(&c->order));
  KITH_CHECK(
      c->layers.n <= 1 || c->layers.n == c->order.n, KITH_ECONFIG,
      "model.cascade.layers: %d numbers, but model.cascade.order has %d behaviors; expected one number "
      "for all, or one for each",
      c->layers.n, c->order.n);
  for (int b = 0; b < c->order.n; b++)
    KITH_CHECK(kith_cascade_behavior_layers(o, b) > 0, KITH_ECONFIG,
               "model.layers: 0, but cascade needs at least one layer for each behavior");
  KITH_CHECK(kith_cascade_layers(o) <= KITH_MAX_LAYERS, KITH_ECONFIG,
             "model.cascade.layers: %d layers in all; expected at most %d", kith_cascade_layers(o),
             KITH_MAX_LAYERS);
  KITH_TRY(cascade_check_relations(o));
done:
  return st;
}

kith_status kith_cascade_check_schema(const kith_model_options *o, const kith_schema *s) {
  kith_status st = KITH_OK;
  for (int b = 0; o->name == KITH_CASCADE && b + 1 < o->cascade.order.n; b++) {
    const char *name = o->cascade.order.of[b];
    int r = kith_schema_find_relation(s, name);
    if (r < 0) continue; /* the trainer's check of model.relations refuses it */
    const kith_relation_type *e = &s->relation[r];
    int from = kith_schema_side(s, e->from), to = kith_schema_side(s, e->to);
    KITH_CHECK(from >= 0 && to >= 0 && from != to, KITH_ECONFIG,
               "model.cascade.order: %s is a relation of %s and %s; expected relations of users with items",
               name, s->type[e->from], s->type[e->to]);
    KITH_CHECK(e->direction == KITH_DIRECTION_BOTH, KITH_ECONFIG,
               "model.cascade.order: %s is read in one direction; expected data.relations.%s.direction: both",
               name, name);
  }
done:
  return st;
}
