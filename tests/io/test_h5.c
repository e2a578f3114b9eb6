/* ranks: 1 2 3 4 */
/* One HDF5 file written by all ranks: what differs between ranks by mistake must not tear it, nor make them
 * wait for ever. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "store/store.h"
#include "support/folder.h"
#include "support/mpi_main.h"

static struct stat synced;      /* the regular file that fsync() was called for last */
static int n_renamed_too_early; /* calls of rename() for another file */

/* In place of the library's. */
int fsync(int file) {
  struct stat is;
  if (fstat(file, &is) == 0 && S_ISREG(is.st_mode)) synced = is;
  return (int)syscall(SYS_fsync, file);
}

int rename(const char *from, const char *to) {
  struct stat is;
  n_renamed_too_early += stat(from, &is) != 0 || is.st_ino != synced.st_ino || is.st_size != synced.st_size;
  return (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
}

/* Ranks whose clocks differ once wrote histories of different lengths, and hung when the file was flushed. */
static void texts_of_different_lengths_become_rank_0s(void **state) {
  (void)state;
  char folder[KITH_PATH] = "", path[KITH_PATH], text[256], *back = NULL;
  kith_h5 *f = NULL;
  test_folder_begin(folder);
  test_path(folder, "a.h5", path);
  for (int n = 0; n < 40; n++) {
    memset(text, 'a' + test_comm->rank, sizeof text);
    text[n + 3 * test_comm->rank] = '\0';
    assert_int_equal(KITH_OK, kith_h5_create(test_comm, path, "kith-test", 1, 1000, &f).status);
    assert_int_equal(KITH_OK, kith_h5_put_attr_text(f, "text", text).status);
    assert_int_equal(KITH_OK, kith_h5_put_attr_int(f, "number", 7).status);
    assert_int_equal(KITH_OK, kith_h5_publish(&f).status);
  }
  assert_int_equal(KITH_OK, kith_h5_open(test_comm, path, "kith-test", 1, &f).status);
  assert_int_equal(KITH_OK, kith_h5_get_attr_text(f, "text", &back).status);
  memset(text, 'a', sizeof text);
  text[39] = '\0';
  assert_string_equal(back, text);
  KITH_FREE(back);
  kith_h5_close(&f);
  if (test_comm->rank == 0) test_folder_remove(folder);
}

static void make(const char *path, int version, kith_h5 **f) {
  assert_int_equal(KITH_OK, kith_h5_create(test_comm, path, "kith-test", version, 1000, f).status);
  assert_int_equal(KITH_OK, kith_h5_put_attr_int(*f, "number", 7).status);
}

static void a_file_is_on_the_disk_before_it_has_its_name(void **state) {
  (void)state;
  char folder[KITH_PATH] = "", path[KITH_PATH];
  kith_h5 *f = NULL;
  test_folder_begin(folder);
  make(test_path(folder, "a.h5", path), 1, &f);
  n_renamed_too_early = 0;
  assert_int_equal(KITH_OK, kith_h5_publish(&f).status);
  assert_int_equal(n_renamed_too_early, 0);
  MPI_Barrier(MPI_COMM_WORLD);
  if (test_comm->rank == 0) test_folder_remove(folder);
}

static void a_file_that_is_not_published_leaves_nothing(void **state) {
  (void)state;
  char folder[KITH_PATH] = "", path[KITH_PATH];
  kith_h5 *f = NULL;
  test_folder_begin(folder);
  make(test_path(folder, "a.h5", path), 1, &f);
  kith_h5_close(&f);
  MPI_Barrier(MPI_COMM_WORLD);
  if (test_comm->rank == 0) assert_int_equal(test_folder_count(folder), 0);
  if (test_comm->rank == 0) test_folder_remove(folder);
}

static void a_newer_version_is_refused(void **state) {
  (void)state;
  char folder[KITH_PATH] = "", path[KITH_PATH];
  kith_h5 *f = NULL;
  test_folder_begin(folder);
  make(test_path(folder, "a.h5", path), 2, &f);
  assert_int_equal(KITH_OK, kith_h5_publish(&f).status);
  assert_int_equal(KITH_EDATA, kith_h5_open(test_comm, path, "kith-test", 1, &f).status);
  assert_null(f);
  MPI_Barrier(MPI_COMM_WORLD);
  if (test_comm->rank == 0) test_folder_remove(folder);
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(texts_of_different_lengths_become_rank_0s),
                                     cmocka_unit_test(a_file_is_on_the_disk_before_it_has_its_name),
                                     cmocka_unit_test(a_file_that_is_not_published_leaves_nothing),
                                     cmocka_unit_test(a_newer_version_is_refused)};
  test_begin(&argc, &argv);
  return test_end(cmocka_run_group_tests(tests, NULL, NULL));
}
