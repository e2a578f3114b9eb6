/* ranks: 1 */
/* Lists, ownership and blocks keep their word. */
#include <omp.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "graph/graph.h"
#include "graph/schema.h"

static void a_list_has_exactly_its_items(void **state) {
  (void)state;
  kith_eid start[] = {0, 3, 3, 4};
  int32_t item[] = {1, 4, 9, 0};
  kith_ragged lists = {.n_row = 3, .start = start, .value = item};
  bool held[3][11] = {{[1] = true, [4] = true, [9] = true}, {false}, {[0] = true}};
  for (int row = 0; row < 3; row++)
    for (int32_t i = 0; i < 11; i++) assert_int_equal(kith_ragged_has(&lists, row, i), held[row][i]);
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
      assert_int_equal(kith_chunk_begin(n[k], size, 0), 0);
      assert_int_equal(kith_chunk_begin(n[k], size, size), n[k]);
      for (int i = 0; i < size; i++) {
        int64_t here = kith_chunk_begin(n[k], size, i + 1) - kith_chunk_begin(n[k], size, i);
        assert_true(here == n[k] / size || here == n[k] / size + 1);
      }
    }
}

static const char *const SCHEMA_TEXT = "type user 7\ntype item 9\ntype tag 3 same_as item\n"
                                       "relation friend user user 12\nrelation tag item tag 5 weighted\n"
                                       "relation view user item 0 weighted timed\n"
                                       "relation cites item item 4 forward\n"
                                       "relation kg tag item 6 timed back kinds 65535\n";

static void a_schema_is_what_its_text_says_and_the_reverse(void **state) {
  (void)state;
  kith_schema s;
  int64_t n[KITH_MAX_TYPES], n_edge[KITH_MAX_RELATIONS];
  char *text = NULL;
  assert_int_equal(KITH_OK, kith_schema_parse("f", SCHEMA_TEXT, &s, n, n_edge));
  assert_true(s.n_type == 3 && n[0] == 7 && n[1] == 9 && n[2] == 3);
  assert_true(s.n_relation == 5 && n_edge[0] == 12 && n_edge[1] == 5 && n_edge[2] == 0);
  assert_int_equal(kith_schema_find_type(&s, "tag"), 2);
  assert_int_equal(kith_schema_find_relation(&s, "tag"), 1);
  assert_int_equal(kith_schema_find_type(&s, "friend"), -1);
  assert_true(s.relation[1].from == KITH_ITEM && s.relation[1].to == 2);
  assert_true(s.relation[1].weighted && !s.relation[1].timed && s.relation[2].timed);
  assert_true(s.relation[2].direction == KITH_DIRECTION_BOTH && s.relation[2].n_kind == 0);
  assert_true(s.relation[3].direction == KITH_DIRECTION_FORWARD && s.relation[3].n_kind == 0);
  assert_true(s.relation[4].direction == KITH_DIRECTION_BACK && s.relation[4].n_kind == 65535);
  assert_int_equal(KITH_OK, kith_schema_print(&s, n, n_edge, &text));
  assert_string_equal(text, SCHEMA_TEXT);
  KITH_FREE(text);
}

/* Numbers 0 to 8 of tags are items, 9 to 11 tags of their own. */
static void an_id_space_begins_with_the_nodes_of_its_base(void **state) {
  (void)state;
  kith_schema s;
  int64_t n[KITH_MAX_TYPES], n_edge[KITH_MAX_RELATIONS], original = -1;
  assert_int_equal(KITH_OK, kith_schema_parse("f", SCHEMA_TEXT, &s, n, n_edge));
  assert_true(kith_schema_base(&s, 2) == KITH_ITEM && kith_schema_base(&s, 1) == -1);
  assert_true(kith_schema_space(&s, n, 2) == 12 && kith_schema_space(&s, n, 1) == 9);
  assert_true(kith_schema_node(&s, n, 2, 8, &original) == KITH_ITEM && original == 8);
  assert_true(kith_schema_node(&s, n, 2, 9, &original) == 2 && original == 0);
  assert_true(kith_schema_node(&s, n, 0, 5, &original) == 0 && original == 5);
  assert_true(kith_schema_has(&s, 2, 1) && kith_schema_has(&s, 2, 2) && !kith_schema_has(&s, 1, 2));
  static const bool meets[] = {true, true, false, true, true};
  for (int r = 0; r < s.n_relation; r++) assert_int_equal(kith_schema_meets(&s, &s.relation[r]), meets[r]);
  s.relation[0].from = 2, s.relation[0].to = KITH_USER;
  assert_false(kith_schema_meets(&s, &s.relation[0]));
}

