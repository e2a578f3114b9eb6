/*
 * Checkpoints of a run: when they are written, what they hold, and how a run resumes.
 *
 * An unreadable checkpoint is reported and the next older one is tried. The failed read may have overwritten
 * part of the trainer; that is harmless, since the next one overwrites all of it, and without a next one the
 * run ends.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "base/fault.h"
#include "train/resume.h"
#include "train/run.h"
#include "train/signals.h"
#include "train/spectral_run.h"

/* The file layer stores arrays of numbers and knows no models. */
static kith_checkpoint_weights resume_weights(kith_weights w) {
  return (kith_checkpoint_weights){.n = w.n, .value = w.value, .slot = {w.slot[0], w.slot[1]}};
}

/* Whether a checkpoint is due by rank 0's clock. */
static bool resume_save_is_late(const run *r) {
  double minutes = r->o->checkpoint.every_minutes;
  return r->comm->rank == 0 && minutes > 0 && kith_clock() - r->saved >= 60 * minutes;
}

kith_step_request kith__run_request(const run *r) {
  if (kith__signals_stop_requested()) return KITH_REQUEST_STOP;
  if (kith__signals_launcher_ending()) return KITH_REQUEST_CHECKPOINT_NOW;
  return resume_save_is_late(r) ? KITH_REQUEST_CHECKPOINT : KITH_REQUEST_NONE;
}

bool kith__run_checkpoint_is_due(const run *r) {
  int steps = r->o->checkpoint.every_steps;
  return r->request == KITH_REQUEST_CHECKPOINT || r->request == KITH_REQUEST_CHECKPOINT_NOW ||
         (r->trainer && steps > 0 && (r->epoch * kith_trainer_n_step(r->trainer) + r->step) % steps == 0);
}

/* Infinities and NaN have all exponent bits set. */
static bool resume_is_finite(int64_t n, const float *x) {
  uint32_t bits, bad = 0;
  for (int64_t i = 0; i < n; i++) {
    memcpy(&bits, x + i, sizeof bits);
    bad |= (bits & 0x7f800000) == 0x7f800000;
  }
  return bad == 0;
}

/* A step with a finite loss may leave non-finite parameters. The next step would show it, but perhaps only in
 * the resumed run. */
static bool resume_state_is_finite(const run *r, const kith_train_state *s) {
  return resume_is_finite((int64_t)r->g->n_own * s->d, s->x) &&
         resume_is_finite(s->weights.n, s->weights.value);
}

static kith_checkpoint resume_checkpoint(const run *r, const kith_train_state *s) {
  kith_checkpoint c = {.d = s->d,
                       .x = s->x,
                       .items_only = !r->trainer,
                       .slot = {s->slot[0], s->slot[1]},
                       .n_slot = s->optimizer->n_slot,
                       .slot_name = s->optimizer->slot_name,
                       .weights = resume_weights(s->weights),
                       .epoch = r->epoch,
                       .step = r->step,
                       .optimizer_step =
                           r->trainer ? kith_trainer_optimizer_step(r->trainer, r->epoch, r->step) : 0,
                       .loss = *s->loss,
                       .seconds = r->seconds,
                       .phases = r->phases,
                       .halo_bytes = r->halo_bytes,
                       .best = r->best,
                       .best_epoch = r->best_epoch,
                       .bad_evals = r->bad_evals,
                       .learned = r->learned,
                       .half_life = r->o->model.lightgcn.half_life,
                       .has_half_life = r->o->model.lightgcn.half_life_chosen,
                       .config_key = r->config_key,
                       .keep_best = r->o->checkpoint.keep_best && kith__run_selects_epoch(r),
                       .history = r->history.text,
                       .job = r->o->job};
  snprintf(c.run, sizeof c.run, "%s", r->id);
  snprintf(c.score, sizeof c.score, "%s", r->score);
  return c;
}

kith_train_state kith__run_state(run *r) {
  return r->trainer ? kith_trainer_state(r->trainer) : kith__spectral_state(r);
}

void kith__run_tell_checkpoints(run *r, history_line *line) {
  const bool any = r->result->checkpoints > r->told_checkpoints;
  line->checkpoint_seconds = any ? r->result->checkpoint_seconds - r->told_checkpoint_seconds : -1;
  r->told_checkpoints = r->result->checkpoints;
  r->told_checkpoint_seconds = r->result->checkpoint_seconds;
}

void kith__run_note_learned(run *r) {
  if (!r->trainer) return;
  const kith_learned learned = kith_trainer_learned(r->trainer);
  kith_learned_print(&learned, sizeof r->learned, r->learned);
}

