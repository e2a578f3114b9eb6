/*
 * Trials as an array of Slurm jobs, and a job behind it that looks at what has come of them.
 *
 * The folder of the sweep has next.sh, the command that goes on; queue.txt, the numbers of the jobs; and what
 * sbatch and squeue say, tools.txt.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/file.h"
#include "sweep/process.h"

enum { SLURM_WORDS = 64, SLURM_LIST = 1 << 16, SLURM_OPTIONS = 2048 };

static const char *const slurm_unset[] = {"KITH_STARTED", "SLURM_*", "KITH_SWEEP*", "KITH_OPTIONS",
                                          "KITH_JOB",     "KITH",    NULL};

/* What a tool says, one line, to text [size]; its code. */
static kith_status slurm_tool(const kith_sweep *s, const char *const *word, const char *const *add, int *code,
                              size_t size, char *text) {
  kith_status st = KITH_OK;
  char path[KITH_PATH];
  kith_process_env env = {.text = NULL};
  text[0] = '\0';
  KITH_TRY(kith_path_join(s->folder, "tools.txt", path));
  KITH_CHECK(unlink(path) == 0 || errno == ENOENT, KITH_EOUTPUT, "%s: cannot be removed: %s", path,
             strerror(errno));
  KITH_TRY(kith__process_environment(slurm_unset, add, &env));
  KITH_TRY(kith__process_run(path, word, &env, code));
  KITH_TRY(kith__sweep_first_line(path, size, text));
done:
  kith__process_environment_free(&env);
  return st;
}

/* SLURM_CONF says which cluster it is; all else of an enclosing job is not for its successors. */
static const char *slurm_conf(char *text) {
  const char *conf = getenv("SLURM_CONF");
  snprintf(text, KITH_PATH + 16, "SLURM_CONF=%s", conf ? conf : "");
  return conf ? text : NULL;
}

kith_status kith_sweep_queued(const kith_sweep *s, char *jobs) {
  kith_status st = KITH_OK;
  char path[KITH_PATH], said[512], conf[KITH_PATH + 16];
  FILE *f = NULL;
  int code = 0;
  jobs[0] = '\0';
  KITH_TRY(kith_path_join(s->folder, "queue.txt", path));
  if (access(path, F_OK) != 0) return st;
  KITH_TRY(kith_file_fopen(path, &f));
  const size_t n = fread(jobs, 1, KITH_NAME - 1, f);
  KITH_CHECK(!ferror(f) && !kith_fault(KITH_FAULT_READ), KITH_EIO, "%s: cannot be read", path);
  jobs[n] = '\0';
  jobs[strcspn(jobs, "\n")] = '\0';
  const char *const word[] = {"squeue", "-h", "-o", "%i", "-j", jobs, NULL}, *const add[] = {slurm_conf(conf),
                                                                                             NULL};
  KITH_TRY(slurm_tool(s, word, add, &code, sizeof said, said));
  if (code != 0 || !said[0]) jobs[0] = '\0'; /* squeue refuses numbers that it has forgotten */
done:
  if (f) fclose(f);
  return st;
}

/* "1-3,7" of the trials, and "%N". */
static void slurm_list(const kith_sweep *s, const bool *todo, int parallel, char *text) {
  size_t n = 0;
  text[0] = '\0';
  for (int t = 0; t < s->n; t++) {
    if (!todo[t]) continue;
    int last = t;
    while (last + 1 < s->n && todo[last + 1]) last++;
    n += (size_t)snprintf(text + n, SLURM_LIST - n, n > 0 ? ",%d" : "%d", t + 1);
    if (last > t) n += (size_t)snprintf(text + n, SLURM_LIST - n, "-%d", last + 1);
    t = last;
  }
  if (parallel > 0) snprintf(text + n, SLURM_LIST - n, "%%%d", parallel);
}

static kith_status slurm_write_next(const kith_sweep *s, const char *command) {
  kith_status st = KITH_OK;
  char path[KITH_PATH], *text = NULL;
  const int64_t size = (int64_t)strlen(command) + 64;
  KITH_TRY(KITH_NEW(text, size));
  snprintf(text, (size_t)size, "#!/usr/bin/env bash\nexec %s\n", command);
  KITH_TRY(kith_path_join(s->folder, "next.sh", path));
  KITH_TRY(kith_text_write(path, text));
done:
  KITH_FREE(text);
  return st;
}

/* What a submission needs, as variables of the jobs. */
typedef struct slurm_job {
  char program[KITH_PATH + 8], scripts[KITH_PATH + 16], folder[KITH_PATH + 16], conf[KITH_PATH + 16],
      options[128], rung[64];
  const char *add[8];
} slurm_job;

