/*
 * kith evaluate --rolling S: the job's model, trained to the beginning of each of S slices of time and
 * measured in it, with mean and spread of every metric.
 *
 * With --updated the model of a slice is that of the slice before, updated (rolling_updated.c).
 *
 * The slices are those of kith_interaction_slices().  Each has a work folder of its own below WORK, with all
 * that training writes; what is left of an interrupted call is continued there.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/evaluate.h"
#include "cli/rolling.h"
#include "cli/update.h"
#include "ingest/ingest.h"

enum { ROLLING_LEAST = 2, ROLLING_MOST = 50, ROLLING_METRICS = 5 };

/* What is asked for. */
typedef struct rolling {
  int64_t n;
  bool fresh, updated, by_group;
} rolling;

static const char *const rolling_name[ROLLING_METRICS] = {"recall", "ndcg", "hit_rate", "precision", "mrr"};

static const double *rolling_values(const kith_metrics *m, int metric) {
  const double *const of[ROLLING_METRICS] = {m->recall, m->ndcg, m->hit_rate, m->precision, m->mrr};
  return of[metric];
}

/* ---- what a job must be ---- */

static kith_status rolling_options(cli *c, rolling *r) {
  kith_status st = KITH_OK;
  r->fresh = cli_flag(c, "fresh");
  r->updated = cli_flag(c, "updated");
  KITH_TRY(cli_number(c, "rolling", ROLLING_LEAST, ROLLING_MOST, &r->n));
  KITH_CHECK(!r->fresh || r->n > 0, KITH_EUSAGE,
             "kith evaluate: --fresh: belongs to --rolling, whose slices it trains anew");
  KITH_CHECK(!r->updated || r->n > 0, KITH_EUSAGE,
             "kith evaluate: --updated: belongs to --rolling, whose models it has by updates");
done:
  return st;
}

static kith_status rolling_check(const cli *c, const rolling *r) {
  kith_status st = KITH_OK;
  const kith_job *job = &c->job;
  if (r->updated) KITH_TRY(cli_check_updates(c));
  KITH_TRY(cli_check_recommends(c));
  KITH_TRY(cli_check_one_model(c));
  KITH_CHECK(!c->refit, KITH_EUSAGE, "kith evaluate: --rolling trains its slices itself; leave out --refit");
  KITH_CHECK(job->data.interactions.path[0], KITH_ECONFIG,
             "%s: data.interactions.path: expected a list of interactions", job->path);
  KITH_CHECK(job->stream.known == KITH_STREAM_NONE && job->data.split.method != KITH_SPLIT_STREAM,
             KITH_EUSAGE,
             "kith evaluate: --rolling ranks pairs of a user and an item, not the events of a stream; leave "
             "out --rolling, or evaluate.stream and data.split.method: stream");
  KITH_CHECK(job->evaluate.split != KITH_EVAL_VALID, KITH_ECONFIG,
             "%s: evaluate.split: valid; --rolling measures each slice as a test split; leave the key out",
             job->path);
done:
  return st;
}

/* A slice cannot choose its epochs; what validation chose before is in the embeddings of the work folder. */
static kith_agreed rolling_check_patience(const cli *c) {
  kith_agreed st = {KITH_OK};
  const kith_job *job = &c->job;
  kith_embeddings_origin from = {.epoch = 0};
  char path[KITH_PATH], number[KITH_PATH + 64] = "the number that validation has chosen";
  if (!kith_model_has_steps(&job->model) || job->train.patience == 0) return st;
  if (cli_has_stage(c, "embeddings.h5", path)) KITH_TRY(kith_embeddings_origin_read(c->comm, path, &from));
  if (from.epoch > 0) snprintf(number, sizeof number, "%lld, which %s holds", (long long)from.epoch, path);
  KITH_TRY(kith_agreed_same(kith_fail(KITH_ECONFIG,
                                      "%s: train.patience: a slice has no validation interactions to stop "
                                      "by; set train.patience to 0 and train.epochs to %s",
                                      job->path, number)));
done:
  KITH_FREE(from.config_key);
  return st;
}

/* ---- one slice ---- */

static kith_status rolling_folder(const char *work, const rolling *r, int nth, char *folder) {
  char name[KITH_NAME];
  snprintf(name, sizeof name, "rolling-%d%s/slice-%d", (int)r->n, r->updated ? "-updated" : "", nth + 1);
  return kith_path_join(work, name, folder);
}

