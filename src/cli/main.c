/* main: all ranks parse the same arguments, run one verb, and exit with the same code. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/build.h"
#include "cli/start.h"
#include "cli/verbs.h"
#include "base/fault.h"
#include "comm/placement.h"

/* Options of every verb. */
typedef struct main_options {
  bool quiet, strict;
} main_options;

/* --color WHEN. */
static kith_status main_take_color(cli *c) {
  static const char *const name[] = {
      [KITH_COLOR_AUTO] = "auto", [KITH_COLOR_ALWAYS] = "always", [KITH_COLOR_NEVER] = "never"};
  kith_status st = KITH_OK;
  int when = 0;
  const char *word = cli_option(c, "color");
  if (!word) return st;
  while (when <= KITH_COLOR_NEVER && strcmp(word, name[when]) != 0) when++;
  KITH_CHECK(when <= KITH_COLOR_NEVER, KITH_EUSAGE, "kith %s: --color %s: expected auto, always or never",
             c->verb, word);
  kith_color_set((kith_color_when)when);
done:
  return st;
}

static kith_status main_parse_options(cli *c, int n, char **word, main_options *w) {
  kith_status st = KITH_OK;
  KITH_CHECK(n <= CLI_ARGUMENTS, KITH_EUSAGE, "more than %d arguments on the command line", CLI_ARGUMENTS);
  for (int i = 0; i < n; i++) c->arg[c->n_arg++] = word[i];
  KITH_TRY(cli_take_operand(c));
  KITH_TRY(main_take_color(c));
  w->quiet = cli_flag(c, "quiet");
  w->strict = cli_flag(c, "strict");
  (void)cli_flag(c, "json"); /* c->json is known already, also for failures of what comes first */
  for (const char *set = cli_option(c, "set"); set; set = cli_option(c, "set")) {
    KITH_CHECK(c->n_set < CLI_SETTINGS, KITH_EUSAGE, "more than %d --set", CLI_SETTINGS);
    c->set[c->n_set++] = set;
  }
done:
  return st;
}

static kith_agreed main_run(cli *c, const cli_verb *v, const main_options *w) {
  kith_agreed st = {KITH_OK};
  bool job = v->needs_job || (cli_verb_takes_job(v) && c->n_arg > 0 && c->arg[0][0] != '-' &&
                              !cli_verb_takes_file(v, c->arg[0])),
       misplaced = !job && c->n_set > 0;
  KITH_TRY(kith_agreed_same(misplaced ? kith_fail(KITH_EUSAGE,
                                                  "kith %s: --set: there is no job file; see kith %s --help",
                                                  v->name, v->name)
                                      : KITH_OK));
  if (job) {
    KITH_TRY(kith_agreed_same(cli_take_file(c, "a job file", &c->job_file)));
    KITH_TRY(kith_job_read(c->comm, c->job_file, c->n_set, c->set, &c->job));
    cli_print_job_args(c, NULL, c->job_args);
    kith_job_config_usual(&c->job, sizeof c->config_usual, c->config_usual);
    if (w->strict) kith_log_strict();
    kith_job_warn_unused(&c->job, v->name);
    KITH_TRY(kith_agree(c->comm, kith_log_check()));
    KITH_TRY(kith_watchdog_start(c->comm, &c->job.watchdog, c->job.work));
  }
  KITH_TRY(cli_expand_output(c));
  KITH_TRY(v->run(c));
  KITH_TRY(kith_agree(c->comm, kith_log_check()));
done:
  kith_watchdog_stop();
  return st;
}

/* Whether a word stands behind the verb, and before "--". */
static bool main_has(int argc, char **argv, const char *word) {
  for (int i = 2; i < argc && strcmp(argv[i], "--") != 0; i++)
    if (strcmp(argv[i], word) == 0) return true;
  return false;
}

/* Whether a command line needs no MPI. */
static bool main_is_page(int argc, char **argv) {
  static const char *const first[] = {"--version", "--help", "-h", "help", "completion"};
  for (size_t i = 0; i < sizeof first / sizeof *first; i++)
    if (strcmp(argv[1], first[i]) == 0) return true;
  return cli_verb_find(argv[1]) && (main_has(argc, argv, "--help") || main_has(argc, argv, "-h"));
}

