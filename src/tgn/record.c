/*
 * The formulas of TGN (Rossi et al., 2020; docs/models.md).  An owner applies the messages of its rows that a
 * batch reads, the rows travel, and every rank embeds the users of its events and the items that it owns.
 */
#include <math.h>

#include "tgn/tgn_impl.h"

static kith_tensor *record_weights(kith_tgn *t, const char *name, int64_t n, int d) {
  return kith_params_get(t->params, name, n, d, KITH_INIT_GLOROT);
}

static kith_tensor *record_bias(kith_tgn *t, const char *name, int d) {
  return kith_params_get(t->params, name, 1, d, KITH_INIT_ZERO);
}

/* Frequencies from 1 to 1e-9 a second in equal ratios, as TGAT begins (Xu et al., ICLR 2020), and not
 * learned: an angle is a frequency times up to millions of seconds, so that what rounding does to a learned
 * one would decide the code. */
static void record_rates(kith_tgn *t, tgn_recording *r) {
  const int k = t->o.time_dim;
  r->rate = kith_tape_tensor(r->tape, 1, k);
  for (int c = 0; r->rate && c < k; c++) r->rate->value[c] = (float)(log(1e-9) * c / (k > 1 ? k - 1 : 1));
}

/* differs: less the code of age 0. */
static kith_tensor *record_codes(kith_tgn *t, tgn_recording *r, bool differs, const kith_node_map *rows,
                                 const float *age) {
  return kith_code_rows_op(r->tape, rows, differs, age, r->rate, record_bias(t, "time phase", t->o.time_dim));
}

/* memory = GRU([s, heard, code of wait, features], s), eqs. 1 and 3; z = memory + x. */
static void record_memory(kith_tgn *t, tgn_recording *r) {
  const int d = t->o.dim, k = t->o.time_dim, f = t->o.n_feature;
  kith_tape *tape = r->tape;
  r->s = kith_tape_constant(tape, &r->own, d);
  r->heard = kith_tape_constant(tape, &r->own, d);
  r->x = kith_tape_node_tensor(tape, &r->own, d);
  if (f > 0) r->feature = kith_tape_constant(tape, &r->own, f);
  kith_tensor *raw[4] = {r->s, r->heard, record_codes(t, r, false, &r->own, r->wait), r->feature};
  kith_tensor *message = kith_linear_op(tape, kith_concat_op(tape, f > 0 ? 4 : 3, raw),
                                        record_weights(t, "gru message", 2 * d + k + f, 3 * d),
                                        record_bias(t, "gru message bias", 3 * d));
  kith_tensor *state = kith_linear_op(tape, r->s, record_weights(t, "gru memory", d, 3 * d),
                                      record_bias(t, "gru memory bias", 3 * d));
  r->memory = kith_gru_op(tape, r->on, message, state, r->s);
  r->z = kith_add_op(tape, 1, r->memory, 1, r->x);
}

static const kith_node_map ONE = {.n = 1, .capacity = 1};
static const float NOW = 0; /* an age */

/* What entries add to keys and values: codes of time, and features of their events beside these. */
static kith_coded_weights record_coded(kith_tgn *t, tgn_recording *r, tgn_side *s) {
  const int d = t->o.dim, f = t->o.n_feature, n = f > 0 ? 2 : 1;
  kith_tape *tape = r->tape;
  kith_tensor *code[2] = {record_codes(t, r, true, &s->near.edges, s->age)},
              *base[2] = {record_codes(t, r, false, &ONE, &NOW)};
  if (f > 0) {
    code[1] = s->feature = kith_tape_constant(tape, &s->near.edges, f);
    base[1] = kith_tape_constant(tape, &ONE, f);
  }
  return (kith_coded_weights){.alpha = &s->alpha,
                              .code = n > 1 ? kith_concat_op(tape, n, code) : code[0],
                              .base = n > 1 ? kith_concat_op(tape, n, base) : base[0],
                              .key = record_weights(t, "time key", t->o.time_dim + f, d),
                              .value = record_weights(t, "time value", t->o.time_dim + f, d)};
}

/*
 * h = W2 ReLU(W1 [attention, z]), eqs. 8 to 11 with one layer; the dense layers are those of a side.  An item
 * has no bias in the last one: it would add the same to all scores of an event, which a softmax does not see.
 */
static kith_tensor *record_embedding(kith_tgn *t, tgn_recording *r, int side, kith_tensor *leaf,
                                     kith_tensor *key, kith_tensor *value) {
  const int d = t->o.dim;
  tgn_side *s = &r->side[side];
  kith_tape *tape = r->tape;
  kith_tensor *z = kith_aggregate_op(tape, &s->center.block, KITH_NORM_NONE, leaf);
  kith_tensor *q = kith_linear_op(tape, z, record_weights(t, "query", d, d), record_bias(t, "query bias", d));
  const kith_coded_weights w = record_coded(t, r, s);
  kith_tensor *both[2] = {kith_coded_attention_op(tape, &s->near.block, t->o.heads, q, key, value, w), z};
  kith_tensor *h =
      kith_linear_op(tape, kith_concat_op(tape, 2, both),
                     record_weights(t, side == KITH_USER ? "user dense 1" : "item dense 1", 2 * d, d),
                     record_bias(t, side == KITH_USER ? "user bias 1" : "item bias 1", d));
  return kith_linear_op(tape, kith_activate_op(tape, KITH_RELU, 0, h),
                        record_weights(t, side == KITH_USER ? "user dense 2" : "item dense 2", d, d),
                        side == KITH_USER ? record_bias(t, "user bias 2", d) : NULL);
}

