/* Initialization of MPI, with a workaround for a race in Open MPI 4.1.
 *
 * A program that ends soon after MPI_Init() crashes about once in some hundred runs on a loaded machine.
 * MPI_Init() declares to PMIx that the program uses MPI.  PMIx's thread answers with an event
 * (PMIX_MODEL_DECLARED) for Open MPI's handler and passes it to ORTE's progress thread, for which nothing
 * waits.  If that thread gets no core before MPI_Finalize(), the component with the handler (mca_pmix_ext3x)
 * is closed and its code unloaded before the thread is joined; the thread then jumps to unmapped code.
 *
 * So after MPI_Init() we hand that thread an event of our own, and wait for it: events are handled in order,
 * and PMIx's thread has passed on its own by then, since MPI_Init() ends with a fence that it takes part in.
 * A process that no launcher has started has no PMIx.
 *
 * Where ORTE's base of events or libevent cannot be reached, we wait until every other thread sleeps, as
 * /proc/self/task tells.  That is dear on Linux 6: what has been looked up there is removed at the end of
 * each thread, and the parent that reaps the process spins until it is, as long as the thread gets no core.
 */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "comm/comm.h"

enum {
  INIT_NAP = 200000, /* nanoseconds between samples */
  INIT_QUIET = 2,    /* idle samples in a row: during one, a thread already seen may be woken */
  INIT_LIMIT = 2,    /* seconds: a transport may have a thread that never sleeps */
  INIT_TIMEOUT = 1,  /* libevent's EV_TIMEOUT */
  INIT_HANG = 60,    /* seconds after which an event of our own never arrives */
};

/* ---- an event of our own ---- */

/* event_base_once() of libevent, and what it calls. */
typedef void init_callback(int socket, short what, void *argument);
typedef int init_once(void *base, int socket, short what, init_callback *call, void *argument,
                      const struct timeval *delay);

static void init_arrived(int socket, short what, void *argument) {
  (void)socket, (void)what;
  sem_post(argument);
}

/* Whether ORTE's progress thread has handled all events that it had; false if it cannot be told so. */
static bool init_flush_events(void) {
  static sem_t arrived; /* not on the stack: a thread that is very late may still post it */
  struct timespec limit;
  void **base = dlsym(RTLD_DEFAULT, "orte_event_base"), *found = dlsym(RTLD_DEFAULT, "event_base_once");
  init_once *once = NULL;
  memcpy(&once, &found, sizeof once); /* a pointer to a function, which ISO C converts from no other */
  if (!base || !*base || !once || sem_init(&arrived, 0, 0) != 0) return false;
  if (once(*base, -1, INIT_TIMEOUT, init_arrived, &arrived, &(struct timeval){0}) != 0) return false;
  clock_gettime(CLOCK_REALTIME, &limit);
  limit.tv_sec += INIT_HANG;
  while (sem_timedwait(&arrived, &limit) != 0)
    if (errno != EINTR) return false;
  return true;
}

/* ---- threads that sleep ---- */

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
  if (getenv("PMIX_RANK") && !init_flush_events()) init_wait_until_idle();
}

/* For the checkpoint writer's thread. */
void kith_mpi_init(int *argc, char ***argv) { kith_mpi_init_level(argc, argv, MPI_THREAD_MULTIPLE); }
