/*
 * Slurm says USR1 (as the job scripts ask it to) or TERM before it takes the nodes away; a person says INT
 * with Ctrl-C; the system says XCPU when the time of `ulimit -t` is used up, and HUP when the terminal is
 * gone, unless nohup has it ignored.
 *
 * INT and TERM are heard once: a second one ends the program at once, for whoever does not want to wait for
 * the checkpoint.  USR1 may come again, from a script that passes on more than one warning, XCPU comes every
 * second, and HUP from the shell and from the system.
 *
 * Ctrl-C on mpirun reaches no rank.  Open MPI 4.1 answers it by sending every rank SIGCONT at once, SIGTERM
 * after odls_base_sigkill_timeout seconds (1), and SIGKILL after as many again.  The SIGTERM alone leaves a
 * second, so the SIGCONT already asks for a checkpoint.  When a job goes on that was suspended (Ctrl-Z, fg)
 * the same signal comes; the checkpoint is then one more, and harmless.
 */
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "kith/train.h"
#include "train/signals.h"

enum { SIGNALS_STOP = 5 };

static const int signals_number[SIGNALS_STOP] = {SIGUSR1, SIGTERM, SIGINT, SIGXCPU, SIGHUP};
static volatile sig_atomic_t signals_stop_flag, signals_launcher_flag;
static struct sigaction signals_old[SIGNALS_STOP], signals_old_cont;
static bool signals_installed;

static void signals_on_stop(int number) {
  (void)number;
  signals_stop_flag = 1;
}

static void signals_on_cont(int number, siginfo_t *info, void *context) {
  (void)number, (void)context;
  if (info->si_code == SI_USER && info->si_pid == getppid()) signals_launcher_flag = 1;
}

static void signals_install_cont(void) {
  struct sigaction act;
  memset(&act, 0, sizeof act);
  act.sa_sigaction = signals_on_cont;
  act.sa_flags = SA_RESTART | SA_SIGINFO;
  signals_launcher_flag = 0;
  sigaction(SIGCONT, &act, &signals_old_cont);
}

void kith_signals_install(void) {
  struct sigaction act;
  if (signals_installed) return;
  signals_installed = true;
  memset(&act, 0, sizeof act);
  act.sa_handler = signals_on_stop;
  signals_stop_flag = 0;
  for (int i = 0; i < SIGNALS_STOP; i++) {
    bool once = signals_number[i] == SIGTERM || signals_number[i] == SIGINT;
    act.sa_flags = SA_RESTART | (once ? (int)SA_RESETHAND : 0);
    sigaction(signals_number[i], &act, &signals_old[i]);
    bool ignored = signals_number[i] == SIGHUP && signals_old[i].sa_handler == SIG_IGN;
    if (ignored) sigaction(signals_number[i], &signals_old[i], NULL);
  }
  signals_install_cont();
}

bool kith__signals_stop_requested(void) { return signals_stop_flag != 0; }

bool kith__signals_launcher_ending(void) { return signals_launcher_flag != 0; }
void kith__signals_clear_launcher(void) { signals_launcher_flag = 0; }

void kith__signals_restore(void) {
  signals_installed = false;
  for (int i = 0; i < SIGNALS_STOP; i++) sigaction(signals_number[i], &signals_old[i], NULL);
  sigaction(SIGCONT, &signals_old_cont, NULL);
}
