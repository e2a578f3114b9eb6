/* ranks: 1 2 */
/* The lock of a work folder: one holder, who is told apart from one that is gone; never two, whatever comes
 * at once. */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "comm/lock_owner.h"
#include "comm/lock.h"
#include "support/folder.h"
#include "support/mpi_main.h"
#include "support/sweep.h"

enum { TAKERS = 6, ROUNDS = 25 };

static char folder[KITH_PATH], lock_path[KITH_PATH];

static kith_agreed take(kith_lock **l) { return kith_lock_take(test_comm, folder, "train", "a.yaml", l); }

static bool is_there(const char *name) {
  char path[KITH_PATH];
  struct stat is;
  return lstat(test_path(folder, name, path), &is) == 0;
}

/* The lock of somebody else, so many seconds old. */
static void leave_as(const char *name, const lock_owner *o, int age) {
  char text[OWNER_TEXT], path[KITH_PATH];
  struct timespec times[2];
  kith__owner_print(o, sizeof text, text);
  test_file_write(folder, name, text, strlen(text), path);
  clock_gettime(CLOCK_REALTIME, &times[0]);
  times[0].tv_sec -= age;
  times[1] = times[0];
  assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static void leave(const lock_owner *o, int age) { leave_as("kith.lock", o, age); }

static lock_owner other(void) {
  lock_owner o;
  kith__owner_self("ingest", "b.yaml", &o);
  return o;
}

static lock_owner elsewhere(void) {
  lock_owner o = other();
  snprintf(o.host, sizeof o.host, "node7");
  snprintf(o.boot, sizeof o.boot, "another-boot");
  return o;
}

/* Signs of life of a holder on another machine. */
static volatile bool beating;

static void *beat(void *nothing) {
  while (beating) {
    utimensat(AT_FDCWD, lock_path, NULL, 0);
    usleep(20000);
  }
  return nothing;
}

/* Rank 0 leaves a lock, all try to take it. */
static void expect(const lock_owner *o, int age, bool lives, kith_status wanted) {
  kith_lock *l = NULL;
  pthread_t thread;
  bool root = test_comm->rank == 0;
  if (root) leave(o, age);
  beating = lives;
  if (root && lives) assert_int_equal(pthread_create(&thread, NULL, beat, NULL), 0);
  kith_agreed st = take(&l);
  beating = false;
  if (root && lives) pthread_join(thread, NULL);
  assert_int_equal(st.status, wanted);
  if (wanted == KITH_OK) kith_lock_release(&l);
  else assert_non_null(strstr(kith_error_text(), "kith ingest of b.yaml (process "));
  if (root) assert_int_equal(is_there("kith.lock"), wanted != KITH_OK);
  if (root) unlink(lock_path);
  MPI_Barrier(test_comm->mpi);
}

static void a_lock_keeps_others_out_until_it_is_given_back(void **state) {
  (void)state;
  kith_lock *l = NULL, *second = NULL;
  assert_int_equal(take(&l).status, KITH_OK);
  assert_int_equal(l != NULL, test_comm->rank == 0);
  assert_int_equal(kith_lock_take(test_comm, folder, "ingest", "b.yaml", &second).status, KITH_EOUTPUT);
  assert_null(second);
  assert_non_null(strstr(kith_error_text(), "kith train of a.yaml (process "));
  kith_lock_release(&l);
  assert_null(l);
  assert_int_equal(kith_lock_take(test_comm, folder, "ingest", "b.yaml", &second).status, KITH_OK);
  kith_lock_release(&second);
  kith_lock_release(&second);
  if (test_comm->rank == 0) assert_int_equal(test_folder_count(folder), 0);
}

static void a_process_of_this_machine_that_is_gone_holds_nothing(void **state) {
  (void)state;
  lock_owner o = other();
  expect(&o, 0, false, KITH_EOUTPUT);      /* this very process lives */
  expect(&o, 100000, false, KITH_EOUTPUT); /* however old its sign is */
  o.start++;                               /* the number was given to another process since */
  expect(&o, 0, false, KITH_OK);
  o.pid = INT32_MAX; /* no process has this number */
  expect(&o, 0, false, KITH_OK);
}

static void a_holder_out_of_sight_is_told_by_its_signs_of_life(void **state) {
  (void)state;
  lock_owner o = elsewhere();
  o.pid = INT32_MAX; /* says nothing about another machine */
  expect(&o, 0, true, KITH_EOUTPUT);
  expect(&o, 200, false, KITH_OK);
  o = other();
  snprintf(o.space, sizeof o.space, "pid:[1]"); /* another container of this machine */
  o.pid = INT32_MAX;
  expect(&o, 0, true, KITH_EOUTPUT);
  expect(&o, 200, false, KITH_OK);
}

static void a_slurm_job_put_back_into_the_queue_takes_its_own_lock(void **state) {
  (void)state;
  lock_owner o = elsewhere();
  snprintf(o.slurm, sizeof o.slurm, "north 77");
  o.restart = 1;
  setenv("SLURM_CLUSTER_NAME", "north", 1);
  setenv("SLURM_JOB_ID", "77", 1);
  setenv("SLURM_RESTART_COUNT", "2", 1);
  expect(&o, 0, false, KITH_OK);
  setenv("SLURM_RESTART_COUNT", "1", 1); /* another step of the same job */
  expect(&o, 0, true, KITH_EOUTPUT);
  setenv("SLURM_RESTART_COUNT", "2", 1);
  setenv("SLURM_JOB_ID", "78", 1);
  expect(&o, 0, true, KITH_EOUTPUT);
  setenv("SLURM_JOB_ID", "77", 1);
  setenv("SLURM_CLUSTER_NAME", "south", 1);
  expect(&o, 0, true, KITH_EOUTPUT);
  unsetenv("SLURM_CLUSTER_NAME");
  unsetenv("SLURM_JOB_ID");
  unsetenv("SLURM_RESTART_COUNT");
}

static void what_was_left_half_written_is_swept_by_the_holder_only(void **state) {
  (void)state;
  kith_lock *l = NULL, *second = NULL;
  char path[KITH_PATH];
  if (test_comm->rank == 0) test_file_write(folder, "graph.h5.tmp-0123456789abcdef", "half", 4, path);
  assert_int_equal(take(&l).status, KITH_OK);
  if (test_comm->rank == 0) assert_false(is_there("graph.h5.tmp-0123456789abcdef"));
  if (test_comm->rank == 0) test_file_write(folder, "parts.h5.tmp-0123456789abcdef", "half", 4, path);
  assert_int_equal(take(&second).status, KITH_EOUTPUT);
  if (test_comm->rank == 0) assert_true(is_there("parts.h5.tmp-0123456789abcdef"));
  kith_lock_release(&l);
  if (test_comm->rank == 0) unlink(path);
}

static void what_is_no_lock_is_neither_followed_nor_removed(void **state) {
  (void)state;
  kith_lock *l = NULL;
  char victim[KITH_PATH];
  size_t n = 0;
  if (test_comm->rank == 0) test_file_write(folder, "victim", "precious", 8, victim);
  if (test_comm->rank == 0) assert_int_equal(symlink("victim", lock_path), 0);
  assert_int_equal(take(&l).status, KITH_EOUTPUT);
  if (test_comm->rank == 0) {
    char *text = test_file_read(victim, &n);
    assert_string_equal(text, "precious");
    KITH_FREE(text);
    unlink(victim);
    unlink(lock_path);
    assert_int_equal(mkfifo(lock_path, 0666), 0);
  }
  assert_int_equal(take(&l).status, KITH_EOUTPUT);
  assert_non_null(strstr(kith_error_text(), "a pipe (FIFO)"));
  if (test_comm->rank == 0) unlink(lock_path);
}

static void who_finds_another_taking_over_leaves_the_lock_alone(void **state) {
  (void)state;
  lock_owner gone = other(), taker = other();
  kith_lock *l = NULL;
  char path[KITH_PATH];
  gone.start++;
  for (int ended = 0; ended < 2; ended++) {
    if (ended) taker.start++; /* killed while it took over */
    if (test_comm->rank == 0) leave(&gone, 0);
    if (test_comm->rank == 0) leave_as("kith.lock.break", &taker, 0);
    assert_int_equal(take(&l).status, KITH_EOUTPUT);
    assert_non_null(strstr(kith_error_text(), "kith.lock.break"));
    if (test_comm->rank == 0) assert_true(is_there("kith.lock") && is_there("kith.lock.break"));
    if (test_comm->rank == 0)
      assert_int_equal(unlink(test_path(folder, "kith.lock.break", path)) + unlink(lock_path), 0);
  }
}

static bool meddle; /* another takes the lock over between our look at it and our guard */

/* In place of the library's. */
int link(const char *from, const char *to) {
  lock_owner o = other();
  if (meddle && strstr(to, "kith.lock.break")) {
    meddle = false;
    unlink(lock_path);
    leave(&o, 0);
  }
  return linkat(AT_FDCWD, from, AT_FDCWD, to, 0);
}

static void a_lock_that_another_has_just_taken_over_is_looked_at_again(void **state) {
  (void)state;
  lock_owner gone = other();
  kith_lock *l = NULL;
  gone.start++;
  if (test_comm->rank == 0) leave(&gone, 0);
  meddle = test_comm->rank == 0;
  assert_int_equal(take(&l).status, KITH_EOUTPUT);
  assert_false(meddle);
  assert_non_null(strstr(kith_error_text(), "kith ingest of b.yaml (process "));
  if (test_comm->rank == 0) assert_true(is_there("kith.lock") && !is_there("kith.lock.break"));
  if (test_comm->rank == 0) assert_int_equal(unlink(lock_path), 0);
}

/* ---- at once ---- */

static pthread_barrier_t all_are_here;

typedef struct taker {
  kith_comm comm;
  kith_lock *lock;
  kith_status st;
} taker;

static void *taker_run(void *of) {
  taker *t = of;
  pthread_barrier_wait(&all_are_here);
  t->st = kith_lock_take(&t->comm, folder, "train", "a.yaml", &t->lock).status;
  return NULL;
}

static void of_many_takers_of_a_lock_that_is_left_exactly_one_gets_it(void **state) {
  (void)state;
  taker t[TAKERS];
  pthread_t thread[TAKERS];
  lock_owner gone = other();
  int level = 0;
  MPI_Query_thread(&level);
  if (test_comm->rank != 0 || level < MPI_THREAD_MULTIPLE) skip();
  gone.start++;
  pthread_barrier_init(&all_are_here, NULL, TAKERS);
  for (int i = 0; i < TAKERS; i++) {
    t[i] = (taker){.comm = {.rank = 0, .size = 1}};
    MPI_Comm_dup(MPI_COMM_SELF, &t[i].comm.mpi);
  }
  for (int round = 0; round < ROUNDS; round++) {
    int got = 0;
    leave(&gone, 0);
    for (int i = 0; i < TAKERS; i++) assert_int_equal(pthread_create(&thread[i], NULL, taker_run, &t[i]), 0);
    for (int i = 0; i < TAKERS; i++) pthread_join(thread[i], NULL);
    for (int i = 0; i < TAKERS; i++) {
      got += t[i].st == KITH_OK;
      assert_true(t[i].st == KITH_OK || t[i].st == KITH_EOUTPUT);
    }
    assert_int_equal(got, 1);
    for (int i = 0; i < TAKERS; i++) kith_lock_release(&t[i].lock);
    assert_int_equal(test_folder_count(folder), 0);
  }
  for (int i = 0; i < TAKERS; i++) MPI_Comm_free(&t[i].comm.mpi);
  pthread_barrier_destroy(&all_are_here);
}

/* ---- refused ---- */

static bool sweep_stale; /* a lock is there, of a holder that is gone */

static kith_agreed run_take(void) {
  kith_lock *l = NULL;
  lock_owner gone = other();
  gone.start++;
  if (test_comm->rank == 0) unlink(lock_path);
  if (test_comm->rank == 0 && sweep_stale) leave(&gone, 0);
  kith_agreed st = take(&l);
  kith_lock_release(&l);
  return st;
}

static const char *no_lock_of_ours_is_left(int64_t k) {
  (void)k;
  if (test_comm->rank != 0) return NULL;
  if (is_there("kith.lock.break")) return "the guard is left";
  return is_there("kith.lock") && !sweep_stale ? "a lock is left" : NULL;
}

static void every_refusal_gives_the_lock_back(void **state) {
  (void)state;
  static const kith_fault_kind kinds[] = {KITH_FAULT_ALLOC, KITH_FAULT_READ, KITH_FAULT_WRITE};
  for (int stale = 0; stale < 2; stale++)
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
      sweep_stale = stale == 1;
      if (!sweep_has(kinds[i])) continue;
      sweep s = {
          .kind = kinds[i], .run = run_take, .folder = folder, .look = no_lock_of_ours_is_left, .least = 1};
      sweep_each(&s);
    }
  if (test_comm->rank == 0) unlink(lock_path);
}

