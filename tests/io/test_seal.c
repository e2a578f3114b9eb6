/* ranks: 1 3 */
/*
 * Checksums of files: sums of pieces add up to the sum of the whole, whoever sums them; no flipped bit,
 * zeroed sector, moved page or cut end of a file gives other values than were written.
 */
#include <string.h>

#include "base/order.h"
#include "h5/hash.h"
#include "store/store.h"
#include "support/folder.h"
#include "support/mpi_main.h"

enum { BYTES = 9001, PIECES = 300, N = 700, D = 3, WIDTH = 5, FLIPS = 400, SECTOR = 512 };

static char folder[KITH_PATH];

static uint64_t draw(uint64_t *state) { return kith_mix(*state += 0x9e3779b97f4a7c15u); }

static void fill(unsigned char *x, size_t n, uint64_t seed) {
  for (size_t i = 0; i < n; i++) x[i] = (unsigned char)draw(&seed);
}

static void sums_of_pieces_add_up(void **unused) {
  (void)unused;
  unsigned char x[BYTES];
  uint64_t key = 1;
  fill(x, sizeof x, 2);
  for (int k = 0; k < PIECES; k++) {
    int64_t n = (int64_t)(draw(&key) % BYTES), a = (int64_t)(draw(&key) % (uint64_t)(n + 1)),
            b = a + (int64_t)(draw(&key) % (uint64_t)(n - a + 1));
    uint64_t whole = kith__hash_bytes(0, n, x), parts = kith__hash_bytes(b, n - b, x + b) +
                                                        kith__hash_bytes(0, a, x) +
                                                        kith__hash_bytes(a, b - a, x + a);
    assert_true(whole == parts);
  }
}

/* The definition of docs/files.md, a word at a time. */
static void sums_are_what_the_page_says(void **unused) {
  (void)unused;
  unsigned char x[BYTES];
  fill(x, sizeof x, 3);
  for (int64_t n = 0; n < BYTES; n += 37) {
    uint64_t sum = 0;
    for (int64_t i = 0; i < n; i++) {
      uint64_t weight = (kith_mix((uint64_t)(i / 4 % 256 + 1)) & 0xffffffff) | 1,
               group = kith_mix(~(uint64_t)(i / 1024)) | 1;
      sum += ((uint64_t)x[i] << (8 * (i % 4))) * weight * group;
    }
    assert_true(sum == kith__hash_bytes(0, n, x));
  }
}

static void no_flipped_bit_and_no_moved_sector_has_the_same_sum(void **unused) {
  (void)unused;
  unsigned char x[BYTES], spare[SECTOR];
  for (int i = 0; i < BYTES; i++)
    x[i] = (unsigned char)(i % 4 == 0 ? i / 4 % 5 : 0); /* small numbers, as labels are */
  uint64_t whole = kith__hash_bytes(0, BYTES, x);
  for (int i = 0; i < BYTES; i++)
    for (int bit = 0; bit < 8; bit++) {
      x[i] ^= (unsigned char)(1 << bit);
      assert_true(kith__hash_bytes(0, BYTES, x) != whole);
      x[i] ^= (unsigned char)(1 << bit);
      if (i % 97) break; /* all bits of some bytes, the lowest of all */
    }
  for (int a = 0; a + SECTOR <= BYTES; a += SECTOR)
    for (int b = a + SECTOR; b + SECTOR <= BYTES; b += SECTOR) {
      if (memcmp(x + a, x + b, SECTOR) == 0) continue;
      memcpy(spare, x + a, SECTOR);
      memmove(x + a, x + b, SECTOR);
      memcpy(x + b, spare, SECTOR);
      assert_true(kith__hash_bytes(0, BYTES, x) != whole);
      memcpy(spare, x + a, SECTOR);
      memmove(x + a, x + b, SECTOR);
      memcpy(x + b, spare, SECTOR);
    }
}

/* ---- a file with everything in it ---- */

typedef struct set {
  const char *name;
  kith_h5_type type;
  int d;
  size_t row;
  int64_t n;
  bool pack, plain;
} set;

