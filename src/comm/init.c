/* Starting MPI, and letting the threads that it starts come to rest before anything else is done.
 *
 * Open MPI 4.1 ends a program that ends soon after MPI_Init() with a segmentation fault, about once in some
 * hundred runs on a machine under load.  MPI_Init() declares to PMIx that the program uses MPI; PMIx's thread
 * answers with an event (PMIX_MODEL_DECLARED) for Open MPI's own handler, and passes it to ORTE's progress
 * thread.  Nobody waits for that thread. If it gets no core until MPI_Finalize(), then that closes the
 * component which holds the handler (mca_pmix_ext3x) and unloads its code, and only later joins the thread,
 * which meanwhile wakes up and jumps to where the code was.
 *
 * So we wait where the event has just been posted: until every thread beside this one sleeps, which it does
 * only when it has nothing left to do.  That is no more than a few looks at /proc, unless the machine is
 * under load. */
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "kith/comm.h"

enum {
  INIT_NAP = 200000, /* nanoseconds between looks */
  INIT_QUIET =
      2, /* looks in a row: during one, a thread already seen may be woken by one that is seen later */
  INIT_LIMIT = 2, /* seconds; a transport may have a thread that never sleeps */
};

/* Whether a thread of this process runs, or waits for a core: after the name in parentheses stands R.  One
 * that has gone does not. */
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

/* Whether only this thread, the one that looks, runs; so it is too where there is no /proc to tell. */
static bool init_is_quiet(void) {
  int running = 0;
  DIR *threads = opendir("/proc/self/task");
  if (!threads) return true;
  for (const struct dirent *e = readdir(threads); e; e = readdir(threads))
    running += e->d_name[0] != '.' && init_runs(e->d_name);
  closedir(threads);
  return running <= 1;
}

static void init_let_threads_rest(void) {
  double limit = kith_clock() + INIT_LIMIT;
  for (int quiet = 0; quiet < INIT_QUIET && kith_clock() < limit;) {
    quiet = init_is_quiet() ? quiet + 1 : 0;
    if (quiet < INIT_QUIET) nanosleep(&(struct timespec){.tv_nsec = INIT_NAP}, NULL);
  }
}

void kith_mpi_init(int *argc, char ***argv) {
  int provided = 0;
  MPI_Init_thread(argc, argv, MPI_THREAD_MULTIPLE,
                  &provided); /* checkpoints are written by a thread, where MPI gives it */
  init_let_threads_rest();
}
