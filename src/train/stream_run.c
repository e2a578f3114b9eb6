/*
 * Training runs of models of streams.  An epoch begins without memory and takes the training events in order;
 * a checkpoint holds memory, messages and how far it has come, from which latest neighbors follow.
 */
#include "train/stream_run.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/fault.h"
#include "base/file.h"
#include "store/store.h"
#include "train/history.h"
#include "train/resume.h"
#include "train/signals.h"
#include "train/train.h"

/* Equal on every rank, but for the model's rows. */
typedef struct stream_run {
  const kith_comm *comm;
  const kith_graph *g;
  kith_stream *stream;
  const kith_stream_run *o;
  kith_stream_run_result *result;
  kith_tgn *t;
  kith_redistribution *rows;
  history history;
  char config_key[KITH_CONFIG_KEY_SIZE];
  char id[KITH_NAME];
  int64_t epoch, step, n_step; /* epochs done, steps done of the next one, steps of one */
  int64_t first;               /* the event that an epoch begins with: not 0 in an update */
  int64_t number;              /* steps of the optimizer so far */
  kith_step_request request;
  double saved, seconds;     /* clock at the newest checkpoint; of the next epoch's steps … */
  kith_phases phases;        /* … and these by phase, on rank 0 also earlier ones, times the ranks … */
  kith_phases counted;       /* … of the model at the beginning of these */
  bool kept;                 /* a checkpoint of this run was read or written */
  int64_t told;              /* result->checkpoints, … */
  double checkpoint_seconds; /* … and seconds of those since the newest line */
} stream_run;

static kith_tgn_options run_options(const kith_stream *stream, const kith_stream_run *o) {
  return (kith_tgn_options){.dim = o->stream.dim,
                            .heads = o->stream.heads,
                            .time_dim = o->stream.time_dim,
                            .neighbors = o->stream.neighbors,
                            .batch = o->stream.batch,
                            .n_feature = kith_stream_n_feature(stream),
                            .exact = o->stream.known != KITH_STREAM_BATCH,
                            .evidence = o->stream.evidence,
                            .init = o->stream.init,
                            .lr_decay = o->train.lr_decay,
                            .seed = o->train.seed,
                            .optimizer = o->train.optimizer};
}

static kith_status run_check(const stream_run *r) {
  kith_status st = KITH_OK;
  const kith_stream_options *s = &r->o->stream;
  KITH_CHECK(s->known != KITH_STREAM_NONE, KITH_ECONFIG,
             "evaluate.stream: stream.model: tgn learns what is known of an event; expected event or batch");
  KITH_CHECK(kith_stream_ranges(r->stream).valid > 0, KITH_ECONFIG,
             "data.split: no event of the stream is left for training");
done:
  return st;
}

/* What other verbs than train read of a job decides this model, too. */
static void run_config_key(stream_run *r) {
  snprintf(r->config_key, sizeof r->config_key, "%s evaluate.stream=%s stream.batch=%d", r->o->config_key,
           r->o->stream.known == KITH_STREAM_BATCH ? "batch" : "event", r->o->stream.batch);
}

static kith_agreed run_create(stream_run *r) {
  kith_agreed st = {KITH_OK};
  const kith_tgn_options o = run_options(r->stream, r->o);
  KITH_TRY(kith_agreed_same(run_check(r)));
  run_config_key(r);
  r->first = r->o->old ? r->o->trained : 0;
  r->n_step = (kith_stream_ranges(r->stream).valid - r->first + o.batch - 1) / o.batch;
  KITH_TRY(kith_redistribution_create(r->comm, r->g, &r->rows));
  KITH_TRY(kith_tgn_create(r->comm, r->g, &o, &r->t));
done:
  return st;
}

static void run_free(stream_run *r) {
  kith_tgn_destroy(&r->t);
  kith_redistribution_destroy(&r->rows);
  kith__history_end(&r->history);
}

/* ---- checkpoints ---- */

static kith_checkpoint run_checkpoint(const stream_run *r, const kith_tgn_state *state) {
  return (kith_checkpoint){.d = state->width,
                           .x = state->row,
                           .weights = {.n = state->n_weight, .value = state->weight},
                           .config_key = r->config_key,
                           .config_usual = r->o->config_usual};
}