static const set sets[] = {{"a/small", KITH_H5_INT8, 0, 1, N, false, false},
                           {"a/kind", KITH_H5_UINT16, 0, 2, N, false, false},
                           {"a/int", KITH_H5_INT32, 0, 4, N, false, false},
                           {"a/wide", KITH_H5_INT64, 0, 8, N, true, false},
                           {"b/real", KITH_H5_FLOAT, D, 4 * D, N, false, false},
                           {"b/text", KITH_H5_TEXT, WIDTH, WIDTH, N, true, false},
                           {"b/plain", KITH_H5_FLOAT, D, 4 * D, N, false, true},
                           {"b/none", KITH_H5_INT32, 0, 4, 0, false, false},
                           {"b/nothing", KITH_H5_FLOAT, D, 4 * D, 0, false, true}};
enum { SETS = sizeof sets / sizeof sets[0], ROW = 4 * D };

/* Values that any reader takes: finite numbers, letters. */
static void values_of(int k, int64_t n, char *x) {
  for (int64_t i = 0; i < n * (int64_t)sets[k].row; i++) {
    bool top = sets[k].type == KITH_H5_FLOAT && i % 4 == 3;
    x[i] = (char)(sets[k].type == KITH_H5_TEXT ? 'a' + (i * 7 + k) % 26 : top ? 0x3e : i * 31 + k);
  }
}

static void write_file(const kith_comm *comm, const char *path, char *x) {
  kith_h5 *f = NULL;
  char text[3000];
  memset(text, 't', sizeof text);
  text[sizeof text - 1] = '\0';
  assert_int_equal(KITH_OK, kith_h5_create(comm, path, "kith-test", KITH_FILE_VERSION, 100000, &f).status);
  for (int k = 0; k < SETS; k++) {
    int64_t n = sets[k].n, first = n * comm->rank * comm->rank / (comm->size * comm->size),
            last = n * (comm->rank + 1) * (comm->rank + 1) / (comm->size * comm->size);
    values_of(k, n, x);
    const char *mine = x + (size_t)first * sets[k].row;
    kith_agreed st = sets[k].plain ? kith_h5_write_rows(f, sets[k].name, sets[k].d, n, first, last - first,
                                                        (const float *)(const void *)mine)
                                   : kith_h5_write(f, sets[k].name, sets[k].type, sets[k].d, n, first,
                                                   last - first, sets[k].pack, mine);
    assert_int_equal(KITH_OK, st.status);
  }
  assert_int_equal(KITH_OK, kith_h5_put_attr_int(f, "number", 7).status);
  assert_int_equal(KITH_OK, kith_h5_put_attr_real(f, "real", 0.5).status);
  assert_int_equal(KITH_OK, kith_h5_put_attr_text(f, "text", text).status);
  assert_int_equal(KITH_OK, kith_h5_publish(&f).status);
}

/* Read all that is in it; *right: it is what was written. */
static kith_agreed read_file(const kith_comm *comm, const char *path, char *x, char *y, bool *right) {
  kith_agreed st = {KITH_OK};
  kith_h5 *f = NULL;
  char *text = NULL;
  int64_t number = 0;
  double real = 0;
  *right = true;
  KITH_TRY(kith_h5_open(comm, path, "kith-test", KITH_FILE_VERSION, &f));
  for (int k = 0; k < SETS; k++) {
    int64_t n = 0;
    int d = 0;
    KITH_TRY(kith_h5_extent(f, sets[k].name, &n, &d));
    *right = *right && n == sets[k].n && d == sets[k].d;
    if (!*right) goto done;
    values_of(k, n, x);
    KITH_TRY(kith_h5_read(f, sets[k].name, sets[k].type, d, n / 3, n - n / 3, y));
    *right = *right && memcmp(x + (size_t)(n / 3) * sets[k].row, y, (size_t)(n - n / 3) * sets[k].row) == 0;
  }
  KITH_TRY(kith_h5_get_attr_int(f, "number", &number));
  KITH_TRY(kith_h5_get_attr_real(f, "real", &real));
  KITH_TRY(kith_h5_get_attr_text(f, "text", &text));
  *right = *right && number == 7 && real == 0.5 && strlen(text) == 2999 && strspn(text, "t") == 2999;
done:
  KITH_FREE(text);
  kith_h5_close(&f);
  return st;
}

