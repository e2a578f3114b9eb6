/* kith tune: choose settings of the spectral filter on validation users, and print them as keys of the job.
 */
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "tune/tune.h"

static kith_status tune_options(cli *c, kith_tune_options *o) {
  kith_status st = KITH_OK;
  char scope[CLI_SCOPE];
  *o = kith_tune_defaults();
  int64_t candidates = o->n_candidate, trials = o->n_trial, knots = o->n_knot;
  KITH_TRY(cli_number(c, "users", 2, 1000000000, &o->n_user));
  KITH_TRY(cli_number(c, "candidates", 20, 10000, &candidates));
  KITH_TRY(cli_number(c, "trials", 1, 1000000, &trials));
  KITH_TRY(cli_number(c, "knots", 2, KITH_MAX_KNOTS, &knots));
  o->n_candidate = (int)candidates;
  o->n_trial = (int)trials;
  o->n_knot = (int)knots;
  o->direct = cli_flag(c, "direct");
  o->k = c->job.evaluate.k[c->job.evaluate.n_k - 1];
  o->seed = c->job.train.seed;
  KITH_TRY(cli_no_more(c));
  KITH_TRY(cli_check_embeds(c));
  KITH_TRY(cli_check_one_model(c));
  KITH_CHECK(c->job.model.name == KITH_SPECTRAL, KITH_ECONFIG,
             "%s: model.name: kith tune searches for settings of spectral; the job has %s", c->job.path,
             kith_model_text(c->job.model.name));
  KITH_CHECK(
      c->job.model.spectral.coefficients.n == 0, KITH_ECONFIG,
      "%s: model.spectral.coefficients: kith tune has no search for coefficients, only for knots and the "
      "weight of the direct term; leave the key out to tune, or set coefficients by hand",
      c->job.path);
  KITH_CHECK(
      !cli_scope(&c->job.evaluate.scope, scope), KITH_ECONFIG,
      "%s: evaluate.mask, evaluate.candidates: kith tune ranks all items but the user's training items, "
      "the job ranks %s",
      c->job.path, scope);
done:
  return st;
}

/* An iteration that has not ended can be tuned on, but is not what will be exported. */
static void tune_warn_unfinished(const cli *c, const kith_spectrum *s) {
  if (s->residual <= c->job.model.spectral.tolerance || c->comm->rank != 0) return;
  kith_warn("the newest checkpoint is of round %d and has the residual %.3g, above model.spectral.tolerance",
            s->round, s->residual);
}

/* ---- output ---- */

static void tune_print_marks(cli *c, const kith_tune_options *o, const char *what, const char *key,
                             const kith_tune_marks *m) {
  char name[KITH_NAME];
  cli_print(c, "  %-14s Recall@%d %.4f  NDCG@%d %.4f    Recall@%d %.4f  NDCG@%d %.4f", what, o->k,
            m[0].recall, o->k, m[0].ndcg, o->k, m[1].recall, o->k, m[1].ndcg);
  for (int half = 0; half < KITH_TUNE_HALVES; half++) {
    const char *of = half == 0 ? "searched" : "checked";
    snprintf(name, sizeof name, "%s_%s_recall@%d", key, of, o->k);
    cli_json(c, name, "%.10g", m[half].recall);
    snprintf(name, sizeof name, "%s_%s_ndcg@%d", key, of, o->k);
    cli_json(c, name, "%.10g", m[half].ndcg);
  }
}

/* The settings as options of a command, and as members of the JSON object.  They have six digits, as they
 * were measured. */
static void tune_print_settings(cli *c, const kith_spectral_options *o) {
  static const char *const replaced[] = {"model.spectral.filter",       "model.spectral.t",
                                         "model.spectral.knots",        "model.spectral.direct",
                                         "model.spectral.output_power", NULL};
  char job[CLI_JOB_ARGS], knots[KITH_MAX_KNOTS * 24] = "";
  size_t n = 0;
  for (int j = 0; j < o->knots.n; j++)
    n += (size_t)snprintf(knots + n, sizeof knots - n, "%s%.6g", j > 0 ? ", " : "", o->knots.of[j]);
  cli_print_job_args(c, replaced, job);
  cli_print(c,
            "kith train %s --set model.spectral.filter=knots --set 'model.spectral.knots=[%s]' "
            "--set model.spectral.direct=%.6g --set model.spectral.output_power=%.6g",
            job, knots, o->direct, o->output_power);
  cli_json(c, "knots", "[%s]", knots);
  cli_json(c, "direct", "%.6g", o->direct);
  cli_json(c, "output_power", "%.6g", o->output_power);
}

static void tune_print(cli *c, const kith_tune_options *o, const kith_spectral_options *chosen,
                       const kith_tune_report *r) {
  cli_print(c, "validation split; the first %d items of each user by the job's settings are ranked again",
            o->n_candidate);
  cli_print(c, "%s, %d better than those before", KITH_COUNT(o->n_trial, "trial(s)"), r->n_better);
  cli_print(c, "  %-14s searched on %-25s checked on %s", "", KITH_COUNT(r->n_user[0], "user(s)"),
            KITH_COUNT(r->n_user[1], "other(s)"));
  cli_json(c, "searched_users", "%lld", (long long)r->n_user[0]);
  cli_json(c, "checked_users", "%lld", (long long)r->n_user[1]);
  cli_json(c, "better", "%d", r->n_better);
  tune_print_marks(c, o, "the job's", "own", r->own);
  tune_print_marks(c, o, "found", "found", r->chosen);
  cli_print(c, "  %-14s Recall@%d %.4f                    Recall@%d %.4f", "at the most", o->k,
            r->most_recall[0], o->k, r->most_recall[1]);
  cli_json(c, "kept", "%s", r->kept ? "true" : "false");
  if (r->kept) tune_print_settings(c, chosen);
  else cli_print(c, "what was found is no better on the other users: keep the job's settings");
}

kith_agreed cli_tune(cli *c) {
  kith_agreed st = {KITH_OK};
  kith_tune_options o;
  kith_tune_report report;
  kith_run run = {0};
  kith_graph *g = NULL;
  kith_spectrum *s = NULL;
  char config_key[KITH_CONFIG_KEY_SIZE];
  KITH_TRY(kith_agreed_same(tune_options(c, &o)));
  KITH_TRY(kith_agree(c->comm, cli_run_of_job(c, &run, config_key)));
  KITH_TRY(cli_read_parts(c, run.parts, &g));
  KITH_TRY(cli_check_task(c, g));
  KITH_TRY(kith_spectral_load(c->comm, g, &run, &s));
  tune_warn_unfinished(c, s);
  kith_log("ranking the first %d items of about %s, then %s", o.n_candidate,
           KITH_COUNT(kith_min(o.n_user, g->n[KITH_USER]), "user(s)"), KITH_COUNT(o.n_trial, "trial(s)"));
  KITH_TRY(kith_tune(c->comm, g, s, &o, &run.model.spectral, &report));
  tune_print(c, &o, &run.model.spectral, &report);
done:
  kith_spectrum_free(&s);
  kith_graph_destroy(&g);
  return st;
}
