/*
 * LSTM aggregation, in groups of rows, so that memory does not grow with the graph.  Backward runs a group's
 * forward pass again, unless all rows are one group.
 */
#include "base/order.h"
#include "ops/lstm.h"
#include "tape/tape.h"

typedef struct lstm {
  const kith_block *block;
  const kith_exec_ctx *exec;
  kith_tensor *z, *w, *y;
  kith_lstm s;
} lstm;

static kith_lid lstm_group(lstm *o, kith_lid first) {
  const kith_csr *a = o->block->csr;
  kith_lstm_order order = {.shuffled = o->exec->training,
                           .seed = o->exec->seed,
                           .step = o->exec->step,
                           .row = o->block->dst->node,
                           .col = o->block->src->node};
  kith_lid last = kith_lstm_group_end(a, first, o->s.max_entries);
  kith_lstm_plan(&o->s, a, first, last, &order);
  kith_lstm_forward(&o->s, kith_tensor_rows(o->z), o->w->value, o->y->value);
  return last;
}

static void lstm_forward(void *self) {
  lstm *o = self;
  kith_clear(kith_tensor_n(o->y) * o->y->d, o->y->value); /* rows without neighbors */
  for (kith_lid p = 0; p < o->block->csr->n_row;) p = lstm_group(o, p);
}

static void lstm_backward(void *self) {
  lstm *o = self;
  const kith_csr *a = o->block->csr;
  const float *dy = kith_tensor_grad(o->y);
  float *dw = kith_tensor_grad(o->w);
  const kith_grad_rows dz = kith_tensor_grad_rows(o->z);
  bool one_group = a->n_row > 0 && kith_lstm_group_end(a, 0, o->s.max_entries) == a->n_row;
  for (kith_lid p = 0; p < a->n_row;) {
    p = one_group ? a->n_row : lstm_group(o, p);
    kith_lstm_backward(&o->s, o->w->value, dy, dw, dz);
  }
}

/* Entries of the longest row: exact on the full graph; in a sampled block a row has each source row once. */
static kith_eid lstm_longest(const kith_block *block) {
  if (!block->dist_csr) return block->src->capacity;
  const kith_eid longest = kith_longest_row(block->dist_csr->csr.n_row, block->dist_csr->csr.start);
  return (longest > 1 ? longest : 1) + 1; /* + 1: a self-loop */
}

static void lstm_allocate(kith_tape *t, const kith_block *block, kith_eid max_entries, int d, kith_lstm *s) {
  kith_eid longest = lstm_longest(block), wanted = max_entries > longest ? max_entries : longest;
  s->d = d;
  s->max_entries = wanted < block->edges->capacity ? wanted : block->edges->capacity;
  s->max_rows = (kith_lid)(s->max_entries < block->dst->capacity ? s->max_entries : block->dst->capacity);
  s->position = kith_tape_workspace(t, s->max_rows, sizeof *s->position);
  s->row = kith_tape_workspace(t, s->max_rows, sizeof *s->row);
  s->time_start = kith_tape_workspace(t, s->max_entries + 1, sizeof *s->time_start);
  s->bucket = kith_tape_workspace(t, s->max_entries + 1, sizeof *s->bucket);
  s->col = kith_tape_workspace(t, s->max_entries, sizeof *s->col);
  s->sort = kith_tape_workspace(t, s->max_entries, sizeof *s->sort);
  s->gate = kith_tape_workspace(t, s->max_entries * 4 * d, sizeof *s->gate);
  s->cell = kith_tape_workspace(t, s->max_entries * d, sizeof *s->cell);
  s->h = kith_tape_workspace(t, (int64_t)s->max_rows * d, sizeof *s->h);
  s->dh = kith_tape_workspace(t, (int64_t)s->max_rows * d, sizeof *s->dh);
  s->dcell = kith_tape_workspace(t, (int64_t)s->max_rows * d, sizeof *s->dcell);
}

kith_tensor *kith_lstm_op(kith_tape *t, const kith_block *block, const kith_exec_ctx *exec,
                          kith_eid max_entries, kith_tensor *z, kith_tensor *w) {
  if (!z || !w) return NULL;
  kith_ghosts_read(t, block, z, true);
  lstm made = {
      .block = block, .exec = exec, .z = z, .w = w, .y = kith_tape_node_tensor(t, block->dst, (int)w->n_row)};
  lstm_allocate(t, block, max_entries, (int)w->n_row, &made.s);
  return kith_tape_record(t, "lstm", false, lstm_forward, lstm_backward, &made, sizeof made, made.y);
}
