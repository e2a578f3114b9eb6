/*
 * --refit: the model whose settings were judged on validation is trained anew on all training interactions.
 * Verbs then work in WORK/refit, on the graph.h5 of WORK, and no validation share is left: the number of
 * epochs is the one that WORK/embeddings.h5 holds.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "cli/cli.h"

/* What graph.h5 holds out, and trains on. */
typedef struct refit_graph {
  int64_t fingerprint, n_train, n_valid, n_test;
  bool updated; /* by kith update */
} refit_graph;

kith_status cli_take_refit(cli *c) {
  kith_status st = KITH_OK;
  char graph[KITH_PATH], folder[KITH_PATH];
  kith_job *job = &c->job;
  c->refit = cli_flag(c, "refit");
  if (!c->refit) goto done;
  KITH_CHECK(job->task == KITH_TASK_RECOMMEND, KITH_ECONFIG,
             "%s: task: classify; --refit is for users and items, task recommend", job->path);
  KITH_TRY(kith_job_file(job, "graph.h5", graph));
  KITH_TRY(kith_path_join(job->work, "refit", folder));
  memcpy(c->chosen, job->work, sizeof c->chosen);
  memcpy(job->graph, graph, sizeof graph);
  memcpy(job->work, folder, sizeof folder);
  job->parts[0] = '\0';
  job->evaluate.split = KITH_EVAL_TEST;
done:
  return st;
}

const char *cli_refit_option(const cli *c) { return c->refit ? " --refit" : ""; }

const char *cli_fresh_option(const cli *c, const char *folder, const char *run) {
  char path[KITH_PATH];
  kith_checkpoint_progress at;
  bool found = !kith_is_bad(kith_checkpoint_find(c->comm, folder, 0, path)) && path[0] &&
               !kith_is_bad(kith_checkpoint_progress_read(c->comm, path, &at));
  return found && strcmp(at.run, run) == 0 ? " --fresh" : "";
}

static kith_agreed refit_read_lists(const cli *c, const char *path, refit_graph *out) {
  kith_agreed st = {KITH_OK};
  kith_h5 *f = NULL;
  int d = 0;
  KITH_TRY(kith_h5_open(c->comm, path, KITH_GRAPH_FORMAT, KITH_FILE_VERSION, &f));
  KITH_TRY(kith_h5_get_attr_int(f, "fingerprint", &out->fingerprint));
  KITH_TRY(kith_h5_extent(f, "train/item", &out->n_train, &d));
  KITH_TRY(kith_h5_extent(f, "valid/item", &out->n_valid, &d));
  KITH_TRY(kith_h5_extent(f, "test/item", &out->n_test, &d));
  out->updated = kith_h5_has_attr(f, "parent");
done:
  kith_h5_close(&f);
  return st;
}

/* Epochs over all pairs that have about as many steps as the chosen model has made, since those of updates
 * are short.  An update exports its last epoch, so those behind the chosen one are of kith train, and whole.
 */
static int64_t refit_count(const cli *c, const refit_graph *g, int64_t epoch,
                           const kith_checkpoint_progress *at) {
  const int64_t batch = c->job.train.batch, steps = (g->n_train + batch - 1) / batch;
  const int64_t made = at->optimizer_step - at->step - (at->epoch - epoch) * steps;
  if (!g->updated || at->epoch < epoch || at->optimizer_step <= 0 || steps == 0 || made <= 0) return epoch;
  const int64_t n = (made + steps / 2) / steps;
  return n > 0 ? n : 1;
}

/* The same of WORK as it is now; `epoch` if its files do not say. */
static int64_t refit_count_now(const cli *c, int64_t epoch) {
  char graph[KITH_PATH], path[KITH_PATH];
  refit_graph g;
  kith_checkpoint_progress at;
  if (kith_is_bad(kith_job_file(&c->job, "graph.h5", graph)) || kith_is_bad(refit_read_lists(c, graph, &g)) ||
      kith_is_bad(kith_checkpoint_find(c->comm, c->chosen, 0, path)) || !path[0] ||
      kith_is_bad(kith_checkpoint_progress_read(c->comm, path, &at)))
    return epoch;
  return refit_count(c, &g, epoch, &at);
}