/* A run of more epochs than the job's cannot go back, and its figures are not those of the job. */
static kith_agreed rolling_check_run(const cli *c, const char *folder, const char *key, int epochs) {
  kith_agreed st = {KITH_OK};
  char path[KITH_PATH];
  kith_checkpoint_progress at;
  KITH_TRY(kith_checkpoint_find(c->comm, folder, 0, path));
  if (!path[0] || kith_is_bad(kith_checkpoint_progress_read(c->comm, path, &at)))
    return st; /* who resumes says what is wrong */
  if (at.epoch > epochs || (at.epoch == epochs && at.step > 0))
    KITH_TRY(kith_agreed_same(
        kith_fail(KITH_ECONFIG, "%s: is past epoch %d, which is %s; train all slices anew with --fresh", path,
                  epochs, key)));
done:
  return st;
}

/* Before anything is trained. */
static kith_agreed rolling_check_runs(const cli *c, const rolling *r) {
  kith_agreed st = {KITH_OK};
  const kith_model_options *m = &c->job.model;
  char folder[KITH_PATH], base[KITH_PATH];
  const bool sequence = m->sequence == KITH_SEQUENCE_SASREC;
  const char *key = sequence ? "model.sasrec.epochs" : "train.epochs";
  for (int i = 0; i < (r->updated ? 1 : r->n) && kith_model_has_steps(m); i++) {
    KITH_TRY(kith_agreed_same(rolling_folder(c->job.work, r, i, folder)));
    KITH_TRY(kith_agreed_same(kith_path_join(folder, r->updated ? "model" : "base", base)));
    KITH_TRY(rolling_check_run(c, r->updated ? base : folder, key, cli_epochs(&c->job)));
    if (!sequence || !m->sasrec.graph) continue;
    KITH_TRY(rolling_check_run(c, base, "train.epochs", c->job.train.epochs));
  }
done:
  return st;
}

/* The job of a slice: its folder, its split, and one evaluation at the end. */
static kith_status rolling_job(cli *c, const char *work, const rolling *r, int nth, const int64_t *cut) {
  kith_status st = KITH_OK;
  kith_job *job = &c->job;
  KITH_TRY(rolling_folder(work, r, nth, job->work));
  job->graph[0] = job->parts[0] = '\0';
  job->data.test.path[0] = '\0';
  job->data.split.method = KITH_SPLIT_TIME;
  job->data.split.valid = 0;
  job->data.split.between = true;
  job->data.split.from = cut[nth];
  job->data.split.until = cut[nth + 1];
  job->evaluate.split = KITH_EVAL_TEST;
  job->evaluate.every = job->train.epochs;
  if (c->comm->rank == 0) KITH_TRY(kith_folder_make(job->work));
done:
  return st;
}

static kith_agreed rolling_fingerprint(cli *c, int64_t *out) {
  kith_agreed st = {KITH_OK};
  kith_h5 *f = NULL;
  char graph[KITH_PATH];
  *out = 0;
  if (!cli_has_stage(c, "graph.h5", graph)) return st;
  if (kith_is_bad(kith_h5_open(c->comm, graph, KITH_GRAPH_FORMAT, KITH_FILE_VERSION, &f))) goto done;
  if (kith_is_bad(kith_h5_get_attr_int(f, "fingerprint", out))) *out = 0;
done:
  kith_h5_close(&f);
  return st;
}

kith_agreed cli_rolling_graph(cli *c, const char *job, kith_ingest_report *r, bool *same) {
  kith_agreed st = {KITH_OK};
  kith_ingest_options *o = NULL;
  char graph[KITH_PATH];
  int64_t before = 0, now = 0;
  KITH_TRY(rolling_fingerprint(c, &before));
  KITH_TRY(kith_agree(c->comm, KITH_NEW(o, 1)));
  *o = cli_ingest_options(&c->job);
  KITH_TRY(kith_agreed_same(kith_job_file(&c->job, "graph.h5", graph)));
  KITH_TRY(kith_ingest(c->comm, o, job, graph, r));
  KITH_TRY(rolling_fingerprint(c, &now));
  KITH_TRY(cli_cut(c));
  *same = before == now;
done:
  KITH_FREE(o);
  return st;
}

static kith_agreed rolling_train(cli *c, const char *job, bool fresh, cli_rolling_slice *s) {
  kith_agreed st = {KITH_OK};
  kith_run run = {0};
  kith_run_result result;
  kith_graph *g = NULL;
  char config_key[KITH_CONFIG_KEY_SIZE];
  KITH_TRY(kith_agree(c->comm, cli_run_of_job(c, &run, config_key)));
  run.fresh = fresh;
  run.job = job;
  KITH_TRY(cli_read_parts(c, run.parts, &g));
  KITH_TRY(cli_choose_half_life(c, run.parts, g, &run.model));
  KITH_TRY(kith_train_run(c->comm, g, &run, &result));
  s->metrics = result.best.ranking;
done:
  kith_graph_destroy(&g);
  return st;
}

