/* The training loop: epochs, evaluation, early stopping, checkpoints, export of embeddings. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "train/run.h"
#include "train/signals.h"
#include "train/spectral_run.h"

/* "650 k pairs/s"; rates below 10000 with all digits. */
static void run_rate(const run *r, double pairs, double seconds, size_t size, char *text) {
  double rate = seconds > 0 ? pairs / seconds : 0;
  const char *what = kith__run_classifies(r) ? "nodes" : "pairs";
  if (rate < 10000) snprintf(text, size, "%.0f %s/s", rate, what);
  else snprintf(text, size, "%.0f k %s/s", rate / 1000, what);
}

void kith__run_timer_start(run *r) {
  r->counted = kith_clock();
  r->counted_bytes = kith_trainer_halo_bytes(r->trainer);
  r->counted_phases = kith_trainer_phases(r->trainer);
}

void kith__run_timer_add(run *r) {
  double seconds = kith_clock() - r->counted;
  r->seconds += seconds;
  r->result->seconds += seconds;
  r->halo_bytes += kith_trainer_halo_bytes(r->trainer) - r->counted_bytes;
  const kith_phases phases = kith_trainer_phases(r->trainer);
  kith_phases_add(&r->phases, 1, &phases);
  kith_phases_add(&r->phases, -1, &r->counted_phases);
  kith__run_timer_start(r);
}

/* The launcher may end the ranks now, so report the checkpoint that the next run will resume from. */
static kith_agreed run_log_checkpoint(run *r) {
  kith_agreed st = {KITH_OK};
  KITH_TRY(kith__run_wait(r));
  kith__signals_clear_launcher();
  kith_log("the launcher ends or resumes the job: checkpoint written (%s, %s)",
           KITH_COUNT(r->epoch, "epoch(s)"), KITH_COUNT(r->step, "step(s)"));
done:
  return st;
}

/* In the middle of an epoch. */
static kith_agreed run_save_mid_epoch(run *r) {
  kith_agreed st = {KITH_OK};
  kith__run_timer_add(r);
  KITH_TRY(kith__run_save(r));
  if (r->request == KITH_REQUEST_CHECKPOINT_NOW) KITH_TRY(run_log_checkpoint(r));
  kith__run_timer_start(r);
done:
  return st;
}

/* Training progress in epochs, with a fraction. */
static double run_epochs_done(const run *r) {
  return (double)r->epoch + (double)r->step / (double)kith_trainer_n_step(r->trainer);
}

/* "0.12345, 650 k pairs/s, job 1:02:03 left"; the loss is the mean over the epoch's steps and all ranks. */
static void run_progress(const run *r, kith_progress *p, int64_t begun, double loss) {
  char note[128] = "", rate[32], left[32] = "";
  double now = kith_clock(), done = run_epochs_done(r) - r->epochs_at_start;
  run_rate(r, (double)kith_trainer_n_example(r->trainer, begun, r->step), now - p->began, sizeof rate, rate);
  kith_duration_print((now - r->began) / done * ((double)r->o->train.epochs - run_epochs_done(r)),
                      sizeof left, left);
  snprintf(note, sizeof note, "job %s  loss %.4f  %s", left, loss, rate);
  kith_progress_step(p, r->step - begun, note);
}

/* Request of this rank: that of kith__run_request(), or the loss, if the progress display is due. */
static kith_step_request run_request(const run *r, const kith_progress *p) {
  kith_step_request request = kith__run_request(r);
  return request == KITH_REQUEST_NONE && kith_progress_is_due(p) ? KITH_REQUEST_LOSS : request;
}

/* Mean loss of the epoch's steps so far, over all ranks. Collective. */
static double run_loss_so_far(const run *r) {
  kith_exact_sum all = *kith_trainer_state(r->trainer).loss;
  kith_comm_sum(r->comm, 1, &all);
  return kith_exact_sum_value(&all) / (double)r->step;
}

