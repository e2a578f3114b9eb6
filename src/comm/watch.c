/* The thread that looks whether the main thread waits for too long; kith/watch.h says what it does then. */
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

#include "comm/board.h"
#include "kith/watch.h"

enum { WATCH_GIVE_UP = 60 }; /* seconds until the process ends though the roll, or MPI_Abort, hangs itself */

/* ---- what threads note ---- */

/* The main thread, and one beside it. */
static struct {
  _Atomic(const kith_place *) place; /* null: it waits for nobody */
  _Atomic int64_t passed;            /* waits begun */
} watch_of[2];
static _Thread_local int watch_which;
const kith_place kith__own_thread = {"the thread that writes a checkpoint", "", __FILE__, __LINE__};
static _Atomic int64_t watch_epoch, watch_at_step;
static pthread_mutex_t watch_lock = PTHREAD_MUTEX_INITIALIZER; /* of the file and of the end */
static char watch_path[KITH_PATH];

void kith__wait_begin(const kith_place *place) {
  int i = watch_which;
  atomic_store_explicit(&watch_of[i].passed,
                        atomic_load_explicit(&watch_of[i].passed, memory_order_relaxed) + 1,
                        memory_order_relaxed);
  atomic_store_explicit(&watch_of[i].place, place, memory_order_release);
}

void kith__wait_end(void) { atomic_store_explicit(&watch_of[watch_which].place, NULL, memory_order_relaxed); }

void kith_watch_beside(void) { watch_which = 1; }

/* What this rank waits in; null: it is at work. */
static const kith_place *watch_waits_in(void) {
  const kith_place *place = atomic_load_explicit(&watch_of[0].place, memory_order_acquire);
  return place == &kith__own_thread ? atomic_load_explicit(&watch_of[1].place, memory_order_acquire) : place;
}

void kith_watch_step(int64_t epoch, int64_t step) {
  atomic_store_explicit(&watch_epoch, epoch, memory_order_relaxed);
  atomic_store_explicit(&watch_at_step, step, memory_order_relaxed);
}

void kith_watch_file(const char *path) {
  pthread_mutex_lock(&watch_lock);
  snprintf(watch_path, sizeof watch_path, "%s", path);
  pthread_mutex_unlock(&watch_lock);
}

/* ---- the watch ---- */

static struct {
  bool on, ended; /* the latter under the lock */
  pthread_t thread;
  pthread_cond_t end;
  int rank, size;
  char board[KITH_PATH];
  double limit, tick,
      look; /* seconds: of a wait, between looks at the main thread, between looks at the board */
  char (*host)[KITH_NAME]; /* [size] */
  board_sign *then, *now;  /* [size] */
} watch;

/* What the thread remembers from one look to the next. */
typedef struct watching {
  double at, looked; /* when */
  int64_t passed, beat;
  double waited, deadline;
  bool waits, worried;
} watching;

kith_watch_options kith_watch_defaults(void) { return (kith_watch_options){.minutes = 30}; }

/* Sleep, or until the end of the watch; whether that has come. */
static bool watch_nap(double seconds) {
  struct timespec until;
  clock_gettime(CLOCK_MONOTONIC, &until);
  int64_t ns = until.tv_nsec + (int64_t)(seconds * 1e9);
  until.tv_sec += ns / 1000000000;
  until.tv_nsec = ns % 1000000000;
  pthread_mutex_lock(&watch_lock);
  while (!watch.ended && pthread_cond_timedwait(&watch.end, &watch_lock, &until) != ETIMEDOUT) {
  }
  bool ended = watch.ended;
  pthread_mutex_unlock(&watch_lock);
  return ended;
}

/* "the sum of gradients (MPI_Allreduce, tape/params.c:92)" */
static void watch_say_place(const kith_place *p, size_t size, char *text) {
  const char *slash = strrchr(p->file, '/'), *file = p->file;
  for (const char *c = p->file; slash && c < slash; c++)
    if (*c == '/') file = c + 1; /* keeps one folder */
  snprintf(text, size, "%s (%.*s, %s:%d)", p->what, (int)strcspn(p->call, "("), p->call, file, p->line);
}

/* "rank 2 (node1) has waited 1800 s in …, epoch 3, step 17, file work/checkpoint.h5". */
static void watch_say(const watching *w, size_t size, char *text) {
  const kith_place *place = watch_waits_in();
  long long epoch = atomic_load(&watch_epoch), step = atomic_load(&watch_at_step);
  char where[160] = "", path[120] = "", when[64] = "";
  if (place) watch_say_place(place, sizeof where, where);
  if (step > 0) snprintf(when, sizeof when, ", epoch %lld, step %lld", epoch, step);
  pthread_mutex_lock(&watch_lock);
  const char *end = strlen(watch_path) > 100 ? watch_path + strlen(watch_path) - 100 : watch_path;
  if (*end) snprintf(path, sizeof path, ", last file %.100s", end);
  pthread_mutex_unlock(&watch_lock);
  if (place)
    snprintf(text, size, "rank %d (%.40s) has waited %.0f s in %s%s%s", watch.rank, watch.host[watch.rank],
             w->waited, where, when, path);
  else
    snprintf(text, size, "rank %d (%.40s) waits for nobody%s%s", watch.rank, watch.host[watch.rank], when,
             path);
}

