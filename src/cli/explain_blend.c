/* kith explain of a blend: the explainers of its models, by the jobs that their exports store. */
#include <stdio.h>
#include <string.h>

#include "blend/blend.h"
#include "cli/explain.h"
#include "cli/evidence.h"

/* One model of the blend. */
struct explain_member {
  kith_run run;
  char config_key[KITH_CONFIG_KEY_SIZE];
  char embeddings[KITH_PATH];
  kith_embeddings_origin from;
  float *x;
  kith_explainer *explainer; /* until it is one of the blend's */
  char name[KITH_NAME];      /* in blend.models */
};

const char *cli_explain_member(const explain_data *a, int member) { return a->member[member].name; }

void cli_explain_free_members(explain_data *a) {
  for (int m = 0; m < a->n_member; m++) {
    kith_explainer_free(&a->member[m].explainer);
    KITH_FREE(a->member[m].from.config_key);
    KITH_FREE(a->member[m].x);
  }
  KITH_FREE(a->member);
  kith_evidence_free(&a->table);
  a->n_member = 0;
}

/* The folder of a model: where the job has it, since a blend may have been moved since; or where it was. */
static const char *blend_folder(const cli *c, const kith_blend_model *model) {
  for (int m = 0; m < c->job.blend.n_model; m++) {
    const struct kith_job_list *of = &c->job.blend.model[m];
    if (of->path[0] && strcmp(of->name, model->name) == 0) return of->path;
  }
  return model->folder;
}

/* The job of a model: what its export stores, in its folder, with this job's graph. */
static kith_status blend_job(const cli *c, const kith_blend_model *model, const char *embeddings,
                             const char *text, kith_job *job) {
  kith_status st = KITH_OK;
  *job = kith_job_defaults();
  KITH_TRY(kith_job_read_stored(embeddings, text, job));
  if (c->refit) KITH_TRY(kith_path_join(blend_folder(c, model), "refit", job->work));
  else KITH_TRY(kith_text_copy("blend.models", blend_folder(c, model), sizeof job->work, job->work));
  KITH_TRY(kith_job_file(&c->job, "graph.h5", job->graph));
  KITH_TRY(kith_job_file(&c->job, "parts.h5", job->parts));
done:
  return st;
}

static kith_agreed blend_read_job(const cli *c, const kith_blend_model *model, const char *embeddings,
                                  kith_job *job) {
  kith_agreed st = {KITH_OK};
  kith_h5 *f = NULL;
  char *text = NULL;
  KITH_TRY(kith_h5_open(c->comm, embeddings, KITH_EMBEDDINGS_FORMAT, KITH_FILE_VERSION, &f));
  KITH_TRY(kith_h5_get_attr_text(f, "job", &text));
  KITH_TRY(kith_agree(c->comm, blend_job(c, model, embeddings, text, job)));
done:
  KITH_FREE(text);
  kith_h5_close(&f);
  return st;
}

static kith_status blend_check_run(const kith_blend_model *model, const struct explain_member *m) {
  if (strcmp(m->from.run, model->run) == 0) return KITH_OK;
  return kith_fail(KITH_EDATA, "%s: is of run %s, and the blend of run %s: run kith blend again",
                   m->embeddings, m->from.run, model->run);
}

/* Whether the columns of the blend from `at` on are these rows, times sqrt(gamma / sigma). */
static bool blend_has_rows(const explain_data *a, const kith_blend_model *model, int at, int d,
                           const float *x) {
  const float factor = kith_blend_factor(model->gamma, model->sigma);
  if (d != model->width) return false;
  for (size_t i = 0; i < (size_t)a->base.g->n_own; i++)
    for (size_t k = 0; k < (size_t)d; k++)
      if (a->base.x[i * (size_t)a->base.d + (size_t)at + k] != factor * x[i * (size_t)d + k]) return false;
  return true;
}

static kith_status blend_check_rows(const explain_data *a, const kith_blend_model *model, int at, int d,
                                    const struct explain_member *m) {
  if (blend_has_rows(a, model, at, d, m->x)) return KITH_OK;
  return kith_fail(KITH_EDATA, "%s: has been exported again since it was blended: run kith blend again",
                   m->embeddings);
}

