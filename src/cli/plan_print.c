/* kith plan: the table, the recommendation and the line for Slurm. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/plan.h"
#include "diagnose/diagnose.h"

enum { PLAN_TEXT = 32 };

static const char *plan_seconds_print(double x, char *text) {
  if (x < 0.0995) snprintf(text, PLAN_TEXT, "%.3g ms", 1e3 * x);
  else if (x < 600) snprintf(text, PLAN_TEXT, "%.3g s", x);
  else if (x < 36000) snprintf(text, PLAN_TEXT, "%.0f min", x / 60);
  else snprintf(text, PLAN_TEXT, "%.3g h", x / 3600);
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
              plan_seconds_print(row->job, job), row->refused[0] ? "refused" : limit,
              row->cut.exact ? "" : " *");
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

static void plan_explain(const planner *p) {
  bool assumed = false, refused = false;
  for (int i = 0; i < p->n_row; i++) assumed = assumed || !p->row[i].cut.exact;
  cli_print_wrapped(
      p->c, 2,
      "memory: of the fullest rank; MB, messages: sent by all ranks in a step; the last column: "
      "what most of a step waits for; rates of machine %s",
      p->machine.name);
  if (assumed)
    cli_print_wrapped(p->c, 2, "*: not counted, since it is not cut so: ghosts are assumed as of %s (%s)",
                      p->how == KITH_PLAN_METIS ? "METIS" : "a cut at random", "docs/scale.md");
  if (p->row[0].has_step && !p->c->job.train.update.on)
    cli_print_wrapped(
        p->c, 2,
        "job: %d epoch(s), evaluations, checkpoints and export, if no epoch is spared by train.patience",
        p->c->job.train.epochs);
  if (!p->row[0].has_step)
    cli_print_wrapped(p->c, 2,
                      "only memory is estimated: messages and seconds are known of steps on the full graph, "
                      "and of sampler.mode: "
                      "neighbor but for softmax, of models that read interactions alone, without train.also "
                      "and model.sequence: sasrec");
  for (int i = 0; i < p->n_row; i++) {
    refused = p->row[i].refused[0];
    if (refused) cli_print_wrapped(p->c, 2, "%d ranks: refused: %s", p->row[i].cut.size, p->row[i].refused);
    else if (p->row[i].note[0])
      cli_print_wrapped(p->c, 2, "%d ranks: %s", p->row[i].cut.size, p->row[i].note);
  }
}

/* The settings of --set, for KITH_OPTIONS, which the scripts split at blanks: false if one has any. */
static bool plan_settings(const cli *c, char *text) {
  text[0] = '\0';
  for (int i = 0; i < c->n_set; i++) {
    if (strpbrk(c->set[i], " \t\n'\"")) return false;
    size_t n = strlen(text);
    snprintf(text + n, CLI_JOB_ARGS - n, "%s--set %s", i ? " " : "", c->set[i]);
  }
  return true;
}

/* An allocation with a third more memory, and half more time, than is expected. */
static void plan_print_sbatch(const planner *p, const plan_row *row) {
  char line[CLI_JOB_ARGS] = "", set[CLI_JOB_ARGS];
  const cli *c = p->c;
  int busy = row->cut.size < row->cut.per_node ? row->cut.size : row->cut.per_node;
  double mib = ceil((double)row->bytes * busy * 4 / 3 / 0x1p20), minutes = ceil(row->job * 1.5 / 60) + 5;
  cli_append_quoted(line, c->job_file[0] == '/' ? "KITH_JOB=" : "KITH_JOB=$PWD/", c->job_file);
  if (!plan_settings(c, set))
    cli_print_wrapped(c, 2,
                      "a value of --set has blanks or quotes, which KITH_OPTIONS cannot hold: write the "
                      "settings into the job file");
  else if (set[0]) cli_append_quoted(line, " KITH_OPTIONS=", set);
  size_t n = strlen(line);
  snprintf(line + n, sizeof line - n,
           " sbatch --nodes=%d --ntasks-per-node=%d --cpus-per-task=%.0f --mem=%.0fM", row->cut.n_node, busy,
           p->machine.threads, mib);
  n = strlen(line);
  if (row->has_step) snprintf(line + n, sizeof line - n, " --time=%.0f", minutes);
  n = strlen(line);
  snprintf(line + n, sizeof line - n, " slurm/train.sbatch");
  cli_print(c, "%s", line);
  cli_json(p->c, "sbatch", "%s", "");
  cli_json_string(p->c, line);
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
  cli_print(p->c, "recommended: %s", KITH_COUNT(row->cut.size, "rank(s)"));
  cli_json(p->c, "recommended", "%d", row->cut.size);
  plan_print_sbatch(p, row);
}
