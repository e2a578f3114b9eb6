/*
 * y = A x over ranks: the halo exchange overlaps with the rows that need no ghosts.
 * Only the batch's rows of the last layer are read, so forward computes only those.  Backward does not skip
 * the zero gradients of the other rows: the batch's rows hold two fifths of A's entries, and finding them
 * costs as much as it saves.
 */
#include "tape/tape.h"

enum { PROPAGATE_PIECES = 8 }; /* of the interior rows; the halo progresses after each */

typedef struct propagate {
  kith_dist_csr *a;
  const kith_block *block;
  const kith_csr *csr;       /* its matrix, or the remaining entries after edge dropout: the same rows */
  const kith_csr *transpose; /* likewise; csr itself if it is symmetric */
  kith_tensor *x, *y;
  const kith_output *out; /* last layer: which rows are gathered */
  kith_lid *position;     /* [n_own] last layer: their positions in A, interior rows first */
} propagate;

/* to = csr from (or +=): begin halo, interior rows, end halo, boundary rows.  The order of summation within a
 * row does not depend on the overlap. */
static void propagate_multiply(kith_halo *halo, const kith_csr *csr, kith_lid n_interior, int d, float *from,
                               bool add, float *to) {
  kith_lid n_own = csr->n_row;
  kith_halo_begin(halo, d, from, from + (size_t)n_own * (size_t)d);
  for (int i = 0; i < PROPAGATE_PIECES; i++) {
    kith_lid low = (kith_lid)kith_chunk_begin(n_interior, PROPAGATE_PIECES, i);
    kith_lid high = (kith_lid)kith_chunk_begin(n_interior, PROPAGATE_PIECES, i + 1);
    kith_spmm(csr, low, high, d, from, add, to);
    kith_halo_progress(halo);
  }
  kith_halo_end(halo);
  kith_spmm(csr, n_interior, n_own, d, from, add, to);
}

static void propagate_forward(void *self) {
  propagate *p = self;
  propagate_multiply(p->a->halo, p->csr, p->a->n_interior, p->x->d, p->x->value, false, p->y->value);
}

/* Gradients of gated weights; the ghost rows of x and of y's gradient are filled. */
static void propagate_backward_gates(const propagate *p) {
  const kith_gated_entries *g = p->a->merged->gated;
  float scale = p->block->keep ? (float)p->block->keep_scale : 1;
  kith_gate_add_slope(&g->csr, g->entry, p->block->keep, scale, p->x->d, p->x->value, p->y->grad,
                      g->weight_grad);
}

/* Backward multiplies the gradient by the transpose of A, which is A where it is symmetric: edge dropout
 * drops an edge in both directions. */
static void propagate_backward(void *self) {
  propagate *p = self;
  const kith_dist_csr *a = p->a;
  kith_lid n_interior = a->transpose ? a->transpose->n_interior : a->n_interior;
  propagate_multiply(a->halo, p->transpose, n_interior, p->x->d, p->y->grad,
                     kith_tensor_mark_grad_written(p->x), p->x->grad);
  /* <dy, A_r x>: the ghost rows of both are filled, so that of a symmetric matrix they may change places. */
  const float *x = p->x->value, *dy = p->y->grad;
  bool directed = a->transpose != NULL;
  kith__relation_weights_backward(p->block, p->x->d, directed ? dy : x, directed ? x : dy);
  if (a->merged && a->merged->gated) propagate_backward_gates(p);
}

/* List the positions in A of the gathered rows, interior rows first; returns how many are interior. */
static kith_lid propagate_list(propagate *p) {
  const kith_gather_index *gather_index = p->out->gather_index;
  kith_lid n_interior = 0, interior = 0;
  for (kith_lid i = 0; i < gather_index->n_unique; i++)
    n_interior += p->a->iperm[gather_index->unique_row[i]] < p->a->n_interior;
  for (kith_lid i = 0, boundary = n_interior; i < gather_index->n_unique; i++) {
    kith_lid position = p->a->iperm[gather_index->unique_row[i]];
    p->position[position < p->a->n_interior ? interior++ : boundary++] = position;
  }
  return n_interior;
}

static void propagate_forward_last(void *self) {
  propagate *p = self;
  const kith_csr *csr = p->csr;
  float *x = p->x->value;
  int d = p->x->d;
  if (p->out->all_rows) {
    propagate_forward(self);
    return;
  }
  kith_lid n_interior = propagate_list(p);
  kith_halo_begin(p->a->halo, d, x, x + (size_t)csr->n_row * (size_t)d);
  kith_spmm_rows(csr, n_interior, p->position, d, x, p->y->value);
  kith_halo_end(p->a->halo);
  kith_spmm_rows(csr, p->out->gather_index->n_unique - n_interior, p->position + n_interior, d, x,
                 p->y->value);
}

static kith_tensor *propagate_record(kith_tape *t, const kith_block *block, propagate made,
                                     void (*forward)(void *self)) {
  if (!made.x || kith_tape_check(t, kith_halo_reserve(made.a->halo, made.x->d)) != KITH_OK) return NULL;
  made.transpose = block->transpose ? block->transpose : block->csr;
  made.y = kith_tape_node_tensor(t, block->dst, made.x->d);
  propagate *p = kith_tape_op(t, "propagate", true, forward, propagate_backward, sizeof *p);
  if (p) *p = made;
  return p ? made.y : NULL;
}

kith_tensor *kith_propagate_op(kith_tape *t, const kith_block *block, kith_tensor *x) {
  if (!block->dist_csr) return kith_aggregate_op(t, block, KITH_NORM_SYMMETRIC, x);
  return propagate_record(t, block,
                          (propagate){.a = block->dist_csr, .block = block, .csr = block->csr, .x = x},
                          propagate_forward);
}

kith_tensor *kith_propagate_last_op(kith_tape *t, const kith_block *block, const kith_output *out,
                                    kith_tensor *x) {
  if (!block->dist_csr) return kith_propagate_op(t, block, x);
  kith_lid *position = kith_tape_workspace(t, block->dist_csr->csr.n_row, sizeof *position);
  return propagate_record(t, block,
                          (propagate){.a = block->dist_csr,
                                      .block = block,
                                      .csr = block->csr,
                                      .x = x,
                                      .out = out,
                                      .position = position},
                          propagate_forward_last);
}
