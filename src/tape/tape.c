/* The tape: an ordered list of ops, and the memory that they use. */
#include "tape/tape.h"

enum { TAPE_MAX = 4096 }; /* ops and tensors of one model */

typedef struct tape_op {
  const char *name;
  bool collective;
  void (*forward)(void *self);
  void (*backward)(void *self);
  void *self;
} tape_op;

struct kith_tape {
  int n_op, n_tensor, n_workspace;
  tape_op op[TAPE_MAX];
  kith_tensor *tensor[TAPE_MAX];
  void *workspace[TAPE_MAX];
  int64_t workspace_bytes[TAPE_MAX];
  void (*progress)(void *self);
  void *progress_self;
  kith_tape_bytes taken;
  kith_ghost_buffer ghosts;
  kith_in_place in_place;
  kith_status status;
};

kith_status kith_tape_create(kith_tape **out) {
  kith_tape *t = NULL;
  kith_status st = KITH_NEW(t, 1);
  *out = t;
  return st;
}

static void tape_free_tensor(kith_tensor *x) {
  const kith_shared_rows *s = x->shared;
  if (!s || !s->host_value) KITH_FREE(x->value);
  if (!s || !s->host_grad) KITH_FREE(x->grad);
  KITH_FREE(x->sparse);
  KITH_FREE(x->shared);
  kith_ghosts_free(x);
}

void kith_tape_destroy(kith_tape **tape) {
  kith_tape *t = *tape;
  if (!t) return;
  for (int i = 0; i < t->n_op; i++) KITH_FREE(t->op[i].self);
  for (int i = 0; i < t->n_workspace; i++) KITH_FREE(t->workspace[i]);
  for (int i = 0; i < t->n_tensor; i++) {
    tape_free_tensor(t->tensor[i]);
    KITH_FREE(t->tensor[i]);
  }
  kith_in_place_free(&t->in_place);
  if (!t->ghosts.host) KITH_FREE(t->ghosts.row);
  KITH_FREE(*tape);
}

int64_t kith_tape_tensor_bytes(int64_t n_row, int d) {
  const kith_tensor *x = NULL;
  return KITH_BYTES(x->value, n_row * d) + KITH_BYTES(x->grad, n_row * d);
}

static kith_status tape_make_tensor(int64_t n_row, int d, bool requires_grad, kith_tensor **out) {
  kith_status st = KITH_OK;
  kith_tensor *x = NULL;
  KITH_TRY(KITH_NEW(x, 1));
  x->n_row = n_row;
  x->d = d;
  KITH_TRY(KITH_NEW(x->value, n_row * d));
  if (requires_grad) KITH_TRY(KITH_NEW(x->grad, n_row * d));
  *out = x;
  x = NULL;
done:
  if (x) {
    KITH_FREE(x->value);
    KITH_FREE(x->grad);
  }
  KITH_FREE(x);
  return st;
}

static kith_tensor *tape_tensor(kith_tape *t, int64_t n_row, int d, bool requires_grad) {
  kith_tensor *x = NULL;
  if (t->status != KITH_OK) return NULL;
  if (t->n_tensor == TAPE_MAX)
    t->status = kith_fail(KITH_ECONFIG, "a model may have at most %d tensors", TAPE_MAX);
  else t->status = tape_make_tensor(n_row, d, requires_grad, &x);
  if (!x) return NULL;
  t->tensor[t->n_tensor++] = x;
  t->taken.value += n_row * d * (int64_t)sizeof(float);
  if (requires_grad) t->taken.grad += n_row * d * (int64_t)sizeof(float);
  return x;
}

kith_tensor *kith_tape_tensor(kith_tape *t, int64_t n_row, int d) { return tape_tensor(t, n_row, d, true); }

kith_tensor *kith_tape_node_tensor(kith_tape *t, const kith_node_map *node_map, int d) {
  kith_tensor *x = kith_tape_tensor(t, node_map->capacity, d);
  if (x) x->node_map = node_map;
  return x;
}

kith_tensor *kith_tape_constant(kith_tape *t, const kith_node_map *node_map, int d) {
  kith_tensor *x = tape_tensor(t, node_map->capacity, d, false);
  if (x) x->node_map = node_map;
  return x;
}

kith_tensor *kith_tape_sparse(kith_tape *t, const kith_node_map *node_map, int d,
                              const kith_sparse_rows *rows) {
  kith_tensor *x = tape_tensor(t, 0, d, false);
  if (!x || kith_tape_check(t, KITH_NEW(x->sparse, 1)) != KITH_OK) return NULL;
  x->node_map = node_map;
  *x->sparse = *rows;
  return x;
}

/* Ops that derive their result from `x` this way read its values. */
kith_tensor *kith_tape_tensor_like(kith_tape *t, const kith_tensor *x, const kith_node_map *node_map, int d) {
  if (x->sparse)
    (void)kith_tape_check(t, kith_fail(KITH_ECONFIG, "sparse features are read by dropout and linear alone"));
  return kith_tensor_requires_grad(x) ? kith_tape_node_tensor(t, node_map, d)
                                      : kith_tape_constant(t, node_map, d);
}

