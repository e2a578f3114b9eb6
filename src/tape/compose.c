/*
 * Layers over edges with kinds: y_i = sum over entries e of row i of w_e x[col_e] * q[kind_e].
 *
 * A composition holds the entries that layers read, by row and by column, and sums the gradient of q for all
 * of them.  On the full graph backward gathers along the transpose, as forward does along the rows, so that
 * every sum has one order on any number of ranks; the gradient of q is summed exactly.
 */
#include <string.h>

#include "ops/compose.h"
#include "tape/compose.h"

struct kith_composition {
  const kith_block *block;
  kith_composition_options how;
  kith_tensor *q;
  kith_composed rows, back; /* the entries by row, and by column */
  kith_csc csc;             /* where back is made of rows: their transpose */
  float *total;             /* [dst rows] what sums are divided by; null: nothing */
  float *divided;           /* [dst rows, d] a layer's gradient, divided */
  kith_exact_sum *gradient; /* [kinds, d] of q */
  double *scratch;          /* [2, kinds, d] */
  bool is_made;             /* the full graph's entries do not change */
};

/* Whether the row's node reads along an entry of a term.  Interactions have users at one end only. */
static bool composition_has(const kith_composition *o, int term, int64_t reader) {
  return term > 0 || !o->how.users_only || kith_node_key_type(reader) == KITH_USER;
}

/* One direction of the full graph, or the rows of a sampled block: `whole` before edge dropout, `kept` after.
 * The reader is the row's node or, by columns, the column's. */
typedef struct composition_side {
  const kith_csr *whole, *kept;
  const uint8_t *keep, *of;
  const uint16_t *kind;
  const float *scale; /* [entries of kept] weights; null: all 1 */
  bool by_column;
} composition_side;

static composition_side composition_rows(const kith_composition *o) {
  const kith_block *b = o->block;
  bool symmetric = o->how.norm == KITH_NORM_SYMMETRIC;
  const float *scale = b->dist_csr ? NULL : b->scale; /* a mean over the full graph's entries needs none */
  return (composition_side){.whole = b->whole,
                            .kept = b->csr,
                            .keep = b->keep,
                            .of = b->merged->of,
                            .kind = b->merged->kind,
                            .scale = symmetric ? b->csr->weight : scale};
}

static composition_side composition_columns(const kith_composition *o) {
  const kith_block *b = o->block;
  const kith_dist_transpose *t = b->dist_csr->transpose;
  composition_side s = composition_rows(o);
  s.by_column = true;
  if (!t) return s; /* both ends of an edge have its entry */
  s.whole = &t->csr;
  s.kept = b->transpose;
  s.keep = b->transpose_keep;
  s.of = t->of;
  s.kind = t->kind;
  if (o->how.norm == KITH_NORM_SYMMETRIC) s.scale = b->transpose->weight;
  return s;
}

static bool composition_reads(const kith_composition *o, const composition_side *s, kith_lid row,
                              kith_eid e) {
  const int64_t *node = o->block->src->node; /* destination rows are the first of them */
  return composition_has(o, s->of[e], node[s->by_column ? s->whole->col[e] : row]);
}

static void composition_select(const kith_composition *o, const composition_side *s, kith_composed *to) {
  kith_eid at = 0, kept = 0;
  to->csr.n_row = s->whole->n_row;
  to->csr.n_col = s->whole->n_col;
  to->csr.perm = s->whole->perm;
  for (kith_lid p = 0; p < s->whole->n_row; p++) {
    to->csr.start[p] = at;
    for (kith_eid e = s->whole->start[p]; e < s->whole->start[p + 1]; e++) {
      if (s->keep && !s->keep[e]) continue;
      kith_eid i = kept++;
      if (!composition_reads(o, s, s->whole->perm[p], e)) continue;
      to->csr.col[at] = s->whole->col[e];
      to->csr.weight[at] = s->scale ? s->scale[i] : 1;
      to->kind[at++] = s->kind[e];
    }
  }
  to->csr.start[to->csr.n_row] = at;
}

/* Whether the entries by column are those of this rank's rows, ghosts' columns included; else those of the
 * matrix, by their owners. */
static bool composition_turns(const kith_composition *o) { return !o->block->dist_csr || o->block->one_way; }

