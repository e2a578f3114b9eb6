/* Rows of which each rank owns some, on all ranks; the gradients that ranks have of them, back to the owners.
 */
#include <string.h>

#include "tape/tape.h"

typedef struct all_rows {
  const kith_comm *comm;
  kith_lid n_own;
  const int64_t *place; /* [n_own] of this rank's rows among all */
  kith_tensor *own, *all;
} all_rows;

/* Rows of others are zeros in the sum. */
static void all_rows_sum(const all_rows *o, float *x) {
  kith_comm_reduce(o->comm, (int64_t)o->all->n_row * o->all->d, MPI_FLOAT, MPI_SUM, x);
}

static void all_rows_forward(void *self) {
  all_rows *o = self;
  const int64_t d = o->all->d;
  kith_clear(o->all->n_row * d, o->all->value);
  for (kith_lid i = 0; i < o->n_own; i++)
    memcpy(o->all->value + o->place[i] * d, o->own->value + i * d, (size_t)d * sizeof *o->all->value);
  all_rows_sum(o, o->all->value);
}

static void all_rows_backward(void *self) {
  all_rows *o = self;
  const int64_t d = o->all->d;
  float *dx = kith_tensor_grad(o->all);
  all_rows_sum(o, dx);
  for (kith_lid i = 0; i < o->n_own; i++)
    memcpy(o->own->grad + i * d, dx + o->place[i] * d, (size_t)d * sizeof *dx);
}

kith_tensor *kith_all_rows_op(kith_tape *t, const kith_comm *comm, kith_lid n_own, const int64_t *place,
                              const kith_node_map *rows, kith_tensor *own) {
  if (!own) return NULL;
  all_rows made = {comm, n_own, place, own, kith_tape_node_tensor(t, rows, own->d)};
  return kith_tape_record(t, "rows of all ranks", true, all_rows_forward, all_rows_backward, &made,
                          sizeof made, made.all);
}