/* Warn once a run: softmax steps without an in-batch negative. */
static void run_warn_single_pairs(run *r) {
  const kith_loss_options *loss = &r->o->train.loss;
  int64_t n = 0, n_step = kith_trainer_n_step(r->trainer);
  bool compares = !kith__run_classifies(r) && loss->name == KITH_SOFTMAX && loss->shared == 0;
  if (r->warned_single || !compares) return;
  r->warned_single = true;
  for (int64_t s = 0; s < n_step; s++) n += kith_trainer_n_example(r->trainer, s, s + 1) == 1;
  if (n == 0 || r->comm->rank != 0) return;
  kith_warn("softmax: %lld of the %s of an epoch %s a single pair, which has no negative and teaches "
            "nothing; set another train.batch, or negatives.shared",
            (long long)n, KITH_COUNT(n_step, "step(s)"), n == 1 ? "has" : "have");
}

/* Run the remaining steps of an epoch, with progress display and the checkpoints that become due. */
static kith_agreed run_steps(run *r) {
  kith_agreed st = {KITH_OK};
  int64_t n_step = kith_trainer_n_step(r->trainer), begun = r->step;
  char what[KITH_NAME];
  kith_progress p;
  snprintf(what, sizeof what, "epoch %lld/%d", (long long)r->epoch + 1, r->o->train.epochs);
  kith_progress_begin(&p, what, n_step - begun);
  kith_trainer_set_epoch(r->trainer, r->epoch);
  run_warn_single_pairs(r);
  kith__run_timer_start(r);
  while (r->step < n_step && r->request != KITH_REQUEST_STOP) {
    r->request = kith_trainer_step(r->trainer, r->step, run_request(r, &p));
    r->step++;
    if (r->request >= KITH_REQUEST_LOSS) run_progress(r, &p, begun, run_loss_so_far(r));
    if (r->step < n_step && kith__run_checkpoint_is_due(r)) KITH_TRY(run_save_mid_epoch(r));
  }
  kith__run_timer_add(r);
  r->result->n_example += kith_trainer_n_example(r->trainer, begun, r->step);
done:
  kith_progress_end(&p);
  return st;
}

/* Mean loss of the epoch. Errors: KITH_ENUMERIC if it is not finite. */
static kith_agreed run_loss(run *r, double *loss) {
  kith_exact_sum all = *kith_trainer_state(r->trainer).loss;
  kith_comm_sum(r->comm, 1, &all);
  *loss = kith_exact_sum_value(&all) / (double)kith_trainer_n_step(r->trainer);
  if (isfinite(*loss)) return (kith_agreed){KITH_OK};
  return kith_agreed_same(
      kith_fail(KITH_ENUMERIC,
                "the loss is not finite in epoch %lld; the last checkpoint is kept; try a smaller train.lr",
                (long long)r->epoch));
}

/* Warn once per run if some users have fewer than N candidates. */
static void run_warn_short(run *r, const kith_eval_result *m) {
  if (kith__run_classifies(r) || r->warned_short || r->comm->rank != 0 || m->ranking.n_user_short == 0)
    return;
  r->warned_short = true;
  kith_warn(
      "evaluate.protocol: %lld of %lld users have fewer than %d candidate items: all of them are ranked",
      (long long)m->ranking.n_user_short, (long long)m->ranking.n_user, r->o->evaluate.sampled);
}

/* Warn once per run if some users have held-out items of which none is ranked. */
static void run_warn_left_out(run *r, const kith_eval_result *m) {
  if (kith__run_classifies(r) || r->warned_left_out || r->comm->rank != 0 || m->ranking.n_user_left_out == 0)
    return;
  r->warned_left_out = true;
  kith_warn("evaluate: %s held-out items of which none is ranked: left out, %s measured",
            KITH_COUNT(m->ranking.n_user_left_out, "user(s) (has|have)"),
            KITH_COUNT(m->ranking.n_user, "(is|are)"));
}

/* Without a measured user, every score is 0: no epoch is better than another one. */
static kith_status run_check_measured(const run *r, const kith_eval_result *m) {
  if (kith__run_classifies(r) || !kith__run_selects_epoch(r) || m->ranking.n_user > 0) return KITH_OK;
  return kith_fail(KITH_ECONFIG,
                   "evaluate: none of the held-out items on %s is ranked, so that no epoch can be selected; "
                   "change evaluate.mask or evaluate.candidates, or set evaluate.every to 0",
                   kith__run_split(r));
}

