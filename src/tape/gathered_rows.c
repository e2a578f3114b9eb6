/*
 * The last layer of a full-graph step: only the rows that the batch gathers are computed, forward and
 * backward.  A row's bits do not depend on the other rows, and what these would add to sums is zero.
 * Ghosts that none of these rows reads are neither sent nor have gradients.
 */
#include <string.h>

#include "halo/part.h"
#include "tape/tape.h"

typedef struct gathered_rows {
  kith_output *out;
  const kith_block *from;
  kith_lid *index, *row, *position; /* [owned rows] of the subset */
  kith_lid *iota;                   /* [owned rows] their numbers among them: 0, 1, … */
  kith_lid *element;                /* [most gathered rows] */
  int64_t *node;                    /* [owned rows] */
  kith_row_subset subset;
  kith_node_map dst;
  kith_block block;
  kith_gather_index gather_index; /* the output's, of the rows of dst */
  kith_halo_part part;            /* the ghosts that rows of dst read */
} gathered_rows;

/* Evaluation, new nodes: every row. */
static void gathered_rows_take_all(gathered_rows *o) {
  o->dst = *o->from->dst;
  o->gather_index = *o->out->gather_index;
}

static void gathered_rows_take(gathered_rows *o) {
  const kith_gather_index *p = o->out->gather_index;
  for (int64_t i = 0; i < o->subset.n_of; i++) o->index[i] = -1;
  for (kith_lid i = 0; i < p->n_unique; i++) {
    kith_lid row = p->unique_row[i];
    o->iota[i] = i;
    o->index[row] = i;
    o->row[i] = row;
    o->position[i] = o->from->dist_csr->iperm[row];
    o->node[i] = o->from->dst->node[row];
  }
  for (kith_lid s = 0; s < p->n; s++) o->element[s] = o->index[p->row[s]];
  o->gather_index = *p;
  o->gather_index.row = o->element;
  o->gather_index.unique_row = o->iota;
  o->dst.n = p->n_unique;
  o->dst.n_ghost = 0;
  o->dst.node = o->node;
  o->dst.subset = &o->subset;
}

/* Tell the other ranks which of their rows are read. */
static void gathered_rows_tell(gathered_rows *o) {
  const kith_csr *csr = o->block.csr;
  const kith_halo_part *p = &o->part;
  uint8_t *reads = p->recv[KITH_HALO_READ];
  memset(reads, 0, (size_t)(csr->n_col - csr->n_row));
  memset(p->send[KITH_HALO_WRITTEN], 0, (size_t)kith_halo_n_send(p->h));
  for (int64_t i = 0; i < o->dst.n; i++)
    for (kith_eid e = csr->start[o->position[i]]; e < csr->start[o->position[i] + 1]; e++)
      if (csr->col[e] >= csr->n_row) reads[csr->col[e] - csr->n_row] = 1;
  kith_halo_part_begin(p);
  kith_halo_part_end(p);
  o->block.part = p;
}

static void gathered_rows_forward(void *self) {
  gathered_rows *o = self;
  o->block = *o->from; /* edge dropout changes its own at every step */
  o->block.dst = &o->dst;
  if (o->out->all_rows) {
    gathered_rows_take_all(o);
    return;
  }
  gathered_rows_take(o);
  gathered_rows_tell(o);
}

const kith_block *kith_gathered_rows_op(kith_tape *t, const kith_block *block, kith_output *out) {
  if (!block || !block->dist_csr || block->merged) return block;
  int64_t n = block->dst->n;
  gathered_rows made = {.out = out, .from = block, .block = *block, .dst = *block->dst};
  made.index = kith_tape_workspace(t, n, sizeof *made.index);
  made.row = kith_tape_workspace(t, n, sizeof *made.row);
  made.position = kith_tape_workspace(t, n, sizeof *made.position);
  made.iota = kith_tape_workspace(t, n, sizeof *made.iota);
  made.element = kith_tape_workspace(t, out->packed ? out->packed->n_row : 0, sizeof *made.element);
  made.node = kith_tape_workspace(t, n, sizeof *made.node);
  uint8_t *part = kith_tape_workspace(t, kith_halo_part_bytes(block->dist_csr->halo), sizeof *part);
  if (part) kith_halo_part_place(block->dist_csr->halo, part, &made.part);
  gathered_rows *o = kith_tape_op(t, "gathered rows", false, gathered_rows_forward, NULL, sizeof *o);
  if (!o) return NULL;
  *o = made;
  o->subset = (kith_row_subset){.n_of = n, .row = o->row, .position = o->position, .index = o->index};
  o->block.dst = &o->dst;
  out->last_rows = &o->dst;
  out->last_gather_index = &o->gather_index;
  return &o->block;
}
