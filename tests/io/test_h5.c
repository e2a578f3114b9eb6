/* ranks: 1 2 3 4 */
/* One HDF5 file written by all ranks: what differs between ranks by mistake must not tear it, nor make them
 * wait for ever. */
#include <string.h>

#include "store/store.h"
#include "support/folder.h"
#include "support/mpi_main.h"

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

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(texts_of_different_lengths_become_rank_0s)};
  test_begin(&argc, &argv);
  return test_end(cmocka_run_group_tests(tests, NULL, NULL));
}
