/* A row and its sums over several relations, fused by a softmax. */
#include "ops/fuse.h"

#include "tape/tape.h"

typedef struct fuse {
  int n;
  float slope;
  kith_tensor *gamma; /* [rows, n] */
  kith_tensor *left, *x, *y;
  kith_fuse_input in[]; /* [n] */
} fuse;

/* What kernels read of `in`, anew at every run: memory of gradients moves. */
static void fuse_terms(const fuse *o, bool backward, kith_fuse_term *term) {
  for (int k = 0; k < o->n; k++) {
    const kith_fuse_input *in = &o->in[k];
    term[k] = (kith_fuse_term){.csr = in->block->csr,
                               .weight = in->weight,
                               .right = in->right->value,
                               .z = in->z->value};
    if (!backward) continue;
    term[k].dright = kith_tensor_grad(in->right);
    term[k].dz = kith_tensor_grad(in->z);
  }
}

static void fuse_forward(void *self) {
  fuse *o = self;
  kith_fuse_term term[KITH_FUSE_TERMS];
  fuse_terms(o, false, term);
  kith_fuse_forward(o->n, term, o->y->d, o->slope, o->left->value, o->x->value, o->gamma->value, o->y->value);
}

static void fuse_backward(void *self) {
  fuse *o = self;
  const float *dy = kith_tensor_grad(o->y);
  kith_fuse_term term[KITH_FUSE_TERMS];
  fuse_terms(o, true, term);
  kith_fuse_backward(o->n, term, o->y->d, o->slope, o->left->value, o->gamma->value, dy,
                     kith_tensor_grad(o->left), kith_tensor_grad(o->x));
}

kith_tensor *kith_fuse_op(kith_tape *t, int n, const kith_fuse_input *in, float slope, kith_tensor *left,
                          kith_tensor *x, const kith_tensor **gamma) {
  *gamma = NULL;
  if (!left || !x) return NULL;
  for (int k = 0; k < n; k++)
    if (!in[k].block || !in[k].right || !in[k].z) return NULL;
  fuse made = {.n = n, .slope = slope, .left = left, .x = x};
  made.y = kith_tape_node_tensor(t, in->block->dst, x->d);
  made.gamma = kith_tape_constant(t, in->block->dst, n);
  fuse *o = kith_tape_op(t, "fuse", false, fuse_forward, fuse_backward, sizeof *o + (size_t)n * sizeof *in);
  if (!o || !made.gamma) return NULL;
  *o = made;
  for (int k = 0; k < n; k++) o->in[k] = in[k];
  *gamma = o->gamma;
  return o->y;
}