/* Evaluate if it is due, and update the best epoch. */
static kith_agreed run_evaluate(run *r, bool last, history_line *line, kith_eval_result *m,
                                const float **final) {
  kith_agreed st = {KITH_OK};
  const kith_eval_options *e = &r->o->evaluate;
  *final = NULL;
  if (e->every == 0 || !(kith_eval_is_due(e->every, r->epoch) || last)) return st;
  const double began = kith_clock() - r->result->checkpoint_seconds; /* its polls may write one */
  *final = kith_trainer_inference(r->trainer);
  KITH_TRY(kith__run_rows(r, final));
  KITH_TRY(kith__run_eval(r, kith__run_width(r), *final, e->split, true, m));
  run_warn_short(r, m);
  run_warn_left_out(r, m);
  KITH_TRY(kith_agreed_same(run_check_measured(r, m)));
  if (e->oversmoothing) {
    KITH_TRY(kith_trainer_oversmoothing(r->trainer, line->layer));
    line->n_layer = kith_trainer_n_layer(r->trainer);
  }
  line->evaluate_seconds = kith_clock() - r->result->checkpoint_seconds - began;
  double score = kith__run_score(r, m);
  line->eval = m;
  line->split = kith__run_split(r);
  line->how = e;
  bool better = r->best_epoch == 0 || score > r->best;
  r->bad_evals = better ? 0 : r->bad_evals + 1;
  if (better) {
    r->best = score;
    r->best_epoch = r->epoch;
  }
  if (better || !kith__run_selects_epoch(r)) {
    r->result->best = *m;
    r->measured = true;
  }
done:
  return st;
}

/* Log the main metrics; metrics.jsonl has all of them. */
static void run_report_eval(const run *r, const history_line *line) {
  char text[128];
  const kith_metrics *m = &line->eval->ranking;
  int c = m->n_k - 1, k = m->k[c];
  bool best = kith__run_selects_epoch(r) && r->best_epoch == r->epoch && !r->o->train.update.on;
  if (kith__run_classifies(r)) kith_accuracy_print(&line->eval->classification, sizeof text, text);
  else snprintf(text, sizeof text, "Recall@%d %.4f  NDCG@%d %.4f", k, m->recall[c], k, m->ndcg[c]);
  kith_log("  %s: %s%s%s%s", line->split, text, best ? kith_color(KITH_COLOR_BEST) : "",
           best ? "  best so far" : "", best ? kith_color(KITH_COLOR_END) : "");
}

static void run_report(const run *r, const history_line *line) {
  char rate[32];
  run_rate(r, (double)line->n_example, line->seconds, sizeof rate, rate);
  kith_log("epoch %lld  loss %.6f  %.1f s  %s", (long long)r->epoch, line->loss, line->seconds, rate);
  for (int i = 0; i < line->learned.n; i++)
    if (strncmp(line->learned.of[i].name, KITH_LOSS_OF, strlen(KITH_LOSS_OF)) == 0)
      kith_log("  %s: loss %.6f", line->learned.of[i].name + strlen(KITH_LOSS_OF), line->learned.of[i].value);
  if (line->eval) run_report_eval(r, line);
}

static void run_report_layers(const history_line *line) {
  for (int l = 0; l < line->n_layer; l++)
    kith_log("  layer %d: mean cosine %.4f, energy %.4g", l, line->layer[l].cosine, line->layer[l].energy);
}

/* Fill the history line of the epoch. */
static kith_agreed run_fill_line(run *r, history_line *line) {
  kith_agreed st = {KITH_OK};
  int64_t n_step = kith_trainer_n_step(r->trainer);
  *line = (history_line){.classifies = kith__run_classifies(r),
                         .epoch = r->epoch,
                         .seconds = r->seconds,
                         .phases = r->phases,
                         .evaluate_seconds = -1,
                         .n_example = kith_trainer_n_example(r->trainer, 0, n_step),
                         .halo_bytes = r->halo_bytes,
                         .learned = kith_trainer_learned(r->trainer)};
  kith_comm_bcast(r->comm, sizeof line->seconds, &line->seconds); /* every rank keeps the same history */
  kith_comm_sum_int(r->comm, 1, &line->halo_bytes);
  kith_trainer_also_losses(r->trainer, &line->learned);
  KITH_TRY(run_loss(r, &line->loss));
  r->result->loss = line->loss;
done:
  return st;
}