static kith_agreed run_save(stream_run *r) {
  kith_agreed st = {KITH_OK};
  const double began = kith_clock();
  kith_tgn_state state = {0};
  KITH_TRY(kith_agree(r->comm, kith_tgn_pack(r->t, &state)));
  kith_checkpoint c = run_checkpoint(r, &state);
  c.epoch = r->epoch;
  c.step = r->step;
  c.optimizer_step = r->number;
  c.loss = *kith_tgn_loss(r->t);
  c.seconds = r->seconds;
  c.phases = r->phases;
  kith__phases_mean(r->comm, &c.phases);
  c.history = r->history.text;
  c.job = r->o->job;
  snprintf(c.run, sizeof c.run, "%s", r->id);
  kith_comm_sum(r->comm, 1, &c.loss);
  if (!isfinite(kith_exact_sum_value(&c.loss)))
    KITH_TRY(kith_agreed_same(
        kith_fail(KITH_ENUMERIC, "the loss is not finite in epoch %lld; %s; try a smaller train.lr",
                  (long long)r->epoch + (r->step > 0),
                  r->kept ? "the last checkpoint is kept" : "no checkpoint was written")));
  KITH_TRY(kith_checkpoint_write(r->comm, r->g, r->rows, r->o->work, r->o->checkpoint.keep, &c));
  r->result->checkpoints++;
  r->kept = true;
  r->saved = kith_clock();
  r->checkpoint_seconds += r->saved - began;
done:
  kith_tgn_state_free(&state);
  return st;
}

/* Read a checkpoint into the model. */
static kith_agreed run_read(void *context, const char *path, kith_checkpoint *c) {
  kith_agreed st = {KITH_OK};
  stream_run *r = context;
  kith_tgn_state state = {0};
  KITH_TRY(kith_agree(r->comm, kith_tgn_pack(r->t, &state)));
  *c = run_checkpoint(r, &state);
  KITH_TRY(kith_checkpoint_read(r->comm, r->g, path, c));
  KITH_TRY(kith_agreed_same(c->step <= r->n_step
                                ? KITH_OK
                                : kith_fail(KITH_EDATA, "%s: %s done of an epoch of %lld", path,
                                            KITH_COUNT(c->step, "step(s) (is|are)"), (long long)r->n_step)));
  kith_tgn_unpack(r->t, &state, r->stream,
                  kith_min(r->first + c->step * r->o->stream.batch, kith_stream_ranges(r->stream).valid));
  if (r->comm->rank == 0) *kith_tgn_loss(r->t) = c->loss; /* the sum over ranks continues there */
  r->kept = true;
  r->epoch = c->epoch;
  r->step = c->step;
  r->number = c->optimizer_step >= 0 ? c->optimizer_step : c->epoch * r->n_step + c->step;
  r->seconds = c->seconds;
  r->phases = (kith_phases){0};
  if (r->comm->rank == 0) kith_phases_add(&r->phases, r->comm->size, &c->phases);
done:
  kith_tgn_state_free(&state);
  return st;
}

/* An update's line of history, before those of its own. */
static kith_status run_tell_update(const stream_run *r, kith_checkpoint *c) {
  kith_status st = KITH_OK;
  char *text = NULL;
  const char *before = c->history ? c->history : "";
  const kith_graph *g = r->g;
  const int64_t size = (int64_t)strlen(before) + 512;
  KITH_TRY(KITH_NEW(text, size));
  snprintf(text, (size_t)size,
           "%s{\"update_of\": \"%s\", \"epoch\": %lld, \"run\": \"%s\", \"new_pairs\": %lld, "
           "\"old_pairs\": 0, \"new_users\": %lld, \"new_items\": %lld, \"drawn_rows\": 0}\n",
           before, c->run, (long long)r->epoch + 1, r->id,
           (long long)(kith_stream_ranges(r->stream).valid - r->first),
           (long long)(g->n[KITH_USER] - g->parent.n[KITH_USER]),
           (long long)(g->n[KITH_ITEM] - g->parent.n[KITH_ITEM]));
  KITH_FREE(c->history);
  c->history = text;
done:
  return st;
}

/* The end of the old model's last epoch is within that of the longer stream. */
static kith_agreed run_read_old(stream_run *r, kith_checkpoint *c) {
  kith_agreed st = {KITH_OK};
  kith_tgn_state state = {0};
  KITH_TRY(kith_agree(r->comm, kith_tgn_pack(r->t, &state)));
  *c = run_checkpoint(r, &state);
  c->of_parent = true;
  KITH_TRY(kith_checkpoint_read(r->comm, r->g, r->o->old, c));
  kith_tgn_unpack(r->t, &state, r->stream, r->first);
  r->number = c->optimizer_step;
  r->epoch = c->epoch - 1;
  KITH_TRY(kith_agree(r->comm, run_tell_update(r, c)));
done:
  kith_tgn_state_free(&state);
  return st;
}