static void what_ranks_write_in_slices_any_ranks_read(void **unused) {
  (void)unused;
  const kith_comm alone = {.mpi = MPI_COMM_SELF, .rank = 0, .size = 1};
  char path[KITH_PATH], *x = malloc(N * ROW), *y = malloc(N * ROW);
  bool right = false;
  write_file(test_comm, test_path(folder, "all.h5", path), x);
  kith_agreed st = read_file(test_comm, path, x, y, &right);
  if (kith_is_bad(st)) print_message("%s\n", kith_error_text());
  assert_int_equal(KITH_OK, st.status);
  assert_true(right);
  assert_int_equal(KITH_OK, read_file(&alone, path, x, y, &right).status);
  assert_true(right);
  free(x);
  free(y);
}

/* One damaged copy: refused as bad data, or it reads as it was written. */
static int try_damaged(const char *bytes, size_t size, const char *what, size_t at, char *x, char *y) {
  const kith_comm alone = {.mpi = MPI_COMM_SELF, .rank = 0, .size = 1};
  char path[KITH_PATH];
  bool right = false;
  test_file_write(folder, "spoiled.h5", bytes, size, path);
  kith_agreed st = read_file(&alone, path, x, y, &right);
  if (!kith_is_bad(st) && !right) print_message("%s at %zu: other values were read\n", what, at);
  assert_true(kith_is_bad(st) || right);
  assert_true(!kith_is_bad(st) || (st.status == KITH_EDATA && strstr(kith_error_text(), "spoiled.h5")));
  return kith_is_bad(st);
}

static void whatever_happens_to_its_bytes_is_noticed_or_harmless(void **unused) {
  (void)unused;
  const kith_comm alone = {.mpi = MPI_COMM_SELF, .rank = 0, .size = 1};
  char path[KITH_PATH], sector[SECTOR], *x = malloc(N * ROW), *y = malloc(N * ROW);
  size_t size = 0, refused = 0;
  uint64_t key = 5;
  if (test_comm->rank != 0) goto done;
  write_file(&alone, test_path(folder, "one.h5", path), x);
  char *bytes = test_file_read(path, &size);
  assert_int_equal(0, try_damaged(bytes, size, "nothing", 0, x, y));
  for (int k = 0; k < FLIPS; k++) {
    size_t at = draw(&key) % size;
    char bit = (char)(1 << draw(&key) % 8);
    bytes[at] ^= bit;
    refused += (size_t)try_damaged(bytes, size, "a flipped bit", at, x, y);
    bytes[at] ^= bit;
  }
  assert_true(refused > FLIPS / 3);
  refused = 0;
  for (size_t at = 0; at + SECTOR <= size; at += SECTOR) {
    memcpy(sector, bytes + at, SECTOR);
    memset(bytes + at, 0, SECTOR);
    refused += (size_t)try_damaged(bytes, size, "a lost sector", at, x, y);
    memcpy(bytes + at, bytes + (at + 7 * SECTOR) % (size - SECTOR) / SECTOR * SECTOR, SECTOR);
    refused += (size_t)try_damaged(bytes, size, "another sector", at, x, y);
    memcpy(bytes + at, sector, SECTOR);
  }
  assert_true(refused > size / SECTOR / 2);
  for (size_t at = SECTOR; at < size; at += size / 40)
    assert_int_equal(1, try_damaged(bytes, at, "the end", at, x, y));
  KITH_FREE(bytes);
done:
  free(x);
  free(y);
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(sums_of_pieces_add_up),
                                     cmocka_unit_test(sums_are_what_the_page_says),
                                     cmocka_unit_test(no_flipped_bit_and_no_moved_sector_has_the_same_sum),
                                     cmocka_unit_test(what_ranks_write_in_slices_any_ranks_read),
                                     cmocka_unit_test(whatever_happens_to_its_bytes_is_noticed_or_harmless)};
  test_begin(&argc, &argv);
  test_folder_begin(folder);
  int failures = cmocka_run_group_tests(tests, NULL, NULL);
  test_folder_end(folder);
  return test_end(failures);
}
