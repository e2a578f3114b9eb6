/* ranks: 1 */
#include <omp.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "support/mpi_main.h"

static void philox_gives_its_published_answer(void **state) {
  (void)state;
  /* Random123's known answers for philox4x64-10: all zero key and counter. */
  kith_draw r = kith_random(0, (kith_rng_stream)0, 0, 0, 0);
  assert_true(r.bits[0] == 0x16554d9eca36314cu && r.bits[1] == 0xdb20fe9d672d0fdcu);
  assert_true(r.bits[2] == 0xd7e772cee186176bu && r.bits[3] == 0x7e68b68aec7ba23bu);
}

static void what_is_decided_tells_draws_apart(void **state) {
  (void)state;
  enum { USES = 64 };
  uint64_t seen[USES];
  for (int use = 0; use < USES; use++) {
    seen[use] = kith_random(7, (kith_rng_stream)use, 1, 2, 3).bits[0];
    for (int other = 0; other < use; other++) assert_true(seen[use] != seen[other]);
  }
}

static void a_shuffle_is_a_bijection_with_its_inverse(void **state) {
  (void)state;
  uint64_t sizes[] = {1, 2, 3, 4, 5, 16, 17, 1000, 4097};
  for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
    uint64_t n = sizes[k];
    kith_permutation s = kith_permutation_make(5, KITH_RNG_SHUFFLE, k, n);
    char *seen = calloc(n, 1);
    for (uint64_t i = 0; i < n; i++) {
      uint64_t what = kith_permutation_apply(&s, i);
      assert_true(what < n && !seen[what]);
      assert_true(kith_permutation_inverse(&s, what) == i);
      seen[what] = 1;
    }
    free(seen);
  }
}

static void epochs_have_different_orders(void **state) {
  (void)state;
  kith_permutation a = kith_permutation_make(5, KITH_RNG_SHUFFLE, 0, 1000),
                   b = kith_permutation_make(5, KITH_RNG_SHUFFLE, 1, 1000);
  int same = 0;
  for (uint64_t i = 0; i < 1000; i++) same += kith_permutation_apply(&a, i) == kith_permutation_apply(&b, i);
  assert_true(same < 20); /* one is expected by chance */
}

static void a_shuffle_spreads_evenly(void **state) {
  (void)state;
  enum { N = 40000, CELLS = 16 };
  kith_permutation s = kith_permutation_make(9, KITH_RNG_SHUFFLE, 3, N);
  double cell[CELLS][CELLS] = {{0}}, chi = 0, expected = (double)N / (CELLS * CELLS);
  for (uint64_t i = 0; i < N; i++) cell[i * CELLS / N][kith_permutation_apply(&s, i) * CELLS / N]++;
  for (int i = 0; i < CELLS; i++)
    for (int j = 0; j < CELLS; j++) chi += (cell[i][j] - expected) * (cell[i][j] - expected) / expected;
  assert_true(chi < 330); /* 225 degrees of freedom: beyond 1 - 1e-5 */
}

static void sums_do_not_depend_on_their_order(void **state) {
  (void)state;
  enum { N = 1000 };
  double x[N];
  kith_exact_sum forward = {0}, backward = {0}, halves[2] = {{0}, {0}};
  for (int i = 0; i < N; i++)
    x[i] = (kith_random_unit(kith_random(1, KITH_RNG_INIT, (uint64_t)i, 0, 0).bits[0]) - 0.5) *
           pow(10, i % 9 - 4);
  double plain = 0;
  for (int i = 0; i < N; i++) {
    kith_exact_sum_add(&forward, x[i]);
    kith_exact_sum_add(&backward, x[N - 1 - i]);
    kith_exact_sum_add(&halves[i % 2], x[i]);
    plain += x[i];
  }
  kith_exact_sum_merge(&halves[0], &halves[1]);
  assert_true(kith_exact_sum_value(&forward) == kith_exact_sum_value(&backward));
  assert_true(kith_exact_sum_value(&forward) == kith_exact_sum_value(&halves[0]));
  assert_true(fabs(kith_exact_sum_value(&forward) - plain) < 1e-7);
}