/* kith help TOPIC…: all of them, with an empty line between. */
static kith_status main_topics(int n, char **topic) {
  kith_status st = KITH_OK;
  for (int i = 0; i < n; i++) {
    if (i > 0) printf("\n");
    KITH_TRY(cli_help_topic(topic[i]));
  }
done:
  return st;
}

/* Print what such a command line asks for. */
static kith_status main_page(int argc, char **argv) {
  const cli_verb *v = cli_verb_find(argv[1]);
  if (strcmp(argv[1], "--version") == 0) cli_version_line();
  else if (v) cli_print_verb_help(v);
  else if (strcmp(argv[1], "completion") == 0 && argc == 4 && strcmp(argv[2], "names") == 0)
    return cli_completion_names(argv[3]);
  else if (strcmp(argv[1], "completion") == 0) return cli_completion(argc > 2 ? argv[2] : "");
  else if (argc > 2 && strcmp(argv[2], "--man") == 0) return cli_man(argc > 3 ? argv[3] : "");
  else if (strcmp(argv[1], "help") == 0 && argc > 2) return main_topics(argc - 2, argv + 2);
  else cli_print_help(stdout);
  return KITH_OK;
}

/* Whether something that was printed did not reach stdout. */
static bool main_lost_output(void) { return fflush(stdout) != 0 || ferror(stdout); }

static kith_status main_fail_output(void) {
  return kith_fail(KITH_EIO, "standard output: writing failed: %s", strerror(errno));
}

/* Under a launcher every rank is asked for the page; one prints it.  Help that could not be written is a
 * failure. */
static kith_status main_print_page(int argc, char **argv) {
  int rank = 0;
  const bool others = kith_launcher_size(&rank) > 1 && rank > 0;
  if (others && !freopen("/dev/null", "w", stdout)) return KITH_OK;
  kith_status st = main_page(argc, argv);
  if (!kith_is_bad(st) && main_lost_output()) st = main_fail_output();
  if (kith_is_bad(st) && !others) kith_log_error();
  return st;
}

/* One JSON object on stdout: what verbs print before it goes nowhere. */
static kith_status main_hush(cli *c) {
  kith_status st = KITH_OK;
  fflush(stdout);
  int nothing = kith_fault(KITH_FAULT_READ) ? -1 : open("/dev/null", O_WRONLY | O_CLOEXEC);
  KITH_CHECK(nothing >= 0, KITH_EIO, "/dev/null cannot be opened, which --quiet --json needs");
  c->out = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  KITH_CHECK(c->out >= 0, KITH_EIO, "standard output: %s", strerror(errno));
  dup2(nothing, STDOUT_FILENO);
done:
  if (nothing >= 0) close(nothing);
  return st;
}

static void main_unhush(cli *c) {
  if (c->out < 0) return;
  fflush(stdout);
  dup2(c->out, STDOUT_FILENO);
  close(c->out);
  c->out = -1;
}

static kith_status main_fail_verb(const char *verb) {
  const char *near = cli_verb_nearest(verb);
  if (!near) return kith_fail(KITH_EUSAGE, "unknown verb \"%s\"; kith --help lists them", verb);
  return kith_fail(KITH_EUSAGE, "unknown verb \"%s\"; did you mean \"%s\"? see kith --help", verb, near);
}

static kith_agreed main_verb(cli *c, int argc, char **argv) {
  kith_agreed st = {KITH_OK};
  main_options w = {.quiet = false};
  const cli_verb *v = cli_verb_find(argv[1]);
  KITH_TRY(kith_agree(c->comm, kith_fault_read_text(getenv("KITH_FAULT"), c->comm->rank)));
  KITH_TRY(kith_agree(c->comm, main_parse_options(c, argc - 2, argv + 2, &w)));
  KITH_TRY(kith_agreed_same(v ? KITH_OK : main_fail_verb(argv[1])));
  kith_log_set(c->comm->rank != 0 ? KITH_LOG_NOTHING : w.quiet ? KITH_LOG_WARNINGS : KITH_LOG_ALL);
  if (w.quiet && c->json) KITH_TRY(kith_agree(c->comm, main_hush(c)));
  KITH_TRY(cli_check_blas(c->comm));
  KITH_TRY(main_run(c, v, &w));
done:
  return st;
}

