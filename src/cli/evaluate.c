/* kith evaluate: exact ranking of the exported embeddings, or the accuracy of the exported logits. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "blend/evidence.h"
#include "cli/evaluate.h"
#include "cli/evidence.h"
#include "cli/stream.h"

/* A classification is not ranked; of its splits, one or all are printed. */
static kith_status evaluate_options_of_nodes(cli *c, kith_node_split *only) {
  kith_status st = KITH_OK;
  const char *ranked[2] = {"protocol", "k"}, *split = cli_option(c, "split");
  *only = KITH_NODE_NONE;
  for (int s = KITH_NODE_TRAIN; split && s < KITH_NODE_SPLITS; s++)
    if (strcmp(split, cli_node_split((kith_node_split)s)) == 0) *only = (kith_node_split)s;
  KITH_CHECK(!split || *only != KITH_NODE_NONE, KITH_EUSAGE,
             "kith evaluate: --split %s: expected train, valid or test%s; without it all are printed", split,
             strncmp(split, "val", 3) == 0 ? ", did you mean valid?" : "");
  for (int i = 0; i < 2; i++)
    KITH_CHECK(!cli_option(c, ranked[i]), KITH_EUSAGE,
               "kith evaluate: --%s is about ranked items; with task: classify nothing is ranked, and the "
               "figures are accuracy, loss and macro-F1",
               ranked[i]);
  KITH_TRY(cli_no_more(c));
done:
  return st;
}

/* --split, --protocol and --k set the same fields as the job's keys, by the same table. */
kith_status cli_evaluate_options(cli *c) {
  kith_status st = KITH_OK;
  const char *option[3] = {"split", "protocol", "k"},
             *key[3] = {"evaluate.split", "evaluate.protocol", "evaluate.k"};
  KITH_TRY(cli_take_refit(c));
  for (int i = 0; i < 3; i++) {
    const char *value = cli_option(c, option[i]);
    if (value) KITH_TRY(kith_job_set(&c->job, key[i], value));
  }
  KITH_TRY(cli_no_more(c));
done:
  return st;
}

static kith_status evaluate_options(cli *c, kith_node_split *only) {
  kith_status st = KITH_OK;
  if (c->job.task != KITH_TASK_CLASSIFY) return cli_evaluate_options(c);
  KITH_TRY(cli_take_refit(c));
  KITH_TRY(evaluate_options_of_nodes(c, only));
done:
  return st;
}

kith_agreed cli_origin_differs(const cli *c, const kith_graph *g, const kith_embeddings_origin *from,
                               bool *differs, char *want, char *found) {
  kith_agreed st = {KITH_OK};
  char config_key[KITH_CONFIG_KEY_SIZE], key[KITH_CONFIG_KEY_SIZE], wanted[KITH_CONFIG_KEY_SIZE],
      legacy[KITH_CONFIG_KEY_SIZE];
  const kith_run run = {.model = c->job.model,
                        .train = c->job.train,
                        .evaluate = c->job.evaluate,
                        .config_key = config_key};
  *differs = false;
  KITH_TRY(kith_agreed_same(kith_job_config_key(&c->job, sizeof config_key, config_key)));
  kith_config_key(c->comm, g, &run, sizeof key, key);
  KITH_TRY(kith_agreed_same(kith_export_key(&run, key, sizeof wanted, wanted)));
  kith_config_key_legacy(g, &run, sizeof legacy, legacy);
  *differs = from->config_key && from->config_key[0] &&
             kith_config_key_differs(wanted, legacy, from->config_key, want, found);
  if (*differs) kith_config_key_usual(c->config_usual, want);
  if (*differs) kith_config_key_usual(c->config_usual, found);
done:
  return st;
}

/* Whether a blend has the evidence, and the weights if there are any, of the job. */
static bool evaluate_same_blend(const cli *c, const kith_blend_origin *of) {
  const kith_knots *weights = &c->job.blend.weights;
  bool same = cli_evidence_is_same(c, of);
  for (int m = 0; m < weights->n && same; m++) same = m < of->n && of->model[m].gamma == weights->of[m];
  return same;
}