static void a_sum_remembers_what_is_not_finite(void **state) {
  (void)state;
  kith_exact_sum s = {0}, other = {0};
  kith_exact_sum_add(&s, 1);
  kith_exact_sum_add(&other, NAN);
  kith_exact_sum_merge(&s, &other);
  assert_true(isnan(kith_exact_sum_value(&s)));
}

static void a_refused_allocation_says_so_and_counts_stay(void **state) {
  (void)state;
  int64_t live = kith_alloc_live();
  int *p = NULL, *q = NULL;
  kith_alloc_refuse(2);
  assert_int_equal(KITH_NEW(p, 10), KITH_OK);
  assert_int_equal(KITH_NEW(q, 10), KITH_ENOMEM);
  assert_int_equal(kith_alloc_live(), live + 1);
  KITH_FREE(p);
  assert_int_equal(kith_alloc_live(), live);
  assert_null(kith_alloc(INT64_MAX, 16));
  assert_null(kith_alloc(-1, 1));
}

static void large_blocks_are_zero_too(void **state) {
  (void)state;
  char *p = kith_alloc(9 << 20, 1);
  for (int64_t i = 0; i < 9 << 20; i += 511) assert_int_equal(p[i], 0);
  assert_int_equal((uintptr_t)p % 64, 0);
  KITH_FREE(p);
}

/* Bytes of this process that are in memory. */
static int64_t resident(void) {
  char line[256], *second = NULL;
  FILE *f = fopen("/proc/self/statm", "r");
  assert_non_null(f);
  assert_non_null(fgets(line, sizeof line, f));
  fclose(f);
  (void)strtoll(line, &second, 10);
  return strtoll(second, NULL, 10) * sysconf(_SC_PAGESIZE);
}

static void a_block_that_rests_is_zero_and_takes_no_memory(void **state) {
  (void)state;
  const int64_t sizes[] = {100, 64 << 20};
  for (int k = 0; k < 2; k++) {
    char *p = kith_alloc(sizes[k], 1);
    for (int round = 0; round < 2; round++) {
      for (int64_t i = 0; i < sizes[k]; i++) p[i] = 1;
      int64_t before = resident();
      kith_alloc_discard(p, sizes[k], 1);
      if (k == 1) assert_true(before - resident() > sizes[k] / 2);
      for (int64_t i = 0; i < sizes[k]; i += 11) assert_int_equal(p[i], 0);
    }
    KITH_FREE(p);
  }
}

/* After a larger block was freed malloc takes such blocks from its heap, whose pages it keeps. */
static void a_freed_block_takes_no_memory(void **state) {
  (void)state;
  const int64_t size = 12 << 20;
  char *first = kith_alloc(2 * size, 1);
  KITH_FREE(first);
  char *p = kith_alloc(size, 1), *behind = kith_alloc(size, 1);
  for (int64_t i = 0; i < size; i++) p[i] = behind[i] = 1;
  const int64_t before = resident();
  KITH_FREE(p);
  assert_true(before - resident() > size / 2);
  for (int64_t i = 0; i < size; i += 511) assert_int_equal(behind[i], 1);
  KITH_FREE(behind);
}

static void paths_join_with_one_slash(void **state) {
  (void)state;
  char path[KITH_PATH];
  assert_int_equal(kith_path_join("a", "b", path), KITH_OK);
  assert_string_equal(path, "a/b");
  assert_int_equal(kith_path_join("a/", "b", path), KITH_OK);
  assert_string_equal(path, "a/b");
  assert_int_equal(kith_path_join("a", "/b", path), KITH_OK);
  assert_string_equal(path, "/b");
  assert_int_equal(kith_path_join("", "b", path), KITH_OK);
  assert_string_equal(path, "b");
}

