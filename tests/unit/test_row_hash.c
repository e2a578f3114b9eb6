/* ranks: 1 */
#include "sample/sampler_method.h"
#include "sample/row_hash.h"
#include "support/mpi_main.h"

enum { MOST = 300, POSITIONS = 900 };

/* Rows of `count` numbers by two rounds, offered by several threads in any order. */
static kith_lid number_rows(sample_row_hash *m, int64_t count, const int64_t *wanted, kith_lid n,
                            kith_lid *row) {
#pragma omp parallel for schedule(dynamic, 7) num_threads(4)
  for (int64_t i = 0; i < count; i++) row[i] = kith__row_hash_offer(m, wanted[i], i);
  for (int64_t i = 0; i < count; i++) {
    assert_true(row[i] >= -1 - i); /* an earlier one, or this one */
    if (row[i] < 0 && kith__row_hash_find(m, wanted[i]) < 0 && kith__row_hash_first(m, wanted[i]) == i)
      kith__row_hash_set(m, wanted[i], n++);
  }
  for (int64_t i = 0; i < count; i++) row[i] = kith__row_hash_find(m, wanted[i]);
  return n;
}

/* All numbers that have rows, by one thread and by several. */
static void check_list(const sample_row_hash *m, kith_lid n) {
  for (int threads = 1; threads <= 3; threads++) {
    kith_gid gid[MOST];
    kith_lid row[MOST];
    uint8_t listed[MOST] = {0};
    kith__row_hash_list(m, threads, n, gid, row);
    for (kith_lid i = 0; i < n; i++) {
      if (i > 0) assert_true(gid[i - 1] < gid[i]);
      assert_int_equal(row[i], kith__row_hash_find(m, gid[i]));
      assert_in_range(row[i], 0, n - 1);
      assert_int_equal(0, listed[row[i]]++);
    }
  }
}

/* Rows that are given at once, by one thread. */
static kith_lid add_rows(const sample_row_hash *m, int64_t count, const int64_t *wanted, kith_lid n,
                         kith_lid *row) {
  for (int64_t i = 0; i < count; i++) {
    row[i] = kith__row_hash_add(m, wanted[i], n);
    n += row[i] == n;
  }
  return n;
}

/* Steps of numbers that come again and again, in two layers, against a plain list; base and stamp run out on
 * the way. */
static void check_row_hash(int64_t n_node, bool hashed) {
  sample_row_hash m;
  int64_t number[MOST], wanted[POSITIONS];
  kith_lid row[POSITIONS];
  assert_int_equal(KITH_OK, kith__row_hash_make(MOST, POSITIONS, n_node, &m));
  assert_int_equal(hashed, m.value == NULL);
  for (uint64_t step = 0; step < 40; step++) {
    if (step == 20) m.base = 3 * m.stride;
    if (step == 30) m.stamp = ((uint64_t)1 << (64 - ROW_HASH_GID_BITS)) - 3;
    kith__row_hash_clear(&m);
    kith_lid n = 0, n_row = 0;
    for (uint64_t layer = 0; layer < 2; layer++) {
      for (uint64_t i = 0; i < POSITIONS; i++) {
        int64_t of = kith_min(n_node, MOST);
        wanted[i] = (int64_t)kith_random_below(kith_random(1, KITH_RNG_NEIGHBOR, step, i, layer).bits[0],
                                               (uint64_t)(layer == 0 ? of / 2 : of)) *
                    (n_node / of);
      }
      n_row = step % 2 ? number_rows(&m, POSITIONS, wanted, n_row, row)
                       : add_rows(&m, POSITIONS, wanted, n_row, row);
      for (int i = 0; i < POSITIONS; i++) {
        kith_lid at = 0;
        while (at < n && number[at] != wanted[i]) at++;
        assert_int_equal(at, row[i]);
        if (at == n) number[n++] = wanted[i];
      }
      assert_int_equal(n, n_row);
      if (!hashed) check_list(&m, n);
    }
  }
  kith__row_hash_free(&m);
}

static void a_table_of_all_nodes_gives_rows(void **state) {
  (void)state;
  check_row_hash(MOST, false);
  check_row_hash(4 * MOST, false);
}

static void a_hash_table_gives_rows(void **state) {
  (void)state;
  check_row_hash(1000000, true);
}

/* What is left out, against a list of all that is not. */
static void allowed_places_are_those_that_are_not_left_out(void **state) {
  (void)state;
  for (int left_out = 0; left_out <= 12; left_out++) {
    int64_t out[12], all[12], n_out = 0, n = 0;
    for (int64_t i = 0; i < 12; i++) {
      if (kith_random_below(kith_random(2, KITH_RNG_NEIGHBOR, (uint64_t)left_out, (uint64_t)i, 0).bits[0],
                            12) < (uint64_t)left_out)
        out[n_out++] = i;
      else all[n++] = i;
    }
    sample_query q = {.n_eligible = n, .n_excluded = n_out, .excluded = out};
    for (int64_t i = 0; i < n; i++) assert_int_equal(all[i], kith__eligible(&q, i));
  }
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(a_table_of_all_nodes_gives_rows),
                                     cmocka_unit_test(a_hash_table_gives_rows),
                                     cmocka_unit_test(allowed_places_are_those_that_are_not_left_out)};
  test_begin(&argc, &argv);
  return test_end(cmocka_run_group_tests(tests, NULL, NULL));
}
