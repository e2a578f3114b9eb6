/* ranks: 1 */
/* Ids get numbers in the order of their first appearance, whatever they look like. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "ingest/lists.h"

static const kith__lines here = {.path = "list.txt", .number = 12};

static kith_status take(kith__id_map *names, const char *id, bool add, int32_t *number) {
  return kith__id_map_add(names, &here, (kith__field){id, (int64_t)strlen(id)}, add, number);
}

/* Number many ids twice; the second time nothing is new.  `spell` writes the i-th id. */
static void assert_numbers_in_order(void (*spell)(int i, char *text)) {
  enum { IDS = 20000 };
  kith__id_map names;
  kith_ids ids;
  char text[64], printed[64];
  int32_t number;
  kith__id_map_init(&names, "user", KITH_ID_AUTO);
  for (int again = 0; again < 2; again++)
    for (int i = 0; i < IDS; i++) {
      spell(i, text);
      assert_int_equal(take(&names, text, !again, &number), KITH_OK);
      assert_int_equal(number, i);
    }
  assert_int_equal(names.n, IDS);
  assert_int_equal(kith__id_map_ids(&names, &ids), KITH_OK);
  for (int i = 0; i < IDS; i += 997) {
    spell(i, text);
    kith_ids_print(&ids, i, sizeof printed, printed);
    assert_string_equal(printed, text);
    assert_int_equal(kith_ids_find(&ids, text), i);
  }
  assert_int_equal(kith_ids_find(&ids, "nobody"), -1);
  assert_int_equal(kith_ids_find(&ids, ""), -1);
  kith_ids_free(&ids);
  kith__id_map_free(&names);
}

