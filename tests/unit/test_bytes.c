/* ranks: 1 */
/* What packed lists hold, what is refused about them, and files that are no lists. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "ingest/lists.h"
#include "support/folder.h"

enum { ROOM = 1 << 20, LINES = 3000 };

static char folder[KITH_PATH];
static char text[ROOM], packed[2 * ROOM], found[2 * ROOM];
static size_t n_text;

/* All that a file holds, in reads of `room` bytes. */
static kith_status read_whole(const char *bytes, size_t size, int64_t room, size_t *n) {
  char path[KITH_PATH];
  kith__bytes b;
  int64_t got = 1;
  *n = 0;
  test_file_write(folder, "packed", bytes, size, path);
  kith_status st = kith__bytes_open(path, &b);
  while (!kith_is_bad(st) && got > 0) {
    st = kith__bytes_read(&b, room, found + *n, &got);
    *n += (size_t)got;
  }
  kith__bytes_close(&b);
  return st;
}

static size_t pack_gzip(const char *from, size_t size, char *to) {
  z_stream z = {0};
  assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
  z.next_in = (unsigned char *)(uintptr_t)from, z.avail_in = (unsigned)size;
  z.next_out = (unsigned char *)to, z.avail_out = ROOM;
  assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
  size_t n = z.total_out;
  deflateEnd(&z);
  return n;
}

static size_t pack_zstd(const char *from, size_t size, char *to) {
  size_t n = ZSTD_compress(to, ROOM, from, size, 3);
  assert_false(ZSTD_isError(n));
  return n;
}

static size_t pack_not(const char *from, size_t size, char *to) {
  memcpy(to, from, size);
  return size;
}

static size_t (*const packs[])(const char *, size_t, char *) = {pack_gzip, pack_zstd, pack_not};

static void a_text_is_the_same_however_it_is_packed_and_read(void **state) {
  (void)state;
  static const int64_t rooms[] = {7, 4096, ROOM};
  for (size_t p = 0; p < 3; p++)
    for (size_t members = 1; members <= 4; members++)
      for (size_t r = 0; r < 3; r++) {
        size_t n = packs[p](text, 0, packed), got = 0; /* the first one is empty */
        for (size_t m = 0; m < members; m++) {
          size_t from = m * n_text / members, to = (m + 1) * n_text / members;
          n += packs[p](text + from, to - from, packed + n);
        }
        assert_int_equal(read_whole(packed, n, rooms[r], &got), KITH_OK);
        assert_int_equal(got, n_text);
        assert_memory_equal(found, text, n_text);
      }
}

static void a_packed_file_cut_anywhere_is_refused(void **state) {
  (void)state;
  for (size_t p = 0; p < 2; p++) {
    size_t n = packs[p](text, 3000, packed), got;
    for (size_t cut = 8; cut < n; cut++) {
      assert_int_equal(read_whole(packed, cut, 4096, &got), KITH_EDATA);
      assert_non_null(strstr(kith_error_text(), "truncated"));
    }
    n += packs[p](text, 3000, packed + n); /* so is a second member */
    assert_int_equal(read_whole(packed, n - 1, 4096, &got), KITH_EDATA);
  }
}

static void bytes_behind_a_member_are_refused(void **state) {
  (void)state;
  static const char *const behind[] = {"x", "1,2\n3,4\n", "\x1f\x8c\x08 nearly", "\x28\xb5\x2f\xfe nearly"};
  for (size_t p = 0; p < 2; p++)
    for (size_t i = 0; i < 4; i++) {
      char place[32];
      size_t n = packs[p](text, 3000, packed), got;
      memcpy(packed + n, behind[i], strlen(behind[i]));
      snprintf(place, sizeof place, "bytes from %zu on", n);
      assert_int_equal(read_whole(packed, n + strlen(behind[i]), 4096, &got), KITH_EDATA);
      assert_non_null(strstr(kith_error_text(), place));
    }
  size_t n = pack_gzip(text, 3000, packed), got; /* of the other kind */
  n += pack_zstd(text, 3000, packed + n);
  assert_int_equal(read_whole(packed, n, 4096, &got), KITH_EDATA);
}