/* Estimates of one model and exact terms of another do not go together. */
static kith_status blend_check_model(const cli *c, const struct explain_member *m) {
  if (kith_explain_is_exact(&m->run.model)) return KITH_OK;
  return kith_fail(KITH_ECONFIG,
                   "%s: kith explain divides blends of lightgcn, mf, spectral, gat and diffnet; %s is of %s, "
                   "whose scores kith explain estimates by that model's own job",
                   c->job.path, m->embeddings, kith_explain_model_text(&m->run.model));
}

/* `of` is to become the context of the model's own job; `at` is the model's first column in the blend. */
static kith_agreed blend_read(const cli *c, cli *of, explain_data *a, const kith_blend_model *model, int at,
                              struct explain_member *m) {
  kith_agreed st = {KITH_OK};
  char checkpoint[KITH_PATH];
  kith_graph *g = a->base.g;
  int d = 0;
  snprintf(m->name, sizeof m->name, "%s", model->name);
  KITH_TRY(
      kith_agreed_same(kith_path_join(blend_folder(c, model),
                                      c->refit ? "refit/embeddings.h5" : "embeddings.h5", m->embeddings)));
  KITH_TRY(blend_read_job(c, model, m->embeddings, &of->job));
  KITH_TRY(kith_agree(of->comm, cli_run_of_job(of, &m->run, m->config_key)));
  KITH_TRY(kith_agreed_same(blend_check_model(c, m)));
  KITH_TRY(kith_embeddings_origin_read(of->comm, m->embeddings, &m->from));
  KITH_TRY(kith_agreed_same(blend_check_run(model, m)));
  KITH_TRY(cli_check_export(of, g, m->embeddings, &m->from));
  KITH_TRY(kith_embeddings_read(of->comm, g, m->embeddings, &d, &m->x));
  KITH_TRY(kith_agree(of->comm, blend_check_rows(a, model, at, d, m)));
  KITH_TRY(kith_checkpoint_find(of->comm, m->run.work, 0, checkpoint));
  if (checkpoint[0]) KITH_TRY(cli_keep_half_life(of, checkpoint, g, &m->run.model));
  KITH_TRY(cli_resolve_half_life(of, m->run.parts, g, &m->run.model));
  KITH_TRY(kith_explainer_create(of->comm, g, &m->run, &m->from, m->x, NULL, &m->explainer));
done:
  return st;
}

static kith_agreed blend_join(const cli *c, const double *factor, explain_data *a) {
  kith_agreed st = {KITH_OK};
  kith_explainer *all[KITH_BLEND_MODELS];
  for (int m = 0; m < a->n_member; m++) all[m] = a->member[m].explainer;
  KITH_TRY(kith_explainer_join(c->comm, a->base.g, a->n_member, all, factor, &a->table, a->evidence,
                               &a->explainer));
  for (int m = 0; m < a->n_member; m++) a->member[m].explainer = NULL;
done:
  return st;
}

kith_agreed cli_explain_blend(const cli *c, bool any, explain_data *a) {
  kith_agreed st = {KITH_OK};
  char path[KITH_PATH], parts[KITH_PATH];
  kith_blend_origin blend;
  double factor[KITH_BLEND_MODELS];
  cli *of = NULL;
  int at = 0;
  if (!cli_blend_file(c, path)) return st; /* cli_recommend_load() has refused it */
  KITH_TRY(kith_blend_origin_read(c->comm, path, &blend));
  KITH_TRY(kith_agree(c->comm, KITH_NEW(a->member, blend.n)));
  KITH_TRY(kith_agree(c->comm, KITH_NEW(of, 1)));
  for (int m = 0; m < blend.n; m++) {
    if (blend.model[m].gamma <= 0) continue;
    factor[a->n_member++] = blend.model[m].gamma / blend.model[m].sigma;
    *of = *c;
    KITH_TRY(blend_read(c, of, a, &blend.model[m], at, &a->member[a->n_member - 1]));
    at += (int)blend.model[m].width;
  }
  if (a->n_member == 0 && blend.n_evidence == 0)
    KITH_TRY(kith_agreed_same(kith_fail(KITH_ECONFIG, "%s: no model of the blend has weight", path)));
  KITH_TRY(kith_agreed_same(cli_evidence_take(path, &blend, a->evidence)));
  KITH_TRY(kith_agree(c->comm, cli_stage(c, "parts.h5", parts)));
  KITH_TRY(cli_evidence_make(c, parts, a->base.g, any, blend.n_evidence, a->evidence, &a->table));
  KITH_TRY(blend_join(c, factor, a));
done:
  KITH_FREE(of);
  return st;
}
