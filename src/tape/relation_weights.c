/*
 * Learned weights of the relations of a merged matrix, M = A + sum of omega_r A_r, or of sampled blocks of
 * it: set in forward, before the layers that multiply by the matrix; their gradients are summed by those
 * layers' backward functions (kith_relation_gradient()).  On the full graph they are summed over ranks here,
 * exactly, so that any number of ranks gives the same bits; in sampled steps with the gradients of all
 * weights.
 */
#include <string.h>

#include "tape/tape.h"

typedef struct relation_weights {
  const kith_block *block;
  kith_tensor *omega[1 + KITH_MAX_RELATIONS];
} relation_weights;

static void relation_weights_forward(void *self) {
  relation_weights *o = self;
  kith_merged_relations *m = o->block->merged;
  const kith_csr *csr = o->block->whole;
  kith_dist_transpose *t = o->block->dist_csr ? o->block->dist_csr->transpose : NULL;
  float omega[1 + KITH_MAX_RELATIONS] = {0};
  for (int k = 0; k < m->n; k++)
    if (o->omega[k]) omega[k] = o->omega[k]->value[0];
  kith_relation_scale(csr->start[csr->n_row], m->of, m->learned, omega, m->base, csr->weight);
  if (t) kith_relation_scale(t->csr.start[t->csr.n_row], t->of, m->learned, omega, t->base, t->csr.weight);
  memset(m->gradient, 0, sizeof m->gradient);
}

/* The full graph's sums are those of all ranks: rank 0 alone holds them, since gradients of weights are
 * summed over ranks. */
static void relation_weights_backward(void *self) {
  relation_weights *o = self;
  kith_merged_relations *m = o->block->merged;
  const kith_comm *comm = o->block->dist_csr ? kith_halo_comm(o->block->dist_csr->halo) : NULL;
  if (comm) kith_comm_sum(comm, m->n, m->gradient);
  for (int k = 0; k < m->n && (!comm || comm->rank == 0); k++)
    if (o->omega[k])
      kith_tensor_grad(o->omega[k])[0] += (float)(kith_exact_sum_value(&m->gradient[k]) / KITH_RELATION_UNIT);
}

void kith_relation_weights_op(kith_tape *t, const kith_block *block, kith_tensor *const *omega) {
  if (!block || !block->merged) return;
  relation_weights *o = kith_tape_op(t, "relation weights", block->dist_csr != NULL, relation_weights_forward,
                                     relation_weights_backward, sizeof *o);
  if (!o) return;
  o->block = block;
  memcpy(o->omega, omega, (size_t)block->merged->n * sizeof *omega);
}

void kith__relation_weights_backward(const kith_block *block, int d, const float *row, kith_node_rows col) {
  kith_merged_relations *m = block->merged;
  if (!kith__relation_weights_learned(block)) return;
  const kith_relation_entries r = {.n = m->n,
                                   .of = m->of,
                                   .learned = m->learned,
                                   .base = m->base,
                                   .keep = block->keep,
                                   .scale = block->keep ? block->keep_scale : 1};
  kith_relation_gradient(block->whole, &r, d, row, col, m->gradient);
}