kith_agreed kith__run_open_writer(run *r) {
  kith_train_state s = kith__run_state(r);
  return kith_checkpoint_writer_create(r->comm, r->g, s.d, s.weights.n, s.optimizer->n_slot,
                                       (int64_t)r->o->checkpoint.async_above_mb << 20, &r->writer);
}

kith_agreed kith__run_wait(run *r) {
  double began = kith_clock();
  kith_agreed st = kith_checkpoint_writer_wait(r->writer);
  r->result->checkpoint_seconds += kith_clock() - began;
  return st;
}

kith_agreed kith__run_save(run *r) {
  kith_agreed st = {KITH_OK};
  double began = kith_clock();
  kith_train_state s = kith__run_state(r);
  if (r->saved_epoch == r->epoch && r->saved_step == r->step) return st;
  kith__run_note_learned(r);
  kith_checkpoint c = resume_checkpoint(r, &s);
  if (!resume_state_is_finite(r, &s)) kith_exact_sum_add(&c.loss, NAN);
  kith_comm_sum(r->comm, 1, &c.loss);
  kith_comm_sum_int(r->comm, 1, &c.halo_bytes);
  kith__phases_mean(r->comm, &c.phases);
  if (!isfinite(kith_exact_sum_value(&c.loss)))
    KITH_TRY(kith_agreed_same(kith_fail(KITH_ENUMERIC,
                                        "after %s and %s the loss or an embedding is not finite; the last "
                                        "checkpoint is kept; try a smaller train.lr",
                                        KITH_COUNT(r->epoch, "epoch(s)"), KITH_COUNT(r->step, "step(s)"))));
  KITH_TRY(kith_checkpoint_writer_begin(r->writer, r->o->work, r->o->checkpoint.keep, &c));
  r->result->checkpoints++;
  r->saved_epoch = r->epoch;
  r->saved_step = r->step;
  r->saved = kith_clock();
done:
  r->result->checkpoint_seconds += kith_clock() - began;
  return st;
}

kith_agreed kith__run_poll(void *context) {
  run *r = context;
  if (kith_comm_max(r->comm, resume_save_is_late(r) || kith__signals_launcher_ending()) == 0)
    return (kith_agreed){KITH_OK};
  r->epoch--; /* its steps are done, its evaluation is not */
  kith_agreed st = kith__run_save(r);
  r->epoch++;
  return st;
}

kith_agreed kith__run_load(run *r, const char *path, bool of_parent, kith_checkpoint *c) {
  kith_train_state s = kith__run_state(r);
  *c = (kith_checkpoint){.d = s.d,
                         .x = s.x,
                         .items_only = !r->trainer,
                         .of_parent = of_parent,
                         .slot = {s.slot[0], s.slot[1]},
                         .n_slot = s.optimizer->n_slot,
                         .slot_name = s.optimizer->slot_name,
                         .weights = resume_weights(s.weights),
                         .config_key = r->config_key,
                         .config_key_legacy = r->config_key_legacy,
                         .config_usual = r->o->config_usual};
  return kith_checkpoint_read(r->comm, r->g, path, c);
}

/* Whether an older checkpoint may be tried: this one is unreadable, but not refused as one of another job. */
static bool resume_is_broken(kith_agreed st, const kith_checkpoint *c) {
  return !c->refused && (st.status == KITH_EDATA || st.status == KITH_ENOINPUT || st.status == KITH_EIO);
}

kith_agreed kith__newest_checkpoint(const kith_comm *comm, const char *work, kith__checkpoint_reader read,
                                    void *context, kith_checkpoint *c, char *path) {
  kith_agreed st = {KITH_OK}, broken = {KITH_OK};
  for (int nth = 0;; nth++) {
    KITH_TRY(kith_checkpoint_find(comm, work, nth, path));
    if (!path[0]) break;
    if (kith_is_bad(broken)) kith_warn("%s; an older checkpoint is tried", kith_error_text());
    kith_agreed at = read(context, path, c);
    if (!kith_is_bad(at)) return at;
    KITH_FREE(c->history);
    if (!resume_is_broken(at, c)) return at;
    broken = at;
  }
  if (kith_is_bad(broken))
    KITH_TRY(kith_agreed_same(
        kith_fail(broken.status,
                  "%s; no other checkpoint is left to resume from; train with --fresh to start anew",
                  kith_error_text())));
done:
  return st;
}

