/* ranks: 1 */
/* Signals while training: each is noted, and a second INT or TERM ends the program at once. */
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/mpi_main.h"
#include "train/train.h"
#include "train/signals.h"

/* How a child ends that is sent a signal twice while it watches: with 1 if the first was not noted, else with
 * 0. */
static int end_of_child(int number) {
  int how = 0;
  pid_t child = fork();
  if (child == 0) {
    kith_signals_install();
    if (kith__signals_stop_requested()) _exit(1);
    raise(number);
    if (!kith__signals_stop_requested()) _exit(1);
    raise(number);
    _exit(0);
  }
  assert_true(child > 0 && waitpid(child, &how, 0) == child);
  return how;
}

static void a_second_int_or_term_ends_the_program(void **state) {
  (void)state;
  static const int number[] = {SIGINT, SIGTERM};
  for (size_t i = 0; i < sizeof number / sizeof *number; i++) {
    int how = end_of_child(number[i]);
    assert_true(WIFSIGNALED(how) && WTERMSIG(how) == number[i]);
  }
}

static void usr1_and_hup_may_come_again(void **state) {
  (void)state;
  static const int number[] = {SIGUSR1, SIGHUP};
  for (size_t i = 0; i < sizeof number / sizeof *number; i++) {
    int how = end_of_child(number[i]);
    assert_true(WIFEXITED(how) && WEXITSTATUS(how) == 0);
  }
}

/* As nohup does. */
static void a_hup_that_is_ignored_stays_so(void **state) {
  (void)state;
  signal(SIGHUP, SIG_IGN);
  kith_signals_install();
  raise(SIGHUP);
  assert_false(kith__signals_stop_requested());
  kith__signals_restore();
  signal(SIGHUP, SIG_DFL);
}

static void handlers_are_as_before_when_nobody_watches(void **state) {
  (void)state;
  static const int number[] = {SIGINT, SIGTERM, SIGUSR1};
  struct sigaction before[3], after;
  for (int i = 0; i < 3; i++) assert_int_equal(sigaction(number[i], NULL, &before[i]), 0);
  kith_signals_install();
  kith__signals_restore();
  for (int i = 0; i < 3; i++) {
    assert_int_equal(sigaction(number[i], NULL, &after), 0);
    assert_true(after.sa_handler == before[i].sa_handler);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_second_int_or_term_ends_the_program),
      cmocka_unit_test(usr1_and_hup_may_come_again),
      cmocka_unit_test(a_hup_that_is_ignored_stays_so),
      cmocka_unit_test(handlers_are_as_before_when_nobody_watches),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
