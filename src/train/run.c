/* The run around the steps: epochs, evaluation, early stopping, checkpoints, the exported embeddings. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "kith/writer.h"
#include "train/history.h"
#include "train/recipe.h"
#include "train/stop.h"

/* A run under way.  Everything in it is the same on every rank, but for the trainer's rows. */
typedef struct run {
  const kith_comm *comm;
  const kith_graph *g;
  const kith_run *o;
  kith_trainer *trainer;
  kith_writer *writer;     /* of checkpoints; nobody else calls HDF5 before it is waited for */
  history history;
  char recipe[RUN_RECIPE];
  char embeddings[KITH_PATH];
  int64_t epoch, step;     /* whole epochs done; steps done of the next */
  double best;
  int64_t best_epoch, stale;
  int64_t saved_epoch;     /* epoch of the newest checkpoint */
  bool asked_to_stop;
  bool measured;           /* result->best is of the exported epoch */
  kith_run_result *result;
} run;

static bool run_classifies(const run *r) { return r->g->task == KITH_CLASSIFY; }

/* Whether evaluations choose the epoch that is exported, rather than the last one being it. */
static bool run_selects(const run *r) { return r->o->evaluate.every > 0 && (r->o->evaluate.split == KITH_ON_VALID || r->o->train.patience > 0); }

static const char *run_split(const run *r) {
  if (r->o->evaluate.split == KITH_ON_VALID) return "valid";
  return run_selects(r) ? "test-selected" : "test";
}

/* Columns of what is exported. */
static int run_width(const run *r) { return run_classifies(r) ? r->g->n_class : kith_model_width(&r->o->model); }

/* Until the checkpoint that was begun is there. */
static kith_agreed run_wait(run *r) {
  double began = kith_clock();
  kith_agreed st = kith_writer_wait(r->writer);
  r->result->checkpoint_seconds += kith_clock() - began;
  return st;
}

static kith_agreed run_export(run *r, const float *final) {
  kith_agreed st = {KITH_OK};
  kith_embeddings_note note = {.model = kith_model_text(r->o->model.name), .cosine = r->o->model.score == KITH_COSINE,
                               .epoch = r->epoch, .metrics = r->history.text, .job = r->o->job};
  r->result->best_epoch = r->epoch;
  KITH_TRY(run_wait(r));
  KITH_TRY(kith_embeddings_write(r->comm, r->g, r->o->graph, r->embeddings, run_width(r), final, &note));
done:
  return st;
}

/* The files know of numbers, not of models. */
static kith_checkpoint_weights run_weights(kith_weights w) { return (kith_checkpoint_weights){.n = w.n, .value = w.value, .m = w.m, .v = w.v}; }

/* Training stops until rows are copied. */
static kith_agreed run_save(run *r) {
  double began = kith_clock();
  kith_state s = kith_trainer_state(r->trainer);
  kith_checkpoint c = {.d = s.d, .x = s.x, .m = s.m, .v = s.v, .weights = run_weights(s.weights), .epoch = r->epoch, .step = r->step, .loss = *s.loss,
                       .best = r->best, .best_epoch = r->best_epoch, .stale = r->stale, .recipe = r->recipe,
                       .keeps_best = r->o->checkpoint.best && run_selects(r),
                       .history = r->history.text, .job = r->o->job};
  kith_comm_sum(r->comm, 1, &c.loss);
  r->saved_epoch = r->epoch;
  kith_agreed st = kith_writer_begin(r->writer, r->o->work, r->o->checkpoint.keep, &c);
  r->result->checkpoints++;
  r->result->checkpoint_seconds += kith_clock() - began;
  return st;
}

/* Continue where the newest checkpoint stopped, if there is one. */
static kith_agreed run_resume(run *r) {
  kith_agreed st = {KITH_OK};
  char path[KITH_PATH] = "";
  kith_state s = kith_trainer_state(r->trainer);
  kith_checkpoint c = {.d = s.d, .x = s.x, .m = s.m, .v = s.v, .weights = run_weights(s.weights), .recipe = r->recipe};
  if (r->o->fresh) KITH_TRY(kith_checkpoint_remove(r->comm, r->o->work));
  KITH_TRY(kith_checkpoint_newest(r->comm, r->o->work, path));
  if (path[0]) {
    KITH_TRY(kith_checkpoint_read(r->comm, r->g, path, &c));
    int64_t n_step = kith_trainer_n_step(r->trainer);
    KITH_TRY(kith_agreed_same(c.step < n_step ? KITH_OK : kith_fail(KITH_EDATA, "%s: %lld steps are done of an epoch of %lld", path, (long long)c.step, (long long)n_step)));
    r->epoch = r->saved_epoch = c.epoch;
    r->step = c.step;
    r->best = c.best;
    r->best_epoch = r->result->best_epoch = c.best_epoch;
    r->stale = c.stale;
    if (r->comm->rank == 0) *s.loss = c.loss; /* a sum over ranks: one of them carries it */
    kith_log("continuing from %s: %lld epochs and %lld steps are done", path, (long long)c.epoch, (long long)c.step);
  }
  KITH_TRY(kith_agree(r->comm, kith__history_begin(&r->history, r->o->work, c.history ? c.history : "")));
done:
  KITH_FREE(c.history);
  return st;
}

