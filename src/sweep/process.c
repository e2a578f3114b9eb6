/* Programs that a sweep starts, and the signals that it passes on to them. */
#include "sweep/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/fault.h"

enum { PROCESS_STOPS = 4 };

static const int process_number[PROCESS_STOPS] = {SIGINT, SIGTERM, SIGUSR1, SIGHUP};
static volatile sig_atomic_t process_stops;
static struct sigaction process_old[PROCESS_STOPS];

static void process_on_stop(int number) {
  (void)number;
  process_stops++;
}

void kith__process_signals_install(void) {
  struct sigaction act;
  memset(&act, 0, sizeof act);
  act.sa_handler = process_on_stop;
  act.sa_flags = SA_RESTART;
  process_stops = 0;
  for (int i = 0; i < PROCESS_STOPS; i++) {
    sigaction(process_number[i], &act, &process_old[i]);
    const bool ignored = process_number[i] == SIGHUP && process_old[i].sa_handler == SIG_IGN; /* nohup */
    if (ignored) sigaction(process_number[i], &process_old[i], NULL);
  }
}

void kith__process_signals_restore(void) {
  for (int i = 0; i < PROCESS_STOPS; i++) sigaction(process_number[i], &process_old[i], NULL);
}

int kith__process_stops(void) { return (int)process_stops; }

/* ---- the environment ---- */

static bool process_is_dropped(const char *entry, const char *const *unset) {
  for (; unset && *unset; unset++) {
    const size_t n = strlen(*unset);
    const bool all = n > 0 && (*unset)[n - 1] == '*';
    if (all ? strncmp(entry, *unset, n - 1) == 0 : strncmp(entry, *unset, n) == 0 && entry[n] == '=')
      return true;
  }
  return false;
}

kith_status kith__process_environment(const char *const *unset, const char *const *add,
                                      kith_process_env *out) {
  kith_status st = KITH_OK;
  FILE *f = NULL;
  size_t n = 0;
  int count = 0;
  *out = (kith_process_env){.text = NULL};
  KITH_TRY(KITH_NEW(out->text, PROCESS_ENVIRONMENT));
  KITH_TRY(KITH_NEW(out->entry, PROCESS_VARIABLES + 1));
  f = kith_fault(KITH_FAULT_READ) ? NULL : fopen("/proc/self/environ", "re");
  KITH_CHECK(f, KITH_EIO, "/proc/self/environ: %s", strerror(errno));
  n = fread(out->text, 1, PROCESS_ENVIRONMENT - 1, f);
  for (; add && *add && count < PROCESS_VARIABLES; add++) out->entry[count++] = *add;
  for (char *at = out->text; at < out->text + n && count < PROCESS_VARIABLES; at += strlen(at) + 1)
    if (*at && !process_is_dropped(at, unset)) out->entry[count++] = at;
done:
  if (f) fclose(f);
  return st;
}

void kith__process_environment_free(kith_process_env *e) {
  KITH_FREE(e->text);
  KITH_FREE(e->entry);
}

/* ---- start and end ---- */

/* In the child: a group of its own, so that Ctrl-C reaches it by way of the sweep; nothing to read; and the
 * end of the sweep, however that comes, asks it to write a checkpoint. */
static void process_become(int null, int log, pid_t parent, char *const *word, char *const *environment) {
  struct sigaction usual;
  memset(&usual, 0, sizeof usual);
  usual.sa_handler = SIG_DFL;
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGUSR1);
  if (getppid() != parent) _exit(KITH_EINTERRUPT);
  for (int i = 0; i < PROCESS_STOPS; i++) sigaction(process_number[i], &usual, NULL);
  if (dup2(null, STDIN_FILENO) < 0 || dup2(log, STDOUT_FILENO) < 0 || dup2(log, STDERR_FILENO) < 0)
    _exit(KITH_EIO);
  execvpe(word[0], word, environment);
  dprintf(STDERR_FILENO, "kith: %s: %s\n", word[0], strerror(errno));
  _exit(KITH_EUSAGE);
}

kith_status kith__process_start(const char *log, const char *const *word, const kith_process_env *e,
                                pid_t *out) {
  kith_status st = KITH_OK;
  char *const *argv = (char *const *)(uintptr_t)word;
  const int to =
      kith_fault(KITH_FAULT_WRITE) ? -1 : open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  const int null = kith_fault(KITH_FAULT_READ) ? -1 : open("/dev/null", O_RDONLY | O_CLOEXEC);
  *out = -1;
  KITH_CHECK(null >= 0, KITH_EIO, "/dev/null: %s", strerror(errno));
  KITH_CHECK(to >= 0, KITH_EOUTPUT, "%s: cannot be written: %s", log, strerror(errno));
  const pid_t parent = getpid(), child = fork();
  if (child == 0) process_become(null, to, parent, argv, (char *const *)(uintptr_t)e->entry);
  KITH_CHECK(child > 0, KITH_EIO, "%s: cannot be started: %s", word[0], strerror(errno));
  *out = child;
done:
  if (to >= 0) close(to);
  if (null >= 0) close(null);
  return st;
}

kith_status kith__process_run(const char *log, const char *const *word, const kith_process_env *e,
                              int *code) {
  kith_status st = KITH_OK;
  pid_t child = 0;
  KITH_TRY(kith__process_start(log, word, e, &child));
  while (!kith__process_ended(child, code)) nanosleep(&(struct timespec){.tv_nsec = 20000000L}, NULL);
done:
  return st;
}

bool kith__process_ended(pid_t child, int *code) {
  int status = 0;
  const pid_t is = waitpid(child, &status, WNOHANG);
  if (is == 0 || (is < 0 && errno == EINTR)) return false;
  *code = is < 0 ? KITH_EIO : WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return true;
}

void kith__process_signal(pid_t child, int stops) {
  /* mpirun passes USR1 on to its ranks */
  kill(child, stops == 1 ? SIGUSR1 : stops == 2 ? SIGTERM : SIGKILL);
}
