/* kith train: run the job's training and print its result. */
#include <math.h>
#include <stdio.h>

#include "cli/cli.h"
#include "cli/stream.h"

/* Whether the job holds something out for validation, as far as it names its lists. */
static bool train_validates(const kith_job *job) {
  if (job->task == KITH_TASK_CLASSIFY || job->evaluate.every == 0 || !job->data.interactions.path[0])
    return true;
  return job->data.split.method != KITH_SPLIT_NONE && job->data.split.valid > 0;
}

static kith_status train_fail_no_test(const cli *c) {
  return kith_fail(KITH_ECONFIG,
                   "kith %s: --no-test: nothing is held out for validation, so that epochs are measured on "
                   "test; give data.split.valid",
                   c->verb);
}

kith_status cli_take_no_test(cli *c, bool *no_test) {
  kith_status st = KITH_OK;
  *no_test = cli_flag(c, "no-test");
  KITH_CHECK(!*no_test || c->job.evaluate.split != KITH_EVAL_TEST, KITH_EUSAGE,
             "kith %s: --no-test: but evaluate.split is test; set it to valid or auto", c->verb);
  if (*no_test && !train_validates(&c->job)) st = train_fail_no_test(c);
done:
  return st;
}

kith_status cli_check_no_test(const cli *c, const kith_run *run) {
  if (!run->no_test || run->evaluate.split != KITH_EVAL_TEST || run->evaluate.every == 0) return KITH_OK;
  return train_fail_no_test(c);
}

static kith_status train_options(cli *c, bool *fresh, bool *no_test) {
  kith_status st = KITH_OK;
  *fresh = cli_flag(c, "fresh");
  KITH_TRY(cli_take_no_test(c, no_test));
  KITH_TRY(cli_take_refit(c));
  KITH_TRY(cli_no_more(c));
  KITH_CHECK(!*no_test || !c->refit, KITH_EUSAGE,
             "kith train: --no-test: a refit is what the test split measures; leave out one of the two");
done:
  return st;
}

/* Refuse to evaluate on a split that is empty: all scores would be zero. */
kith_agreed cli_check_split(const cli *c, const kith_graph *g, kith_run *run) {
  const char *asked = c->job.evaluate.split == KITH_EVAL_AUTO    ? "auto, but nothing is held out"
                      : c->job.evaluate.split == KITH_EVAL_VALID ? "valid"
                                                                 : "test";
  run->evaluate.split = kith_eval_split_resolve(c->comm, g, c->job.evaluate.split);
  if (run->evaluate.every == 0 || kith_eval_split_count(c->comm, g, run->evaluate.split) > 0)
    return (kith_agreed){KITH_OK};
  return kith_agreed_same(kith_fail(KITH_ECONFIG, "evaluate.split: %s%s; give %s, or set evaluate.every to 0",
                                    asked,
                                    c->job.evaluate.split == KITH_EVAL_AUTO ? ""
                                    : g->n_class > 0                        ? " holds no nodes"
                                                                            : " holds no interactions",
                                    g->n_class > 0 ? "data.splits" : "data.test or data.split"));
}

static void train_print_accuracy(cli *c, const char *split, const char *key, const kith_accuracy *a) {
  char text[128], name[KITH_NAME];
  kith_accuracy_print(a, sizeof text, text);
  cli_print(c, "  %-14s %s", split, text);
  snprintf(name, sizeof name, "%s_accuracy", key);
  cli_json(c, name, "%.10g", kith_accuracy_ratio(a));
  snprintf(name, sizeof name, "%s_loss", key);
  cli_json(c, name, "%.10g", a->loss);
}

static void train_print_metrics(cli *c, const char *split, const char *key, const kith_eval_result *marks) {
  char text[512], name[KITH_NAME];
  const kith_metrics *m = &marks->ranking;
  if (c->job.task == KITH_TASK_CLASSIFY) {
    train_print_accuracy(c, split, key, &marks->classification);
    return;
  }
  kith_metrics_print(m, "\n                 ", sizeof text, text); /* lines of at most 80 columns */
  cli_print(c, "  %-14s %s", split, text);
  for (int i = 0; i < m->n_k; i++) {
    snprintf(name, sizeof name, "%s_recall@%d", key, m->k[i]);
    cli_json(c, name, "%.10g", m->recall[i]);
    snprintf(name, sizeof name, "%s_ndcg@%d", key, m->k[i]);
    cli_json(c, name, "%.10g", m->ndcg[i]);
  }
}

/* Weights that were learned, after the last epoch; embeddings.h5 may hold an earlier one. */
static void train_print_relations(cli *c, const kith_run_result *r) {
  const kith_relation_weights *w = &r->relations;
  char key[KITH_NAME];
  for (int i = 0; i < w->n; i++) {
    if (!w->of[i].learned) continue;
    cli_print(c, "  relation %s has the learned weight %.4g after epoch %lld", w->of[i].name, w->of[i].weight,
              (long long)r->epochs);
    snprintf(key, sizeof key, "relation_%.31s", w->of[i].name);
    cli_json(c, key, "%.9g", w->of[i].weight);
  }
}

