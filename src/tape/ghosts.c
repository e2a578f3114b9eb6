/*
 * Ghost rows of the full graph's tensors.  A tensor has memory for its own rows only; the rows of other ranks
 * that an op reads of it live from their exchange to the last op that reads them, and the gradients of these
 * rows, in backward, for the same span.  So tensors share one buffer, as wide as the widest of them: values
 * in forward, gradients in backward.  A tensor has ghost rows of its own, kept through the whole step, where
 *   - backward reads the values of its ghosts (kith_ghosts_read() with `kept`), or
 *   - another tensor takes the buffer before the last op has read it: then gradients, too.
 * Both are known while ops are recorded, which is the order of their spans.
 */
#include "tape/tape.h"

typedef struct kith_ghosts {
  kith_ghost_buffer *shared;
  int64_t n;                 /* rows */
  float *value, *grad;       /* [n, d] of its own; null: they are in the shared buffer */
  bool grad_written;         /* as that of the tensor */
  bool by_messages;          /* an op fills them that does not know of rows in place */
  const kith_in_place *near; /* not null: rows of this host are read in place … */
  float *host_grad; /* … and `grad` is this rank's part of the host's gradients of ghosts; null: the
                       shared buffer is */
} kith_ghosts;

float *kith_ghost_buffer_reserve(kith_tape *t, int64_t n, int d) {
  kith_ghost_buffer *b = kith_tape_ghosts(t);
  b->holder = NULL;
  b->d = d > b->d ? d : b->d;
  if (kith_tape_status(t) != KITH_OK) return NULL;
  if (b->row && n * d <= b->n) return b->row;
  KITH_FREE(b->row);
  b->n = kith_tape_check(t, KITH_NEW(b->row, n * d)) == KITH_OK ? n * d : 0;
  return b->row;
}

/* Rows of a tensor's own. */
static float *ghosts_allocate(kith_tape *t, int64_t n, int d, int64_t *taken) {
  float *row = NULL;
  if (kith_tape_check(t, KITH_NEW(row, n * d)) == KITH_OK) *taken += n * d * (int64_t)sizeof *row;
  return row;
}

static bool ghosts_make(kith_tape *t, const kith_block *block, kith_tensor *x) {
  if (!x->ghosts && kith_tape_check(t, KITH_NEW(x->ghosts, 1)) == KITH_OK)
    *x->ghosts = (kith_ghosts){.shared = kith_tape_ghosts(t), .n = block->src->n_ghost};
  return x->ghosts != NULL;
}

void kith_ghosts_fill(kith_tape *t, const kith_block *block, kith_tensor *x) {
  if (!block->dist_csr || !ghosts_make(t, block, x)) return;
  kith_ghost_buffer_reserve(t, x->ghosts->n, x->d);
  kith_tape_ghosts(t)->holder = x;
}

static void ghosts_keep(kith_tape *t, kith_tensor *x, bool grad) {
  kith_ghosts *g = x->ghosts;
  kith_ghost_buffer *b = g->shared;
  if (!g->value) g->value = ghosts_allocate(t, g->n, x->d, &b->value_taken);
  if (grad && !g->grad && x->grad) g->grad = ghosts_allocate(t, g->n, x->d, &b->grad_taken);
}

void kith_ghosts_keep(kith_tape *t, const kith_block *block, kith_tensor *x) {
  if (!block->dist_csr || !ghosts_make(t, block, x)) return;
  x->ghosts->by_messages = true;
  ghosts_keep(t, x, false);
}

void kith_ghosts_read(kith_tape *t, const kith_block *block, kith_tensor *x, bool kept) {
  if (!block->dist_csr) return;
  if (!x->ghosts) {
    (void)kith_tape_check(t, kith_fail(KITH_ECONFIG,
                                       "a layer reads ghost rows that no kith_ghost_update_op() fills"));
    return;
  }
  bool taken = kith_tape_ghosts(t)->holder != x;
  if (taken || kept) ghosts_keep(t, x, taken);
}

float *kith_tensor_ghosts(const kith_tensor *x) {
  return x->ghosts->value ? x->ghosts->value : x->ghosts->shared->row;
}

kith_node_rows kith_tensor_rows(const kith_tensor *x) {
  if (!x->ghosts) return kith_node_rows_together(x->value);
  kith_node_rows rows = {.own = x->value,
                         .ghost = kith_tensor_ghosts(x),
                         .n_own = (kith_lid)kith_tensor_n(x)};
  if (x->ghosts->near) {
    rows.at = x->ghosts->near->near->at;
    rows.host = x->shared->host_value;
  }
  return rows;
}

bool kith_ghosts_near(const kith_tensor *x) {
  return x->shared && x->shared->gathered && !x->ghosts->by_messages;
}

bool kith_ghosts_have_grad(const kith_tensor *x) { return x->ghosts->grad != NULL; }

void kith_ghosts_place(kith_tensor *x, const kith_in_place *in, float *host_grad, float *grad) {
  kith_ghosts *g = x->ghosts;
  g->near = in;
  if (!host_grad) return;
  KITH_FREE(g->grad);
  g->host_grad = host_grad;
  g->grad = grad;
}

const kith_in_place *kith_ghosts_in_place(const kith_tensor *x) { return x->ghosts->near; }

kith_shared_grads kith_ghosts_near_grads(const kith_tensor *x) {
  const kith_ghosts *g = x->ghosts;
  if (g->host_grad) return (kith_shared_grads){g->host_grad, x->d};
  return (kith_shared_grads){g->shared->host, g->shared->d};
}

static kith_grad_rows ghosts_grad(const kith_tensor *x) {
  const kith_ghosts *g = x->ghosts;
  if (!g) return kith_grad_rows_together(x->grad);
  return (kith_grad_rows){x->grad, g->grad ? g->grad : g->shared->row, (kith_lid)kith_tensor_n(x)};
}

kith_grad_rows kith_tensor_grad_rows(kith_tensor *x) {
  (void)kith_tensor_grad(x);
  const kith_grad_rows dx = ghosts_grad(x);
  if (x->ghosts && !x->ghosts->grad_written) kith_clear(x->ghosts->n * x->d, dx.ghost);
  if (x->ghosts) x->ghosts->grad_written = true;
  return dx;
}

kith_grad_rows kith_tensor_mark_grad_rows(kith_tensor *x, bool *add) {
  *add = x->grad_written || (x->ghosts && x->ghosts->grad_written);
  if (*add) return kith_tensor_grad_rows(x);
  x->grad_written = true;
  if (x->ghosts) x->ghosts->grad_written = true;
  return ghosts_grad(x);
}

void kith_ghosts_begin_backward(kith_tensor *x) {
  if (x->ghosts) x->ghosts->grad_written = false;
}

void kith_ghosts_discard(kith_tensor *x) {
  kith_ghosts *g = x->ghosts;
  if (!g) return;
  if (g->value) kith_alloc_discard(g->value, g->n * x->d, sizeof *g->value);
  if (g->grad && !g->host_grad) kith_alloc_discard(g->grad, g->n * x->d, sizeof *g->grad);
}

void kith_ghosts_free(kith_tensor *x) {
  if (!x->ghosts) return;
  KITH_FREE(x->ghosts->value);
  if (!x->ghosts->host_grad) KITH_FREE(x->ghosts->grad);
  KITH_FREE(x->ghosts);
}