static void a_damaged_byte_is_refused(void **state) {
  (void)state;
  size_t n = pack_gzip(text, 3000, packed), got;
  packed[n / 2] = (char)(packed[n / 2] ^ 0x10);
  assert_int_equal(read_whole(packed, n, 4096, &got), KITH_EDATA);
  assert_non_null(strstr(kith_error_text(), "gzip file is damaged"));
}

/* What is whole, but asks for more than the file holds. */
static void a_zstd_file_with_a_dictionary_or_a_huge_window_is_named(void **state) {
  (void)state;
  /* magic, descriptor, window, the number of the dictionary, an empty last block */
  static const unsigned char dictionary[] = {0x28, 0xb5, 0x2f, 0xfd, 1, 0, 7, 1, 0, 0},
                             window[] = {0x28, 0xb5, 0x2f, 0xfd, 0, 0xa8, 1, 0, 0}; /* of 2 GiB */
  size_t got;
  memcpy(packed, dictionary, sizeof dictionary);
  assert_int_equal(read_whole(packed, sizeof dictionary, 4096, &got), KITH_EDATA);
  assert_non_null(strstr(kith_error_text(), "compressed with a dictionary"));
  memcpy(packed, window, sizeof window);
  assert_int_equal(read_whole(packed, sizeof window, 4096, &got), KITH_EDATA);
  assert_non_null(strstr(kith_error_text(), "window"));
}

static void a_zstd_file_may_begin_with_a_frame_that_is_passed_over(void **state) {
  (void)state;
  static const unsigned char passed[] = {0x50, 0x2a, 0x4d, 0x18, 4, 0, 0, 0, 'a', 'b', 'c', 'd'};
  size_t got;
  memcpy(packed, passed, sizeof passed);
  size_t n = sizeof passed + pack_zstd(text, n_text, packed + sizeof passed);
  assert_int_equal(read_whole(packed, n, 4096, &got), KITH_OK);
  assert_int_equal(got, n_text);
}

/* ---- kinds ---- */

static void assert_kind(const char *bytes, size_t size, const char *what) {
  char path[KITH_PATH];
  kith__lines lines;
  test_file_write(folder, "kind", bytes, size, path);
  kith_status st = kith__lines_open(path, &lines);
  if (!what && kith_is_bad(st)) print_error("%s\n", kith_error_text());
  assert_int_equal(st, what ? KITH_EDATA : KITH_OK);
  if (what && !strstr(kith_error_text(), what)) print_error("%s\n", kith_error_text());
  if (what) assert_non_null(strstr(kith_error_text(), what));
  if (what) assert_non_null(strstr(kith_error_text(), path));
  kith__lines_close(&lines);
  test_file_write_gzip(folder, "kind.gz", bytes, size, path);
  assert_int_equal(kith__lines_open(path, &lines), what ? KITH_EDATA : KITH_OK);
  kith__lines_close(&lines);
}

#define ASSERT_KIND(bytes, what) assert_kind(bytes, sizeof(bytes) - 1, what)

