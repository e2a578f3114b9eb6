/* The files of a job's stages; if one is missing, the error names the verb that makes it. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "base/file.h"

/* The verb that writes a file of the work folder. */
static const char *stages_verb(const cli *c, const char *name) {
  if (strcmp(name, "graph.h5") == 0) return "ingest";
  const char *last = cli_is_blend(c) ? "blend" : "train"; /* which cuts, too, with --refit */
  return strcmp(name, "parts.h5") == 0 && !c->refit ? "partition" : last;
}

/* A sweep has trained its trials, and not the job: name the best of them. */
static kith_status stages_fail_sweep(const cli *c, const char *path) {
  kith_status st = KITH_OK;
  char best[KITH_PATH], args[CLI_JOB_ARGS] = "";
  KITH_TRY(kith_path_join(c->job.work, "sweep/best.yaml", best));
  if (access(best, F_OK) != 0) return st;
  cli_append_quoted(args, "", best);
  st = kith_fail(
      KITH_ENOINPUT,
      "%s: %s: run kith %s %s for the best trial of the sweep, or kith train %s first, which trains "
      "the job without what the sweep has found",
      path, strerror(ENOENT), c->verb, args, c->job_args);
done:
  return st;
}

kith_status cli_stage(const cli *c, const char *name, char *path) {
  kith_status st = KITH_OK;
  KITH_TRY(kith_job_file(&c->job, name, path));
  if (c->comm->rank != 0) return st;
  KITH_TRY(cli_check_update(c, false));
  bool missing = access(path, F_OK) != 0 && errno == ENOENT;
  if (missing && !c->refit && !cli_is_blend(c) && strcmp(name, "embeddings.h5") == 0)
    KITH_TRY(stages_fail_sweep(c, path));
  KITH_CHECK(!missing, KITH_ENOINPUT, "%s: %s: run kith %s %s%s first", path, strerror(ENOENT),
             stages_verb(c, name), c->job_args, strcmp(name, "graph.h5") == 0 ? "" : cli_refit_option(c));
done:
  return st;
}

kith_status cli_check_one_model(const cli *c) {
  kith_status st = KITH_OK;
  KITH_CHECK(
      !cli_is_blend(c), KITH_ECONFIG,
      "%s: blend.models: the job is a blend of trained models, and kith %s is for one model; run it with "
      "the job of each",
      c->job.path, c->verb);
done:
  return st;
}

kith_status cli_run_of_job(const cli *c, kith_run *run, char *config_key) {
  kith_status st = KITH_OK;
  const kith_job *job = &c->job;
  KITH_TRY(cli_check_one_model(c));
  run->model = job->model;
  run->train = job->train;
  run->evaluate = job->evaluate;
  run->checkpoint = job->checkpoint;
  run->config_key = config_key;
  run->config_usual = c->config_usual;
  KITH_TRY(kith_job_config_key(job, KITH_CONFIG_KEY_SIZE, config_key));
  KITH_TRY(kith_text_copy("work", job->work, sizeof run->work, run->work));
  KITH_TRY(cli_stage(c, "graph.h5", run->graph));
  KITH_TRY(cli_stage(c, "parts.h5", run->parts));
done:
  return st;
}

kith_status cli_stage_to_write(const cli *c, const char *name, char *path) {
  kith_status st = KITH_OK;
  char folder[KITH_PATH];
  KITH_TRY(kith_job_file(&c->job, name, path));
  if (c->comm->rank == 0) KITH_TRY(kith_job_check_stage(&c->job, name, path));
  kith_file_parent(path, folder);
  if (c->comm->rank == 0) KITH_TRY(kith_folder_make(folder));
done:
  return st;
}

bool cli_has_stage(const cli *c, const char *name, char *path) {
  bool there = kith_job_file(&c->job, name, path) == KITH_OK && c->comm->rank == 0 && access(path, F_OK) == 0;
  kith_comm_bcast(c->comm, sizeof there, &there);
  return there;
}

static bool stages_is_h5(const char *path) {
  const char *end = strrchr(path, '.');
  return end && strcmp(end, ".h5") == 0;
}

kith_agreed cli_check_replaced(const cli *c, const char *path, const char *format, const char *mark,
                               bool *replaces) {
  kith_agreed st = {KITH_OK};
  kith_h5 *f = NULL;
  bool there = c->comm->rank == 0 && access(path, F_OK) == 0;
  kith_comm_bcast(c->comm, sizeof there, &there);
  *replaces = there;
  if (!there || !stages_is_h5(path)) return st;
  bool same = !kith_is_bad(kith_h5_open(c->comm, path, format, KITH_FILE_VERSION, &f)) &&
              (!mark || kith_h5_has_attr(f, mark));
  kith_h5_close(&f);
  if (!same)
    KITH_TRY(kith_agreed_same(
        kith_fail(KITH_EOUTPUT, "%s: is there and was not made by kith %s; remove it, or name another file",
                  path, c->verb)));
done:
  return st;
}

