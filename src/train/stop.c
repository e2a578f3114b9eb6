/*
 * Slurm says USR1 (as the job scripts ask it to) or TERM before it takes the nodes away; a person says INT with Ctrl-C.
 *
 * INT and TERM are heard once: a second one ends the program at once, for whoever does not want to wait for the
 * checkpoint.  USR1 may come again, from a script that passes on more than one warning.
 */
#include <signal.h>
#include <string.h>

#include "kith/train.h"
#include "train/stop.h"

enum { STOP_SIGNALS = 3 };

static const int stop_signal[STOP_SIGNALS] = {SIGUSR1, SIGTERM, SIGINT};
static volatile sig_atomic_t stop_asked;
static struct sigaction stop_old[STOP_SIGNALS];
static bool stop_watches;

static void stop_note(int number) {
  (void)number;
  stop_asked = 1;
}

void kith_train_watch(void) {
  struct sigaction act;
  if (stop_watches) return;
  stop_watches = true;
  memset(&act, 0, sizeof act);
  act.sa_handler = stop_note;
  stop_asked = 0;
  for (int i = 0; i < STOP_SIGNALS; i++) {
    act.sa_flags = SA_RESTART | (stop_signal[i] == SIGUSR1 ? 0 : (int)SA_RESETHAND);
    sigaction(stop_signal[i], &act, &stop_old[i]);
  }
}

bool kith__stop_is_asked(void) { return stop_asked != 0; }

void kith__stop_unwatch(void) {
  stop_watches = false;
  for (int i = 0; i < STOP_SIGNALS; i++) sigaction(stop_signal[i], &stop_old[i], NULL);
}
