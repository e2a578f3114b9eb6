/*
 * y = A x over ranks: the halo exchange overlaps with the rows that need no ghosts.
 * Ghost rows are in the tape's shared buffer while an exchange is summed: nothing keeps them, but where
 * backward reads those of x (learned weights of directed relations, gates).
 * Where the ranks of a host share memory (in_place.c), they read each other's rows there, and exchange with
 * other hosts what no rank of theirs has.
 * Where rows are gathered as bf16, owners round them, so that every rank reads the same numbers.
 * Only the batch's rows of the last layer are read, so forward computes only those and receives only what
 * they read, and backward neither sends nor sums the zero gradients of the others: ranks tell each other
 * which rows these are, and so do hosts.
 */
#include <string.h>

#include "halo/part.h"
#include "tape/tape.h"

enum { PROPAGATE_PIECES = 8 }; /* of the interior rows; the halo progresses after each */

typedef struct propagate {
  kith_dist_csr *a;
  const kith_block *block;
  const kith_csr *csr;       /* its matrix, or the remaining entries after edge dropout: the same rows */
  const kith_csr *transpose; /* likewise; csr itself if it is symmetric */
  kith_tensor *x, *y;
  const kith_ghost_buffer *ghosts;
  const kith_in_place *in_place; /* null: this op reads no row in place */
  bool keeps;                    /* x has ghost rows of its own, for backward */
  kith_propagation how;
  kith_lid
      *position; /* [n_own] last layer: positions in A of the rows that are computed, interior ones first */
  uint8_t *some; /* [n_own + n_ghost] last layer: 1 for rows whose gradients may not be zero */
  kith_halo_part part; /* last layer: the rows that the ranks' batches read, and those of the batch */
} propagate;

/* The halo of this rank's host; null: rows are not read in place. */
static kith_host_halo *propagate_host(const propagate *p) {
  return p->in_place && p->in_place->memory ? p->in_place->halo : NULL;
}

/* Where the ghosts of x's rows are received, or of y's gradient: of rounded rows behind the owned ones. */
static float *propagate_ghosts(const propagate *p, const float *own) {
  const size_t words = (size_t)kith_bf16_words(p->x->d);
  if (p->how.rounded) return (float *)(void *)(p->how.rounded + (size_t)p->csr->n_row * words);
  return p->keeps && own == p->x->value ? kith_tensor_ghosts(p->x) : p->ghosts->row;
}

static kith_node_rows propagate_rows_of(const propagate *p, const float *own) {
  const kith_host_halo *h = propagate_host(p);
  if (h)
    return (kith_node_rows){.own = own == p->x->value ? p->x->shared->host_value : p->y->shared->host_grad,
                            .ghost = h->ghost,
                            .n_own = h->n_row};
  return (kith_node_rows){.own = own, .ghost = propagate_ghosts(p, own), .n_own = p->csr->n_row};
}

/* The matrix whose columns are those rows. */
static const kith_csr *propagate_matrix(const propagate *p) {
  return propagate_host(p) ? &p->in_place->halo->csr : p->csr;
}
static const kith_csr *propagate_transpose(const propagate *p) {
  const kith_host_halo *h = propagate_host(p);
  if (!h) return p->transpose;
  return p->a->transpose ? &h->transpose : &h->csr;
}

/* Round the owned rows if they are gathered so, and send to the other ranks what they read of them. */
static void propagate_begin(const propagate *p, kith_halo_some which, const float *x) {
  kith_lid n_own = p->csr->n_row;
  int d = p->x->d;
  if (propagate_host(p)) {
    kith_host_halo_begin(p->in_place->halo, d, x);
    return;
  }
  float *ghost = propagate_ghosts(p, x);
  if (p->how.rounded) {
    kith_bf16_round_rows(n_own, d, x, p->how.rounded);
    d = kith_bf16_words(d);
    x = (float *)(void *)p->how.rounded; /* a halo copies words */
  }
  if (which == KITH_HALO_PARTS) kith_halo_begin(p->a->halo, d, x, ghost);
  else kith_halo_part_begin_rows(&p->part, which, d, x, ghost);
}

static void propagate_progress(const propagate *p) {
  if (propagate_host(p)) kith_host_halo_progress(p->in_place->halo);
  else kith_halo_progress(p->a->halo);
}

/* Sums over rows of which only some travel read those alone, but for gradients of relations' weights, and
 * sums of rounded rows in backward. */
static void propagate_end(const propagate *p, kith_halo_some which, const float *x) {
  int d = p->how.rounded ? kith_bf16_words(p->x->d) : p->x->d;
  bool clear = which == KITH_HALO_WRITTEN && (p->how.rounded || kith__relation_weights_learned(p->block));
  if (propagate_host(p)) kith_host_halo_end(p->in_place->halo);
  else if (which == KITH_HALO_PARTS) kith_halo_end(p->a->halo);
  else kith_halo_part_end_rows(&p->part, which, d, clear, propagate_ghosts(p, x));
}

