/*
 * y = A x over ranks: exchange of ghosts overlapped with the rows that need none.
 * Of a model's last layer only the batch's rows are read, so only those are computed.  (Leaving out the other
 * rows' zero gradients on the way back was tried: the batch's rows hold two fifths of A's entries, and
 * finding them costs as much as it saves.)
 */
#include "kith/tape.h"

enum { PROPAGATE_PIECES = 8 }; /* interior rows are computed in pieces; between them messages are poked */

typedef struct propagate {
  const kith_relation *a;
  const kith_csr *csr; /* its matrix, or what edge dropout leaves of it: the same places */
  kith_tensor *x, *y;
  const kith_output *r; /* last layer: which rows are asked for */
  kith_lid *place;      /* [n_own] last layer: where they stand in A, interior ones first */
} propagate;

/* to = A from (or +=): begin halo, interior rows, end halo, boundary rows.  Each row keeps its one order of
 * summation. */
static void propagate_run(const propagate *p, int d, float *from, bool add, float *to) {
  const kith_relation *a = p->a;
  kith_lid n_own = p->csr->n_row;
  kith_halo_begin(a->halo, d, from, from + (size_t)n_own * (size_t)d);
  for (int i = 0; i < PROPAGATE_PIECES; i++) {
    kith_lid low = (kith_lid)kith_block(a->n_interior, PROPAGATE_PIECES, i);
    kith_lid high = (kith_lid)kith_block(a->n_interior, PROPAGATE_PIECES, i + 1);
    kith_spmm(p->csr, low, high, d, from, add, to);
    kith_halo_poke(a->halo);
  }
  kith_halo_end(a->halo);
  kith_spmm(p->csr, a->n_interior, n_own, d, from, add, to);
}

static void propagate_forward(void *self) {
  propagate *p = self;
  propagate_run(p, p->x->d, p->x->value, false, p->y->value);
}

/* A is symmetric (edge dropout drops both directions), so its transpose in gather form is A itself, on
 * gradients. */
static void propagate_backward(void *self) {
  propagate *p = self;
  propagate_run(p, p->x->d, p->y->grad, kith_tensor_mark_grad_written(p->x), p->x->grad);
}

/* List the places of the asked-for rows, interior ones first; returns how many those are. */
static kith_lid propagate_list(propagate *p) {
  const kith_gather_index *gather_index = p->r->gather_index;
  kith_lid n_near = 0, near = 0;
  for (kith_lid i = 0; i < gather_index->n_unique; i++)
    n_near += p->a->place[gather_index->unique_row[i]] < p->a->n_interior;
  for (kith_lid i = 0, far = n_near; i < gather_index->n_unique; i++) {
    kith_lid place = p->a->place[gather_index->unique_row[i]];
    p->place[place < p->a->n_interior ? near++ : far++] = place;
  }
  return n_near;
}

static void propagate_forward_last(void *self) {
  propagate *p = self;
  const kith_csr *csr = p->csr;
  float *x = p->x->value;
  int d = p->x->d;
  if (p->r->all_rows) {
    propagate_forward(self);
    return;
  }
  kith_lid n_near = propagate_list(p);
  kith_halo_begin(p->a->halo, d, x, x + (size_t)csr->n_row * (size_t)d);
  kith_spmm_rows(csr, n_near, p->place, d, x, p->y->value);
  kith_halo_end(p->a->halo);
  kith_spmm_rows(csr, p->r->gather_index->n_unique - n_near, p->place + n_near, d, x, p->y->value);
}

static kith_tensor *propagate_record(kith_tape *t, const kith_hop *hop, propagate made,
                                     void (*forward)(void *self)) {
  if (!made.x || kith_tape_check(t, kith_halo_reserve(made.a->halo, made.x->d)) != KITH_OK) return NULL;
  made.y = kith_tape_node_tensor(t, hop->out, made.x->d);
  propagate *p = kith_tape_op(t, "propagate", true, forward, propagate_backward, sizeof *p);
  if (p) *p = made;
  return p ? made.y : NULL;
}

kith_tensor *kith_propagate_op(kith_tape *t, const kith_hop *hop, kith_tensor *x) {
  if (!hop->whole) return kith_aggregate_op(t, hop, KITH_NORM_SYMMETRIC, x);
  return propagate_record(t, hop, (propagate){.a = hop->whole, .csr = hop->csr, .x = x}, propagate_forward);
}

kith_tensor *kith_propagate_last_op(kith_tape *t, const kith_hop *hop, const kith_output *r, kith_tensor *x) {
  if (!hop->whole) return kith_propagate_op(t, hop, x);
  kith_lid *place = kith_tape_workspace(t, hop->whole->csr.n_row, sizeof *place);
  return propagate_record(t, hop,
                          (propagate){.a = hop->whole, .csr = hop->csr, .x = x, .r = r, .place = place},
                          propagate_forward_last);
}