static void train_print_epochs(cli *c, const kith_run *run, const kith_run_result *r) {
  cli_print(c, "%s done; %s/embeddings.h5 holds epoch %lld", KITH_COUNT(r->epochs, "epoch(s)"), run->work,
            (long long)r->best_epoch);
  if (r->best_step > 0) cli_print(c, "  and %s of the next one", KITH_COUNT(r->best_step, "step(s)"));
  const int epochs =
      run->model.sequence == KITH_SEQUENCE_SASREC ? run->model.sasrec.epochs : run->train.epochs;
  if (r->epochs < epochs)
    cli_print(c, "stopped before epoch %d: no better score in %s (train.patience)", epochs,
              KITH_COUNT(run->train.patience, "evaluation(s)"));
  train_print_relations(c, r);
  cli_json(c, "epochs", "%lld", (long long)r->epochs);
  cli_json(c, "best_epoch", "%lld", (long long)r->best_epoch);
  cli_json(c, "stopped_early", "%s", r->epochs < epochs ? "true" : "false");
  if (isfinite(r->loss)) cli_json(c, "loss", "%.10g", r->loss);
  cli_json(c, c->job.task == KITH_TASK_CLASSIFY ? "nodes" : "pairs", "%lld", (long long)r->n_example);
}

static void train_print_rounds(cli *c, const kith_run *run, const kith_run_result *r) {
  cli_print(c, "%s done, residual %.3g; %s/embeddings.h5 holds the rows", KITH_COUNT(r->epochs, "round(s)"),
            r->residual, run->work);
  cli_json(c, "rounds", "%lld", (long long)r->epochs);
  cli_json(c, "residual", "%.6g", r->residual);
}

void cli_print_trained(cli *c, const kith_graph *g, const kith_run *run, const kith_run_result *r) {
  bool on_valid = run->evaluate.split == KITH_EVAL_VALID;
  const char *split = on_valid ? "valid" : run->train.patience > 0 ? "test-selected" : "test";
  cli_print_refit(c, g);
  if (kith_model_has_steps(&run->model)) train_print_epochs(c, run, r);
  else train_print_rounds(c, run, r);
  if (r->sasrec) cli_json(c, "sasrec_gamma", "%.10g", r->sasrec_gamma);
  if (r->recent) cli_json(c, "recent_decay", "%.10g", r->recent_decay);
  if (r->recent) cli_json(c, "recent_weight", "%.10g", r->recent_weight);
  cli_json(c, "seconds", "%.3f", r->seconds);
  cli_json(c, "checkpoints", "%lld", (long long)r->checkpoints);
  cli_json(c, "checkpoint_seconds", "%.3f", r->checkpoint_seconds);
  cli_json(c, "halo_bytes", "%lld", (long long)r->halo_bytes);
  cli_json(c, "split", "\"%s\"", split);
  cli_json(c, "refit", "%s", c->refit ? "true" : "false");
  if (r->evaluated) train_print_metrics(c, split, on_valid ? "valid" : "test", &r->best);
  if (r->tested) train_print_metrics(c, "test", "test", &r->test);
  if (r->tested || (r->evaluated && !on_valid)) cli_print_without_valid(c, g);
}

/* The run continues with the graph that it started with; warn if another one was ingested meanwhile. */
static void train_check_graph(const cli *c, const kith_run *run, const kith_graph *g) {
  bool same = true;
  if (kith_is_bad(cli_is_graph(c, run->graph, g, &same)) || same)
    return; /* the run is done, and needs the file no more */
  kith_warn("%s was ingested anew during training; %s/embeddings.h5 has the ids and rows of the graph before "
            "it; run kith partition and kith train --fresh",
            run->graph, run->work);
}

static void train_log_features(const kith_run *run, const kith_graph *g) {
  char further[KITH_MAX_TYPES * KITH_NAME] = "";
  size_t n = 0;
  for (int t = KITH_SIDES; t < g->schema.n_type; t++)
    if (g->n_feature_of[t] > 0)
      n += (size_t)snprintf(further + n, sizeof further - n, ", %d of the type %.31s", g->n_feature_of[t],
                            g->schema.type[t]);
  kith_log("input rows: %s; %s of users, %d of items%s", kith_input_text(run->model.input),
           KITH_COUNT(g->n_feature_of[KITH_USER], "feature(s)"), g->n_feature_of[KITH_ITEM], further);
}

/* Nodes and classes, and the edges or meta-paths that layers read. */
static void train_log_nodes(const cli *c, const kith_run *run, const kith_graph *g) {
  const kith_relation_weights *w = kith_model_relations(&run->model);
  kith_log("%s: %s with %s, %s of %s, %s", kith_model_text(run->model.name),
           KITH_COUNT(g->n[KITH_USER], "node(s)"), KITH_COUNT(g->n_feature_of[KITH_USER], "feature(s)"),
           KITH_COUNT(g->n_train, "training node(s)"), KITH_COUNT(g->n_class, "class(es)"),
           KITH_COUNT(c->comm->size, "rank(s)"));
  if (g->n_edge > 0) kith_log("edges: %lld", (long long)g->n_edge);
  for (int i = 0; i < w->n && run->model.name == KITH_HAN; i++)
    kith_log("relation %s: what it weighs is learned", w->of[i].name);
}

