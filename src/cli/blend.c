/*
 * kith blend: one score made of the scores of several trained models.  Their weights are chosen on validation
 * items; --refit applies them to the same models, refitted.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fault.h"
#include "blend/blend.h"
#include "cli/cli.h"
#include "cli/evidence.h"

_Static_assert(KITH_BLEND_MODELS + KITH_BLEND_EVIDENCE <= KITH_BLEND_MAX, "all of them have weights");
_Static_assert(KITH_BLEND_MODELS == (int)KITH_JOB_MAX_MODELS, "a file describes all models of a job");

enum { BLEND_PAIRS = 100000 };

typedef struct blend_work {
  kith_graph *g;
  kith_blend_origin of; /* the models, in the order of the job */
  kith_blend_member member[KITH_BLEND_MODELS];
  float *x[KITH_BLEND_MODELS];
  int64_t epoch[KITH_BLEND_MODELS];
  kith_evidence evidence[KITH_BLEND_EVIDENCE];
  int n_evidence;
  kith_evidence_table table;
  kith_blend_options o;
  kith_blend_report report;
} blend_work;

static void blend_free(blend_work *w) {
  for (int m = 0; m < KITH_BLEND_MODELS; m++) KITH_FREE(w->x[m]);
  kith_evidence_free(&w->table);
  kith_graph_destroy(&w->g);
}

bool cli_is_blend(const cli *c) {
  for (int m = 0; m < c->job.blend.n_model; m++)
    if (c->job.blend.model[m].path[0]) return true;
  return false;
}

/* Whether a folder holds a blend, and its path. */
static bool blend_is_in(const cli *c, const char *folder, char *path) {
  static const char *const name[] = {"blend.h5", "embeddings.h5"};
  bool there = false;
  for (int i = 0; i < 2 && !there; i++) {
    bool joined = kith_path_join(folder, name[i], path) == KITH_OK;
    there = joined && c->comm->rank == 0 && access(path, F_OK) == 0;
    kith_comm_bcast(c->comm, sizeof there, &there);
  }
  return there;
}

bool cli_blend_file(const cli *c, char *path) { return blend_is_in(c, c->job.work, path); }

static kith_status blend_options(cli *c, blend_work *w) {
  kith_status st = KITH_OK;
  const char *users = cli_option(c, "users");
  if (users) KITH_TRY(kith_job_set(&c->job, "blend.users", users));
  w->o = (kith_blend_options){.n_user = c->job.blend.users,
                              .seed = c->job.train.seed,
                              .scope = c->job.evaluate.scope};
  KITH_TRY(cli_take_refit(c));
  KITH_TRY(cli_no_more(c));
  KITH_TRY(cli_check_embeds(c));
  KITH_CHECK(cli_is_blend(c), KITH_ECONFIG,
             "%s: blend.models: expected the work folder of a model or more, found none", c->job.path);
done:
  return st;
}

/* ---- the models ---- */

static kith_status blend_list(const cli *c, kith_blend_origin *of) {
  kith_status st = KITH_OK;
  for (int m = 0; m < c->job.blend.n_model; m++) {
    const struct kith_job_list *model = &c->job.blend.model[m];
    kith_blend_model *to = &of->model[of->n];
    if (!model->path[0]) continue;
    KITH_TRY(kith_text_copy("blend.models", model->name, sizeof to->name, to->name));
    KITH_TRY(kith_text_copy("blend.models", model->path, sizeof to->folder, to->folder));
    of->n++;
  }
done:
  return st;
}