/* WORK/embeddings.h5 may be gone, or of another graph by now: then it says nothing of this refit. */
void cli_refit_warn_epochs(const cli *c, const kith_embeddings_origin *refit) {
  char path[KITH_PATH];
  kith_embeddings_origin chosen = {.epoch = 0};
  if (!c->refit || !kith_model_has_steps(&c->job.model)) return;
  if (kith_is_bad(kith_path_join(c->chosen, "embeddings.h5", path))) return;
  bool read = !kith_is_bad(kith_embeddings_origin_read(c->comm, path, &chosen));
  if (read) chosen.epoch = refit_count_now(c, chosen.epoch);
  bool other =
      read && chosen.fingerprint == refit->fingerprint && chosen.step == 0 && chosen.epoch != refit->epoch;
  if (other && c->comm->rank == 0)
    kith_warn("%s: has %s by now, and the refit the %lld that were chosen before; run kith train %s "
              "--refit%s",
              path, KITH_COUNT(chosen.epoch, "epoch(s)"), (long long)refit->epoch, c->job_args,
              chosen.epoch < refit->epoch ? " --fresh" : "");
  KITH_FREE(chosen.config_key);
}

void cli_print_refit(const cli *c, const kith_graph *g) {
  if (c->refit)
    cli_print(c, "a refit: none of %s is held out for validation", KITH_COUNT(g->n_edge, "interaction(s)"));
}

void cli_print_without_valid(const cli *c, const kith_graph *g) {
  int64_t n = kith_eval_split_count(c->comm, g, KITH_EVAL_VALID);
  if (n == 0 || g->n_class > 0) return;
  cli_print(c, "on test: without %s; see kith %s --refit", KITH_COUNT(n, "validation interaction(s)"),
            cli_is_blend(c) ? "blend" : "train");
}

int cli_epochs(const kith_job *job) {
  return job->model.sequence == KITH_SEQUENCE_SASREC ? job->model.sasrec.epochs : job->train.epochs;
}

/* ---- the run that validation judged ---- */

static kith_agreed refit_read_graph(const cli *c, const char *path, refit_graph *out) {
  kith_agreed st = {KITH_OK};
  KITH_TRY(refit_read_lists(c, path, out));
  if (out->n_valid == 0)
    KITH_TRY(kith_agreed_same(
        kith_fail(KITH_ECONFIG,
                  "%s: holds out no interactions for validation, so that none chose what --refit would train "
                  "again; give data.split.valid, or train without --refit",
                  path)));
done:
  return st;
}

static kith_status refit_check_there(const cli *c, const char *embeddings) {
  kith_status st = KITH_OK;
  bool there = c->comm->rank != 0 || access(embeddings, F_OK) == 0;
  KITH_CHECK(there, KITH_ENOINPUT,
             "%s: %s: run kith train %s first; what validation says of its settings decides on a refit",
             embeddings, strerror(errno), c->job_args);
done:
  return st;
}

/* The settings that validation judged are those of the job.  What a filter weighs may have changed since:
 * kith tune judges it without a run. */
static kith_status refit_check_settings(const cli *c, const char *embeddings,
                                        const kith_embeddings_origin *from, const char *fresh) {
  kith_status st = KITH_OK;
  char key[KITH_CONFIG_KEY_SIZE], export[KITH_CONFIG_KEY_SIZE], want[KITH_CONFIG_WORD_SIZE],
      has[KITH_CONFIG_WORD_SIZE];
  char judged[KITH_CONFIG_KEY_SIZE];
  const char *found = from->config_key ? from->config_key : "";
  const kith_run run = {.model = c->job.model};
  KITH_TRY(kith_job_config_key(&c->job, sizeof key, key));
  KITH_TRY(kith_export_key(&run, key, sizeof export, export));
  kith_config_key_of_job(found, sizeof judged, judged);
  const bool differs = kith_config_key_differs(key, NULL, judged, want, has);
  if (differs) kith_config_key_usual(c->config_usual, want);
  if (differs) kith_config_key_usual(c->config_usual, has);
  KITH_CHECK(!differs, KITH_ECONFIG,
             "%s: was trained with %s, the job has %s, which validation has not judged; train into another "
             "folder with --set work=FOLDER, or run kith train %s%s first%s",
             embeddings, has, want, c->job_args, fresh,
             fresh[0] ? ", which removes that run's checkpoints" : "");
  KITH_CHECK(kith_export_is_of(&run.model, found), KITH_ECONFIG,
             "%s: was exported with another model.length_discount, model.sequence, model.recent or "
             "model.sasrec.gamma, and validation "
             "has not judged the job's; run kith train %s first, which exports it again",
             embeddings, c->job_args);
  if (c->job.model.name == KITH_SPECTRAL && kith_config_key_differs(export, NULL, found, want, has))
    kith_log("refit: the job has %s, and %s has %s: the job's is taken", want, embeddings, has);
done:
  return st;
}

/* An update begins behind the epoch that validation chose, so that its last one may be below train.epochs:
 * its checkpoint is the newest one, and of what it exported. */
bool cli_has_ended(const kith_job *job, bool updated, int64_t exported, const kith_checkpoint_progress *at) {
  if (at->epoch >= cli_epochs(job)) return true;
  if (job->train.patience > 0 && at->bad_evals >= job->train.patience) return true;
  return updated && at->epoch == exported && at->step == 0;
}

