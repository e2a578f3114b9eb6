/*
 * Rows of sparse features: dropout and the first linear layer.  An owner multiplies the features of its rows
 * by the weights, so that only products travel: on the full graph by the halo exchange of the layer, in a
 * sampled step by the gather of the leaf rows.
 */
#include <string.h>

#include "tape/tape.h"

/* The dropout is applied by whoever multiplies the rows. */
kith_tensor *kith__sparse_dropout(kith_tape *t, kith_exec_ctx *exec, double p, const kith_tensor *x) {
  kith_sparse_rows rows = *x->sparse;
  if (rows.exec) {
    (void)kith_tape_check(t, kith_fail(KITH_ECONFIG, "sparse features have one dropout, not two"));
    return NULL;
  }
  rows.exec = exec;
  rows.dropout = p;
  rows.op = (uint64_t)exec->n_dropout++;
  return kith_tape_sparse(t, x->node_map, x->d, &rows);
}

kith_tensor *kith__sparse_linear(kith_tape *t, const kith_tensor *x, kith_tensor *w, kith_tensor *b) {
  const kith_sparse_rows *s = x->sparse;
  const kith_input in = {.n_own = (kith_lid)s->features->n_row,
                         .d = w->d,
                         .type = s->type,
                         .features = s->features,
                         .w = {w},
                         .b = {b},
                         .dropped = s->exec ? s : NULL};
  return s->leaf ? kith_gather_remote_op(t, s->leaf, NULL, &in, x->node_map)
                 : kith_input_op(t, &in, x->node_map);
}

void kith_sparse_densify(const kith_tensor *x, float *dense) {
  const kith_features *f = x->sparse->features;
  memset(dense, 0, (size_t)f->n_row * (size_t)x->d * sizeof *dense);
  for (int64_t i = 0; i < f->n_row; i++)
    for (kith_eid e = f->start[i]; e < f->start[i + 1]; e++) dense[i * x->d + f->index[e]] = f->value[e];
}
