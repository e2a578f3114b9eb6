/* Private to the room: programs that a sweep starts.  All are Local. */
#ifndef KITH_SRC_SWEEP_PROCESS_H
#define KITH_SRC_SWEEP_PROCESS_H

#include <sys/types.h>

#include "sweep/sweep.h"

enum { PROCESS_ENVIRONMENT = 1 << 20, PROCESS_VARIABLES = 4096 };

/* The environment of programs: that with which this one was started, since MPI adds to it what makes a
 * program believe that it is a rank of this one. */
typedef struct kith_process_env {
  char *text;
  const char **entry;
} kith_process_env;

/* Without the variables `unset`, of which NAME* stands for all that begin so, and with those of `add`, as
 * NAME=value, which must stay; null ends both, and either may be null.  Errors: KITH_EIO, KITH_ENOMEM. */
kith_status kith__process_environment(const char *const *unset, const char *const *add,
                                      kith_process_env *out) KITH_MUST_USE;
void kith__process_environment_free(kith_process_env *e);

/* The first line of a file, of at most size - 1 bytes.  Errors: KITH_ENOINPUT, KITH_EIO. */
kith_status kith__sweep_first_line(const char *path, size_t size, char *text) KITH_MUST_USE;

/* Start the words, which null ends; their output goes behind that of `log`.  Errors: KITH_EOUTPUT, KITH_EIO.
 */
kith_status kith__process_start(const char *log, const char *const *word, const kith_process_env *e,
                                pid_t *out) KITH_MUST_USE;
/* The same, and wait for its end. */
kith_status kith__process_run(const char *log, const char *const *word, const kith_process_env *e,
                              int *code) KITH_MUST_USE;
/* Whether a program has ended, and its code, 128 + the signal that ended it. */
bool kith__process_ended(pid_t child, int *code);
/* Ask a program to stop, the first, second or third time. */
void kith__process_signal(pid_t child, int stops);

/* Count signals that ask to stop, from now on; leave it. */
void kith__process_signals_install(void);
void kith__process_signals_restore(void);
int kith__process_stops(void);

#endif
