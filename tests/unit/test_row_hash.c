/* ranks: 1 */
#include "sample/neighbor_query.h"
#include "sample/sampler_method.h"
#include "sample/row_hash.h"
#include "sample/sampler_rooms.h"
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
  assert_int_equal(KITH_OK, kith__row_hash_make(MOST, POSITIONS, MOST, n_node, &m));
  assert_int_equal(hashed, m.value == NULL);
  for (uint64_t step = 0; step < 40; step++) {
    if (step == 20) m.base = 3 * m.stride;
    if (step == 30) m.stamp = ((uint64_t)1 << (64 - ROW_HASH_GID_BITS)) - 3;
    kith__row_hash_clear(&m, step % 3 ? MOST : POSITIONS);
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

/* Slots are touched by need: a small step after a large one reads few, and none is lost. */
static void slots_follow_the_step(void **state) {
  enum { LARGE = 1 << 20, SMALL = 40 };
  sample_row_hash m;
  (void)state;
  assert_int_equal(KITH_OK, kith__row_hash_make(LARGE, LARGE, SMALL, (int64_t)1 << 33, &m));
  assert_null(m.value);
  assert_int_equal(0, m.ready);
  kith__row_hash_clear(&m, SMALL);
  assert_int_equal(127, m.mask);
  assert_int_equal(128, m.ready);
  kith__row_hash_clear(&m, 1000);
  assert_int_equal(2048, m.ready);
  kith__row_hash_clear(&m, SMALL);
  assert_int_equal(127, m.mask);
  assert_int_equal(2048, m.ready);
  kith__row_hash_clear(&m, (int64_t)4 * LARGE);
  assert_int_equal(4 * LARGE, m.ready); /* never more than the most rows need */
  kith__row_hash_free(&m);
}

/* 10^10 interactions of 5 * 10^8 users and 10^8 items; a step of 65536 pairs with a negative each, fan-outs
 * 10 and 10. */
static kith_sampler_sizes sizes_of_ranks(int size) {
  const int64_t n_node = 600000000, n_entry = 20000000000, seeds = 3 * 65536;
  return (kith_sampler_sizes){.n_layer = 2,
                              .size = size,
                              .n_node = n_node,
                              .n_entry = n_entry,
                              .max_degree = 10000000,
                              .n_own = n_node / size,
                              .n_own_entry = n_entry / size,
                              .max_seed = seeds,
                              .all_seed = seeds,
                              .max_drawn = {10, 10}};
}

/* Rooms follow what the ranks ask in all.  Answers to each rank's worst case would be (ranks - 1) * 21626880:
 * more than 2^31 from 101 ranks on. */
static void rooms_do_not_grow_with_ranks(void **state) {
  kith_sampler_rooms r, many;
  (void)state;
  kith_sampler_sizes z = sizes_of_ranks(1024);
  assert_int_equal(KITH_OK, kith_sampler_make_rooms(&z, &r));
  assert_int_equal(196608, r.rows[2]);
  assert_int_equal(2162688, r.rows[1]);
  assert_int_equal(23789568, r.rows[0]);
  assert_int_equal(1966080, r.entries[1]);
  assert_int_equal(21626880, r.entries[0]);
  assert_int_equal(2162688, r.asked);
  assert_int_equal(21626880, r.answered);
  assert_int_equal(23789568, r.leaves);
  z = sizes_of_ranks(100000);
  assert_int_equal(KITH_OK, kith_sampler_make_rooms(&z, &many));
  assert_memory_equal(&r, &many, sizeof r);
  const kith_sampler_matrix a = {.n_relation = 1,
                                 .n_own = 600000000 / 1024,
                                 .n_ghost = 6000000,
                                 .n_entry = 20000000000 / 1024};
  assert_in_range(kith_sampler_bytes(2, &r, 600000000, &a) >> 20, 4000,
                  8000); /* reserved; steps touch less */
  assert_int_equal(196608 / 1024 * 121, kith__sampler_reach(&z, 196608 / 1024));
}

/* The ranks' rows limit what they are asked where these are few: two ranks of a small graph. */
static void rooms_follow_the_ranks_own_rows(void **state) {
  kith_sampler_rooms r;
  kith_sampler_sizes z = {.n_layer = 1,
                          .size = 3,
                          .n_node = 30,
                          .n_entry = 200,
                          .max_degree = 20,
                          .n_own = 10,
                          .n_own_entry = 70,
                          .max_seed = 25,
                          .all_seed = 60};
  (void)state;
  assert_int_equal(KITH_OK, kith_sampler_make_rooms(&z, &r));
  assert_int_equal(20, r.asked);     /* of each of two others all 10 */
  assert_int_equal(140, r.answered); /* twice all entries */
  assert_int_equal(30, r.leaves);    /* of all three all 10 */
  assert_int_equal(200, r.entries[0]);
}

static void a_step_that_is_too_large_is_refused(void **state) {
  kith_sampler_rooms r;
  kith_sampler_sizes z = sizes_of_ranks(1024);
  (void)state;
  for (int l = 0; l < 2; l++) z.max_drawn[l] = 0; /* all neighbors: products overflow 64 bits */
  assert_int_equal(KITH_ECONFIG, kith_sampler_make_rooms(&z, &r));
  assert_non_null(strstr(kith_error_text(), "train.batch, sampler.fanouts: a step may reach 600000000 rows"));
  assert_non_null(strstr(kith_error_text(), "use a smaller batch or smaller fan-outs"));
  z = sizes_of_ranks(1024);
  z.all_seed = 1024 * z.max_seed;
  assert_int_equal(KITH_OK, kith_sampler_make_rooms(&z, &r));
  assert_true(r.answered > INT32_MAX); /* messages are between two ranks: 64 bits of all of them */
  z.n_own = 5000000;
  assert_int_equal(KITH_ECONFIG, kith_sampler_make_rooms(&z, &r));
  assert_non_null(strstr(kith_error_text(), "all ranks together may ask one rank for"));
}

/* Records travel in as many bytes as the graph's numbers need, and come out as they went in. */
static void check_wire(int64_t gid, int64_t node, int64_t degree, bool row_scale, int reply, int neighbor) {
  const sample_wire w = kith__wire_of(gid, node, degree, row_scale);
  unsigned char packed[200];
  assert_int_equal(w.reply, reply);
  assert_int_equal(w.neighbor, neighbor);
  for (int64_t i = 0; i < 3; i++) { /* side by side, so that none may reach over its end */
    const sample_neighbor x = {gid / 2 * i, node / 2 * i, (int32_t)(degree / 2 * i), 1.5f + (float)i};
    kith__wire_pack_neighbor(&w, &x, packed + i * w.neighbor);
  }
  for (int64_t i = 0; i < 3; i++) {
    const sample_neighbor x = kith__wire_neighbor(&w, packed + i * w.neighbor);
    assert_true(x.gid == gid / 2 * i && x.node == node / 2 * i && x.degree == degree / 2 * i);
    assert_true(row_scale || x.scale == 1.5f + (float)i);
  }
  for (int64_t i = 2; i >= 0; i--) {
    const sample_reply x = {node - i, (int32_t)(degree - i), (int32_t)i, 0.25f * (float)i};
    kith__wire_pack_reply(&w, &x, packed + i * w.reply);
  }
  for (int64_t i = 0; i < 3; i++) {
    const sample_reply x = kith__wire_reply(&w, packed + i * w.reply);
    assert_true(x.node == node - i && x.degree == degree - i && x.n_drawn == i);
    assert_true(!row_scale || x.scale == 0.25f * (float)i);
  }
}

static void records_take_the_bytes_that_numbers_need(void **state) {
  (void)state;
  check_wire(70838, 163674, 1415, true, 3 + 2 * 2 + 4, 3 + 3 + 2); /* Gowalla: 24 before */
  check_wire(70838, 163674, 1415, false, 3 + 2 * 2, 3 + 3 + 2 + 4);
  check_wire(600000000, 1500000000, 10000000, true, 4 + 2 * 3 + 4, 4 + 4 + 3);
  check_wire(255, 256, 65535, true, 2 + 2 * 2 + 4, 1 + 2 + 2);
  check_wire((int64_t)1 << 40, ((int64_t)1 << 62) + 5, INT32_MAX, false, 8 + 2 * 4, 6 + 8 + 4 + 4);
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
                                     cmocka_unit_test(slots_follow_the_step),
                                     cmocka_unit_test(rooms_do_not_grow_with_ranks),
                                     cmocka_unit_test(rooms_follow_the_ranks_own_rows),
                                     cmocka_unit_test(a_step_that_is_too_large_is_refused),
                                     cmocka_unit_test(records_take_the_bytes_that_numbers_need),
                                     cmocka_unit_test(allowed_places_are_those_that_are_not_left_out)};
  test_begin(&argc, &argv);
  return test_end(cmocka_run_group_tests(tests, NULL, NULL));
}