/* The entries of this rank's rows by column. */
static void composition_turn(kith_composition *o) {
  const kith_composed *from = &o->rows;
  kith_composed *to = &o->back;
  kith_csc_fill(&from->csr, 0, NULL, &o->csc);
  to->csr.n_row = o->csc.n_col;
  to->csr.n_col = from->csr.n_row;
  for (kith_lid c = 0; c < o->csc.n_col; c++) to->csr.perm[c] = c;
  memcpy(to->csr.start, o->csc.start, ((size_t)o->csc.n_col + 1) * sizeof *to->csr.start);
  for (kith_eid e = 0; e < o->csc.start[o->csc.n_col]; e++) {
    to->csr.col[e] = o->csc.row[e];
    to->csr.weight[e] = from->csr.weight[o->csc.entry[e]];
    to->kind[e] = from->kind[o->csc.entry[e]];
  }
}

static void composition_sum(const kith_composition *o) {
  const kith_csr *a = &o->rows.csr;
  for (kith_lid p = 0; p < a->n_row && o->total; p++) {
    float sum = 0;
    for (kith_eid e = a->start[p]; e < a->start[p + 1]; e++) sum += a->weight[e];
    o->total[a->perm[p]] = sum;
  }
}

static void composition_forward(void *self) {
  kith_composition *o = self;
  memset(o->gradient, 0, (size_t)(o->q->n_row * o->q->d) * sizeof *o->gradient);
  if (o->is_made) return;
  const composition_side rows = composition_rows(o);
  composition_select(o, &rows, &o->rows);
  composition_sum(o);
  o->is_made = o->block->dist_csr && !o->block->drops_edges;
  if (composition_turns(o)) {
    composition_turn(o);
    return;
  }
  const composition_side columns = composition_columns(o);
  composition_select(o, &columns, &o->back);
}

void kith__exact_gradient(const kith_block *block, kith_exact_sum *sum, kith_tensor *x) {
  const kith_comm *comm = block->dist_csr ? kith_halo_comm(block->dist_csr->halo) : NULL;
  int64_t n = x->n_row * x->d;
  if (comm) kith_comm_sum(comm, n, sum);
  float *dx = kith_tensor_grad(x);
  for (int64_t i = 0; i < n && (!comm || comm->rank == 0); i++)
    dx[i] += (float)(kith_exact_sum_value(&sum[i]) / KITH_RELATION_UNIT);
}

static void composition_backward(void *self) {
  kith_composition *o = self;
  kith__exact_gradient(o->block, o->gradient, o->q);
}

/* The most entries of a direction. */
static kith_eid composition_most(const kith_composition *o, const composition_side *s) {
  kith_eid n = 0;
  if (!o->block->dist_csr) return o->block->edges->capacity;
  for (kith_lid p = 0; p < s->whole->n_row; p++)
    for (kith_eid e = s->whole->start[p]; e < s->whole->start[p + 1]; e++)
      n += composition_reads(o, s, s->whole->perm[p], e);
  return n;
}

static void composed_allocate(kith_tape *t, int64_t n_row, int64_t n_entry, kith_composed *m) {
  kith_tape_csr_workspace(t, n_row + 1, n_entry, &m->csr);
  m->kind = kith_tape_workspace(t, n_entry, sizeof *m->kind);
}

static void composition_allocate_back(kith_tape *t, kith_composition *o) {
  const kith_block *b = o->block;
  if (!composition_turns(o)) {
    const composition_side columns = composition_columns(o);
    composed_allocate(t, b->whole->n_row, composition_most(o, &columns), &o->back);
    return;
  }
  int64_t n_entry = b->edges->capacity;
  composed_allocate(t, kith_block_columns(b), n_entry, &o->back);
  o->back.csr.perm = kith_tape_workspace(t, kith_block_columns(b), sizeof *o->back.csr.perm);
  kith_tape_csc_workspace(t, kith_block_columns(b), n_entry, &o->csc);
}

static void composition_allocate(kith_tape *t, kith_composition *o) {
  const kith_block *b = o->block;
  const composition_side rows = composition_rows(o);
  composed_allocate(t, b->dst->capacity, composition_most(o, &rows), &o->rows);
  composition_allocate_back(t, o);
  o->divided = kith_tape_workspace(t, b->dst->capacity * o->q->d, sizeof *o->divided);
  o->gradient = kith_tape_workspace(t, o->q->n_row * o->q->d, sizeof *o->gradient);
  o->scratch = kith_tape_workspace(t, 2 * o->q->n_row * o->q->d, sizeof *o->scratch);
  if (o->how.norm == KITH_NORM_MEAN) o->total = kith_tape_workspace(t, b->dst->capacity, sizeof *o->total);
}

kith_composition *kith_composition_op(kith_tape *t, const kith_block *block,
                                      const kith_composition_options *how, kith_tensor *q) {
  if (!block || !q) return NULL;
  kith_composition *o = kith_tape_op(t, "composition", block->dist_csr != NULL, composition_forward,
                                     composition_backward, sizeof *o);
  if (!o) return NULL;
  *o = (kith_composition){.block = block, .how = *how, .q = q};
  composition_allocate(t, o);
  return kith_tape_status(t) == KITH_OK ? o : NULL;
}

