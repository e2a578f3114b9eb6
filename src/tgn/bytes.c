/* What a rank needs to train TGN, before it starts: the arrays of tgn.c, memory.c, evidence.c and record.c.
 */
#include "tgn/tgn_impl.h"

enum {
  BYTES_ENTRY = 28,   /* of an entry of a block, with its transpose and age */
  BYTES_REQUEST = 44, /* of a row that is asked for: its number, its place, and the sort */
  BYTES_GATES = 12,   /* of a row and column of the unit's workspace */
  BYTES_ROW = 33      /* of a row beside its columns: times, counts, places */
};

static int64_t bytes_floats(int64_t n) { return n * (int64_t)sizeof(float); }

/* Values, in training also gradients. */
static int64_t bytes_tensor(bool trains, int64_t n_row, int64_t d) {
  return trains ? kith_tape_tensor_bytes(n_row, (int)d) : bytes_floats(n_row * d);
}

static int64_t bytes_weights(const kith_stream_options *o, int n_feature) {
  const int64_t d = o->dim, k = o->time_dim + n_feature;
  const int64_t unit = 3 * d * (3 * d + k + 2), attention = 3 * d * d + 2 * k * d + d + o->time_dim,
                dense = 2 * 3 * d * d + 3 * d, evidence = o->evidence ? (d + 1) * TGN_EVIDENCE : 0;
  return unit + attention + dense + evidence;
}

/* Rows that the unit rewrites: what it reads, codes, message, gates, memory. */
static int64_t bytes_unit(const kith_stream_options *o, int n_feature, bool trains, int64_t n_row) {
  const int64_t d = o->dim, k = o->time_dim;
  return bytes_floats(n_row * (2 * d + n_feature)) + bytes_tensor(trains, n_row, n_feature) +
         bytes_tensor(trains, n_row, 11 * d + 2 * k) + BYTES_GATES * n_row * d;
}

/* Rows that get an embedding, each of attention over some entries. */
static int64_t bytes_side(const kith_stream_options *o, int n_feature, bool trains, int64_t n_row,
                          int64_t n_entry) {
  const int64_t d = o->dim, k = o->time_dim + n_feature;
  return bytes_tensor(trains, n_row, 8 * d) + bytes_tensor(trains, n_entry, k) +
         (n_feature > 0 ? bytes_tensor(trains, n_entry, o->time_dim) + bytes_floats(n_entry * n_feature)
                        : 0) +
         8 * o->heads * (n_entry + n_row * k) + BYTES_ENTRY * (n_entry + n_row);
}

/* One recording: `event` of a batch's users, and items if those are embedded, too. */
static int64_t bytes_recording(const kith_graph_sizes *s, const kith_stream_options *o, int n_feature,
                               bool trains, int64_t event, bool items) {
  const int64_t d = o->dim, own = s->n_own_of[KITH_ITEM], n = s->n[KITH_ITEM], nodes = s->n[KITH_USER] + n,
                near = kith_min(own * o->neighbors, s->n_entry),
                asked = event * (1 + o->neighbors) + (items ? own + near : 0), leaf = kith_min(asked, nodes);
  int64_t bytes = bytes_unit(o, n_feature, trains, kith_min(leaf, s->n_own)) +
                  bytes_tensor(trains, leaf, 4 * d) + BYTES_ENTRY * leaf + BYTES_REQUEST * asked +
                  kith_halo_memory_bytes(s->size, leaf, leaf, o->dim);
  if (event > 0) bytes += bytes_side(o, n_feature, trains, event, event * o->neighbors);
  if (event > 0 && o->evidence) bytes += bytes_tensor(trains, event, TGN_EVIDENCE);
  if (!items) return bytes;
  return bytes + bytes_side(o, n_feature, trains, own, near) +
         bytes_tensor(trains, own * s->size + 2 * n, d) + BYTES_ENTRY * (own * s->size + n) +
         kith_halo_memory_bytes(s->size, n, own * s->size, o->dim);
}

kith_tgn_bytes kith_tgn_memory(const kith_graph_sizes *s, const kith_stream_options *o, int n_feature,
                               int n_slot) {
  const int64_t d = o->dim, n = s->n[KITH_ITEM], batch = o->batch,
                share = kith_min(batch, 2 * batch / s->size), weights = bytes_weights(o, n_feature),
                block = kith__tgn_block_items(n, o->batch, 0);
  kith_tgn_bytes b = {
      .packed = bytes_floats(s->n_own * ((3 + n_slot) * d + 4 + n_feature) + (1 + n_slot) * weights)};
  b.state = bytes_floats(s->n_own * ((3 + n_slot) * d + (1 + o->neighbors) * n_feature)) +
            bytes_floats(batch * n_feature) +
            s->n_own * (BYTES_ROW + (int64_t)sizeof(kith_stream_neighbor) * o->neighbors) +
            (s->n_pair + s->n_held_out) * (int64_t)sizeof(kith_stream_met) + kith_params_bytes(weights) +
            TGN_HALF_LIVES * n * (int64_t)(sizeof(double) + 3 * sizeof(float)) + bytes_floats(n);
  b.step = bytes_recording(s, o, n_feature, true, share, true) +
           bytes_unit(o, n_feature, false, kith_min(2 * batch, s->n_own)) + bytes_floats(2 * batch * d) +
           batch * TGN_MAX_MET * (int64_t)sizeof(tgn_met) / s->size +
           bytes_floats(share * (1 + TGN_HALF_LIVES) * block);
  b.evaluation = bytes_recording(s, o, n_feature, false, share, false) +
                 bytes_recording(s, o, n_feature, false, 0, true);
  return b;
}
