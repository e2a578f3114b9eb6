/* model.half_life: read the times if the model uses them, choose the half-life if the job has auto, and print
 * its effect. */
#include <math.h>
#include <stdio.h>

#include "cli/cli.h"
#include "eval/half_life.h"

static void half_life_text(double seconds, size_t size, char *text) {
  if (seconds <= 0) snprintf(text, size, "none");
  else if (seconds < 3600) snprintf(text, size, "%g s", seconds);
  else if (seconds < 86400) snprintf(text, size, "%g h", seconds / 3600);
  else snprintf(text, size, "%g d", seconds / 86400);
}

/* The slice in which a half-life is worst compared with none, if it is worse in any: the reason of its
 * refusal. */
static void half_life_print_refusal(const kith_half_life_report *r, int c, size_t size, char *text) {
  int worst = -1;
  double least = 0;
  text[0] = '\0';
  for (int s = 0; c > 0 && s < r->n_slice; s++) {
    double gain = r->ndcg[c][s] - r->ndcg[0][s];
    if (gain < least) worst = s, least = gain;
  }
  if (worst >= 0)
    snprintf(text, size, "  refused: %.1f %% worse than none in slice %d", -100 * least / r->ndcg[0][worst],
             worst + 1);
}

static void half_life_log_choice(const kith_half_life_report *r) {
  char line[256], text[32], why[96];
  kith_log("model.half_life: auto: NDCG@%d of untrained paths in %s of time:", KITH_HALF_LIFE_K,
           KITH_COUNT(r->n_slice, "slice(s)"));
  for (int c = 0; c < KITH_HALF_LIFE_CHOICES; c++) {
    half_life_text(kith_half_life_choices[c], sizeof text, text);
    int n = snprintf(line, sizeof line, "  %-6s mean %.4f:", text, r->mean[c]);
    for (int s = 0; s < r->n_slice; s++)
      n += snprintf(line + n, sizeof line - (size_t)n, " %.4f", r->ndcg[c][s]);
    half_life_print_refusal(r, c, sizeof why, why);
    kith_log("%s%s", line, c == r->chosen ? "  chosen" : why);
  }
  if (r->n_slice < 2) kith_log("  fewer than two slices have users: none is taken");
  else if (r->chosen == 0)
    kith_log("  none is taken: every half-life is worse than none in some slice, or no better on average");
}

static kith_agreed half_life_choose(const cli *c, const kith_graph *g, double *seconds) {
  kith_agreed st = {KITH_OK};
  kith_half_life_report r;
  KITH_TRY(kith_half_life_choose(c->comm, g, &r));
  *seconds = kith_half_life_choices[r.chosen];
  if (c->comm->rank == 0) half_life_log_choice(&r);
done:
  return st;
}

/* Print the weights of the oldest interaction and of the average one. */
static void half_life_log_effect(const cli *c, const kith_graph *g, double seconds) {
  const kith_decay t = kith_decay_make(c->comm, g, seconds);
  kith_exact_sum sum = {0};
  double oldest = 1;
  char text[32];
  for (kith_eid e = 0; e < g->start[g->n_own]; e++) {
    double f = kith_decay_factor(&t, g->time[e]);
    kith_exact_sum_add(&sum, f);
    if (f < oldest) oldest = f;
  }
  int64_t halvings = kith_comm_max(c->comm, (int64_t)(-log2(oldest) * 1e9));
  kith_comm_sum(c->comm, 1, &sum);
  half_life_text(seconds, sizeof text, text);
  kith_log("half-life %s: interactions count %.3f on average, the oldest %.2g", text,
           kith_exact_sum_value(&sum) / (2 * (double)g->n_edge), exp2(-1e-9 * (double)halvings));
}

static kith_agreed half_life_keep(const cli *c, const char *checkpoint, uint64_t fingerprint,
                                  kith_model_options *model) {
  kith_agreed st = {KITH_OK};
  double seconds = 0;
  bool found = false;
  char text[32];
  if (!kith_model_decays(model) || model->lightgcn.half_life >= 0) return st;
  KITH_TRY(kith_checkpoint_half_life(c->comm, checkpoint, fingerprint, &seconds, &found));
  if (!found) return st;
  model->lightgcn.half_life = seconds;
  model->lightgcn.half_life_chosen = true;
  half_life_text(seconds, sizeof text, text);
  kith_log("model.half_life: auto: %s, as chosen for the run of %s", text, checkpoint);
done:
  return st;
}

kith_agreed cli_keep_half_life(const cli *c, const char *checkpoint, const kith_graph *g,
                               kith_model_options *model) {
  return half_life_keep(c, checkpoint, g->fingerprint, model);
}

kith_agreed cli_keep_old_half_life(const cli *c, const char *checkpoint, const kith_graph *g,
                                   kith_model_options *model) {
  return half_life_keep(c, checkpoint, g->parent.fingerprint, model);
}

kith_agreed cli_choose_half_life(cli *c, const char *parts, kith_graph *g, kith_model_options *model) {
  kith_agreed st = {KITH_OK};
  double *seconds = &model->lightgcn.half_life;
  bool decays = kith_model_decays(model) && g->n_class == 0;
  bool ages = (kith_model_ages_relations(model) || kith_model_time_dim(model) > 0) && g->timed;
  const bool orders = model->sequence != KITH_SEQUENCE_NONE && g->n_class == 0 && g->timed;
  if ((decays || ages) && g->time_is != KITH_TIME_SECONDS)
    KITH_TRY(kith_agreed_same(kith_fail(
        KITH_ECONFIG,
        "%s: ages need times in seconds, and data.interactions.columns.time: line, of which %s is, is "
        "an order alone",
        decays ? "model.half_life" : "model.half_lives or time_dim", parts)));
  if (decays || ages || orders) KITH_TRY(kith_graph_times_read(c->comm, parts, g));
  if (decays && *seconds < 0) {
    KITH_TRY(half_life_choose(c, g, seconds));
    model->lightgcn.half_life_chosen = true;
  }
  if (decays && *seconds > 0) half_life_log_effect(c, g, *seconds);
done:
  return st;
}

kith_agreed cli_resolve_half_life(cli *c, const char *parts, kith_graph *g, kith_model_options *model) {
  kith_agreed st = {KITH_OK};
  bool decays = kith_model_decays(model) && g->n_class == 0;
  KITH_TRY(cli_choose_half_life(c, parts, g, model));
  if (decays || model->lightgcn.half_life_chosen)
    cli_json(c, "half_life_days", "%.10g", model->lightgcn.half_life / 86400);
done:
  return st;
}