/* Items' embeddings from their owners to every rank, then by original number. */
static void record_spread(tgn_recording *r) {
  kith_tensor *given = kith_aggregate_op(r->tape, &r->given.block, KITH_NORM_NONE, r->side[KITH_ITEM].h);
  kith_tensor *all = kith_exchange_rows_op(r->tape, r->spread, given, &r->all);
  r->item = kith_aggregate_op(r->tape, &r->by_number.block, KITH_NORM_NONE, all);
}

static void record_formulas(kith_tgn *t, tgn_recording *r) {
  record_rates(t, r);
  record_memory(t, r);
  if (!r->travels) return;
  const int d = t->o.dim;
  kith_tensor *sent = kith_aggregate_op(r->tape, &r->sent.block, KITH_NORM_NONE, r->z);
  kith_tensor *leaf = kith_exchange_rows_op(r->tape, r->halo, sent, &r->leaves);
  kith_tensor *key = kith_linear_op(r->tape, leaf, record_weights(t, "key", d, d), NULL);
  kith_tensor *value = kith_linear_op(r->tape, leaf, record_weights(t, "value", d, d), NULL);
  for (int s = 0; s < KITH_SIDES; s++)
    if (r->side[s].on) r->side[s].h = record_embedding(t, r, s, leaf, key, value);
  if (r->side[KITH_ITEM].on) record_spread(r);
  if (r->side[KITH_USER].on && t->o.evidence)
    r->weight =
        kith_linear_op(r->tape, r->side[KITH_USER].h,
                       kith_params_get(t->params, "evidence of user", d, TGN_EVIDENCE, KITH_INIT_ZERO),
                       record_bias(t, "evidence", TGN_EVIDENCE));
}

/* ---- what they read ---- */

static kith_status record_own(const kith_tgn *t, int64_t max_own, tgn_recording *r) {
  kith_status st = KITH_OK;
  r->own.capacity = max_own;
  KITH_TRY(kith_tape_create(&r->tape));
  KITH_TRY(KITH_NEW(r->row, max_own));
  KITH_TRY(KITH_NEW(r->slot, t->g->n_own));
  KITH_TRY(KITH_NEW(r->on, max_own));
  KITH_TRY(KITH_NEW(r->wait, max_own));
done:
  return st;
}

static kith_status record_side(const kith_tgn *t, kith_lid max_row, int64_t max_leaf, tgn_side *s) {
  kith_status st = KITH_OK;
  const int64_t entries = (int64_t)max_row * t->o.neighbors;
  s->on = true;
  KITH_TRY(kith__tgn_block_make(max_row, (kith_lid)max_leaf, max_row, &s->center));
  KITH_TRY(kith__tgn_block_make(max_row, (kith_lid)max_leaf, entries, &s->near));
  s->near.block.dst = &s->center.rows; /* the same rows: tensors of both are added and set side by side */
  KITH_TRY(KITH_NEW(s->age, entries));
done:
  return st;
}

static kith_status record_rows(const kith_tgn *t, tgn_parts parts, int64_t max_leaf, int64_t max_send,
                               tgn_recording *r) {
  kith_status st = KITH_OK;
  r->leaves.capacity = max_leaf;
  KITH_TRY(record_own(t, kith_min(max_send, t->g->n_own), r));
  KITH_TRY(kith__tgn_block_make((kith_lid)max_send, t->g->n_own, max_send, &r->sent));
  if (parts.users) KITH_TRY(record_side(t, t->o.batch, max_leaf, &r->side[KITH_USER]));
  if (parts.items) KITH_TRY(record_side(t, t->g->n_own_of[KITH_ITEM], max_leaf, &r->side[KITH_ITEM]));
  KITH_TRY(KITH_NEW(r->request, r->max_request));
  KITH_TRY(KITH_NEW(r->leaf_of, r->max_request));
  KITH_TRY(KITH_NEW(r->key, r->max_request));
  KITH_TRY(KITH_NEW(r->scratch, r->max_request));
  KITH_TRY(KITH_NEW(r->leaf, max_leaf));
  KITH_TRY(kith_halo_reserve(r->halo, t->o.dim));
done:
  return st;
}