static void a_message_is_one_printable_line(void **state) {
  (void)state;
  static const char *const said[][2] = {{"plain, é and …", "plain, é and …"},
                                        {"two\nlines\r\n", "two?lines??"},
                                        {"a\tb \x1b[31m", "a\tb ?[31m"},
                                        {"latin \xe9 here", "latin ? here"},
                                        {"cut \xe2\x80", "cut ??"}};
  for (size_t i = 0; i < sizeof said / sizeof *said; i++) {
    assert_int_equal(kith_fail(KITH_EDATA, "%s", said[i][0]), KITH_EDATA);
    assert_string_equal(kith_error_text(), said[i][1]);
  }
}

/* Against the library's sort, by key and then by place; few digits and many, few keys and many. */
static int compare_keyed(const void *a, const void *b) {
  const kith_key_value *x = a, *y = b;
  return x->key != y->key ? (x->key > y->key) - (x->key < y->key) : x->value - y->value;
}

static void keys_ascend_and_equal_ones_keep_their_order(void **state) {
  (void)state;
  enum { N = 20000 }; /* several chunks; a part of it is one */
  const int64_t most[] = {
      0, 1, 7, 2047, 2048, (1 << 22) - 1, 1 << 22, INT64_C(1) << 43, INT64_C(1) << 44, INT64_MAX};
  static kith_key_value x[N], scratch[N], wanted[N];
  for (size_t k = 0; k < sizeof most / sizeof *most; k++) {
    int n = k % 2 == 0 ? N : N / 7;
    for (int32_t i = 0; i < n; i++) {
      int64_t key = (int64_t)kith_random_below(kith_random(3, KITH_RNG_NEIGHBOR, k, (uint64_t)i, 0).bits[0],
                                               (uint64_t)most[k] + 1);
      x[i] = wanted[i] = (kith_key_value){i % 3 == 0 ? most[k] : key, i};
    }
    qsort(wanted, (size_t)n, sizeof *wanted, compare_keyed);
    omp_set_num_threads(1 + (int)k % 3);
    kith_sort(n, most[k], x, scratch);
    for (int i = 0; i < n; i++) assert_true(x[i].key == wanted[i].key && x[i].value == wanted[i].value);
    kith_sort(0, most[k], x, scratch);
  }
}

/* The Unicode Standard, table 3-7: the well-formed byte sequences. */
static void utf8_is_the_shortest_form_of_a_character(void **state) {
  (void)state;
  static const char *const good[] = {"\x7f",         "\xc2\x80",         "\xdf\xbf",        "\xe0\xa0\x80",
                                     "\xed\x9f\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"};
  static const uint32_t code[] = {0x7f, 0x80, 0x7ff, 0x800, 0xd7ff, 0x10000, 0x10ffff};
  static const char *const bad[] = {"\xc0\x80",         "\xc1\xbf",
                                    "\xe0\x9f\xbf",     "\xed\xa0\x80",
                                    "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80",
                                    "\xf5\x80\x80\x80", "\x80",
                                    "\xc2\x41"};
  for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
    uint32_t found = 0;
    assert_int_equal(kith_utf8_decode(good[i], (int64_t)strlen(good[i]), &found), strlen(good[i]));
    assert_int_equal(found, code[i]);
  }
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    uint32_t found = 0;
    assert_int_equal(kith_utf8_decode(bad[i], (int64_t)strlen(bad[i]), &found), 0);
  }
}

/* By going through all of them. */
static void a_range_is_the_last_that_begins_at_or_before(void **state) {
  const int64_t first[] = {0, 0, 3, 7, 7, 7, 12};
  (void)state;
  for (int64_t n = 1; n <= 7; n++)
    for (int64_t at = 0; at < 20; at++) {
      int64_t last = 0;
      for (int64_t i = 0; i < n; i++)
        if (first[i] <= at) last = i;
      assert_int_equal(kith_range_find(n, first, at), last);
    }
}

