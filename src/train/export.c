/*
 * Export of embeddings.h5, and the check of which epoch of which run it holds.
 *
 * The file is written before the checkpoint that records it, so a killed run may leave it one epoch ahead; it
 * may also belong to another run. A resumed run therefore reads the run and epoch stored in the file before
 * it relies on them.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "train/run.h"

/* Run and epoch stored in embeddings.h5. */
typedef struct held {
  bool ours; /* the file is complete, and written by this run */
  int64_t epoch, step;
} held;

int kith__run_width(const run *r) {
  if (r->sasrec) return kith__sasrec_width(r);
  return kith__run_classifies(r) ? r->g->n_class : kith_model_output_dim(&r->o->model);
}

kith_agreed kith__run_export(run *r, int64_t epoch, int64_t step, const char *metrics, const float *final) {
  kith_agreed st = {KITH_OK};
  char key[KITH_CONFIG_KEY_SIZE];
  kith__run_note_learned(r);
  KITH_TRY(kith_agreed_same(kith_export_key(r->o, r->config_key, sizeof key, key)));
  kith_embeddings_meta meta = {.model = kith_model_text(r->o->model.name),
                               .cosine = r->o->model.score == KITH_COSINE && !r->sasrec,
                               .epoch = epoch,
                               .step = step,
                               .run = r->id,
                               .config_key = key,
                               .learned = r->learned,
                               .has_half_life = r->o->model.lightgcn.half_life_chosen,
                               .half_life = r->o->model.lightgcn.half_life,
                               .direct = r->direct,
                               .filter = r->filter,
                               .residual = r->best,
                               .has_recent = r->result->recent,
                               .recent_decay = r->result->recent_decay,
                               .recent_weight = r->result->recent_weight,
                               .recent_items = r->o->model.recent.items,
                               .has_sasrec = r->result->sasrec,
                               .sasrec_gamma = r->result->sasrec_gamma,
                               .metrics = metrics,
                               .job = r->o->job};
  r->result->best_epoch = epoch;
  r->result->best_step = step;
  KITH_TRY(kith__run_wait(r));
  KITH_TRY(kith_embeddings_write(r->comm, r->g, r->ids, r->embeddings, kith__run_width(r), final, &meta));
done:
  return st;
}

/* A file of another run, or with another model.length_discount or model.sequence, counts as none; so does a
 * damaged one, which is reported. */
static kith_agreed export_inspect(const run *r, held *h) {
  kith_agreed st = {KITH_OK};
  kith_embeddings_origin from = {.epoch = 0};
  float *x = NULL;
  int d = 0;
  bool there = r->comm->rank == 0 && access(r->embeddings, F_OK) == 0;
  *h = (held){.ours = false};
  kith_comm_bcast(r->comm, sizeof there, &there);
  if (!there) return st;
  st = kith_embeddings_origin_read(r->comm, r->embeddings, &from);
  bool ours = !kith_is_bad(st) && from.fingerprint == r->g->fingerprint && strcmp(from.run, r->id) == 0;
  ours = ours && kith_export_is_of(&r->o->model, from.config_key);
  if (ours) st = kith_embeddings_read(r->comm, r->g, r->embeddings, &d, &x);
  if (!kith_is_bad(st)) *h = (held){.ours = ours, .epoch = from.epoch, .step = from.step};
  KITH_FREE(x);
  KITH_FREE(from.config_key);
  if (st.status != KITH_EDATA) return st;
  if (r->comm->rank == 0) kith_warn("%s", kith_error_text());
  return (kith_agreed){KITH_OK};
}

/* Export an epoch from its own checkpoint, if it is readable; the trainer's state is restored afterwards. */
static kith_agreed export_from_checkpoint(run *r, int64_t epoch, bool *holds) {
  kith_agreed st = {KITH_OK};
  kith_checkpoint c = {.history = NULL}, back = {.history = NULL};
  char path[KITH_PATH];
  KITH_TRY(kith_checkpoint_at_epoch(r->comm, r->o->work, epoch, path));
  if (!path[0]) return st;
  kith_agreed read = kith__run_load(r, path, false, &c);
  if (kith_is_bad(read) && r->comm->rank == 0) kith_warn("%s", kith_error_text());
  *holds = !kith_is_bad(read) && strcmp(c.run, r->id) == 0 && c.epoch == epoch && c.step == 0;
  if (*holds) {
    const float *final = kith_trainer_inference(r->trainer);
    KITH_TRY(kith__run_rows(r, &final));
    KITH_TRY(kith__run_export(r, epoch, 0, c.history, final));
    kith_log("%s: rewritten from %s", r->embeddings, path);
  }
  KITH_TRY(kith__run_load(r, r->from, false, &back));
done:
  KITH_FREE(c.history);
  KITH_FREE(back.history);
  return st;
}

/* Make the file hold an epoch of this run, if a copy exists; *h describes the file in any case. */
static kith_agreed export_ensure(run *r, int64_t epoch, int64_t step, held *h, bool *holds) {
  kith_agreed st = {KITH_OK};
  KITH_TRY(export_inspect(r, h));
  *holds = h->ours && h->epoch == epoch && h->step == step;
  if (*holds) return st;
  if (epoch == r->epoch && step == r->step) {
    const float *final = kith_trainer_inference(r->trainer);
    KITH_TRY(kith__run_rows(r, &final));
    KITH_TRY(kith__run_export(r, epoch, step, r->history.text, final));
    *holds = true;
  } else KITH_TRY(export_from_checkpoint(r, epoch, holds));
  if (*holds) *h = (held){.ours = true, .epoch = epoch, .step = step};
done:
  return st;
}

