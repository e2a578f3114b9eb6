/* ranks: 1 */
/* Lines of plain and gzip files, with the oddities that lists come with. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "ingest/lists.h"
#include "support/folder.h"

static char folder[KITH_PATH];

/* Read a file's lines as "number:line|"; returns the status of the last call. */
static kith_status read_all(const char *path, size_t size, char *joined) {
  kith__lines lines;
  kith__field line = {NULL, 0};
  joined[0] = '\0';
  kith_status st = kith__lines_open(path, &lines);
  while (!kith_is_bad(st)) {
    st = kith__lines_next(&lines, &line);
    if (kith_is_bad(st) || line.size < 0) break;
    size_t used = strlen(joined);
    snprintf(joined + used, size - used, "%lld:%.*s|", (long long)lines.number, (int)line.size, line.at);
  }
  kith__lines_close(&lines);
  return st;
}

static void assert_lines(const char *text, size_t size, const char *expected) {
  char path[KITH_PATH], joined[256];
  test_file_write(folder, "plain", text, size, path);
  assert_int_equal(read_all(path, sizeof joined, joined), KITH_OK);
  assert_string_equal(joined, expected);
  test_file_write_gzip(folder, "packed.gz", text, size, path);
  assert_int_equal(read_all(path, sizeof joined, joined), KITH_OK);
  assert_string_equal(joined, expected);
}

#define ASSERT_LINES(text, expected) assert_lines(text, sizeof(text) - 1, expected)

static void oddities_do_not_change_the_lines(void **state) {
  (void)state;
  ASSERT_LINES("a\nb\n", "1:a|2:b|");
  ASSERT_LINES("a\nb", "1:a|2:b|");
  ASSERT_LINES("a\r\nb\r\n", "1:a|2:b|");
  ASSERT_LINES("\xEF\xBB\xBF"
               "a\nb\n",
               "1:a|2:b|");
  ASSERT_LINES("\n\n  \t\na\n\nb\n\n", "4:a|6:b|");
  ASSERT_LINES("# head\na # kept\n  # more\nb\n", "2:a # kept|4:b|");
  ASSERT_LINES("", "");
  ASSERT_LINES("\xEF\xBB\xBF", "");
  ASSERT_LINES("\r\n#\r\n", "");
}

static void a_line_longer_than_the_buffer_is_read_whole(void **state) {
  (void)state;
  const int64_t size = 5 << 20;
  char path[KITH_PATH], *text = kith_alloc(size, 1);
  assert_non_null(text);
  memset(text, 'x', (size_t)size);
  text[3] = '\n';
  text[size - 5] = '\n';
  test_file_write(folder, "long", text, (size_t)size, path);
  kith__lines lines;
  kith__field line;
  const int64_t expected[] = {3, size - 9, 4, -1};
  assert_int_equal(kith__lines_open(path, &lines), KITH_OK);
  for (int i = 0; i < 4; i++) {
    assert_int_equal(kith__lines_next(&lines, &line), KITH_OK);
    assert_int_equal(line.size, expected[i]);
    for (int64_t k = 0; k < line.size; k++) assert_int_equal(line.at[k], 'x');
  }
  kith__lines_close(&lines);
  KITH_FREE(text);
}

static void lines_that_straddle_the_buffer_are_whole(void **state) {
  (void)state;
  enum { LINES = 300000 };
  char path[KITH_PATH];
  test_path(folder, "many", path);
  FILE *f = fopen(path, "wb");
  assert_non_null(f);
  for (int i = 0; i < LINES; i++) fprintf(f, "%lld\n", (long long)i * 7919);
  fclose(f);
  kith__lines lines;
  kith__field line;
  assert_int_equal(kith__lines_open(path, &lines), KITH_OK);
  for (int i = 0; i < LINES; i++) {
    int64_t value = -1;
    assert_int_equal(kith__lines_next(&lines, &line), KITH_OK);
    assert_true(kith__field_integer(line, &value) && value == (int64_t)i * 7919);
  }
  assert_int_equal(kith__lines_next(&lines, &line), KITH_OK);
  assert_true(line.size < 0);
  kith__lines_close(&lines);
}

static void what_cannot_be_read_is_named(void **state) {
  (void)state;
  char path[KITH_PATH], joined[64], text[20000];
  size_t size;
  assert_int_equal(read_all(test_path(folder, "missing", path), sizeof joined, joined), KITH_ENOINPUT);
  assert_non_null(strstr(kith_error_text(), path));
  assert_int_equal(read_all(folder, sizeof joined, joined), KITH_ENOINPUT);
  for (size_t i = 0; i < sizeof text; i++) text[i] = (char)('0' + (i * i / 7) % 10);
  test_file_write_gzip(folder, "whole.gz", text, sizeof text, path);
  char *bytes = test_file_read(path, &size);
  test_file_write(folder, "torn.gz", bytes, size / 2, path);
  assert_int_equal(read_all(path, sizeof joined, joined), KITH_EDATA);
  assert_non_null(strstr(kith_error_text(), "truncated"));
  KITH_FREE(bytes);
}

static void nothing_stays_alive(void **state) {
  (void)state;
  assert_int_equal(kith_alloc_live(), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(oddities_do_not_change_the_lines),
      cmocka_unit_test(a_line_longer_than_the_buffer_is_read_whole),
      cmocka_unit_test(lines_that_straddle_the_buffer_are_whole),
      cmocka_unit_test(what_cannot_be_read_is_named),
      cmocka_unit_test(nothing_stays_alive),
  };
  kith_log_set(KITH_LOG_NOTHING);
  test_folder_make(folder);
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  test_folder_remove(folder);
  return failed;
}
