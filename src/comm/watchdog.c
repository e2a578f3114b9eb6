/* The watchdog thread; kith/watchdog.h describes what it does. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "comm/heartbeat.h"
#include "comm/watchdog.h"

enum {
  WATCHDOG_GIVE_UP = 60
}; /* seconds until the process exits even if the roll call or MPI_Abort() hangs */

/* ---- state that threads register ---- */

/* The main thread and the checkpoint writer. */
static struct {
  _Atomic(const kith_call_site *) site; /* null: not waiting */
  _Atomic int64_t n_wait;               /* calls that may wait, so far */
} watchdog_of[2];
static _Thread_local int watchdog_thread_index;
const kith_call_site kith__writer_thread = {"the thread that writes a checkpoint", "", __FILE__, __LINE__};
static _Atomic int64_t watchdog_epoch, watchdog_at_step;
static pthread_mutex_t watchdog_lock = PTHREAD_MUTEX_INITIALIZER; /* guards the path and the end */
static char watchdog_path[KITH_PATH];

void kith__wait_begin(const kith_call_site *site) {
  int i = watchdog_thread_index;
  atomic_store_explicit(&watchdog_of[i].n_wait,
                        atomic_load_explicit(&watchdog_of[i].n_wait, memory_order_relaxed) + 1,
                        memory_order_relaxed);
  atomic_store_explicit(&watchdog_of[i].site, site, memory_order_release);
}

void kith__wait_end(void) {
  atomic_store_explicit(&watchdog_of[watchdog_thread_index].site, NULL, memory_order_relaxed);
}

void kith_watchdog_register_writer(void) { watchdog_thread_index = 1; }

/* The call in which this rank waits; null: it is working. */
static const kith_call_site *watchdog_site(void) {
  const kith_call_site *site = atomic_load_explicit(&watchdog_of[0].site, memory_order_acquire);
  return site == &kith__writer_thread ? atomic_load_explicit(&watchdog_of[1].site, memory_order_acquire)
                                      : site;
}

void kith_watchdog_set_step(int64_t epoch, int64_t step) {
  atomic_store_explicit(&watchdog_epoch, epoch, memory_order_relaxed);
  atomic_store_explicit(&watchdog_at_step, step, memory_order_relaxed);
}

void kith_watchdog_set_file(const char *path) {
  pthread_mutex_lock(&watchdog_lock);
  snprintf(watchdog_path, sizeof watchdog_path, "%s", path);
  pthread_mutex_unlock(&watchdog_lock);
}

/* ---- the watchdog ---- */

static struct {
  bool on, ended; /* `ended` under the lock */
  pthread_t thread;
  pthread_cond_t end;
  int rank, size;
  char path[KITH_PATH];
  double limit, tick, look; /* seconds: of a wait, between samples of the main thread, between heartbeats */
  char (*host)[KITH_NAME];  /* [size] */
  heartbeat_record *then, *now; /* [size] */
} watchdog;

/* State of the thread between samples. */
typedef struct watchdog_state {
  double at, looked; /* times of the last sample and heartbeat */
  int64_t n_wait, count;
  double waited, deadline;
  bool is_waiting, is_late;
} watchdog_state;

kith_watchdog_options kith_watchdog_defaults(void) { return (kith_watchdog_options){.minutes = 30}; }

/* Sleep, at most until the watchdog is stopped; returns whether it is. */
static bool watchdog_sleep(double seconds) {
  struct timespec until;
  clock_gettime(CLOCK_MONOTONIC, &until);
  int64_t ns = until.tv_nsec + (int64_t)(seconds * 1e9);
  until.tv_sec += ns / 1000000000;
  until.tv_nsec = ns % 1000000000;
  pthread_mutex_lock(&watchdog_lock);
  while (!watchdog.ended && pthread_cond_timedwait(&watchdog.end, &watchdog_lock, &until) != ETIMEDOUT) {
  }
  bool ended = watchdog.ended;
  pthread_mutex_unlock(&watchdog_lock);
  return ended;
}

/* "the sum of gradients (MPI_Allreduce, tape/params.c:92)" */
static void watchdog_print_site(const kith_call_site *p, size_t size, char *text) {
  const char *slash = strrchr(p->file, '/'), *file = p->file;
  for (const char *c = p->file; slash && c < slash; c++)
    if (*c == '/') file = c + 1; /* keep one folder */
  snprintf(text, size, "%s (%.*s, %s:%d)", p->what, (int)strcspn(p->call, "("), p->call, file, p->line);
}