/* Weights that the job gives are those of models: evidence has no unit to give them in. */
static kith_status blend_check_given(const cli *c, const blend_work *w) {
  kith_status st = KITH_OK;
  const int n = c->job.blend.weights.n;
  KITH_CHECK(n == 0 || n == w->of.n, KITH_ECONFIG,
             "%s: blend.weights: has %d weights, and blend.models %d models; expected one for each",
             c->job.path, n, w->of.n);
  bool some = n == 0;
  for (int m = 0; m < n; m++) some = some || c->job.blend.weights.of[m] > 0;
  KITH_CHECK(some, KITH_ECONFIG, "%s: blend.weights: all are 0; expected one above 0", c->job.path);
  KITH_CHECK(n == 0 || w->n_evidence == 0, KITH_ECONFIG,
             "%s: blend.weights: given weights are for models alone; evidence (blend.%s) needs []",
             c->job.path, kith_evidence_kind_name(w->evidence[0].kind));
done:
  return st;
}

static kith_status blend_list_all(const cli *c, blend_work *w) {
  kith_status st = KITH_OK;
  KITH_TRY(blend_list(c, &w->of));
  KITH_TRY(cli_evidence_list(c, &w->n_evidence, w->evidence));
  w->of.n_evidence = w->n_evidence;
  for (int k = 0; k < w->n_evidence; k++) kith_evidence_print(&w->evidence[k], w->of.evidence[k].text);
  KITH_TRY(blend_check_given(c, w));
done:
  return st;
}

/* The file of a model's rows. */
static kith_status blend_find(const cli *c, const kith_blend_model *of, char *path) {
  kith_status st = KITH_OK;
  KITH_TRY(kith_path_join(of->folder, c->refit ? "refit/embeddings.h5" : "embeddings.h5", path));
  bool there = c->comm->rank != 0 || access(path, F_OK) == 0;
  KITH_CHECK(there, KITH_ENOINPUT, "%s: %s: run kith train%s with the job of model %s first (blend.models)",
             path, strerror(errno), cli_refit_option(c), of->name);
done:
  return st;
}

/* Weights that are chosen on interactions a model was trained on would favor it. */
static kith_status blend_check_origin(const cli *c, const kith_graph *g, const char *path, const char *name,
                                      const kith_embeddings_origin *from) {
  kith_status st = KITH_OK;
  bool refit = from->config_key && strstr(from->config_key, " refit=1");
  KITH_CHECK(
      from->fingerprint == g->fingerprint, KITH_EDATA,
      "%s: model %s is of another graph than this job's; the models of a blend share one graph.h5 (key "
      "graph)",
      path, name);
  KITH_CHECK(
      c->refit || !refit, KITH_ECONFIG,
      "%s: model %s was trained with --refit on validation interactions, which choose the weights; expected "
      "the work folder of the run without --refit",
      path, name);
done:
  return st;
}

static kith_agreed blend_read_model(const cli *c, blend_work *w, int m) {
  kith_agreed st = {KITH_OK};
  char path[KITH_PATH];
  kith_embeddings_origin from = {.epoch = 0};
  kith_blend_model *of = &w->of.model[m];
  KITH_TRY(kith_agree(c->comm, blend_find(c, of, path)));
  KITH_TRY(kith_embeddings_origin_read(c->comm, path, &from));
  KITH_TRY(kith_agreed_same(blend_check_origin(c, w->g, path, of->name, &from)));
  KITH_TRY(kith_embeddings_read(c->comm, w->g, path, &w->member[m].d, &w->x[m]));
  w->member[m].name = of->name;
  w->member[m].x = w->x[m];
  w->member[m].direct = from.direct;
  w->epoch[m] = from.epoch;
  memcpy(of->model, from.model, sizeof of->model);
  memcpy(of->run, from.run, sizeof of->run);
done:
  KITH_FREE(from.config_key);
  return st;
}

/* ---- weights ---- */

