/* kith train of a model of streams, and the model for kith evaluate. */
#include <math.h>
#include <stdio.h>

#include "cli/stream.h"

static kith_status stream_run_of_job(cli *c, const char *job, char *config_key, kith_stream_run *run) {
  kith_status st = KITH_OK;
  *run = (kith_stream_run){.stream = c->job.stream,
                           .train = c->job.train,
                           .checkpoint = c->job.checkpoint,
                           .every = c->job.evaluate.every,
                           .job = job,
                           .config_key = config_key,
                           .config_usual = c->config_usual};
  KITH_TRY(kith_job_config_key(&c->job, KITH_CONFIG_KEY_SIZE, config_key));
  KITH_TRY(kith_text_copy("work", c->job.work, sizeof run->work, run->work));
done:
  return st;
}

static void stream_print_run(cli *c, const kith_stream_run *run, const kith_stream_run_result *r) {
  cli_print(c, "%s done; %s holds the checkpoints; kith evaluate ranks by them and by rules",
            KITH_COUNT(r->epochs, "epoch(s)"), run->work);
  cli_json(c, "epochs", "%lld", (long long)r->epochs);
  if (isfinite(r->loss)) cli_json(c, "loss", "%.10g", r->loss);
  if (isfinite(r->mrr)) cli_json(c, "valid_mrr", "%.10g", r->mrr);
  cli_json(c, "events", "%lld", (long long)r->n_event);
  cli_json(c, "seconds", "%.3f", r->seconds);
  cli_json(c, "checkpoints", "%lld", (long long)r->checkpoints);
}

static kith_status train_stream_check(const cli *c) {
  kith_status st = KITH_OK;
  KITH_CHECK(c->job.data.split.method == KITH_SPLIT_STREAM, KITH_ECONFIG,
             "stream.model: tgn needs data.split.method: stream");
  KITH_CHECK(!c->refit, KITH_EUSAGE, "kith train: --refit: a stream has no refit");
done:
  return st;
}

kith_agreed cli_train_stream(cli *c, bool fresh) {
  kith_agreed st = {KITH_OK};
  char graph[KITH_PATH], parts[KITH_PATH], config_key[KITH_CONFIG_KEY_SIZE], *job = NULL;
  kith_graph *g = NULL;
  kith_stream *stream = NULL;
  kith_stream_run run;
  kith_stream_run_result result;
  KITH_TRY(kith_agreed_same(train_stream_check(c)));
  KITH_TRY(kith_agree(c->comm, cli_stage(c, "graph.h5", graph)));
  KITH_TRY(kith_agree(c->comm, cli_stage(c, "parts.h5", parts)));
  KITH_TRY(kith_agree(c->comm, kith_job_print(&c->job, &job)));
  KITH_TRY(kith_agree(c->comm, stream_run_of_job(c, job, config_key, &run)));
  run.fresh = fresh;
  KITH_TRY(cli_lock(c));
  KITH_TRY(cli_read_parts(c, parts, &g));
  KITH_TRY(kith_agreed_same(cli_check_stream(c, g)));
  KITH_TRY(cli_check_data(c, graph));
  KITH_TRY(kith_stream_open(c->comm, g, graph, &stream));
  const kith_stream_range range = kith_stream_ranges(stream);
  kith_log("tgn: %s, %s, %s for training, %s", KITH_COUNT(g->n[KITH_USER], "user(s)"),
           KITH_COUNT(g->n[KITH_ITEM], "item(s)"), KITH_COUNT(range.valid, "event(s)"),
           KITH_COUNT(c->comm->size, "rank(s)"));
  KITH_TRY(kith_stream_train(c->comm, g, stream, &run, &result));
  stream_print_run(c, &run, &result);
done:
  kith_stream_destroy(&stream);
  kith_graph_destroy(&g);
  KITH_FREE(job);
  return st;
}