static void files_of_other_kinds_are_named(void **state) {
  (void)state;
  static char tar[600] = "list.csv";
  ASSERT_KIND("BZh91AY&SY\0\1", "bzip2");
  ASSERT_KIND("\xFD"
              "7zXZ\0\0\4",
              "xz");
  ASSERT_KIND("PK\3\4\x14\0", "zip");
  ASSERT_KIND("PAR1\x15\4", "Parquet");
  ASSERT_KIND("ARROW1\0\0", "Arrow");
  ASSERT_KIND("\x89HDF\r\n\x1A\n\0", "HDF5");
  ASSERT_KIND("\x93NUMPY\1\0v\0{'descr'", ".npy");
  ASSERT_KIND("\x80\4\x95\x10\0", "pickle");
  ASSERT_KIND("SQLite format 3\0", "SQLite");
  ASSERT_KIND("%PDF-1.4\n", "PDF");
  ASSERT_KIND("%%MatrixMarket matrix coordinate\n1 2\n", "MatrixMarket");
  ASSERT_KIND("% bip unweighted\n1 2\n", "KONECT");
  ASSERT_KIND("version https://git-lfs.github.com/spec/v1\noid sha256:00\n", "Git LFS");
  ASSERT_KIND("{\"user\": \"u0\", \"item\": 1}\n", "JSON");
  ASSERT_KIND("[\n  {\"user\": 1}]", "JSON");
  ASSERT_KIND("[[1, 2], [3, 4]]\n", "JSON");
  ASSERT_KIND("\xEF\xBB\xBF{ }\n", "JSON");
  ASSERT_KIND("{'user': 'u0'}\n", "Python dict");
  ASSERT_KIND("{u'user': 'u0'}\n", "Python dict");
  ASSERT_KIND("<html><body>\n<p>404</p>\n", "HTML");
  ASSERT_KIND("\n<!DOCTYPE HTML>\n", "HTML");
  ASSERT_KIND("<?xml version=\"1.0\"?>\n", "XML");
  ASSERT_KIND("<graph><edge a=\"1\" b=\"2\"></edge></graph>\n", "XML");
  ASSERT_KIND("404: Not Found", "web server");
  ASSERT_KIND("\xFF\xFE\x31\0,\0\x32\0", "UTF-16");
  ASSERT_KIND("\xFE\xFF\0\x31\0,\0\x32", "UTF-16");
  ASSERT_KIND("1\0,\0002\0\n\0", "UTF-16LE");
  ASSERT_KIND("\0001\0,\0002\0\n", "UTF-16BE");
  ASSERT_KIND("\xFF\xFE\0\0\x31\0\0\0", "UTF-32");
  ASSERT_KIND("1,2\n3,\0\0\0\0\n", "binary");
  ASSERT_KIND("1,2\r3,4\r", "carriage return alone");
  memcpy(tar + 257, "ustar", sizeof "ustar");
  assert_kind(tar, sizeof tar, "tar");
}

static void lists_are_not_taken_for_files_of_another_kind(void **state) {
  (void)state;
  static const char *const lists[] = {"",
                                      "1 2\n",
                                      "BZ 1\n",
                                      "<u1>\t<i1>\n",
                                      "{a},b\n",
                                      "[x] y\n",
                                      "%20a,b\n",
                                      "a,b\r\nc,d\r\n",
                                      "a,b\r",
                                      "# x\n1 2\n",
                                      "PK1,i\n",
                                      "<3 love\n",
                                      "Rar Items\n",
                                      "ORB,1\n",
                                      "{,}\n",
                                      "\xEF\xBB\xBF\x61 b\n",
                                      "version 2\n",
                                      "404 17\n404 19\n",
                                      "\xC3\xA9t\xC3\xA9 1\n"};
  for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) assert_kind(lists[i], strlen(lists[i]), NULL);
}

static void nothing_stays_alive(void **state) {
  (void)state;
  assert_int_equal(kith_alloc_live(), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_text_is_the_same_however_it_is_packed_and_read),
      cmocka_unit_test(a_packed_file_cut_anywhere_is_refused),
      cmocka_unit_test(bytes_behind_a_member_are_refused),
      cmocka_unit_test(a_damaged_byte_is_refused),
      cmocka_unit_test(a_zstd_file_with_a_dictionary_or_a_huge_window_is_named),
      cmocka_unit_test(a_zstd_file_may_begin_with_a_frame_that_is_passed_over),
      cmocka_unit_test(files_of_other_kinds_are_named),
      cmocka_unit_test(lists_are_not_taken_for_files_of_another_kind),
      cmocka_unit_test(nothing_stays_alive),
  };
  kith_log_set(KITH_LOG_NOTHING);
  test_folder_make(folder);
  for (uint64_t i = 0; i < LINES; i++)
    n_text +=
        (size_t)snprintf(text + n_text, ROOM - n_text, "%d,%d\n", (int)(i * 7919 % 1000), (int)(i * i % 777));
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  test_folder_remove(folder);
  return failed;
}
