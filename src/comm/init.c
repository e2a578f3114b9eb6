/* Initialization of MPI, with a workaround for a race in Open MPI 4.1.
 *
 * A program that ends soon after MPI_Init() crashes about once in some hundred runs on a loaded machine.
 * MPI_Init() declares to PMIx that the program uses MPI.  PMIx's thread answers with an event
 * (PMIX_MODEL_DECLARED) for Open MPI's handler and passes it to ORTE's progress thread, for which nothing
 * waits.  If that thread gets no core before MPI_Finalize(), the component with the handler (mca_pmix_ext3x)
 * is closed and its code unloaded before the thread is joined; the thread then jumps to unmapped code.
 *
 * So after MPI_Init() we wait until every other thread sleeps, which means that no event is pending.  On an
 * idle machine this takes a few reads of /proc. */
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "comm/comm.h"

enum {
  INIT_NAP = 200000, /* nanoseconds between samples */
  INIT_QUIET = 2,    /* idle samples in a row: during one, a thread already seen may be woken */
  INIT_LIMIT = 2,    /* seconds: a transport may have a thread that never sleeps */
};

/* Whether a thread of this process is runnable: state R, which follows the name in parentheses. */
static bool init_runs(const char *thread) {
  char path[64], line[256] = "";
  snprintf(path, sizeof path, "/proc/self/task/%.20s/stat", thread);
  FILE *f = fopen(path, "r");
  if (!f) return false;
  size_t n = fread(line, 1, sizeof line - 1, f);
  fclose(f);
  line[n] = '\0';
  const char *name_end = strrchr(line, ')');
  return name_end && strncmp(name_end, ") R", 3) == 0;
}

/* Whether all other threads sleep; true without /proc. */
static bool init_is_quiet(void) {
  int running = 0;
  DIR *threads = opendir("/proc/self/task");
  if (!threads) return true;
  for (const struct dirent *e = readdir(threads); e; e = readdir(threads))
    running += e->d_name[0] != '.' && init_runs(e->d_name);
  closedir(threads);
  return running <= 1;
}

static void init_wait_until_idle(void) {
  double limit = kith_clock() + INIT_LIMIT;
  for (int quiet = 0; quiet < INIT_QUIET && kith_clock() < limit;) {
    quiet = init_is_quiet() ? quiet + 1 : 0;
    if (quiet < INIT_QUIET) nanosleep(&(struct timespec){.tv_nsec = INIT_NAP}, NULL);
  }
}

void kith_mpi_init_level(int *argc, char ***argv, int level) {
  int provided = 0;
  MPI_Init_thread(argc, argv, level, &provided);
  init_wait_until_idle();
}

/* For the checkpoint writer's thread. */
void kith_mpi_init(int *argc, char ***argv) { kith_mpi_init_level(argc, argv, MPI_THREAD_MULTIPLE); }
