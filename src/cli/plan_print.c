/* kith plan: the table, the recommendation and the line for Slurm. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/plan.h"
#include "diagnose/diagnose.h"

enum { PLAN_TEXT = 32 };

static const char *plan_seconds_print(double x, char *text) {
  static const struct {
    double below, unit;
    const char *name;
  } units[] = {{0.0995, 1e-3, "ms"},        {120, 1, "s"},
               {7200, 60, "min"},           {172800, 3600, "h"},
               {730 * 86400.0, 86400, "d"}, {INFINITY, 365.25 * 86400, "years"}};
  int i = 0;
  if (!(x > 0)) return "-";
  while (x >= units[i].below && units[i].below < INFINITY) i++;
  snprintf(text, PLAN_TEXT, x / units[i].unit < 999.5 ? "%.3g %s" : "%.0f %s", x / units[i].unit,
           units[i].name);
  return text;
}

/* Bytes and messages of a step, of all ranks: those of layers and of the batch. */
static void plan_print_row(const planner *p, const plan_row *row) {
  char bytes[32], step[PLAN_TEXT], epoch[PLAN_TEXT], job[PLAN_TEXT];
  const char *limit = row->has_step ? kith_plan_limit_text(kith_plan_step_limit(&row->step)) : "";
  kith_bytes_print(row->bytes, bytes);
  if (row->has_step)
    cli_print(p->c, "%5d %5d %10s %9.4g %9.0f %8s %8s %8s  %s%s", row->cut.size, row->cut.n_node, bytes,
              1e-6 * (row->step.bytes + row->step.batch_bytes), row->step.messages + row->step.batch_messages,
              plan_seconds_print(row->step.seconds, step), plan_seconds_print(row->epoch, epoch),
              plan_seconds_print(row->step.seconds > 0 ? row->job : 0, job),
              row->refused[0] ? "refused" : limit, row->cut.exact ? "" : " *");
  else
    cli_print(p->c, "%5d %5d %10s %9s %9s %8s %8s %8s  %s%s", row->cut.size, row->cut.n_node, bytes, "-", "-",
              "-", "-", "-", row->refused[0] ? "refused" : "", row->cut.exact ? "" : " *");
}

static void plan_print_json(const planner *p, const plan_row *row, bool first) {
  cli *c = p->c;
  if (first) cli_json(c, "plan", "[");
  cli_json_more(c, "%s{\"ranks\": %d, \"nodes\": %d, \"counted\": %s, \"need_bytes\": %lld",
                first ? "" : ", ", row->cut.size, row->cut.n_node, row->cut.exact ? "true" : "false",
                (long long)row->bytes);
  cli_json_more(c, ", \"ghosts\": %.0f, \"neighbors\": %.0f", row->cut.rows, row->cut.messages);
  if (row->has_step) {
    const kith_plan_step *s = &row->step;
    cli_json_more(c,
                  ", \"layer_bytes\": %.0f, \"layer_messages\": %.0f, \"batch_bytes\": %.0f, "
                  "\"batch_messages\": %.0f, \"node_bytes\": %.0f, \"node_messages\": %.0f",
                  s->bytes, s->messages, s->batch_bytes, s->batch_messages, s->node_bytes, s->node_messages);
    cli_json_more(c, ", \"step_seconds\": %.6g, \"epoch_seconds\": %.6g, \"job_seconds\": %.6g", s->seconds,
                  row->epoch, row->job);
    cli_json_more(c, ", \"evaluation_seconds\": %.6g, \"checkpoint_seconds\": %.6g, \"parts\": {",
                  row->evaluation, row->checkpoint);
    for (int i = 0; i < KITH_PLAN_LIMITS; i++)
      cli_json_more(c, "%s\"%s\": %.6g", i ? ", " : "", kith_plan_limit_text((kith_plan_limit)i), s->part[i]);
    cli_json_more(c, "}");
  }
  if (row->ghost_bytes > 0) cli_json_more(c, ", \"ghost_bytes\": %.0f", row->ghost_bytes);
  if (row->drawn > 0) cli_json_more(c, ", \"drawn\": %.0f", row->drawn);
  if (row->has_rooms)
    cli_json_more(c,
                  ", \"rooms\": {\"rows\": %lld, \"neighbors\": %lld, \"asked\": %lld, \"answered\": %lld, "
                  "\"requested\": %lld}",
                  (long long)row->rooms.rows[0], (long long)row->rooms.entries[0],
                  (long long)row->rooms.asked, (long long)row->rooms.answered, (long long)row->rooms.leaves);
  cli_json_more(c, ", \"refused\": ");
  cli_json_string(c, row->refused);
  cli_json_more(c, "}");
}

