/*
 * Settings that must be made before MPI, OpenMP and the BLAS start, and the second start that applies them.
 *
 * OpenBLAS chooses its kernels, and libgomp its way of waiting, while the program is loaded; both read the
 * environment only.  So the first start measures, sets the variables that the user has not set, and executes
 * the program again.  The mark KITH_STARTED="PID TRIED WAIT OTHERS" passes the decisions of the first start
 * to the second; it is valid for this process only.
 */
#include "cli/start.h"

#include <ctype.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ops/blas.h"
#include "comm/placement.h"

/* Iterations of busy waiting before a thread sleeps: 0.1 to 0.5 ms, enough for the gaps within a step.
 * libgomp's own 300000 take up to 16 ms, which programs on the same core would lose. */
static const char START_SPINS[] = "10000";

enum { START_PRETENDS = -1 }; /* in place of a number of tries: a test has chosen the kernels */

static cli_started started = {.kernels_right = true};

const cli_started *cli_started_get(void) { return &started; }

/* A variable of the environment; null if it is missing or empty. */
static const char *start_value(const char *name) {
  const char *value = getenv(name);
  return value && value[0] ? value : NULL;
}

static bool start_is_set(const char *name) { return start_value(name) != NULL; }

/* A number that a variable has; 0 if there is none. */
static long start_number(const char *name) {
  const char *value = start_value(name);
  return value ? strtol(value, NULL, 10) : 0;
}

/* ---- the mark ---- */

/* Whether this process has been started by itself; `tried`: how many kinds of kernels Kith has chosen so far.
 */
static bool start_read_mark(int *tried) {
  const char *mark = getenv("KITH_STARTED");
  int pid = 0, wait = 0;
  /* NOLINTNEXTLINE(cert-err34-c): numbers written by start_anew() */
  if (!mark || sscanf(mark, "%d %d %d %d", &pid, tried, &wait, &started.others) != 4 ||
      pid != (int)getpid()) {
    *tried = 0;
    return false;
  }
  started.chose_kernels = *tried > 0;
  started.wait = (cli_wait)wait;
  return true;
}

/* Execute the program again; returns only if that fails, and the program then continues as it is. */
static void start_anew(char **argv, int tried) {
  char mark[64], path[KITH_PATH];
  snprintf(mark, sizeof mark, "%d %d %d %d", (int)getpid(), tried, (int)started.wait, started.others);
  ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
  if (n < 0 || getauxval(AT_BASE) == 0)
    return; /* started by way of the dynamic linker, which would be what is executed */
  path[n] = '\0';
  if (setenv("KITH_STARTED", mark, 1) != 0) return;
  execv(path, argv);
  execv("/proc/self/exe", argv); /* the file has been replaced meanwhile */
}

/* ---- the BLAS ---- */

