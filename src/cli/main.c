/* main: all ranks parse the same arguments, run one verb, and exit with the same code. */
#include <errno.h>
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
  bool help, quiet, strict;
} main_options;

static kith_status main_parse_options(cli *c, int n, char **word, main_options *w) {
  kith_status st = KITH_OK;
  KITH_CHECK(n <= CLI_ARGUMENTS, KITH_EUSAGE, "more than %d arguments on the command line", CLI_ARGUMENTS);
  for (int i = 0; i < n; i++) c->arg[c->n_arg++] = word[i];
  KITH_TRY(cli_take_operand(c));
  w->help = cli_flag(c, "help");
  w->quiet = cli_flag(c, "quiet");
  w->strict = cli_flag(c, "strict");
  c->json = cli_flag(c, "json");
  for (const char *set = cli_option(c, "set"); set; set = cli_option(c, "set")) {
    KITH_CHECK(c->n_set < CLI_SETTINGS, KITH_EUSAGE, "more than %d --set", CLI_SETTINGS);
    c->set[c->n_set++] = set;
  }
done:
  return st;
}

static kith_agreed main_run(cli *c, const cli_verb *v, const main_options *w) {
  kith_agreed st = {KITH_OK};
  bool job = v->needs_job || (cli_verb_takes_job(v) && c->n_arg > 0 && c->arg[0][0] != '-'),
       misplaced = !job && c->n_set > 0;
  KITH_TRY(kith_agreed_same(misplaced ? kith_fail(KITH_EUSAGE,
                                                  "kith %s: --set: there is no job file; see kith %s --help",
                                                  v->name, v->name)
                                      : KITH_OK));
  if (job) {
    KITH_TRY(kith_agreed_same(cli_take_file(c, "a job file", &c->job_file)));
    KITH_TRY(kith_job_read(c->comm, c->job_file, c->n_set, c->set, &c->job));
    cli_print_job_args(c, NULL, c->job_args);
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

/* The topic of help nearest to an unknown one: near [KITH_JOB_KEY_SIZE]. */
static bool main_nearest_topic(const char *topic, char *near) {
  static const char *const pages[] = {"keys", "renamed"};
  const char *verb = cli_verb_nearest(topic);
  for (size_t i = 0; i < sizeof pages / sizeof *pages; i++)
    if (kith_edit_distance_is_small(topic, kith_edit_distance(topic, pages[i]))) verb = pages[i];
  if (!verb) return kith_job_nearest(topic, near);
  snprintf(near, KITH_JOB_KEY_SIZE, "%s", verb);
  return true;
}

/* Answer an unknown topic with its present name, the nearest topic, or where to look, on stderr. */
static kith_status main_fail_topic(const char *topic) {
  char now[4 * KITH_JOB_KEY_SIZE];
  if (kith_job_foreign(topic, sizeof now, now)) fprintf(stderr, "kith: no key \"%s\": %s\n", topic, now);
  else if (kith_job_renamed(topic, now))
    fprintf(stderr, "kith: %s is now called %s; see kith help %s\n", topic, now, now);
  else if (topic[0] && main_nearest_topic(topic, now))
    fprintf(stderr, "kith: no help on \"%s\"; did you mean \"%s\"? see kith help %s\n", topic, now, now);
  else
    fprintf(stderr, "kith: no help on \"%s\"; kith help lists the verbs, and kith help keys all keys\n",
            topic);
  return KITH_EUSAGE;
}

/* The help of a verb, and the keys of the section that has its name, if there are any. */
static void main_verb_topic(const cli_verb *v) {
  cli_print_verb_help(v);
  kith_job_print_keys(v->name);
}

/* Print the help on a topic to stdout. */
static kith_status main_topic(const char *topic) {
  if (strcmp(topic, "--markdown") == 0) kith_job_print_reference();
  else if (strcmp(topic, "keys") == 0) kith_job_print_keys("");
  else if (cli_verb_find(topic)) main_verb_topic(cli_verb_find(topic));
  else if (strcmp(topic, "renamed") == 0) kith_job_print_renamed();
  else if (!topic[0] || !kith_job_print_keys(topic)) return main_fail_topic(topic);
  return KITH_OK;
}

/* Handle command lines that need no MPI; false for all others. */
static bool main_page(int argc, char **argv, kith_status *st) {
  const char *first = argc > 1 ? argv[1] : "";
  bool help = strcmp(first, "help") == 0;
  *st = argc > 1 ? KITH_OK : KITH_EUSAGE;
  if (strcmp(first, "--version") == 0) cli_version_line();
  else if (help && argc > 2) *st = main_topic(argv[2]);
  else if (help || strcmp(first, "--help") == 0 || strcmp(first, "-h") == 0) cli_print_help(stdout);
  else if (argc == 1) cli_print_help(stderr);
  else return false;
  return true;
}

/* Whether something that was printed did not reach stdout. */
static bool main_lost_output(void) { return fflush(stdout) != 0 || ferror(stdout); }

static kith_status main_fail_output(void) {
  fprintf(stderr, "kith: standard output: writing failed: %s\n", strerror(errno));
  return KITH_EIO;
}

/* Help that could not be written is a failure. */
static kith_status main_end_page(kith_status st) {
  bool lost = main_lost_output();
  return lost && !kith_is_bad(st) ? main_fail_output() : st;
}

static kith_status main_fail_verb(const char *verb) {
  const char *near = cli_verb_nearest(verb);
  if (!near) return kith_fail(KITH_EUSAGE, "unknown verb \"%s\"; kith --help lists them", verb);
  return kith_fail(KITH_EUSAGE, "unknown verb \"%s\"; did you mean \"%s\"? see kith --help", verb, near);
}

static kith_agreed main_verb(cli *c, int argc, char **argv) {
  kith_agreed st = {KITH_OK};
  main_options w = {.help = false};
  const cli_verb *v = cli_verb_find(argv[1]);
  c->verb = argv[1];
  c->commit = cli_commit;
  KITH_TRY(kith_agree(c->comm, kith_fault_read_text(getenv("KITH_FAULT"), c->comm->rank)));
  KITH_TRY(kith_agree(c->comm, main_parse_options(c, argc - 2, argv + 2, &w)));
  KITH_TRY(kith_agreed_same(v ? KITH_OK : main_fail_verb(argv[1])));
  if (w.help) {
    if (c->comm->rank == 0) cli_print_verb_help(v);
    return st;
  }
  kith_log_set(c->comm->rank != 0 ? KITH_LOG_NOTHING : w.quiet ? KITH_LOG_WARNINGS : KITH_LOG_ALL);
  KITH_TRY(cli_check_blas(c->comm));
  KITH_TRY(main_run(c, v, &w));
done:
  return st;
}

/* A launcher that this MPI does not support starts that many programs of one rank each, which would all do
 * the same work in the same folder.  One of them reports it; kith doctor has its own check. */
static bool main_is_singleton(const kith_comm *all, const char *verb) {
  int rank = 0, told = kith_launcher_size(&rank);
  if (all->size > 1 || told <= 1 || strcmp(verb, "doctor") == 0) return false;
  if (rank <= 0)
    fprintf(stderr,
            "kith: %d ranks were started, but each takes itself to be alone: start them with the mpirun that "
            "belongs to this MPI, or with srun --mpi=pmix; kith doctor says more\n",
            told);
  return true;
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
  return (int)main_fail_output();
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

int main(int argc, char **argv) {
  int code = KITH_ENOMEM;
  kith_comm *all = NULL;
  cli *c = NULL;
  kith_status page = KITH_OK;
  cli_version_words(&argc, argv);
  if (main_page(argc, argv, &page)) return (int)main_end_page(page);
  cli_start(argv);
  page = cli_limits_begin();
  if (kith_is_bad(page)) return (int)page;
  kith_h5_init();
  if (strcmp(argv[1], "train") == 0) main_keep_training();
  kith_mpi_init_level(&argc, &argv, main_thread_level(argv[1]));
  bool good =
      !kith_is_bad(kith_comm_create(MPI_COMM_WORLD, &all)) && !kith_is_bad(kith_agree(all, KITH_NEW(c, 1)));
  if (good && main_is_singleton(all, argv[1])) code = KITH_EUSAGE;
  else if (good) {
    cli_share_cores(all);
    c->comm = all;
    c->job = kith_job_defaults();
    kith_agreed outcome = main_verb(c, argc, argv);
    code = (int)outcome.status;
    if (all->rank == 0 && kith_is_bad(outcome)) kith_log_error();
    if (all->rank == 0 && c->json) cli_print_json(c, outcome);
    code = main_flush(all, c, code);
    KITH_FREE(c->members);
    kith_lock_release(&c->lock);
  }
  KITH_FREE(c);
  kith_comm_destroy(&all);
  MPI_Finalize();
  return code;
}
