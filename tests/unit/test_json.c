/* ranks: 1 */
/* JSON: what a writer writes is read as it was meant; all else is refused, with its line. */
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "support/folder.h"
#include "support/mpi_main.h"

static kith_json tree;

/* The outermost value of a text; null if it was refused. */
static const kith_json_value *read_text(const char *text) {
  kith_json_free(&tree);
  return kith_json_read("list", text, (int64_t)strlen(text), &tree) == KITH_OK ? tree.value : NULL;
}

static void every_kind_of_value_is_read(void **state) {
  (void)state;
  const kith_json_value *v =
      read_text(" {\"a\": [1, -2.5e-3, 0, true, false, null], \"b\":{} ,\"recall@20\":0.25, \"t\": \"x\"}\n");
  assert_non_null(v);
  assert_int_equal(v->n, 4);
  const kith_json_value *a = kith_json_get(v, "a"), *e = a->first;
  assert_int_equal(a->n, 6);
  assert_true(e->number == 1 && e->next->number == -2.5e-3 && e->next->next->number == 0);
  e = e->next->next->next;
  assert_true(e->kind == KITH_JSON_BOOL && e->number == 1 && e->next->kind == KITH_JSON_BOOL);
  assert_true(e->next->number == 0 && e->next->next->kind == KITH_JSON_NULL && !e->next->next->next);
  assert_true(kith_json_get(v, "b")->kind == KITH_JSON_OBJECT && !kith_json_get(v, "b")->first);
  assert_true(kith_json_number(v, "recall@20", -1) == 0.25 && kith_json_number(v, "t", -1) == -1);
  assert_string_equal(kith_json_text(v, "t"), "x");
  assert_null(kith_json_text(v, "a"));
  assert_null(kith_json_get(a, "a"));
  assert_null(kith_json_get(NULL, "a"));
}

static void whole_numbers_keep_all_digits(void **state) {
  (void)state;
  const kith_json_value *v = read_text("[-8336979309434808671, 18446744073709551615, 12, 1.5, -1]");
  assert_non_null(v);
  static const int64_t wanted[] = {-8336979309434808671, -1, 12, 0, -1};
  int i = 0;
  for (const kith_json_value *e = v->first; e; e = e->next) assert_true(e->integer == wanted[i++]);
}

static void escapes_stand_for_characters(void **state) {
  (void)state;
  const kith_json_value *v =
      read_text("[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\", \"\\u00e9\\u20ac\\ud83d\\ude00\", \"\xc3\xa9 <b>\"]");
  assert_non_null(v);
  assert_string_equal(v->first->text, "\"\\/\b\f\n\r\t");
  assert_string_equal(v->first->next->text, "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80");
  assert_string_equal(v->first->next->next->text, "\xc3\xa9 <b>");
}

static void what_is_not_json_is_refused(void **state) {
  (void)state;
  static const char *const bad[] = {"",
                                    " ",
                                    "[",
                                    "]",
                                    "[1",
                                    "[1,]",
                                    "[,1]",
                                    "[1 2]",
                                    "{",
                                    "{\"a\"}",
                                    "{a: 1}",
                                    "{\"a\":}",
                                    "{1: 2}",
                                    "{\"a\":1,}",
                                    "'a'",
                                    "\"a",
                                    "\"\\x\"",
                                    "\"\\u12\"",
                                    "\"\t\"",
                                    "\"\xff\"",
                                    "\"\xed\xa0\x80\"",
                                    "\"\\ud800\"",
                                    "\"\\ud83dx\"",
                                    "\"\\ude00\"",
                                    "\"\\u0000\"",
                                    "01",
                                    "1.",
                                    ".5",
                                    "+1",
                                    "-",
                                    "1e",
                                    "0x10",
                                    "nan",
                                    "Infinity",
                                    "1e999",
                                    "True",
                                    "yes",
                                    "1 2",
                                    "1 # one",
                                    "- 1",
                                    "a: 1",
                                    "[1]\n---\n[2]",
                                    "{\"a\": &x 1}",
                                    "\"a\" \"b\"",
                                    "nullx"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    if (read_text(bad[i])) fail_msg("accepted: %s", bad[i]);
    if (strncmp(kith_error_text(), "list:", 5) != 0) fail_msg("%s: %s", bad[i], kith_error_text());
    assert_null(tree.value);
  }
  assert_null(read_text("[1,\n\n}"));
  assert_string_equal(kith_error_text(), "list:3: not JSON: expected a value, found '}'");
  assert_null(read_text("[1"));
  assert_string_equal(kith_error_text(), "list:1: not JSON: the text ends before ',' or ']'");
}

static void nesting_has_a_limit(void **state) {
  (void)state;
  char text[4 * KITH_JSON_DEPTH + 1];
  for (int deep = KITH_JSON_DEPTH; deep <= KITH_JSON_DEPTH + 1; deep++) {
    memset(text, '[', (size_t)deep);
    memset(text + deep, ']', (size_t)deep);
    text[2 * deep] = '\0';
    assert_int_equal(read_text(text) != NULL, deep == KITH_JSON_DEPTH);
  }
}

static void zero_bytes_are_refused(void **state) {
  (void)state;
  kith_json_free(&tree);
  assert_int_equal(kith_json_read("list", "[1]\0", 4, &tree), KITH_EDATA);
  assert_int_equal(kith_json_read("list", "\"a\0b\"", 5, &tree), KITH_EDATA);
}

static void lines_are_values_and_an_unfinished_one_is_left_out(void **state) {
  (void)state;
  static const char text[] = "{\"epoch\": 1}\n\n[2, {}]\r\n{\"epoch\": 3, \"lo";
  kith_json_free(&tree);
  assert_int_equal(kith_json_read_lines("list", text, (int64_t)strlen(text), &tree), KITH_OK);
  assert_int_equal(tree.value->n, 2);
  assert_true(kith_json_number(tree.value->first, "epoch", 0) == 1);
  assert_int_equal(tree.value->first->next->n, 2);
  static const char *const bad[] = {"1\n2 3\n4\n", "1\n[2,\n3]\n"};
  for (size_t i = 0; i < 2; i++) {
    kith_json_free(&tree);
    assert_int_equal(kith_json_read_lines("list", bad[i], (int64_t)strlen(bad[i]), &tree), KITH_EDATA);
    assert_non_null(strstr(kith_error_text(), "list:2: "));
  }
}

static void a_file_is_read_whole(void **state) {
  (void)state;
  char folder[KITH_PATH], path[KITH_PATH];
  test_folder_make(folder);
  snprintf(path, sizeof path, "%.900s/a.json", folder);
  kith_json_free(&tree);
  assert_int_equal(kith_json_read_file(path, false, &tree), KITH_ENOINPUT);
  assert_int_equal(kith_text_write(path, "[1]\n[2]\n"), KITH_OK);
  assert_int_equal(kith_json_read_file(path, false, &tree), KITH_EDATA);
  assert_int_equal(kith_json_read_file(path, true, &tree), KITH_OK);
  assert_int_equal(tree.value->n, 2);
  kith_json_free(&tree);
  test_folder_remove(folder);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_kind_of_value_is_read),
      cmocka_unit_test(whole_numbers_keep_all_digits),
      cmocka_unit_test(escapes_stand_for_characters),
      cmocka_unit_test(what_is_not_json_is_refused),
      cmocka_unit_test(nesting_has_a_limit),
      cmocka_unit_test(zero_bytes_are_refused),
      cmocka_unit_test(lines_are_values_and_an_unfinished_one_is_left_out),
      cmocka_unit_test(a_file_is_read_whole),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