/* ---- a layer ---- */

typedef struct compose {
  kith_composition *by;
  kith_tensor *x, *y;
  const kith_ghost_buffer *ghosts;
} compose;

/* y = m x (or +=), and with a halo of `a` x's ghost rows, `ghost`, from their owners: rows that need none
 * while messages travel. */
static void compose_multiply(const compose *o, const kith_dist_csr *a, const kith_composed *m,
                             kith_lid n_interior, kith_node_rows x, float *ghost, bool add,
                             kith_grad_rows y) {
  const float *q = o->by->q->value;
  int d = o->x->d;
  if (a) kith_halo_begin(a->halo, d, x.own, ghost);
  kith_compose(m, 0, n_interior, d, q, x, add, y);
  if (a) kith_halo_end(a->halo);
  kith_compose(m, n_interior, m->csr.n_row, d, q, x, add, y);
}

static void compose_forward(void *self) {
  const compose *o = self;
  const kith_dist_csr *a = o->by->block->dist_csr;
  compose_multiply(o, a, &o->by->rows, a ? a->n_interior : 0, kith_tensor_rows(o->x),
                   a ? kith_tensor_ghosts(o->x) : NULL, false, kith_grad_rows_together(o->y->value));
  if (o->by->total) kith_divide_rows(kith_tensor_n(o->y), o->x->d, o->by->total, o->y->value, o->y->value);
}

/* Gradients of the columns; those of ghosts are returned to their owners. */
static void compose_backward_turned(const compose *o) {
  const kith_composition *by = o->by;
  const kith_dist_csr *a = by->block->dist_csr;
  const int d = o->x->d;
  kith_grad_rows dx = kith_grad_rows_together(kith_tensor_grad(o->x));
  if (a) dx = (kith_grad_rows){dx.own, o->ghosts->row, a->csr.n_row};
  if (a) kith_clear((int64_t)a->n_ghost * d, dx.ghost);
  compose_multiply(o, NULL, &by->back, 0, kith_node_rows_together(by->divided), NULL, true, dx);
  if (a) kith_halo_backward(a->halo, d, dx.ghost, dx.own);
}

/* The gradient of y, its ghost rows in the shared buffer. */
static kith_node_rows compose_divided(const compose *o) {
  const kith_dist_csr *a = o->by->block->dist_csr;
  const float *own = o->by->divided;
  return a ? (kith_node_rows){.own = own, .ghost = o->ghosts->row, .n_own = a->csr.n_row}
           : kith_node_rows_together(own);
}

static void compose_backward(void *self) {
  const compose *o = self;
  const kith_composition *by = o->by;
  const kith_dist_csr *a = by->block->dist_csr;
  kith_lid n_interior = !a ? 0 : a->transpose ? a->transpose->n_interior : a->n_interior;
  int64_t n = kith_tensor_n(o->y);
  int d = o->x->d;
  const float *dy = kith_tensor_grad(o->y);
  if (by->total) kith_divide_rows(n, d, by->total, dy, by->divided);
  else memcpy(by->divided, dy, (size_t)(n * d) * sizeof *dy);
  if (kith_tensor_requires_grad(o->x) && composition_turns(by)) compose_backward_turned(o);
  else if (kith_tensor_requires_grad(o->x))
    compose_multiply(o, a, &by->back, n_interior, compose_divided(o), o->ghosts->row, true,
                     kith_grad_rows_together(kith_tensor_grad(o->x)));
  kith_compose_gradient(&by->rows, (int)by->q->n_row, d, kith_tensor_rows(o->x), by->divided, by->scratch,
                        by->gradient);
}

kith_tensor *kith_compose_op(kith_tape *t, kith_composition *by, kith_tensor *x) {
  if (!x || !by) return NULL;
  const kith_dist_csr *a = by->block->dist_csr;
  if (a && kith_tape_check(t, kith_halo_reserve(a->halo, x->d)) != KITH_OK) return NULL;
  kith_ghosts_keep(t, by->block, x); /* the gradient of q reads them */
  if (a) kith_ghost_buffer_reserve(t, by->block->src->n_ghost, x->d);
  kith_tensor *y = kith_tape_tensor_like(t, x, by->block->dst, x->d);
  const compose made = {by, x, y, kith_tape_ghosts(t)};
  return kith_tape_record(t, "compose", a != NULL, compose_forward, compose_backward, &made, sizeof made, y);
}