/* All items, ascending by global number, and the place of each original number among them. */
static kith_status record_items(const kith_tgn *t, kith_gid *number, tgn_recording *r) {
  kith_status st = KITH_OK;
  const kith_graph *g = t->g;
  const int64_t n = g->n[KITH_ITEM];
  kith_key_value *x = NULL, *scratch = NULL;
  kith_lid *place = NULL;
  KITH_TRY(KITH_NEW(x, n));
  KITH_TRY(KITH_NEW(scratch, n));
  KITH_TRY(KITH_NEW(place, n));
  for (int64_t i = 0; i < n; i++) x[i] = (kith_key_value){g->item_number[i], (int32_t)i};
  kith_sort(n, kith_graph_n_node(g) - 1, x, scratch);
  for (int64_t i = 0; i < n; i++) {
    number[i] = x[i].key;
    place[x[i].value] = (kith_lid)i;
  }
  r->all = (kith_node_map){.n = n, .capacity = n};
  KITH_TRY(kith__tgn_block_make((kith_lid)n, (kith_lid)n, n, &r->by_number));
  for (int64_t i = 0; i < n; i++) {
    kith__tgn_block_row(&r->by_number);
    kith__tgn_block_entry(&r->by_number, place[i]);
  }
  kith__tgn_block_done(&r->by_number, (kith_lid)n);
done:
  KITH_FREE(x);
  KITH_FREE(scratch);
  KITH_FREE(place);
  return st;
}

/* Every rank sends each of its items to every rank. */
static kith_status record_given(const kith_tgn *t, tgn_recording *r) {
  kith_status st = KITH_OK;
  const kith_lid *send = kith_halo_send_row(r->spread), n = kith_halo_n_send(r->spread);
  const kith_lid n_item = t->g->n_own_of[KITH_ITEM], *item = t->g->row_of[KITH_ITEM];
  KITH_TRY(kith_halo_reserve(r->spread, t->o.dim));
  KITH_TRY(kith__tgn_block_make(n, n_item, n, &r->given));
  for (kith_lid s = 0, at = 0; s < n; s++) { /* ascending for each receiver */
    if (at >= n_item || send[s] < item[at]) at = 0;
    while (item[at] != send[s]) at++;
    kith__tgn_block_row(&r->given);
    kith__tgn_block_entry(&r->given, at);
  }
  kith__tgn_block_done(&r->given, n_item);
done:
  return st;
}

static kith_agreed record_spread_rows(const kith_tgn *t, tgn_recording *r) {
  kith_agreed st = {KITH_OK};
  kith_gid *number = NULL;
  const int64_t n = t->g->n[KITH_ITEM];
  KITH_TRY(kith_agree(t->comm, KITH_NEW(number, n)));
  KITH_TRY(kith_agree(t->comm, record_items(t, number, r)));
  KITH_TRY(kith_halo_create_dynamic(t->comm, t->g->first, n,
                                    (int64_t)t->g->n_own_of[KITH_ITEM] * t->comm->size, t->o.dim,
                                    &r->spread));
  (void)kith_halo_setup(r->spread, (kith_lid)n, number, NULL, 0);
  KITH_TRY(kith_agree(t->comm, record_given(t, r)));
done:
  KITH_FREE(number);
  return st;
}

kith_agreed kith__tgn_record(kith_tgn *t, tgn_parts parts, tgn_recording *r) {
  kith_agreed st = {KITH_OK};
  const kith_graph *g = t->g;
  *r = (tgn_recording){.travels = parts.users || parts.items};
  r->max_request = (int64_t)((parts.users ? t->o.batch : 0) + (parts.items ? g->n_own_of[KITH_ITEM] : 0)) *
                   (1 + t->o.neighbors);
  if (r->travels) {
    const int64_t max_leaf = kith_min(r->max_request, kith_graph_n_node(g)),
                  most = kith_comm_max(t->comm, max_leaf),
                  max_send = kith_min(most, g->n_own) * t->comm->size;
    KITH_TRY(kith_halo_create_dynamic(t->comm, g->first, max_leaf, max_send, t->o.dim, &r->halo));
    KITH_TRY(kith_agree(t->comm, record_rows(t, parts, max_leaf, max_send, r)));
  } else KITH_TRY(kith_agree(t->comm, record_own(t, kith_min(2 * t->o.batch, g->n_own), r)));
  if (parts.items) KITH_TRY(record_spread_rows(t, r));
  record_formulas(t, r);
  KITH_TRY(kith_agree(t->comm, kith_tape_status(r->tape)));
done:
  return st;
}

void kith__tgn_recording_free(tgn_recording *r) {
  kith_tape_destroy(&r->tape);
  KITH_FREE(r->row);
  KITH_FREE(r->slot);
  KITH_FREE(r->on);
  KITH_FREE(r->wait);
  kith_halo_destroy(&r->halo);
  kith__tgn_block_free(&r->sent);
  KITH_FREE(r->request);
  KITH_FREE(r->leaf);
  KITH_FREE(r->leaf_of);
  KITH_FREE(r->key);
  KITH_FREE(r->scratch);
  for (int s = 0; s < KITH_SIDES; s++) {
    kith__tgn_block_free(&r->side[s].center);
    kith__tgn_block_free(&r->side[s].near);
    KITH_FREE(r->side[s].age);
  }
  kith_halo_destroy(&r->spread);
  kith__tgn_block_free(&r->given);
  kith__tgn_block_free(&r->by_number);
}