static kith_agreed run_begin(stream_run *r) {
  kith_agreed st = {KITH_OK};
  kith_checkpoint c = {.history = NULL};
  char path[KITH_PATH] = "";
  KITH_TRY(kith_agree(r->comm, r->comm->rank == 0 ? kith_folder_make(r->o->work) : KITH_OK));
  if (r->o->fresh) KITH_TRY(kith_checkpoint_remove(r->comm, r->o->work));
  KITH_TRY(kith__newest_checkpoint(r->comm, r->o->work, run_read, r, &c, path));
  if (path[0]) {
    snprintf(r->id, sizeof r->id, "%s", c.run);
    kith_log("continuing from %s: %s and %s are done", path, KITH_COUNT(r->epoch, "epoch(s)"),
             KITH_COUNT(r->step, "step(s)"));
  } else {
    kith__run_new_id(r->comm, r->g, r->config_key, r->id);
    if (r->o->old) KITH_TRY(run_read_old(r, &c));
  }
  KITH_TRY(
      kith_agree(r->comm, kith__history_begin(&r->history, r->o->work, r->id, c.history ? c.history : "")));
  r->saved = kith_clock();
done:
  KITH_FREE(c.history);
  return st;
}

/* ---- epochs ---- */

static kith_step_request run_request(const stream_run *r) {
  const double minutes = r->o->checkpoint.every_minutes;
  if (kith__signals_stop_requested()) return KITH_REQUEST_STOP;
  if (kith__signals_launcher_ending()) return KITH_REQUEST_CHECKPOINT_NOW;
  return r->comm->rank == 0 && minutes > 0 && kith_clock() - r->saved >= 60 * minutes
             ? KITH_REQUEST_CHECKPOINT
             : KITH_REQUEST_NONE;
}

static bool run_save_is_due(const stream_run *r) {
  const int steps = r->o->checkpoint.every_steps;
  return r->request == KITH_REQUEST_CHECKPOINT || r->request == KITH_REQUEST_CHECKPOINT_NOW ||
         (steps > 0 && (r->epoch * r->n_step + r->step) % steps == 0);
}

/* Phases since they were counted last. */
static void run_count_phases(stream_run *r) {
  const kith_phases now = kith_tgn_phases(r->t);
  kith_phases_add(&r->phases, 1, &now);
  kith_phases_add(&r->phases, -1, &r->counted);
  r->counted = now;
}

/* What an epoch's line says of time, beside its seconds. */
static void run_times(stream_run *r, history_line *line) {
  const bool any = r->result->checkpoints > r->told;
  line->phases = r->phases;
  line->evaluate_seconds = -1;
  line->checkpoint_seconds = any ? r->checkpoint_seconds : -1;
  r->told = r->result->checkpoints;
  r->checkpoint_seconds = 0;
  kith__history_times(r->comm, line);
}

static void run_step(stream_run *r) {
  const kith_event *event = NULL;
  const int64_t first = r->first + r->step * r->o->stream.batch,
                end = kith_min(first + r->o->stream.batch, kith_stream_ranges(r->stream).valid);
  const double began = kith_clock();
  kith_fault_step();
  kith_stream_events(r->stream, first, end, &event);
  r->request = (kith_step_request)kith_tgn_step(r->t, r->epoch, ++r->number, first, (int)(end - first), event,
                                                run_request(r));
  r->step++;
  r->result->n_event += end - first;
  run_count_phases(r);
  r->seconds += kith_clock() - began;
  r->result->seconds += kith_clock() - began;
}

static kith_agreed run_steps(stream_run *r) {
  kith_agreed st = {KITH_OK};
  if (r->step == 0) {
    if (r->first == 0) kith_tgn_forget(r->t);
    r->seconds = 0;
    r->phases = (kith_phases){0};
  }
  while (r->step < r->n_step && r->request != KITH_REQUEST_STOP) {
    run_step(r);
    if (r->step == r->n_step || !run_save_is_due(r)) continue;
    KITH_TRY(run_save(r));
    if (r->request == KITH_REQUEST_CHECKPOINT_NOW) kith__signals_clear_launcher();
  }
done:
  return st;
}

/* The model alone on the validation events. */
static kith_agreed run_evaluate(stream_run *r, bool last) {
  kith_agreed st = {KITH_OK};
  const int k[1] = {10}, batch = r->o->stream.known == KITH_STREAM_BATCH ? r->o->stream.batch : 1;
  const kith_stream_range range = kith_stream_ranges(r->stream);
  const kith_stream_scorer scorer = kith_tgn_scorer(r->t);
  kith_stream_figures f[KITH_STREAM_FIGURES];
  if (r->o->every == 0 || range.test == range.valid || !(kith_eval_is_due(r->o->every, r->epoch) || last))
    return st;
  KITH_TRY(
      kith_stream_evaluate(r->comm, r->g, r->stream, 1, &scorer, batch, range.valid, range.test, 1, k, f));
  r->result->mrr = f[KITH_STREAM_ALL].mrr;
  kith_log("  valid, %s, of the model alone: MRR %.4f  HR@10 %.4f; of new items %.4f",
           batch == 1 ? "event by event" : "in batches", f[KITH_STREAM_ALL].mrr,
           f[KITH_STREAM_ALL].hit_rate[0], f[KITH_STREAM_NEW].mrr);
done:
  return st;
}