/* Warn if the rows of a model are not those that were blended; of: what the blend says of it. */
static kith_agreed evaluate_check_member(const cli *c, const char *folder, const kith_blend_model *of) {
  kith_agreed st = {KITH_OK};
  char path[KITH_PATH];
  kith_embeddings_origin from = {.epoch = 0};
  KITH_TRY(
      kith_agreed_same(kith_path_join(folder, c->refit ? "refit/embeddings.h5" : "embeddings.h5", path)));
  bool there = c->comm->rank == 0 && access(path, F_OK) == 0;
  kith_comm_bcast(c->comm, sizeof there, &there);
  if (there) KITH_TRY(kith_embeddings_origin_read(c->comm, path, &from));
  if (there && strcmp(from.run, of->run) != 0)
    kith_warn(
        "%s: is of run %s, and the blend has model %s of run %s, which what follows is of; kith blend %s%s "
        "makes it anew",
        path, from.run, of->name, of->run, c->job_args, cli_refit_option(c));
  if (!there && strcmp(folder, of->folder) != 0)
    kith_warn("%s: is not there; the blend has model %s of %s, which what follows is of", path, of->name,
              of->folder);
done:
  KITH_FREE(from.config_key);
  return st;
}

/* Warn if a blend is not that of the job. */
static kith_agreed evaluate_check_blend(const cli *c, const char *path) {
  kith_agreed st = {KITH_OK};
  kith_blend_origin of;
  int n = 0;
  KITH_TRY(kith_blend_origin_read(c->comm, path, &of));
  bool same = evaluate_same_blend(c, &of);
  for (int m = 0; m < c->job.blend.n_model; m++) {
    const struct kith_job_list *model = &c->job.blend.model[m];
    if (!model->path[0]) continue;
    same = same && n < of.n && strcmp(of.model[n].name, model->name) == 0;
    if (same) KITH_TRY(evaluate_check_member(c, model->path, &of.model[n]));
    n++;
  }
  if (!same || n != of.n)
    kith_warn(
        "%s: is a blend of other models, weights or evidence than the job's: what follows is of what it "
        "was made from; kith blend %s makes it anew",
        path, c->job_args);
done:
  return st;
}

kith_agreed cli_check_export(const cli *c, const kith_graph *g, const char *embeddings,
                             const kith_embeddings_origin *from) {
  kith_agreed st = {KITH_OK};
  char want[KITH_CONFIG_WORD_SIZE], found[KITH_CONFIG_WORD_SIZE];
  bool differs = false;
  if (kith_model_has_steps(&c->job.model) && kith_export_is_of(&c->job.model, from->config_key)) return st;
  KITH_TRY(cli_origin_differs(c, g, from, &differs, want, found));
  if (differs)
    KITH_TRY(kith_agreed_same(kith_fail(
        KITH_ECONFIG,
        "%s: was exported with %s, the job has %s; run kith train %s%s first, which exports it again",
        embeddings, found, want, c->job_args, cli_refit_option(c))));
done:
  return st;
}

/* To train the job here would replace the run that is here. */
static kith_status evaluate_fail_model(const cli *c, const char *path, const char *found) {
  const char *model = cli_is_blend(c) ? "blend" : kith_model_text(c->job.model.name);
  char how[KITH_NAME + 32] = "use the job of that blend";
  if (cli_is_blend(c))
    return kith_fail(KITH_ECONFIG,
                     "%s: was trained with model=%s, the job has model=%s; run kith blend %s%s first", path,
                     found, model, c->job_args, cli_refit_option(c));
  if (strcmp(found, "blend") != 0) snprintf(how, sizeof how, "use it with --set model.name=%s", found);
  return kith_fail(KITH_ECONFIG,
                   "%s: was trained with model=%s, the job has model=%s; %s, or name the job's own folder "
                   "with --set work=FOLDER",
                   path, found, model, how);
}

/* Refuse embeddings of another model than the job's; warn of the first other difference. */
static kith_agreed evaluate_check_origin(const cli *c, const kith_graph *g, const char *path,
                                         const kith_embeddings_origin *from) {
  kith_agreed st = {KITH_OK};
  char want[KITH_CONFIG_WORD_SIZE], found[KITH_CONFIG_WORD_SIZE];
  bool differs = false;
  if (strcmp(from->model, cli_is_blend(c) ? "blend" : kith_model_text(c->job.model.name)) != 0)
    return kith_agreed_same(evaluate_fail_model(c, path, from->model));
  if (cli_is_blend(c)) return evaluate_check_blend(c, path);
  KITH_TRY(cli_origin_differs(c, g, from, &differs, want, found));
  if (differs)
    kith_warn("%s: was trained with %s, the job has %s: what follows is of what it was trained with", path,
              found, want);
  cli_refit_warn_epochs(c, from);
done:
  return st;
}

