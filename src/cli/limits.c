/*
 * Limits of the shell (ulimit).  By default, exceeding one of them kills the program without a message; here
 * the program ends with a message and a documented code.
 *
 * A file that would exceed ulimit -f is a write that fails with EFBIG, like a full disk.  Exceeding the time
 * on processors (ulimit -t) raises SIGXCPU, which requests a checkpoint in training and ends every other
 * verb.  If the shell sets the limit that kills to the same value, the limit that warns is set below it.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "cli/verbs.h"

enum { LIMITS_MPI = 4 << 20 }; /* bytes of the largest file that Open MPI makes at its start */
enum {
  LIMITS_SHARE = 10,
  LIMITS_MOST = 60
}; /* the warning comes a tenth of the time ahead, at most a minute */

/* Only what a signal handler may call. */
static void limits_end(int number) {
  static const char line[] = "kith: the time on processors that the shell allows (ulimit -t) is used up; "
                             "allow more, and run the same command again\n";
  (void)number;
  ssize_t n = write(STDERR_FILENO, line, sizeof line - 1);
  _exit(n >= 0 ? KITH_EINTERRUPT : KITH_EIO);
}

static void limits_warn_ahead(void) {
  struct rlimit cpu;
  if (getrlimit(RLIMIT_CPU, &cpu) != 0 || cpu.rlim_max == RLIM_INFINITY || cpu.rlim_cur < cpu.rlim_max)
    return;
  rlim_t ahead = cpu.rlim_max / LIMITS_SHARE + 1;
  if (ahead > LIMITS_MOST) ahead = LIMITS_MOST;
  if (cpu.rlim_max <= ahead) return;
  cpu.rlim_cur = cpu.rlim_max - ahead;
  (void)setrlimit(RLIMIT_CPU, &cpu); /* may fail: then the limit kills, as everywhere */
}

/* Without mpirun or srun, MPI itself makes such files at its start, and waits for ever if it cannot. */
static kith_status limits_let_mpi(void) {
  struct rlimit size;
  if (getenv("PMIX_RANK") || getrlimit(RLIMIT_FSIZE, &size) != 0 || size.rlim_cur == RLIM_INFINITY ||
      size.rlim_cur >= LIMITS_MPI)
    return KITH_OK;
  fprintf(stderr,
          "kith: the shell allows files of %.0f KiB (ulimit -f), and MPI needs %d KiB to begin; allow more\n",
          (double)size.rlim_cur / 1024, LIMITS_MPI / 1024);
  return KITH_EIO;
}

kith_status cli_limits_begin(void) {
  struct sigaction act;
  memset(&act, 0, sizeof act);
  act.sa_handler = SIG_IGN;
  sigaction(SIGXFSZ, &act, NULL);
  act.sa_handler = limits_end;
  sigaction(SIGXCPU, &act, NULL);
  limits_warn_ahead();
  return limits_let_mpi();
}