static kith_agreed run_close_epoch(stream_run *r) {
  kith_agreed st = {KITH_OK};
  kith_exact_sum loss = *kith_tgn_loss(r->t);
  history_line line = {.epoch = ++r->epoch, .n_example = kith_stream_ranges(r->stream).valid - r->first};
  r->step = 0;
  kith_comm_sum(r->comm, 1, &loss);
  line.loss = r->result->loss = kith_exact_sum_value(&loss) / (double)r->n_step;
  kith_comm_bcast(r->comm, sizeof r->seconds, &r->seconds); /* every rank keeps the same history */
  line.seconds = r->seconds;
  run_times(r, &line);
  kith_log("epoch %lld  loss %.6f  %.1f s  %.0f events/s", (long long)r->epoch, line.loss, line.seconds,
           (double)line.n_example / line.seconds);
  KITH_TRY(kith_agree(r->comm, kith__history_add(&r->history, &line)));
  KITH_TRY(kith_agree(r->comm, r->comm->rank == 0 ? kith__history_write(&r->history) : KITH_OK));
  const bool last = r->epoch >= r->o->train.epochs;
  const int every = r->o->checkpoint.every_epochs;
  if (last || (every > 0 && r->epoch % every == 0)) KITH_TRY(run_save(r));
  KITH_TRY(run_evaluate(r, last));
done:
  return st;
}

static kith_agreed run_epochs(stream_run *r) {
  kith_agreed st = {KITH_OK};
  r->request = (kith_step_request)kith_comm_max(r->comm, kith__signals_stop_requested() ? KITH_REQUEST_STOP
                                                                                        : KITH_REQUEST_NONE);
  while (r->epoch < r->o->train.epochs && r->request != KITH_REQUEST_STOP) {
    KITH_TRY(run_steps(r));
    if (r->step == r->n_step) KITH_TRY(run_close_epoch(r));
  }
  r->result->epochs = r->epoch;
  if (r->epoch >= r->o->train.epochs) return st;
  KITH_TRY(run_save(r));
  KITH_TRY(
      kith_agreed_same(kith_fail(KITH_EINTERRUPT,
                                 "stopped by a signal after %s and %s; a checkpoint is written: run again "
                                 "to continue",
                                 KITH_COUNT(r->epoch, "epoch(s)"), KITH_COUNT(r->step, "step(s)"))));
done:
  return st;
}

kith_agreed kith_stream_train(const kith_comm *comm, const kith_graph *g, kith_stream *stream,
                              const kith_stream_run *o, kith_stream_run_result *out) {
  kith_agreed st = {KITH_OK};
  stream_run r = {.comm = comm, .g = g, .stream = stream, .o = o, .result = out};
  *out = (kith_stream_run_result){.loss = NAN, .mrr = NAN};
  kith_signals_install();
  KITH_TRY(run_create(&r));
  KITH_TRY(run_begin(&r));
  KITH_TRY(run_epochs(&r));
done:
  run_free(&r);
  kith__signals_restore();
  return st;
}

kith_agreed kith_stream_load(const kith_comm *comm, const kith_graph *g, kith_stream *stream,
                             const kith_stream_run *o, kith_tgn **out, int64_t *epoch) {
  kith_agreed st = {KITH_OK};
  kith_stream_run_result unused;
  stream_run r = {.comm = comm, .g = g, .stream = stream, .o = o, .result = &unused};
  kith_checkpoint c = {.history = NULL};
  char path[KITH_PATH] = "";
  *out = NULL;
  KITH_TRY(run_create(&r));
  KITH_TRY(kith__newest_checkpoint(comm, o->work, run_read, &r, &c, path));
  KITH_TRY(kith_agreed_same(path[0] ? KITH_OK
                                    : kith_fail(KITH_ENOINPUT,
                                                "%s: holds no checkpoint of stream.model: tgn; "
                                                "run kith train",
                                                o->work)));
  *epoch = r.epoch;
  *out = r.t;
  r.t = NULL;
done:
  KITH_FREE(c.history);
  run_free(&r);
  return st;
}
