/* kith sweep: the trials of the job's section sweep, and the best of them on validation. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/start.h"
#include "cli/sweep.h"
#include "base/fault.h"
#include "comm/placement.h"
#include "h5/h5.h"

enum { SWEEP_PARALLEL = 256, SWEEP_RANKS = 4096, SWEEP_WORDS = 2 * CLI_SETTINGS + 4 };

typedef struct sweep_options {
  int64_t parallel, ranks; /* parallel 0: not given */
  bool fresh, status, slurm;
  const char *sbatch; /* options of sbatch */
} sweep_options;

static kith_status sweep_take_options(cli *c, sweep_options *o) {
  kith_status st = KITH_OK;
  *o = (sweep_options){.ranks = 1};
  KITH_TRY(cli_number(c, "parallel", 1, SWEEP_PARALLEL, &o->parallel));
  KITH_TRY(cli_number(c, "ranks", 1, SWEEP_RANKS, &o->ranks));
  o->fresh = cli_flag(c, "fresh");
  o->status = cli_flag(c, "status");
  o->slurm = cli_flag(c, "slurm");
  o->sbatch = cli_option(c, "sbatch");
  KITH_TRY(cli_no_more(c));
  KITH_CHECK(!o->fresh || !o->status, KITH_EUSAGE,
             "kith sweep: --status runs nothing, so it has nothing to begin anew; leave out --fresh");
  KITH_CHECK(!o->slurm || !o->status, KITH_EUSAGE,
             "kith sweep: --status runs nothing, and nothing by Slurm; leave out --slurm");
  KITH_CHECK(o->slurm || !o->sbatch, KITH_EUSAGE,
             "kith sweep: --sbatch: these are options of --slurm, which is not given");
  KITH_CHECK(c->comm->size == 1 && !getenv("OMPI_COMM_WORLD_SIZE"), KITH_EUSAGE,
             "kith sweep: start it without mpirun or srun; --ranks R gives each trial R ranks");
  KITH_TRY(cli_check_one_model(c));
done:
  return st;
}

/* Whether the command line sets the key of a setting itself. */
static bool sweep_sets(const cli *c, const char *setting) {
  const size_t n = strcspn(setting, "=") + 1;
  for (int i = 0; i < c->n_set; i++)
    if (strncmp(c->set[i], setting, n) == 0) return true;
  return false;
}

/* The settings of the command that began the sweep in the work folder, but for keys that this one sets; they
 * are in *text then, a new block, and before those of this command. */
