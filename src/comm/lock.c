/*
 * Taking, renewing and releasing kith.lock; comm/lock.h describes it.
 *
 * The holder's text is written to a temporary file, which link() gives the lock's name: this succeeds for one
 * program only, and no lock is ever seen half-written.  To take over the lock of a dead holder, a program
 * must hold a second lock, kith.lock.break, and check again under it: so no two programs take it over, and
 * none removes a lock that another has just taken.  All ages are compared on the file system's clock.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "comm/lock_owner.h"
#include "base/fault.h"
#include "base/file.h"
#include "comm/lock.h"

enum {
  LOCK_PATIENCE = 10, /* seconds to wait for a live holder: mpirun takes a few to end the ranks of a killed
                         run */
  LOCK_BEAT = 10,     /* seconds between renewals */
  LOCK_STALE = 120,   /* seconds without renewal, after which a remote holder counts as dead */
  LOCK_BREAK = 2,     /* seconds beyond patience for a takeover by another program, normally milliseconds */
  LOCK_SLEEP = 50000000, /* nanoseconds between attempts */
  LOCK_SIGNALS = 6,
};

struct kith_lock {
  char path[KITH_PATH], guard[KITH_PATH];
  char name[KITH_PATH], tmp[KITH_TMP_PATH]; /* the file with our text; tmp "": removed */
  char text[OWNER_TEXT];
  lock_owner self;
  int file; /* our open file; its modification time is renewed */
  bool held, beats, ended;
  pthread_t thread;
  pthread_mutex_t mutex;
  pthread_cond_t end;
};

/* What is known of another program's lock. */
typedef struct lock_view {
  bool there;
  owner_state state;
  lock_owner owner;
  const char *why;
  struct timespec beat; /* its modification time when first seen */
  ino_t inode;
  bool beats; /* whether that has changed since */
} lock_view;

/* ---- our own text ---- */

static void lock_close(kith_lock *l) {
  if (l->file >= 0) close(l->file);
  l->file = -1;
}

static void lock_discard(kith_lock *l) {
  if (l->tmp[0]) kith_file_tmp_remove(l->tmp);
  l->tmp[0] = '\0';
}

static kith_status lock_put(const kith_lock *l, int file) {
  size_t n = strlen(l->text);
  bool good = !kith_fault(KITH_FAULT_WRITE) && write(file, l->text, n) == (ssize_t)n;
  return good ? KITH_OK : kith_fail(KITH_EIO, "%s: writing failed: %s", l->path, strerror(errno));
}

static kith_status lock_write(kith_lock *l) {
  kith_status st = KITH_OK;
  lock_close(l);
  KITH_TRY(kith_file_tmp_name(l->path, l->name, l->tmp));
  KITH_TRY(kith_file_tmp_open(l->path, l->tmp, &l->file));
  KITH_TRY(lock_put(l, l->file));
done:
  return st;
}

