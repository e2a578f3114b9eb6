/* ranks: 1 3 */
#include "support/mpi_main.h"
#include "support/sweep.h"

#include "graph/schema.h"
#include "partition/dgraph.h"
#include "partition/update.h"

enum { TYPES = 3, USERS = 41, ITEMS = 53, TAGS = 12, ALL = USERS + ITEMS + TAGS };
static const int64_t n_of[TYPES] = {USERS, ITEMS, TAGS};

/* Whether a knows b; list 0: users and items, of two halves that hardly know each other, some of whom know
 * nobody; 1: users; 2: items and tags. */
static bool knows(int list, int64_t a, int64_t b) {
  double r =
      kith_random_unit(kith_random(9, KITH_RNG_GENERATE, (uint64_t)list, (uint64_t)a, (uint64_t)b).bits[0]);
  if (list == 0) return a < USERS - 3 && b < ITEMS - 5 && r < (a % 2 == b % 2 ? 0.3 : 0.01);
  return list == 1 ? a != b && r < 0.05 : b == a % TAGS;
}

static void rows_make(const kith_comm *comm, int list, int64_t n_row, int64_t n_value, kith_links_rows *out) {
  int64_t first = kith_chunk_begin(n_row, comm->size, comm->rank), at = 0;
  kith_ragged *l = &out->edges;
  out->first = first;
  l->n_row = kith_chunk_begin(n_row, comm->size, comm->rank + 1) - first;
  if (KITH_NEW(l->start, l->n_row + 1) || KITH_NEW(l->value, l->n_row * n_value)) abort();
  for (int64_t a = 0; a < l->n_row; a++) {
    for (int64_t b = 0; b < n_value; b++)
      if (knows(list, first + a, b)) l->value[at++] = (int32_t)b;
    l->start[a + 1] = at;
  }
}

static kith_links *links(const kith_comm *comm) {
  kith_links *l = NULL;
  if (KITH_NEW(l, 1)) abort();
  l->schema = (kith_schema){.n_type = TYPES, .type = {"user", "item", "tag"}, .n_relation = 2};
  l->schema.relation[0] = (kith_relation_type){.name = "friend", .from = 0, .to = 0};
  l->schema.relation[1] = (kith_relation_type){.name = "tagged", .from = 1, .to = 2};
  for (int t = 0; t < TYPES; t++) l->n[t] = n_of[t];
  l->n_list = 1;
  rows_make(comm, 0, USERS, ITEMS, &l->list[0]);
  rows_make(comm, 1, USERS, USERS, &l->relation[0]);
  rows_make(comm, 2, ITEMS, TAGS, &l->relation[1]);
  return l;
}

/* Relations by bits of `read`, of which the second weighs 3. */
static kith_partition_options options(int parts, int read) {
  kith_partition_options o = kith_partition_defaults();
  o.method = KITH_PARTITION_STREAM;
  o.parts = parts;
  o.imbalance = 1.3;
  for (int r = 0; r < 2; r++) {
    if (!(read >> r & 1)) continue;
    o.weights.of[o.weights.n].weight = r == 0 ? 1 : 3;
    snprintf(o.weights.of[o.weights.n++].name, KITH_NAME, "%s", r == 0 ? "friend" : "tagged");
  }
  return o;
}

/* node [a][b]: whether they are neighbors. */
static void neighbors(int read, bool (*node)[ALL]) {
  memset(node, 0, ALL * sizeof *node);
  for (int a = 0; a < USERS; a++) {
    for (int b = 0; b < ITEMS; b++) node[a][USERS + b] = node[USERS + b][a] = knows(0, a, b);
    for (int b = 0; b < USERS && (read & 1); b++)
      if (knows(1, a, b)) node[a][b] = node[b][a] = true;
  }
  for (int a = 0; a < ITEMS && (read & 2); a++)
    node[USERS + a][USERS + ITEMS + a % TAGS] = node[USERS + ITEMS + a % TAGS][USERS + a] = true;
}

