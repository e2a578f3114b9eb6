/* The leaf rows of a sampled step: from their owners, and their gradients home again. */
#include <string.h>

#include "kith/tape.h"

typedef struct gather_remote {
  kith_gather_remote *f;
  kith_input in;
  kith_tensor *leaf;
  float *packed;  /* [most sent, d] rows at their owner, for others … */
  float *arrived; /* [most leaves, d] … and from others, in the order of the halo */
  kith_lid *slot; /* [n_own] 1 + where a row's gradient is summed; 0 where it has none yet */
} gather_remote;

enum { GATHER_REMOTE_AHEAD = 8 }; /* rows to look ahead */

/* Whether a place is one of n from `at` on. */
static bool gather_remote_is_mine(kith_lid place, kith_lid at, kith_lid n) {
  return place >= at && place < at + n;
}

/* Rows of this rank's own are read and summed where they are; those of others, while their messages travel.
 */
static void gather_remote_forward(void *self) {
  gather_remote *o = self;
  kith_halo *h = o->f->h;
  size_t d = (size_t)o->leaf->d;
  const kith_lid *send = kith_halo_send_row(h), *row = o->f->row;
  const kith_halo_mine mine = kith_halo_own(h);
#pragma omp parallel for schedule(static)
  for (kith_lid s = 0; s < kith_halo_n_send(h); s++)
    if (!gather_remote_is_mine(s, mine.send, mine.n))
      kith_input_row(&o->in, send[s], o->packed + d * (size_t)s);
  kith_halo_forward_others(h, o->leaf->d, o->packed, o->arrived);
#pragma omp parallel for schedule(static)
  for (kith_lid i = 0; i < mine.n; i++) {
    if (i + GATHER_REMOTE_AHEAD < mine.n)
      kith_prefetch_row(o->leaf->d, o->leaf->value + d * (size_t)row[mine.want + i + GATHER_REMOTE_AHEAD]);
    kith_input_row(&o->in, send[mine.send + i], o->leaf->value + d * (size_t)row[mine.want + i]);
  }
  kith_halo_end(h);
#pragma omp parallel for schedule(static)
  for (kith_lid i = 0; i < kith_halo_n_want(h); i++)
    if (!gather_remote_is_mine(i, mine.want, mine.n))
      memcpy(o->leaf->value + d * (size_t)row[i], o->arrived + d * (size_t)i, d * sizeof(float));
}

/* Sum what came back, row by row in the order of its arrival, which is by asking rank. */
static void gather_remote_sum(gather_remote *o, const float *dleaf) {
  kith_gather_remote *f = o->f;
  size_t d = (size_t)o->leaf->d;
  const kith_lid *send = kith_halo_send_row(f->h);
  const kith_halo_mine mine = kith_halo_own(f->h);
  f->n_grad_row = 0;
  for (kith_lid s = 0; s < kith_halo_n_send(f->h); s++) {
    kith_lid *slot = &o->slot[send[s]];
    bool here = gather_remote_is_mine(s, mine.send, mine.n);
    if (here && s + GATHER_REMOTE_AHEAD < mine.send + mine.n)
      kith_prefetch_row(o->leaf->d,
                        dleaf + d * (size_t)f->row[mine.want + s + GATHER_REMOTE_AHEAD - mine.send]);
    const float *from =
        here ? dleaf + d * (size_t)f->row[mine.want + s - mine.send] : o->packed + d * (size_t)s;
    if (*slot == 0) {
      f->grad_row[f->n_grad_row] = send[s];
      *slot = ++f->n_grad_row;
      memcpy(f->grad + d * (size_t)(*slot - 1), from, d * sizeof(float));
      continue;
    }
    kith_scale((int64_t)d, 1, from, true, f->grad + d * (size_t)(*slot - 1));
  }
  for (kith_lid i = 0; i < f->n_grad_row; i++) o->slot[f->grad_row[i]] = 0;
}

/* What is learned of the rows that came home: weights by their features, and of rows without an embedding
 * nothing else. */
static void gather_remote_learn(gather_remote *o) {
  kith_gather_remote *f = o->f;
  size_t d = (size_t)o->leaf->d;
  kith_lid n = 0;
  kith_input_backward_weights(&o->in, f->n_grad_row, f->grad_row, f->grad);
  for (kith_lid i = 0; i < f->n_grad_row; i++) {
    if (!o->in.uses_embedding[o->in.type[f->grad_row[i]]]) continue;
    f->grad_row[n] = f->grad_row[i];
    if (n < i) memcpy(f->grad + d * (size_t)n, f->grad + d * (size_t)i, d * sizeof(float));
    n++;
  }
  f->n_grad_row = n;
}

static void gather_remote_backward(void *self) {
  gather_remote *o = self;
  size_t d = (size_t)o->leaf->d;
  if (!kith_tensor_requires_grad(o->leaf)) return; /* so it is on every rank */
  const float *dleaf = kith_tensor_grad(o->leaf);
  const kith_halo_mine mine = kith_halo_own(o->f->h);
#pragma omp parallel for schedule(static)
  for (kith_lid i = 0; i < kith_halo_n_want(o->f->h); i++)
    if (!gather_remote_is_mine(i, mine.want, mine.n))
      memcpy(o->arrived + d * (size_t)i, dleaf + d * (size_t)o->f->row[i], d * sizeof(float));
  kith_halo_return_others(o->f->h, o->leaf->d, o->arrived, o->packed);
  kith_halo_end(o->f->h);
  gather_remote_sum(o, dleaf);
  if (kith_input_uses_features(&o->in)) gather_remote_learn(o);
}

kith_tensor *kith_gather_remote_op(kith_tape *t, kith_gather_remote *f, const kith_input *in,
                                   const kith_frame *leaves, int64_t most_send) {
  bool learns = kith_input_requires_grad(in);
  int64_t most_touched = most_send < in->n_own ? most_send : in->n_own;
  gather_remote made = {.f = f,
                        .in = *in,
                        .leaf = learns ? kith_tape_node_tensor(t, leaves, in->d)
                                       : kith_tape_constant(t, leaves, in->d)};
  made.packed = kith_tape_workspace(t, most_send * in->d, sizeof(float));
  made.arrived = kith_tape_workspace(t, leaves->most * in->d, sizeof(float));
  made.slot = kith_tape_workspace(t, in->n_own, sizeof *made.slot);
  f->grad_row = kith_tape_workspace(t, most_touched, sizeof *f->grad_row);
  f->grad = kith_tape_workspace(t, learns ? most_touched * in->d : 0, sizeof(float));
  gather_remote *o =
      kith_tape_op(t, "gather_remote", true, gather_remote_forward, gather_remote_backward, sizeof *o);
  if (o) *o = made;
  return o ? made.leaf : NULL;
}
