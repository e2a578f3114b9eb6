/* ranks: 1 */
/* Ids that look alike: those that differ in what nobody sees, and no others. */
#include "support/mpi_main.h"

#include "ingest/lists.h"

enum { WIDTH = 32 };

/* How many of n ids look like another one; the pair that is told. */
static int64_t alike(int n, const char *const *id, int64_t pair[2]) {
  char text[16 * WIDTH] = {0};
  int64_t count = -1;
  kith_ids ids = {.n = n, .text = text, .width = WIDTH};
  for (int i = 0; i < n; i++) memcpy(text + (size_t)i * WIDTH, id[i], strlen(id[i]));
  assert_int_equal(KITH_OK, kith__ids_lookalikes(&ids, &count, pair));
  return count;
}

static void forms_of_one_text_look_alike(void **state) {
  (void)state;
  static const char *const same[][2] = {
      {"Ren\u00e9", "Rene\u0301"},              /* Latin-1 */
      {"\u017di\u017eek", "Z\u030ciz\u030cek"}, /* Latin Extended-A, twice */
      {"\u039f\u03b4\u03cc\u03c2", "\u039f\u03b4\u03bf\u0301\u03c2"},
      {"\u0439", "\u0438\u0306"},
      {"\u304c", "\u304b\u3099"},
      {"\ud55c", "\u1112\u1161\u11ab"}, /* a syllable of three parts */
      {"\uac00", "\u1100\u1161"},       /* the first one, without a final */
      {"ab", "a\u200db"},
      {"ab", "ab\u200e"},
      {"ab", "\u00ada\ufe0fb"},
      {"a b", "a\u00a0b"},
  };
  int64_t pair[2];
  for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
    const char *const id[] = {"x", same[i][0], "y", same[i][1], "\u00fc"};
    if (alike(5, id, pair) != 1) fail_msg("%s and %s", same[i][0], same[i][1]);
    assert_true(pair[0] == 1 && pair[1] == 3);
  }
}

static void what_looks_different_is_not_told(void **state) {
  (void)state;
  static const char *const id[] = {"Rene",   "Ren\u00e9", "Ren\u00e8", "Ren\u00ea", "rene",
                                   "ab",     "a b",       "\u00ab",    "\uac00",    "\uac01",
                                   "\u0438", "\u0439",    "\u304b",    "\u304c"};
  int64_t pair[2];
  assert_int_equal(alike(14, id, pair), 0);
}

static void three_forms_are_two_more_than_one(void **state) {
  (void)state;
  static const char *const id[] = {"a", "a\u200d", "b", "\u200da"};
  int64_t pair[2];
  assert_int_equal(alike(4, id, pair), 2);
  kith_ids numbers = {.n = 3};
  int64_t count = -1;
  assert_int_equal(KITH_OK, kith__ids_lookalikes(&numbers, &count, pair));
  assert_int_equal(count, 0);
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(forms_of_one_text_look_alike),
                                     cmocka_unit_test(what_looks_different_is_not_told),
                                     cmocka_unit_test(three_forms_are_two_more_than_one)};
  test_begin(&argc, &argv);
  int failures = cmocka_run_group_tests(tests, NULL, NULL);
  return test_end(failures);
}
