/* ranks: 1 2 3 */
/* What one rank knows becomes what all know: the largest code, and the words of the rank that has it, which
 * is named. */
#include <stdio.h>
#include <string.h>

#include "support/mpi_main.h"

/* Rank 0 speaks for all and needs no name. */
static void assert_words(int rank, const char *words) {
  char all[192], name[32] = "";
  if (rank > 0) snprintf(name, sizeof name, "rank %d: ", rank);
  snprintf(all, sizeof all, "%s%s", name, words);
  assert_string_equal(kith_error_text(), all);
}

static void the_words_of_the_rank_that_fails_are_everybodys(void **state) {
  (void)state;
  char words[64];
  for (int r = 0; r < test_comm->size; r++) {
    snprintf(words, sizeof words, "list.txt:%d: of the %d. rank", 17 + r, r);
    kith_status mine = test_comm->rank == r ? kith_fail(KITH_EDATA, "%s", words) : KITH_OK;
    assert_int_equal(kith_agree(test_comm, mine).status, KITH_EDATA);
    assert_words(r, words);
  }
}

static void the_largest_code_wins(void **state) {
  (void)state;
  const kith_status code[] = {KITH_EUSAGE, KITH_EIO, KITH_EDATA};
  char words[64];
  int worst = test_comm->size > 1 ? 1 : 0;
  kith_status mine = kith_fail(code[test_comm->rank], "of the %d. rank", test_comm->rank);
  assert_int_equal(kith_agree(test_comm, mine).status, code[worst]);
  snprintf(words, sizeof words, "of the %d. rank", worst);
  assert_words(worst, words);
}

static void nobody_fails_where_all_are_well(void **state) {
  (void)state;
  assert_int_equal(kith_agree(test_comm, KITH_OK).status, KITH_OK);
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(the_words_of_the_rank_that_fails_are_everybodys),
                                     cmocka_unit_test(the_largest_code_wins),
                                     cmocka_unit_test(nobody_fails_where_all_are_well)};
  test_begin(&argc, &argv);
  return test_end(cmocka_run_group_tests(tests, NULL, NULL));
}