static void propagate_range(const propagate *p, const kith_csr *csr, kith_lid first, kith_lid last,
                            const uint8_t *some, kith_node_rows from, bool add, float *to) {
  if (some) kith_spmm_nonzero(csr, first, last, p->x->d, some, from, add, to);
  else if (p->how.rounded) kith_spmm_bf16(csr, first, last, p->x->d, p->how.rounded, add, to);
  else kith_spmm_of(csr, first, last, p->x->d, from, add, to);
}

/* to = csr own (or +=): begin halo, interior rows, end halo, boundary rows.  The order of summation within a
 * row does not depend on the overlap.  Rows of `own` are zero where `some` is; null: none is known to be. */
static void propagate_multiply(const propagate *p, const kith_csr *csr, kith_lid n_interior,
                               kith_halo_some which, const uint8_t *some, const float *own, bool add,
                               float *to) {
  const kith_node_rows from = propagate_rows_of(p, own);
  propagate_begin(p, which, own);
  for (int i = 0; i < PROPAGATE_PIECES; i++) {
    kith_lid low = (kith_lid)kith_chunk_begin(n_interior, PROPAGATE_PIECES, i);
    kith_lid high = (kith_lid)kith_chunk_begin(n_interior, PROPAGATE_PIECES, i + 1);
    propagate_range(p, csr, low, high, some, from, add, to);
    propagate_progress(p);
  }
  propagate_end(p, which, own);
  propagate_range(p, csr, n_interior, csr->n_row, some, from, add, to);
}

static void propagate_forward(void *self) {
  propagate *p = self;
  propagate_multiply(p, propagate_matrix(p), p->a->n_interior, KITH_HALO_PARTS, NULL, p->x->value, false,
                     p->y->value);
}

/* Gradients of gated weights; x has kept its ghost rows, and those of y's gradient are filled. */
static void propagate_backward_gates(const propagate *p) {
  const kith_gated_entries *g = p->a->merged->gated;
  float scale = p->block->keep ? (float)p->block->keep_scale : 1;
  kith_gate_add_slope(&g->csr, g->entry, p->block->keep, scale, p->x->d, kith_tensor_rows(p->x),
                      propagate_rows_of(p, p->y->grad), g->weight_grad);
}

/* Whether ranks exchange a part of their rows. */
static bool propagate_is_part(const propagate *p) {
  return p->part.h && !p->how.output->all_rows && !propagate_host(p);
}

/* Mark the batch's rows among the own ones. */
static void propagate_mark_own(const propagate *p, uint8_t *own) {
  const kith_gather_index *batch = p->how.output->gather_index;
  memset(own, 0, (size_t)p->csr->n_row);
  for (kith_lid i = 0; i < batch->n_unique; i++) own[batch->unique_row[i]] = 1;
}

/* Mark the rows whose gradients may not be zero; null: all.  In place, other ranks of the host mark theirs
 * before they let this one read them. */
static const uint8_t *propagate_mark(const propagate *p) {
  const kith_output *out = p->how.output;
  const kith_host_halo *h = propagate_host(p);
  size_t n_own = (size_t)p->csr->n_row, n_ghost = (size_t)p->csr->n_col - n_own;
  if (!out || out->all_rows || p->how.rounded) return NULL;
  propagate_mark_own(p, h ? p->in_place->marks + h->first : p->some);
  if (h) return p->in_place->marks;
  if (propagate_is_part(p)) memcpy(p->some + n_own, p->part.recv[KITH_HALO_WRITTEN], n_ghost);
  else memset(p->some + n_own, 1, n_ghost);
  return p->some;
}

/* Backward along this rank's columns: gradients of ghost rows are returned to their owners.  For inference:
 * gradients of gates are not computed. */
static void propagate_backward_one_way(const propagate *p) {
  const kith_grad_rows dx = {kith_tensor_grad(p->x), p->ghosts->row, p->a->csr.n_row};
  const float *dy = kith_tensor_grad(p->y);
  kith_clear((int64_t)p->a->n_ghost * p->x->d, dx.ghost);
  kith_spmm_transpose_to(p->block->csc, p->csr->weight, p->x->d, dy, dx);
  kith_halo_backward(p->a->halo, p->x->d, dx.ghost, dx.own);
  kith__relation_weights_backward(p->block, p->x->d, dy, propagate_rows_of(p, p->x->value));
}

/* Whether hosts exchange a part of their rows. */
static bool propagate_host_parts(const propagate *p) {
  const kith_host_halo *h = propagate_host(p);
  return h && h->d_part >= p->x->d;
}