static kith_agreed rolling_train_slice(cli *c, bool fresh, cli_rolling_slice *s) {
  kith_agreed st = {KITH_OK};
  kith_ingest_report *r = NULL;
  char *job = NULL;
  bool same = false;
  KITH_TRY(kith_agree(c->comm, KITH_NEW(r, 1)));
  KITH_TRY(kith_agree(c->comm, kith_job_print(&c->job, &job)));
  KITH_TRY(cli_rolling_graph(c, job, r, &same));
  s->n_train = r->train;
  s->n_test = r->test;
  s->n_cold_user = r->cold_users;
  s->n_cold_item = r->cold_items;
  KITH_TRY(rolling_train(c, job, fresh || !same, s));
done:
  KITH_FREE(r);
  KITH_FREE(job);
  return st;
}

static kith_agreed rolling_measure(cli *c, const rolling *r, const char *work, int nth,
                                   cli_rolling_slice *s) {
  kith_agreed st = {KITH_OK};
  const int n = (int)r->n;
  char folder[KITH_PATH], before[KITH_PATH] = "";
  if (r->updated) {
    KITH_TRY(kith_agreed_same(rolling_folder(work, r, nth, folder)));
    if (nth > 0) KITH_TRY(kith_agreed_same(rolling_folder(work, r, nth - 1, before)));
    KITH_TRY(cli_rolling_updated(c, folder, before, r->fresh, s));
  } else KITH_TRY(rolling_train_slice(c, r->fresh, s));
  kith_log("slice %d of %d: %s before it, %s in it", nth + 1, n, KITH_COUNT(s->n_train, "interaction(s)"),
           KITH_COUNT(s->n_test, "interaction(s)"));
  if (s->groups) KITH_TRY(cli_rolling_groups(c, s->groups));
  if (s->metrics.n_user == 0 && c->comm->rank == 0)
    kith_warn("slice %d of %d: no user has an item in it that is ranked: every figure of it is 0", nth + 1,
              n);
done:
  return st;
}

/* ---- output ---- */

/* Mean of a metric over slices and, with one less than their number, standard deviation. */
static void rolling_sum(int n, const cli_rolling_slice *s, int metric, int k, double *mean, double *sd) {
  double sum = 0, squares = 0;
  for (int i = 0; i < n; i++) sum += rolling_values(&s[i].metrics, metric)[k];
  *mean = sum / n;
  for (int i = 0; i < n; i++) {
    double d = rolling_values(&s[i].metrics, metric)[k] - *mean;
    squares += d * d;
  }
  *sd = sqrt(squares / (n - 1));
}

static void rolling_json_slice(cli *c, const cli_rolling_slice *s) {
  const kith_metrics *m = &s->metrics;
  cli_json_more(c, "%s{\"from\": %" PRId64 ", \"until\": %" PRId64 ", \"train\": %" PRId64,
                c->members[c->n_members - 1] == '[' ? "" : ", ", s->from, s->until, s->n_train);
  cli_json_more(c, ", \"test\": %" PRId64 ", \"users\": %" PRId64 ", \"cold_users\": %" PRId64, s->n_test,
                m->n_user, s->n_cold_user);
  cli_json_more(c, ", \"cold_items\": %" PRId64, s->n_cold_item);
  for (int k = 0; k < m->n_k; k++)
    for (int j = 0; j < ROLLING_METRICS; j++)
      cli_json_more(c, ", \"%s@%d\": %.10g", rolling_name[j], m->k[k], rolling_values(m, j)[k]);
  if (s->groups) cli_json_groups(c, s->groups);
  cli_json_more(c, "}");
}

static void rolling_print_slices(cli *c, int n, bool updated, const cli_rolling_slice *s) {
  int last = s[0].metrics.n_k - 1, top = s[0].metrics.k[last];
  const bool lines = strcmp(c->job.data.interactions.time, "line") == 0;
  cli_print(c, "%s of the latest 40 %% of the interactions, each ranked by a model of those before it%s",
            KITH_COUNT(n, "slice(s) of time"), updated ? ", updated from slice to slice" : "");
  if (lines)
    cli_print(c, "data.interactions.columns.time: line: time is the number of the line, not a clock");
  cli_json(c, "time_is", "\"%s\"", lines ? "line" : "seconds");
  cli_print(c, "%5s  %12s  %10s  %8s  Recall@%-4d    NDCG@%-4d", "slice", "before", "within", "users", top,
            top);
  cli_json(c, "slices", "[");
  for (int i = 0; i < n; i++) {
    const kith_metrics *m = &s[i].metrics;
    cli_print(c, "%5d  %12" PRId64 "  %10" PRId64 "  %8" PRId64 "  %11.6f  %11.6f", i + 1, s[i].n_train,
              s[i].n_test, m->n_user, m->recall[last], m->ndcg[last]);
    rolling_json_slice(c, &s[i]);
  }
  cli_json_more(c, "]");
}