/* Those that validation chose. */
static kith_status blend_take_weights(const cli *c, const char *path, const kith_blend_origin *chosen,
                                      blend_work *w) {
  kith_status st = KITH_OK;
  bool same = chosen->n == w->of.n && chosen->n_evidence == w->n_evidence;
  for (int m = 0; m < w->of.n && same; m++) {
    same = strcmp(chosen->model[m].name, w->of.model[m].name) == 0;
    w->member[m].gamma = chosen->model[m].gamma;
  }
  for (int k = 0; k < w->n_evidence && same; k++) {
    same = strcmp(chosen->evidence[k].text, w->of.evidence[k].text) == 0;
    w->evidence[k].weight = chosen->evidence[k].weight;
  }
  KITH_CHECK(same, KITH_ECONFIG,
             "%s: is a blend of other models or evidence than the job names; run kith blend %s first", path,
             c->job_args);
done:
  return st;
}

static kith_agreed blend_read_weights(const cli *c, blend_work *w) {
  kith_agreed st = {KITH_OK};
  kith_blend_origin chosen;
  char path[KITH_PATH];
  if (!blend_is_in(c, c->chosen, path))
    KITH_TRY(kith_agreed_same(kith_fail(KITH_ENOINPUT,
                                        "%s: no blend is there whose weights --refit would apply; run kith "
                                        "blend %s first",
                                        c->chosen, c->job_args)));
  KITH_TRY(kith_blend_origin_read(c->comm, path, &chosen));
  KITH_TRY(kith_agreed_same(blend_take_weights(c, path, &chosen, w)));
done:
  return st;
}

static kith_agreed blend_fit(const cli *c, blend_work *w) {
  kith_agreed st = {KITH_OK};
  double weight[KITH_BLEND_EVIDENCE] = {0};
  KITH_TRY(kith_blend_fit(c->comm, w->g, &w->o, w->of.n, w->member, &w->table, weight, &w->report));
  for (int k = 0; k < w->n_evidence; k++) w->evidence[k].weight = weight[k];
  w->of.weight_users = w->report.n_user;
done:
  return st;
}

static kith_agreed blend_weigh(const cli *c, const char *parts, blend_work *w) {
  kith_agreed st = {KITH_OK};
  KITH_TRY(cli_evidence_make(c, parts, w->g, false, w->n_evidence, w->evidence, &w->table));
  KITH_TRY(kith_blend_scale(c->comm, w->g, w->o.seed, BLEND_PAIRS, w->of.n, w->member));
  const kith_knots *given = &c->job.blend.weights;
  for (int m = 0; m < given->n; m++) w->member[m].gamma = given->of[m];
  if (given->n > 0) kith_log("blend: weights are those of the job");
  else if (c->refit) KITH_TRY(blend_read_weights(c, w));
  else KITH_TRY(blend_fit(c, w));
  for (int k = 0; k < w->n_evidence; k++) w->of.evidence[k].weight = w->evidence[k].weight;
  bool models = false;
  for (int m = 0; m < w->of.n; m++) models = models || w->member[m].gamma > 0;
  w->of.evidence_width = kith_evidence_has_columns(&w->table) || (!models && w->n_evidence > 0);
  for (int m = 0; m < w->of.n; m++) {
    w->of.model[m].gamma = w->member[m].gamma;
    w->of.model[m].sigma = w->member[m].sigma;
    w->of.model[m].width = w->member[m].gamma > 0 ? w->member[m].d : 0;
  }
done:
  return st;
}

/* ---- output ---- */

static void blend_print_report(cli *c, const kith_blend_report *r) {
  cli_print_wrapped(
      c, 2, "%lld validation items of %lld users; %lld are among the %d items that the blend ranks highest",
      (long long)r->n_pair, (long long)r->n_user, (long long)r->n_kept, KITH_BLEND_KEPT);
  cli_print_wrapped(c, 2,
                    "log-likelihood of such an item %.6f, where all are alike %.6f; %s, %s; in the last "
                    "round, weights changed by %.2g%% of their sum at most",
                    r->log_likelihood, r->uniform, KITH_COUNT(r->n_round, "round(s)"),
                    KITH_COUNT(r->n_pass, "evaluation(s)"), 100 * r->change);
  cli_json(c, "users", "%lld", (long long)r->n_user);
  cli_json(c, "items", "%lld", (long long)r->n_pair);
  cli_json(c, "kept", "%lld", (long long)r->n_kept);
  cli_json(c, "rounds", "%d", r->n_round);
  cli_json(c, "change", "%.9g", r->change);
  cli_json(c, "log_likelihood", "%.12g", r->log_likelihood);
  cli_json(c, "uniform", "%.12g", r->uniform);
  cli_json(c, "evaluations", "%d", r->n_pass);
  cli_json(c, "converged", "%s", r->converged ? "true" : "false");
  if (!r->converged && c->comm->rank == 0)
    kith_warn("the weights are not those of the largest likelihood: the search ended before it was found");
}

