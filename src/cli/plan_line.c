/* kith plan: the lines for Slurm, of training alone and of all stages. */
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "cli/plan.h"

enum { LINE_WEEK = 7 * 24 * 60 }; /* minutes: few clusters give more at once */

typedef struct plan_line {
  char program[PATH_MAX], folder[PATH_MAX], job[PATH_MAX]; /* absolute */
  bool finds;                                              /* the scripts find this program by themselves */
  char set[CLI_JOB_ARGS]; /* "--set a=b …", which the scripts split at blanks */
} plan_line;

/* The scripts that were installed, or lie in the source, beside the program; else their name in the source.
 */
static void line_scripts(plan_line *l) {
  static const char *const beside[] = {"../share/kith/slurm", "../slurm", "../../slurm"};
  char parent[KITH_PATH], path[KITH_PATH + 64];
  ssize_t n = readlink("/proc/self/exe", l->program, sizeof l->program - 1);
  l->program[n > 0 ? n : 0] = '\0';
  kith_file_parent(l->program, parent);
  for (int i = 0; i < (int)(sizeof beside / sizeof *beside); i++) {
    snprintf(path, sizeof path, "%s/%s/train.sbatch", parent, beside[i]);
    if (access(path, R_OK) != 0) continue;
    *strrchr(path, '/') = '\0';
    if (!realpath(path, l->folder)) continue;
    l->finds = i == 0;
    return;
  }
  snprintf(l->folder, sizeof l->folder, "slurm");
}

/* The settings that KITH_OPTIONS can hold; the others are named. */
static void line_settings(cli *c, plan_line *l) {
  int kept = 0;
  cli_json(c, "write_into_job", "[");
  for (int i = 0; i < c->n_set; i++) {
    if (strpbrk(c->set[i], " \t\n'\"")) {
      cli_print_wrapped(c, 2, "write %s into %s: blanks and quotes have no place in KITH_OPTIONS", c->set[i],
                        l->job);
      if (kept++ > 0) cli_json_more(c, ", ");
      cli_json_string(c, c->set[i]);
      continue;
    }
    size_t n = strlen(l->set);
    snprintf(l->set + n, sizeof l->set - n, "%s--set %s", n > 0 ? " " : "", c->set[i]);
  }
  cli_json_more(c, "]");
}

static void line_append(char *line, const char *format, double x) {
  size_t n = strlen(line);
  snprintf(line + n, CLI_JOB_ARGS - n, format, x);
}

/* Half more time than is expected, a week at most: training goes on behind its time limit. */
static void line_time(const planner *p, const plan_row *row, char *line) {
  double minutes = ceil(row->job * 1.5 / 60) + 5;
  if (!row->has_step || row->step.seconds <= 0) {
    cli_note(p->c, 2, "no --time, since seconds are not known: the cluster's default holds");
    return;
  }
  if (minutes <= LINE_WEEK) {
    line_append(line, " --time=%.0f", minutes);
    return;
  }
  line_append(line, " --time=%.0f-00:00", LINE_WEEK / (24 * 60.0));
  cli_print_wrapped(p->c, 2,
                    "this takes longer than the week of --time: train.sbatch puts itself back into the "
                    "queue and goes on, but such a job needs %s%s, or fewer epochs",
                    p->c->job.train.sampler.mode == KITH_FULL ? "sampler.mode: neighbor or " : "",
                    "a larger train.batch");
}

/* Nodes, ranks, a third more memory than is expected, as far as the nodes have it. */
static void line_options(const planner *p, const plan_row *row, char *options) {
  int busy = row->cut.size < row->cut.per_node ? row->cut.size : row->cut.per_node;
  double need = (double)row->bytes * busy,
         mib = fmin(ceil(need * 4 / 3 / 0x1p20), floor(p->machine.memory / 0x1p20));
  line_append(options, " --nodes=%.0f", row->cut.n_node);
  line_append(options, " --ntasks-per-node=%.0f", busy);
  line_append(options, " --cpus-per-task=%.0f", p->machine.threads);
  line_append(options, " --mem=%.0fM", fmax(1, mib));
  if (need * 4 / 3 > p->machine.memory)
    cli_note(p->c, 2, "--mem is all that a node has, %.0f %% more than is expected",
             100 * (p->machine.memory / need - 1));
  line_time(p, row, options);
}

static void line_program(const plan_line *l, char *line) {
  if (!l->finds) cli_append_quoted(line, "KITH=", l->program);
  if (l->set[0]) cli_append_quoted(line, line[0] ? " KITH_OPTIONS=" : "KITH_OPTIONS=", l->set);
}

static bool line_has(const cli *c, const char *name) {
  char path[KITH_PATH];
  return kith_job_file(&c->job, name, path) == KITH_OK && access(path, F_OK) == 0;
}

/* Where parts.h5 is missing: all stages, each behind the one before. */
static void line_pipeline(const planner *p, const plan_row *row, const plan_line *l, const char *options) {
  char line[CLI_JOB_ARGS] = "", script[PATH_MAX + 32];
  cli *c = p->c;
  if (line_has(c, "parts.h5")) return;
  snprintf(script, sizeof script, "%s/pipeline.sh", l->folder);
  line_program(l, line);
  cli_append_quoted(line, line[0] ? " " : "", script);
  cli_append_quoted(line, " ", l->job);
  size_t n = strlen(line);
  snprintf(line + n, sizeof line - n, "%s", options);
  cli_print_wrapped(c, 2, "%s not there yet; this makes %s, trains and evaluates:",
                    line_has(c, "graph.h5") ? "parts.h5 is" : "graph.h5 and parts.h5 are",
                    line_has(c, "graph.h5") ? "it" : "them");
  cli_print(c, "%s", line);
  if (row->cut.size > c->job.partition.parts)
    cli_print_wrapped(c, 2, "but set partition.parts to %d at least in the job file", row->cut.size);
  cli_json(c, "pipeline", "%s", "");
  cli_json_string(c, line);
}

void plan_print_lines(const planner *p, const plan_row *row) {
  plan_line l = {.finds = false};
  char line[CLI_JOB_ARGS] = "", options[CLI_JOB_ARGS] = "", script[PATH_MAX + 32];
  cli *c = p->c;
  if (!realpath(c->job_file, l.job)) snprintf(l.job, sizeof l.job, "%s", c->job_file);
  line_scripts(&l);
  line_settings(c, &l);
  line_options(p, row, options);
  snprintf(script, sizeof script, "%s/train.sbatch", l.folder);
  if (l.folder[0] != '/')
    cli_print_wrapped(c, 2, "the folder slurm is that of Kith's source; it is not beside %s", l.program);
  line_program(&l, line);
  cli_append_quoted(line, line[0] ? " KITH_JOB=" : "KITH_JOB=", l.job);
  size_t n = strlen(line);
  snprintf(line + n, sizeof line - n, " sbatch%s", options);
  cli_append_quoted(line, " ", script);
  cli_print(c, "%s", line);
  cli_json(c, "sbatch", "%s", "");
  cli_json_string(c, line);
  line_pipeline(p, row, &l, options);
}