static void a_text_that_is_no_schema_is_refused(void **state) {
  (void)state;
  static const char *const bad[] = {
      "",
      "type item 1\ntype user 1\n",
      "type user 1\n",
      "type user 1\ntype item\n",
      "type user 1\ntype item -1\n",
      "type user 1\ntype item 2147483647\n",
      "type user 1\ntype item 1\ntype item 1\n",
      "type user 1\ntype item 1\ntype Tag 1\n",
      "type user 1\ntype item 1\nrelation r user tag 1\n",
      "type user 1\ntype item 1\nrelation r user item 1 timed weighted\n",
      "type user 1\ntype item 1\nrelation r user item 1\nrelation r user item 1\n",
      "type user 1\ntype item 1\nrelation r user item 1\ntype tag 1\n",
      "type user 1\ntype item 1\nrelation r user item 1 weighted timed more words\n",
      "type user 1\ntype item 1\nrelation r user item 1 forward back\n",
      "type user 1\ntype item 1\nrelation r user item 1 both\n",
      "type user 1\ntype item 1\nrelation r user item 1 kinds\n",
      "type user 1\ntype item 1\nrelation r user item 1 kinds 0\n",
      "type user 1\ntype item 1\nrelation r user item 1 kinds 65536\n",
      "type user 1\ntype item 1\nrelation r user item 1 kinds 2 forward\n",
      "type user 1\ntype item 1 same_as user\n",
      "type user 1\ntype item 1\ntype tag 1 same_as\n",
      "type user 1\ntype item 1\ntype tag 1 same_as mark\n",
      "type user 1\ntype item 1\ntype tag 1 same_as tag\n",
      "type user 1\ntype item 1\ntype tag 1 like item\n",
      "type user 1\ntype item 1\ntype tag 1 same_as item\ntype mark 1 same_as tag\n",
      "type user 1\ntype item 2147483000\ntype tag 2147483000 same_as item\n",
      "type user 1\ntype item 1\n\n"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    kith_schema s = {.n_type = -1};
    int64_t n[KITH_MAX_TYPES], n_edge[KITH_MAX_RELATIONS];
    assert_int_equal(KITH_EDATA, kith_schema_parse("f", bad[i], &s, n, n_edge));
    assert_int_equal(s.n_type, -1); /* as it was */
  }
}

static void freeing_leaves_nothing_alive_and_takes_null(void **state) {
  (void)state;
  int64_t before = kith_alloc_live();
  kith_graph *g = NULL;
  kith_csr csr = {0};
  kith_graph_destroy(&g);
  if (KITH_NEW(g, 1) || KITH_NEW(g->first, 2) || KITH_NEW(g->row_of[KITH_ITEM], 2) ||
      KITH_NEW(g->test.value, 2))
    abort();
  if (KITH_NEW(csr.col, 2)) abort();
  kith_graph_destroy(&g);
  kith_csr_free(&csr);
  assert_null(g);
  assert_null(csr.col);
  assert_int_equal(kith_alloc_live(), before);
}

/* Rows of different lengths, whose columns jump; hub columns and columns without entries among them. */
static kith_csr some_matrix(kith_lid n_row, kith_lid n_col) {
  kith_csr csr = {.n_row = n_row, .n_col = n_col};
  if (KITH_NEW(csr.start, n_row + 1) || KITH_NEW(csr.perm, n_row) || KITH_NEW(csr.col, 13 * (int64_t)n_row))
    abort();
  for (kith_lid p = 0; p < n_row; p++) {
    csr.perm[p] = n_row - 1 - p;
    csr.start[p + 1] = csr.start[p] + p % 13;
    for (kith_eid e = csr.start[p]; e < csr.start[p + 1]; e++)
      csr.col[e] = e % 7 == 0 ? 5 : (kith_lid)((uint64_t)e * 2654435761u % (uint64_t)n_col) / 3 * 3;
  }
  return csr;
}

/* Every entry stands once, under its column, with its row, and a column's entries ascend. */
static void assert_is_transpose(const kith_csr *csr, const kith_csc *back) {
  kith_lid *row_of;
  if (KITH_NEW(row_of, csr->start[csr->n_row])) abort();
  for (kith_lid p = 0; p < csr->n_row; p++)
    for (kith_eid e = csr->start[p]; e < csr->start[p + 1]; e++) row_of[e] = csr->perm[p];
  assert_int_equal(back->n_col, csr->n_col);
  assert_int_equal(back->start[0], 0);
  assert_int_equal(back->start[csr->n_col], csr->start[csr->n_row]);
  for (kith_lid c = 0; c < csr->n_col; c++)
    for (kith_eid i = back->start[c]; i < back->start[c + 1]; i++) {
      if (csr->col[back->entry[i]] != c || back->row[i] != row_of[back->entry[i]])
        fail_msg("column %d, entry %lld", c, (long long)i);
      if (i > back->start[c] && back->entry[i] <= back->entry[i - 1])
        fail_msg("column %d does not ascend", c);
    }
  KITH_FREE(row_of);
}

static void transposes_agree_however_they_are_made(void **state) {
  (void)state;
  const kith_lid shape[][2] = {{40, 30},
                               {60000, 100000},
                               {60000, 200},
                               {60000, 257},
                               {1, 1}}; /* rows, columns: few entries, then many */
  for (size_t i = 0; i < sizeof shape / sizeof *shape; i++) {
    kith_csr csr = some_matrix(shape[i][0], shape[i][1]);
    kith_eid n = csr.start[csr.n_row];
    kith_csc back;
    char *room;
    if (KITH_NEW(room, 16 * n) || kith_csc_make(csr.n_col, n, &back)) abort();
    for (int with = 0; with < 4; with++) { /* no room for buckets, and enough of it, on 1, 2 and 3 threads */
      omp_set_num_threads(with > 0 ? with : 1);
      kith_csc_fill(&csr, with ? 16 * n : 0, room, &back);
      assert_is_transpose(&csr, &back);
      for (kith_eid e = 0; e < n; e++) back.entry[e] = back.row[e] = -1;
    }
    KITH_FREE(room);
    kith_csc_free(&back);
    kith_csr_free(&csr);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_list_has_exactly_its_items),
      cmocka_unit_test(the_owner_of_a_number_is_never_an_empty_rank),
      cmocka_unit_test(blocks_cover_everything_once_and_differ_by_one),
      cmocka_unit_test(a_schema_is_what_its_text_says_and_the_reverse),
      cmocka_unit_test(an_id_space_begins_with_the_nodes_of_its_base),
      cmocka_unit_test(a_text_that_is_no_schema_is_refused),
      cmocka_unit_test(freeing_leaves_nothing_alive_and_takes_null),
      cmocka_unit_test(transposes_agree_however_they_are_made),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
