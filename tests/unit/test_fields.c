/* ranks: 1 */
/* Cutting lines into fields, and what may stand in a field. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ingest/lists.h"

static kith__field field_of(const char *text) { return (kith__field){text, (int64_t)strlen(text)}; }

static const kith__lines here = {.path = "here", .number = 7};

/* Cut `line` and join the fields with "|", by both ways of cutting. */
static void assert_cut(const char *by, const char *line, const char *expected) {
  kith__delimiter delimiter = kith__delimiter_make(by);
  for (int quick = 0; quick < 2; quick++) {
    char joined[256] = "", copy[256];
    strcpy(copy, line); /* quotes are made single in place */
    kith__field rest = field_of(copy), field;
    while (quick ? kith__field_next_fast(&delimiter, &rest, &field)
                 : kith__field_next(&delimiter, &rest, &field)) {
      strncat(joined, field.at, (size_t)field.size);
      strcat(joined, "|");
    }
    assert_string_equal(joined, expected);
    assert_int_equal(kith__field_end(&delimiter, &here, rest), KITH_OK);
  }
}

/* A line that is cut as far as `fields` fields, and is then refused. */
static void assert_torn(const char *by, const char *line, int fields, const char *expected) {
  kith__delimiter delimiter = kith__delimiter_make(by);
  for (int ahead = 0; ahead <= fields; ahead++) {
    char copy[256];
    strcpy(copy, line);
    kith__field rest = field_of(copy), field;
    for (int i = 0; i < ahead; i++) assert_true(kith__field_next_fast(&delimiter, &rest, &field));
    if (ahead == fields) assert_false(kith__field_next_fast(&delimiter, &rest, &field));
    assert_int_equal(kith__field_end(&delimiter, &here, rest), KITH_EDATA);
    assert_non_null(strstr(kith_error_text(), expected));
    assert_non_null(strstr(kith_error_text(), "here:7: "));
  }
}

static void white_space_parts_cells_in_runs(void **state) {
  (void)state;
  assert_cut("", "1 2  3\t4", "1|2|3|4|");
  assert_cut(" ", "  1 \t 2  ", "1|2|");
  assert_cut("", "   ", "");
}

static void one_character_parts_cells_and_leaves_empty_ones(void **state) {
  (void)state;
  assert_cut("\t", "a\tb\t\tc", "a|b||c|");
  assert_cut(",", "1, 2 ,3", "1|2|3|");
  assert_cut(",", "1,", "1||");
  assert_cut(",", ",", "||");
  assert_cut("\t", "two words\tb", "two words|b|");
}

static void several_characters_part_cells_together(void **state) {
  (void)state;
  assert_cut("::", "1::2::5.0::978300760", "1|2|5.0|978300760|");
  assert_cut("::", "a:b::c", "a:b|c|");
}

static void quotes_keep_a_delimiter_inside(void **state) {
  (void)state;
  assert_cut(",", "\"a, b\",c", "a, b|c|");
  assert_cut(",", "1, \"x\" ,2", "1|x|2|");
  assert_cut("", "\"Smith John\" \"i 1\"", "Smith John|i 1|");
  assert_cut("\t", " \"a\tb\" \tc", "a\tb|c|");
  assert_cut("::", "\"a::b\"::c", "a::b|c|");
  assert_cut(",", "\"\",c,\"\"", "|c||");
  assert_cut(",", "\" a \",c", " a |c|");
}

static void two_quotes_in_quotes_are_one(void **state) {
  (void)state;
  assert_cut(",", "\"say \"\"a, b\"\"\",c", "say \"a, b\"|c|");
  assert_cut("", "\"Smith \"\"Bob\"\"\" \"\"\"\"", "Smith \"Bob\"|\"|");
  assert_cut("", "\"\"\"\"\"\"", "\"\"|");
}

static void a_quote_further_inside_is_a_character(void **state) {
  (void)state;
  assert_cut(",", "12\" disc,a\"\"b", "12\" disc|a\"\"b|");
  assert_cut("", "12\" x\"", "12\"|x\"|");
}