/* A launcher that this MPI does not support starts that many programs of one rank each, which would all do
 * the same work in the same folder.  Each reports it, since one of them may be all there is, in a shell with
 * a launcher's variables; kith doctor has its own check. */
static kith_agreed main_check_singleton(const kith_comm *all, const char *verb) {
  int rank = 0, told = kith_launcher_size(&rank);
  if (all->size > 1 || told <= 1 || strcmp(verb, "doctor") == 0) return kith_agreed_same(KITH_OK);
  if (rank > 0)
    return kith_agreed_same(kith_fail(
        KITH_EUSAGE,
        "this is rank %d of %d by the variables of a launcher, but takes itself to be alone: unset these "
        "variables if it is, or see what rank 0 says",
        rank, told));
  return kith_agreed_same(
      kith_fail(KITH_EUSAGE,
                "%d ranks were started, but each takes itself to be alone: start them with the mpirun that "
                "belongs to this MPI, or with srun --mpi=pmix; kith doctor says more",
                told));
}

/* Whether stdout is a pipe whose reader has left, as `head` does. */
static bool main_reader_left(void) {
  struct pollfd out = {.fd = STDOUT_FILENO};
  return poll(&out, 1, 0) == 1 && (out.revents & POLLERR);
}

/* Output that could not be written is a failure, but for training if only the reader of a pipe has left: its
 * result is its files. */
static int main_flush(const kith_comm *all, const cli *c, int code) {
  bool lost = main_lost_output();
  if (!lost || all->rank != 0 || code != KITH_OK) return code;
  if (strcmp(c->verb, "train") == 0 && !c->json && main_reader_left()) return code;
  code = (int)main_fail_output();
  kith_log_error();
  return code;
}

/* Training: record signals from the start on, also while ranks start and read; a closed pipe does not end the
 * program. */
static void main_keep_training(void) {
  kith_signals_install();
  signal(SIGPIPE, SIG_IGN);
}

/* Threads that call MPI write checkpoints beside steps: where none is written, MPI needs no locks of its
 * own.  The doctor looks at what training will have. */
static int main_thread_level(const char *verb) {
  static const char *const beside[] = {"train", "update", "evaluate", "tune", "bench", "doctor"};
  for (size_t i = 0; i < sizeof beside / sizeof *beside; i++)
    if (strcmp(verb, beside[i]) == 0) return MPI_THREAD_MULTIPLE;
  return MPI_THREAD_FUNNELED;
}

/* Run the verb, and report how it ended; returns the exit code. */
static int main_report(cli *c, int argc, char **argv) {
  kith_agreed outcome = main_check_singleton(c->comm, argv[1]);
  if (!kith_is_bad(outcome)) {
    cli_share_cores(c->comm);
    outcome = main_verb(c, argc, argv);
  }
  const bool speaks = c->comm->rank == 0;
  if (speaks && kith_is_bad(outcome)) kith_log_error();
  main_unhush(c);
  if (speaks && c->json) cli_print_json(c, outcome);
  return main_flush(c->comm, c, (int)outcome.status);
}

int main(int argc, char **argv) {
  int code = KITH_ENOMEM;
  kith_comm *all = NULL;
  cli *c = NULL;
  if (argc == 1) {
    cli_print_help(stderr);
    return KITH_EUSAGE;
  }
  cli_version_words(&argc, argv);
  if (main_is_page(argc, argv)) return (int)main_print_page(argc, argv);
  cli_start(argv);
  kith_status st = cli_limits_begin();
  if (kith_is_bad(st)) return (int)st;
  kith_h5_init();
  if (strcmp(argv[1], "train") == 0) main_keep_training();
  kith_mpi_init_level(&argc, &argv, main_thread_level(argv[1]));
  bool good =
      !kith_is_bad(kith_comm_create(MPI_COMM_WORLD, &all)) && !kith_is_bad(kith_agree(all, KITH_NEW(c, 1)));
  if (good) {
    c->comm = all;
    c->job = kith_job_defaults();
    c->verb = argv[1];
    c->commit = cli_commit;
    c->json = main_has(argc, argv, "--json");
    c->out = -1;
    code = main_report(c, argc, argv);
    KITH_FREE(c->members);
    kith_lock_release(&c->lock);
  }
  KITH_FREE(c);
  kith_comm_destroy(&all);
  MPI_Finalize();
  return code;
}