/* "650 k pairs/s", or all digits where there are few. */
static void run_rate(const run *r, double pairs, double seconds, size_t size, char *text) {
  double rate = seconds > 0 ? pairs / seconds : 0;
  const char *what = run_classifies(r) ? "nodes" : "pairs";
  if (rate < 10000) snprintf(text, size, "%.0f %s/s", rate, what);
  else snprintf(text, size, "%.0f k %s/s", rate / 1000, what);
}

/* The steps that are left of an epoch, with the progress of all.  Sets asked_to_stop. */
static void run_steps(run *r) {
  int64_t n_step = kith_trainer_n_step(r->trainer), begun = r->step;
  char what[KITH_NAME], note[128] = "", rate[32];
  kith_progress p;
  snprintf(what, sizeof what, "epoch %lld/%d", (long long)r->epoch + 1, r->o->train.epochs);
  kith_progress_begin(&p, what, n_step - begun);
  kith_trainer_epoch(r->trainer, r->epoch);
  while (r->step < n_step && !r->asked_to_stop) {
    r->asked_to_stop = kith_trainer_step(r->trainer, r->step++, kith__stop_is_asked());
    double seconds = kith_clock() - p.began, loss = kith_sum_value(kith_trainer_state(r->trainer).loss) / (double)r->step;
    run_rate(r, (double)kith_trainer_pairs(r->trainer, begun, r->step), seconds, sizeof rate, rate);
    snprintf(note, sizeof note, "loss %.5f%s, %s", loss, r->comm->size > 1 ? " (rank 0's share)" : "", rate);
    kith_progress_step(&p, r->step - begun, note);
  }
  kith_progress_end(&p);
}

/* Loss of the whole epoch; KITH_ENUMERIC, known to all, if it is not finite. */
static kith_agreed run_loss(run *r, double *loss) {
  kith_sum *mine = kith_trainer_state(r->trainer).loss, all = *mine;
  kith_comm_sum(r->comm, 1, &all);
  *mine = (kith_sum){0};
  *loss = kith_sum_value(&all) / (double)kith_trainer_n_step(r->trainer);
  if (isfinite(*loss)) return (kith_agreed){KITH_OK};
  return kith_agreed_same(kith_fail(KITH_ENUMERIC, "the loss is not finite in epoch %lld; the last checkpoint is kept; try a smaller train.lr",
                                    (long long)r->epoch));
}

/* Measure final rows on a split of the held-out. */
static kith_agreed run_mark(const run *r, int d, const float *x, kith_held_out split, kith_marks *out) {
  kith_rank_options on = r->o->evaluate;
  on.split = split;
  if (!run_classifies(r)) return kith_rank_evaluate(r->comm, r->g, d, x, &on, &out->ranked);
  out->classified = kith_accuracy_measure(r->comm, r->g, x, split == KITH_ON_TEST ? KITH_NODE_TEST : KITH_NODE_VALID);
  return (kith_agreed){KITH_OK};
}

/*
 * What epochs are compared by: recall at the largest cut-off; or the share of right answers, and where it is the same the
 * smaller loss, which makes a difference of less than one answer; or the loss alone, negated, since more is better.
 */
static double run_score(const run *r, const kith_marks *m) {
  const kith_accuracy *a = &m->classified;
  if (!run_classifies(r)) return m->ranked.recall[m->ranked.n_k - 1];
  if (r->o->evaluate.pick == KITH_PICK_LOSS) return -a->loss;
  return a->n > 0 ? ((double)a->right + 1 / (1 + a->loss)) / (double)a->n : 0;
}

