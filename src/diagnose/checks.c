/* Checks of measured facts; nothing here looks at the machine. */
#include "diagnose/diagnose.h"

#include <math.h>
#include <mpi.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { CHECKS_SHM = 4 << 20 }; /* bytes of Open MPI's segment of a rank on /dev/shm */

static const double CHECKS_FULL = 0.8;    /* fraction of memory above which to warn */
static const double CHECKS_SKEW = 1;      /* seconds */
static const double CHECKS_SLOW = 1e-3;   /* seconds of a short message */
static const double CHECKS_NARROW = 50e6; /* bytes a second */

/* ---- findings ---- */

void kith_finding_add(kith_finding *f, const char *format, ...) {
  va_list words;
  size_t n = strlen(f->observed);
  va_start(words, format);
  vsnprintf(f->observed + n, sizeof f->observed - n, format, words);
  va_end(words);
}

/* Keep the first remedy, unless the new verdict is worse. */
static void checks_set(kith_finding *f, kith_verdict verdict, kith_status status, const char *format,
                       va_list words) {
  if (f->verdict >= verdict) return;
  f->verdict = verdict;
  f->status = status;
  vsnprintf(f->remedy, sizeof f->remedy, format, words);
}

void kith_finding_warn(kith_finding *f, const char *format, ...) {
  va_list words;
  va_start(words, format);
  checks_set(f, KITH_FINDING_WARN, KITH_OK, format, words);
  va_end(words);
}

void kith_finding_fail(kith_finding *f, kith_status status, const char *format, ...) {
  va_list words;
  va_start(words, format);
  checks_set(f, KITH_FINDING_FAIL, status, format, words);
  va_end(words);
}

const char *kith_bytes_print(int64_t bytes, char *text) {
  static const char *const unit[] = {"KiB", "MiB", "GiB", "TiB"};
  double x = (double)bytes / 1024;
  int i = 0;
  for (; x >= 1024 && i < 3; i++) x /= 1024;
  snprintf(text, 32, "%.1f %s", x, unit[i]);
  return text;
}

/* ---- ranks, libraries, processors ---- */

static int checks_ranks_of(int size, const kith_host_info *all, int node) {
  int n = 0;
  for (int r = 0; r < size; r++) n += all[r].node == node;
  return n;
}

void kith_diagnose_ranks(int size, const kith_host_info *all, int told, kith_finding *f) {
  enum { MOST = 8 };
  int nodes = kith_host_info_n_node(size, all), least = size, most = 0;
  kith_finding_add(f, "%s on %s:", KITH_COUNT(size, "rank(s)"), KITH_COUNT(nodes, "node(s)"));
  for (int i = 0; i < nodes; i++) {
    int n = checks_ranks_of(size, all, i);
    if (n < least) least = n;
    if (n > most) most = n;
    if (i < MOST)
      kith_finding_add(f, "%s %d on %s", i ? "," : "", n, all[kith_host_info_first_rank(size, all, i)].host);
  }
  if (nodes > MOST) kith_finding_add(f, ", …");
  if (told > size) {
    kith_finding_add(f, "; but %d were started: each takes itself to be alone", told);
    kith_finding_fail(f, KITH_EUSAGE,
                      "start them with the mpirun that belongs to this MPI, or with srun --mpi=pmix");
  }
  if (most > 2 * least)
    kith_finding_warn(f, "deal ranks evenly, for example with --ntasks-per-node: the slowest node decides");
}

void kith_diagnose_threads(int level, kith_finding *f) {
  const char *name = level >= MPI_THREAD_MULTIPLE     ? "MULTIPLE"
                     : level >= MPI_THREAD_SERIALIZED ? "SERIALIZED"
                     : level >= MPI_THREAD_FUNNELED   ? "FUNNELED"
                                                      : "SINGLE";
  kith_finding_add(f, "MPI_THREAD_%s: checkpoints are written %s", name,
                   level >= MPI_THREAD_MULTIPLE ? "beside the steps" : "while steps wait");
  if (level < MPI_THREAD_MULTIPLE)
    kith_finding_warn(f, "it works; an MPI built with MPI_THREAD_MULTIPLE would let steps go on meanwhile");
  if (level < MPI_THREAD_FUNNELED)
    kith_finding_fail(
        f, KITH_EUSAGE,
        "this MPI cannot live beside threads: install one built with them, or set OMP_NUM_THREADS=1");
}

