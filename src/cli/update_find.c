/* What kith update begins from: the checkpoint of the exported rows, or of a stream's model. */
#include <stdio.h>
#include <string.h>

#include "cli/update.h"

/* The checkpoint of the exported rows, if it was kept; else the newest one. */
static kith_agreed update_find_checkpoint(const cli *c, const kith_embeddings_origin *from,
                                          cli_update_origin *o) {
  kith_agreed st = {KITH_OK};
  char *path = o->path;
  KITH_TRY(kith_checkpoint_at_epoch(c->comm, c->job.work, from->epoch, path));
  if (path[0]) KITH_TRY(kith_checkpoint_progress_read(c->comm, path, &o->at));
  if (path[0] && strcmp(o->at.run, from->run) == 0) return st;
  KITH_TRY(kith_checkpoint_find(c->comm, c->job.work, 0, path));
  if (!path[0])
    KITH_TRY(kith_agreed_same(kith_fail(KITH_ENOINPUT, "%s: no checkpoint is there: run kith train %s first",
                                        c->job.work, c->job_args)));
  KITH_TRY(kith_checkpoint_progress_read(c->comm, path, &o->at));
  if (strcmp(o->at.run, from->run) != 0)
    KITH_TRY(kith_agreed_same(
        kith_fail(KITH_EDATA, "%s: is of run %s, and embeddings.h5 of run %s; run kith train %s first", path,
                  o->at.run, from->run, c->job_args)));
done:
  return st;
}

/* The exported model is what the job says.  Of a graph the keys read what clusters and a refit have. */
static kith_agreed update_check_model(const cli *c, const char *path, const kith_embeddings_origin *from) {
  kith_agreed st = {KITH_OK};
  char want[KITH_CONFIG_WORD_SIZE], found[KITH_CONFIG_WORD_SIZE];
  const kith_graph g = {.refit = false};
  bool differs = false;
  KITH_TRY(cli_origin_differs(c, &g, from, &differs, want, found));
  if (differs)
    KITH_TRY(kith_agreed_same(kith_fail(KITH_ECONFIG,
                                        "%s: was trained with %s, the job has %s; update with what it was "
                                        "trained with, or train the job into another folder with --set "
                                        "work=FOLDER",
                                        path, found, want)));
done:
  return st;
}

/* "kith train JOB", to run first: without keys of this verb, which it would warn of. */
static void update_print_training(const cli *c, char job[CLI_JOB_ARGS]) {
  static const char *const own[] = {"update.", NULL};
  cli_print_job_args(c, own, job);
}

static void update_warn_unended(const cli *c, const cli_update_origin *o,
                                const kith_checkpoint_progress *newest) {
  char job[CLI_JOB_ARGS], patience[128] = "";
  const kith_train_options *t = &c->job.train;
  update_print_training(c, job);
  if (t->patience > 0)
    snprintf(patience, sizeof patience,
             ", and %lld of %d evaluations without a better score (train.patience)",
             (long long)newest->bad_evals, t->patience);
  kith_warn("%s: its training has not ended: %lld of %s%s; the update begins from epoch %lld; kith train %s "
            "does the rest, if run first",
            o->path, (long long)newest->epoch, KITH_COUNT(t->epochs, "epoch(s)"), patience,
            (long long)o->at.epoch, job);
}

/* Warn of a run that has not ended.  The newest checkpoint says how far it came, not the one of the epoch
 * that validation chose. */
static kith_agreed update_check_ended(const cli *c, const cli_update_origin *o, bool updated,
                                      int64_t exported) {
  kith_agreed st = {KITH_OK};
  kith_checkpoint_progress newest = o->at;
  char path[KITH_PATH];
  if (!kith_model_has_steps(&c->job.model)) return st;
  KITH_TRY(kith_checkpoint_find(c->comm, c->job.work, 0, path));
  bool known = path[0] && !kith_is_bad(kith_checkpoint_progress_read(c->comm, path, &newest)); /* or torn */
  if (!known || strcmp(newest.run, o->at.run) != 0) newest = o->at;
  if (!cli_has_ended(&c->job, updated, exported, &newest) && c->comm->rank == 0)
    update_warn_unended(c, o, &newest);
done:
  return st;
}

static kith_status update_fail_none(const cli *c, const char *path) {
  char job[CLI_JOB_ARGS];
  update_print_training(c, job);
  return kith_fail(KITH_ENOINPUT, "%s: there is no model to update: run kith train %s first", path, job);
}

/* The model of WORK: exported, of this graph.h5. */
static kith_agreed update_find_model(const cli *c, const char *graph, cli_update_origin *o) {
  kith_agreed st = {KITH_OK};
  char embeddings[KITH_PATH];
  kith_embeddings_origin from = {.epoch = 0};
  kith_h5 *f = NULL;
  int64_t fingerprint = 0;
  if (!cli_has_stage(c, "embeddings.h5", embeddings))
    KITH_TRY(kith_agreed_same(update_fail_none(c, embeddings)));
  KITH_TRY(kith_embeddings_origin_read(c->comm, embeddings, &from));
  KITH_TRY(kith_h5_open(c->comm, graph, KITH_GRAPH_FORMAT, KITH_FILE_VERSION, &f));
  KITH_TRY(kith_h5_get_attr_int(f, "fingerprint", &fingerprint));
  if (from.fingerprint != (uint64_t)fingerprint)
    KITH_TRY(kith_agreed_same(kith_fail(KITH_EDATA,
                                        "%s: is of another graph; run kith partition and kith train "
                                        "%s --fresh first",
                                        embeddings, c->job_args)));
  KITH_TRY(update_check_model(c, embeddings, &from));
  KITH_TRY(update_find_checkpoint(c, &from, o));
  KITH_TRY(update_check_ended(c, o, kith_h5_has_attr(f, "parent"), from.epoch));
done:
  kith_h5_close(&f);
  KITH_FREE(from.config_key);
  return st;
}

/* The newest checkpoint of a stream's model, at the end of an epoch. */
static kith_agreed update_find_stream(const cli *c, cli_update_origin *o) {
  kith_agreed st = {KITH_OK};
  char *path = o->path;
  KITH_TRY(kith_checkpoint_find(c->comm, c->job.work, 0, path));
  if (!path[0]) KITH_TRY(kith_agreed_same(update_fail_none(c, c->job.work)));
  KITH_TRY(kith_checkpoint_progress_read(c->comm, path, &o->at));
  if (o->at.step > 0 || o->at.epoch == 0)
    KITH_TRY(kith_agreed_same(kith_fail(KITH_ECONFIG,
                                        "%s: is within an epoch; run kith train %s first, which ends it",
                                        path, c->job_args)));
  KITH_TRY(update_check_ended(c, o, false, 0));
done:
  return st;
}

kith_agreed cli_update_find(const cli *c, const char *graph, bool streams, cli_update_origin *out) {
  return streams ? update_find_stream(c, out) : update_find_model(c, graph, out);
}
