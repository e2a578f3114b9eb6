/* kith sweep --slurm: trials as jobs of Slurm. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "cli/sweep.h"

enum { SLURM_COMMAND = 4 * CLI_JOB_ARGS };

/* Append a word, quoted for a shell. */
static void slurm_quote(const char *before, const char *word, char *text) {
  size_t n = strlen(text);
  n += (size_t)snprintf(text + n, SLURM_COMMAND - n, "%s'", before);
  for (; *word && n + 8 < SLURM_COMMAND; word++) {
    if (*word == '\'') n += (size_t)snprintf(text + n, SLURM_COMMAND - n, "'\\''");
    else text[n++] = *word;
  }
  text[n++] = '\'';
  text[n] = '\0';
}

/* The command that goes on when an array has ended. */
static kith_status slurm_command(const cli *c, const char *program, int parallel, int ranks,
                                 const char *options, char *text) {
  kith_status st = KITH_OK;
  char here[KITH_PATH], job[KITH_PATH], number[64];
  size_t all = strlen(options);
  for (int i = 0; i < c->n_set; i++) all += strlen(c->set[i]) + 16;
  KITH_CHECK(2 * all + 4 * (size_t)KITH_PATH < SLURM_COMMAND, KITH_EUSAGE,
             "kith sweep: the settings of the command line are too long; put them into the job file");
  KITH_CHECK(getcwd(here, sizeof here), KITH_EIO, "the current folder has no path");
  KITH_TRY(kith_path_join(here, c->job_file, job));
  text[0] = '\0';
  slurm_quote("", program, text);
  slurm_quote(" sweep ", job, text);
  for (int i = 0; i < c->n_set; i++) slurm_quote(" --set ", c->set[i], text);
  snprintf(number, sizeof number, "%d", ranks);
  slurm_quote(" --slurm --ranks ", number, text);
  snprintf(number, sizeof number, "%d", parallel);
  if (parallel > 0) slurm_quote(" --parallel ", number, text);
  if (options[0]) slurm_quote(" --sbatch=", options, text);
done:
  return st;
}

/* The folder of sweep.sbatch: KITH_SLURM, or where the program was installed or built. */
static kith_status slurm_scripts(const char *program, char *path) {
  kith_status st = KITH_OK;
  static const char *const place[] = {"../share/kith/slurm", "../slurm", "../../slurm"};
  const char *told = getenv("KITH_SLURM");
  char folder[KITH_PATH], script[KITH_PATH];
  kith_file_parent(program, folder);
  if (told && told[0]) return kith_text_copy("KITH_SLURM", told, KITH_PATH, path);
  for (size_t i = 0; i < sizeof place / sizeof *place; i++) {
    KITH_TRY(kith_path_join(folder, place[i], path));
    KITH_TRY(kith_path_join(path, "sweep.sbatch", script));
    if (access(script, R_OK) == 0) return st;
  }
  st = kith_fail(KITH_ENOINPUT, "sweep.sbatch: not found near %s; set KITH_SLURM to its folder", program);
done:
  return st;
}

/* The job behind the array of a rung: trials of this rung, or of one before, that did not end have failed. */
static kith_status slurm_collect(kith_sweep *s, int64_t of_array, bool *todo) {
  kith_status st = KITH_OK;
  int rung = 0;
  KITH_TRY(kith_sweep_settle(s, &rung, todo));
  while (rung <= of_array) {
    kith_sweep_give_up(s, todo);
    KITH_TRY(kith_sweep_settle(s, &rung, todo));
  }
done:
  return st;
}

/* The rung whose array has ended: KITH_SWEEP_RUNG; 0 if this is the command that begins. */
static kith_status slurm_rung(int64_t *rung) {
  const char *text = getenv("KITH_SWEEP_RUNG"), *end = text;
  *rung = 0;
  if (text && (!kith_text_number(&end, rung) || *end || *rung > KITH_SWEEP_RUNGS))
    return kith_fail(KITH_EUSAGE, "KITH_SWEEP_RUNG: expected the number of a rung, found \"%s\"", text);
  return KITH_OK;
}

static kith_status slurm_check_queue(const cli *c, const kith_sweep *s) {
  kith_status st = KITH_OK;
  char jobs[KITH_NAME];
  KITH_TRY(kith_sweep_queued(s, jobs));
  KITH_CHECK(
      !jobs[0], KITH_EUSAGE,
      "kith sweep: jobs %s of this sweep are in the queue; kith sweep %s --status says how far they are",
      jobs, c->job_args);
done:
  return st;
}

static kith_status slurm_submit(cli *c, kith_sweep *s, kith_sweep_queue *q, bool *todo, bool *queued) {
  kith_status st = KITH_OK;
  int rung = 0, n = 0;
  char jobs[KITH_NAME];
  KITH_TRY(kith_sweep_settle(s, &rung, todo));
  KITH_TRY(kith_sweep_write(s));
  *queued = rung <= s->n_rung;
  if (!*queued) return st;
  for (int t = 0; t < s->n; t++) n += todo[t];
  KITH_TRY(kith_sweep_submit(s, q, rung, todo, jobs));
  cli_print(c, "submitted %s as jobs %s; %s/slurm.out will have the table", KITH_COUNT(n, "trial(s)"), jobs,
            s->folder);
  cli_print(c, "kith sweep %s --status says how far they are", c->job_args);
  cli_json(c, "jobs", "\"%s\"", jobs);
  cli_json(c, "submitted", "%d", n);
done:
  return st;
}

kith_agreed cli_sweep_slurm(cli *c, kith_sweep *s, int parallel, int ranks, const char *options, bool fresh,
                            bool *queued) {
  kith_agreed st = {KITH_OK};
  char program[KITH_PATH], scripts[KITH_PATH], trials[KITH_PATH], *command = NULL;
  kith_sweep_queue q = {
      .program = program, .scripts = scripts, .parallel = parallel, .ranks = ranks, .options = options};
  int64_t fingerprint = 0, of_array = 0;
  bool *todo = NULL;
  KITH_TRY(kith_agree(c->comm, slurm_rung(&of_array)));
  KITH_TRY(kith_agree(c->comm, cli_sweep_program(program)));
  KITH_TRY(kith_agree(c->comm, slurm_scripts(program, scripts)));
  KITH_TRY(kith_agree(c->comm, KITH_NEW(command, SLURM_COMMAND)));
  KITH_TRY(kith_agree(c->comm, KITH_NEW(todo, s->n + 1)));
  KITH_TRY(kith_agree(c->comm, slurm_command(c, program, parallel, ranks, options, command)));
  q.command = command;
  KITH_TRY(kith_agree(c->comm, kith_path_join(s->folder, "trials.jsonl", trials)));
  KITH_TRY(cli_lock_of(c, trials));
  KITH_TRY(cli_sweep_fingerprint(c, &fingerprint));
  if (of_array == 0) KITH_TRY(kith_agree(c->comm, slurm_check_queue(c, s)));
  KITH_TRY(kith_sweep_prepare(c->comm, s, fingerprint, fresh));
  KITH_TRY(kith_agree(c->comm, kith_sweep_store(&c->job, c->n_set, c->set)));
  KITH_TRY(kith_agree(c->comm, cli_sweep_look_at_all(s)));
  if (of_array > 0) KITH_TRY(kith_agree(c->comm, slurm_collect(s, of_array, todo)));
  KITH_TRY(kith_agree(c->comm, slurm_submit(c, s, &q, todo, queued)));
done:
  KITH_FREE(command);
  KITH_FREE(todo);
  return st;
}