/* The first rank whose text differs from rank 0's; -1 if none. */
static int checks_other(int size, const kith_host_info *all, const char *(*text)(const kith_host_info *p)) {
  for (int r = 1; r < size; r++)
    if (strcmp(text(&all[r]), text(&all[0])) != 0) return r;
  return -1;
}

static const char *checks_libraries(const kith_host_info *p) { return p->libraries; }
static const char *checks_processor(const kith_host_info *p) { return p->cpu; }

void kith_diagnose_libraries(int size, const kith_host_info *all, kith_finding *f) {
  int other = checks_other(size, all, checks_libraries);
  kith_finding_add(f, "%s", all[0].libraries);
  if (other < 0) return;
  kith_finding_add(f, "; but rank %d on %s has %s", other, all[other].host, all[other].libraries);
  kith_finding_fail(f, KITH_EUSAGE, "install the same versions on all nodes, or run from a shared folder");
}

void kith_diagnose_processors(int size, const kith_host_info *all, kith_finding *f) {
  int other = checks_other(size, all, checks_processor);
  kith_finding_add(f, "%s", all[0].cpu);
  if (other < 0) return;
  kith_finding_add(f, "; but rank %d on %s has %s", other, all[other].host, all[other].cpu);
  kith_finding_warn(
      f, "dense layers may differ in the last bit between them, and the slowest decides: ask Slurm for "
         "nodes of one kind (--constraint)");
}

/* ---- cores ---- */

static bool checks_same_cores(const kith_cpu_set *a, const kith_cpu_set *b) {
  return memcmp(a, b, sizeof *a) == 0;
}

/* Ranks of the node that are bound to the same cores as rank r, and their threads. */
static int checks_bound_with(int size, const kith_host_info *all, int r, int *threads) {
  int n = 0;
  *threads = 0;
  for (int k = 0; k < size; k++)
    if (all[k].node == all[r].node && checks_same_cores(&all[k].cores, &all[r].cores)) {
      n++;
      *threads += all[k].threads;
    }
  return n;
}

/* Bound to fewer cores than threads although the node has more: a wrong binding. */
static void checks_binding(int size, const kith_host_info *all, int r, kith_finding *f) {
  int threads = 0, ranks = checks_bound_with(size, all, r, &threads),
      cores = kith_cpu_set_count(&all[r].cores);
  if (threads <= cores || cores >= all[r].online || f->verdict == KITH_FINDING_FAIL) return;
  kith_finding_add(f, "; %s with %s, rank %d among them, bound to %d of the %d cores of %s",
                   KITH_COUNT(ranks, "rank(s)"), KITH_COUNT(threads, "thread(s)"), r, cores, all[r].online,
                   all[r].host);
  kith_finding_fail(
      f, KITH_EUSAGE,
      "let them spread: mpirun --bind-to none or --map-by slot:PE=THREADS, srun --cpu-bind=none or a "
      "--cpus-per-task as large as the threads; or %s",
      threads > ranks ? "set OMP_NUM_THREADS" : "fewer ranks a node");
}

static void checks_node_cores(int size, const kith_host_info *all, int node, kith_finding *f) {
  const kith_host_info *first = &all[kith_host_info_first_rank(size, all, node)];
  kith_cpu_set together = {{0}};
  int threads = 0, most = 0; /* of all ranks here, and of one of them */
  for (int r = 0; r < size; r++) {
    if (all[r].node != node) continue;
    kith_cpu_set_union(&together, &all[r].cores);
    threads += all[r].threads;
    if (all[r].threads > most) most = all[r].threads;
  }
  int cores = kith_cpu_set_count(&together);
  double allowed = first->quota > 0 && first->quota < cores ? first->quota : cores;
  if (node == 0)
    kith_finding_add(f, "%s on %s of %s", KITH_COUNT(threads, "thread(s)"), KITH_COUNT(cores, "core(s)"),
                     first->host);
  if (first->other_threads > 0)
    kith_finding_add(f, "; %d of other programs run on %s", first->other_threads, first->host);
  if (threads <= allowed + 0.5) {
    if (threads + first->other_threads > first->online)
      kith_finding_warn(f, "other programs use the cores of %s: ask for whole nodes (--exclusive)%s",
                        first->host, most > 1 ? ", or set a smaller OMP_NUM_THREADS" : "");
    return;
  }
  if (node > 0)
    kith_finding_add(f, "; %s on %s of %s", KITH_COUNT(threads, "thread(s)"), KITH_COUNT(cores, "core(s)"),
                     first->host);
  if (allowed < cores) kith_finding_add(f, ", of which its control group allows the time of %.1f", allowed);
  if (threads == 1) kith_finding_warn(f, "less time than one core has: ask for more (--cpus-per-task)");
  else
    kith_finding_warn(
        f, "more threads than cores: fewer ranks a node,%s or OMPI_MCA_mpi_yield_when_idle=1 if it must be",
        most > 1 ? " a smaller OMP_NUM_THREADS," : "");
}