static void rolling_print(cli *c, int n, bool updated, const cli_rolling_slice *s) {
  static const char *const head[ROLLING_METRICS] = {"Recall", "NDCG", "HitRate", "Precision", "MRR"};
  const kith_metrics *m = &s[0].metrics;
  char key[KITH_NAME], line[128];
  rolling_print_slices(c, n, updated, s);
  cli_print(c, "mean over the slices, and standard deviation");
  int at = snprintf(line, sizeof line, "%5s", "K");
  for (int j = 0; j < ROLLING_METRICS; j++)
    at += snprintf(line + at, sizeof line - (size_t)at, "  %-13s", head[j]);
  cli_print(c, "%s", line);
  for (int k = 0; k < m->n_k; k++) {
    at = snprintf(line, sizeof line, "%5d", m->k[k]);
    for (int j = 0; j < ROLLING_METRICS; j++) {
      double mean, sd;
      rolling_sum(n, s, j, k, &mean, &sd);
      at += snprintf(line + at, sizeof line - (size_t)at, "  %.4f +-%.4f", mean, sd);
      snprintf(key, sizeof key, "%s@%d", rolling_name[j], m->k[k]);
      cli_json(c, key, "%.10g", mean);
      snprintf(key, sizeof key, "%s@%d_sd", rolling_name[j], m->k[k]);
      cli_json(c, key, "%.10g", sd);
    }
    cli_print(c, "%s", line);
  }
}

/* ---- the slices ---- */

static kith_agreed rolling_run(cli *c, const rolling *r) {
  kith_agreed st = {KITH_OK};
  const int n = (int)r->n;
  cli_rolling_slice slice[ROLLING_MOST] = {{0}};
  kith_groups *groups = NULL;
  int64_t cut[ROLLING_MOST + 1];
  char work[KITH_PATH];
  memcpy(work, c->job.work, sizeof work);
  if (r->by_group) KITH_TRY(kith_agree(c->comm, KITH_NEW(groups, n)));
  KITH_TRY(kith_agree(c->comm, c->comm->rank == 0 ? kith_folder_make(work) : KITH_OK));
  KITH_TRY(cli_lock(c));
  if (!r->fresh) KITH_TRY(rolling_check_runs(c, r));
  KITH_TRY(kith_interaction_slices(c->comm, &c->job.data.interactions, n, cut));
  if (c->job.data.test.path[0]) kith_log("data.test is not read: the slices are of data.interactions alone");
  for (int i = 0; i < n; i++) {
    slice[i].from = cut[i];
    slice[i].until = cut[i + 1];
    slice[i].groups = groups ? &groups[i] : NULL;
    KITH_TRY(kith_agree(c->comm, rolling_job(c, work, r, i, cut)));
    KITH_TRY(rolling_measure(c, r, work, i, &slice[i]));
  }
  cli_json(c, "model", "\"%s\"", kith_model_text(c->job.model.name));
  if (c->job.model.sequence == KITH_SEQUENCE_SASREC) cli_json(c, "sequence", "\"sasrec\"");
  cli_json(c, "updated", "%s", r->updated ? "true" : "false");
  rolling_print(c, n, r->updated, slice);
  cli_rolling_print_groups(c, n, groups);
done:
  KITH_FREE(groups);
  memcpy(c->job.work, work, sizeof work);
  return st;
}

kith_agreed cli_rolling(cli *c, bool by_group, bool *asked) {
  kith_agreed st = {KITH_OK};
  rolling r = {.by_group = by_group};
  *asked = false;
  KITH_TRY(kith_agreed_same(rolling_options(c, &r)));
  *asked = r.n > 0;
  if (r.n == 0) return st;
  KITH_TRY(kith_agreed_same(cli_evaluate_options(c)));
  KITH_TRY(kith_agreed_same(rolling_check(c, &r)));
  KITH_TRY(rolling_check_patience(c));
  KITH_TRY(rolling_run(c, &r));
done:
  return st;
}