/* On a file system without links. */
static kith_status lock_create(const kith_lock *l, const char *name, bool *got) {
  kith_status st = KITH_OK;
  int file = kith_fault(KITH_FAULT_WRITE)
                 ? -1
                 : open(name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
  *got = file >= 0;
  KITH_CHECK(*got || errno == EEXIST, KITH_EOUTPUT, "%s: cannot be made: %s", name, strerror(errno));
  if (*got) KITH_TRY(lock_put(l, file));
done:
  if (file >= 0) close(file);
  if (kith_is_bad(st) && *got) unlink(name);
  return st;
}

/* Link our file to a free name.  Over NFS the reply may be lost, so success is verified by inode. */
static kith_status lock_link(kith_lock *l, const char *name, bool *got) {
  kith_status st = KITH_OK;
  struct stat ours, there;
  *got = !kith_fault(KITH_FAULT_WRITE) && link(l->tmp, name) == 0;
  if (*got) return st;
  int why = errno;
  bool same = fstat(l->file, &ours) == 0 && lstat(name, &there) == 0 && ours.st_ino == there.st_ino &&
              ours.st_dev == there.st_dev;
  if (why == EEXIST) *got = same;
  else if (why == ENOENT) KITH_TRY(lock_write(l)); /* a holder has removed it as stale: try again */
  else if (why == EPERM || why == ENOSYS || why == EOPNOTSUPP || why == EMLINK)
    KITH_TRY(lock_create(l, name, got));
  else st = kith_fail(KITH_EOUTPUT, "%s: cannot be made: %s", name, strerror(why));
done:
  return st;
}

/* ---- another program's lock ---- */

static double lock_seconds(const struct timespec *t) { return (double)t->tv_sec + 1e-9 * (double)t->tv_nsec; }

/* Seconds since a time, on the file system's clock, which touching our file reads. */
static double lock_age(const kith_lock *l, const struct timespec *since) {
  struct stat ours;
  if (futimens(l->file, NULL) != 0 || fstat(l->file, &ours) != 0) return 0;
  return lock_seconds(&ours.st_mtim) - lock_seconds(since);
}

static kith_status lock_read(const char *name, bool *there, struct stat *is, char *text) {
  kith_status st = KITH_OK;
  int file = kith_fault(KITH_FAULT_READ) ? -1 : open(name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  *there = file >= 0;
  if (!*there && errno == ENOENT) return st;
  KITH_CHECK(*there || errno != ELOOP, KITH_EOUTPUT,
             "%s: is a symbolic link, expected the file that keeps other programs out; remove it", name);
  KITH_CHECK(*there && fstat(file, is) == 0, KITH_ENOINPUT, "%s: is there and cannot be read: %s", name,
             strerror(errno));
  KITH_CHECK(S_ISREG(is->st_mode), KITH_EOUTPUT,
             "%s: is %s, expected the file that keeps other programs out; remove it", name,
             kith_file_kind(is->st_mode));
  ssize_t n = kith_fault(KITH_FAULT_READ) ? -1 : read(file, text, OWNER_TEXT - 1);
  KITH_CHECK(n >= 0, KITH_EIO, "%s: reading failed: %s", name, strerror(errno));
  text[n] = '\0';
done:
  if (file >= 0) close(file);
  return st;
}

/* An incomplete text names no holder: then only the modification time counts. */
static kith_status lock_look(kith_lock *l, const char *name, lock_view *s) {
  kith_status st = KITH_OK;
  struct stat is;
  char text[OWNER_TEXT];
  KITH_TRY(lock_read(name, &s->there, &is, text));
  if (!s->there) goto done;
  s->state =
      kith__owner_parse(text, &s->owner) ? kith__owner_look(&s->owner, &l->self, &s->why) : OWNER_UNKNOWN;
  bool moved = is.st_mtim.tv_sec != s->beat.tv_sec || is.st_mtim.tv_nsec != s->beat.tv_nsec;
  s->beats = s->inode == is.st_ino && (s->beats || moved);
  s->inode = is.st_ino;
  s->beat = is.st_mtim;
  if (s->state != OWNER_UNKNOWN || lock_age(l, &is.st_mtim) <= LOCK_STALE) goto done;
  s->state = OWNER_GONE;
  s->why = "which has not renewed it for two minutes";
done:
  return st;
}

/* ---- taking ---- */

static kith_status lock_check_guard(kith_lock *l) {
  kith_status st = KITH_OK;
  lock_view s = {.there = false};
  KITH_TRY(lock_look(l, l->guard, &s));
  KITH_CHECK(!s.there || s.state != OWNER_GONE, KITH_EOUTPUT,
             "%s: was left by a program that was killed while it took over kith.lock; remove it", l->guard);
done:
  return st;
}

/* Take over the lock of a dead holder. */
static kith_status lock_break(kith_lock *l, bool *got) {
  kith_status st = KITH_OK;
  bool guard = false;
  char who[2 * KITH_PATH];
  lock_view s = {.there = false};
  KITH_TRY(lock_link(l, l->guard, &guard));
  if (!guard) return lock_check_guard(l);
  KITH_TRY(lock_look(l, l->path, &s));
  if (s.there && s.state != OWNER_GONE) goto done; /* another program has taken it over */
  if (s.there) {
    kith__owner_describe(&s.owner, sizeof who, who);
    KITH_CHECK(unlink(l->path) == 0 || errno == ENOENT, KITH_EOUTPUT, "%s: cannot be removed: %s", l->path,
               strerror(errno));
    kith_log("%s: taken over from %s, %s", l->path, who, s.why);
  }
  KITH_TRY(lock_link(l, l->path, got));
done:
  if (guard) unlink(l->guard);
  return st;
}

static kith_status lock_refuse(const kith_lock *l, const lock_view *s) {
  char who[2 * KITH_PATH];
  kith__owner_describe(&s->owner, sizeof who, who);
  return kith_fail(KITH_EOUTPUT,
                   "%s: %s writes into this folder; wait for its end, or name another work folder; if it is "
                   "gone for good, remove this file",
                   l->path, who);
}

static kith_status lock_wait(kith_lock *l, double patience) {
  kith_status st = KITH_OK;
  double began = kith_clock();
  lock_view s = {.there = false};
  bool logged = false;
  for (;;) {
    KITH_TRY(lock_link(l, l->path, &l->held));
    if (l->held) break;
    KITH_TRY(lock_look(l, l->path, &s));
    if (s.there && s.state == OWNER_GONE) KITH_TRY(lock_break(l, &l->held));
    if (l->held) break;
    double waited = kith_clock() - began;
    bool alive = s.there && (s.state == OWNER_ALIVE || s.beats);
    bool timeout =
        waited >= patience + LOCK_STALE; /* a modification time in the future: the clock was set back */
    if (waited >= patience && s.there && (alive || timeout)) return lock_refuse(l, &s);
    KITH_CHECK(
        waited < patience + LOCK_BREAK || !s.there || s.state != OWNER_GONE, KITH_EOUTPUT,
        "%s: another program is about to take it over and does not go on; if it is gone for good, remove %s",
        l->path, l->guard);
    if (waited > 1 && !logged)
      kith_log("%s: another program writes into this folder; waiting for it", l->path);
    logged = logged || waited > 1;
    nanosleep(&(struct timespec){.tv_nsec = LOCK_SLEEP}, NULL);
  }
done:
  return st;
}

/* ---- renewal and signals ---- */

static const int lock_signal[LOCK_SIGNALS] = {SIGHUP, SIGINT, SIGPIPE, SIGQUIT, SIGTERM, SIGUSR1};
static struct sigaction lock_old[LOCK_SIGNALS];
static _Atomic(kith_lock *) lock_of_signals; /* the lock that a fatal signal releases */

/* Async-signal-safe calls only; the lock is ours if its name has our file's inode. */
static void lock_on_signal(int number) {
  struct stat ours, there;
  const kith_lock *l = atomic_load(&lock_of_signals);
  if (l && l->tmp[0]) unlink(l->tmp);
  if (l && fstat(l->file, &ours) == 0 && lstat(l->path, &there) == 0 && ours.st_ino == there.st_ino &&
      ours.st_dev == there.st_dev)
    unlink(l->path);
  raise(number); /* SA_RESETHAND: it ends the program now */
}

/* Release the lock on fatal signals, unless the program has its own handlers. */
static void lock_install_handlers(kith_lock *l) {
  kith_lock *nobody = NULL;
  struct sigaction act;
  if (!atomic_compare_exchange_strong(&lock_of_signals, &nobody, l)) return;
  memset(&act, 0, sizeof act);
  act.sa_handler = lock_on_signal;
  act.sa_flags = (int)SA_RESETHAND;
  for (int i = 0; i < LOCK_SIGNALS; i++) {
    sigaction(lock_signal[i], NULL, &lock_old[i]);
    if (lock_old[i].sa_handler == SIG_DFL) sigaction(lock_signal[i], &act, NULL);
  }
}

static void lock_restore_handlers(const kith_lock *l) {
  struct sigaction now;
  if (atomic_load(&lock_of_signals) != l) return;
  for (int i = 0; i < LOCK_SIGNALS; i++)
    if (sigaction(lock_signal[i], NULL, &now) == 0 && now.sa_handler == lock_on_signal)
      sigaction(lock_signal[i], &lock_old[i], NULL);
  atomic_store(&lock_of_signals, NULL);
}

/* Whether the name no longer refers to our file; false on errors. */
static bool lock_is_lost(const kith_lock *l, bool *another) {
  struct stat ours, there;
  *another = false;
  if (fstat(l->file, &ours) != 0) return false;
  if (lstat(l->path, &there) != 0) return errno == ENOENT;
  *another = ours.st_ino != there.st_ino || ours.st_dev != there.st_dev;
  return *another;
}

/* Suspended for so long that another program has taken over: both must not continue. */
static void lock_abort_job(const kith_lock *l) {
  fprintf(stderr,
          "kith: %s: another program has taken this folder over while this one gave no sign of life; ending "
          "all ranks with code %d\n",
          l->path, (int)KITH_EOUTPUT);
  MPI_Abort(MPI_COMM_WORLD, KITH_EOUTPUT);
  _exit(KITH_EOUTPUT);
}

static bool lock_sleep(kith_lock *l) {
  struct timespec until;
  clock_gettime(CLOCK_MONOTONIC, &until);
  until.tv_sec += LOCK_BEAT;
  pthread_mutex_lock(&l->mutex);
  int why = 0;
  while (!l->ended && why == 0) why = pthread_cond_timedwait(&l->end, &l->mutex, &until);
  bool ended = l->ended;
  pthread_mutex_unlock(&l->mutex);
  return ended;
}

static void *lock_renew(void *of) {
  kith_lock *l = of;
  bool another = false, warned = false;
  while (!lock_sleep(l)) {
    bool lost = lock_is_lost(l, &another);
    if (another) lock_abort_job(l);
    if (lost && !warned)
      kith_warn("%s: was removed while this program writes here; nothing keeps others out any more", l->path);
    warned = warned || lost;
    if (futimens(l->file, NULL) != 0)
      continue; /* another program will take over eventually, which is noticed above */
  }
  return NULL;
}

static kith_status lock_start_renewal(kith_lock *l) {
  sigset_t all, old;
  pthread_condattr_t clock;
  pthread_mutex_init(&l->mutex, NULL);
  pthread_condattr_init(&clock);
  pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
  pthread_cond_init(&l->end, &clock);
  pthread_condattr_destroy(&clock);
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &old); /* the main thread handles signals */
  int why = pthread_create(&l->thread, NULL, lock_renew, l);
  pthread_sigmask(SIG_SETMASK, &old, NULL);
  l->beats = why == 0;
  return why == 0 ? KITH_OK : kith_fail(KITH_ENOMEM, "no thread to renew %s: %s", l->path, strerror(why));
}

/* ---- take and release ---- */

/* Without links the lock is a file of its own, not the one with our text. */
static kith_status lock_reopen(kith_lock *l) {
  int before = l->file,
      file = kith_fault(KITH_FAULT_WRITE) ? -1 : open(l->path, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
  if (file < 0)
    return kith_fail(KITH_EOUTPUT, "%s: cannot be written any more: %s", l->path, strerror(errno));
  l->file = file;
  close(before);
  return KITH_OK;
}

static kith_status lock_take(const char *folder, const char *verb, const char *job, kith_lock **out) {
  kith_status st = KITH_OK;
  kith_lock *l = NULL;
  double patience = 0;
  KITH_TRY(kith_env_seconds("KITH_LOCK_SECONDS", LOCK_PATIENCE, &patience));
  KITH_TRY(kith_folder_make(folder));
  KITH_TRY(KITH_NEW(l, 1));
  l->file = -1;
  KITH_TRY(kith_path_join(folder, "kith.lock", l->path));
  KITH_TRY(kith_path_join(folder, "kith.lock.break", l->guard));
  kith__owner_self(verb, job, &l->self);
  kith__owner_print(&l->self, sizeof l->text, l->text);
  KITH_TRY(lock_write(l));
  lock_install_handlers(l);
  KITH_TRY(lock_wait(l, patience));
  KITH_TRY(lock_reopen(l));
  lock_discard(l);
  KITH_TRY(lock_start_renewal(l));
  KITH_TRY(kith_file_remove_stale(folder));
  *out = l;
  l = NULL;
done:
  kith_lock_release(&l);
  return st;
}

kith_agreed kith_lock_take(const kith_comm *comm, const char *folder, const char *verb, const char *job,
                           kith_lock **out) {
  *out = NULL;
  return kith_agree(comm, comm->rank == 0 ? lock_take(folder, verb, job, out) : KITH_OK);
}

void kith_lock_release(kith_lock **lock) {
  kith_lock *l = *lock;
  bool another = false;
  if (!l) return;
  lock_restore_handlers(l);
  if (l->beats) {
    pthread_mutex_lock(&l->mutex);
    l->ended = true;
    pthread_cond_signal(&l->end);
    pthread_mutex_unlock(&l->mutex);
    pthread_join(l->thread, NULL);
    pthread_cond_destroy(&l->end);
    pthread_mutex_destroy(&l->mutex);
  }
  if (l->held && !lock_is_lost(l, &another) && unlink(l->path) != 0 && errno != ENOENT)
    kith_warn("%s: cannot be removed: %s; remove it before the next run", l->path, strerror(errno));
  lock_discard(l);
  lock_close(l);
  KITH_FREE(*lock);
}