static kith_status refit_check_ended(const cli *c, const refit_graph *g, const char *embeddings,
                                     const kith_embeddings_origin *from, const kith_checkpoint_progress *at) {
  kith_status st = KITH_OK;
  const kith_job *job = &c->job;
  KITH_CHECK(strcmp(at->run, from->run) == 0, KITH_ECONFIG,
             "%s: is of run %s, and %s of run %s; run kith train %s first", embeddings, from->run,
             c->chosen_by, at->run, c->job_args);
  KITH_CHECK(
      !strstr(at->score, " on test"), KITH_ECONFIG,
      "%s: its epoch was chosen by %s; train with --fresh and evaluate.split: valid, so that validation "
      "chooses it",
      embeddings, at->score);
  KITH_CHECK(cli_has_ended(job, g->updated, from->epoch, at), KITH_ECONFIG,
             "%s: its run has not ended: %lld of %s done; run kith train %s first", embeddings,
             (long long)at->epoch, KITH_COUNT(cli_epochs(job), "epoch(s) (is|are)"), c->job_args);
  KITH_CHECK(from->epoch > 0 && from->epoch <= INT32_MAX && from->step == 0, KITH_ECONFIG,
             "%s: holds epoch %lld and %s, expected a whole number of epochs, 1 or more", embeddings,
             (long long)from->epoch, KITH_COUNT(from->step, "step(s)"));
done:
  return st;
}

/* The newest checkpoint of WORK, which says if the run has ended, and what chose its epoch. */
static kith_agreed refit_read_progress(cli *c, kith_checkpoint_progress *at) {
  kith_agreed st = {KITH_OK};
  KITH_TRY(kith_checkpoint_find(c->comm, c->chosen, 0, c->chosen_by));
  if (!c->chosen_by[0])
    KITH_TRY(
        kith_agreed_same(kith_fail(KITH_ENOINPUT,
                                   "%s: no checkpoint is there to say that the run has ended: run kith train "
                                   "%s first",
                                   c->chosen, c->job_args)));
  KITH_TRY(kith_checkpoint_progress_read(c->comm, c->chosen_by, at));
done:
  return st;
}

/* Train for the epochs that validation chose, and read the test list after the last one. */
static void refit_take_epochs(cli *c, int64_t model_epochs, int64_t epoch, const kith_checkpoint_progress *at,
                              bool tests) {
  if (c->job.model.sequence == KITH_SEQUENCE_SASREC) c->job.model.sasrec.epochs = (int)epoch;
  else c->job.train.epochs = (int)epoch;
  c->job.train.patience = 0;
  if (c->job.evaluate.every != 0) c->job.evaluate.every = (int)epoch;
  if (epoch != model_epochs)
    kith_log("refit: %s, with those of updates, had as many steps as %lld over all interactions",
             KITH_COUNT(model_epochs, "epoch(s)"), (long long)epoch);
  kith_log("refit: %s%s%s", KITH_COUNT(epoch, "epoch(s)"),
           at->score[0] ? " as chosen on validation" : ", all of the run before: no validation chose one",
           tests ? "; test read once" : "");
}

/* The model of the graph below a SASRec is trained for the epochs that WORK/base holds. */
static kith_agreed refit_take_base(cli *c) {
  kith_agreed st = {KITH_OK};
  const kith_model_options *m = &c->job.model;
  char folder[KITH_PATH], path[KITH_PATH];
  kith_embeddings_origin from = {.epoch = 0};
  if (m->sequence != KITH_SEQUENCE_SASREC || !m->sasrec.graph || m->name == KITH_SPECTRAL) return st;
  KITH_TRY(kith_agree(c->comm, kith_path_join(c->chosen, "base", folder)));
  KITH_TRY(kith_agree(c->comm, kith_path_join(folder, "embeddings.h5", path)));
  KITH_TRY(kith_embeddings_origin_read(c->comm, path, &from));
  c->job.train.epochs = (int)from.epoch;
done:
  KITH_FREE(from.config_key);
  return st;
}