static void blend_print_models(cli *c, const blend_work *w) {
  double all = 0;
  for (int m = 0; m < w->of.n; m++) all += w->member[m].gamma;
  cli_print(c, "  %-20s %-10s %7s %7s %9s %7s %11s", "model", "is", "columns", "epoch", "gamma", "share",
            "sigma");
  cli_json(c, "models", "[");
  for (int m = 0; m < w->of.n; m++) {
    const kith_blend_model *of = &w->of.model[m];
    double weight = all > 0 ? of->gamma / all : 0;
    cli_print(c, "  %-20s %-10s %7d %7lld %9.5f %6.2f%% %11.5g", of->name, of->model, w->member[m].d,
              (long long)w->epoch[m], of->gamma, 100 * weight, of->sigma);
    cli_json_more(c, "%s{\"name\": \"%s\", \"model\": \"%s\", \"gamma\": %.12g, \"weight\": %.9g, ",
                  m ? ", " : "", of->name, of->model, of->gamma, weight);
    cli_json_more(c, "\"sigma\": %.12g}", of->sigma);
  }
  cli_json_more(c, "]");
}

static void blend_print_evidence(cli *c, const blend_work *w) {
  cli_json(c, "evidence", "[");
  for (int k = 0; k < w->n_evidence; k++) {
    const struct kith_blend_evidence *e = &w->of.evidence[k];
    if (k == 0) cli_print(c, "  %-44s %16s", "evidence", "c");
    cli_print(c, "  %-44s %16.5f", e->text, e->weight);
    cli_json_more(c, "%s{\"name\": \"%s\", \"weight\": %.12g}", k ? ", " : "", e->text, e->weight);
  }
  cli_json_more(c, "]");
}

/* What the columns of the tables are. */
static void blend_print_legend(const cli *c, const blend_work *w) {
  bool rounds = false;
  for (int m = 0; m < w->of.n; m++) rounds = rounds || strcmp(w->of.model[m].model, "spectral") == 0;
  cli_note(c, 4,
           "  score: the sum of gamma times a model's score over sigma%s; sigma: the standard deviation of "
           "the model's scores; share: gamma's in that of all models%s",
           w->n_evidence > 0 ? ", and of c times evidence" : "",
           rounds ? "; epoch: of spectral, rounds" : "");
}

/* Remove the other of the two files, which is of an earlier blend. */
static kith_agreed blend_remove(const cli *c, const char *name) {
  kith_agreed st = {KITH_OK};
  char path[KITH_PATH];
  if (!cli_has_stage(c, name, path)) return st;
  bool gone = c->comm->rank != 0 || (!kith_fault(KITH_FAULT_WRITE) && unlink(path) == 0);
  KITH_TRY(kith_agree(c->comm, gone ? KITH_OK
                                    : kith_fail(KITH_EOUTPUT,
                                                "%s: is of an earlier blend, and cannot be "
                                                "removed: %s",
                                                path, strerror(errno))));
done:
  return st;
}

