/*
 * The explainer of a model with steps: the model is run once, then its matrix gives R(1) and R(0):
 * R(m) = w_m X + M R(m + 1).
 */
#include <math.h>
#include <string.h>

#include "explain/explain_impl.h"

/* The checkpoint of the exported epoch, or else the newest one. */
static kith_agreed linear_find(kith_explainer *e, const kith_embeddings_origin *from, char *checkpoint) {
  kith_agreed st = {KITH_OK};
  checkpoint[0] = '\0';
  if (from->step == 0) KITH_TRY(kith_checkpoint_at_epoch(e->comm, e->run->work, from->epoch, checkpoint));
  if (!checkpoint[0]) KITH_TRY(kith_checkpoint_find(e->comm, e->run->work, 0, checkpoint));
  if (!checkpoint[0])
    KITH_TRY(kith_agreed_same(kith_fail(KITH_ENOINPUT,
                                        "%s: no checkpoint is there, whose rows before the layers are read",
                                        e->run->work)));
done:
  return st;
}

static kith_agreed linear_read(kith_explainer *e, const kith_embeddings_origin *from,
                               const char *checkpoint) {
  kith_agreed st = {KITH_OK};
  kith_checkpoint c = {.history = NULL};
  KITH_TRY(kith_inference_record(e->comm, e->g, &e->run->model, e->run->train.seed, &e->inference));
  KITH_TRY(kith_inference_read(&e->inference, e->g, e->run, checkpoint, &c));
  if (c.epoch != from->epoch || c.step != from->step || strcmp(c.run, from->run) != 0)
    KITH_TRY(kith_agreed_same(kith_fail(
        KITH_ENOINPUT,
        "%s: no checkpoint is left of what embeddings.h5 holds (epoch %lld, step %lld of run %s); the newest "
        "one is of epoch %lld, step %lld of run %s: run kith train, which exports it if more "
        "epochs are asked for, or with --fresh and checkpoint.best",
        e->run->work, (long long)from->epoch, (long long)from->step, from->run, (long long)c.epoch,
        (long long)c.step, c.run)));
  kith_tape_forward(e->inference.tape);
  e->a = e->inference.a;
done:
  KITH_FREE(c.history);
  return st;
}

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

static bool linear_any_negative(const kith_csr *csr) {
  for (kith_eid i = 0; i < csr->start[csr->n_row]; i++)
    if (csr->weight[i] < 0) return true;
  return false;
}

/* The exported rows are R(0), or it is another model that would be explained. */
static kith_agreed linear_compare(kith_explainer *e, const char *checkpoint) {
  kith_exact_sum sum[2] = {{0}};
  size_t d = (size_t)e->d;
  for (kith_lid i = 0; i < e->g->n_own; i++) {
    double length = 0, scale = 1;
    const float *r = e->all + (size_t)i * d, *f = e->final + (size_t)i * d;
    for (size_t k = 0; k < d; k++) length += (double)r[k] * (double)r[k];
    if (e->run->model.score == KITH_COSINE) scale = length > 0 ? 1 / sqrt(length) : 0;
    else if (e->g->type[i] == KITH_ITEM && length > 0)
      scale = pow(length, -kith_model_discount(&e->run->model) / 2);
    for (size_t k = 0; k < d; k++) {
      double x = scale * (double)r[k], off = x - (double)f[k];
      kith_exact_sum_add(&sum[0], x * x);
      kith_exact_sum_add(&sum[1], off * off);
    }
  }
  kith_comm_sum(e->comm, 2, sum);
  double off = sqrt(kith_exact_sum_value(&sum[1])), whole = sqrt(kith_exact_sum_value(&sum[0]));
  if (off <= 0.02 * whole + 1e-6) return (kith_agreed){KITH_OK};
  return kith_agreed_same(kith_fail(KITH_EDATA,
                                    "embeddings.h5: its rows are not those of %s (%.2g apart, of a length of "
                                    "%.2g); run kith train first, which exports them again",
                                    checkpoint, off, whole));
}

kith_agreed kith__explain_linear(kith_explainer *e, const kith_embeddings_origin *from) {
  kith_agreed st = {KITH_OK};
  char checkpoint[KITH_PATH];
  KITH_TRY(linear_find(e, from, checkpoint));
  KITH_TRY(linear_read(e, from, checkpoint));
  KITH_TRY(kith_agree(e->comm, linear_alloc(e)));
  linear_sum(e);
  e->has_negative = kith_comm_max(e->comm, linear_any_negative(&e->a->csr)) > 0;
  KITH_TRY(linear_compare(e, checkpoint));
done:
  return st;
}