static kith_agreed sweep_take_stored(cli *c, char **text) {
  kith_agreed st = {KITH_OK};
  char *rest = NULL, taken[CLI_JOB_ARGS] = "";
  const char *set[CLI_SETTINGS];
  int n = 0;
  KITH_TRY(kith_agree(c->comm, KITH_NEW(*text, KITH_SWEEP_STORED)));
  KITH_TRY(kith_agree(c->comm, kith_sweep_stored(&c->job, *text)));
  for (char *line = strtok_r(*text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
    if (sweep_sets(c, line)) continue;
    if (c->n_set + n == CLI_SETTINGS)
      KITH_TRY(kith_agreed_same(kith_fail(KITH_EUSAGE, "more than %d --set, with those of the sweep in %s",
                                          CLI_SETTINGS, c->job.work)));
    set[n++] = line;
    cli_append_quoted(taken, " --set ", line);
  }
  if (n == 0) return st;
  memmove(c->set + n, c->set, (size_t)c->n_set * sizeof *c->set);
  memcpy(c->set, set, (size_t)n * sizeof *set);
  c->n_set += n;
  KITH_TRY(kith_job_read(c->comm, c->job_file, c->n_set, c->set, &c->job));
  cli_print_job_args(c, NULL, c->job_args);
  kith_log("as the sweep in %s/sweep was begun:%s", c->job.work, taken);
done:
  return st;
}

/* ---- the graph that all trials share ---- */

/* Why a stage ended: its last line. */
static void sweep_last_line(const char *path, char *line, size_t size) {
  FILE *f = kith_fault(KITH_FAULT_READ) ? NULL : fopen(path, "re");
  char text[1024];
  line[0] = '\0';
  while (f && fgets(text, sizeof text, f)) snprintf(line, size, "%.*s", (int)strcspn(text, "\n"), text);
  if (f) fclose(f);
}

static kith_status sweep_stage(const cli *c, const kith_sweep *s, const kith_sweep_runner *r,
                               const char *verb) {
  kith_status st = KITH_OK;
  const char *word[SWEEP_WORDS] = {verb, c->job_file, "--quiet"};
  char log[KITH_PATH], line[512];
  int n = 3, code = 0;
  KITH_TRY(kith_path_join(s->folder, "stages.txt", log));
  KITH_CHECK(unlink(log) == 0 || errno == ENOENT, KITH_EOUTPUT, "%s: cannot be removed: %s", log,
             strerror(errno));
  for (int i = 0; i < c->n_set; i++) {
    word[n++] = "--set";
    word[n++] = c->set[i];
  }
  kith_log("kith %s %s", verb, c->job_args);
  KITH_TRY(kith_sweep_stage(r, log, n, word, &code));
  sweep_last_line(log, line, sizeof line);
  const kith_status why = code >= KITH_EUSAGE && code <= KITH_ECONFIG ? (kith_status)code : KITH_EINTERRUPT;
  if (code != 0) return kith_fail(why, "kith %s ended with code %d: %s", verb, code, line);
done:
  return st;
}

/* graph.h5 and parts.h5, where they are missing. */
static kith_agreed sweep_make_graph(const cli *c, const kith_sweep *s, const kith_sweep_runner *r) {
  kith_agreed st = {KITH_OK};
  char path[KITH_PATH];
  KITH_TRY(kith_agree(c->comm, kith_folder_make(s->folder)));
  if (!cli_has_stage(c, "graph.h5", path)) KITH_TRY(kith_agree(c->comm, sweep_stage(c, s, r, "ingest")));
  if (!cli_has_stage(c, "parts.h5", path)) KITH_TRY(kith_agree(c->comm, sweep_stage(c, s, r, "partition")));
done:
  return st;
}

kith_agreed cli_sweep_fingerprint(const cli *c, int64_t *out) {
  kith_agreed st = {KITH_OK};
  kith_h5 *f = NULL;
  char path[KITH_PATH];
  KITH_TRY(kith_agree(c->comm, cli_stage(c, "graph.h5", path)));
  KITH_TRY(kith_h5_open(c->comm, path, KITH_GRAPH_FORMAT, KITH_FILE_VERSION, &f));
  KITH_TRY(kith_h5_get_attr_int(f, "fingerprint", out));
done:
  kith_h5_close(&f);
  return st;
}

/* ---- runs ---- */

/* A line on stderr when a trial begins, goes on or has ended. */
static void sweep_changed(void *context, const kith_sweep *s, int t) {
  const kith_trial *x = &s->trial[t];
  (void)context;
  if (x->status == KITH_TRIAL_RUNNING)
    kith_log("trial %d of %d %s", t + 1, s->n, x->epochs > 0 ? "goes on" : "begins");
  else if (x->status == KITH_TRIAL_FAILED) kith_log("trial %d of %d failed: %s", t + 1, s->n, x->error);
  else if (x->has_score)
    kith_log("trial %d of %d: %s %.6f after %s", t + 1, s->n, s->metric, x->score,
             KITH_COUNT(x->epochs, "epoch(s)"));
}

/* Threads of a rank where several trials share the cores; 0: as the environment says, or as a trial finds. */
static int sweep_threads(const sweep_options *o) {
  kith_host_info p;
  const char *told = getenv("OMP_NUM_THREADS");
  if ((told && told[0]) || o->parallel <= 1) return 0;
  kith_host_info_get(&p);
  const int64_t share = kith_host_info_usable_cores(&p) / (o->parallel * o->ranks);
  return share > 1 ? (int)share : 1;
}

/* The program that runs, as a path. */
kith_status cli_sweep_program(char *path) {
  kith_status st = KITH_OK;
  const ssize_t n = readlink("/proc/self/exe", path, KITH_PATH - 1);
  KITH_CHECK(n > 0, KITH_EIO, "/proc/self/exe: %s", strerror(errno));
  path[n] = '\0';
done:
  return st;
}

kith_status cli_sweep_look_at_all(kith_sweep *s) {
  kith_status st = KITH_OK;
  for (int t = 0; t < s->n; t++) KITH_TRY(kith_sweep_look(s, t));
done:
  return st;
}

/* Other than by a failure of this program: the first trial that failed, of which those that can go on come
 * first. */
static kith_status sweep_outcome(const kith_sweep *s) {
  kith_status st = KITH_OK;
  int n = 0, first = -1;
  kith_status why = KITH_OK;
  for (int t = 0; t < s->n; t++) {
    const kith_trial *x = &s->trial[t];
    if (x->status != KITH_TRIAL_FAILED) continue;
    const bool named = x->code >= KITH_EUSAGE && x->code <= KITH_ECONFIG && x->code != KITH_EINTERRUPT;
    n++;
    if (first < 0 || (!named && why != KITH_EINTERRUPT)) {
      first = t;
      why = named ? (kith_status)x->code : KITH_EINTERRUPT;
    }
  }
  KITH_CHECK(n == 0, why, "%d of %s failed: trial %d: %s; run again to try them again", n,
             KITH_COUNT(s->n, "trial(s)"), first + 1, s->trial[first].error);
done:
  return st;
}

static kith_agreed sweep_all(cli *c, kith_sweep *s, const sweep_options *o) {
  kith_agreed st = {KITH_OK};
  char program[KITH_PATH], trials[KITH_PATH];
  const char *unset[] = {"KITH_STARTED", NULL, NULL, NULL};
  kith_sweep_runner r = {.program = program,
                         .parallel = o->parallel > 0 ? (int)o->parallel : 1,
                         .ranks = (int)o->ranks,
                         .threads = sweep_threads(o),
                         .unset = unset,
                         .changed = sweep_changed};
  int64_t fingerprint = 0;
  if (cli_started_get()->wait != CLI_WAIT_BY_USER) unset[1] = "OMP_WAIT_POLICY", unset[2] = "GOMP_SPINCOUNT";
  KITH_TRY(kith_agree(c->comm, cli_sweep_program(program)));
  KITH_TRY(kith_agree(c->comm, kith_path_join(s->folder, "trials.jsonl", trials)));
  KITH_TRY(cli_lock_of(c, trials));
  KITH_TRY(sweep_make_graph(c, s, &r));
  KITH_TRY(cli_sweep_fingerprint(c, &fingerprint));
  KITH_TRY(kith_sweep_prepare(c->comm, s, fingerprint, o->fresh));
  KITH_TRY(kith_agree(c->comm, kith_sweep_store(&c->job, c->n_set, c->set)));
  KITH_TRY(kith_agree(c->comm, cli_sweep_look_at_all(s)));
  KITH_TRY(kith_agree(c->comm, kith_sweep_run(s, &r)));
done:
  return st;
}

/* A run that its log says has failed, and that nobody has tried again since. */
static void sweep_mark_failed(kith_sweep *s) {
  for (int t = 0; t < s->n; t++) {
    kith_trial *x = &s->trial[t];
    if (x->code != 0 && x->code != KITH_EINTERRUPT) x->status = KITH_TRIAL_FAILED;
  }
}

static kith_agreed sweep_status(cli *c, kith_sweep *s) {
  kith_agreed st = {KITH_OK};
  int64_t fingerprint = 0;
  int rung = 0;
  bool *todo = NULL;
  KITH_TRY(cli_sweep_fingerprint(c, &fingerprint));
  KITH_TRY(kith_agree(c->comm, kith_sweep_check(s, fingerprint)));
  KITH_TRY(kith_agree(c->comm, cli_sweep_look_at_all(s)));
  sweep_mark_failed(s);
  KITH_TRY(kith_agree(c->comm, KITH_NEW(todo, s->n + 1)));
  KITH_TRY(kith_agree(c->comm, kith_sweep_settle(s, &rung, todo)));
done:
  KITH_FREE(todo);
  return st;
}

kith_agreed cli_sweep(cli *c) {
  kith_agreed st = {KITH_OK};
  sweep_options o;
  kith_sweep s = {.n = 0};
  char *stored = NULL;
  bool queued = false;
  KITH_TRY(kith_agreed_same(sweep_take_options(c, &o)));
  if (!o.fresh) KITH_TRY(sweep_take_stored(c, &stored));
  KITH_TRY(kith_agree(c->comm, kith_sweep_create(&c->job, &s)));
  if (s.n_same > 0)
    kith_log("%s as another trial, since keys without effect alone tell them apart: left out",
             KITH_COUNT(s.n_same, "combination(s) (is|are) the same run"));
  if (!o.status && c->job.sweep.trials > s.n)
    kith_log("%s in all, fewer than sweep.trials: no further combination was found",
             KITH_COUNT(s.n, "trial(s)"));
  if (o.slurm)
    KITH_TRY(
        cli_sweep_slurm(c, &s, (int)o.parallel, (int)o.ranks, o.sbatch ? o.sbatch : "", o.fresh, &queued));
  else KITH_TRY(o.status ? sweep_status(c, &s) : sweep_all(c, &s, &o));
  if (!queued) KITH_TRY(kith_agree(c->comm, cli_sweep_print(c, &s)));
  KITH_TRY(kith_agree(c->comm, o.status || queued ? KITH_OK : sweep_outcome(&s)));
done:
  kith_sweep_free(&s);
  if (stored) c->n_set = 0; /* some of them are in the block */
  KITH_FREE(stored);
  return st;
}