static void bad_seconds_are_refused(void **state) {
  (void)state;
  kith_lock *l = NULL;
  setenv("KITH_LOCK_SECONDS", "soon", 1);
  assert_int_equal(take(&l).status, KITH_EUSAGE);
  setenv("KITH_LOCK_SECONDS", "0", 1);
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_lock_keeps_others_out_until_it_is_given_back),
      cmocka_unit_test(a_process_of_this_machine_that_is_gone_holds_nothing),
      cmocka_unit_test(a_holder_out_of_sight_is_told_by_its_signs_of_life),
      cmocka_unit_test(a_slurm_job_put_back_into_the_queue_takes_its_own_lock),
      cmocka_unit_test(what_was_left_half_written_is_swept_by_the_holder_only),
      cmocka_unit_test(what_is_no_lock_is_neither_followed_nor_removed),
      cmocka_unit_test(who_finds_another_taking_over_leaves_the_lock_alone),
      cmocka_unit_test(a_lock_that_another_has_just_taken_over_is_looked_at_again),
      cmocka_unit_test(of_many_takers_of_a_lock_that_is_left_exactly_one_gets_it),
      cmocka_unit_test(every_refusal_gives_the_lock_back),
      cmocka_unit_test(bad_seconds_are_refused),
  };
  test_begin(&argc, &argv);
  setenv("KITH_LOCK_SECONDS", "0", 1);
  kith_log_set(KITH_LOG_NOTHING);
  test_folder_begin(folder);
  test_path(folder, "kith.lock", lock_path);
  int failures = cmocka_run_group_tests(tests, NULL, NULL);
  test_folder_end(folder);
  return test_end(failures);
}
