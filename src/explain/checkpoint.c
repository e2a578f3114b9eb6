/* The checkpoint of the exported rows: the model that is explained, and a proof that it is the one. */
#include <math.h>
#include <string.h>

#include "explain/explain_impl.h"
#include "train/score_rows.h"

/* The checkpoint of the exported epoch, or else the newest one. */
static kith_agreed checkpoint_find(kith_explainer *e, const kith_embeddings_origin *from, char *checkpoint) {
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

static kith_agreed checkpoint_read(kith_explainer *e, const kith_embeddings_origin *from,
                                   const char *checkpoint) {
  kith_agreed st = {KITH_OK};
  kith_checkpoint c = {.history = NULL};
  KITH_TRY(kith_inference_record(e->comm, e->g, &e->run->model, e->run->train.seed, &e->inference));
  KITH_TRY(kith_inference_read(&e->inference, e->known, e->run, checkpoint, &c));
  if (c.epoch != from->epoch || c.step != from->step || strcmp(c.run, from->run) != 0)
    KITH_TRY(kith_agreed_same(kith_fail(
        KITH_ENOINPUT,
        "%s: no checkpoint is left of what embeddings.h5 holds (epoch %lld, step %lld of run %s); the newest "
        "one is of epoch %lld, step %lld of run %s: run kith train, which exports it if more "
        "epochs are asked for, or with --fresh and checkpoint.best",
        e->run->work, (long long)from->epoch, (long long)from->step, from->run, (long long)c.epoch,
        (long long)c.step, c.run)));
  e->a = e->inference.a;
done:
  KITH_FREE(c.history);
  return st;
}

kith_agreed kith__explain_read(kith_explainer *e, const kith_embeddings_origin *from, char *checkpoint) {
  kith_agreed st = {KITH_OK};
  KITH_TRY(checkpoint_find(e, from, checkpoint));
  KITH_TRY(checkpoint_read(e, from, checkpoint));
done:
  return st;
}

/* The rows of new nodes as kith embed scores them. */
static kith_status checkpoint_add_new(kith_explainer *e) {
  kith_status st = KITH_OK;
  const int64_t from = e->known->n_own, n = e->augmented.n;
  float *row = NULL;
  if (!e->augmented.g) return st;
  KITH_TRY(KITH_NEW(row, n * e->d));
  memcpy(row, e->all + from * e->d, (size_t)(n * e->d) * sizeof *row);
  kith__score_rows(&e->run->model, e->g->type + from, (kith_lid)n, e->d, row);
  KITH_TRY(kith__explain_add_rows(e, row));
done:
  KITH_FREE(row);
  return st;
}

kith_agreed kith__explain_compare(kith_explainer *e, const char *checkpoint) {
  kith_exact_sum sum[2] = {{0}};
  size_t d = (size_t)e->d;
  for (kith_lid i = 0; i < e->known->n_own; i++) {
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
  if (off <= 0.02 * whole + 1e-6) return kith_agree(e->comm, checkpoint_add_new(e));
  return kith_agreed_same(kith_fail(KITH_EDATA,
                                    "embeddings.h5: its rows are not those of %s (%.2g apart, of a length of "
                                    "%.2g); run kith train first, which exports them again",
                                    checkpoint, off, whole));
}
