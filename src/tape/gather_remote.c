/* The leaf rows of a sampled step: sent by their owners, to which their gradients return. */
#include <string.h>

#include "tape/tape.h"

typedef struct gather_remote {
  const kith_leaf_rows *from;
  kith_gather_remote *g, alone; /* g: the caller's, or `alone` */
  kith_input in;
  kith_tensor *leaf;
  float *packed;   /* [max sent, d] rows for other ranks, at their owner … */
  float *received; /* [max leaves, d] … and rows received, in the order of the halo */
  kith_lid *slot;  /* [n_own] 1 + index of the row's gradient in g->grad; 0: none yet */
  kith_lid *index; /* [max sent] the same of each sent row, from 0 */
} gather_remote;

enum { GATHER_REMOTE_AHEAD = 8 }; /* rows to look ahead */

/* Whether index i is one of the n from `first` on. */
static bool gather_remote_is_self(kith_lid i, kith_lid first, kith_lid n) {
  return i >= first && i < first + n;
}

/* Overlap: the rank's own rows are copied while those of other ranks are in transit. */
static void gather_remote_forward(void *self) {
  gather_remote *o = self;
  kith_halo *h = o->from->h;
  size_t d = (size_t)o->leaf->d;
  const kith_lid *send = kith_halo_send_row(h), *row = o->from->row;
  const kith_halo_self_rows mine = kith_halo_self(h);
#pragma omp parallel for schedule(static)
  for (kith_lid s = 0; s < kith_halo_n_send(h); s++)
    if (!gather_remote_is_self(s, mine.send, mine.n))
      kith_input_row(&o->in, send[s], o->packed + d * (size_t)s);
  kith_halo_forward_remote(h, o->leaf->d, o->packed, o->received);
#pragma omp parallel for schedule(static)
  for (kith_lid i = 0; i < mine.n; i++) {
    if (i + GATHER_REMOTE_AHEAD < mine.n)
      kith_prefetch_row(o->leaf->d, o->leaf->value + d * (size_t)row[mine.recv + i + GATHER_REMOTE_AHEAD]);
    kith_input_row(&o->in, send[mine.send + i], o->leaf->value + d * (size_t)row[mine.recv + i]);
  }
  kith_halo_end(h);
#pragma omp parallel for schedule(static)
  for (kith_lid i = 0; i < kith_halo_n_recv(h); i++)
    if (!gather_remote_is_self(i, mine.recv, mine.n))
      memcpy(o->leaf->value + d * (size_t)row[i], o->received + d * (size_t)i, d * sizeof(float));
}

/* Give each sent row the index of its gradient: by first appearance, which is by requesting rank.  The rows
 * that rank 0 requested are distinct, and nobody requested them before. */
static void gather_remote_number(gather_remote *o) {
  kith_gather_remote *g = o->g;
  const kith_lid *send = kith_halo_send_row(o->from->h);
  g->n_grad_row = kith_halo_send_first(o->from->h, 1);
#pragma omp parallel for schedule(static)
  for (kith_lid s = 0; s < g->n_grad_row; s++) {
    g->grad_row[s] = send[s];
    o->slot[send[s]] = s + 1;
    o->index[s] = s;
  }
  for (kith_lid s = g->n_grad_row; s < kith_halo_n_send(o->from->h); s++) {
    kith_lid *slot = &o->slot[send[s]];
    if (*slot == 0) {
      g->grad_row[g->n_grad_row] = send[s];
      *slot = ++g->n_grad_row;
    }
    o->index[s] = *slot - 1;
  }
#pragma omp parallel for schedule(static)
  for (kith_lid i = 0; i < g->n_grad_row; i++) o->slot[g->grad_row[i]] = 0;
}

/* The returned gradient of sent row s: from this rank or from another one. */
static const float *gather_remote_returned(const gather_remote *o, const kith_halo_self_rows *mine,
                                           kith_lid s, const float *dleaf) {
  size_t d = (size_t)o->leaf->d;
  bool self_row = gather_remote_is_self(s, mine->send, mine->n);
  return self_row ? dleaf + d * (size_t)o->from->row[mine->recv + s - mine->send] : o->packed + d * (size_t)s;
}

/* to [d] = (or +=) from. */
static void gather_remote_add(int d, const float *from, bool add, float *to) {
  for (int k = 0; k < d; k++) to[k] = add ? to[k] + from[k] : from[k];
}

/* Sum the returned gradients of each row in the order received, which is by requesting rank.  One rank's
 * rows are distinct, so threads share them; a row that no earlier rank requested has an index from n_before
 * on. */
