/* ranks: 1 */
#include <math.h>

#include "support/mpi_main.h"

#include "../../partition/partition.h"
#include "../../partition/table.h"
#include "../../partition/update.h"
#include "graph/schema.h"

enum { USERS = 60, ITEMS = 90 };

static bool halves(int u, int i, double r) {
  return u < USERS - 3 && i < ITEMS - 5 && r < ((u % 2) == (i % 2) ? 0.3 : 0.01);
}

/* Communities of 4, 8, 12, 16 and 20 users, of which the first ones have most interactions. */
static int community(int u) { return u < 4 ? 0 : u < 12 ? 1 : u < 24 ? 2 : u < 40 ? 3 : 4; }
static bool uneven(int u, int i, double r) {
  return r < (community(u) == community(i * USERS / ITEMS) ? 0.9 : 0.02) * (1 - 0.8 * u / USERS);
}

/* Users and items, of whom those know each other that `knows` says, given a random number. */
static kith_dataset *dataset_of(bool (*knows)(int u, int i, double r)) {
  kith_dataset *d = NULL;
  if (KITH_NEW(d, 1)) abort();
  d->schema = (kith_schema){.n_type = 2, .type = {"user", "item"}};
  d->n[0] = USERS;
  d->n[1] = ITEMS;
  kith_ragged *l[3] = {&d->train, &d->valid, &d->test};
  for (int i = 0; i < 3; i++)
    if (KITH_NEW(l[i]->start, USERS + 1) || KITH_NEW(l[i]->value, USERS * ITEMS)) abort();
  for (int u = 0; u < USERS; u++) {
    d->train.start[u + 1] = d->train.start[u];
    for (int i = 0; i < ITEMS; i++)
      if (knows(u, i,
                kith_random_unit(kith_random(3, KITH_RNG_GENERATE, (uint64_t)u, (uint64_t)i, 0).bits[0])))
        d->train.value[d->train.start[u + 1]++] = i;
  }
  d->train.n_row = d->valid.n_row = d->test.n_row = USERS;
  d->n_edge = d->train.start[USERS];
  return d;
}

/* Two halves that hardly know each other, some nodes without any interaction. */
static kith_dataset *dataset(void) { return dataset_of(halves); }