/* Mark the own rows whose gradients are not zero: of the last but one layer, neighbors of the batch's. */
static void propagate_mark_nonzero(const propagate *p) {
  const size_t d = (size_t)p->y->d;
  uint8_t *marks = p->in_place->marks + p->in_place->halo->first;
#pragma omp parallel for schedule(static)
  for (kith_lid i = 0; i < p->csr->n_row; i++) {
    const float *row = p->y->grad + d * (size_t)i;
    size_t k = 0;
    while (k < d && row[k] == 0) k++;
    marks[i] = k < d;
  }
}

/* propagate_multiply() of the gradient, of which hosts send each other what is not zero. */
static void propagate_backward_part(const propagate *p, kith_lid n_interior, const uint8_t *some) {
  const kith_in_place *in = p->in_place;
  const kith_csr *csr = propagate_transpose(p);
  const kith_node_rows from = propagate_rows_of(p, p->y->grad);
  bool add = kith_tensor_mark_grad_written(p->x);
  if (!some) propagate_mark_nonzero(p);
  kith_host_halo_begin_marked(in->halo, p->x->d, from.own, in->marks);
  propagate_range(p, csr, 0, n_interior, some, from, add, p->x->grad);
  kith_host_halo_end_marked(in->halo, p->x->d, in->marks);
  propagate_range(p, csr, n_interior, csr->n_row, some, from, add, p->x->grad);
}

/* Backward multiplies the gradient by the transpose of A, which is A where it is symmetric: edge dropout
 * drops an edge in both directions. */
static void propagate_backward(void *self) {
  propagate *p = self;
  const kith_dist_csr *a = p->a;
  if (p->block->one_way) {
    propagate_backward_one_way(p);
    return;
  }
  kith_lid n_interior = a->transpose ? a->transpose->n_interior : a->n_interior;
  const uint8_t *some = propagate_mark(p);
  if (propagate_host_parts(p)) propagate_backward_part(p, n_interior, some);
  else
    propagate_multiply(p, propagate_transpose(p), n_interior,
                       propagate_is_part(p) ? KITH_HALO_WRITTEN : KITH_HALO_PARTS, some, p->y->grad,
                       kith_tensor_mark_grad_written(p->x), p->x->grad);
  if (p->how.rounded) return; /* the ghost rows of x and of y's gradient were not exchanged as floats */
  /* <dy, A_r x>: of a symmetric matrix they may change places, and the ghost rows of dy are filled. */
  const float *x = p->x->value, *dy = p->y->grad;
  bool directed = a->transpose != NULL;
  kith__relation_weights_backward(p->block, p->x->d, directed ? dy : x,
                                  propagate_rows_of(p, directed ? x : dy));
  if (a->merged && a->merged->gated) propagate_backward_gates(p);
}

/* List the positions in A of the gathered rows, interior rows first; returns how many are interior. */
static kith_lid propagate_list(propagate *p) {
  const kith_gather_index *gather_index = p->how.output->gather_index;
  kith_lid n_interior = 0, interior = 0;
  for (kith_lid i = 0; i < gather_index->n_unique; i++)
    n_interior += p->a->iperm[gather_index->unique_row[i]] < p->a->n_interior;
  for (kith_lid i = 0, boundary = n_interior; i < gather_index->n_unique; i++) {
    kith_lid position = p->a->iperm[gather_index->unique_row[i]];
    p->position[position < p->a->n_interior ? interior++ : boundary++] = position;
  }
  return n_interior;
}

static void propagate_rows(const propagate *p, kith_lid n, const kith_lid *position) {
  int d = p->x->d;
  if (p->how.rounded) kith_spmm_rows_bf16(p->csr, n, position, d, p->how.rounded, p->y->value);
  else kith_spmm_rows(propagate_matrix(p), n, position, d, propagate_rows_of(p, p->x->value), p->y->value);
}

/* The same with hosts: of their ghosts come those alone that the listed rows read. */
static void propagate_forward_part(const propagate *p, kith_lid n_interior) {
  const kith_lid n = p->how.output->gather_index->n_unique;
  const kith_csr *csr = propagate_matrix(p);
  kith_host_halo *h = p->in_place->halo;
  for (kith_lid i = n_interior; i < n; i++)
    for (kith_eid e = csr->start[p->position[i]]; e < csr->start[p->position[i] + 1]; e++)
      if (csr->col[e] >= h->n_row) h->wanted[csr->col[e] - h->n_row] = 1;
  kith_host_halo_begin_wanted(h);
  propagate_rows(p, n_interior, p->position);
  kith_host_halo_end_wanted(h, p->x->d, p->x->shared->host_value);
  propagate_rows(p, n - n_interior, p->position + n_interior);
}

/* Tell the other ranks which of their rows the rows at n positions read, and which of theirs the batch has.
 */