/* Try kernels in a child process, since kernels that the processor does not support may kill it. */
static bool start_kernels_are_right(void) {
  int status = 0;
  pid_t child = fork();
  if (child < 0) return true;
  if (child == 0) _exit(kith_blas_is_correct() ? 0 : 1);
  return waitpid(child, &status, 0) != child || (WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* For tests: KITH_BLAS_FIRST names the kernels that the BLAS shall choose by itself, as if it did not
 * recognize the processor. */
static void start_pretend(char **argv) {
#ifdef KITH_FAULTS
  const char *first = getenv("KITH_BLAS_FIRST");
  if (!first || start_is_set("OPENBLAS_CORETYPE")) return;
  setenv("OPENBLAS_CORETYPE", first, 1);
  start_anew(argv, START_PRETENDS);
#else
  (void)argv;
#endif
}

/* Set OPENBLAS_CORETYPE if other kernels are better; false if nothing is to be changed. */
static bool start_choose_kernels(bool by_user, int *tried) {
  kith_simd cpu = kith_cpu_simd();
  started.kernels_right = start_kernels_are_right();
  if (by_user || (started.kernels_right && (*tried > 0 || !kith_blas_is_slow(kith_blas_core(), cpu))))
    return false;
  const char *core = kith_blas_core_type(cpu, *tried);
  if (!core || setenv("OPENBLAS_CORETYPE", core, 1) != 0) return false;
  (*tried)++;
  return true;
}

/* ---- threads ---- */

/* The k-th number of a list such as "4(x2),3", which is 4, 4, 3; 0 if there are not so many. */
static int start_list_at(const char *list, long k) {
  for (char *at = (char *)(uintptr_t)list; isdigit((unsigned char)*at);) {
    long n = strtol(at, &at, 10), times = strncmp(at, "(x", 2) == 0 ? strtol(at + 2, &at, 10) : 1;
    at += *at == ')';
    if (k < times) return (int)n;
    k -= times;
    at += *at == ',';
  }
  return 0;
}

/* Ranks of this node, if a launcher reports them before MPI starts. */
static int start_ranks_here(void) {
  static const char *const names[] = {"OMPI_COMM_WORLD_LOCAL_SIZE", "MPI_LOCALNRANKS"};
  int n = 0;
  for (size_t i = 0; i < sizeof names / sizeof *names && n <= 0; i++) n = (int)start_number(names[i]);
  const char *tasks = start_is_set("SLURM_PROCID") ? start_value("SLURM_STEP_TASKS_PER_NODE") : NULL;
  if (n <= 0 && tasks) n = start_list_at(tasks, start_number("SLURM_NODEID"));
  return n > 0 ? n : 1;
}

static int start_threads(const kith_host_info *p, int ranks) {
  const int told = (int)start_number("OMP_NUM_THREADS"), share = kith_host_info_usable_cores(p) / ranks;
  return told > 0 ? told : share > 1 ? share : 1;
}

/* If there are more threads than cores, busy waiting takes the core from the thread that is waited for: let
 * threads sleep.  False if nothing changes. */
static bool start_choose_waits(void) {
  kith_host_info p;
  int ranks = start_ranks_here();
  kith_host_info_get(&p);
  p.threads = start_threads(&p, ranks);
  p.other_threads = kith_running_threads() - ranks;
  if (p.other_threads < 0) p.other_threads = 0;
  started.others = p.other_threads;
  bool shared = kith_cores_are_oversubscribed(&p, ranks);
  if (ranks > 1 && shared) setenv("OMPI_MCA_mpi_yield_when_idle", "1", 0); /* is read by MPI_Init() */
  if (p.threads <= 1 || start_is_set("OMP_WAIT_POLICY") || start_is_set("GOMP_SPINCOUNT")) return false;
  started.wait = shared ? CLI_WAIT_ASLEEP : CLI_WAIT_SHORTLY;
  return shared ? setenv("OMP_WAIT_POLICY", "passive", 1) == 0
                : setenv("GOMP_SPINCOUNT", START_SPINS, 1) == 0;
}

void cli_start(char **argv) {
  int tried = 0;
  bool again = start_read_mark(&tried);
  if (!again) start_pretend(argv);
  bool by_user = tried == 0 && start_is_set("OPENBLAS_CORETYPE");
  if (tried == START_PRETENDS) again = false, tried = 0;
  bool kernels = start_choose_kernels(by_user, &tried), waits = !again && start_choose_waits();
  if (kernels || waits) start_anew(argv, tried);
}

/* ---- once there are ranks ---- */

void cli_share_cores(const kith_comm *all) {
  MPI_Comm node;
  kith_host_info p;
  int ranks = 1;
  if (getenv("OMP_NUM_THREADS")) return;
  KITH_MPI(MPI_Comm_split_type(all->mpi, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &node));
  KITH_MPI(MPI_Comm_size(node, &ranks));
  KITH_MPI(MPI_Comm_free(&node));
  kith_host_info_get(&p);
  omp_set_num_threads(start_threads(&p, ranks));
}

/* The kernels of rank 0, and whether any rank has others or slow ones. */
static void start_compare(const kith_comm *all, const char *mine) {
  char first[KITH_NAME] = "";
  snprintf(first, sizeof first, "%s", mine);
  kith_comm_bcast(all, sizeof first, first);
  bool slow = !start_is_set("OPENBLAS_CORETYPE") && kith_blas_is_slow(mine, kith_cpu_simd());
  int64_t other = kith_comm_max(all, strcmp(first, mine) != 0), any_slow = kith_comm_max(all, slow);
  if (other)
    kith_warn("ranks have different BLAS kernels (rank 0: %s), so dense layers differ in the last bit; "
              "set OPENBLAS_CORETYPE=Haswell for all ranks, or ask for nodes of one kind",
              first);
  if (any_slow)
    kith_warn("the BLAS of some rank uses slow kernels, made for older processors; set OPENBLAS_CORETYPE=%s",
              kith_blas_core_type(KITH_SIMD_AVX2, 0));
}

static kith_status start_right(void) {
  kith_status st = KITH_OK;
  KITH_CHECK(
      started.kernels_right, KITH_EUSAGE,
      "the BLAS computes wrong products with its %s kernels on this processor; "
      "set OPENBLAS_CORETYPE to another core type, such as Haswell or Nehalem, or install a newer OpenBLAS",
      kith_blas_core());
done:
  return st;
}

kith_agreed cli_check_blas(const kith_comm *all) {
  start_compare(all, kith_blas_core());
  return kith_agree(all, start_right());
}
