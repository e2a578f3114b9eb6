/*
 * Graph attention (Velickovic et al., ICLR 2018): z = h W, head by head
 *   alpha_ij = softmax over j of LeakyReLU(a . z_i + b . z_j),   h_i = ELU(sum over j of alpha_ij z_j),
 * where a node is one of its own neighbors.  Heads stand side by side (each width / heads wide), or, in the
 * last layer, are averaged (eq. 6); no activation there.  Dropout on the input of every layer and on
 * attention weights.
 */
#include "kith/model.h"

static const float GAT_SLOPE = 0.2f;

/* Heads of a layer, and the columns of all of them together. */
typedef struct gat_shape {
  int heads, columns;
  bool average;
} gat_shape;

static gat_shape gat_shape_of(const kith_model_options *o, int l) {
  bool last = l + 1 == o->layers;
  gat_shape g = {.heads = last && o->heads_last > 0 ? o->heads_last : o->heads,
                 .average = last && o->gat_last == KITH_GAT_AVERAGE};
  g.columns = kith_model_columns(o, l) * (g.average ? g.heads : 1);
  return g;
}

static kith_tensor *gat_layer(const kith_model_options *o, const kith_stage *s, int l, kith_tensor *h) {
  kith_tape *t = s->tape;
  const kith_hop *hop = s->hop[l];
  gat_shape g = gat_shape_of(o, l);
  kith_tensor *w = kith_stage_weights(s, "weight", l, h->d, g.columns, KITH_INIT_GLOROT);
  kith_tensor *a = kith_stage_weights(s, "left", l, 1, g.columns, KITH_INIT_GLOROT),
              *b = kith_stage_weights(s, "right", l, 1, g.columns, KITH_INIT_GLOROT);
  kith_tensor *z = kith_linear_op(t, h, w, NULL);
  kith_tensor *left = kith_heads_op(t, g.heads, a, z),
              *right = kith_ghosts_op(t, hop, kith_heads_op(t, g.heads, b, z));
  kith_tensor *alpha = kith_softmax_edges_op(t, hop, kith_score_op(t, hop, GAT_SLOPE, left, right));
  if (o->attention_dropout > 0) alpha = kith_dropout_edges_op(t, hop, s->play, o->attention_dropout, alpha);
  kith_tensor *y = kith_attend_op(t, hop, alpha, kith_ghosts_op(t, hop, z));
  return g.average ? kith_heads_mean_op(t, g.heads, y) : y;
}

void kith_gat_record(const kith_model_options *o, const kith_stage *s) {
  kith_tensor *h = s->x;
  for (int l = 0; h && l < o->layers; l++) {
    if (o->dropout > 0) h = kith_dropout_op(s->tape, s->play, o->dropout, false, h);
    h = gat_layer(o, s, l, h);
    if (l + 1 < o->layers) h = kith_activate_op(s->tape, KITH_ELU, 1, h);
    kith_stage_layer(s, h);
  }
  kith_readout_op(s->tape, s->readout, 1, 0, h);
}
