/* kith report: one page of HTML about a run. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/report.h"

typedef struct report_arguments {
  char path[KITH_PATH];
  int n_compare;
  const char *compare[KITH_REPORT_RUNS];
} report_arguments;

static kith_status report_add_compare(report_arguments *a, const char *run) {
  kith_status st = KITH_OK;
  KITH_CHECK(a->n_compare < KITH_REPORT_RUNS - 1, KITH_EUSAGE,
             "kith report: --compare: more than %d runs beside the job's", KITH_REPORT_RUNS - 1);
  a->compare[a->n_compare++] = run;
done:
  return st;
}

/* A file that can be written: --output names one, and a refit is there. */
static kith_status report_check(const cli *c, const char *output) {
  kith_status st = KITH_OK;
  struct stat is;
  KITH_CHECK(!output || output[0], KITH_EUSAGE, "kith report: --output: is empty; name a file");
  KITH_CHECK(!output || stat(output, &is) != 0 || !S_ISDIR(is.st_mode), KITH_EUSAGE,
             "--output %s: is a folder; name a file in it, such as report.html", output);
  KITH_CHECK(!c->refit || access(c->job.work, F_OK) == 0, KITH_ENOINPUT,
             "%s: there is no refit: run kith train %s --refit first", c->job.work, c->job_args);
  if (output) KITH_TRY(kith_job_check_output(&c->job, output));
done:
  return st;
}

/* --compare is repeatable, and takes the words behind it as well. */
static kith_status report_take(cli *c, report_arguments *a) {
  kith_status st = KITH_OK;
  if (c->job.task == KITH_TASK_RECOMMEND) KITH_TRY(cli_take_refit(c));
  const char *output = cli_option(c, "output");
  for (const char *run = cli_option(c, "compare"); run; run = cli_option(c, "compare"))
    KITH_TRY(report_add_compare(a, run));
  while (a->n_compare > 0 && c->n_arg > 0 && c->arg[0][0] != '-') {
    const char *run = NULL;
    KITH_TRY(cli_take_file(c, "a run", &run));
    KITH_TRY(report_add_compare(a, run));
  }
  KITH_TRY(cli_no_more(c));
  if (output) KITH_TRY(kith_text_copy("--output", output, sizeof a->path, a->path));
  else KITH_TRY(kith_path_join(c->job.work, "report.html", a->path));
  if (c->comm->rank == 0) KITH_TRY(report_check(c, output));
done:
  return st;
}

static kith_status report_write(const cli *c, const report_arguments *a, const cli_report_examples *x,
                                kith_report_result *out) {
  char program[2 * KITH_NAME];
  const char *commit = c->commit ? c->commit : "";
  snprintf(program, sizeof program, "%s%s%s%s", KITH_VERSION, commit[0] ? " (" : "", commit,
           commit[0] ? ")" : "");
  const kith_report_options o = {.job = &c->job,
                                 .job_args = c->job_args,
                                 .program = program,
                                 .refit = c->refit,
                                 .n_compare = a->n_compare,
                                 .compare = a->compare,
                                 .n_example = x->n,
                                 .example = x->of,
                                 .no_reasons = x->lack,
                                 .graph = x->graph};
  return kith_report_write(&o, a->path, out);
}

kith_agreed cli_report(cli *c) {
  kith_agreed st = {KITH_OK};
  report_arguments a = {.n_compare = 0};
  kith_report_result out = {.bytes = 0};
  cli_report_examples x = {.n = 0};
  double began = kith_clock();
  KITH_TRY(kith_agree(c->comm, report_take(c, &a)));
  KITH_TRY(cli_report_examples_make(c, &x));
  KITH_TRY(kith_agree(c->comm, c->comm->rank == 0 ? report_write(c, &a, &x, &out) : KITH_OK));
  cli_print(c, "wrote %s: %s, %.0f kB", a.path, KITH_COUNT(out.n_section, "section(s)"),
            (double)out.bytes / 1000);
  if (out.n_missing > 0) cli_print_wrapped(c, 2, "not shown: %s; the page says why", out.missing);
  cli_json(c, "report", "%s", "");
  cli_json_string(c, a.path);
  cli_json(c, "bytes", "%lld", (long long)out.bytes);
  cli_json(c, "sections", "%d", out.n_section);
  cli_json(c, "missing", "%d", out.n_missing);
  cli_json(c, "seconds", "%.4f", kith_clock() - began);
done:
  cli_report_examples_free(&x);
  return st;
}
