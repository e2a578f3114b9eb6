/* ranks: 1 */
#include "support/mpi_main.h"

#include "kith/partition.h"

enum { USERS = 60, ITEMS = 90 };

/* Two halves that hardly know each other, some nodes without any interaction. */
static kith_dataset *dataset(void) {
  kith_dataset *d = NULL;
  if (KITH_NEW(d, 1)) abort();
  d->n[0] = USERS;
  d->n[1] = ITEMS;
  kith_lists *l[3] = {&d->train, &d->valid, &d->test};
  for (int i = 0; i < 3; i++)
    if (KITH_NEW(l[i]->start, USERS + 1) || KITH_NEW(l[i]->item, USERS * ITEMS)) abort();
  for (int u = 0; u < USERS; u++) {
    d->train.start[u + 1] = d->train.start[u];
    for (int i = 0; i < ITEMS - 5 && u < USERS - 3; i++) {
      bool near = (u % 2) == (i % 2);
      double r = kith_random_unit(kith_random(3, KITH_USE_GENERATE, (uint64_t)u, (uint64_t)i, 0).bits[0]);
      if (r < (near ? 0.3 : 0.01)) d->train.item[d->train.start[u + 1]++] = i;
    }
  }
  d->train.n_row = d->valid.n_row = d->test.n_row = USERS;
  d->n_edge = d->train.start[USERS];
  return d;
}

/* Cut edges and ghosts by brute force: every pair of a node and a rank. */
static void brute(const kith_dataset *d, const int32_t *part, int parts, int ranks, int64_t *cut, int64_t *ghosts) {
  int rank[USERS + ITEMS];
  char need[USERS + ITEMS][64] = {{0}};
  for (int i = 0; i < USERS + ITEMS; i++)
    for (int r = 0; r < ranks; r++)
      if (part[i] >= parts * r / ranks && part[i] < parts * (r + 1) / ranks) rank[i] = r;
  *cut = *ghosts = 0;
  for (int u = 0; u < USERS; u++)
    for (int64_t e = d->train.start[u]; e < d->train.start[u + 1]; e++) {
      int i = USERS + d->train.item[e];
      if (rank[u] == rank[i]) continue;
      ++*cut;
      need[u][rank[i]] = need[i][rank[u]] = 1;
    }
  for (int i = 0; i < USERS + ITEMS; i++)
    for (int r = 0; r < ranks; r++) *ghosts += need[i][r];
}

static void every_method_cuts_and_is_judged_as_by_brute_force(void **state) {
  (void)state;
  kith_dataset *d = dataset();
  int parts_of[] = {1, 2, 5, 8}, ranks_of[] = {1, 2, 3, 5, 8};
  for (int m = KITH_PARTITION_METIS; m <= KITH_PARTITION_CONTIGUOUS; m++)
    for (int p = 0; p < 4; p++) {
      kith_partition_options o = kith_partition_defaults();
      int32_t part[USERS + ITEMS], again[USERS + ITEMS];
      o.method = (kith_partition_method)m;
      o.parts = parts_of[p];
      assert_int_equal(kith_partition_make(d, &o, part), KITH_OK);
      assert_int_equal(kith_partition_make(d, &o, again), KITH_OK);
      assert_memory_equal(part, again, sizeof part);
      for (int i = 0; i < USERS + ITEMS; i++) assert_in_range(part[i], 0, o.parts - 1);
      for (int k = 0; k < 5 && ranks_of[k] <= o.parts; k++) {
        kith_partition_report r;
        int64_t cut, ghosts;
        assert_int_equal(kith_partition_judge(d, &o, part, ranks_of[k], 16, 3, 10, &r), KITH_OK);
        brute(d, part, o.parts, ranks_of[k], &cut, &ghosts);
        assert_int_equal(r.cut, cut);
        assert_int_equal(r.ghosts, ghosts);
        assert_int_equal(r.bytes_per_epoch, ghosts * 16 * 4 * 6 * 10);
      }
    }
  kith_dataset_destroy(&d);
}

static void bisection_finds_the_two_halves(void **state) {
  (void)state;
  kith_dataset *d = dataset();
  kith_partition_options o = kith_partition_defaults();
  int32_t part[USERS + ITEMS];
  kith_partition_report metis, hash;
  o.parts = 8;
  assert_int_equal(kith_partition_make(d, &o, part), KITH_OK);
  assert_int_equal(kith_partition_judge(d, &o, part, 2, 16, 3, 10, &metis), KITH_OK); /* nested: parts 0 … 3 are one half */
  o.method = KITH_PARTITION_HASH;
  assert_int_equal(kith_partition_make(d, &o, part), KITH_OK);
  assert_int_equal(kith_partition_judge(d, &o, part, 2, 16, 3, 10, &hash), KITH_OK);
  assert_true(metis.cut_share < 0.1);
  assert_true(hash.cut_share > 0.35);
  kith_dataset_destroy(&d);
}

static void more_parts_than_nodes_is_fine(void **state) {
  (void)state;
  kith_dataset *d = dataset();
  kith_partition_options o = kith_partition_defaults();
  int32_t part[USERS + ITEMS];
  o.parts = 1000;
  for (int m = KITH_PARTITION_METIS; m <= KITH_PARTITION_CONTIGUOUS; m++) {
    o.method = (kith_partition_method)m;
    assert_int_equal(kith_partition_make(d, &o, part), KITH_OK);
    for (int i = 0; i < USERS + ITEMS; i++) assert_in_range(part[i], 0, 999);
  }
  kith_dataset_destroy(&d);
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(every_method_cuts_and_is_judged_as_by_brute_force),
                                     cmocka_unit_test(bisection_finds_the_two_halves), cmocka_unit_test(more_parts_than_nodes_is_fine)};
  test_begin(&argc, &argv);
  return test_end(cmocka_run_group_tests(tests, NULL, NULL));
}