kith_agreed cli_is_graph(const cli *c, const char *graph, const kith_graph *g, bool *same) {
  kith_agreed st = {KITH_OK};
  kith_h5 *f = NULL;
  int64_t fingerprint = 0;
  KITH_TRY(kith_h5_open(c->comm, graph, KITH_GRAPH_FORMAT, KITH_FILE_VERSION, &f));
  KITH_TRY(kith_h5_get_attr_int(f, "fingerprint", &fingerprint));
  *same = (uint64_t)fingerprint == g->fingerprint;
done:
  kith_h5_close(&f);
  return st;
}

kith_agreed cli_check_graph(const cli *c, const char *graph, const kith_graph *g) {
  kith_agreed st = {KITH_OK};
  bool same = true;
  KITH_TRY(cli_is_graph(c, graph, g, &same));
  if (!same)
    KITH_TRY(kith_agreed_same(
        kith_fail(KITH_EDATA, "%s: was ingested anew while it was read; run kith %s again", graph, c->verb)));
done:
  return st;
}

kith_agreed cli_read_parts(const cli *c, const char *parts, kith_graph **g) {
  kith_agreed st = {KITH_OK};
  char graph[KITH_PATH];
  bool same = true;
  const char *verb = stages_verb(c, "parts.h5");
  const char *fresh = c->refit && strcmp(verb, "train") == 0 ? " --fresh" : ""; /* its checkpoints, too */
  KITH_TRY(kith_graph_read(c->comm, parts, g));
  if ((*g)->refit != c->refit)
    KITH_TRY(kith_agreed_same(
        kith_fail(KITH_EDATA, "%s: was cut %s --refit; run kith partition %s%s, or name another file", parts,
                  c->refit ? "without" : "with", c->job_args, cli_refit_option(c))));
  if (!cli_has_stage(c, "graph.h5", graph)) return st;
  KITH_TRY(cli_is_graph(c, graph, *g, &same));
  if (!same)
    KITH_TRY(kith_agreed_same(kith_fail(KITH_EDATA,
                                        "%s: was cut from another graph than %s; run kith %s %s%s%s again",
                                        parts, graph, verb, c->job_args, cli_refit_option(c), fresh)));
done:
  return st;
}

kith_agreed cli_check_task(const cli *c, const kith_graph *g) {
  if ((c->job.task == KITH_TASK_CLASSIFY) == (g->n_class > 0)) return (kith_agreed){KITH_OK};
  return kith_agreed_same(kith_fail(KITH_ECONFIG,
                                    "%s: task: %s, but the graph in %s was ingested to %s; run kith ingest "
                                    "and kith partition again, or name another work folder",
                                    c->job.path, c->job.task == KITH_TASK_CLASSIFY ? "classify" : "recommend",
                                    c->job.work, g->n_class > 0 ? "classify" : "recommend"));
}

kith_status cli_check_recommends(const cli *c) {
  if (c->job.task == KITH_TASK_RECOMMEND) return KITH_OK;
  return kith_fail(KITH_ECONFIG, "%s: task: classify; kith %s is about users and items, task recommend",
                   c->job.path, c->verb);
}

kith_status cli_check_embeds(const cli *c) {
  kith_status st = KITH_OK;
  KITH_TRY(cli_check_recommends(c));
  KITH_CHECK(c->job.stream.model == KITH_STREAM_NO_MODEL, KITH_ECONFIG,
             "%s: stream.model: a user's row depends on the time of the question, and scores have further "
             "terms, so there are no rows for kith %s; kith recommend --all --output FILE.h5 has the top "
             "items at a time, which kith export reads",
             c->job.path, c->verb);
done:
  return st;
}

kith_agreed cli_check_data(const cli *c, const char *graph) {
  kith_agreed st = {KITH_OK};
  kith_h5 *f = NULL;
  char *job = NULL;
  KITH_TRY(kith_h5_open(c->comm, graph, KITH_GRAPH_FORMAT, KITH_FILE_VERSION, &f));
  if (kith_h5_has_attr(f, "job")) KITH_TRY(kith_h5_get_attr_text(f, "job", &job));
  if (job) kith_job_warn_changed(&c->job, graph, job);
  KITH_TRY(kith_agree(c->comm, kith_log_check()));
done:
  kith_h5_close(&f);
  KITH_FREE(job);
  return st;
}
