/* ranks: 1 */
/* Parts for new nodes: beside their neighbors, within the imbalance; old nodes stay. */
#include "partition/update.h"
#include "support/mpi_main.h"

enum { MOST = 64 };

/* n_user users and n_item items; an edge for each pair of the list, which is sorted; -1 ends it. */
static kith_dataset *dataset_of(int n_user, int n_item, const int (*pair)[2]) {
  kith_dataset *d = NULL;
  if (KITH_NEW(d, 1)) abort();
  d->schema = (kith_schema){.n_type = 2, .type = {"user", "item"}};
  d->n[KITH_USER] = n_user;
  d->n[KITH_ITEM] = n_item;
  kith_ragged *l[3] = {&d->train, &d->valid, &d->test};
  for (int i = 0; i < 3; i++) {
    if (KITH_NEW(l[i]->start, n_user + 1) || KITH_NEW(l[i]->value, MOST)) abort();
    l[i]->n_row = n_user;
  }
  for (; pair[0][0] >= 0; pair++) {
    d->train.value[d->n_edge++] = pair[0][1];
    for (int u = pair[0][0]; u < n_user; u++) d->train.start[u + 1] = d->n_edge;
  }
  return d;
}

static kith_partition_options options(int parts, double imbalance) {
  kith_partition_options o = kith_partition_defaults();
  o.parts = parts;
  o.imbalance = imbalance;
  return o;
}

/* Parts 0 and 1 hold two old users and two old items each. */
static void new_nodes_join_most_of_their_neighbors(void **state) {
  (void)state;
  static const int pair[][2] = {{0, 0}, {0, 1}, {1, 0}, {1, 1}, {2, 2}, {2, 3}, {3, 2}, {3, 3},
                                {4, 0}, {4, 1}, {4, 2}, {5, 4}, {6, 1}, {6, 4}, {-1, 0}};
  kith_dataset *d = dataset_of(8, 5, pair);
  kith_partition_options o = options(2, 2);
  /* u4 has one neighbor in part 0 and two in 1; u5 none but the new i4, which u6 leads to part 0; u7 nobody
   */
  int32_t part[13] = {0, 0, 1, 1, -1, -1, -1, -1, 0, 0, 1, 1, -1};
  static const int32_t wanted[13] = {0, 0, 1, 1, 0, 0, 0, 1, 0, 0, 1, 1, 0};
  assert_int_equal(kith_partition_extend(d, &o, part), KITH_OK);
  for (int i = 0; i < 13; i++) assert_int_equal(part[i], wanted[i]);
  kith_dataset_destroy(&d);
}

/* All new users like the items of part 0, which has room for some of them. */
static void a_full_part_takes_no_more(void **state) {
  (void)state;
  int pair[MOST][2], n = 0;
  for (int u = 0; u < 20; u++, n++) pair[n][0] = u, pair[n][1] = u < 2 ? u : 0;
  pair[n][0] = -1;
  kith_dataset *d = dataset_of(20, 2, (const int(*)[2])pair);
  kith_partition_options o = options(2, 1.2);
  int32_t part[22];
  for (int i = 0; i < 22; i++) part[i] = -1;
  part[0] = part[20] = 0;
  part[1] = part[21] = 1;
  assert_int_equal(kith_partition_extend(d, &o, part), KITH_OK);
  int64_t load[2] = {0}, all = 0;
  for (int u = 0; u < 20; u++) load[part[u]] += 2;
  load[0] += 20; /* item 0 has 19 users */
  load[1] += 2;
  all = load[0] + load[1];
  assert_true((double)load[0] <= 1.2 * (double)all / 2);
  assert_true((double)(load[0] + 2) > 1.2 * (double)all / 2);
  kith_dataset_destroy(&d);
}

/* Equal neighbors: the lighter part, then the first; and the lighter part for those without any. */
static void ties_go_to_the_lighter_part_then_to_the_first(void **state) {
  (void)state;
  static const int pair[][2] = {{0, 0}, {1, 1}, {2, 0}, {2, 1}, {3, 0}, {3, 1}, {-1, 0}};
  kith_dataset *d = dataset_of(7, 2, pair);
  kith_partition_options o = options(3, 3);
  int32_t part[9] = {0, 1, -1, -1, -1, -1, -1, 0, 1};
  static const int32_t wanted[9] = {0, 1, 0, 1, 2, 2, 2, 0, 1};
  assert_int_equal(kith_partition_extend(d, &o, part), KITH_OK);
  for (int i = 0; i < 9; i++) assert_int_equal(part[i], wanted[i]);
  kith_dataset_destroy(&d);
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(new_nodes_join_most_of_their_neighbors),
      cmocka_unit_test(a_full_part_takes_no_more),
      cmocka_unit_test(ties_go_to_the_lighter_part_then_to_the_first),
  };
  test_begin(&argc, &argv);
  return test_end(cmocka_run_group_tests(tests, NULL, NULL));
}