static void evaluate_print_origin(cli *c, const kith_embeddings_origin *from) {
  const kith_model_options *m = &c->job.model;
  const bool sasrec = m->sequence == KITH_SEQUENCE_SASREC;
  const char *beside = !sasrec ? "" : m->sasrec.graph ? "sasrec beside " : "sasrec";
  const char *name = sasrec && !m->sasrec.graph ? "" : from->model;
  if (strcmp(from->model, "blend") == 0)
    cli_print(c, "blend, rows of %s", KITH_COUNT(from->dim, "column(s)"));
  else
    cli_print(c, "%s%s%s of dimension %lld, epoch %lld%s%s", beside, name, sasrec ? ", rows" : "",
              (long long)from->dim, (long long)from->epoch, from->run[0] ? " of run " : "", from->run);
  cli_json(c, "model", "\"%s\"", from->model);
  if (sasrec) cli_json(c, "sequence", "\"sasrec\"");
  cli_json(c, "epoch", "%lld", (long long)from->epoch);
  if (from->run[0]) cli_json(c, "run", "\"%s\"", from->run);
  if (from->direct.n_higher > 0) {
    cli_print(c, "scores: products of rows and a polynomial of degree %d", 1 + from->direct.n_higher);
    cli_json(c, "degree", "%d", 1 + from->direct.n_higher);
  } else if (from->direct.c != 0) {
    cli_print(c, "scores: products of rows and the direct term, weight %g", from->direct.c);
    cli_json(c, "direct", "%.10g", from->direct.c);
  }
}

/* The evidence of a blend, made of the graph. */
static kith_agreed evaluate_make_pairs(const cli *c, kith_graph *g, const char *parts, const char *path,
                                       kith_pair_terms *pairs) {
  kith_agreed st = {KITH_OK};
  kith_blend_origin of;
  kith_evidence evidence[KITH_BLEND_EVIDENCE];
  kith_evidence_table table = {.n = 0};
  KITH_TRY(kith_blend_origin_read(c->comm, path, &of));
  if (of.n_evidence == 0) return st;
  KITH_TRY(kith_agreed_same(cli_evidence_take(path, &of, evidence)));
  KITH_TRY(cli_evidence_make(c, parts, g, false, of.n_evidence, evidence, &table));
  KITH_TRY(kith_agree(c->comm, kith_evidence_terms(&table, evidence, pairs)));
done:
  kith_evidence_free(&table);
  return st;
}

kith_agreed cli_open_embeddings(cli *c, char *path, kith_graph **g, kith_embeddings_origin *from) {
  kith_agreed st = {KITH_OK};
  char graph[KITH_PATH], parts[KITH_PATH];
  KITH_TRY(kith_agree(c->comm, cli_stage(c, "parts.h5", parts)));
  if (!cli_is_blend(c) || !cli_blend_file(c, path))
    KITH_TRY(kith_agree(c->comm, cli_stage(c, "embeddings.h5", path)));
  KITH_TRY(cli_read_parts(c, parts, g));
  KITH_TRY(cli_check_task(c, *g));
  KITH_TRY(kith_embeddings_origin_read(c->comm, path, from));
  KITH_TRY(evaluate_check_origin(c, *g, path, from));
  if (cli_has_stage(c, "graph.h5", graph)) KITH_TRY(cli_check_data(c, graph));
done:
  return st;
}

kith_agreed cli_read_embeddings(cli *c, kith_graph **g, int *d, float **x, kith_embeddings_origin *from,
                                kith_pair_terms *pairs) {
  kith_agreed st = {KITH_OK};
  char parts[KITH_PATH], embeddings[KITH_PATH];
  KITH_TRY(cli_open_embeddings(c, embeddings, g, from));
  KITH_TRY(kith_embeddings_read(c->comm, *g, embeddings, d, x));
  KITH_TRY(kith_agree(c->comm, cli_stage(c, "parts.h5", parts)));
  if (cli_is_blend(c)) KITH_TRY(evaluate_make_pairs(c, *g, parts, embeddings, pairs));
done:
  return st;
}