static void slurm_variables(const kith_sweep *s, const kith_sweep_queue *q, int rung, bool behind,
                            slurm_job *j) {
  int n = 0;
  snprintf(j->program, sizeof j->program, "KITH=%s", q->program);
  snprintf(j->scripts, sizeof j->scripts, "KITH_SLURM=%s", q->scripts);
  snprintf(j->folder, sizeof j->folder, "KITH_SWEEP=%s", s->folder);
  snprintf(j->rung, sizeof j->rung, "KITH_SWEEP_RUNG=%d", rung);
  int at = snprintf(j->options, sizeof j->options, "KITH_OPTIONS=--json --quiet%s",
                    kith_sweep_of_stream(s) ? "" : " --no-test");
  if (rung < s->n_rung)
    snprintf(j->options + at, sizeof j->options - (size_t)at, " --set %s=%d", kith_sweep_epochs_key(s->base),
             s->rung_epochs[rung - 1]);
  j->add[n++] = j->program;
  j->add[n++] = j->scripts;
  j->add[n++] = j->folder;
  if (behind) j->add[n++] = j->rung;
  else j->add[n++] = j->options;
  if (slurm_conf(j->conf)) j->add[n++] = j->conf;
  j->add[n] = NULL;
}

/* sbatch, with the options of the user before ours, which win.  The number of the job, to id [KITH_NAME]. */
static kith_status slurm_sbatch(const kith_sweep *s, const kith_sweep_queue *q, const slurm_job *j,
                                const char *const *ours, char *id) {
  kith_status st = KITH_OK;
  const char *word[SLURM_WORDS + 16] = {"sbatch", "--parsable", "--export=ALL"};
  char options[SLURM_OPTIONS], said[512], output[2 * KITH_PATH], script[KITH_PATH], *rest = NULL;
  int n = 3, code = 0;
  KITH_TRY(kith_text_copy("--sbatch", q->options, sizeof options, options));
  for (char *one = strtok_r(options, " ", &rest); one; one = strtok_r(NULL, " ", &rest)) {
    KITH_CHECK(n < SLURM_WORDS, KITH_EUSAGE, "kith sweep: --sbatch: expected at most %d words",
               SLURM_WORDS - 3);
    word[n++] = one;
  }
  snprintf(output, sizeof output, "--output=%s/slurm.out", s->folder);
  word[n++] = output;
  for (; *ours; ours++) word[n++] = *ours;
  KITH_TRY(kith_path_join(q->scripts, "sweep.sbatch", script));
  word[n++] = script;
  KITH_TRY(slurm_tool(s, word, j->add, &code, sizeof said, said));
  KITH_CHECK(code == 0 && said[0], KITH_EUSAGE, "sbatch refuses the sweep: %s",
             said[0] ? said : "it says nothing");
  snprintf(id, KITH_NAME, "%.*s", (int)strcspn(said, ";"), said);
done:
  return st;
}

kith_status kith_sweep_submit(const kith_sweep *s, const kith_sweep_queue *q, int rung, const bool *todo,
                              char *jobs) {
  kith_status st = KITH_OK;
  char *list = NULL, array[SLURM_LIST / 32], ranks[32], first[KITH_NAME], second[KITH_NAME],
       behind[KITH_NAME + 32], path[KITH_PATH];
  slurm_job *j = NULL;
  KITH_TRY(KITH_NEW(list, SLURM_LIST));
  KITH_TRY(KITH_NEW(j, 1));
  KITH_TRY(slurm_write_next(s, q->command));
  slurm_list(s, todo, q->parallel, list);
  KITH_CHECK(strlen(list) + 16 < sizeof array, KITH_ECONFIG,
             "%s: too many trials with gaps between them for an array of Slurm", s->folder);
  snprintf(array, sizeof array, "--array=%s", list);
  snprintf(ranks, sizeof ranks, "--ntasks=%d", q->ranks);
  const char *const of_array[] = {array, ranks, NULL};
  slurm_variables(s, q, rung, false, j);
  KITH_TRY(slurm_sbatch(s, q, j, of_array, first));
  snprintf(behind, sizeof behind, "--dependency=afterany:%s", first);
  const char *const of_next[] = {behind, "--nodes=1", "--ntasks=1", "--ntasks-per-node=1", NULL};
  slurm_variables(s, q, rung, true, j);
  KITH_TRY(slurm_sbatch(s, q, j, of_next, second));
  snprintf(jobs, KITH_NAME, "%.30s,%.30s", first, second);
  KITH_TRY(kith_path_join(s->folder, "queue.txt", path));
  KITH_TRY(kith_text_write(path, jobs));
done:
  KITH_FREE(list);
  KITH_FREE(j);
  return st;
}

void kith_sweep_give_up(kith_sweep *s, const bool *todo) {
  for (int t = 0; t < s->n; t++) {
    kith_trial *x = &s->trial[t];
    if (!todo[t]) continue;
    x->status = KITH_TRIAL_FAILED;
    if (x->code == 0) x->code = KITH_EINTERRUPT;
    if (!x->error[0])
      snprintf(x->error, sizeof x->error, "its job ended before its run; see its log.txt and slurm.out");
  }
}