static void watch_sign(watching *w, bool make) {
  board_sign mine = {.beat = ++w->beat, .passed = w->passed, .waits = w->waits};
  struct timespec t = {0};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  mine.worked = (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
  watch_say(w, sizeof mine.text, mine.text);
  kith__board_sign(watch.board, watch.rank, make, &mine);
}

/* Look at the main thread.  Time counts by looks, so that a suspended process has not waited. */
static void watch_look(watching *w) {
  double now = kith_clock(), past = now - w->at < 2 * watch.tick ? now - w->at : 2 * watch.tick;
  int64_t passed = atomic_load(&watch_of[0].passed) + atomic_load(&watch_of[1].passed);
  w->at = now;
  w->waits = watch_waits_in() != NULL;
  if (w->waits && passed == w->passed) w->waited += past;
  else w->waited = 0, w->deadline = watch.limit;
  w->passed = passed;
}

/* ---- the roll ---- */

static void watch_give_up(int number) {
  (void)number;
  _exit(KITH_EINTERRUPT);
}

/* Whether a rank has done anything between two roll calls: begun another wait, or computed for a hundredth of
 * the time. */
static bool watch_moves(int r, double seconds) {
  const board_sign *a = &watch.then[r], *b = &watch.now[r];
  if (b->beat <= a->beat || a->beat == 0) return false;
  return b->passed != a->passed || (!b->waits && (double)(b->worked - a->worked) > 10 * seconds);
}

/* The first rank that signed and waits speaks for all. */
static bool watch_speaks(void) {
  int r = 0;
  while (r < watch.rank && !(watch.now[r].waits && watch.now[r].beat > watch.then[r].beat)) r++;
  return r == watch.rank;
}

static void watch_name_the_missing(void) {
  int n = 0;
  for (int r = 0; r < watch.size; r++) {
    const board_sign *b = &watch.now[r];
    bool heard = b->beat > watch.then[r].beat;
    if (heard && b->waits) continue;
    n++;
    const char *said = heard ? "; it says: " : b->beat > 0 ? "; it last said: " : "";
    fprintf(stderr, "kith: rank %d (%s) %s%s%s\n", r, watch.host[r], heard ? "stands still" : "gives no sign",
            said, b->text);
  }
  if (n == 0)
    fprintf(stderr, "kith: no rank is missing: the network or the file system hangs, or the program itself "
                    "is at fault\n");
  fprintf(stderr, "kith: ending all ranks with code %d; the same command goes on from the last checkpoint\n",
          (int)KITH_EINTERRUPT);
}

static void watch_tell_of_work(double seconds) {
  for (int r = 0; r < watch.size; r++)
    if (watch_moves(r, seconds))
      fprintf(stderr, "kith: rank %d is at work, so the job is slow rather than hung; waiting on\n", r);
}

/* Sign a few times, and see who else does; false if the wait, or the watch, has ended meanwhile. */
static bool watch_call_roll(watching *w) {
  enum { TIMES = 4 };
  kith__board_read(watch.board, watch.size, watch.then);
  for (int i = 0; i < TIMES; i++) {
    watch_sign(w, true);
    if (watch_nap(watch.look)) return false;
    double before = w->waited;
    watch_look(w);
    if (w->waited <= before) return false;
  }
  watch_sign(w, true);
  kith__board_read(watch.board, watch.size, watch.now);
  return true;
}

/* At the limit: end the job, unless some rank is at work. */
static void watch_judge(watching *w) {
  char text[BOARD_TEXT];
  bool slow = false;
  double began = kith_clock();
  watch_say(w, sizeof text, text);
  fprintf(stderr, "kith: %s\n", text);
  if (!watch_call_roll(w)) return;
  double seconds = kith_clock() - began;
  for (int r = 0; r < watch.size; r++) slow = slow || (r != watch.rank && watch_moves(r, seconds));
  w->deadline = w->waited + watch.limit;
  if (slow && watch_speaks()) watch_tell_of_work(seconds);
  if (slow) return;
  if (watch_speaks()) watch_name_the_missing();
  watch_nap(2 * watch.look); /* the lines of the others */
  MPI_Abort(MPI_COMM_WORLD, KITH_EINTERRUPT);
  _exit(KITH_EINTERRUPT);
}

/* ---- the thread ---- */

/* A file system that hangs may be what everybody waits for: then the roll cannot be called, and the alarm
 * ends the process. */
static void watch_judge_in_time(watching *w) {
  signal(SIGALRM, watch_give_up);
  alarm(WATCH_GIVE_UP + (unsigned)(8 * watch.look));
  watch_judge(w);
  alarm(0);
  signal(SIGALRM, SIG_DFL);
}

static void *watch_run(void *nothing) {
  watching w = {.at = kith_clock(), .deadline = watch.limit};
  (void)nothing;
  while (!watch_nap(watch.tick)) {
    watch_look(&w);
    bool worried = w.waited > watch.limit / 2, due = w.at - w.looked >= watch.look;
    if (w.worried && !worried) unlink(watch.board);
    w.worried = worried;
    if (due) w.looked = w.at;
    if (due && (worried || kith__board_is_there(watch.board))) watch_sign(&w, worried);
    if (w.waited >= w.deadline) watch_judge_in_time(&w);
  }
  return NULL;
}

/* Signals are for the main thread. */
static kith_status watch_start(void) {
  sigset_t all, old;
  pthread_condattr_t clock;
  pthread_condattr_init(&clock);
  pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
  pthread_cond_init(&watch.end, &clock);
  pthread_condattr_destroy(&clock);
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &old);
  int why = pthread_create(&watch.thread, NULL, watch_run, NULL);
  pthread_sigmask(SIG_SETMASK, &old, NULL);
  watch.on = why == 0;
  if (why == 0) return KITH_OK;
  pthread_cond_destroy(&watch.end);
  return kith_fail(KITH_ENOMEM, "no thread to watch over waiting: %s", strerror(why));
}

