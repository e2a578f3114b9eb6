/* ranks: 1 */
/* Faults on purpose: one grammar, bad text refused with one line, the k-th event of a kind and no other. */
#include <errno.h>

#include "support/mpi_main.h"
#include "support/sweep.h"

static void bad_texts_are_refused_with_one_line(void **state) {
  (void)state;
  const char *bad[] = {"read",
                       "read:",
                       "read:3",
                       "read:3@",
                       "read:0@1",
                       "read:-1@1",
                       "read:x@1",
                       "read:3@1,",
                       ",read:3@1",
                       "read:3@1;write:1@0",
                       "reads:3@1",
                       "READ:3@1",
                       "read:3@1 ",
                       "read:99999999999999999999@1",
                       "read:3@1,nothing:1@1",
                       " "};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    kith_status st = kith_fault_read_text(bad[i], 1);
    kith_fault_set(KITH_FAULT_READ, 0);
    assert_int_equal(st, KITH_EUSAGE);
    assert_non_null(strstr(kith_error_text(), "KITH_FAULT"));
    assert_null(strchr(kith_error_text(), '\n'));
  }
}

static void no_text_sets_nothing(void **state) {
  (void)state;
  assert_int_equal(kith_fault_read_text(NULL, 0), KITH_OK);
  assert_int_equal(kith_fault_read_text("", 0), KITH_OK);
  for (int i = 0; i < 100; i++) assert_false(kith_fault(KITH_FAULT_READ));
}

static void the_kth_event_of_a_kind_fails_once_and_only_on_its_rank(void **state) {
  (void)state;
  if (!sweep_has(KITH_FAULT_READ)) {
    assert_int_equal(kith_fault_read_text("read:3@0", 0), KITH_EUSAGE); /* not silently nothing */
    skip();
  }
  assert_int_equal(kith_fault_read_text("read:3@1,write:1@1,alloc:2@1,read:1@7", 1), KITH_OK);
  for (int i = 1; i <= 10; i++) {
    errno = 0;
    assert_int_equal(kith_fault(KITH_FAULT_READ), i == 3);
    assert_int_equal(errno, i == 3 ? EIO : 0);
  }
  assert_true(kith_fault(KITH_FAULT_WRITE));
  assert_int_equal(errno, ENOSPC);
  for (int i = 1; i <= 3; i++) {
    void *p = kith_alloc(1, 1);
    assert_int_equal(p == NULL, i == 2);
    kith_free(p);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(bad_texts_are_refused_with_one_line),
                                     cmocka_unit_test(no_text_sets_nothing),
                                     cmocka_unit_test(
                                         the_kth_event_of_a_kind_fails_once_and_only_on_its_rank)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
