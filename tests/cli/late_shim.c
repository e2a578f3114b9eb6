/*
 * Preloaded by test_late_thread.sh: threads beside the main thread come back from poll() late, as they do on
 * a machine under load.  poll() is where ORTE's progress thread sleeps.
 *
 *   SHIM_LATE=SECONDS
 */
#include <dlfcn.h>
#include <poll.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

int poll(struct pollfd *of, nfds_t n, int timeout) {
  int (*real)(struct pollfd *, nfds_t, int) = (int (*)(struct pollfd *, nfds_t, int))dlsym(RTLD_NEXT, "poll");
  int rc = real(of, n, timeout);
  const char *late = getenv("SHIM_LATE");
  /* without sleeping: a thread that waits for a core counts as running */
  for (double end = now() + (late && gettid() != getpid() ? strtod(late, NULL) : 0); now() < end;) {
  }
  return rc;
}