static void a_value_may_stand_behind_a_quoted_name(void **state) {
  (void)state;
  char line[] = "\"a, \"\"b\"\"\":2.5,\"c\":1,d";
  kith__delimiter delimiter = kith__delimiter_make(",");
  kith__field rest = field_of(line), field;
  delimiter.allow_value = true;
  assert_true(kith__field_next(&delimiter, &rest, &field) && field.size == 10 &&
              memcmp(field.at, "a, \"b\":2.5", 10) == 0);
  assert_true(kith__field_next(&delimiter, &rest, &field) && field.size == 3 &&
              memcmp(field.at, "c:1", 3) == 0);
  assert_true(kith__field_next(&delimiter, &rest, &field) && field.size == 1);
  assert_false(kith__field_next(&delimiter, &rest, &field));
}

static void quotes_may_be_characters_altogether(void **state) {
  (void)state;
  kith__delimiter delimiter = kith__delimiter_make("\t");
  kith__field rest = field_of("\"Weird Al\" Yankovic\t\"x"), field;
  delimiter.no_quotes = true;
  assert_true(kith__field_next_fast(&delimiter, &rest, &field) && field.size == 19);
  assert_true(kith__field_next_fast(&delimiter, &rest, &field) && field.size == 2);
  assert_false(kith__field_next_fast(&delimiter, &rest, &field));
  assert_int_equal(kith__field_end(&delimiter, &here, rest), KITH_OK);
}

static void a_quote_that_is_not_closed_or_has_text_behind_it_is_refused(void **state) {
  (void)state;
  assert_torn(",", "\"open,c", 0, "found the end of the line");
  assert_torn(",", "a,b,\"open", 2, "found the end of the line");
  assert_torn("", "a \"b c", 1, "found the end of the line");
  assert_torn(",", "\"odd\"\",c", 0, "found the end of the line");
  assert_torn(",", "\"a\"b,c", 0, "found more text");
  assert_torn("", "\"a\"b c", 0, "found more text");
  assert_torn("\t", "u\t\"a\" b", 1, "found more text");
}

static void the_delimiter_of_a_line_is_guessed(void **state) {
  (void)state;
  static const char *const lines[][2] = {
      {"1::2::3", "::"}, {"1\t2, 3", "\t"}, {"1,2 3", ","}, {"1;2", ";"}, {"1 2", ""}};
  for (size_t i = 0; i < 5; i++) {
    kith__delimiter delimiter = kith__delimiter_detect(field_of(lines[i][0]));
    assert_int_equal(delimiter.size, strlen(lines[i][1]));
    assert_memory_equal(delimiter.text, lines[i][1], (size_t)delimiter.size);
  }
}

static void an_integer_has_one_spelling(void **state) {
  (void)state;
  static const struct {
    const char *text;
    int64_t value;
  } good[] = {{"0", 0},
              {"17", 17},
              {"-5", -5},
              {"9223372036854775807", INT64_MAX},
              {"-9223372036854775807", -INT64_MAX}};
  static const char *const bad[] = {"",
                                    "-",
                                    "+1",
                                    "01",
                                    "00",
                                    "-0",
                                    "1.0",
                                    "1e3",
                                    "x7",
                                    "7x",
                                    " 7",
                                    "9223372036854775808",
                                    "99999999999999999999"};
  int64_t value;
  for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
    assert_true(kith__field_integer(field_of(good[i].text), &value));
    assert_true(value == good[i].value);
  }
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
    assert_false(kith__field_integer(field_of(bad[i]), &value));
}

static void a_time_is_seconds_or_a_date(void **state) {
  (void)state;
  static const struct {
    const char *text;
    int64_t value;
  } good[] = {{"978300760", 978300760},
              {"-3", -3},
              {"1.5e9", 1500000000},
              {"12.9", 12},
              {"-0.5", -1},
              {"1970-01-01", 0},
              {"1970-01-02T00:00:01", 86401},
              {"2010-10-19T23:55:27Z", 1287532527},
              {"2010-10-19 23:55:27.25Z", 1287532527},
              {"2000-02-29", 951782400},
              {"2024-03-01 12:30", 1709296200},
              {"1969-12-31T23:59:59Z", -1}};
  static const char *const bad[] = {"",         "x",           "nan",
                                    "inf",      "0x10",        "2010-13-01",
                                    "2010-1-1", "2010-10-19T", "2010-10-19T25:00",
                                    "1e30",     "12:30",       "9223372036854775807"};
  int64_t value;
  for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
    assert_true(kith__field_time(field_of(good[i].text), &value));
    assert_int_equal(value, good[i].value);
  }
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
    assert_false(kith__field_time(field_of(bad[i]), &value));
}

