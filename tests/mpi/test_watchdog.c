/* ranks: 1 2 3, slow */
/*
 * The watchdog does not end a slow job: a rank that computes far beyond the limit, and ranks that exchange
 * messages while another waits.  (The end of a hung job: tests/fault/test_watchdog.sh.)
 */
#include <signal.h>
#include <unistd.h>

#include "support/folder.h"
#include "support/mpi_main.h"

#include "comm/watchdog.h"

static const double limit =
    3; /* seconds; the roll call is a fifth of it, in which everybody must get a core */
static const double longer = 1.5 * 3; /* than the limit and the roll call */
static char folder[KITH_PATH];

static bool heartbeat_exists(void) {
  char path[KITH_PATH];
  return access(test_path(folder, "waiting.txt", path), F_OK) == 0;
}

static void begin(void) {
  const kith_watchdog_options o = {.minutes = limit / 60};
  assert_int_equal(kith_watchdog_start(test_comm, &o, folder).status, KITH_OK);
}

static void a_rank_that_computes_is_waited_for(void **state) {
  (void)state;
  volatile double x = 1;
  bool signed_while_waiting = true;
  begin();
  if (test_comm->rank == test_comm->size - 1 && test_comm->size > 1) {
    for (double began = kith_clock(); kith_clock() - began < longer;) x = x * 1.0000001;
    signed_while_waiting = heartbeat_exists();
  }
  assert_int_equal(kith_comm_max(test_comm, !signed_while_waiting), 0);
  for (double began = kith_clock(); kith_clock() - began < 300 && heartbeat_exists();) usleep(10000);
  assert_int_equal(kith_comm_max(test_comm, heartbeat_exists()),
                   0); /* taken away when nobody worries any more */
  kith_watchdog_stop();
}

static void ranks_that_exchange_are_waited_for(void **state) {
  (void)state;
  int other = 3 - test_comm->rank, mine = 0, theirs = 0;
  if (test_comm->size < 3) skip();
  begin();
  for (double began = kith_clock(); test_comm->rank > 0 && mine == 0;) {
    int done = kith_clock() - began > longer;
    KITH_MPI(MPI_Sendrecv(&done, 1, MPI_INT, other, 1, &theirs, 1, MPI_INT, other, 1, test_comm->mpi,
                          MPI_STATUS_IGNORE));
    mine = done | theirs;
    usleep(20000);
  }
  assert_int_equal(kith_comm_max(test_comm, 7), 7);
  kith_watchdog_stop();
}

/* Ranks that wait for the last one are suspended for longer than the limit; that one then neither computes
 * nor waits for as long as a roll call takes, so it would be taken for hung if the time had counted. */
static void time_in_which_a_rank_is_suspended_is_not_waited(void **state) {
  (void)state;
  enum { RANKS = 16 };
  const double seconds = 2 * limit, roll_call = 0.45 * seconds;
  const kith_watchdog_options o = {.minutes = seconds / 60};
  int last = test_comm->size - 1, pid = getpid(), all[RANKS];
  if (last == 0 || last >= RANKS) skip();
  assert_int_equal(kith_watchdog_start(test_comm, &o, folder).status, KITH_OK);
  KITH_MPI(MPI_Allgather(&pid, 1, MPI_INT, all, 1, MPI_INT, test_comm->mpi));
  if (test_comm->rank == last) {
    usleep(1000000); /* they are seen to wait */
    for (int r = 0; r < last; r++) kill(all[r], SIGSTOP);
    usleep((useconds_t)(1.1e6 * seconds));
    for (int r = 0; r < last; r++) kill(all[r], SIGCONT);
    usleep((useconds_t)(1e6 * roll_call));
  }
  assert_int_equal(kith_comm_max(test_comm, 7), 7);
  kith_watchdog_stop();
}

static void bad_seconds_are_refused(void **state) {
  (void)state;
  const kith_watchdog_options o = kith_watchdog_defaults();
  setenv("KITH_WATCH_SECONDS", "soon", 1);
  assert_int_equal(kith_watchdog_start(test_comm, &o, folder).status, KITH_EUSAGE);
  assert_non_null(strstr(kith_error_text(), "KITH_WATCH_SECONDS"));
  unsetenv("KITH_WATCH_SECONDS");
  kith_watchdog_stop();
}

static void what_is_begun_ends_and_leaves_nothing(void **state) {
  (void)state;
  int64_t live = kith_alloc_live();
  for (int i = 0; i < 20; i++) {
    begin();
    kith_watchdog_stop();
    kith_watchdog_stop();
  }
  const kith_watchdog_options never = {.minutes = 0};
  assert_int_equal(kith_watchdog_start(test_comm, &never, folder).status, KITH_OK);
  const kith_watchdog_options o = kith_watchdog_defaults();
  assert_int_equal(kith_watchdog_start(test_comm, &o, "/nowhere/at/all").status, KITH_OK);
  kith_watchdog_stop();
  assert_int_equal(kith_alloc_live(), live);
}

static void without_memory_all_ranks_learn_it(void **state) {
  (void)state;
  int64_t live = kith_alloc_live();
  const kith_watchdog_options o = kith_watchdog_defaults();
  for (int r = 0; r < test_comm->size && test_comm->size > 1; r++)
    for (int64_t k = 1; k <= 4; k++) {
      kith_alloc_refuse(test_comm->rank == r ? k : 0);
      kith_agreed st = kith_watchdog_start(test_comm, &o, folder);
      kith_alloc_refuse(0);
      kith_watchdog_stop();
      assert_int_equal(st.status, k < 4 ? KITH_ENOMEM : KITH_OK);
      assert_int_equal(kith_alloc_live(), live);
    }
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(a_rank_that_computes_is_waited_for),
                                     cmocka_unit_test(ranks_that_exchange_are_waited_for),
                                     cmocka_unit_test(time_in_which_a_rank_is_suspended_is_not_waited),
                                     cmocka_unit_test(bad_seconds_are_refused),
                                     cmocka_unit_test(what_is_begun_ends_and_leaves_nothing),
                                     cmocka_unit_test(without_memory_all_ranks_learn_it)};
  test_begin(&argc, &argv);
  test_folder_begin(folder);
  int failures = cmocka_run_group_tests(tests, NULL, NULL);
  test_folder_end(folder);
  return test_end(failures);
}