static void run_begin_epoch(run *r) {
  *kith_trainer_state(r->trainer).loss = (kith_exact_sum){0};
  kith_trainer_begin_also(r->trainer);
  r->seconds = 0;
  r->phases = (kith_phases){0};
  r->halo_bytes = 0;
}

static kith_agreed run_record(run *r, history_line *line) {
  kith_agreed st = {KITH_OK};
  kith__run_tell_checkpoints(r, line);
  kith__history_times(r->comm, line);
  KITH_TRY(kith_agree(r->comm, kith__history_add(&r->history, line)));
  KITH_TRY(kith_agree(r->comm, r->comm->rank == 0 ? kith__history_write(&r->history) : KITH_OK));
  run_report(r, line);
  run_report_layers(line);
done:
  return st;
}

/* Leave the epoch open: the resumed run evaluates it. */
static kith_agreed run_postpone_evaluation(run *r) {
  r->epoch--;
  r->request = KITH_REQUEST_STOP;
  return (kith_agreed){KITH_OK};
}

/* Finish an epoch after its steps: loss, evaluation, history, export, checkpoint. */
static kith_agreed run_close_epoch(run *r, bool *finished) {
  kith_agreed st = {KITH_OK};
  kith_eval_result m;
  const float *final = NULL;
  history_line line;
  r->epoch++;
  KITH_TRY(run_fill_line(r, &line));
  bool last = r->epoch >= r->o->train.epochs;
  st = run_evaluate(r, last, &line, &m, &final);
  if (st.status == KITH_EINTERRUPT) return run_postpone_evaluation(r);
  KITH_TRY(st);
  r->step = 0;
  run_begin_epoch(r);
  *finished = last || (r->o->train.patience > 0 && line.eval && r->bad_evals >= r->o->train.patience);
  KITH_TRY(run_record(r, &line));
  bool exports = kith__run_selects_epoch(r) ? r->best_epoch == r->epoch : *finished;
  if (exports && !final) {
    final = kith_trainer_inference(r->trainer);
    KITH_TRY(kith__run_rows(r, &final));
  }
  if (exports) KITH_TRY(kith__run_export(r, r->epoch, 0, r->history.text, final));
  int every = r->o->checkpoint.every_epochs;
  bool picked = exports && r->o->checkpoint.keep_best,
       due = (every > 0 && r->epoch % every == 0) || kith__run_checkpoint_is_due(r);
  if (*finished || picked || due) KITH_TRY(kith__run_save(r));
done:
  return st;
}

/* Warn once a run, after its first epoch: most seed nodes have no sampled neighbor. */
static void run_warn_no_neighbors(run *r) {
  const kith_step_stats t = kith_trainer_step_stats(r->trainer);
  int64_t n[2] = {t.n_seed, t.n_seed_alone};
  kith_sampler_mode mode = r->o->train.sampler.mode;
  if (r->warned_alone || (mode != KITH_CLUSTER && mode != KITH_NEIGHBOR)) return;
  r->warned_alone = true;
  kith_comm_sum_int(r->comm, 2, n);
  if (r->comm->rank != 0 || 2 * n[1] <= n[0]) return;
  bool excludes = !kith__run_classifies(r) && r->o->train.exclude_targets;
  kith_warn("%.0f %% of the seed nodes of this epoch's steps have no sampled neighbor%s; set a smaller "
            "train.batch%s",
            100 * (double)n[1] / (double)n[0],
            excludes ? ", since sampler.exclude_targets leaves out the step's own pairs" : "",
            mode == KITH_CLUSTER ? ", or more sampler.clusters" : "");
}