/* Evaluate if it is due, remember the best, export it. */
static kith_agreed run_evaluate(run *r, bool last, history_line *line, kith_marks *m, const float **final) {
  kith_agreed st = {KITH_OK};
  const kith_rank_options *e = &r->o->evaluate;
  *final = NULL;
  if (e->every == 0 || (r->epoch % e->every != 0 && !last)) return st;
  *final = kith_trainer_final(r->trainer);
  KITH_TRY(run_mark(r, run_width(r), *final, e->split, m));
  if (e->smoothness) {
    KITH_TRY(kith_trainer_smoothness(r->trainer, line->layer));
    line->n_layer = kith_trainer_n_layer(r->trainer);
  }
  double score = run_score(r, m);
  line->marks = m;
  line->split = run_split(r);
  bool better = r->best_epoch == 0 || score > r->best;
  r->stale = better ? 0 : r->stale + 1;
  if (better) {
    r->best = score;
    r->best_epoch = r->epoch;
  }
  if (better || !run_selects(r)) {
    r->result->best = *m;
    r->measured = true;
  }
done:
  return st;
}

static void run_report(const run *r, const history_line *line) {
  char text[512] = "", rate[32];
  if (line->marks && run_classifies(r)) kith_accuracy_print(&line->marks->classified, sizeof text, text);
  else if (line->marks) kith_metrics_print(&line->marks->ranked, sizeof text, text);
  run_rate(r, (double)line->pairs, line->seconds, sizeof rate, rate);
  kith_log("epoch %lld  loss %.6f  %.1f s  %s%s%s%s%s", (long long)r->epoch, line->loss, line->seconds, rate, line->marks ? "  " : "", text,
           line->marks ? " on " : "", line->marks ? line->split : "");
}

static void run_report_layers(const history_line *line) {
  char text[1024] = "";
  size_t n = 0;
  for (int l = 0; l < line->n_layer; l++)
    n += (size_t)snprintf(text + n, sizeof text - n, "%s %d: %.4f, %.4g", l ? " " : "", l, line->layer[l].cosine, line->layer[l].energy);
  if (line->n_layer > 0) kith_log("  rows by layer (mean cosine, energy): %s", text);
}

/* After the steps of an epoch: loss, evaluation, history, export, checkpoint. */
static kith_agreed run_close_epoch(run *r, double seconds, int64_t pairs, int64_t halo_bytes, bool *enough) {
  kith_agreed st = {KITH_OK};
  kith_marks m;
  const float *final = NULL;
  r->epoch++;
  r->step = 0;
  history_line line = {.classifies = run_classifies(r), .epoch = r->epoch, .seconds = seconds, .pairs = pairs, .halo_bytes = halo_bytes};
  KITH_TRY(run_loss(r, &line.loss));
  r->result->loss = line.loss;
  bool last = r->epoch >= r->o->train.epochs;
  KITH_TRY(run_evaluate(r, last, &line, &m, &final));
  *enough = last || (r->o->train.patience > 0 && line.marks && r->stale >= r->o->train.patience);
  KITH_TRY(kith_agree(r->comm, kith__history_add(&r->history, &line)));
  KITH_TRY(kith_agree(r->comm, r->comm->rank == 0 ? kith__history_write(&r->history) : KITH_OK));
  run_report(r, &line);
  run_report_layers(&line);
  bool exports = run_selects(r) ? r->best_epoch == r->epoch : *enough;
  if (exports) KITH_TRY(run_export(r, final ? final : kith_trainer_final(r->trainer)));
  int every = r->o->checkpoint.every;
  bool picked = exports && r->o->checkpoint.best, due = every > 0 && r->epoch % every == 0;
  if (*enough || r->asked_to_stop || picked || due) KITH_TRY(run_save(r));
done:
  return st;
}

static kith_agreed run_one_epoch(run *r, bool *enough) {
  kith_agreed st = {KITH_OK};
  int64_t begun = r->step, sent = kith_trainer_halo_bytes(r->trainer), n_step = kith_trainer_n_step(r->trainer);
  double began = kith_clock();
  run_steps(r);
  double seconds = kith_clock() - began;
  kith_comm_share(r->comm, sizeof seconds, &seconds); /* the history is the same on every rank, so the clock must be */
  int64_t bytes = kith_trainer_halo_bytes(r->trainer) - sent;
  kith_comm_sum_int(r->comm, 1, &bytes);
  int64_t pairs = kith_trainer_pairs(r->trainer, begun, r->step);
  r->result->seconds += seconds;
  r->result->pairs += pairs;
  r->result->halo_bytes += bytes;
  if (r->step == n_step) KITH_TRY(run_close_epoch(r, seconds, pairs, bytes, enough));
  else KITH_TRY(run_save(r));
done:
  return st;
}