/* "rank 2 (node1) has waited 1800 s in …, epoch 3, step 17, file work/checkpoint.h5". */
static void watchdog_print(const watchdog_state *w, size_t size, char *text) {
  const kith_call_site *site = watchdog_site();
  long long epoch = atomic_load(&watchdog_epoch), step = atomic_load(&watchdog_at_step);
  char where[160] = "", path[120] = "", when[64] = "";
  if (site) watchdog_print_site(site, sizeof where, where);
  if (step > 0) snprintf(when, sizeof when, ", epoch %lld, step %lld", epoch, step);
  pthread_mutex_lock(&watchdog_lock);
  const char *end = strlen(watchdog_path) > 100 ? watchdog_path + strlen(watchdog_path) - 100 : watchdog_path;
  if (*end) snprintf(path, sizeof path, ", last file %.100s", end);
  pthread_mutex_unlock(&watchdog_lock);
  if (site)
    snprintf(text, size, "rank %d (%.40s) has waited %.0f s in %s%s%s", watchdog.rank,
             watchdog.host[watchdog.rank], w->waited, where, when, path);
  else
    snprintf(text, size, "rank %d (%.40s) waits for nobody%s%s", watchdog.rank, watchdog.host[watchdog.rank],
             when, path);
}

static void watchdog_beat(watchdog_state *w, bool create) {
  heartbeat_record record = {.count = ++w->count, .n_wait = w->n_wait, .is_waiting = w->is_waiting};
  struct timespec t = {0};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  record.cpu_ms = (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
  watchdog_print(w, sizeof record.text, record.text);
  kith__heartbeat_write(watchdog.path, watchdog.rank, create, &record);
}

/* Sample the main thread.  Time is counted by samples, so suspended time is not waiting time. */
static void watchdog_sample(watchdog_state *w) {
  double now = kith_clock(), past = now - w->at < 2 * watchdog.tick ? now - w->at : 2 * watchdog.tick;
  int64_t n_wait = atomic_load(&watchdog_of[0].n_wait) + atomic_load(&watchdog_of[1].n_wait);
  w->at = now;
  w->is_waiting = watchdog_site() != NULL;
  if (w->is_waiting && n_wait == w->n_wait) w->waited += past;
  else w->waited = 0, w->deadline = watchdog.limit;
  w->n_wait = n_wait;
}

/* ---- roll call ---- */

static void watchdog_give_up(int number) {
  (void)number;
  _exit(KITH_EINTERRUPT);
}

/* Whether a rank has made progress between two readings: another wait, or CPU time of 1 % of the interval. */
static bool watchdog_has_progress(int r, double seconds) {
  const heartbeat_record *a = &watchdog.then[r], *b = &watchdog.now[r];
  if (b->count <= a->count || a->count == 0) return false;
  return b->n_wait != a->n_wait || (!b->is_waiting && (double)(b->cpu_ms - a->cpu_ms) > 10 * seconds);
}

/* The lowest live rank that waits prints for all. */
static bool watchdog_is_reporter(void) {
  int r = 0;
  while (r < watchdog.rank && !(watchdog.now[r].is_waiting && watchdog.now[r].count > watchdog.then[r].count))
    r++;
  return r == watchdog.rank;
}

static void watchdog_print_missing(void) {
  int n = 0;
  for (int r = 0; r < watchdog.size; r++) {
    const heartbeat_record *b = &watchdog.now[r];
    bool heard = b->count > watchdog.then[r].count;
    if (heard && b->is_waiting) continue;
    n++;
    const char *said = heard ? "; it says: " : b->count > 0 ? "; it last said: " : "";
    fprintf(stderr, "kith: rank %d (%s) %s%s%s\n", r, watchdog.host[r],
            heard ? "stands still" : "gives no sign", said, b->text);
  }
  if (n == 0)
    fprintf(stderr, "kith: no rank is missing: the network or the file system hangs, or the program itself "
                    "is at fault\n");
  fprintf(stderr, "kith: ending all ranks with code %d; the same command goes on from the last checkpoint\n",
          (int)KITH_EINTERRUPT);
}

static void watchdog_print_working(double seconds) {
  for (int r = 0; r < watchdog.size; r++)
    if (watchdog_has_progress(r, seconds))
      fprintf(stderr, "kith: rank %d is at work, so the job is slow rather than hung; waiting on\n", r);
}

/* Write a few heartbeats and read those of others; false if the wait or the watchdog has ended meanwhile. */
static bool watchdog_call_roll(watchdog_state *w) {
  enum { TIMES = 4 };
  kith__heartbeat_read(watchdog.path, watchdog.size, watchdog.then);
  for (int i = 0; i < TIMES; i++) {
    watchdog_beat(w, true);
    if (watchdog_sleep(watchdog.look)) return false;
    double before = w->waited;
    watchdog_sample(w);
    if (w->waited <= before) return false;
  }
  watchdog_beat(w, true);
  kith__heartbeat_read(watchdog.path, watchdog.size, watchdog.now);
  return true;
}

/* At the limit: end the job, unless some rank makes progress. */
static void watchdog_decide(watchdog_state *w) {
  char text[HEARTBEAT_TEXT];
  bool slow = false;
  double began = kith_clock();
  watchdog_print(w, sizeof text, text);
  fprintf(stderr, "kith: %s\n", text);
  if (!watchdog_call_roll(w)) return;
  double seconds = kith_clock() - began;
  for (int r = 0; r < watchdog.size; r++)
    slow = slow || (r != watchdog.rank && watchdog_has_progress(r, seconds));
  w->deadline = w->waited + watchdog.limit;
  if (slow && watchdog_is_reporter()) watchdog_print_working(seconds);
  if (slow) return;
  if (watchdog_is_reporter()) watchdog_print_missing();
  watchdog_sleep(2 * watchdog.look); /* let the others print their lines */
  MPI_Abort(MPI_COMM_WORLD, KITH_EINTERRUPT);
  _exit(KITH_EINTERRUPT);
}

/* ---- the thread ---- */

/* If the file system itself hangs, the roll call blocks, and the alarm ends the process. */
static void watchdog_decide_in_time(watchdog_state *w) {
  signal(SIGALRM, watchdog_give_up);
  alarm(WATCHDOG_GIVE_UP + (unsigned)(8 * watchdog.look));
  watchdog_decide(w);
  alarm(0);
  signal(SIGALRM, SIG_DFL);
}

static void *watchdog_run(void *nothing) {
  watchdog_state w = {.at = kith_clock(), .deadline = watchdog.limit};
  (void)nothing;
  while (!watchdog_sleep(watchdog.tick)) {
    watchdog_sample(&w);
    bool is_late = w.waited > watchdog.limit / 2, due = w.at - w.looked >= watchdog.look;
    if (w.is_late && !is_late) unlink(watchdog.path);
    w.is_late = is_late;
    if (due) w.looked = w.at;
    if (due && (is_late || kith__heartbeat_exists(watchdog.path))) watchdog_beat(&w, is_late);
    if (w.waited >= w.deadline) watchdog_decide_in_time(&w);
  }
  return NULL;
}

/* The thread blocks all signals: the main thread handles them. */
static kith_status watchdog_start(void) {
  sigset_t all, old;
  pthread_condattr_t clock;
  pthread_condattr_init(&clock);
  pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
  pthread_cond_init(&watchdog.end, &clock);
  pthread_condattr_destroy(&clock);
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &old);
  int why = pthread_create(&watchdog.thread, NULL, watchdog_run, NULL);
  pthread_sigmask(SIG_SETMASK, &old, NULL);
  watchdog.on = why == 0;
  if (why == 0) return KITH_OK;
  pthread_cond_destroy(&watchdog.end);
  return kith_fail(KITH_ENOMEM, "cannot start the watchdog thread: %s", strerror(why));
}