static kith_agreed refit_read_chosen(cli *c, const refit_graph *g) {
  kith_agreed st = {KITH_OK};
  char embeddings[KITH_PATH];
  kith_embeddings_origin from = {.epoch = 0};
  kith_checkpoint_progress at;
  bool tests = g->n_test > 0 && c->job.evaluate.every != 0;
  const char *fresh = "";
  KITH_TRY(kith_agree(c->comm, kith_path_join(c->chosen, "embeddings.h5", embeddings)));
  KITH_TRY(kith_agree(c->comm, refit_check_there(c, embeddings)));
  KITH_TRY(kith_embeddings_origin_read(c->comm, embeddings, &from));
  fresh = cli_fresh_option(c, c->chosen, from.run);
  if (from.fingerprint != (uint64_t)g->fingerprint)
    KITH_TRY(kith_agreed_same(
        kith_fail(KITH_EDATA, "%s: is of another graph; run kith partition and kith train %s%s first",
                  embeddings, c->job_args, fresh)));
  KITH_TRY(kith_agreed_same(refit_check_settings(c, embeddings, &from, fresh)));
  KITH_TRY(refit_read_progress(c, &at));
  if (!kith_model_has_steps(&c->job.model)) {
    kith_log("refit: settings as in the job, rounds until model.spectral.tolerance%s",
             tests ? "; test read once" : "");
    goto done;
  }
  KITH_TRY(kith_agreed_same(refit_check_ended(c, g, embeddings, &from, &at)));
  KITH_TRY(refit_take_base(c));
  refit_take_epochs(c, from.epoch, refit_count(c, g, from.epoch, &at), &at, tests);
done:
  KITH_FREE(from.config_key);
  return st;
}

/* ---- the refit ---- */

/* A refit that has done more epochs than are chosen now cannot go back. */
static kith_agreed refit_check_done(const cli *c) {
  kith_agreed st = {KITH_OK};
  char path[KITH_PATH];
  kith_checkpoint_progress at;
  if (!kith_model_has_steps(&c->job.model)) return st;
  KITH_TRY(kith_checkpoint_find(c->comm, c->job.work, 0, path));
  if (!path[0] || kith_is_bad(kith_checkpoint_progress_read(c->comm, path, &at)))
    return st; /* who resumes says what is wrong */
  const int epochs = cli_epochs(&c->job);
  bool over = at.epoch > epochs || (at.epoch == epochs && at.step > 0);
  if (over)
    KITH_TRY(kith_agreed_same(
        kith_fail(KITH_ECONFIG, "%s: is past epoch %d, which validation chose; begin anew with --fresh", path,
                  epochs)));
done:
  return st;
}

/* Whether WORK/refit/parts.h5 is there and is of this graph. */
static kith_agreed refit_is_cut(const cli *c, const refit_graph *g, bool *cut) {
  kith_agreed st = {KITH_OK};
  kith_h5 *f = NULL;
  char parts[KITH_PATH];
  int64_t fingerprint = 0;
  *cut = cli_has_stage(c, "parts.h5", parts);
  if (!*cut) return st;
  KITH_TRY(kith_h5_open(c->comm, parts, KITH_PARTS_FORMAT, KITH_FILE_VERSION, &f));
  KITH_TRY(kith_h5_get_attr_int(f, "fingerprint", &fingerprint));
  *cut = fingerprint == g->fingerprint && kith_h5_has_attr(f, "refit");
done:
  kith_h5_close(&f);
  return st;
}

/* Make and lock WORK/refit. */
static kith_agreed refit_folder(cli *c) {
  kith_agreed st = {KITH_OK};
  KITH_TRY(kith_agree(c->comm, c->comm->rank == 0 ? kith_folder_make(c->job.work) : KITH_OK));
  KITH_TRY(cli_lock(c));
done:
  return st;
}

static kith_agreed refit_cut(cli *c, const refit_graph *g) {
  kith_agreed st = {KITH_OK};
  bool cut = false;
  KITH_TRY(refit_is_cut(c, g, &cut));
  if (!cut) KITH_TRY(cli_cut(c));
done:
  return st;
}

kith_agreed cli_refit_cut(cli *c) {
  kith_agreed st = {KITH_OK};
  char graph[KITH_PATH];
  refit_graph g;
  KITH_TRY(kith_agree(c->comm, cli_stage(c, "graph.h5", graph)));
  KITH_TRY(refit_read_graph(c, graph, &g));
  KITH_TRY(refit_folder(c));
  KITH_TRY(refit_cut(c, &g));
done:
  return st;
}

kith_agreed cli_refit_begin(cli *c, bool fresh) {
  kith_agreed st = {KITH_OK};
  char graph[KITH_PATH];
  refit_graph g;
  KITH_TRY(kith_agree(c->comm, cli_stage(c, "graph.h5", graph)));
  KITH_TRY(refit_read_graph(c, graph, &g));
  KITH_TRY(refit_read_chosen(c, &g));
  KITH_TRY(refit_folder(c));
  if (!fresh) KITH_TRY(refit_check_done(c));
  KITH_TRY(refit_cut(c, &g));
  if (g.n_test > 0 || c->job.evaluate.every == 0) return st;
  c->job.evaluate.every = 0;
  if (c->comm->rank == 0)
    kith_warn("%s: no interactions are held out for test: the refit is exported without figures", graph);
done:
  return st;
}
