/* ranks: 1 */
/* Files: only regular ones are read; what is written appears whole, through no link of others; signals change
 * nothing. */
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/file.h"
#include "support/folder.h"
#include "support/mpi_main.h"

static int interruptions;       /* calls of fsync() and rename() still to be interrupted */
static struct stat last_synced; /* what fsync() was called for last */

/* In place of the library's: interrupted as often as asked for. */
int fsync(int file) {
  if (interruptions-- > 0) return errno = EINTR, -1;
  fstat(file, &last_synced);
  return (int)syscall(SYS_fsync, file);
}

int rename(const char *from, const char *to) {
  if (interruptions-- > 0) return errno = EINTR, -1;
  return (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
}

#define ROOT                                                                                                 \
  "/"                                                                                                        \
  "root" /* its home on every system that tests run on */
static char folder[KITH_PATH];

static int begin(void **state) {
  (void)state;
  test_folder_make(folder);
  return 0;
}

static int end(void **state) {
  (void)state;
  test_folder_remove(folder);
  return 0;
}

static void put(const char *name, const char *text) {
  char path[KITH_PATH];
  test_file_write(folder, name, text, strlen(text), path);
}

static bool holds(const char *name, const char *text) {
  char path[KITH_PATH];
  size_t n = 0;
  char *found = test_file_read(test_path(folder, name, path), &n);
  bool same = n == strlen(text) && memcmp(found, text, n) == 0;
  KITH_FREE(found);
  return same;
}

static bool is_there(const char *name) {
  char path[KITH_PATH];
  struct stat is;
  return lstat(test_path(folder, name, path), &is) == 0;
}

static void what_is_no_regular_file_is_refused_and_not_waited_for(void **state) {
  (void)state;
  char path[KITH_PATH];
  struct sockaddr_un at = {.sun_family = AF_UNIX};
  int file = 0, door = socket(AF_UNIX, SOCK_STREAM, 0);
  assert_int_equal(mkfifo(test_path(folder, "pipe", path), 0666), 0);
  assert_int_equal(kith_file_open(path, &file), KITH_ENOINPUT);
  assert_non_null(strstr(kith_error_text(), "is a pipe (FIFO), expected a file"));
  snprintf(at.sun_path, sizeof at.sun_path, "%.100s", test_path(folder, "door", path));
  assert_int_equal(bind(door, (struct sockaddr *)&at, sizeof at), 0);
  assert_int_equal(kith_file_open(path, &file), KITH_ENOINPUT);
  assert_non_null(strstr(kith_error_text(), "is a socket"));
  assert_int_equal(kith_file_open("/dev/null", &file), KITH_ENOINPUT);
  assert_non_null(strstr(kith_error_text(), "is a device"));
  assert_int_equal(kith_file_open(folder, &file), KITH_ENOINPUT);
  assert_non_null(strstr(kith_error_text(), "is a folder"));
  assert_int_equal(file, -1);
  close(door);
}

static void a_link_to_a_file_is_read(void **state) {
  (void)state;
  char link[KITH_PATH];
  int file = -1;
  put("aim", "x");
  assert_int_equal(symlink("aim", test_path(folder, "link", link)), 0);
  assert_int_equal(kith_file_open(link, &file), KITH_OK);
  assert_int_equal(fcntl(file, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
  close(file);
}

static void two_temporary_names_differ_and_end_in_sixteen_digits(void **state) {
  (void)state;
  char path[KITH_PATH], one[KITH_TMP_PATH], other[KITH_TMP_PATH];
  assert_int_equal(kith_file_tmp_name("a/b.h5", path, one), KITH_OK);
  assert_int_equal(kith_file_tmp_name("a/b.h5", path, other), KITH_OK);
  assert_string_not_equal(one, other);
  assert_int_equal(strncmp(one, "a/b.h5.tmp-", 11), 0);
  assert_int_equal(strlen(one), 11 + 16);
}

static void nothing_is_written_through_a_link_at_the_temporary_name(void **state) {
  (void)state;
  char path[KITH_PATH], tmp[KITH_TMP_PATH];
  FILE *f = NULL;
  int file = -1;
  put("victim", "precious");
  assert_int_equal(kith_file_tmp_name(test_path(folder, "out", path), path, tmp), KITH_OK);
  assert_int_equal(symlink("victim", tmp), 0);
  assert_int_equal(kith_file_tmp_create(path, tmp), KITH_EOUTPUT);
  assert_int_equal(kith_file_tmp_reopen(tmp, &file), KITH_EIO);
  assert_int_equal(kith_file_tmp_fopen(path, tmp, &f), KITH_EOUTPUT);
  assert_true(holds("victim", "precious"));
}

static void a_link_at_the_final_name_is_replaced_and_its_aim_stays(void **state) {
  (void)state;
  char path[KITH_PATH];
  struct stat is;
  put("victim", "precious");
  assert_int_equal(symlink("victim", test_path(folder, "out", path)), 0);
  assert_int_equal(kith_text_write(path, "new"), KITH_OK);
  assert_true(lstat(path, &is) == 0 && S_ISREG(is.st_mode));
  assert_true(holds("victim", "precious") && holds("out", "new"));
}

static void what_is_no_file_is_not_replaced(void **state) {
  (void)state;
  char path[KITH_PATH];
  assert_int_equal(mkfifo(test_path(folder, "out", path), 0666), 0);
  assert_int_equal(kith_text_write(path, "new"), KITH_EOUTPUT);
  assert_non_null(strstr(kith_error_text(), "is a pipe (FIFO), expected a file"));
}

static void interrupted_calls_are_tried_again(void **state) {
  (void)state;
  char path[KITH_PATH];
  for (int n = 1; n < 5; n++) {
    interruptions = n;
    assert_int_equal(kith_text_write(test_path(folder, "out", path), "whole"), KITH_OK);
    assert_true(interruptions < 0);
  }
  assert_true(holds("out", "whole"));
}

static kith_status append(const char *name, int64_t size, const char *text, bool *fits) {
  char path[KITH_PATH];
  return kith_text_append(test_path(folder, name, path), size, text, fits);
}

static void text_goes_behind_what_a_file_has_or_nowhere(void **state) {
  (void)state;
  char path[KITH_PATH], link_path[KITH_PATH];
  bool fits = false;
  put("lines", "one\n");
  assert_int_equal(append("lines", 4, "two\n", &fits), KITH_OK);
  assert_true(fits && holds("lines", "one\ntwo\n"));
  assert_int_equal(append("lines", 4, "three\n", &fits), KITH_OK); /* it has grown meanwhile */
  assert_true(!fits && holds("lines", "one\ntwo\n"));
  assert_int_equal(append("none", 0, "x", &fits), KITH_OK);
  assert_true(!fits && !is_there("none"));
  assert_int_equal(link(test_path(folder, "lines", path), test_path(folder, "other", link_path)), 0);
  assert_int_equal(append("other", 8, "x", &fits), KITH_OK);
  assert_true(!fits && holds("lines", "one\ntwo\n"));
  assert_int_equal(unlink(link_path), 0);
  for (int64_t k = 1; k < 3; k++) { /* writing, and bringing to the disk */
    kith_fault_set(KITH_FAULT_WRITE, k);
    assert_int_equal(append("lines", 8, "three\n", &fits), KITH_EIO);
    kith_fault_set(KITH_FAULT_WRITE, 0);
    assert_true(holds("lines", "one\ntwo\n"));
  }
}

static void a_sweep_removes_temporary_files_and_no_others(void **state) {
  (void)state;
  const char *left[] = {"a.tsv.tmp-0123456789abcdef",
                        "metrics.jsonl.tmp-0123456789abcdef",
                        "graph.h5.tmp-ffffffffffffffff",
                        "checkpoint-000001-000000.h5.tmp",
                        "embeddings.h5.tmp",
                        "checkpoint-latest.tmp"};
  const char *stay[] = {"young.tsv.tmp-0123456789abcdef",
                        "a.tmp",
                        "a.tmp-0123456789abcde",
                        "a.tmp-0123456789abcdeg",
                        "a.tmp-0123456789ABCDEF",
                        "a-0123456789abcdef",
                        ".tmp-0123456789abcdef",
                        "graph.h5",
                        "tmp"};
  for (size_t i = 0; i < sizeof left / sizeof *left; i++) put(left[i], "half");
  for (size_t i = 0; i < sizeof stay / sizeof *stay; i++) put(stay[i], "whole");
  char path[KITH_PATH];
  struct timespec then[2];
  clock_gettime(CLOCK_REALTIME, &then[0]);
  then[0].tv_sec -= 4000;
  then[1] = then[0];
  assert_int_equal(utimensat(AT_FDCWD, test_path(folder, left[0], path), then, 0),
                   0); /* a name of the user's: only when it is old */
  for (size_t i = 1; i < sizeof stay / sizeof *stay; i++)
    assert_int_equal(utimensat(AT_FDCWD, test_path(folder, stay[i], path), then, 0), 0);
  assert_int_equal(kith_file_remove_stale(folder), KITH_OK);
  for (size_t i = 0; i < sizeof left / sizeof *left; i++) assert_false(is_there(left[i]));
  for (size_t i = 0; i < sizeof stay / sizeof *stay; i++) assert_true(is_there(stay[i]));
  put("youngest.tsv.tmp-0123456789abcdef", "half");
  assert_int_equal(kith_file_remove_stale_of(folder, "young.tsv"), KITH_OK);
  assert_false(is_there(stay[0])); /* of this name, though young */
  assert_true(is_there("youngest.tsv.tmp-0123456789abcdef"));
  for (size_t i = 1; i < sizeof stay / sizeof *stay; i++) assert_true(is_there(stay[i]));
}

static void expect_path(const char *text, const char *wanted) {
  char path[KITH_PATH];
  assert_int_equal(kith_path_expand("work", text, path), KITH_OK);
  assert_string_equal(path, wanted);
}

static void a_path_begins_as_in_a_shell_and_goes_on_as_it_is(void **state) {
  (void)state;
  setenv("HOME", "/h", 1);
  setenv("KITH_TEST_A", "/a/", 1);
  setenv("KITH_TEST_B2", "~", 1);
  expect_path("~", "/h");
  expect_path("~/x/~/$HOME", "/h/x/~/$HOME");
  expect_path("~root", ROOT);
  expect_path("~root/x", ROOT "/x");
  expect_path("$HOME", "/h");
  expect_path("$HOME.old", "/h.old");
  expect_path("$KITH_TEST_A/x", "/a/x");
  expect_path("${KITH_TEST_A}x", "/a/x");
  expect_path("${KITH_TEST_B2}/x", "~/x"); /* once */
  expect_path("a~/$HOME", "a~/$HOME");
  expect_path("./~", "./~");
  expect_path("/$HOME", "/$HOME");
  expect_path("$5", "$5");
  expect_path("$", "$");
  expect_path("", "");
  setenv("HOME", "/", 1);
  expect_path("~/x", "/x");
  expect_path("~", "/");
}

static void what_the_environment_lacks_is_an_error_that_names_it(void **state) {
  (void)state;
  const char *bad[] = {
      "$KITH_TEST_NONE/x", "${KITH_TEST_NONE}",   "${KITH_TEST_EMPTY}/x", "${HOME", "${}", "${5}",
      "${HOME-x}/y",       "~no-such-user-here/x"};
  char path[KITH_PATH] = "as before";
  setenv("KITH_TEST_EMPTY", "", 1);
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    assert_int_equal(kith_path_expand("work", bad[i], path), KITH_ECONFIG);
    assert_int_equal(strncmp(kith_error_text(), "work: ", 6), 0);
    assert_non_null(strstr(kith_error_text(), bad[i]));
    assert_string_equal(path, "as before");
  }
  unsetenv("HOME");
  assert_int_equal(kith_path_expand("work", "~/x", path), KITH_ECONFIG);
  assert_non_null(strstr(kith_error_text(), "HOME is not set"));
}

/* A rename is durable once the folder that holds the name is synced, not the file. */
static void a_published_file_syncs_its_folder_last(void **state) {
  (void)state;
  struct stat is;
  char path[KITH_PATH];
  snprintf(path, sizeof path, "%.900s/published", folder);
  assert_int_equal(kith_text_write(path, "text"), KITH_OK);
  assert_int_equal(stat(folder, &is), 0);
  assert_true(last_synced.st_ino == is.st_ino && last_synced.st_dev == is.st_dev);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(what_is_no_regular_file_is_refused_and_not_waited_for, begin, end),
      cmocka_unit_test_setup_teardown(a_link_to_a_file_is_read, begin, end),
      cmocka_unit_test(a_path_begins_as_in_a_shell_and_goes_on_as_it_is),
      cmocka_unit_test(what_the_environment_lacks_is_an_error_that_names_it),
      cmocka_unit_test(two_temporary_names_differ_and_end_in_sixteen_digits),
      cmocka_unit_test_setup_teardown(nothing_is_written_through_a_link_at_the_temporary_name, begin, end),
      cmocka_unit_test_setup_teardown(a_link_at_the_final_name_is_replaced_and_its_aim_stays, begin, end),
      cmocka_unit_test_setup_teardown(what_is_no_file_is_not_replaced, begin, end),
      cmocka_unit_test_setup_teardown(a_published_file_syncs_its_folder_last, begin, end),
      cmocka_unit_test_setup_teardown(interrupted_calls_are_tried_again, begin, end),
      cmocka_unit_test_setup_teardown(text_goes_behind_what_a_file_has_or_nowhere, begin, end),
      cmocka_unit_test_setup_teardown(a_sweep_removes_temporary_files_and_no_others, begin, end),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
