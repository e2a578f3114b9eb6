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
#include "train/stop.h"

enum { STOP_SIGNALS = 5 };

static const int stop_signal[STOP_SIGNALS] = {SIGUSR1, SIGTERM, SIGINT, SIGXCPU, SIGHUP};
static volatile sig_atomic_t stop_asked, stop_warned;
static struct sigaction stop_old[STOP_SIGNALS], stop_old_cont;
static bool stop_watches;

static void stop_note(int number) {
  (void)number;
  stop_asked = 1;
}

static void stop_note_cont(int number, siginfo_t *info, void *context) {
  (void)number, (void)context;
  if (info->si_code == SI_USER && info->si_pid == getppid()) stop_warned = 1;
}

static void stop_watch_cont(void) {
  struct sigaction act;
  memset(&act, 0, sizeof act);
  act.sa_sigaction = stop_note_cont;
  act.sa_flags = SA_RESTART | SA_SIGINFO;
  stop_warned = 0;
  sigaction(SIGCONT, &act, &stop_old_cont);
}

void kith_train_watch(void) {
  struct sigaction act;
  if (stop_watches) return;
  stop_watches = true;
  memset(&act, 0, sizeof act);
  act.sa_handler = stop_note;
  stop_asked = 0;
  for (int i = 0; i < STOP_SIGNALS; i++) {
    bool once = stop_signal[i] == SIGTERM || stop_signal[i] == SIGINT;
    act.sa_flags = SA_RESTART | (once ? (int)SA_RESETHAND : 0);
    sigaction(stop_signal[i], &act, &stop_old[i]);
    bool ignored = stop_signal[i] == SIGHUP && stop_old[i].sa_handler == SIG_IGN;
    if (ignored) sigaction(stop_signal[i], &stop_old[i], NULL);
  }
  stop_watch_cont();
}

bool kith__stop_is_asked(void) { return stop_asked != 0; }

bool kith__stop_is_near(void) { return stop_warned != 0; }
void kith__stop_was_met(void) { stop_warned = 0; }

void kith__stop_unwatch(void) {
  stop_watches = false;
  for (int i = 0; i < STOP_SIGNALS; i++) sigaction(stop_signal[i], &stop_old[i], NULL);
  sigaction(SIGCONT, &stop_old_cont, NULL);
}