void kith_diagnose_cores(int size, const kith_host_info *all, kith_finding *f) {
  int nodes = kith_host_info_n_node(size, all);
  for (int i = 0; i < nodes; i++) checks_node_cores(size, all, i, f);
  for (int r = 0; r < size; r++) checks_binding(size, all, r, f);
}

void kith_diagnose_blas(const char *kernels, bool chosen, kith_simd cpu, bool own, int threads,
                        kith_finding *f) {
  kith_finding_add(f, "%s kernels%s, %s; the processor has %s", kernels,
                   chosen ? ", chosen by Kith in place of slower or wrong ones" : "",
                   own ? "with threads of its own beside OpenMP's" : "on OpenMP's threads or one",
                   kith_simd_text(cpu));
  if (kith_blas_is_slow(kernels, cpu))
    kith_finding_warn(
        f, "products take two to three times as long as they could: unset OPENBLAS_CORETYPE, or set it to %s",
        kith_blas_core_type(cpu, 0));
  if (own && threads > 1)
    kith_finding_warn(f,
                      "install the OpenMP variant (libopenblas-openmp-dev), or set OPENBLAS_NUM_THREADS=1");
}

/* ---- between nodes ---- */

void kith_diagnose_clocks(int size, const kith_host_info *all, const kith_clock_offset *skew,
                          kith_finding *f) {
  int nodes = kith_host_info_n_node(size, all), worst = 0;
  if (nodes == 1) {
    kith_finding_add(f, "one node, one clock");
    return;
  }
  for (int i = 1; i < nodes; i++)
    if (worst == 0 || fabs(skew[i].seconds) > fabs(skew[worst].seconds)) worst = i;
  const char *host = all[kith_host_info_first_rank(size, all, worst)].host;
  kith_finding_add(f, "of %d nodes %s differs most from %s: %+.6f s, give or take %.6f", nodes, host,
                   all[0].host, skew[worst].seconds, skew[worst].error);
  if (fabs(skew[worst].seconds) - skew[worst].error > CHECKS_SKEW)
    kith_finding_warn(f,
                      "set the clocks by NTP (chrony): times of files and logs will contradict each other");
}

void kith_diagnose_links(const kith_host_info *all, int n, const kith_link *link, kith_finding *f) {
  int slow = 0, narrow = 0;
  if (n == 0) {
    kith_finding_add(f, "one rank, no messages");
    return;
  }
  for (int i = 1; i < n; i++) {
    if (link[i].latency > link[slow].latency) slow = i;
    if (link[i].bytes_per_second < link[narrow].bytes_per_second) narrow = i;
  }
  const kith_link *s = &link[slow], *w = &link[narrow];
  kith_finding_add(f,
                   "%s measured; slowest %.1f us (rank %d on %s, rank %d on %s), narrowest %.2f GB/s (rank "
                   "%d on %s, rank %d on %s)",
                   KITH_COUNT(n, "pair(s)"), 1e6 * s->latency, s->a, all[s->a].host, s->b, all[s->b].host,
                   1e-9 * w->bytes_per_second, w->a, all[w->a].host, w->b, all[w->b].host);
  if (w->bytes_per_second < CHECKS_NARROW)
    kith_finding_warn(
        f, "messages take the wrong network: name the fast one, for example OMPI_MCA_btl_tcp_if_include=ib0");
  if (s->latency > CHECKS_SLOW)
    kith_finding_warn(f, "ranks wait for cores, or messages take the wrong network: see the line \"cores\"; "
                         "OMPI_MCA_btl_tcp_if_include names a network");
}