static void the_nearest_word_takes_the_fewest_edits(void **state) {
  static const char word[][16] = {"interactions", "friend", "tag", "friends"};
  (void)state;
  assert_int_equal(kith_text_nearest("freind", 4, word[0], sizeof *word), 1);
  assert_int_equal(kith_text_nearest("tags", 4, word[0], sizeof *word), 2);
  assert_int_equal(kith_text_nearest("firends", 4, word[0], sizeof *word), 3);
  assert_int_equal(kith_text_nearest("interaction", 4, word[0], sizeof *word), 0);
}

static void a_number_ends_where_its_digits_do(void **state) {
  const char *text = "12-x", *none = "-1", *large = "99999999999999999999";
  int64_t n = 0;
  (void)state;
  assert_true(kith_text_number(&text, &n));
  assert_int_equal(n, 12);
  assert_string_equal(text, "-x");
  assert_false(kith_text_number(&text, &n));
  assert_false(kith_text_number(&none, &n));
  assert_false(kith_text_number(&large, &n));
}

static void a_count_has_its_words(void **state) {
  (void)state;
  assert_string_equal(KITH_COUNT(1, "round(s)"), "1 round");
  assert_string_equal(KITH_COUNT(0, "round(s) done"), "0 rounds done");
  assert_string_equal(KITH_COUNT(1, "entr(y|ies), which (is|are) read"), "1 entry, which is read");
  assert_string_equal(KITH_COUNT(-2, "entr(y|ies), which (is|are) read"), "-2 entries, which are read");
  assert_string_equal(KITH_COUNT(7, ""), "7 ");
  char words[2 * KITH_COUNT_SIZE];
  memset(words, 'x', sizeof words); /* too long: cut, and ended */
  memcpy(words, "(s)", 3);
  words[sizeof words - 1] = '\0';
  assert_int_equal(strlen(KITH_COUNT(2, words)), KITH_COUNT_SIZE - 1);
}

static void a_real_has_the_fewest_digits_that_give_it_back(void **state) {
  (void)state;
  static const double x[] = {0.3, 10, 0.1 + 0.2, 1.0 / 3, -2.5e-9};
  static const char *const want[] = {"0.3", "10", "0.30000000000000004", "0.3333333333333333", "-2.5e-09"};
  char text[32];
  for (size_t i = 0; i < sizeof x / sizeof *x; i++) {
    kith_real_print(x[i], sizeof text, text);
    assert_string_equal(text, want[i]);
  }
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(a_count_has_its_words),
                                     cmocka_unit_test(a_real_has_the_fewest_digits_that_give_it_back),
                                     cmocka_unit_test(philox_gives_its_published_answer),
                                     cmocka_unit_test(what_is_decided_tells_draws_apart),
                                     cmocka_unit_test(a_shuffle_is_a_bijection_with_its_inverse),
                                     cmocka_unit_test(epochs_have_different_orders),
                                     cmocka_unit_test(a_shuffle_spreads_evenly),
                                     cmocka_unit_test(keys_ascend_and_equal_ones_keep_their_order),
                                     cmocka_unit_test(sums_do_not_depend_on_their_order),
                                     cmocka_unit_test(a_sum_remembers_what_is_not_finite),
                                     cmocka_unit_test(a_refused_allocation_says_so_and_counts_stay),
                                     cmocka_unit_test(large_blocks_are_zero_too),
                                     cmocka_unit_test(a_block_that_rests_is_zero_and_takes_no_memory),
                                     cmocka_unit_test(a_freed_block_takes_no_memory),
                                     cmocka_unit_test(paths_join_with_one_slash),
                                     cmocka_unit_test(utf8_is_the_shortest_form_of_a_character),
                                     cmocka_unit_test(a_message_is_one_printable_line),
                                     cmocka_unit_test(a_range_is_the_last_that_begins_at_or_before),
                                     cmocka_unit_test(the_nearest_word_takes_the_fewest_edits),
                                     cmocka_unit_test(a_number_ends_where_its_digits_do)};
  test_begin(&argc, &argv);
  return test_end(cmocka_run_group_tests(tests, NULL, NULL));
}