/* The heaviest part over the mean. */
static double imbalance(int read, int parts, const int32_t *part) {
  static bool node[ALL][ALL];
  double load[512] = {0}, all = 0, most = 0;
  neighbors(read, node);
  for (int a = 0; a < ALL; a++) {
    double weight = 1;
    for (int b = 0; b < ALL; b++) weight += node[a][b];
    load[part[a]] += weight;
    all += weight;
  }
  for (int p = 0; p < parts; p++)
    if (load[p] > most) most = load[p];
  return most * parts / all;
}

static void all_ranks_cut_as_one_does(void **state) {
  (void)state;
  static const int parts_of[] = {1, 4, 300}; /* all with all edges, and 4 with every choice of relations */
  const kith_comm alone = {.mpi = MPI_COMM_SELF, .rank = 0, .size = 1};
  kith_links *whole = links(&alone), *share = links(test_comm);
  for (int read = 0; read < 4; read++)
    for (int k = 0; k < 3; k++) {
      if (read < 3 && k != 1) continue;
      int32_t one[ALL], all[ALL];
      kith_partition_options o = options(parts_of[k], read);
      assert_int_equal(kith_partition_make_together(&alone, whole, &o, one).status, KITH_OK);
      assert_int_equal(
          kith_partition_make_together(test_comm, share, &o, test_comm->rank ? NULL : all).status, KITH_OK);
      if (test_comm->rank > 0) continue;
      assert_memory_equal(one, all, sizeof one);
      for (int i = 0; i < ALL; i++) assert_in_range(all[i], 0, o.parts - 1);
      if (o.parts <= 4) assert_true(imbalance(read, o.parts, all) <= o.imbalance); /* nodes are light */
    }
  kith_links_destroy(&whole);
  kith_links_destroy(&share);
}

/* Edges between the first parts and the last ones, of those between all parts. */
static void halves_of_the_parts_are_halves_of_the_graph(void **state) {
  (void)state;
  static bool node[ALL][ALL];
  int32_t part[ALL];
  int all = 0, cut = 0;
  const kith_comm alone = {.mpi = MPI_COMM_SELF, .rank = 0, .size = 1};
  kith_links *l = links(&alone);
  kith_partition_options o = options(8, 0);
  assert_int_equal(kith_partition_make_together(&alone, l, &o, part).status, KITH_OK);
  neighbors(0, node);
  for (int a = 0; a < ALL; a++)
    for (int b = 0; b < a; b++) {
      all += node[a][b] && part[a] != part[b];
      cut += node[a][b] && part[a] / 4 != part[b] / 4;
    }
  assert_true(4 * cut < all); /* 4 of 7 if parts had their numbers by chance */
  kith_links_destroy(&l);
}

/* Kernighan and Lin end where no two parts of different halves gain by changing places: at every level. */
static int64_t between_halves(const int32_t *weight, int n, const int32_t *place, int first, int half,
                              int end) {
  int64_t sum = 0;
  for (int a = 0; a < n; a++)
    for (int b = 0; b < n; b++)
      if (place[a] >= first && place[a] < first + half && place[b] >= first + half && place[b] < end)
        sum += weight[a * n + b];
  return sum;
}

static void no_two_parts_gain_by_changing_places(void **state) {
  (void)state;
  enum { PARTS = 24 };
  const kith_comm alone = {.mpi = MPI_COMM_SELF, .rank = 0, .size = 1};
  int64_t start[PARTS + 1];
  int32_t to[PARTS * PARTS], weight[PARTS * PARTS], place[PARTS];
  for (int a = 0; a < PARTS; a++) {
    start[a] = (int64_t)a * PARTS;
    for (int b = 0; b < PARTS; b++) {
      uint64_t low = (uint64_t)(a < b ? a : b), high = (uint64_t)(a < b ? b : a);
      to[a * PARTS + b] = b;
      weight[a * PARTS + b] = (int32_t)(kith_random(5, KITH_RNG_GENERATE, low, high, 0).bits[0] % 100);
    }
    place[a] = a;
  }
  start[PARTS] = (int64_t)PARTS * PARTS;
  partition_dgraph s = {
      .comm = &alone, .n = PARTS, .n_own = PARTS, .start = start, .to = to, .weight = weight};
  assert_int_equal(kith__partition_order(&s, PARTS, place).status, KITH_OK);
  for (int n = PARTS; n >= 3; n /= 2)
    for (int first = 0; first < PARTS; first += n) {
      int64_t cut = between_halves(weight, PARTS, place, first, n / 2, first + n);
      for (int a = 0; a < PARTS; a++)
        for (int b = 0; b < PARTS; b++) {
          if (place[a] < first || place[a] >= first + n / 2) continue;
          if (place[b] < first + n / 2 || place[b] >= first + n) continue;
          int32_t swapped[PARTS];
          memcpy(swapped, place, sizeof place);
          swapped[a] = place[b];
          swapped[b] = place[a];
          assert_true(between_halves(weight, PARTS, swapped, first, n / 2, first + n) >= cut);
        }
    }
}