static void propagate_tell(const propagate *p, kith_lid n, const kith_lid *position) {
  const kith_csr *csr = p->csr;
  const kith_lid *send_row = kith_halo_send_row(p->part.h);
  uint8_t *reads = p->part.recv[KITH_HALO_READ];
  memset(reads, 0, (size_t)(csr->n_col - csr->n_row));
  for (kith_lid i = 0; i < n; i++)
    for (kith_eid e = csr->start[position[i]]; e < csr->start[position[i] + 1]; e++)
      if (csr->col[e] >= csr->n_row) reads[csr->col[e] - csr->n_row] = 1;
  propagate_mark_own(p, p->some);
  for (kith_lid s = 0; s < kith_halo_n_send(p->part.h); s++)
    p->part.send[KITH_HALO_WRITTEN][s] = p->some[send_row[s]];
  kith_halo_part_begin(&p->part);
}

/* Half of the interior rows while the ranks tell, the rest while rows travel; rounded ones are there only
 * then. */
static void propagate_forward_last(void *self) {
  propagate *p = self;
  if (p->how.output->all_rows) {
    propagate_forward(self);
    return;
  }
  const bool is_part = propagate_is_part(p);
  const kith_halo_some which = is_part ? KITH_HALO_READ : KITH_HALO_PARTS;
  const kith_lid n_interior = propagate_list(p), half = is_part && !p->how.rounded ? n_interior / 2 : 0,
                 n_boundary = p->how.output->gather_index->n_unique - n_interior;
  if (propagate_host_parts(p)) {
    propagate_forward_part(p, n_interior);
    return;
  }
  if (is_part) propagate_tell(p, n_boundary, p->position + n_interior);
  propagate_rows(p, half, p->position);
  if (is_part) kith_halo_part_end(&p->part);
  propagate_begin(p, which, p->x->value);
  propagate_rows(p, n_interior - half, p->position + half);
  propagate_end(p, which, p->x->value);
  propagate_rows(p, n_boundary, p->position + n_interior);
}

/* Whether backward reads the ghost rows of x. */
static bool propagate_keeps(const kith_block *block) {
  const kith_merged_relations *m = block->merged;
  bool scatters = block->one_way || block->dist_csr->transpose;
  return m && (m->gated || (scatters && kith__relation_weights_learned(block)));
}

/* Whether rows are read as they are, by the block's whole matrix. */
static bool propagate_reads_in_place(const kith_block *block, const kith_propagation *how) {
  const kith_merged_relations *m = block->merged;
  return !how->rounded && !block->drops_edges && !block->one_way && block->csr == &block->dist_csr->csr &&
         !(m && (m->gated || kith__relation_weights_learned(block)));
}

kith_tensor *kith_propagate_with_op(kith_tape *t, const kith_block *block, const kith_propagation *how,
                                    kith_tensor *x) {
  if (!block->dist_csr) return kith_aggregate_op(t, block, KITH_NORM_SYMMETRIC, x);
  if (!x) return NULL;
  int words = how->rounded ? kith_bf16_words(x->d) : x->d;
  if (kith_tape_check(t, kith_halo_reserve(block->dist_csr->halo, words)) != KITH_OK) return NULL;
  bool keeps = !how->rounded && propagate_keeps(block);
  if (keeps) kith_ghosts_keep(t, block, x);
  kith_ghost_buffer_reserve(t, how->rounded ? 0 : block->src->n_ghost, x->d);
  propagate made = {.a = block->dist_csr,
                    .block = block,
                    .csr = block->csr,
                    .transpose = block->transpose ? block->transpose : block->csr,
                    .x = x,
                    .y = kith_tape_node_tensor(t, block->dst, x->d),
                    .ghosts = kith_tape_ghosts(t),
                    .keeps = keeps,
                    .how = *how};
  if (propagate_reads_in_place(block, how)) {
    kith_in_place_read(t, x, made.y);
    made.in_place = kith_tape_in_place(t);
  }
  if (how->output) made.position = kith_tape_workspace(t, block->csr->n_row, sizeof *made.position);
  if (how->output) made.some = kith_tape_workspace(t, block->csr->n_col, sizeof *made.some);
  if (how->output && !keeps) {
    uint8_t *memory = kith_tape_workspace(t, kith_halo_part_bytes(made.a->halo), sizeof *memory);
    if (memory) kith_halo_part_place(made.a->halo, memory, &made.part);
  }
  propagate *p = kith_tape_op(t, "propagate", true, how->output ? propagate_forward_last : propagate_forward,
                              propagate_backward, sizeof *p);
  if (p) *p = made;
  return p ? made.y : NULL;
}

kith_tensor *kith_propagate_op(kith_tape *t, const kith_block *block, kith_tensor *x) {
  return kith_propagate_with_op(t, block, &(kith_propagation){.output = NULL}, x);
}