/* The line of the first time that is of another unit than those before; 0 if there is none. */
static int64_t other_unit(int n, const int64_t *time) {
  kith__time_units units = {0};
  for (int i = 0; i < n; i++) kith__time_units_add(&units, i + 1, time[i]);
  return units.between ? 0 : units.line;
}

static void times_of_two_units_are_told_apart(void **state) {
  (void)state;
  const int64_t s = 1287532527, ms = 1000 * s;
  assert_int_equal(other_unit(4, (int64_t[]){s, s + 9, ms, s}), 3);
  assert_int_equal(other_unit(3, (int64_t[]){0, ms, s}), 3);
  assert_int_equal(other_unit(3, (int64_t[]){1000 * ms, s, ms}), 2);
  assert_int_equal(other_unit(3, (int64_t[]){1000 * ms, 1000000 * ms, 1000 * ms}), 2);
  assert_int_equal(other_unit(4, (int64_t[]){0, s, 5, -s}), 0);
  assert_int_equal(other_unit(4, (int64_t[]){0, 100000000, 4000000000, 9999999999}), 0);
  assert_int_equal(other_unit(3, (int64_t[]){1, 2, 3}), 0);
  /* milliseconds of some years, counted from 0: they lie between the units as well */
  assert_int_equal(other_unit(4, (int64_t[]){5, 200000000, 50000000000, 200000000000}), 0);
}

static void a_weight_is_a_finite_number(void **state) {
  (void)state;
  static const char *const bad[] = {"", "nan", "inf", "1e60", "x", "1 2", "--1"};
  float value;
  assert_true(kith__field_real(field_of("-2.5"), &value));
  assert_true(value == -2.5f);
  assert_true(kith__field_real(field_of("1e-3"), &value));
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
    assert_false(kith__field_real(field_of(bad[i]), &value));
}

static void what_programs_print_of_no_number_is_known(void **state) {
  (void)state;
  static const char *const yes[] = {"nan", "NaN", "-inf", "Infinity", "1e60", "-1e999"},
                           *const no[] = {"", "1", "-0.5e3", "x", "nano", "info", "1e60 "};
  for (size_t i = 0; i < sizeof yes / sizeof yes[0]; i++)
    assert_true(kith__field_is_unbounded(field_of(yes[i])));
  for (size_t i = 0; i < sizeof no / sizeof no[0]; i++)
    assert_false(kith__field_is_unbounded(field_of(no[i])));
}

static void a_shown_cell_is_short_and_harmless(void **state) {
  (void)state;
  char text[48];
  assert_string_equal(kith__field_quote(field_of("x7"), text), "\"x7\"");
  assert_string_equal(kith__field_quote(field_of("a\x1b[31m"), text), "\"a?[31m\"");
  assert_string_equal(kith__field_quote(field_of("0123456789012345678901234567890123456789012345"), text),
                      "\"0123456789012345678901234567890123456789…\"");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(white_space_parts_cells_in_runs),
      cmocka_unit_test(one_character_parts_cells_and_leaves_empty_ones),
      cmocka_unit_test(several_characters_part_cells_together),
      cmocka_unit_test(quotes_keep_a_delimiter_inside),
      cmocka_unit_test(two_quotes_in_quotes_are_one),
      cmocka_unit_test(a_quote_further_inside_is_a_character),
      cmocka_unit_test(a_value_may_stand_behind_a_quoted_name),
      cmocka_unit_test(quotes_may_be_characters_altogether),
      cmocka_unit_test(a_quote_that_is_not_closed_or_has_text_behind_it_is_refused),
      cmocka_unit_test(the_delimiter_of_a_line_is_guessed),
      cmocka_unit_test(an_integer_has_one_spelling),
      cmocka_unit_test(a_time_is_seconds_or_a_date),
      cmocka_unit_test(times_of_two_units_are_told_apart),
      cmocka_unit_test(a_weight_is_a_finite_number),
      cmocka_unit_test(what_programs_print_of_no_number_is_known),
      cmocka_unit_test(a_shown_cell_is_short_and_harmless),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