/* A stop after the last step of an epoch leaves its evaluation, which may be long, to the resumed run. */
static kith_agreed run_one_epoch(run *r, bool *finished) {
  kith_agreed st = {KITH_OK};
  KITH_TRY(run_steps(r));
  run_warn_no_neighbors(r);
  if (r->request != KITH_REQUEST_STOP) KITH_TRY(run_close_epoch(r, finished));
done:
  return st;
}

/* Agree on a stop whose signal arrived before the first step. */
static kith_step_request run_first_request(const run *r) {
  return (kith_step_request)kith_comm_max(r->comm, kith__signals_stop_requested() ? KITH_REQUEST_STOP
                                                                                  : KITH_REQUEST_NONE);
}

kith_agreed kith__run_measure(run *r) {
  kith_agreed st = {KITH_OK};
  float *x = NULL;
  int d = 0;
  bool tests = !r->o->no_test && kith_eval_split_count(r->comm, r->g, KITH_EVAL_TEST) > 0 &&
               r->o->evaluate.split == KITH_EVAL_VALID;
  bool measures = r->o->evaluate.every != 0 && !r->measured;
  r->result->evaluated = r->o->evaluate.every != 0;
  r->result->tested = tests;
  KITH_TRY(kith__run_check_export(r));
  if (!tests && !measures) return st;
  KITH_TRY(kith_embeddings_read(r->comm, r->g, r->embeddings, &d, &x));
  if (measures) KITH_TRY(kith__run_eval(r, d, x, r->o->evaluate.split, false, &r->result->best));
  if (tests) KITH_TRY(kith__run_eval(r, d, x, KITH_EVAL_TEST, false, &r->result->test));
done:
  KITH_FREE(x);
  return st;
}

static kith_status run_prepare(run *r) {
  kith_status st = KITH_OK;
  if (r->comm->rank == 0) KITH_TRY(kith_folder_make(r->o->work));
  KITH_TRY(kith_path_join(r->o->work, "embeddings.h5", r->embeddings));
  kith_config_key_legacy(r->g, r->o, sizeof r->config_key_legacy, r->config_key_legacy);
  kith__run_score_name(r, r->score);
done:
  return st;
}

static kith_agreed run_epochs(run *r) {
  kith_agreed st = {KITH_OK};
  KITH_TRY(kith__run_reset_selection(r));
  const bool none = r->before && r->result->update.new_pairs == 0; /* an update without a new pair */
  bool finished = none || r->epoch >= r->o->train.epochs ||
                  (r->o->train.patience > 0 && r->bad_evals >= r->o->train.patience);
  r->began = kith_clock();
  r->epochs_at_start = run_epochs_done(r);
  if (r->epoch > r->o->train.epochs)
    kith_warn("%s done already, more than train.epochs", KITH_COUNT(r->epoch, "epoch(s) (is|are)"));
  KITH_TRY(kith__run_restore_export(r, finished));
  if (!finished) r->request = run_first_request(r);
  while (!finished && r->request != KITH_REQUEST_STOP) KITH_TRY(run_one_epoch(r, &finished));
  if (!finished || none) KITH_TRY(kith__run_save(r));
  KITH_TRY(kith__run_wait(r));
  r->result->epochs = r->epoch;
  if (!finished)
    KITH_TRY(kith_agreed_same(kith_fail(KITH_EINTERRUPT,
                                        "stopped by a signal after %s and %s; a checkpoint is written: run "
                                        "again to continue",
                                        KITH_COUNT(r->epoch, "epoch(s)"), KITH_COUNT(r->step, "step(s)"))));
done:
  return st;
}

/* key: "" or that of an auxiliary loss. */
static void run_warn_excluded(const kith_excluded_users *out, const char *key, const char *relation) {
  if (out->n_user == 0) return;
  kith_warn("%s%s%s%s interacted with every item%s: %s %s", key, relation, key[0] ? ": " : "",
            KITH_COUNT(out->n_user, "user(s)"), out->any ? "" : " that negatives are drawn from",
            out->n_user == 1 ? "the" : "their",
            KITH_COUNT(out->n_pair, "pair(s) (has|have) no negative and (is|are) left out"));
}