void kith_diagnose_shm(int size, const kith_host_info *all, kith_finding *f) {
  char free[32], need[32];
  int nodes = kith_host_info_n_node(size, all), worst = -1;
  for (int i = 0; i < nodes; i++) {
    int first = kith_host_info_first_rank(size, all, i), n = checks_ranks_of(size, all, i);
    bool little = n > 1 && all[first].shm >= 0 && all[first].shm < (int64_t)n * CHECKS_SHM;
    if (worst < 0 || (little && all[first].shm < all[worst].shm)) worst = first;
  }
  int n = checks_ranks_of(size, all, all[worst].node);
  int64_t wanted = n > 1 ? (int64_t)n * CHECKS_SHM : 0;
  if (all[worst].shm < 0) kith_finding_add(f, "%s has no /dev/shm", all[worst].host);
  else if (n == 1)
    kith_finding_add(f, "%s free on %s", kith_bytes_print(all[worst].shm, free), all[worst].host);
  else
    kith_finding_add(f, "%s free on %s; %s of a node may fill %s", kith_bytes_print(all[worst].shm, free),
                     all[worst].host, KITH_COUNT(n, "rank(s)"), kith_bytes_print(wanted, need));
  if (n > 1 && all[worst].shm < wanted)
    kith_finding_fail(
        f, KITH_ENOMEM,
        "a rank that finds /dev/shm full dies of SIGBUS: make it larger (mount -o remount,size=…), "
        "clear what dead jobs left there (vader_segment.*), or set OMPI_MCA_btl=self,tcp");
}

/* ---- the folder ---- */

void kith_diagnose_locks(bool good, const char *why, bool leaves, const char *variable, kith_finding *f) {
  bool off = variable && (strcmp(variable, "FALSE") == 0 || strcmp(variable, "0") == 0);
  bool forced = variable && variable[0] && !off; /* HDF5 gives the variable precedence over the program */
  if (good) {
    kith_finding_add(f, "files can be locked");
    return;
  }
  kith_finding_add(f, "files cannot be locked here (%s)%s", why, off ? "; HDF5_USE_FILE_LOCKING is off" : "");
  if (off) return;
  if (leaves && !forced)
    kith_finding_warn(
        f,
        "Kith needs no locks, but other readers, such as h5py, do: set HDF5_USE_FILE_LOCKING=FALSE for them");
  else
    kith_finding_fail(f, KITH_EOUTPUT,
                      "set HDF5_USE_FILE_LOCKING=FALSE: as it is now, HDF5 refuses to open files there");
}

void kith_diagnose_disk(int64_t room, int64_t need, kith_finding *f) {
  char a[32], b[32];
  if (room < 0) kith_finding_add(f, "the file system does not say how much is free");
  else kith_finding_add(f, "%s free or to be replaced", kith_bytes_print(room, a));
  if (need >= 0) kith_finding_add(f, ", the job writes up to %s", kith_bytes_print(need, b));
  if (room < 0 || need < 0) return;
  if (room < need)
    kith_finding_fail(f, KITH_EIO, "make room, set a smaller checkpoint.keep, or name another work folder");
  else if (room < 2 * need) kith_finding_warn(f, "it suffices if nobody else fills the disk meanwhile");
}

void kith_diagnose_memory(int size, const kith_host_info *all, const int64_t *need, const char *smaller,
                          kith_finding *f) {
  char a[32], b[32], c[32];
  int nodes = kith_host_info_n_node(size, all), worst = 0, most = 0;
  double share = -1;
  int64_t of_worst = 0;
  for (int i = 0; i < nodes; i++) {
    int64_t sum = 0, free = INT64_MAX;
    for (int r = 0; r < size; r++) {
      if (all[r].node != i) continue;
      sum += need[r];
      free = kith_min(free, all[r].memory);
      if (need[r] > need[most]) most = r;
    }
    double here = (double)sum / ((double)free + 1);
    if (here <= share) continue;
    share = here;
    worst = kith_host_info_first_rank(size, all, i);
    of_worst = sum;
  }
  int64_t free = INT64_MAX;
  for (int r = 0; r < size; r++)
    if (all[r].node == all[worst].node) free = kith_min(free, all[r].memory);
  kith_finding_add(f, "rank %d needs most, about %s; the ranks of %s together %s, of %s that it can give",
                   most, kith_bytes_print(need[most], a), all[worst].host, kith_bytes_print(of_worst, b),
                   kith_bytes_print(free, c));
  if (share > 1)
    kith_finding_fail(f, KITH_ENOMEM,
                      "use more nodes or fewer ranks on each, ask Slurm for more (--mem), or choose %s",
                      smaller);
  else if (share > CHECKS_FULL)
    kith_finding_warn(f, "this is close: more nodes, or more memory (--mem), would be safer");
}