/* What is held out for testing, over all ranks. */
static int64_t run_held_out(const run *r) {
  const kith_graph *g = r->g;
  int64_t n = run_classifies(r) ? 0 : g->test.start[g->test.n_row];
  for (kith_lid i = 0; run_classifies(r) && i < g->n_own; i++) n += g->split[i] == KITH_NODE_TEST;
  kith_comm_sum_int(r->comm, 1, &n);
  return n;
}

/*
 * What the exported file scores: on the job's split, if an earlier run wrote it; and where validation picked the epoch,
 * on the test split, which is read only here.
 */
static kith_agreed run_measure(run *r) {
  kith_agreed st = {KITH_OK};
  float *x = NULL;
  int d = 0;
  bool tests = run_held_out(r) > 0 && r->o->evaluate.split == KITH_ON_VALID;
  bool measures = r->o->evaluate.every > 0 && !r->measured;
  r->result->evaluated = r->o->evaluate.every > 0;
  r->result->tested = tests;
  if (!tests && !measures) return st;
  KITH_TRY(kith_embeddings_read(r->comm, r->g, r->embeddings, &d, &x));
  if (measures) KITH_TRY(run_mark(r, d, x, r->o->evaluate.split, &r->result->best));
  if (tests) KITH_TRY(run_mark(r, d, x, KITH_ON_TEST, &r->result->test));
done:
  KITH_FREE(x);
  return st;
}

static kith_status run_look(const run *r, bool *there) {
  kith_status st = KITH_OK;
  *there = access(r->embeddings, F_OK) == 0;
  KITH_CHECK(*there || r->best_epoch == 0 || r->best_epoch == r->epoch || !run_selects(r), KITH_ENOINPUT,
             "%s: No such file or directory, and the checkpoint is of epoch %lld, not of the best, %lld; train with --fresh to start anew",
             r->embeddings, (long long)r->epoch, (long long)r->best_epoch);
done:
  return st;
}

/* No epoch is left to do.  What the checkpoint holds, or what training would begin with, is exported unless an earlier run did so. */
static kith_agreed run_export_anyway(run *r) {
  kith_agreed st = {KITH_OK};
  bool there = false;
  KITH_TRY(kith_agree(r->comm, r->comm->rank == 0 ? run_look(r, &there) : KITH_OK));
  kith_comm_share(r->comm, sizeof there, &there);
  if (r->epoch == 0) kith_log("no epoch is asked for (train.epochs is 0): the embeddings are exported untrained");
  if (!there || r->epoch == 0) KITH_TRY(run_export(r, kith_trainer_final(r->trainer)));
done:
  return st;
}

static kith_status run_prepare(run *r) {
  kith_status st = KITH_OK;
  if (r->comm->rank == 0) KITH_TRY(kith_folder_make(r->o->work));
  KITH_TRY(kith_path_join(r->o->work, "embeddings.h5", r->embeddings));
  kith__recipe(r->g, r->o, sizeof r->recipe, r->recipe);
done:
  return st;
}

static kith_agreed run_make_writer(run *r) {
  kith_state s = kith_trainer_state(r->trainer);
  return kith_writer_create(r->comm, r->g, s.d, s.weights.n, r->o->checkpoint.wait, &r->writer);
}

kith_agreed kith_train_run(const kith_comm *comm, const kith_graph *g, const kith_run *o, kith_run_result *out) {
  kith_agreed st = {KITH_OK};
  *out = (kith_run_result){0};
  run r = {.comm = comm, .g = g, .o = o, .result = out};
  kith__stop_watch();
  KITH_TRY(kith_agree(comm, run_prepare(&r)));
  KITH_TRY(kith_trainer_create(comm, g, &o->model, &o->train, &r.trainer));
  KITH_TRY(run_make_writer(&r));
  KITH_TRY(run_resume(&r));
  bool enough = r.epoch >= o->train.epochs || (o->train.patience > 0 && r.stale >= o->train.patience);
  if (enough) KITH_TRY(run_export_anyway(&r));
  while (!enough && !r.asked_to_stop) KITH_TRY(run_one_epoch(&r, &enough));
  out->epochs = r.epoch;
  KITH_TRY(run_wait(&r));
  if (!enough) KITH_TRY(kith_agreed_same(kith_fail(KITH_EINTERRUPT, "stopped by a signal after %lld epochs and %lld steps; a checkpoint is written: run again to continue",
                                                  (long long)r.epoch, (long long)r.step)));
  KITH_TRY(run_measure(&r));
done:
  kith_writer_destroy(&r.writer);
  kith__history_end(&r.history);
  kith_trainer_destroy(&r.trainer);
  kith__stop_unwatch();
  return st;
}
