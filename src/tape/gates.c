/*
 * Learned gates of ties: an entry of a gated relation weighs omega * base * sigma(a' [x_i * x_j] + b), with x
 * the input rows.  Forward sets the weights before the layers; their backward functions sum the gradients of
 * the weights of (i, j) and (j, i) together (kith_gate_add_slope()), since both ends have the same gate.  So
 * a row gathers its gradients from its own entries, and no sum depends on the number of ranks.
 */
#include <string.h>

#include "tape/tape.h"

typedef struct gates {
  kith_dist_csr *a;
  kith_tensor *x, *weight, *bias;
  kith_tensor
      *omega[1 + KITH_MAX_RELATIONS]; /* learned weights of relations; null: fixed, part of the base */
  float *z;                           /* [n_own, d] */
  kith_exact_sum *gradient;           /* [d + 1] of a, then b */
} gates;

int64_t kith_gates_bytes(int64_t n_own, int d) {
  const gates *o = NULL;
  return KITH_BYTES(o->z, n_own * d) + KITH_BYTES(o->gradient, d + 1);
}

static void gates_forward(void *self) {
  const gates *o = self;
  kith_merged_relations *m = o->a->merged;
  kith_gated_entries *g = m->gated;
  kith_eid n = g->csr.start[g->csr.n_row];
  int d = o->x->d;
  kith_halo_begin(o->a->halo, d, o->x->value, kith_tensor_ghosts(o->x));
  kith_halo_end(o->a->halo);
  kith_gate_forward(&g->csr, d, kith_tensor_rows(o->x), o->weight->value, o->bias->value[0], g->gate);
  memset(g->weight_grad, 0, (size_t)n * sizeof *g->weight_grad);
#pragma omp parallel for schedule(static)
  for (kith_eid k = 0; k < n; k++) {
    kith_eid e = g->entry[k];
    bool learned = m->learned[m->of[e]];
    float weight = g->base[k] * g->gate[k];
    (learned ? m->base : o->a->csr.weight)[e] = weight;
    if (g->back) (learned ? o->a->transpose->base : o->a->transpose->csr.weight)[g->back[k]] = weight;
  }
}

/* The gradient of the gates' arguments, as weights of the entries. */
static void gates_backward_arguments(const gates *o) {
  const kith_merged_relations *m = o->a->merged;
  kith_gated_entries *g = m->gated;
#pragma omp parallel for schedule(static)
  for (kith_eid k = 0; k < g->csr.start[g->csr.n_row]; k++) {
    const kith_tensor *omega = o->omega[m->of[g->entry[k]]];
    float unit = omega ? omega->value[0] * g->base[k] : g->base[k];
    g->csr.weight[k] = unit * g->weight_grad[k] * g->gate[k] * (1 - g->gate[k]);
  }
}

/* Each pair is stored at both ends. */
static void gates_backward_bias(const kith_csr *ds, kith_exact_sum *db) {
  for (kith_lid p = 0; p < ds->n_row; p++) {
    double sum = 0;
    for (kith_eid k = ds->start[p]; k < ds->start[p + 1]; k++) sum += (double)ds->weight[k];
    kith_exact_sum_add(db, 0.5 * sum * KITH_RELATION_UNIT);
  }
}

static void gates_backward(void *self) {
  gates *o = self;
  kith_csr *ds = &o->a->merged->gated->csr;
  const kith_comm *comm = kith_halo_comm(o->a->halo);
  int d = o->x->d;
  memset(o->gradient, 0, (size_t)(d + 1) * sizeof *o->gradient);
  gates_backward_arguments(o);
  kith_spmm_of(ds, 0, ds->n_row, d, kith_tensor_rows(o->x), false, o->z);
  if (kith_tensor_requires_grad(o->x))
    kith_gate_backward_rows(ds->n_row, d, o->weight->value, o->z, kith_tensor_grad(o->x));
  kith_gate_backward_weight(ds->n_row, d, o->x->value, o->z, o->gradient);
  gates_backward_bias(ds, &o->gradient[d]);
  kith_comm_sum(comm, d + 1, o->gradient);
  if (comm->rank != 0) return; /* gradients of weights are summed over ranks */
  for (int k = 0; k < d; k++)
    kith_tensor_grad(o->weight)[k] += (float)(kith_exact_sum_value(&o->gradient[k]) / KITH_RELATION_UNIT);
  kith_tensor_grad(o->bias)[0] += (float)(kith_exact_sum_value(&o->gradient[d]) / KITH_RELATION_UNIT);
}

void kith_gates_op(kith_tape *t, const kith_block *block, kith_tensor *x, kith_tensor *weight,
                   kith_tensor *bias, kith_tensor *const *omega) {
  kith_dist_csr *a = block ? block->dist_csr : NULL;
  if (!x || !weight || !bias || !a || !a->merged || !a->merged->gated) return;
  if (kith_tape_check(t, kith_halo_reserve(a->halo, x->d)) != KITH_OK) return;
  kith_ghosts_keep(t, block, x);
  gates *o = kith_tape_op(t, "gates", true, gates_forward, gates_backward, sizeof *o);
  if (!o) return;
  *o = (gates){.a = a, .x = x, .weight = weight, .bias = bias};
  memcpy(o->omega, omega, (size_t)a->merged->n * sizeof *omega);
  o->z = kith_tape_workspace(t, (int64_t)a->csr.n_row * x->d, sizeof *o->z);
  o->gradient = kith_tape_workspace(t, x->d + 1, sizeof *o->gradient);
}
