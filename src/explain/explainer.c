/* The explainer: a trained model, run once, and the rows R(0) and R(1) of its layers. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "explain/explain_impl.h"
#include "graph/schema.h"

static kith_status explainer_check(const kith_run *run) {
  kith_status st = KITH_OK;
  const kith_model_options *o = &run->model;
  KITH_CHECK(
      o->name == KITH_LIGHTGCN || o->name == KITH_MF, KITH_ECONFIG,
      "model.name: kith explain divides the scores of lightgcn and mf, whose layers are linear; the job "
      "has %s",
      kith_model_text(o->name));
  KITH_CHECK(o->layers <= KITH_EXPLAIN_HOPS, KITH_ECONFIG, "model.layers: kith explain reads at most %d",
             KITH_EXPLAIN_HOPS);
done:
  return st;
}

/* Where this rank has the users and items of the graph. */
static kith_status explainer_index(kith_explainer *e) {
  kith_status st = KITH_OK;
  for (int t = 0; t < KITH_SIDES; t++) {
    KITH_TRY(KITH_NEW(e->row_of[t], e->g->n[t]));
    for (int64_t i = 0; i < e->g->n[t]; i++) e->row_of[t][i] = -1;
    for (kith_lid i = 0; i < e->g->n_own_of[t]; i++)
      e->row_of[t][e->g->original[e->g->row_of[t][i]]] = e->g->row_of[t][i];
  }
  const kith_relation_weights *w = kith_model_relations(&e->run->model);
  e->term[0] = KITH_EXPLAIN_CHOICE;
  for (int k = 0; k < w->n; k++) e->term[k + 1] = kith_schema_find_relation(&e->g->schema, w->of[k].name);
done:
  return st;
}

/* The checkpoint of the exported epoch, or else the newest one. */
static kith_agreed explainer_find(kith_explainer *e, const kith_embeddings_origin *from, char *checkpoint) {
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

static kith_agreed explainer_read(kith_explainer *e, const kith_embeddings_origin *from,
                                  const char *checkpoint) {
  kith_agreed st = {KITH_OK};
  kith_checkpoint c = {.history = NULL};
  KITH_TRY(kith_inference_record(e->comm, e->g, &e->run->model, e->run->train.seed, &e->inference));
  KITH_TRY(kith_inference_read(&e->inference, e->g, e->run, checkpoint, &c));
  if (c.epoch != from->epoch || c.step != from->step || strcmp(c.run, from->run) != 0)
    KITH_TRY(kith_agreed_same(kith_fail(
        KITH_ENOINPUT,
        "%s: no checkpoint is left of what embeddings.h5 holds (epoch %lld, step %lld of run %s); the newest "
        "one is of epoch %lld, step %lld of run %s: run kith train, which exports it, or set checkpoint.best",
        e->run->work, (long long)from->epoch, (long long)from->step, from->run, (long long)c.epoch,
        (long long)c.step, c.run)));
  kith_tape_forward(e->inference.tape);
done:
  KITH_FREE(c.history);
  return st;
}

static kith_status explainer_alloc(kith_explainer *e) {
  kith_status st = KITH_OK;
  const kith_output *out = &e->inference.recording.output;
  e->d = kith_model_output_dim(&e->run->model);
  e->layers = out->n - 1;
  for (int l = 0; l <= e->layers; l++) e->weight[l] = (double)out->weight[l];
  e->x = e->inference.recording.rows->value;
  KITH_TRY(KITH_NEW(e->all, (int64_t)e->inference.a->csr.n_col * e->d));
  KITH_TRY(KITH_NEW(e->rest, (int64_t)e->inference.a->csr.n_col * e->d));
  KITH_TRY(kith_halo_reserve(e->inference.a->halo, e->d));
  KITH_TRY(kith_halo_reserve(e->inference.a->halo, BATCH));
done:
  return st;
}

/* to = w_m x. */
static void explainer_scale(const kith_explainer *e, int m, float *to) {
  const float w = (float)e->weight[m];
#pragma omp parallel for schedule(static)
  for (int64_t i = 0; i < (int64_t)e->g->n_own * e->d; i++) to[i] = w * e->x[i];
}

/* R(m) = w_m X + M R(m + 1), from the last layer on; R(1) and R(0) remain. */
static void explainer_sum(kith_explainer *e) {
  kith_dist_csr *a = e->inference.a;
  explainer_scale(e, e->layers, e->all);
  for (int m = e->layers - 1; m >= 0; m--) {
    float *from = e->all;
    e->all = e->rest;
    e->rest = from;
    explainer_scale(e, m, e->all);
    kith_halo_begin(a->halo, e->d, from, from + (size_t)e->g->n_own * (size_t)e->d);
    kith_spmm(&a->csr, 0, a->n_interior, e->d, from, true, e->all);
    kith_halo_end(a->halo);
    kith_spmm(&a->csr, a->n_interior, a->csr.n_row, e->d, from, true, e->all);
  }
}

static bool explainer_any_negative(const kith_csr *csr) {
  for (kith_eid i = 0; i < csr->start[csr->n_row]; i++)
    if (csr->weight[i] < 0) return true;
  return false;
}

/* The exported rows are R(0), or it is another model that would be explained. */
static kith_agreed explainer_compare(kith_explainer *e, const char *checkpoint) {
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

kith_agreed kith_explainer_create(const kith_comm *comm, const kith_graph *g, const kith_run *run,
                                  const kith_embeddings_origin *from, const float *x, kith_explainer **out) {
  kith_agreed st = {KITH_OK};
  kith_explainer *e = NULL;
  char checkpoint[KITH_PATH];
  *out = NULL;
  KITH_TRY(kith_agreed_same(explainer_check(run)));
  KITH_TRY(kith_agree(comm, KITH_NEW(e, 1)));
  e->comm = comm;
  e->g = g;
  e->run = run;
  e->final = x;
  KITH_TRY(kith_agree(comm, explainer_index(e)));
  KITH_TRY(explainer_find(e, from, checkpoint));
  KITH_TRY(explainer_read(e, from, checkpoint));
  KITH_TRY(kith_agree(comm, explainer_alloc(e)));
  explainer_sum(e);
  e->has_negative = kith_comm_max(comm, explainer_any_negative(&e->inference.a->csr)) > 0;
  KITH_TRY(explainer_compare(e, checkpoint));
  *out = e;
  e = NULL;
done:
  kith_explainer_free(&e);
  return st;
}

void kith_explainer_free(kith_explainer **explainer) {
  kith_explainer *e = *explainer;
  if (!e) return;
  for (int t = 0; t < KITH_SIDES; t++) KITH_FREE(e->row_of[t]);
  KITH_FREE(e->all);
  KITH_FREE(e->rest);
  kith_inference_free(&e->inference);
  KITH_FREE(*explainer);
}