static void spell_small(int i, char *text) { snprintf(text, 64, "%d", (i * 7) % 20000 + (i / 20000)); }
static void spell_large(int i, char *text) { snprintf(text, 64, "%lld", INT64_MAX - (long long)i * 1024); }
static void spell_mixed(int i, char *text) {
  snprintf(text, 64, "%lld", i % 2 ? (long long)i : (long long)i << 40);
}
static void spell_words(int i, char *text) { snprintf(text, 64, "user-%05d", i); }
static void spell_tails(int i, char *text) {
  snprintf(text, 64, "%.*s%d", i % 30, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", i);
}

static void integers_and_words_are_numbered_in_order(void **state) {
  (void)state;
  assert_numbers_in_order(spell_small);
  assert_numbers_in_order(spell_large);
  assert_numbers_in_order(spell_mixed);
  assert_numbers_in_order(spell_words);
}

/* Ids that differ in length only, or in their last letters, or that begin with digits: text when asked for.
 */
static void near_words_are_kept_apart(void **state) {
  (void)state;
  kith__id_map names;
  int32_t number;
  char text[64];
  kith__id_map_init(&names, "item", KITH_ID_TEXT);
  for (int i = 0; i < 3000; i++) {
    spell_tails(i, text);
    assert_int_equal(take(&names, text, true, &number), KITH_OK);
    assert_int_equal(number, i);
  }
  assert_int_equal(take(&names, "0017", true, &number), KITH_OK);
  assert_int_equal(take(&names, "00017", true, &number), KITH_OK);
  assert_int_equal(number, 3001);
  kith__id_map_free(&names);
}

static void an_unknown_id_is_not_added_unless_asked(void **state) {
  (void)state;
  static const char *const lists[][3] = {{"5", "6", "99999999999"}, {"a", "b", "cc"}};
  for (int k = 0; k < 2; k++) {
    kith__id_map names;
    int32_t number;
    kith__id_map_init(&names, "user", KITH_ID_AUTO);
    assert_int_equal(take(&names, lists[k][0], true, &number), KITH_OK);
    for (int i = 1; i < 3; i++) {
      assert_int_equal(take(&names, lists[k][i], false, &number), KITH_OK);
      assert_int_equal(number, -1);
    }
    assert_int_equal(names.n, 1);
    kith__id_map_free(&names);
  }
}

/* Items are integers below and above those of the direct table; entities are words, integers or both. */
static void ids_of_a_base_come_first(void **state) {
  (void)state;
  kith__id_map item, entity;
  int32_t number;
  kith__id_map_init(&item, "item", KITH_ID_AUTO);
  assert_int_equal(take(&item, "7", true, &number), KITH_OK);
  assert_int_equal(take(&item, "900000000007", true, &number), KITH_OK);
  for (int words = 0; words < 2; words++) {
    kith__id_map_init(&entity, "entity", KITH_ID_AUTO);
    kith__id_map_set_base(&entity, &item);
    static const char *const id[] = {"7", NULL, "900000000007", "7", NULL};
    static const char *const own[2][2] = {{"8", "900000000008"}, {"m.8", "m.9"}};
    static const int32_t expected[] = {0, 2, 1, 0, 3};
    for (int again = 0; again < 2; again++)
      for (int i = 0; i < 5; i++) {
        const char *text = id[i] ? id[i] : own[words][i == 4];
        assert_int_equal(take(&entity, text, !again, &number), KITH_OK);
        assert_int_equal(number, expected[i]);
        assert_int_equal(kith__id_map_find(&entity, &here, (kith__field){text, (int64_t)strlen(text)}, false,
                                           &number),
                         KITH_OK);
        assert_int_equal(number, expected[i]);
      }
    assert_int_equal(take(&entity, words ? "m.10" : "10", false, &number), KITH_OK);
    assert_int_equal(number, -1);
    assert_true(entity.n == 2 && kith__id_map_space(&entity) == 4 && item.n == 2);
    kith__id_map_free(&entity);
  }
  kith__id_map_free(&item);
}

static void assert_refused(kith_id_kind kind, const char *first, const char *then, const char *expected) {
  kith__id_map names;
  int32_t number;
  kith__id_map_init(&names, "item", kind);
  if (first) assert_int_equal(take(&names, first, true, &number), KITH_OK);
  assert_int_equal(take(&names, then, true, &number), KITH_EDATA);
  assert_non_null(strstr(kith_error_text(), "list.txt:12: "));
  assert_non_null(strstr(kith_error_text(), expected));
  kith__id_map_free(&names);
}

static void what_is_no_id_is_refused_with_its_place(void **state) {
  (void)state;
  char longest[300];
  memset(longest, 'x', sizeof longest);
  longest[256] = '\0';
  assert_refused(KITH_ID_AUTO, "1", "x7", "expected an integer item id, found \"x7\"");
  assert_refused(KITH_ID_AUTO, "1", "007", "expected an integer item id, found \"007\"");
  assert_refused(KITH_ID_AUTO, "1", "", "expected an integer item id, found nothing");
  assert_refused(KITH_ID_AUTO, NULL, "-4", "expected an item id of 0 or more, found -4");
  assert_refused(KITH_ID_AUTO, "word", "", "expected an item id, found nothing");
  assert_refused(KITH_ID_AUTO, "word", longest, "at most 255 bytes");
  assert_refused(KITH_ID_AUTO, "movieId", "17", "header: true");
  assert_refused(KITH_ID_AUTO, "caf\xc3\xa9", "caf\xe9",
                 "expected item ids in UTF-8, found byte 0xe9");         /* as Latin-1 spells it */
  assert_refused(KITH_ID_TEXT, NULL, "ab\xe2\x82", "found byte 0xe2");   /* cut in the middle */
  assert_refused(KITH_ID_TEXT, NULL, "a\xc0\xaf", "found byte 0xc0");    /* longer than it need be */
  assert_refused(KITH_ID_TEXT, NULL, "\xed\xa0\x80", "found byte 0xed"); /* half of a pair */
}

/* Control characters of both sets, ends of lines, marks of order and of nothing: terminals obey some, eyes
 * miss all. */
static void what_is_not_seen_is_refused_with_its_place(void **state) {
  (void)state;
  static const struct {
    const char *id, *said;
  } bad[] = {{"a\x01", "U+0001"},
             {"a\tb", "U+0009"},
             {"a\x7f", "U+007F"},
             {"\xc2\x80", "U+0080"},
             {"a\xc2\x85"
              "b",
              "U+0085"},
             {"\xc2\x9b"
              "31m",
              "U+009B"},
             {"\xc2\x9f", "U+009F"},
             {"a\xe2\x80\xa8", "U+2028"},
             {"a\xef\xbb\xbf"
              "b",
              "U+FEFF"},
             {"a\xe2\x80\xae"
              "b",
              "U+202E, in an item id, behind \"a\""},
             {"\xe2\x81\xa6"
              "a",
              "U+2066"},
             {"a\xe2\x80\x8b", "U+200B, in an item id"},
             {"a\xe2\x81\xa0", "U+2060"}};
  static const char *const good[] = {"\xc2\xa0",
                                     "a\xc2\xad",
                                     "caf\xc3\xa9",
                                     "\xd9\x85\xdb\x8c\xe2\x80\x8c\xd8\xae",
                                     "\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x94\xac",
                                     "-1",
                                     "a b"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    assert_refused(KITH_ID_AUTO, "word", bad[i].id, bad[i].said);
    assert_refused(KITH_ID_TEXT, NULL, bad[i].id, bad[i].said);
  }
  for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
    kith__id_map names;
    int32_t number;
    kith__id_map_init(&names, "user", KITH_ID_TEXT);
    assert_int_equal(take(&names, good[i], true, &number), KITH_OK);
    kith__id_map_free(&names);
  }
  /* An id that is only looked for is held to the same. */
  kith__id_map names;
  int32_t number;
  kith__id_map_init(&names, "user", KITH_ID_TEXT);
  assert_int_equal(take(&names, "a\xc2\x85", false, &number), KITH_EDATA);
  kith__id_map_free(&names);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(integers_and_words_are_numbered_in_order),
      cmocka_unit_test(near_words_are_kept_apart),
      cmocka_unit_test(an_unknown_id_is_not_added_unless_asked),
      cmocka_unit_test(ids_of_a_base_come_first),
      cmocka_unit_test(what_is_no_id_is_refused_with_its_place),
      cmocka_unit_test(what_is_not_seen_is_refused_with_its_place),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