void *kith_tape_workspace(kith_tape *t, int64_t count, size_t size) {
  char *workspace = NULL;
  if (t->status != KITH_OK) return NULL;
  if (t->n_workspace == TAPE_MAX)
    t->status = kith_fail(KITH_ECONFIG, "a model may have at most %d workspaces", TAPE_MAX);
  else t->status = KITH_NEW(workspace, count * (int64_t)size);
  if (!workspace) return NULL;
  t->workspace_bytes[t->n_workspace] = count * (int64_t)size;
  t->workspace[t->n_workspace++] = workspace;
  t->taken.workspace += count * (int64_t)size;
  return workspace;
}

void *kith_tape_op(kith_tape *t, const char *name, bool collective, void (*forward)(void *self),
                   void (*backward)(void *self), size_t size) {
  char *self = NULL;
  if (t->status != KITH_OK) return NULL;
  if (t->n_op == TAPE_MAX) t->status = kith_fail(KITH_ECONFIG, "a model may have at most %d ops", TAPE_MAX);
  else t->status = KITH_NEW(self, (int64_t)size);
  if (self) t->op[t->n_op++] = (tape_op){name, collective, forward, backward, self};
  return self;
}

kith_tensor *kith_tape_record(kith_tape *t, const char *name, bool collective, void (*forward)(void *self),
                              void (*backward)(void *self), const void *made, size_t size, kith_tensor *y) {
  void *self = y ? kith_tape_op(t, name, collective, forward, backward, size) : NULL;
  if (!self) return NULL;
  memcpy(self, made, size);
  return y;
}

void kith_tape_csr_workspace(kith_tape *t, int64_t n_row, int64_t n_entry, kith_csr *csr) {
  csr->start = kith_tape_workspace(t, n_row + 1, sizeof *csr->start);
  csr->col = kith_tape_workspace(t, n_entry, sizeof *csr->col);
  csr->weight = kith_tape_workspace(t, n_entry, sizeof *csr->weight);
}

void kith_tape_csc_workspace(kith_tape *t, int64_t n_col, int64_t n_entry, kith_csc *csc) {
  csc->start = kith_tape_workspace(t, n_col + 2, sizeof *csc->start);
  csc->entry = kith_tape_workspace(t, n_entry, sizeof *csc->entry);
  csc->row = kith_tape_workspace(t, n_entry, sizeof *csc->row);
}

kith_status kith_tape_check(kith_tape *t, kith_status st) {
  if (t->status == KITH_OK) t->status = st;
  return t->status;
}

kith_status kith_tape_status(const kith_tape *t) { return t->status; }

kith_ghost_buffer *kith_tape_ghosts(kith_tape *t) { return &t->ghosts; }

kith_in_place *kith_tape_in_place(kith_tape *t) { return &t->in_place; }

kith_tape_bytes kith_tape_memory(const kith_tape *t) {
  kith_tape_bytes all = t->taken;
  all.grad += t->ghosts.grad_taken;
  all.ghost = t->ghosts.value_taken + t->ghosts.n * (int64_t)sizeof *t->ghosts.row;
  return all;
}

void kith_tape_set_progress(kith_tape *t, void (*progress)(void *self), void *self) {
  t->progress = progress;
  t->progress_self = self;
}

static void tape_run(const kith_tape *t, void (*run)(void *self), void *self) {
  run(self);
  if (t->progress) t->progress(t->progress_self);
}

void kith_tape_forward(kith_tape *t) {
  kith_in_place_settle(&t->in_place);
  for (int i = 0; i < t->n_op; i++) tape_run(t, t->op[i].forward, t->op[i].self);
}

void kith_tape_backward(kith_tape *t) {
  for (int i = 0; i < t->n_tensor; i++) {
    t->tensor[i]->grad_written = false;
    kith_ghosts_begin_backward(t->tensor[i]);
  }
  for (int i = t->n_op - 1; i >= 0; i--)
    if (t->op[i].backward) tape_run(t, t->op[i].backward, t->op[i].self);
}

/* What others may read stays. */
static void tape_discard_tensor(kith_tensor *x) {
  const kith_shared_rows *s = x->shared;
  if (!s || !s->host_value) kith_alloc_discard(x->value, x->n_row * x->d, sizeof *x->value);
  if (x->grad && (!s || !s->host_grad)) kith_alloc_discard(x->grad, x->n_row * x->d, sizeof *x->grad);
  kith_ghosts_discard(x);
}

void kith_tape_discard(kith_tape *t, const kith_tensor *keep, bool workspaces) {
  for (int i = 0; i < t->n_tensor; i++)
    if (t->tensor[i] != keep) tape_discard_tensor(t->tensor[i]);
  if (t->ghosts.row && !t->ghosts.host) kith_alloc_discard(t->ghosts.row, t->ghosts.n, sizeof *t->ghosts.row);
  for (int i = 0; i < t->n_workspace && workspaces; i++)
    kith_alloc_discard(t->workspace[i], t->workspace_bytes[i], 1);
}

float *kith_tensor_grad(kith_tensor *x) {
  if (!kith_tensor_mark_grad_written(x)) kith_clear(kith_tensor_n(x) * x->d, x->grad);
  return x->grad;
}

bool kith_tensor_mark_grad_written(kith_tensor *x) {
  bool was = x->grad_written;
  x->grad_written = true;
  return was;
}