/* What is about to begin. */
static void train_log(const cli *c, const kith_run *run, const kith_graph *g) {
  const char *model = kith_model_text(run->model.name), *ranks = KITH_COUNT(c->comm->size, "rank(s)"),
             *users = KITH_COUNT(g->n[KITH_USER], "user(s)"), *items = KITH_COUNT(g->n[KITH_ITEM], "item(s)"),
             *pairs = KITH_COUNT(g->n_edge, "interaction(s)");
  if (g->n_class > 0) train_log_nodes(c, run, g);
  else if (!kith_model_has_steps(&run->model))
    kith_log("%s: %s, %s, %s, %s", model, users, items, pairs, ranks);
  else
    kith_log("%s with %s: %s, %s, %s, %s", model, kith_loss_text(run->train.loss.name), users, items, pairs,
             ranks);
  const kith_relation_weights *w = kith_model_relations(&run->model);
  for (int i = 0; i < w->n && run->model.name != KITH_HAN; i++)
    kith_log("relation %s: %sweight %g, where %s weigh 1", w->of[i].name,
             w->of[i].learned ? "learned, initial " : "", w->of[i].weight,
             g->n_class > 0 ? "edges" : "interactions");
  for (int i = 0; i < w->n; i++)
    if (kith_model_relation_half_life(&run->model, w->of[i].name) > 0)
      kith_log("relation %s: half-life %g d", w->of[i].name,
               kith_model_relation_half_life(&run->model, w->of[i].name) / 86400);
  if (w->n > 0 && w->tie != KITH_TIE_NONE)
    kith_log("ties weigh by %s",
             w->tie == KITH_TIE_LEARNED ? "learned gates" : "what their ends have in common");
  if (run->model.input != KITH_EMBEDDING) train_log_features(run, g);
  else if (g->n_class == 0 && kith_graph_n_feature(g) > 0)
    kith_log("the graph's features are not read; model.input: both, or features, reads them");
}

/* A run that resumes keeps the half-life that it began with. */
static kith_agreed train_keep_half_life(cli *c, const kith_graph *g, kith_run *run) {
  kith_agreed st = {KITH_OK};
  char checkpoint[KITH_PATH] = "";
  for (int nth = 0; run->model.lightgcn.half_life < 0; nth++) {
    KITH_TRY(kith_checkpoint_find(c->comm, run->work, nth, checkpoint));
    if (!checkpoint[0]) break;
    KITH_TRY(cli_keep_half_life(c, checkpoint, g, &run->model));
  }
done:
  return st;
}

static void train_warn_rules(const cli *c) {
  if (cli_replays(c))
    kith_warn("%s: evaluate.stream: rules rank the events of a stream, so kith evaluate and kith recommend "
              "never read this model; for one that they read set stream.model: tgn",
              c->job.path);
}

kith_agreed cli_train(cli *c) {
  kith_agreed st = {KITH_OK};
  kith_run run = {0};
  kith_run_result result;
  kith_graph *g = NULL;
  char *job = NULL, config_key[KITH_CONFIG_KEY_SIZE];
  bool fresh = false, no_test = false;
  KITH_TRY(kith_agreed_same(train_options(c, &fresh, &no_test)));
  if (c->job.stream.model != KITH_STREAM_NO_MODEL) return cli_train_stream(c, fresh);
  train_warn_rules(c);
  if (c->refit) KITH_TRY(cli_refit_begin(c, fresh));
  KITH_TRY(kith_agree(c->comm, cli_run_of_job(c, &run, config_key)));
  run.fresh = fresh;
  run.no_test = no_test;
  KITH_TRY(kith_agree(c->comm, kith_job_print(&c->job, &job)));
  run.job = job;
  KITH_TRY(cli_lock(c));
  KITH_TRY(kith_agree(c->comm, cli_check_update(c, !c->refit)));
  KITH_TRY(cli_read_parts(c, run.parts, &g));
  KITH_TRY(cli_check_task(c, g));
  KITH_TRY(cli_check_data(c, run.graph));
  KITH_TRY(cli_check_split(c, g, &run));
  KITH_TRY(kith_agreed_same(cli_check_no_test(c, &run)));
  train_log(c, &run, g);
  if (!run.fresh) KITH_TRY(train_keep_half_life(c, g, &run));
  if (c->refit) KITH_TRY(cli_keep_half_life(c, c->chosen_by, g, &run.model));
  KITH_TRY(cli_refit_keep_recent(c, &run.model));
  KITH_TRY(cli_resolve_half_life(c, run.parts, g, &run.model));
  KITH_TRY(kith_train_run(c->comm, g, &run, &result));
  cli_print_trained(c, g, &run, &result);
  train_check_graph(c, &run, g);
done:
  kith_graph_destroy(&g);
  KITH_FREE(job);
  return st;
}