kith_agreed cli_update_stream(cli *c, const cli_stream_update *u) {
  kith_agreed st = {KITH_OK};
  char config_key[KITH_CONFIG_KEY_SIZE], *job = NULL;
  kith_graph *g = NULL;
  kith_stream *stream = NULL;
  kith_stream_run run;
  kith_stream_run_result result;
  KITH_TRY(kith_agree(c->comm, kith_job_print(&c->job, &job)));
  KITH_TRY(kith_agree(c->comm, stream_run_of_job(c, job, config_key, &run)));
  KITH_TRY(kith_agree(c->comm, kith_text_copy("work", u->folder, sizeof run.work, run.work)));
  run.old = u->old;
  run.train.epochs = (int)u->epoch;
  run.checkpoint.keep =
      1; /* of an epoch that is not ended none stays: another run would begin it elsewhere */
  KITH_TRY(kith_graph_read(c->comm, u->parts, &g));
  KITH_TRY(kith_graph_parent_read(c->comm, u->parts, g));
  KITH_TRY(kith_agreed_same(cli_check_stream(c, g)));
  KITH_TRY(kith_stream_count_training(c->comm, u->old_graph, &run.trained));
  KITH_TRY(kith_stream_open(c->comm, g, u->graph, &stream));
  KITH_TRY(kith_stream_train(c->comm, g, stream, &run, &result));
  cli_print(c,
            "%s behind %lld learned, as the end of epoch %lld; kith evaluate ranks by the model and by rules",
            KITH_COUNT(kith_stream_ranges(stream).valid - run.trained, "training event(s)"),
            (long long)run.trained, (long long)u->epoch);
  cli_json(c, "new_events", "%lld", (long long)(kith_stream_ranges(stream).valid - run.trained));
  cli_json(c, "epochs", "%lld", (long long)result.epochs);
  if (isfinite(result.loss)) cli_json(c, "loss", "%.10g", result.loss);
  if (isfinite(result.mrr)) cli_json(c, "valid_mrr", "%.10g", result.mrr);
done:
  kith_stream_destroy(&stream);
  kith_graph_destroy(&g);
  KITH_FREE(job);
  return st;
}

kith_agreed cli_stream_model(cli *c, const kith_graph *g, kith_stream *stream, kith_tgn **out) {
  kith_agreed st = {KITH_OK};
  char config_key[KITH_CONFIG_KEY_SIZE];
  kith_stream_run run;
  int64_t epoch = 0;
  *out = NULL;
  if (c->job.stream.model == KITH_STREAM_NO_MODEL) return st;
  KITH_TRY(kith_agree(c->comm, stream_run_of_job(c, "", config_key, &run)));
  KITH_TRY(kith_stream_load(c->comm, g, stream, &run, out, &epoch));
  if (epoch < c->job.train.epochs)
    kith_warn("%s: the newest checkpoint has %s behind it, train.epochs is %d", run.work,
              KITH_COUNT(epoch, "epoch(s)"), c->job.train.epochs);
  cli_print(c, "tgn of %s/checkpoint-latest, after %s", run.work, KITH_COUNT(epoch, "epoch(s)"));
  cli_json(c, "epoch", "%lld", (long long)epoch);
done:
  return st;
}

kith_agreed cli_estimate_stream_disk(cli *c, const kith_graph_sizes *s, int64_t *out) {
  kith_agreed st = {KITH_OK};
  char graph[KITH_PATH];
  int n_feature = 0;
  if (cli_has_stage(c, "graph.h5", graph)) KITH_TRY(kith_stream_count_features(c->comm, graph, &n_feature));
  *out = kith_estimate_stream_disk(s, &c->job.stream, n_feature, &c->job.train, &c->job.checkpoint);
done:
  return st;
}

kith_agreed cli_estimate_stream(cli *c, const kith_graph_sizes *s, kith_memory_estimate *out) {
  kith_agreed st = {KITH_OK};
  const kith_split *split = &c->job.data.split;
  char graph[KITH_PATH];
  int64_t n = 0;
  int n_feature = 0;
  if (cli_has_stage(c, "graph.h5", graph) && split->method == KITH_SPLIT_STREAM) {
    KITH_TRY(kith_stream_count_training(c->comm, graph, &n));
    KITH_TRY(kith_stream_count_features(c->comm, graph, &n_feature));
  }
  n = (int64_t)((double)n / (1 - split->valid - split->test));
  kith_estimate_stream_memory(s, &c->job.stream, &c->job.train, c->job.evaluate.every, n, n_feature, out);
done:
  return st;
}