/* What a number of the table stands on. */
static void plan_explain_cut(const planner *p) {
  kith_partition_method method = p->c->job.partition.method;
  bool assumed = false, in_place = false;
  for (int i = 0; i < p->n_row; i++) {
    assumed = assumed || !p->row[i].cut.exact;
    in_place = in_place || (p->row[i].has_step && p->row[i].in_place);
  }
  if (assumed)
    cli_note(p->c, 2, "*: not counted, since it is not cut so: ghosts are assumed as of %s%s (%s)",
             p->how == KITH_PLAN_METIS ? "METIS" : "a cut at random",
             method == KITH_PARTITION_STREAM || method == KITH_PARTITION_PTSCOTCH ? ", for this method, too"
                                                                                  : "",
             "docs/scale.md");
  if (in_place)
    cli_note(p->c, 2,
             "MB: ranks of a node read rows in place, so that these are fewer than the MB a layer "
             "of kith partition");
  if (p->whole && p->best >= 0 && p->row[p->best].cut.size > p->whole->n_part)
    cli_print_wrapped(p->c, 2,
                      "more than %s: assumed: set partition.parts to %d and run kith partition again",
                      KITH_COUNT(p->whole->n_part, "rank(s)"), p->row[p->best].cut.size);
}

static void plan_explain_machine(const planner *p) {
  const kith_machine *m = &p->machine;
  bool of_nodes = false, beyond = false;
  int most = m->of[m->n - 1].ranks;
  for (int i = 0; i < p->n_row; i++) {
    const plan_row *row = &p->row[i];
    of_nodes = of_nodes || row->of_nodes;
    beyond = beyond || kith_min(row->cut.size, row->cut.per_node) > most;
  }
  if (of_nodes)
    cli_note(p->c, 2, "machine %s says what one node has; of other nodes say it by --cores and --memory",
             m->name);
  if (beyond)
    cli_note(p->c, 2, "machine %s has no rates of more than %s a node: those are taken as of %d", m->name,
             KITH_COUNT(most, "rank(s)"), most);
}

/* What has no seconds in the table, once. */
static void plan_explain_unknown(const planner *p) {
  int i = 0;
  while (i < p->n_row && p->row[i].has_step) i++;
  if (i == p->n_row) return;
  const char *what = plan_unknown(p, &p->row[i]);
  cli_note(p->c, 2, "not predicted: messages and seconds of %s; memory alone%s", what,
           i == 0 ? "" : ": cut it into as many parts, and plan again");
  cli_json(p->c, "not_predicted", "%s", "");
  cli_json_string(p->c, what);
}

static void plan_explain(const planner *p) {
  cli_note(p->c, 2,
           "memory: of the fullest rank; MB, messages: sent by all ranks in a step; the last column: "
           "what most of a step waits for; rates of machine %s",
           p->machine.name);
  plan_explain_cut(p);
  if (p->row[0].has_step && p->row[0].step.seconds <= 0)
    cli_note(p->c, 2,
             "seconds of sampled steps are not known: machine %s lacks sample rates, which kith "
             "bench --profile adds with sampler.mode: neighbor",
             p->machine.name);
  const kith_model_options *model = &p->c->job.model;
  if (p->row[0].has_step && !kith_model_has_steps(model))
    cli_note(p->c, 2,
             "step, epoch: a round of eigenvectors; job: %s, of which model.spectral.tolerance "
             "spares some",
             KITH_COUNT(model->spectral.rounds, "round(s)"));
  else if (p->row[0].has_step && !p->c->job.train.update.on)
    cli_note(p->c, 2, "job: %s, evaluations, checkpoints and export, if no epoch is spared by train.patience",
             KITH_COUNT(p->c->job.train.epochs, "epoch(s)"));
  plan_explain_unknown(p);
  if (p->row[0].has_step && kith_model_has_steps(model) && model->start == KITH_START_SPECTRAL)
    cli_note(p->c, 2, "not predicted: the eigenvectors of model.start: spectral, before epoch 1");
  for (int i = 0; i < p->n_row; i++)
    if (p->row[i].refused[0])
      cli_print_wrapped(p->c, 2, "%s: refused: %s", KITH_COUNT(p->row[i].cut.size, "rank(s)"),
                        p->row[i].refused);
  plan_explain_machine(p);
}

/* Whether the nodes that were asked for lack the cores, or one rank alone is all that is not refused. */
static bool plan_refuses_all(const planner *p) {
  const plan_row *last = &p->row[p->n_row - 1];
  if (p->spreads || p->n_row == 1) return false;
  if (last->of_nodes && !last->short_of_memory) return true;
  for (int i = 1; i < p->n_row; i++)
    if (!p->row[i].refused[0]) return false;
  return true;
}

void plan_print(planner *p) {
  cli_print(p->c, "%5s %5s %10s %9s %9s %8s %8s %8s", "ranks", "nodes", "memory", "MB", "messages", "step",
            "epoch", "job");
  for (int i = 0; i < p->n_row; i++) plan_print_row(p, &p->row[i]);
  for (int i = 0; i < p->n_row; i++) plan_print_json(p, &p->row[i], i == 0);
  cli_json_more(p->c, "]");
  plan_explain(p);
  if (p->best < 0) return;
  const plan_row *row = &p->row[p->best];
  if (plan_refuses_all(p)) {
    cli_print_wrapped(p->c, 2, "recommended: nothing, since what was asked for is refused; %s would do",
                      KITH_COUNT(row->cut.size, "rank(s)"));
    cli_json(p->c, "recommended", "null");
    return;
  }
  const bool recut = p->whole && row->cut.size > p->whole->n_part;
  cli_print(p->c, "recommended: %s%s", KITH_COUNT(row->cut.size, "rank(s)"),
            recut ? ", once the graph is cut anew for them" : "");
  cli_json(p->c, "recommended", "%d", row->cut.size);
  plan_print_lines(p, row);
}