static kith_status watch_limit(const kith_watch_options *o, double *limit) {
  const char *text = getenv("KITH_WATCH_SECONDS");
  char *end = NULL;
  *limit = 60 * o->minutes;
  if (!text || !*text) return KITH_OK;
  *limit = strtod(text, &end);
  if (*end || !(*limit >= 0 && *limit < 1e9))
    return kith_fail(KITH_EUSAGE, "KITH_WATCH_SECONDS: expected seconds, found \"%s\"", text);
  return KITH_OK;
}

/* Rank 0 looks: is there a folder, and no board of an earlier run. */
static kith_status watch_prepare(const kith_comm *comm, const char *folder, bool *there) {
  kith_status st = KITH_OK;
  struct stat is;
  watch.rank = comm->rank;
  watch.size = comm->size;
  watch.tick = watch.limit / 20 < 1 ? watch.limit / 20 : 1;
  watch.look = watch.limit / 20 < 20 ? watch.limit / 20 : 20;
  KITH_TRY(kith_path_join(folder, "waiting.txt", watch.board));
  *there = stat(folder, &is) == 0 && S_ISDIR(is.st_mode);
  if (comm->rank == 0 && *there) unlink(watch.board);
  KITH_TRY(KITH_NEW(watch.host, comm->size));
  if (gethostname(watch.host[comm->rank], KITH_NAME - 1) != 0)
    snprintf(watch.host[comm->rank], KITH_NAME, "unknown host");
  KITH_TRY(KITH_NEW(watch.then, comm->size));
  KITH_TRY(KITH_NEW(watch.now, comm->size));
done:
  return st;
}

static void watch_forget(void) {
  KITH_FREE(watch.host);
  KITH_FREE(watch.then);
  KITH_FREE(watch.now);
  watch.on = watch.ended = false;
}

kith_agreed kith_watch_begin(const kith_comm *comm, const kith_watch_options *o, const char *folder) {
  kith_agreed st = {KITH_OK};
  bool there = false;
  kith_watch_end();
  KITH_TRY(kith_agree(comm, watch_limit(o, &watch.limit)));
  if (comm->size == 1 || watch.limit <= 0) return st;
  KITH_TRY(kith_agree(comm, watch_prepare(comm, folder, &there)));
  kith_comm_share(comm, sizeof there, &there);
  KITH_MPI(MPI_Allgather(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, watch.host, KITH_NAME, MPI_CHAR, comm->mpi));
  if (there) KITH_TRY(kith_agree(comm, watch_start()));
done:
  if (kith_is_bad(st)) kith_watch_end();
  if (!watch.on) watch_forget();
  return st;
}

void kith_watch_end(void) {
  if (!watch.on) return;
  pthread_mutex_lock(&watch_lock);
  watch.ended = true;
  pthread_cond_signal(&watch.end);
  pthread_mutex_unlock(&watch_lock);
  pthread_join(watch.thread, NULL);
  pthread_cond_destroy(&watch.end);
  watch_forget();
}
