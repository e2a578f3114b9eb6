/*
 * Learned weights of the relations of a merged matrix, M = A + sum of omega_r A_r: set in forward, before the
 * layers that multiply by M; their gradients are summed by those layers' backward functions
 * (kith_relation_gradient()), and over ranks here.
 */
#include <string.h>

#include "tape/tape.h"

typedef struct relation_weights {
  kith_dist_csr *a;
  kith_tensor *omega[1 + KITH_MAX_RELATIONS];
} relation_weights;

static void relation_weights_forward(void *self) {
  relation_weights *o = self;
  kith_merged_relations *m = o->a->merged;
  kith_csr *csr = &o->a->csr;
  kith_dist_transpose *t = o->a->transpose;
  float omega[1 + KITH_MAX_RELATIONS] = {0};
  for (int k = 0; k < m->n; k++)
    if (o->omega[k]) omega[k] = o->omega[k]->value[0];
  kith_relation_scale(csr->start[csr->n_row], m->of, m->learned, omega, m->base, csr->weight);
  if (t) kith_relation_scale(t->csr.start[t->csr.n_row], t->of, m->learned, omega, t->base, t->csr.weight);
  memset(m->gradient, 0, sizeof m->gradient);
}

/* Rank 0 alone holds the sum, since gradients of weights are summed over ranks. */
static void relation_weights_backward(void *self) {
  relation_weights *o = self;
  kith_merged_relations *m = o->a->merged;
  const kith_comm *comm = kith_halo_comm(o->a->halo);
  kith_comm_sum(comm, m->n, m->gradient);
  for (int k = 0; k < m->n && comm->rank == 0; k++)
    if (o->omega[k])
      kith_tensor_grad(o->omega[k])[0] += (float)(kith_exact_sum_value(&m->gradient[k]) / KITH_RELATION_UNIT);
}

void kith_relation_weights_op(kith_tape *t, const kith_block *block, kith_tensor *const *omega) {
  if (!block || !block->dist_csr || !block->dist_csr->merged) return;
  relation_weights *o = kith_tape_op(t, "relation weights", true, relation_weights_forward,
                                     relation_weights_backward, sizeof *o);
  if (!o) return;
  o->a = block->dist_csr;
  memcpy(o->omega, omega, (size_t)o->a->merged->n * sizeof *omega);
}