/* More steps than the epoch has: of another run. All of them: only the evaluation is left. */
static kith_status resume_check(const run *r, const kith_checkpoint *c, const char *path) {
  int64_t n_step = r->trainer ? kith_trainer_n_step(r->trainer) : 0;
  if (c->step <= n_step) return KITH_OK;
  return kith_fail(KITH_EDATA, "%s: %s done of an epoch of %lld", path,
                   KITH_COUNT(c->step, "step(s) (is|are)"), (long long)n_step);
}

static kith_agreed resume_read(void *context, const char *path, kith_checkpoint *c) {
  run *r = context;
  kith_agreed st = kith__run_load(r, path, false, c);
  return kith_is_bad(st) ? st : kith_agreed_same(resume_check(r, c, path));
}

static void resume_restore(run *r, const kith_checkpoint *c) {
  r->epoch = r->saved_epoch = c->epoch;
  r->step = r->saved_step = c->step;
  r->best = c->best;
  r->best_epoch = r->result->best_epoch = c->best_epoch;
  r->bad_evals = c->bad_evals;
  r->has_score_before = c->has_score;
  snprintf(r->score_before, sizeof r->score_before, "%s", c->score);
  snprintf(r->id, sizeof r->id, "%s", c->run);
  if (r->trainer && c->optimizer_step >= 0)
    kith_trainer_set_optimizer_step(r->trainer, c->epoch, c->step, c->optimizer_step);
  if (r->comm->rank != 0) return; /* sums over ranks continue on rank 0 */
  *kith__run_state(r).loss = c->loss;
  r->seconds = c->seconds;
  kith_phases_add(&r->phases, r->comm->size, &c->phases);
  r->halo_bytes = c->halo_bytes;
}

void kith__run_new_id(const kith_comm *comm, const kith_graph *g, const char *config_key, char *id) {
  struct timespec now;
  uint64_t bits[2] = {0, 0};
  clock_gettime(CLOCK_REALTIME, &now);
  if (getrandom(&bits[0], sizeof bits[0], GRND_NONBLOCK) < 0)
    bits[0] = (uint64_t)getpid(); /* the time remains */
  bits[1] = g->fingerprint;
  for (const char *c = config_key; *c; c++) bits[1] = (bits[1] ^ (unsigned char)*c) * 0x100000001b3u;
  kith_draw draw = kith_random(bits[0], KITH_RNG_INIT, (uint64_t)now.tv_sec, (uint64_t)now.tv_nsec, bits[1]);
  snprintf(id, KITH_NAME, "%016llx", (unsigned long long)draw.bits[0]);
  kith_comm_bcast(comm, KITH_NAME, id);
}

/* Reset metrics.jsonl to the checkpoint's history, since a killed run may have written more; remove that of
 * another run. */
static kith_status resume_history(run *r, const kith_checkpoint *c, bool found) {
  kith_status st = KITH_OK;
  KITH_TRY(kith__history_begin(&r->history, r->o->work, r->id, c->history ? c->history : ""));
  if (r->comm->rank != 0) return st;
  if (found) KITH_TRY(kith__history_write(&r->history));
  else
    KITH_CHECK((!kith_fault(KITH_FAULT_WRITE) && unlink(r->history.path) == 0) || errno == ENOENT,
               KITH_EOUTPUT, "%s: is another run's and cannot be removed: %s", r->history.path,
               strerror(errno));
done:
  return st;
}

kith_agreed kith__run_resume(run *r) {
  kith_agreed st = {KITH_OK};
  char path[KITH_PATH] = "";
  kith_checkpoint c = {.history = NULL};
  if (r->o->fresh) KITH_TRY(kith_checkpoint_remove(r->comm, r->o->work));
  KITH_TRY(kith__newest_checkpoint(r->comm, r->o->work, resume_read, r, &c, path));
  snprintf(r->from, sizeof r->from, "%s", path);
  if (!path[0]) kith__run_new_id(r->comm, r->g, r->config_key, r->id);
  else {
    resume_restore(r, &c);
    if (!r->trainer) kith_log("continuing from %s: %s done", path, KITH_COUNT(c.epoch, "round(s) (is|are)"));
    else
      kith_log("continuing from %s: %s and %s are done", path, KITH_COUNT(c.epoch, "epoch(s)"),
               KITH_COUNT(c.step, "step(s)"));
  }
  if (!path[0] && r->before) KITH_TRY(kith_agree(r->comm, kith__update_history(r, &c.history)));
  KITH_TRY(kith_agree(r->comm, resume_history(r, &c, path[0] || r->before)));
  r->saved = kith_clock();
done:
  KITH_FREE(c.history);
  return st;
}
