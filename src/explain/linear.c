/*
 * The explainer of a model with steps: the model is run once, then its matrix gives R(1) and R(0):
 * R(m) = w_m X + M R(m + 1).
 */
#include "explain/explain_impl.h"

/*
 * The weight of M^k X, from those of the layers' rows E(l) in the output.  With a residual r, E(l + 1) =
 * (1 - r) M E(l) + r X: the coefficients of E(l) in powers of M follow from those of the layer before.
 */
static void linear_weights(kith_explainer *e, const kith_output *out) {
  const double r = e->run->model.residual;
  double c[KITH_EXPLAIN_HOPS + 2] = {1};
  for (int l = 0; l <= e->layers; l++) {
    for (int k = 0; k <= l; k++) e->weight[k] += (double)out->weight[l] * c[k];
    for (int k = l + 1; k > 0; k--) c[k] = (1 - r) * c[k - 1];
    c[0] = r;
  }
}

static kith_status linear_alloc(kith_explainer *e) {
  kith_status st = KITH_OK;
  const kith_output *out = &e->inference.recording.output;
  e->d = kith_model_output_dim(&e->run->model);
  e->layers = out->n - 1;
  linear_weights(e, out);
  e->x = e->inference.recording.rows->value;
  KITH_TRY(KITH_NEW(e->all, (int64_t)e->a->csr.n_col * e->d));
  KITH_TRY(KITH_NEW(e->rest, (int64_t)e->a->csr.n_col * e->d));
  KITH_TRY(kith_halo_reserve(e->a->halo, e->d));
  KITH_TRY(kith_halo_reserve(e->a->halo, BATCH));
done:
  return st;
}

/* to = w_m x. */
static void linear_scale(const kith_explainer *e, int m, float *to) {
  const float w = (float)e->weight[m];
#pragma omp parallel for schedule(static)
  for (int64_t i = 0; i < (int64_t)e->g->n_own * e->d; i++) to[i] = w * e->x[i];
}

/* R(m) = w_m X + M R(m + 1), from the last layer on; R(1) and R(0) remain. */
static void linear_sum(kith_explainer *e) {
  kith_dist_csr *a = e->a;
  linear_scale(e, e->layers, e->all);
  for (int m = e->layers - 1; m >= 0; m--) {
    float *from = e->all;
    e->all = e->rest;
    e->rest = from;
    linear_scale(e, m, e->all);
    kith_halo_begin(a->halo, e->d, from, from + (size_t)e->g->n_own * (size_t)e->d);
    kith_spmm(&a->csr, 0, a->n_interior, e->d, from, true, e->all);
    kith_halo_end(a->halo);
    kith_spmm(&a->csr, a->n_interior, a->csr.n_row, e->d, from, true, e->all);
  }
}

kith_agreed kith__explain_linear(kith_explainer *e, const kith_embeddings_origin *from) {
  kith_agreed st = {KITH_OK};
  char checkpoint[KITH_PATH];
  KITH_TRY(kith__explain_read(e, from, checkpoint));
  kith_tape_forward(e->inference.tape);
  KITH_TRY(kith_agree(e->comm, linear_alloc(e)));
  linear_sum(e);
  KITH_TRY(kith__explain_compare(e, checkpoint));
done:
  return st;
}
