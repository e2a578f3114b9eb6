/*
 * y = A x over ranks: the halo exchange overlaps with the rows that need no ghosts.
 * Ghost rows are in the tape's shared buffer while an exchange is summed: nothing keeps them, but where
 * backward reads those of x (learned weights of directed relations, gates).
 * Where the ranks of a host share memory (in_place.c), they read each other's rows there, and exchange with
 * other hosts what no rank of theirs has.
 * Boundary rows are summed in strips of columns where the halo has some, each while the next one travels.
 * Where rows are gathered as bf16, owners round them, so that every rank reads the same numbers.
 * Only the batch's rows of the last layer are read, so forward computes only those and receives only what
 * they read, and backward neither sends nor sums the zero gradients of the others: ranks tell each other
 * which rows these are, and so do hosts.
 */
#include <string.h>

#include "tape/product.h"
#include "tape/tape.h"

typedef struct propagate {
  kith_dist_csr *a;
  const kith_block *block;
  const kith_csr *csr;       /* its matrix, or the remaining entries after edge dropout: the same rows */
  const kith_csr *transpose; /* likewise; csr itself if it is symmetric */
  kith_tensor *x, *y;
  const kith_ghost_buffer *ghosts;
  const kith_in_place *in_place; /* null: this op reads no row in place */
  int turn;                      /* which marks of it are this op's */
  bool keeps;                    /* x has ghost rows of its own, for backward */
  int strips;                    /* of columns in which ghosts come; 1 where backward reads them whole */
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

/* Round the owned rows if they are gathered so, and send to the other ranks what they read of them.  Sums
 * over rows of which only some travel read those alone, but for gradients of relations' weights, and sums of
 * rounded rows in backward.  With marks hosts send each other the rows that have one; the wanted rows of a
 * host's ghosts are those that this rank has asked for. */
static kith_strips propagate_begin(const propagate *p, kith_halo_some which, uint8_t *marks, const float *x) {
  kith_host_halo *host = propagate_host(p);
  const bool still = host && host->hosts->n == 1; /* nothing travels */
  bool clear = which == KITH_HALO_WRITTEN && (p->how.rounded || kith__relation_weights_learned(p->block));
  kith_strips s = {.n = still ? 1 : p->strips,
                   .d = p->how.rounded ? kith_bf16_words(p->x->d) : p->x->d,
                   .h = p->a->halo,
                   .part = host || which == KITH_HALO_PARTS ? NULL : &p->part,
                   .which = which,
                   .clear = clear,
                   .host = host,
                   .rows = host ? propagate_rows_of(p, x).own : NULL,
                   .wanted = host && which == KITH_HALO_READ,
                   .own = x,
                   .ghost = host ? host->ghost : propagate_ghosts(p, x)};
  s.marks = marks;
  if (p->how.rounded) {
    kith_bf16_round_rows(p->csr->n_row, p->x->d, x, p->how.rounded);
    s.own = (const float *)(void *)p->how.rounded; /* a halo copies words */
  }
  kith_strips_begin(&s);
  return s;
}

/* The product of `csr` with rows `own`, or += it where `add`. */
static kith_product propagate_product(const propagate *p, const kith_csr *csr, kith_lid n_interior,
                                      const float *own, bool add, float *to) {
  return (kith_product){.csr = csr,
                        .n_interior = n_interior,
                        .n = p->csr->n_row,
                        .d = p->x->d,
                        .rows = propagate_rows_of(p, own),
                        .rounded = p->how.rounded,
                        .add = add,
                        .to = to};
}

static void propagate_forward(void *self) {
  const propagate *p = self;
  const kith_product m =
      propagate_product(p, propagate_matrix(p), p->a->n_interior, p->x->value, false, p->y->value);
  kith_strips s = propagate_begin(p, KITH_HALO_PARTS, NULL, p->x->value);
  kith_product_run(&m, 0, &s);
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

/* In place: marks of the host's rows. */
static uint8_t *propagate_marks(const propagate *p) { return p->in_place->marks[p->turn]; }

/* Mark the rows whose gradients may not be zero; null: all.  In place, other ranks of the host mark theirs
 * before they let this one read them. */
static const uint8_t *propagate_mark(const propagate *p) {
  const kith_output *out = p->how.output;
  const kith_host_halo *h = propagate_host(p);
  size_t n_own = (size_t)p->csr->n_row, n_ghost = (size_t)p->csr->n_col - n_own;
  if (!out || out->all_rows || p->how.rounded) return NULL;
  propagate_mark_own(p, h ? propagate_marks(p) + h->first : p->some);
  if (h) return propagate_marks(p);
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
  uint8_t *marks = propagate_marks(p) + p->in_place->halo->first;
#pragma omp parallel for schedule(static)
  for (kith_lid i = 0; i < p->csr->n_row; i++) {
    const float *row = p->y->grad + d * (size_t)i;
    size_t k = 0;
    while (k < d && row[k] == 0) k++;
    marks[i] = k < d;
  }
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
  const uint8_t *some = propagate_mark(p);
  const bool parts = propagate_host_parts(p);
  kith_product m =
      propagate_product(p, propagate_transpose(p), a->transpose ? a->transpose->n_interior : a->n_interior,
                        p->y->grad, kith_tensor_mark_grad_written(p->x), p->x->grad);
  m.some = some;
  if (parts && !some) propagate_mark_nonzero(p);
  kith_strips s = propagate_begin(p, propagate_is_part(p) ? KITH_HALO_WRITTEN : KITH_HALO_PARTS,
                                  parts ? propagate_marks(p) : NULL, p->y->grad);
  kith_product_run(&m, 0, &s);
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

/* With hosts: of their ghosts come those alone that the rows at n positions read. */
static void propagate_want(const propagate *p, kith_lid n, const kith_lid *position) {
  const kith_csr *csr = propagate_matrix(p);
  kith_host_halo *h = p->in_place->halo;
  for (kith_lid i = 0; i < n; i++)
    for (kith_eid e = csr->start[position[i]]; e < csr->start[position[i] + 1]; e++)
      if (csr->col[e] >= h->n_row) h->wanted[csr->col[e] - h->n_row] = 1;
  kith_host_halo_begin_wanted(h);
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
  const bool is_part = propagate_is_part(p), wants = propagate_host_parts(p), asks = is_part || wants;
  kith_product m =
      propagate_product(p, propagate_matrix(p), propagate_list(p), p->x->value, false, p->y->value);
  m.n = p->how.output->gather_index->n_unique;
  m.position = p->position;
  const kith_lid half = asks && !p->how.rounded ? m.n_interior / 2 : 0;
  if (wants) propagate_want(p, m.n - m.n_interior, p->position + m.n_interior);
  if (is_part) propagate_tell(p, m.n - m.n_interior, p->position + m.n_interior);
  kith_product_interior(&m, half);
  if (is_part) kith_halo_part_end(&p->part);
  kith_strips s = propagate_begin(p, asks ? KITH_HALO_READ : KITH_HALO_PARTS, NULL, p->x->value);
  kith_product_run(&m, half, &s);
}

/* Whether backward reads the ghost rows of x. */
static bool propagate_keeps(const kith_block *block) {
  const kith_merged_relations *m = block->merged;
  bool scatters = block->one_way || block->dist_csr->transpose;
  return m && (m->gated || (scatters && kith__relation_weights_learned(block)));
}

/* Into how many strips of columns rows are cut, whose ghosts no other op reads. */
static int propagate_strips(const kith_block *block, const kith_propagation *how, int d) {
  const kith_merged_relations *m = block->merged;
  if (m && (m->gated || kith__relation_weights_learned(block))) return 1;
  if (kith_halo_comm(block->dist_csr->halo)->size == 1 || (how->rounded && d % 2)) return 1;
  return kith_halo_strips(block->dist_csr->halo, how->rounded ? kith_bf16_words(d) : d);
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
  const int words = how->rounded ? kith_bf16_words(x->d) : x->d, strips = propagate_strips(block, how, x->d);
  if (kith_tape_check(t, kith_halo_reserve(block->dist_csr->halo, words)) != KITH_OK ||
      kith_tape_check(t, kith_halo_reserve(block->dist_csr->halo, words / strips)) != KITH_OK)
    return NULL;
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
                    .strips = strips,
                    .how = *how};
  if (propagate_reads_in_place(block, how)) {
    kith_in_place_read(t, x, made.y);
    made.in_place = kith_tape_in_place(t);
    made.turn = kith_tape_in_place(t)->n_multiply++ % 2;
  }
  if (how->output) made.position = kith_tape_workspace(t, block->csr->n_row, sizeof *made.position);
  if (how->output) made.some = kith_tape_workspace(t, block->csr->n_col, sizeof *made.some);
  if (how->output && !keeps) {
    uint8_t *memory = kith_tape_workspace(t, kith_halo_part_bytes(made.a->halo), sizeof *memory);
    if (memory) kith_halo_part_place(made.a->halo, memory, &made.part);
  }
  return kith_tape_record(t, "propagate", true, how->output ? propagate_forward_last : propagate_forward,
                          propagate_backward, &made, sizeof made, made.y);
}

kith_tensor *kith_propagate_op(kith_tape *t, const kith_block *block, kith_tensor *x) {
  return kith_propagate_with_op(t, block, &(kith_propagation){.output = NULL}, x);
}
