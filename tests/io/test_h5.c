/* ranks: 1 2 3 4 */
/* One HDF5 file written by all ranks: what differs between ranks by mistake must not tear it, nor make them
 * wait for ever. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "h5/tuning.h"
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

/* ---- parallel file systems ---- */

static bool is_lustre;

/* In place of the library's. */
int statfs(const char *path, struct statfs *out) {
  int code = (int)syscall(SYS_statfs, path, out);
  if (is_lustre) out->f_type = 0x0bd00bd0;
  return code;
}

/* The environment variable names a file of these hints, on rank 0 alone. */
static void hint(const char *folder, const char *hints) {
  char path[KITH_PATH];
  test_path(folder, "hints", path);
  if (test_comm->rank == 0) {
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(hints, f);
    fclose(f);
  }
  setenv("ROMIO_HINTS", path, 1);
  MPI_Barrier(MPI_COMM_WORLD);
}

enum { LARGE = 600000 };

/* 2.4 MB, contiguous; the place of the first value in the file. */
static int64_t write_large(const char *path, kith_h5_tuning *has) {
  static float x[LARGE];
  kith_h5 *f = NULL;
  int64_t at = 0, low = kith_chunk_begin(LARGE, test_comm->size, test_comm->rank),
          high = kith_chunk_begin(LARGE, test_comm->size, test_comm->rank + 1);
  for (int i = 0; i < LARGE; i++) x[i] = (float)i + 1234567;
  make(path, 1, &f);
  kith_h5_tuning_get(f, has);
  assert_int_equal(KITH_OK, kith_h5_write_rows(f, "large", 0, LARGE, low, high - low, x + low).status);
  assert_int_equal(KITH_OK, kith_h5_publish(&f).status);
  FILE *file = fopen(path, "rb");
  assert_non_null(file);
  for (float y = 0; fread(&y, 1, sizeof y, file) == sizeof y && y != 1234567; at += (int64_t)sizeof y)
    continue;
  fclose(file);
  MPI_Barrier(MPI_COMM_WORLD);
  return at;
}

static void hints_of_a_file_reach_hdf5_and_align_large_datasets(void **state) {
  (void)state;
  char folder[KITH_PATH] = "", path[KITH_PATH];
  kith_h5_tuning has, chosen;
  test_folder_begin(folder);
  test_path(folder, "a.h5", path);
  assert_true(write_large(path, &has) < 1 << 16 && has.n == 0 && has.alignment == 0);
  hint(folder, "# of a test\n\nstriping_unit 262144\nstriping_factor 2\ncb_nodes 1\n");
  assert_int_equal(write_large(path, &has), 262144);
  assert_int_equal(has.alignment, 262144);
  assert_int_equal(has.n, test_comm->size > 1 ? 3 : 0); /* one rank writes without MPI-IO */
  if (has.n) assert_string_equal(kith_h5_tuning_hint(&has, "striping_factor"), "2");
  is_lustre = true; /* the file wins */
  assert_int_equal(KITH_OK, kith_h5_tuning_choose(test_comm, folder, &chosen).status);
  assert_true(chosen.from_file && chosen.n == 3 && strcmp(chosen.file_system, "lustre") == 0);
  unsetenv("ROMIO_HINTS");
  assert_int_equal(write_large(path, &has), 1 << 20);
  if (test_comm->size > 1) assert_string_equal(kith_h5_tuning_hint(&has, "cb_nodes"), "1");
  is_lustre = false;
  if (test_comm->rank == 0) test_folder_remove(folder);
}

static void what_is_no_hint_is_refused(void **state) {
  (void)state;
  static const char *const bad[] = {"cb_nodes\n", "cb_nodes 1 2\n", "cb_nodes 1\ncb_nodes 2\n",
                                    "striping_unit 4M\n", "striping_unit 0\n"};
  char folder[KITH_PATH] = "", path[KITH_PATH];
  kith_h5 *f = NULL;
  test_folder_begin(folder);
  test_path(folder, "a.h5", path);
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    hint(folder, bad[i]);
    assert_int_equal(KITH_EUSAGE, kith_h5_create(test_comm, path, "kith-test", 1, 1000, &f).status);
    assert_null(f);
  }
  setenv("ROMIO_HINTS", "/nowhere/hints", 1);
  assert_int_equal(KITH_EUSAGE, kith_h5_create(test_comm, path, "kith-test", 1, 1000, &f).status);
  unsetenv("ROMIO_HINTS");
  if (test_comm->rank == 0) test_folder_remove(folder);
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(texts_of_different_lengths_become_rank_0s),
                                     cmocka_unit_test(a_file_is_on_the_disk_before_it_has_its_name),
                                     cmocka_unit_test(a_file_that_is_not_published_leaves_nothing),
                                     cmocka_unit_test(a_newer_version_is_refused),
                                     cmocka_unit_test(hints_of_a_file_reach_hdf5_and_align_large_datasets),
                                     cmocka_unit_test(what_is_no_hint_is_refused)};
  test_begin(&argc, &argv);
  return test_end(cmocka_run_group_tests(tests, NULL, NULL));
}