static void gather_remote_sum(gather_remote *o, const float *dleaf) {
  const kith_halo *h = o->from->h;
  size_t d = (size_t)o->leaf->d;
  const kith_halo_self_rows mine = kith_halo_self(h);
  kith_lid n_before = 0;
  gather_remote_number(o);
  for (int r = 0; r < kith_halo_comm(h)->size; r++) {
    kith_lid first = kith_halo_send_first(h, r), last = kith_halo_send_first(h, r + 1), n_new = 0;
#pragma omp parallel for schedule(static) reduction(+ : n_new)
    for (kith_lid s = first; s < last; s++) {
      bool is_new = o->index[s] >= n_before;
      if (s + GATHER_REMOTE_AHEAD < last)
        kith_prefetch_row(o->leaf->d, gather_remote_returned(o, &mine, s + GATHER_REMOTE_AHEAD, dleaf));
      gather_remote_add(o->leaf->d, gather_remote_returned(o, &mine, s, dleaf), !is_new,
                        o->g->grad + d * (size_t)o->index[s]);
      n_new += is_new;
    }
    n_before += n_new;
  }
}

/* Add the gradients of the features' weights; then keep only rows that have an embedding. */
static void gather_remote_input_weights(gather_remote *o) {
  kith_gather_remote *g = o->g;
  size_t d = (size_t)o->leaf->d;
  kith_lid n = 0;
  kith_input_backward_weights(&o->in, g->n_grad_row, g->grad_row, g->grad);
  for (kith_lid i = 0; i < g->n_grad_row; i++) {
    if (!o->in.uses_embedding[o->in.type[g->grad_row[i]]]) continue;
    g->grad_row[n] = g->grad_row[i];
    if (n < i) memcpy(g->grad + d * (size_t)n, g->grad + d * (size_t)i, d * sizeof(float));
    n++;
  }
  g->n_grad_row = n;
}

/* No gradient reaches an embedding that the step leaves out; its row stays among those that are updated, as
 * it is on the full graph. */
static void gather_remote_forget(gather_remote *o) {
  size_t d = (size_t)o->leaf->d;
#pragma omp parallel for schedule(static)
  for (kith_lid i = 0; i < o->g->n_grad_row; i++)
    if (kith_input_forgets(&o->in, o->g->grad_row[i]))
      memset(o->g->grad + d * (size_t)i, 0, d * sizeof(float));
}

static void gather_remote_backward(void *self) {
  gather_remote *o = self;
  size_t d = (size_t)o->leaf->d;
  if (!kith_tensor_requires_grad(o->leaf)) return; /* the same on every rank */
  kith_halo *h = o->from->h;
  const kith_lid *row = o->from->row;
  const float *dleaf = kith_tensor_grad(o->leaf);
  const kith_halo_self_rows mine = kith_halo_self(h);
#pragma omp parallel for schedule(static)
  for (kith_lid i = 0; i < kith_halo_n_recv(h); i++)
    if (!gather_remote_is_self(i, mine.recv, mine.n))
      memcpy(o->received + d * (size_t)i, dleaf + d * (size_t)row[i], d * sizeof(float));
  kith_halo_backward_remote(h, o->leaf->d, o->received, o->packed);
  kith_halo_end(h);
  gather_remote_sum(o, dleaf);
  if (kith_input_uses_features(&o->in)) gather_remote_input_weights(o);
  if (o->in.forget.p > 0) gather_remote_forget(o);
}

int64_t kith_gather_remote_bytes(int64_t n_leaf, int64_t n_send, int64_t n_own, int d) {
  const gather_remote *o = NULL;
  int64_t n_grad = kith_min(n_send, n_own);
  return kith_tape_tensor_bytes(n_leaf, d) + KITH_BYTES(o->packed, n_send * d) +
         KITH_BYTES(o->received, n_leaf * d) + KITH_BYTES(o->slot, n_own) + KITH_BYTES(o->index, n_send) +
         KITH_BYTES(o->g->grad_row, n_grad) + KITH_BYTES(o->g->grad, n_grad * d);
}

kith_tensor *kith_gather_remote_op(kith_tape *t, const kith_leaf_rows *from, kith_gather_remote *g,
                                   const kith_input *in, const kith_node_map *leaves) {
  bool requires_grad = kith_input_requires_grad(in);
  int64_t max_grad_row = from->max_send < in->n_own ? from->max_send : in->n_own;
  if (kith_tape_check(t, kith_halo_reserve(from->h, in->d)) != KITH_OK) return NULL;
  gather_remote *o =
      kith_tape_op(t, "remote gather", true, gather_remote_forward, gather_remote_backward, sizeof *o);
  if (!o) return NULL;
  o->from = from;
  o->g = g ? g : &o->alone;
  o->in = *in;
  o->leaf = requires_grad ? kith_tape_node_tensor(t, leaves, in->d) : kith_tape_constant(t, leaves, in->d);
  o->packed = kith_tape_workspace(t, from->max_send * in->d, sizeof(float));
  o->received = kith_tape_workspace(t, leaves->capacity * in->d, sizeof(float));
  o->slot = kith_tape_workspace(t, in->n_own, sizeof *o->slot);
  o->index = kith_tape_workspace(t, from->max_send, sizeof *o->index);
  o->g->grad_row = kith_tape_workspace(t, max_grad_row, sizeof *o->g->grad_row);
  o->g->grad = kith_tape_workspace(t, requires_grad ? max_grad_row * in->d : 0, sizeof(float));
  return o->leaf;
}