/* Warn once per run, before its first step. */
static void run_tell_left_out(const run *r) {
  kith_excluded_users out = kith_trainer_excluded_users(r->trainer);
  const char *relation = "";
  if (r->comm->rank != 0) return;
  run_warn_excluded(&out, "", relation);
  for (int i = 0; out = kith_trainer_also_excluded_users(r->trainer, i, &relation), relation; i++)
    run_warn_excluded(&out, "train.also.", relation);
}

/* Where a checkpoint has the rows, they need not be made anew. */
static kith_agreed run_create_trainer(run *r) {
  kith_agreed st = {KITH_OK};
  if (r->sasrec && !kith__run_is_joint(r))
    return kith__sasrec_trainer_create(r->comm, r->g, r->o, &r->sasrec->data, &r->trainer);
  kith_model_options model = r->o->model;
  char checkpoint[KITH_PATH] = "";
  if (model.start == KITH_START_SPECTRAL && !r->o->fresh)
    KITH_TRY(kith_checkpoint_find(r->comm, r->o->work, 0, checkpoint));
  if (checkpoint[0] || r->o->old[0] || kith__run_is_joint(r)) model.start = KITH_START_RANDOM;
  KITH_TRY(kith_trainer_create(r->comm, r->g, &model, &r->o->train, &r->trainer));
done:
  return st;
}

static void run_tell_sharing(const run *r) {
  char text[2 * KITH_PATH];
  kith_trainer_sharing(r->trainer, sizeof text, text);
  if (text[0]) kith_log("%s", text);
  if (r->o->train.strips <= 1 || r->sasrec) return;
  const bool cut = kith_trainer_strips(r->trainer, sizeof text, text);
  if (cut) kith_log("%s", text);
  else if (r->comm->rank == 0) kith_warn("%s", text);
}

static kith_agreed run_by_steps(run *r) {
  kith_agreed st = {KITH_OK};
  KITH_TRY(run_create_trainer(r));
  run_tell_sharing(r);
  if (r->o->old[0]) KITH_TRY(kith__update_begin(r));
  if (kith__run_is_joint(r)) KITH_TRY(kith__sasrec_begin_joint(r));
  run_tell_left_out(r);
  KITH_TRY(kith__run_open_writer(r));
  KITH_TRY(kith__run_resume(r));
  KITH_TRY(run_epochs(r));
  r->result->halo_bytes = kith_trainer_halo_bytes(r->trainer);
  kith_trainer_relations(r->trainer, &r->result->relations);
  kith_comm_sum_int(r->comm, 1, &r->result->halo_bytes);
  KITH_TRY(kith__run_measure(r));
done:
  return st;
}

kith_agreed kith_train_run(const kith_comm *comm, const kith_graph *g, const kith_run *o,
                           kith_run_result *out) {
  kith_agreed st = {KITH_OK};
  *out = (kith_run_result){.loss = NAN};
  kith_run resolved = *o;
  run r = {.comm = comm, .g = g, .o = &resolved, .job = o, .result = out, .saved_epoch = -1};
  if (kith__run_is_sasrec(&r)) {
    KITH_TRY(kith__sasrec_base(comm, g, o));
    kith__sasrec_options(&resolved);
  }
  kith_signals_install();
  resolved.evaluate.split = kith_eval_split_resolve(comm, g, o->evaluate.split);
  KITH_TRY(kith_agreed_same(kith_eval_check(g, &resolved.evaluate)));
  KITH_TRY(kith_agree(comm, run_prepare(&r)));
  kith_config_key(comm, g, r.o, sizeof r.config_key, r.config_key);
  KITH_TRY(kith__run_sequence_begin(&r));
  KITH_TRY(kith_graph_ids_read(comm, g, o->graph, &r.ids));
  KITH_TRY(kith_model_has_steps(&o->model) ? run_by_steps(&r) : kith__spectral_run(&r));
done:
  kith_checkpoint_writer_destroy(&r.writer);
  kith__history_end(&r.history);
  KITH_FREE(r.before);
  kith_trainer_destroy(&r.trainer);
  kith__spectral_free(&r);
  kith__run_sequence_end(&r);
  kith_graph_ids_destroy(&r.ids);
  kith__signals_restore();
  return st;
}
