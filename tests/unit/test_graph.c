/* ranks: 1 */
/* Lists, ownership and blocks keep their word. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "kith/graph.h"

static void a_list_has_exactly_its_items(void **state) {
  (void)state;
  kith_eid start[] = {0, 3, 3, 4};
  int32_t item[] = {1, 4, 9, 0};
  kith_lists lists = {.n_row = 3, .start = start, .item = item};
  bool held[3][11] = {{[1] = true, [4] = true, [9] = true}, {false}, {[0] = true}};
  for (int row = 0; row < 3; row++)
    for (int32_t i = 0; i < 11; i++) assert_int_equal(kith_lists_has(&lists, row, i), held[row][i]);
}

static void the_owner_of_a_number_is_never_an_empty_rank(void **state) {
  (void)state;
  const kith_gid first[] = {0, 0, 4, 4, 4, 7, 7};
  const int size = 6;
  for (kith_gid g = 0; g < 7; g++) {
    int r = kith_owner(size, first, g);
    assert_true(first[r] <= g && g < first[r + 1]);
  }
}

static void blocks_cover_everything_once_and_differ_by_one(void **state) {
  (void)state;
  const int64_t n[] = {0, 1, 7, 64, INT64_C(9000000000000000000)};
  for (int k = 0; k < 5; k++)
    for (int size = 1; size < 9; size++) {
      assert_int_equal(kith_block(n[k], size, 0), 0);
      assert_int_equal(kith_block(n[k], size, size), n[k]);
      for (int i = 0; i < size; i++) {
        int64_t here = kith_block(n[k], size, i + 1) - kith_block(n[k], size, i);
        assert_true(here == n[k] / size || here == n[k] / size + 1);
      }
    }
}

static void freeing_leaves_nothing_alive_and_takes_null(void **state) {
  (void)state;
  int64_t before = kith_alloc_live();
  kith_graph *g = NULL;
  kith_csr csr = {0};
  kith_graph_destroy(&g);
  if (KITH_NEW(g, 1) || KITH_NEW(g->first, 2) || KITH_NEW(g->row_of[KITH_ITEM], 2) || KITH_NEW(g->test.item, 2)) abort();
  if (KITH_NEW(csr.col, 2)) abort();
  kith_graph_destroy(&g);
  kith_csr_free(&csr);
  assert_null(g);
  assert_null(csr.col);
  assert_int_equal(kith_alloc_live(), before);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_list_has_exactly_its_items),
      cmocka_unit_test(the_owner_of_a_number_is_never_an_empty_rank),
      cmocka_unit_test(blocks_cover_everything_once_and_differ_by_one),
      cmocka_unit_test(freeing_leaves_nothing_alive_and_takes_null),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
