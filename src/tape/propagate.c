/* y = A x over ranks: exchange of ghosts overlapped with the rows that need none. */
#include "kith/tape.h"

enum { PROPAGATE_PIECES = 8 }; /* interior rows are computed in pieces; between them messages are poked */

typedef struct propagate {
  kith_relation *a;
  kith_tensor *x, *y;
} propagate;

/* to = A from (or +=): begin halo, interior rows, end halo, boundary rows.  Each row keeps its one order of summation. */
static void propagate_run(const kith_relation *a, int d, float *from, bool add, float *to) {
  kith_lid n_own = a->csr.n_row;
  kith_halo_begin(a->halo, from, from + (size_t)n_own * (size_t)d);
  for (int i = 0; i < PROPAGATE_PIECES; i++) {
    kith_lid low = (kith_lid)kith_block(a->n_interior, PROPAGATE_PIECES, i);
    kith_lid high = (kith_lid)kith_block(a->n_interior, PROPAGATE_PIECES, i + 1);
    kith_spmm(&a->csr, low, high, d, from, add, to);
    kith_halo_poke(a->halo);
  }
  kith_halo_end(a->halo);
  kith_spmm(&a->csr, a->n_interior, n_own, d, from, add, to);
}

static void propagate_forward(void *self) {
  propagate *p = self;
  propagate_run(p->a, p->x->d, p->x->value, false, p->y->value);
}

/* A is symmetric, so its transpose in gather form is A itself, on gradients. */
static void propagate_backward(void *self) {
  propagate *p = self;
  propagate_run(p->a, p->x->d, p->y->grad, kith_tensor_touch(p->x), p->x->grad);
}

kith_tensor *kith_propagate_op(kith_tape *t, kith_relation *a, kith_tensor *x) {
  if (!x) return NULL;
  kith_tensor *y = kith_tape_tensor(t, a->csr.n_col, x->d);
  propagate *p = kith_tape_op(t, "propagate", true, propagate_forward, propagate_backward, sizeof *p);
  if (!p || !y) return NULL;
  *p = (propagate){a, x, y};
  return y;
}
