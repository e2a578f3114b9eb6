/* Rows of a batch: from their owners to the ranks that compute its loss; their gradients back. */
#include "tape/tape.h"

typedef struct exchange {
  kith_halo *h;
  kith_tensor *packed, *rows;
} exchange;

static void exchange_forward(void *self) {
  exchange *e = self;
  kith_halo_forward_packed(e->h, e->packed->d, e->packed->value, e->rows->value);
}

static void exchange_backward(void *self) {
  exchange *e = self;
  kith_halo_backward_packed(e->h, e->packed->d, e->rows->grad, e->packed->grad);
}

kith_tensor *kith_exchange_op(kith_tape *t, kith_halo *h, kith_tensor *packed, int64_t max_recv) {
  if (!packed) return NULL;
  kith_tensor *rows = kith_tape_tensor(t, max_recv, packed->d);
  const exchange made = {h, packed, rows};
  return kith_tape_record(t, "exchange", true, exchange_forward, exchange_backward, &made, sizeof made, rows);
}

/* ---- rows of node maps, which change from step to step ---- */

static void exchange_rows_backward(void *self) {
  exchange *e = self;
  const float *dy = kith_tensor_grad(e->rows);
  (void)kith_tensor_mark_grad_written(e->packed); /* a row for each row that is sent: all are written */
  kith_halo_backward_packed(e->h, e->packed->d, dy, e->packed->grad);
}

kith_tensor *kith_exchange_rows_op(kith_tape *t, kith_halo *h, kith_tensor *packed,
                                   const kith_node_map *rows) {
  if (!packed) return NULL;
  exchange made = {h, packed, kith_tape_node_tensor(t, rows, packed->d)};
  return kith_tape_record(t, "exchange rows", true, exchange_forward, exchange_rows_backward, &made,
                          sizeof made, made.rows);
}