/* Rank 0 checks the folder and removes the heartbeat file of an earlier run. */
static kith_status watchdog_prepare(const kith_comm *comm, const char *folder, bool *there) {
  kith_status st = KITH_OK;
  struct stat is;
  watchdog.rank = comm->rank;
  watchdog.size = comm->size;
  watchdog.tick = watchdog.limit / 20 < 1 ? watchdog.limit / 20 : 1;
  watchdog.look = watchdog.limit / 20 < 20 ? watchdog.limit / 20 : 20;
  KITH_TRY(kith_path_join(folder, "waiting.txt", watchdog.path));
  *there = stat(folder, &is) == 0 && S_ISDIR(is.st_mode);
  if (comm->rank == 0 && *there) unlink(watchdog.path);
  KITH_TRY(KITH_NEW(watchdog.host, comm->size));
  if (gethostname(watchdog.host[comm->rank], KITH_NAME - 1) != 0)
    snprintf(watchdog.host[comm->rank], KITH_NAME, "unknown host");
  KITH_TRY(KITH_NEW(watchdog.then, comm->size));
  KITH_TRY(KITH_NEW(watchdog.now, comm->size));
done:
  return st;
}

static void watchdog_free(void) {
  KITH_FREE(watchdog.host);
  KITH_FREE(watchdog.then);
  KITH_FREE(watchdog.now);
  watchdog.on = watchdog.ended = false;
}

kith_agreed kith_watchdog_start(const kith_comm *comm, const kith_watchdog_options *o, const char *folder) {
  kith_agreed st = {KITH_OK};
  bool there = false;
  kith_watchdog_stop();
  KITH_TRY(kith_agree(comm, kith_env_seconds("KITH_WATCH_SECONDS", 60 * o->minutes, &watchdog.limit)));
  if (comm->size == 1 || watchdog.limit <= 0) return st;
  KITH_TRY(kith_agree(comm, watchdog_prepare(comm, folder, &there)));
  kith_comm_bcast(comm, sizeof there, &there);
  KITH_MPI(MPI_Allgather(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, watchdog.host, KITH_NAME, MPI_CHAR, comm->mpi));
  if (there) KITH_TRY(kith_agree(comm, watchdog_start()));
done:
  if (kith_is_bad(st)) kith_watchdog_stop();
  if (!watchdog.on) watchdog_free();
  return st;
}

void kith_watchdog_stop(void) {
  if (!watchdog.on) return;
  pthread_mutex_lock(&watchdog_lock);
  watchdog.ended = true;
  pthread_cond_signal(&watchdog.end);
  pthread_mutex_unlock(&watchdog_lock);
  pthread_join(watchdog.thread, NULL);
  pthread_cond_destroy(&watchdog.end);
  watchdog_free();
}