/* Neither of the two files may be a trained model's. */
static kith_agreed blend_check_place(const cli *c) {
  kith_agreed st = {KITH_OK};
  char path[KITH_PATH];
  bool replaces = false;
  KITH_TRY(kith_agree(c->comm, cli_stage_to_write(c, "embeddings.h5", path)));
  KITH_TRY(cli_check_replaced(c, path, KITH_EMBEDDINGS_FORMAT, "members", &replaces));
  KITH_TRY(kith_agree(c->comm, cli_stage_to_write(c, "blend.h5", path)));
  KITH_TRY(cli_check_replaced(c, path, KITH_BLEND_FORMAT, "members", &replaces));
done:
  return st;
}

static kith_agreed blend_write(cli *c, const blend_work *w, const char *graph) {
  kith_agreed st = {KITH_OK};
  kith_graph_ids *ids = NULL;
  float *x = NULL;
  char *job = NULL, path[KITH_PATH];
  int d = 0;
  kith_embeddings_meta meta = {.model = "blend", .blend = &w->of, .metrics = ""};
  meta.config_key = c->refit ? KITH_CONFIG_KEY_BEGIN " refit=1" : KITH_CONFIG_KEY_BEGIN;
  KITH_TRY(kith_agreed_same(kith_blend_direct(w->of.n, w->member, &meta.direct)));
  const bool rows = !kith_direct_is_on(&meta.direct) && w->n_evidence == 0;
  const char *name = rows ? "embeddings.h5" : "blend.h5";
  KITH_TRY(kith_agree(c->comm, kith_blend_rows(w->g, w->of.n, w->member, &w->table, w->evidence, &d, &x)));
  KITH_TRY(kith_agreed_same(cli_evidence_check_weights(&w->of)));
  KITH_TRY(kith_agree(c->comm, kith_job_print(&c->job, &job)));
  meta.job = job;
  KITH_TRY(kith_agree(c->comm, kith_job_file(&c->job, name, path)));
  KITH_TRY(kith_graph_ids_read(c->comm, w->g, graph, &ids));
  KITH_TRY(kith_embeddings_write(c->comm, w->g, ids, path, d, x, &meta));
  KITH_TRY(blend_remove(c, rows ? "blend.h5" : "embeddings.h5"));
  cli_print(c, "%s holds the blend, %d columns%s", path, d,
            kith_direct_is_on(&meta.direct) ? " and a direct term" : "");
  cli_json(c, "columns", "%d", d);
  cli_json(c, "file", "\"%s\"", name);
done:
  kith_graph_ids_destroy(&ids);
  KITH_FREE(job);
  KITH_FREE(x);
  return st;
}

kith_agreed cli_blend(cli *c) {
  kith_agreed st = {KITH_OK};
  blend_work w = {.g = NULL};
  char graph[KITH_PATH], parts[KITH_PATH];
  KITH_TRY(kith_agree(c->comm, blend_options(c, &w)));
  KITH_TRY(kith_agreed_same(blend_list_all(c, &w)));
  KITH_TRY(kith_agree(c->comm, cli_stage(c, "graph.h5", graph)));
  for (int m = 0; m < w.of.n; m++) KITH_TRY(kith_agree(c->comm, blend_find(c, &w.of.model[m], parts)));
  if (c->refit) KITH_TRY(cli_refit_cut(c));
  KITH_TRY(kith_agree(c->comm, cli_stage(c, "parts.h5", parts)));
  KITH_TRY(blend_check_place(c));
  KITH_TRY(cli_lock(c));
  KITH_TRY(cli_read_parts(c, parts, &w.g));
  KITH_TRY(cli_check_task(c, w.g));
  KITH_TRY(cli_check_data(c, graph));
  for (int m = 0; m < w.of.n; m++) KITH_TRY(blend_read_model(c, &w, m));
  KITH_TRY(blend_weigh(c, parts, &w));
  if (w.report.n_pass > 0) blend_print_report(c, &w.report);
  cli_evidence_warn_flat(c, &w.of, w.report.flat);
  blend_print_models(c, &w);
  blend_print_evidence(c, &w);
  blend_print_legend(c, &w);
  KITH_TRY(blend_write(c, &w, graph));
done:
  blend_free(&w);
  return st;
}
