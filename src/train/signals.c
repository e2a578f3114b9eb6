/*
 * Signals that request a stop: USR1 (requested by the job scripts) and TERM from Slurm before the allocation
 * ends; INT from Ctrl-C; XCPU at the limit of `ulimit -t`; HUP when the terminal closes, unless nohup ignores
 * it.
 *
 * A second INT or TERM ends the program at once, without waiting for the checkpoint. USR1, XCPU and HUP may
 * repeat: scripts forward several warnings, XCPU arrives every second, and both the shell and the system send
 * HUP.
 *
 * Ctrl-C on mpirun reaches no rank. Open MPI 4.1 sends every rank SIGCONT at once, SIGTERM after
 * odls_base_sigkill_timeout seconds (1), and SIGKILL after the same time again. SIGTERM alone would leave one
 * second, so SIGCONT already requests a checkpoint. A suspended job that continues (Ctrl-Z, fg) gets SIGCONT
 * too; the extra checkpoint is harmless.
 */
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "train/train.h"
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
