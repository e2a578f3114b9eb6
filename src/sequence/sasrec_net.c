/*
 * The formulas of SASRec (Kang and McAuley, ICDM 2018, sections III-A to III-D), with layer normalization
 * before each of the two parts of a block (III-C) and after the last block.
 *
 * Items are z_i = v_i + W e_i, with e_i the row of item i that a model of the graph gives; they are both what
 * enters and what is scored (III-D, eq. 6).
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "sequence/sasrec.h"

static kith_tensor *net_weights(const kith_sasrec_net *n, int block, const char *name, int64_t n_row,
                                kith_init init) {
  char full[KITH_NAME];
  if (block < 0) snprintf(full, sizeof full, "sasrec.%.40s", name);
  else snprintf(full, sizeof full, "sasrec.%.40s.%d", name, block);
  return kith_params_get(n->params, full, n_row, n->o->dim, init);
}

static kith_tensor *net_normalize(const kith_sasrec_net *n, int block, const char *name, kith_tensor *x) {
  char gain[KITH_NAME], bias[KITH_NAME];
  snprintf(gain, sizeof gain, "%.24s_gain", name);
  snprintf(bias, sizeof bias, "%.24s_bias", name);
  kith_tensor *g = net_weights(n, block, gain, 1, KITH_INIT_ONE);
  kith_tensor *b = net_weights(n, block, bias, 1, KITH_INIT_ZERO);
  return kith_layer_norm_op(n->tape, x, g, b);
}

static kith_tensor *net_linear(const kith_sasrec_net *n, int block, const char *name, const char *bias,
                               kith_tensor *x) {
  kith_tensor *w = net_weights(n, block, name, n->o->dim, KITH_INIT_GLOROT);
  kith_tensor *b = bias ? net_weights(n, block, bias, 1, KITH_INIT_ZERO) : NULL;
  return kith_linear_op(n->tape, x, w, b);
}

/* Rows of the tape, or a constant, whose values are copied. */
static kith_tensor *net_graph_rows(kith_sasrec_net *n) {
  if (!n->e) n->e = kith_tape_constant(n->tape, n->items, n->d_row);
  if (n->e && n->row) memcpy(n->e->value, n->row, (size_t)n->items->n * (size_t)n->d_row * sizeof *n->row);
  return n->e;
}

/* z = v + e W; v alone without rows of the graph. */
static kith_tensor *net_items(kith_sasrec_net *n) {
  kith_tensor *v = net_weights(n, -1, "item", n->items->n, KITH_INIT_GLOROT);
  if (n->d_row == 0) return v;
  kith_tensor *w = net_weights(n, -1, "graph", n->d_row, KITH_INIT_GLOROT);
  return kith_add_op(n->tape, 1, v, 1, kith_linear_op(n->tape, net_graph_rows(n), w, NULL));
}

/* Eqs. 2 and 3: queries, keys and values of every head, without biases. */
static kith_tensor *net_attention(const kith_sasrec_net *n, int b, kith_tensor *x) {
  kith_tensor *q = net_linear(n, b, "query", NULL, x);
  kith_tensor *k = net_linear(n, b, "key", NULL, x);
  kith_tensor *v = net_linear(n, b, "value", NULL, x);
  return kith_causal_attention_op(n->tape, &n->rows->sequences, n->o->heads, q, k, v);
}

/* Eq. 4: two layers, ReLU after the first. */
static kith_tensor *net_dense(const kith_sasrec_net *n, int b, kith_tensor *x) {
  kith_tensor *y = kith_activate_op(n->tape, KITH_RELU, 0, net_linear(n, b, "first", "first_bias", x));
  return net_linear(n, b, "second", "second_bias", y);
}

/* III-C: x + dropout(g(layer norm(x))). */
static kith_tensor *net_residual(const kith_sasrec_net *n, kith_tensor *x, kith_tensor *y) {
  return kith_add_op(n->tape, 1, x, 1, kith_dropout_op(n->tape, n->exec, n->o->dropout, false, y));
}

void kith_sasrec_record(kith_sasrec_net *n) {
  n->z = net_items(n);
  kith_tensor *position = net_weights(n, -1, "position", n->o->length, KITH_INIT_GLOROT);
  kith_tensor *x =
      kith_sequence_rows_op(n->tape, &n->rows->map, &n->rows->at, sqrtf((float)n->o->dim), n->z, position);
  x = kith_dropout_op(n->tape, n->exec, n->o->dropout, false, x);
  for (int b = 0; b < n->o->blocks; b++) {
    x = net_residual(n, x, net_attention(n, b, net_normalize(n, b, "attention", x)));
    x = net_residual(n, x, net_dense(n, b, net_normalize(n, b, "dense", x)));
  }
  n->h = net_normalize(n, -1, "last", x);
}