/* Resolve auto: the test split, or validation if there is none. */
static kith_agreed evaluate_choose_split(cli *c, const kith_graph *g) {
  kith_eval_split *split = &c->job.evaluate.split;
  if (*split == KITH_EVAL_AUTO)
    *split = kith_eval_split_count(c->comm, g, KITH_EVAL_TEST) > 0 ? KITH_EVAL_TEST : KITH_EVAL_VALID;
  if (kith_eval_split_count(c->comm, g, *split) > 0) return (kith_agreed){KITH_OK};
  return kith_agreed_same(kith_fail(KITH_ECONFIG, "evaluate.split: nothing is held out for %s",
                                    *split == KITH_EVAL_TEST ? "test" : "valid"));
}

/* The validation items that chose a blend's weights say too much for it. */
static void evaluate_print_weights(cli *c, const kith_embeddings_origin *from, const kith_metrics *m) {
  if (from->weight_users <= 0 || c->job.evaluate.split != KITH_EVAL_VALID) return;
  char some[64] = "these users";
  if (from->weight_users < m->n_user)
    snprintf(some, sizeof some, "%lld of these users", (long long)from->weight_users);
  cli_print_wrapped(
      c, 2,
      "the items of %s chose the weights of the blend, so these figures are better than those on others",
      some);
  cli_json(c, "weight_users", "%lld", (long long)from->weight_users);
}

static kith_agreed evaluate_pairs(cli *c, cli_evaluation *want, const kith_graph *g, int d, const float *x,
                                  const kith_embeddings_origin *from, const kith_pair_terms *pairs) {
  kith_agreed st = {KITH_OK};
  kith_metrics m;
  kith_groups groups;
  KITH_TRY(evaluate_choose_split(c, g));
  KITH_TRY(cli_check_baselines(c, want, g));
  c->job.evaluate.direct = from->direct;
  c->job.evaluate.pairs = pairs;
  double began = kith_clock();
  KITH_TRY(kith_eval_metrics_by_group(c->comm, g, d, x, &c->job.evaluate, &m, &groups));
  double seconds = kith_clock() - began;
  if (m.n_user == 0 && c->comm->rank == 0)
    kith_warn("no user has a held-out item that is ranked: every figure is 0");
  cli_print_metrics(c, &m);
  evaluate_print_weights(c, from, &m);
  if (c->job.evaluate.split == KITH_EVAL_TEST) cli_print_without_valid(c, g);
  cli_print(c, "ranked in %.2f s", seconds);
  cli_json(c, "seconds", "%.4f", seconds);
  if (want->groups) cli_print_groups(c, &groups);
  cli_json_groups(c, &groups);
  const bool sasrec = c->job.model.sequence == KITH_SEQUENCE_SASREC;
  KITH_TRY(cli_evaluate_baselines(c, want, g, sasrec ? "sasrec" : from->model, &m, seconds));
done:
  return st;
}

static kith_agreed evaluate_embeddings(cli *c, cli_evaluation *want, kith_node_split only) {
  kith_agreed st = {KITH_OK};
  kith_graph *g = NULL;
  float *x = NULL;
  int d = 0;
  kith_embeddings_origin from = {.epoch = 0};
  kith_pair_terms pairs = {.value = NULL};
  KITH_TRY(cli_read_embeddings(c, &g, &d, &x, &from, &pairs));
  evaluate_print_origin(c, &from);
  cli_print_refit(c, g);
  if (g->n_class > 0) KITH_TRY(cli_evaluate_nodes(c, want, g, x, only));
  else KITH_TRY(evaluate_pairs(c, want, g, d, x, &from, &pairs));
  const bool tests = c->job.evaluate.split == KITH_EVAL_TEST;
  const char *split = tests ? "test" : "valid";
  if (g->n_class > 0) split = only == KITH_NODE_NONE ? "all" : cli_node_split(only);
  KITH_TRY(cli_write_evaluation(c, g, split));
done:
  kith_pair_terms_free(&pairs);
  KITH_FREE(from.config_key);
  KITH_FREE(x);
  kith_graph_destroy(&g);
  return st;
}

kith_agreed cli_evaluate(cli *c) {
  kith_agreed st = {KITH_OK};
  kith_node_split only = KITH_NODE_NONE;
  cli_evaluation want = {.groups = false};
  bool rolling = false;
  KITH_TRY(kith_agreed_same(cli_take_evaluation(c, &want)));
  KITH_TRY(cli_rolling(c, want.groups, &rolling));
  if (rolling) return st;
  KITH_TRY(kith_agree(c->comm, evaluate_options(c, &only)));
  if (cli_replays(c)) return cli_evaluate_stream(c, want.groups);
  KITH_TRY(evaluate_embeddings(c, &want, only));
done:
  return st;
}