static void pt_scotch_cuts_or_is_refused(void **state) {
  (void)state;
  kith_links *l = links(test_comm);
  int32_t part[2][ALL] = {{0}};
  kith_partition_options o = options(8, 2);
  o.method = KITH_PARTITION_PTSCOTCH;
  for (int k = 0; k < 2; k++) {
    kith_status st = kith_partition_make_together(test_comm, l, &o, test_comm->rank ? NULL : part[k]).status;
    assert_int_equal(st, kith_partition_has_ptscotch() ? KITH_OK : KITH_ECONFIG);
  }
  if (!kith_partition_has_ptscotch()) assert_non_null(strstr(kith_error_text(), "libptscotch-dev"));
  else if (test_comm->rank == 0) {
    assert_memory_equal(part[0], part[1], sizeof part[0]);
    for (int i = 0; i < ALL; i++) assert_in_range(part[0][i], 0, 7);
    assert_true(imbalance(2, 8, part[0]) <= 1.2 * o.imbalance);
  }
  kith_links_destroy(&l);
  if (!kith_partition_has_ptscotch()) skip();
}

static kith_links *swept;
static kith_agreed sweep_cut(void) {
  kith_agreed st = {KITH_OK};
  int32_t part[ALL];
  kith_partition_options o = options(4, 3);
  KITH_TRY(kith_partition_make_together(test_comm, swept, &o, test_comm->rank ? NULL : part));
done:
  return st;
}

static void no_memory_is_agreed_on(void **state) {
  (void)state;
  const sweep s = {.kind = KITH_FAULT_ALLOC, .run = sweep_cut, .least = 20};
  swept = links(test_comm);
  if (sweep_has(KITH_FAULT_ALLOC)) sweep_each(&s);
  kith_links_destroy(&swept);
}

/* An edge that stands at one end alone. */
static void neighbors_of_labeled_nodes_are_mutual(void **state) {
  (void)state;
  const kith_comm alone = {.mpi = MPI_COMM_SELF, .rank = 0, .size = 1};
  int64_t start[] = {0, 1, 3, 4};
  int32_t value[] = {1, 0, 2, 1}, part[3];
  kith_partition_options o = options(2, 0);
  kith_links l = {.schema = kith_schema_nodes(), .n = {3}, .n_class = 2, .n_list = 1};
  l.list[0].edges = (kith_ragged){.n_row = 3, .start = start, .value = value};
  assert_int_equal(kith_partition_make_together(&alone, &l, &o, part).status, KITH_OK);
  value[3] = 0;
  assert_int_equal(kith_partition_make_together(&alone, &l, &o, part).status, KITH_EDATA);
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(all_ranks_cut_as_one_does),
                                     cmocka_unit_test(halves_of_the_parts_are_halves_of_the_graph),
                                     cmocka_unit_test(no_two_parts_gain_by_changing_places),
                                     cmocka_unit_test(pt_scotch_cuts_or_is_refused),
                                     cmocka_unit_test(no_memory_is_agreed_on),
                                     cmocka_unit_test(neighbors_of_labeled_nodes_are_mutual)};
  test_begin(&argc, &argv);
  return test_end(cmocka_run_group_tests(tests, NULL, NULL));
}