/* Make the exported epoch the best one, with a score evaluated now and added to metrics.jsonl. */
static kith_agreed export_adopt_as_best(run *r, const held *h) {
  kith_agreed st = {KITH_OK};
  kith_eval_result m = {.ranking = {.n_k = 0}};
  float *x = NULL;
  int d = 0;
  KITH_TRY(kith_embeddings_read(r->comm, r->g, r->embeddings, &d, &x));
  KITH_TRY(kith__run_eval(r, d, x, r->o->evaluate.split, false, &m));
  r->best = kith__run_score(r, &m);
  r->best_epoch = r->result->best_epoch = h->epoch;
  r->result->best_step = h->step;
  r->bad_evals = 0;
  r->result->best = m;
  r->measured = true;
  history_line line = {.classifies = kith__run_classifies(r),
                       .remeasured = true,
                       .epoch = h->epoch,
                       .eval = &m,
                       .split = kith__run_split(r),
                       .how = &r->o->evaluate};
  KITH_TRY(kith_agree(r->comm, kith__history_add(&r->history, &line)));
  KITH_TRY(kith_agree(r->comm, r->comm->rank == 0 ? kith__history_write(&r->history) : KITH_OK));
done:
  KITH_FREE(x);
  return st;
}

/* No copy of the checkpoint's best epoch exists. */
static kith_agreed export_fallback(run *r, bool finished, const held *h) {
  const long long best = (long long)r->best_epoch, epoch = (long long)h->epoch;
  if (h->ours && h->step == 0 && (finished || h->epoch <= r->epoch)) {
    kith_warn(
        "%s holds epoch %lld; no copy of epoch %lld, the best of the checkpoint, is left: epoch %lld is kept",
        r->embeddings, epoch, best, epoch);
    return export_adopt_as_best(r, h);
  }
  if (h->ours && h->epoch <= r->o->train.epochs)
    return (kith_agreed){KITH_OK}; /* this run will reach that epoch again */
  if (!h->ours)
    return kith_agreed_same(kith_fail(KITH_ENOINPUT,
                                      "%s: is missing, damaged or of another run, and no checkpoint of epoch "
                                      "%lld, the best so far, is left; train with --fresh to start anew",
                                      r->embeddings, best));
  kith_warn("%s holds epoch %lld; no copy of epoch %lld, the best of the checkpoint, is left: the selection "
            "of the epoch restarts",
            r->embeddings, epoch, best);
  r->best_epoch = r->bad_evals = 0;
  return (kith_agreed){KITH_OK};
}

kith_agreed kith__run_restore_export(run *r, bool finished) {
  kith_agreed st = {KITH_OK};
  bool picks = kith__run_selects_epoch(r) && r->best_epoch > 0, holds = false;
  held h = {.ours = false};
  if (!finished && !picks) return st;
  const int64_t epoch = picks ? r->best_epoch : r->epoch, step = picks ? 0 : r->step;
  if (epoch == 0 && step == 0) kith_log("train.epochs is 0: the untrained embeddings are exported");
  KITH_TRY(export_ensure(r, epoch, step, &h, &holds));
  if (!holds) return export_fallback(r, finished, &h);
  r->result->best_epoch = epoch;
  r->result->best_step = step;
done:
  return st;
}

kith_agreed kith__run_reset_selection(run *r) {
  kith_agreed st = {KITH_OK};
  const int64_t picked = r->score_before[0] ? r->best_epoch : 0;
  held h = {.ours = false};
  bool holds = false;
  if (!r->has_score_before || strcmp(r->score, r->score_before) == 0) return st;
  r->best_epoch = r->bad_evals = 0;
  if (!r->score[0]) {
    kith_log("evaluations no longer select the epoch, as they did by %s: the last one will be exported",
             r->score_before);
    return st;
  }
  if (picked > 0) KITH_TRY(export_ensure(r, picked, 0, &h, &holds));
  else KITH_TRY(export_inspect(r, &h));
  holds = holds || (h.ours && h.step == 0 && h.epoch > 0 && h.epoch <= r->epoch);
  if (holds) KITH_TRY(export_adopt_as_best(r, &h));
  const char *before = r->score_before[0] ? r->score_before : "nothing";
  if (holds)
    kith_log("epochs are compared by %s now, before by %s: the selection restarts with the exported epoch "
             "%lld and its score %.6g",
             r->score, before, (long long)h.epoch, r->best);
  else
    kith_log("epochs are compared by %s now, before by %s: the selection restarts without a best epoch",
             r->score, before);
done:
  return st;
}

kith_agreed kith__run_check_export(const run *r) {
  kith_agreed st = {KITH_OK};
  kith_embeddings_origin from = {.epoch = 0};
  KITH_TRY(kith_embeddings_origin_read(r->comm, r->embeddings, &from));
  bool ours = strcmp(from.run, r->id) == 0 && from.fingerprint == r->g->fingerprint &&
              from.epoch == r->result->best_epoch;
  if (!ours)
    KITH_TRY(kith_agreed_same(kith_fail(KITH_EDATA,
                                        "%s: was written by another run (%s, epoch %lld) while this one (%s) "
                                        "trained; two runs must not share a work folder",
                                        r->embeddings, from.run, (long long)from.epoch, r->id)));
done:
  KITH_FREE(from.config_key);
  return st;
}
