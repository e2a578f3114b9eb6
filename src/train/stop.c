/* Slurm says USR1 (as the job scripts ask it to) or TERM before it takes the nodes away. */
#include <signal.h>
#include <string.h>

#include "train/stop.h"

static volatile sig_atomic_t stop_asked;
static struct sigaction stop_old[2];

static void stop_note(int number) {
  (void)number;
  stop_asked = 1;
}

void kith__stop_watch(void) {
  struct sigaction act;
  memset(&act, 0, sizeof act);
  act.sa_handler = stop_note;
  act.sa_flags = SA_RESTART;
  stop_asked = 0;
  sigaction(SIGUSR1, &act, &stop_old[0]);
  sigaction(SIGTERM, &act, &stop_old[1]);
}

bool kith__stop_is_asked(void) { return stop_asked != 0; }

void kith__stop_unwatch(void) {
  sigaction(SIGUSR1, &stop_old[0], NULL);
  sigaction(SIGTERM, &stop_old[1], NULL);
}