/* Cut edges and ghosts by brute force: every pair of a node and a rank. */
static void brute(const kith_dataset *d, const int32_t *part, int parts, int ranks, int64_t *cut,
                  int64_t *ghosts) {
  int rank[USERS + ITEMS];
  char need[USERS + ITEMS][64] = {{0}};
  for (int i = 0; i < USERS + ITEMS; i++)
    for (int r = 0; r < ranks; r++)
      if (part[i] >= parts * r / ranks && part[i] < parts * (r + 1) / ranks) rank[i] = r;
  *cut = *ghosts = 0;
  for (int u = 0; u < USERS; u++)
    for (int64_t e = d->train.start[u]; e < d->train.start[u + 1]; e++) {
      int i = USERS + d->train.value[e];
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
  for (int m = KITH_PARTITION_METIS; m <= KITH_PARTITION_STREAM; m++)
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
  assert_int_equal(kith_partition_judge(d, &o, part, 2, 16, 3, 10, &metis),
                   KITH_OK); /* nested: parts 0 … 3 are one half */
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
  for (int m = KITH_PARTITION_METIS; m <= KITH_PARTITION_STREAM; m++) {
    o.method = (kith_partition_method)m;
    assert_int_equal(kith_partition_make(d, &o, part), KITH_OK);
    for (int i = 0; i < USERS + ITEMS; i++) assert_in_range(part[i], 0, 999);
  }
  kith_dataset_destroy(&d);
}

/* The heaviest part over the mean, of nodes first … last - 1, each of which weighs its degree and one; *most:
 * the heaviest node. */
static double balance(const kith_dataset *d, const int32_t *part, int parts, int first, int last,
                      double *most) {
  double weight[USERS + ITEMS] = {0}, sum[64] = {0}, all = 0, heaviest = 0;
  for (int u = 0; u < USERS; u++)
    for (int64_t e = d->train.start[u]; e < d->train.start[u + 1]; e++)
      weight[u]++, weight[USERS + d->train.value[e]]++;
  *most = 0;
  for (int i = first; i < last; i++) {
    sum[part[i]] += weight[i] + 1;
    all += weight[i] + 1;
    if (weight[i] + 1 > *most) *most = weight[i] + 1;
  }
  for (int p = 0; p < parts; p++)
    if (sum[p] > heaviest) heaviest = sum[p];
  *most *= parts / all;
  return heaviest * parts / all;
}

static void ranges_are_of_about_the_same_weight(void **state) {
  (void)state;
  kith_dataset *d = dataset_of(uneven);
  kith_partition_options o = kith_partition_defaults();
  int32_t part[USERS + ITEMS];
  double most;
  o.method = KITH_PARTITION_CONTIGUOUS;
  o.parts = 4;
  assert_int_equal(kith_partition_make(d, &o, part), KITH_OK);
  assert_true(balance(d, part, o.parts, 0, USERS, &most) <= 1 + most);
  assert_true(balance(d, part, o.parts, USERS, USERS + ITEMS, &most) <= 1 + most);
  kith_dataset_destroy(&d);
}

static void no_part_is_heavier_than_the_tolerance(void **state) {
  (void)state;
  kith_dataset *d = dataset_of(uneven);
  kith_partition_options o = kith_partition_defaults();
  int32_t part[USERS + ITEMS];
  double most, found = 0, loosest = 0;
  o.parts = 4;
  for (o.seed = 1; o.seed <= 20; o.seed++)
    for (int k = 0; k < 2; k++) {
      o.imbalance = k == 0 ? 1.1 : 3;
      assert_int_equal(kith_partition_make(d, &o, part), KITH_OK);
      double this = balance(d, part, o.parts, 0, USERS + ITEMS, &most);
      if (k == 0 && this > found) found = this;
      if (k == 1 && this > loosest) loosest = this;
    }
  assert_true(found <= 1.1);
  assert_true(loosest > 1.5); /* communities cut off whole */
  kith_dataset_destroy(&d);
}

/* Users of the fullest part over the mean. */
static double fullest_users(const int32_t *part, int parts) {
  int n[USERS] = {0}, most = 0;
  for (int u = 0; u < USERS; u++) n[part[u]]++;
  for (int p = 0; p < parts; p++) most = n[p] > most ? n[p] : most;
  return (double)most * parts / USERS;
}

static void users_are_balanced_too_where_the_job_says_so(void **state) {
  (void)state;
  kith_dataset *d = dataset_of(uneven);
  kith_partition_options o = kith_partition_defaults();
  kith_partition_report r;
  int32_t part[USERS + ITEMS];
  double most, worst[2] = {0}, load = 0;
  o.parts = 4;
  o.imbalance = 1.1;
  for (int k = 0; k < 2; k++)
    for (o.seed = 1; o.seed <= 10; o.seed++) {
      o.balance = k == 0 ? KITH_PARTITION_EDGES : KITH_PARTITION_USERS;
      assert_int_equal(kith_partition_make(d, &o, part), KITH_OK);
      assert_int_equal(kith_partition_judge(d, &o, part, 4, 1, 1, 1, &r), KITH_OK);
      double users = fullest_users(part, 4), heavy = balance(d, part, 4, 0, USERS + ITEMS, &most);
      assert_true(fabs(r.user_balance - users) < 1e-12);
      if (users > worst[k]) worst[k] = users;
      if (k == 1 && heavy > load) load = heavy;
    }
  assert_true(worst[0] > 1.2 && worst[1] < 1.15 && load < 1.2);
  for (int m = KITH_PARTITION_HASH; m <= KITH_PARTITION_PTSCOTCH; m++) {
    o.method = (kith_partition_method)m;
    assert_int_equal(kith_partition_make(d, &o, part), KITH_ECONFIG);
    assert_non_null(strstr(kith_error_text(), "partition.balance: users needs partition.method: metis"));
  }
  kith_dataset_destroy(&d);
}

static void seeds_and_types_decide_the_cut(void **state) {
  (void)state;
  kith_dataset *d = dataset();
  kith_partition_options o = kith_partition_defaults();
  int32_t part[2][USERS + ITEMS];
  int same = 0;
  o.parts = 8;
  for (int m = KITH_PARTITION_METIS; m <= KITH_PARTITION_HASH; m++) {
    o.method = (kith_partition_method)m;
    for (int k = 0; k < 2; k++) {
      o.seed = (uint64_t)k + 1;
      assert_int_equal(kith_partition_make(d, &o, part[k]), KITH_OK);
    }
    assert_memory_not_equal(part[0], part[1], sizeof part[0]);
  }
  for (int i = 0; i < USERS; i++) same += part[0][i] == part[0][USERS + i]; /* by hash: an eighth by chance */
  assert_true(same < USERS / 2);
  kith_dataset_destroy(&d);
}

enum { TAGS = 24, ALL = USERS + ITEMS + TAGS };

/* Ties between users, in one direction or both; every item has one tag or two; views repeat some
 * interactions. */
static bool tied(int u, int v, double r) { return u != v && r < (u % 2 == v % 2 ? 0.1 : 0.01); }
static bool tagged(int i, int t, double r) {
  (void)r;
  return t == i % TAGS || t == (3 * i) % TAGS;
}
static bool views(int u, int i, double r) { return r < (u % 2 == i % 2 ? 0.2 : 0.02); }

static void add_relation(kith_dataset *d, const char *name, int from, int to,
                         bool (*knows)(int a, int b, double r)) {
  int r = d->schema.n_relation++;
  kith_ragged *l = &d->relation[r].edges;
  d->schema.relation[r] = (kith_relation_type){.from = from, .to = to};
  snprintf(d->schema.relation[r].name, KITH_NAME, "%s", name);
  l->n_row = d->n[from];
  if (KITH_NEW(l->start, l->n_row + 1) || KITH_NEW(l->value, d->n[from] * d->n[to])) abort();
  for (int a = 0; a < d->n[from]; a++) {
    l->start[a + 1] = l->start[a];
    for (int b = 0; b < d->n[to]; b++) { /* views: the numbers that the interactions were drawn with */
      kith_draw draw = kith_random(3, KITH_RNG_GENERATE, (uint64_t)a, (uint64_t)b, to == 1 ? 0 : 1);
      if (knows(a, b, kith_random_unit(draw.bits[0]))) l->value[l->start[a + 1]++] = b;
    }
  }
}

static kith_dataset *typed_dataset(void) {
  kith_dataset *d = dataset();
  d->schema.n_type = 3;
  snprintf(d->schema.type[2], KITH_NAME, "tag");
  d->n[2] = TAGS;
  add_relation(d, "friend", 0, 0, tied);
  add_relation(d, "tagged", 1, 2, tagged);
  add_relation(d, "view", 0, 1, views);
  return d;
}

static void touch(bool (*edge)[ALL], int a, int b) { edge[a][b] = edge[b][a] = a != b; }

/* edge[a][b]: whether interactions or a relation that is read (bit r of `read`) have it. */
static void union_of(const kith_dataset *d, int read, bool (*edge)[ALL]) {
  const int first[3] = {0, USERS, USERS + ITEMS};
  memset(edge, 0, ALL * sizeof *edge);
  for (int u = 0; u < USERS; u++)
    for (int64_t e = d->train.start[u]; e < d->train.start[u + 1]; e++)
      touch(edge, u, USERS + d->train.value[e]);
  for (int r = 0; r < d->schema.n_relation; r++) {
    const kith_ragged *l = &d->relation[r].edges;
    for (int64_t a = 0; a < l->n_row && (read >> r & 1); a++)
      for (int64_t e = l->start[a]; e < l->start[a + 1]; e++)
        touch(edge, first[d->schema.relation[r].from] + (int)a,
              first[d->schema.relation[r].to] + l->value[e]);
  }
}

static kith_partition_options reading(const kith_dataset *d, int read, kith_partition_method method) {
  kith_partition_options o = kith_partition_defaults();
  o.method = method;
  o.parts = 8;
  for (int r = 0; r < d->schema.n_relation; r++)
    if (read >> r & 1)
      snprintf(o.relations.of[o.relations.n++].name, KITH_NAME, "%s", d->schema.relation[r].name);
  return o;
}

static void relations_that_are_read_count_once_for_each_pair(void **state) {
  (void)state;
  static bool edge[ALL][ALL];
  kith_dataset *d = typed_dataset();
  for (int read = 0; read < 8; read++)
    for (int m = KITH_PARTITION_METIS; m <= KITH_PARTITION_STREAM; m++) {
      kith_partition_options o = reading(d, read, (kith_partition_method)m);
      int32_t part[ALL];
      int64_t cut = 0, ghosts = 0, all = 0;
      kith_partition_report r;
      assert_int_equal(kith_partition_make(d, &o, part), KITH_OK);
      assert_int_equal(kith_partition_judge(d, &o, part, 8, 16, 3, 10, &r), KITH_OK);
      union_of(d, read, edge);
      for (int a = 0; a < ALL; a++) {
        bool need[8] = {false};
        assert_in_range(part[a], 0, 7);
        for (int b = 0; b < ALL; b++) {
          all += edge[a][b] && a < b;
          cut += edge[a][b] && a < b && part[a] != part[b];
          need[part[b]] = need[part[b]] || (edge[a][b] && part[a] != part[b]);
        }
        for (int k = 0; k < 8; k++) ghosts += need[k];
      }
      assert_int_equal(r.cut, cut);
      assert_int_equal(r.ghosts, ghosts);
      assert_true(fabs(r.cut_share - (double)cut / (double)all) < 1e-12);
      assert_int_equal(r.n_relation, read ? 1 + o.relations.n : 0);
      if (read) assert_string_equal(r.relation[0].name, "interactions");
      for (int k = 0; k < r.n_relation; k++)
        assert_true(r.relation[k].ghosts <= ghosts && r.relation[k].cut <= cut);
    }
  kith_dataset_destroy(&d);
}

static void types_that_nothing_reads_are_dealt_evenly(void **state) {
  (void)state;
  kith_dataset *d = typed_dataset(), *plain = dataset();
  kith_partition_options o = reading(d, 0, KITH_PARTITION_METIS);
  int32_t part[ALL], without[USERS + ITEMS];
  int many[8] = {0};
  assert_int_equal(kith_partition_make(d, &o, part), KITH_OK);
  assert_int_equal(kith_partition_make(plain, &o, without), KITH_OK);
  assert_memory_equal(part, without, sizeof without);
  for (int i = USERS + ITEMS; i < ALL; i++) many[part[i]]++;
  for (int p = 0; p < 8; p++) assert_int_equal(many[p], TAGS / 8);
  kith_dataset_destroy(&d);
  kith_dataset_destroy(&plain);
}

static void bisection_reads_relations(void **state) {
  (void)state;
  kith_dataset *d = typed_dataset();
  kith_partition_report alone, all;
  int32_t part[ALL];
  kith_partition_options o = reading(d, 7, KITH_PARTITION_METIS), none = reading(d, 0, KITH_PARTITION_METIS);
  assert_int_equal(kith_partition_make(d, &none, part), KITH_OK);
  assert_int_equal(kith_partition_judge(d, &o, part, 8, 16, 3, 10, &alone), KITH_OK);
  assert_int_equal(kith_partition_make(d, &o, part), KITH_OK);
  assert_int_equal(kith_partition_judge(d, &o, part, 8, 16, 3, 10, &all), KITH_OK);
  assert_true(all.cut < alone.cut); /* tags lie where their items do */
  kith_dataset_destroy(&d);
}

/* What a pair weighs: 1 for an interaction, and the weight of each relation that has it. */
static void a_pair_weighs_the_sum_of_its_relations(void **state) {
  (void)state;
  static const int weights[3][3] = {{3, 0, 2}, {1, 7, 0}, {1, 1, 1}};
  static bool all[ALL][ALL], one[ALL][ALL];
  kith_dataset *d = typed_dataset();
  for (int k = 0; k < 3; k++) {
    int64_t sum = 0, entries = 0;
    partition_graph g = {0};
    const int *w = weights[k];
    assert_int_equal(kith__partition_union(d, w, &g), KITH_OK);
    assert_true(!g.weight == (k == 2));
    for (int64_t i = 0; i < g.n; i++)
      for (int64_t e = g.start[i]; e < g.start[i + 1]; e++) sum += g.weight ? g.weight[e] : 1;
    union_of(d, (w[0] > 0) | (w[1] > 0) << 1 | (w[2] > 0) << 2, all);
    for (int a = 0; a < ALL; a++)
      for (int b = 0; b < ALL; b++) entries += all[a][b];
    assert_int_equal(g.start[g.n], entries);
    int64_t expected = 2 * d->n_edge;
    for (int r = 0; r < 3; r++) { /* pairs of one relation alone: those of it and the interactions */
      int64_t pairs = 0;
      kith_dataset only = *d;
      only.n_edge = 0;
      only.train.n_row = 0;
      int64_t none[USERS + 1] = {0};
      only.train.start = none;
      union_of(&only, 1 << r, one);
      for (int a = 0; a < ALL; a++)
        for (int b = 0; b < ALL; b++) pairs += one[a][b];
      expected += w[r] * pairs;
    }
    assert_int_equal(sum, k == 2 ? entries : expected);
    kith__partition_graph_free(&g);
  }
  kith_dataset_destroy(&d);
}

static kith_partition_options weighing(const kith_dataset *d, int read, const char *name, int weight) {
  kith_partition_options o = reading(d, read, KITH_PARTITION_METIS);
  o.weights.n = 1;
  o.weights.of[0].weight = weight;
  snprintf(o.weights.of[0].name, KITH_NAME, "%s", name);
  return o;
}

static void a_weight_of_1_is_that_of_a_relation_that_is_read(void **state) {
  (void)state;
  kith_dataset *d = typed_dataset();
  int32_t part[2][ALL];
  kith_partition_options plain = reading(d, 1, KITH_PARTITION_METIS),
                         none = reading(d, 0, KITH_PARTITION_METIS);
  kith_partition_options one = weighing(d, 1, "friend", 1), unread = weighing(d, 0, "friend", 1);
  kith_partition_options zero = weighing(d, 1, "friend", 0);
  assert_int_equal(kith_partition_make(d, &plain, part[0]), KITH_OK);
  assert_int_equal(kith_partition_make(d, &one, part[1]), KITH_OK);
  assert_memory_equal(part[0], part[1], sizeof part[0]);
  assert_int_equal(kith_partition_make(d, &unread, part[1]), KITH_OK);
  assert_memory_equal(part[0], part[1], sizeof part[0]);
  assert_int_equal(kith_partition_make(d, &none, part[0]), KITH_OK);
  assert_int_equal(kith_partition_make(d, &zero, part[1]), KITH_OK);
  assert_memory_equal(part[0], part[1], sizeof part[0]);
  kith_partition_report r;
  assert_int_equal(kith_partition_judge(d, &zero, part[1], 8, 16, 3, 10, &r), KITH_OK);
  assert_int_equal(r.n_relation, 2); /* layers read it all the same */
  kith_dataset_destroy(&d);
}

static void edges_that_weigh_more_are_cut_less(void **state) {
  (void)state;
  kith_dataset *d = typed_dataset();
  int32_t part[ALL];
  kith_partition_report r[2];
  for (int k = 0; k < 2; k++) {
    kith_partition_options o = weighing(d, 2, "tagged", k == 0 ? 1 : 100);
    assert_int_equal(kith_partition_make(d, &o, part), KITH_OK);
    assert_int_equal(kith_partition_judge(d, &o, part, 8, 16, 3, 10, &r[k]), KITH_OK);
    assert_string_equal(r[k].relation[1].name, "tagged");
  }
  assert_true(r[1].relation[1].cut < r[0].relation[1].cut);
  kith_partition_options o = weighing(d, 2, "tagged", INT32_MAX);
  assert_int_equal(kith_partition_make(d, &o, part), KITH_ECONFIG);
  assert_non_null(strstr(kith_error_text(), "partition.weight: "));
  kith_dataset_destroy(&d);
}

/* Sizes alone: users and items that 31 bits do not number. */
static void nodes_are_numbered_up_to_32_bits_and_refused_beyond(void **state) {
  (void)state;
  const int64_t billion = 1000000000;
  int64_t first[KITH_MAX_TYPES + 1];
  uint32_t to[1];
  const partition_graph g = {.to = to};
  kith_dataset d = {.n = {2 * billion, 2 * billion}, .schema = kith_schema_users_items()};
  assert_int_equal(kith__partition_check_size(&d), KITH_OK);
  kith__partition_first(d.n, first);
  int64_t last = kith__partition_node(&d.schema, d.n, first, KITH_ITEM, 2 * billion - 1);
  assert_true(first[2] == 4 * billion && last == 4 * billion - 1);
  to[0] = (uint32_t)last;
  assert_true(g.to[0] == last && g.to[0] - d.n[KITH_USER] == 2 * billion - 1);
  kith_partition_options o = {.parts = 2, .method = KITH_PARTITION_HASH};
  d.n[2] = billion;
  assert_int_equal(kith_partition_make(&d, &o, NULL), KITH_ECONFIG);
  assert_non_null(strstr(kith_error_text(), "5000000000 nodes"));
  assert_int_equal(kith_partition_extend(&d, &o, NULL), KITH_ECONFIG);
  o.method = KITH_PARTITION_METIS;
  assert_int_equal(kith_partition_make(&d, &o, NULL), KITH_ECONFIG);
}

/* A share that begins at node 4.5 billion: the rank's nodes are of a third type. */
static void shares_number_nodes_with_64_bits(void **state) {
  (void)state;
  enum { N = 3 };
  const int64_t billion = 1000000000;
  const kith_comm alone = {.mpi = MPI_COMM_SELF, .rank = 0, .size = 1};
  kith_links l = {.n = {2 * billion, 2 * billion, billion}, .schema = {.n_type = 3}};
  int64_t first[2] = {4 * billion + billion / 2, 5 * billion}, start[N + 1] = {0, 2, 4, 6}, *row = NULL;
  partition_dgraph s = {.comm = &alone, .n = 5 * billion, .first = first, .n_own = N, .start = start};
  kith_partition_options o = {.parts = 7, .seed = 3};
  partition_numbers m = {0};
  partition_table t = {0};
  int32_t part[N];
  kith__partition_dgraph_hash(&s, &l, &o, part);
  for (int i = 0; i < N; i++)
    assert_int_equal(
        part[i],
        kith_random_below(kith_random(3, KITH_RNG_PARTITION, 2, (uint64_t)(500000000 + i), 0).bits[0], 7));
  kith__partition_dgraph_contiguous(&s, &l, &o, part);
  assert_true(part[0] == 0 && part[1] == 2 && part[2] == 4);
  assert_int_equal(kith__partition_number(&s, &l, 7, part, &m).status, KITH_OK);
  assert_int_equal(m.type_count[2 * 3 + 2], 1); /* part 2, type 2 */
  kith__partition_numbers_free(&m);
  assert_int_equal(KITH_NEW(row, 2), KITH_OK);
  row[1] = 1;
  partition_fields keep = {.neighbor = true, .wide = true};
  assert_int_equal(kith__partition_table_make(1, &row, keep, &t), KITH_OK);
  kith__partition_table_take(&t, 1, &(partition_record){.original = 5, .neighbor = 5 * billion - 1});
  int64_t kept;
  memcpy(&kept, t.entry + t.neighbor, sizeof kept);
  assert_true(kept == 5 * billion - 1);
  kith__partition_table_free(&t);
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(every_method_cuts_and_is_judged_as_by_brute_force),
                                     cmocka_unit_test(bisection_finds_the_two_halves),
                                     cmocka_unit_test(more_parts_than_nodes_is_fine),
                                     cmocka_unit_test(ranges_are_of_about_the_same_weight),
                                     cmocka_unit_test(no_part_is_heavier_than_the_tolerance),
                                     cmocka_unit_test(users_are_balanced_too_where_the_job_says_so),
                                     cmocka_unit_test(seeds_and_types_decide_the_cut),
                                     cmocka_unit_test(relations_that_are_read_count_once_for_each_pair),
                                     cmocka_unit_test(types_that_nothing_reads_are_dealt_evenly),
                                     cmocka_unit_test(bisection_reads_relations),
                                     cmocka_unit_test(a_pair_weighs_the_sum_of_its_relations),
                                     cmocka_unit_test(a_weight_of_1_is_that_of_a_relation_that_is_read),
                                     cmocka_unit_test(edges_that_weigh_more_are_cut_less),
                                     cmocka_unit_test(shares_number_nodes_with_64_bits),
                                     cmocka_unit_test(nodes_are_numbered_up_to_32_bits_and_refused_beyond)};
  test_begin(&argc, &argv);
  return test_end(cmocka_run_group_tests(tests, NULL, NULL));
}
