/* ranks: 1 */
/* Statistics of relations against naive double loops over tables of pairs. */
#include "diagnose/relation_stats.h"
#include "support/mpi_main.h"

#include <math.h>

enum { USERS = 30, ITEMS = 20, TAGS = 5, PERSONS = 4, MOST = USERS + PERSONS };

/* ---- random graphs as tables ---- */

typedef struct table {
  int n_row, n_col;
  bool has[MOST][MOST];
} table;

static table random_table(int n_row, int n_col, int percent, uint64_t which) {
  table t = {.n_row = n_row, .n_col = n_col};
  for (int i = 0; i < n_row; i++)
    for (int j = 0; j < n_col; j++) {
      kith_draw x = kith_random(7, KITH_RNG_PROTOCOL, (uint64_t)i, (uint64_t)j, which);
      t.has[i][j] = (int)(x.bits[0] % 100) < percent;
    }
  return t;
}

/* Some ties in both directions, some in one; none of a node with itself; the last nodes have none. */
static table random_ties(int n) {
  table t = random_table(n - 3, n - 3, 6, 9);
  t.n_row = t.n_col = n;
  for (int i = 0; i < n; i++) t.has[i][i] = false;
  for (int i = 0; i < n; i++)
    for (int j = 0; j < i; j++)
      if (t.has[i][j] && (i + j) % 2) t.has[j][i] = true;
  return t;
}

static kith_ragged rows_of(const table *t) {
  kith_ragged l = {.n_row = t->n_row};
  assert_int_equal(KITH_NEW(l.start, t->n_row + 1), KITH_OK);
  assert_int_equal(KITH_NEW(l.value, (int64_t)t->n_row * t->n_col), KITH_OK);
  for (int i = 0; i < t->n_row; i++) {
    l.start[i + 1] = l.start[i];
    for (int j = 0; j < t->n_col; j++)
      if (t->has[i][j]) l.value[l.start[i + 1]++] = j;
  }
  return l;
}

static double naive_jaccard(const table *t, int a, int b, bool columns) {
  int common = 0, all = 0;
  for (int k = 0; k < (columns ? t->n_row : t->n_col); k++) {
    bool x = columns ? t->has[k][a] : t->has[a][k], y = columns ? t->has[k][b] : t->has[b][k];
    common += x && y;
    all += x || y;
  }
  return all > 0 ? (double)common / all : 0;
}

typedef struct world {
  table train, valid, test, tie[2], tag, view;
  kith_dataset d;
} world;

static void world_relation(kith_dataset *d, const char *name, int from, int to, const table *t) {
  kith_relation_type e = {.from = from, .to = to};
  snprintf(e.name, sizeof e.name, "%s", name);
  d->relation[d->schema.n_relation].edges = rows_of(t);
  d->schema.relation[d->schema.n_relation++] = e;
}

static void world_make(world *w) {
  *w = (world){.train = random_table(USERS, ITEMS, 30, 0),
               .valid = random_table(USERS, ITEMS, 10, 1),
               .test = random_table(USERS, ITEMS, 20, 2),
               .tie = {random_ties(USERS), random_ties(ITEMS)},
               .tag = random_table(ITEMS, TAGS, 40, 3),
               .view = random_table(ITEMS, USERS, 50, 4)};
  kith_dataset *d = &w->d;
  d->schema = (kith_schema){.n_type = 3, .type = {"user", "item", "tag"}};
  d->n[KITH_USER] = USERS;
  d->n[KITH_ITEM] = ITEMS;
  d->n[2] = TAGS;
  d->train = rows_of(&w->train);
  d->valid = rows_of(&w->valid);
  d->test = rows_of(&w->test);
  world_relation(d, "friend", KITH_USER, KITH_USER, &w->tie[0]);
  world_relation(d, "cites", KITH_ITEM, KITH_ITEM, &w->tie[1]);
  world_relation(d, "tag", KITH_ITEM, 2, &w->tag);
  world_relation(d, "view", KITH_ITEM, KITH_USER, &w->view);
}

static void world_free(world *w) {
  kith_ragged_free(&w->d.train);
  kith_ragged_free(&w->d.valid);
  kith_ragged_free(&w->d.test);
  for (int r = 0; r < w->d.schema.n_relation; r++) kith_ragged_free(&w->d.relation[r].edges);
}

/* ---- truths ---- */

static void assert_degrees(const kith_degree_stats *s, int n, const int *degree) {
  int sum = 0, most = 0, none = 0;
  for (int i = 0; i < n; i++) {
    sum += degree[i];
    most = degree[i] > most ? degree[i] : most;
    none += degree[i] == 0;
  }
  assert_true(fabs(s->mean - (double)sum / n) < 1e-12 && s->most == most && s->none == none);
}

static void ties_are_counted_and_compared_as_pairs(void **state) {
  (void)state;
  world w;
  world_make(&w);
  for (int r = 0; r < 2; r++) {
    kith_relation_stats s;
    const table *t = &w.tie[r];
    int pairs = 0, both = 0, degree[MOST] = {0};
    double sum = 0;
    for (int i = 0; i < t->n_row; i++)
      for (int j = i + 1; j < t->n_row; j++) {
        if (!t->has[i][j] && !t->has[j][i]) continue;
        pairs++;
        both += t->has[i][j] && t->has[j][i];
        degree[i]++;
        degree[j]++;
        sum += naive_jaccard(&w.train, i, j, r == 1);
      }
    assert_true(both > 3 && pairs > both + 3);
    assert_int_equal(kith_relation_measure(&w.d, r, &s), KITH_OK);
    assert_true(s.pairs == pairs && s.both == both && s.edges == pairs + both && s.compared == pairs);
    assert_degrees(&s.degree[0], t->n_row, degree);
    assert_degrees(&s.degree[1], t->n_row, degree);
    assert_true(s.degree[0].none >= 3 && s.n_valid == 0 && s.n_test == 0);
    assert_true(fabs(s.overlap - sum / pairs) < 1e-12);
    assert_true(s.overlap_random > 0 && s.overlap_random < 1);
  }
  world_free(&w);
}

/* A directed relation of one type counts edges, not pairs, and has degrees at both ends. */
static void edges_that_one_end_reads_are_no_pairs(void **state) {
  (void)state;
  world w;
  kith_relation_stats s;
  int from[MOST] = {0}, to[MOST] = {0}, n = 0, pairs = 0;
  world_make(&w);
  const table *t = &w.tie[1];
  w.d.schema.relation[1].direction = KITH_DIRECTION_BACK;
  for (int i = 0; i < t->n_row; i++)
    for (int j = 0; j < t->n_row; j++) {
      if (t->has[i][j]) from[i]++, to[j]++, n++;
      pairs += i < j && (t->has[i][j] || t->has[j][i]);
    }
  assert_int_equal(kith_relation_measure(&w.d, 1, &s), KITH_OK);
  assert_true(s.edges == n && s.pairs == n && s.both == 0 && s.compared == pairs && pairs < n);
  assert_degrees(&s.degree[0], t->n_row, from);
  assert_degrees(&s.degree[1], t->n_row, to);
  world_free(&w);
}

/* 0-1 in both directions with kind 5, and once with 7 and with 8; 1-2 once. */
static void pairs_of_other_kinds_are_other_pairs(void **state) {
  (void)state;
  world w;
  kith_relation_stats s;
  world_make(&w);
  kith_relation_edges *x = &w.d.relation[0];
  static const int32_t value[] = {1, 1, 0, 0, 2};
  static const uint16_t kind[] = {5, 7, 5, 8, 5};
  for (int i = 0; i <= USERS; i++) x->edges.start[i] = i == 0 ? 0 : i == 1 ? 2 : 5;
  memcpy(x->edges.value, value, sizeof value);
  assert_int_equal(KITH_NEW(x->kind, 5), KITH_OK);
  memcpy(x->kind, kind, sizeof kind);
  assert_int_equal(kith_relation_measure(&w.d, 0, &s), KITH_OK);
  assert_true(s.edges == 5 && s.both == 1 && s.pairs == 4 && s.compared == 2);
  /* but nodes that several kinds join are one neighbor: those of node 1 are 0 and 2 */
  assert_degrees(&s.degree[0], USERS, (int[USERS]){1, 2, 1});
  w.d.schema.relation[0].direction = KITH_DIRECTION_FORWARD;
  assert_int_equal(kith_relation_measure(&w.d, 0, &s), KITH_OK);
  assert_true(s.edges == 5 && s.pairs == 5 && s.compared == 2);
  assert_degrees(&s.degree[0], USERS, (int[USERS]){1, 2});
  assert_degrees(&s.degree[1], USERS, (int[USERS]){1, 1, 1});
  KITH_FREE(x->kind);
  world_free(&w);
}

static void relations_of_two_types_have_degrees_at_both_ends(void **state) {
  (void)state;
  world w;
  kith_relation_stats s;
  int from[MOST] = {0}, to[MOST] = {0}, n = 0;
  world_make(&w);
  for (int i = 0; i < ITEMS; i++)
    for (int j = 0; j < TAGS; j++)
      if (w.tag.has[i][j]) from[i]++, to[j]++, n++;
  assert_int_equal(kith_relation_measure(&w.d, 2, &s), KITH_OK);
  assert_true(s.edges == n && s.pairs == n && s.both == 0 && s.compared == 0 && s.n_valid == 0);
  assert_degrees(&s.degree[0], ITEMS, from);
  assert_degrees(&s.degree[1], TAGS, to);
  world_free(&w);
}

static void held_out_pairs_are_counted_whatever_the_direction(void **state) {
  (void)state;
  world w;
  kith_relation_stats s;
  int all[2] = {0}, inside[2] = {0};
  world_make(&w);
  for (int u = 0; u < USERS; u++)
    for (int i = 0; i < ITEMS; i++) {
      all[0] += w.valid.has[u][i];
      all[1] += w.test.has[u][i];
      inside[0] += w.valid.has[u][i] && w.view.has[i][u];
      inside[1] += w.test.has[u][i] && w.view.has[i][u];
    }
  assert_int_equal(kith_relation_measure(&w.d, 3, &s), KITH_OK);
  assert_true(s.n_valid == all[0] && s.n_test == all[1] && s.valid == inside[0] && s.test == inside[1]);
  assert_true(inside[0] > 5 && inside[0] < all[0] && s.compared == 0);
  /* the same relation from users to items */
  table turned = {.n_row = USERS, .n_col = ITEMS};
  for (int u = 0; u < USERS; u++)
    for (int i = 0; i < ITEMS; i++) turned.has[u][i] = w.view.has[i][u];
  world_relation(&w.d, "view2", KITH_USER, KITH_ITEM, &turned);
  assert_int_equal(kith_relation_measure(&w.d, 4, &s), KITH_OK);
  assert_true(s.valid == inside[0] && s.test == inside[1]);
  world_free(&w);
}

/* same_as: tags may be items, and persons users; edges of the others are counted, but compared with nothing.
 */
static void nodes_under_other_names_are_users_and_items(void **state) {
  (void)state;
  world w;
  kith_relation_stats s;
  int valid = 0, test = 0, pairs = 0, all = 0;
  double sum = 0;
  world_make(&w);
  snprintf(w.d.schema.type[w.d.schema.n_type++], KITH_NAME, "person");
  w.d.schema.base[2] = 1 + KITH_ITEM;
  w.d.schema.base[3] = 1 + KITH_USER;
  w.d.n[3] = PERSONS;
  table bought = random_table(USERS + PERSONS, ITEMS + TAGS, 50, 5), kg = random_ties(ITEMS + TAGS);
  world_relation(&w.d, "bought", 3, 2, &bought);
  world_relation(&w.d, "kg", 2, 2, &kg);
  for (int u = 0; u < USERS; u++)
    for (int i = 0; i < ITEMS; i++) {
      valid += w.valid.has[u][i] && bought.has[u][i];
      test += w.test.has[u][i] && bought.has[u][i];
    }
  assert_int_equal(kith_relation_measure(&w.d, 4, &s), KITH_OK);
  assert_true(s.valid == valid && s.test == test && valid > 5 && test > 5 && s.n_test > test);
  assert_true(s.compared == 0);
  for (int i = 0; i < ITEMS + TAGS; i++)
    for (int j = i + 1; j < ITEMS + TAGS; j++) {
      if (!kg.has[i][j] && !kg.has[j][i]) continue;
      all++;
      if (j >= ITEMS) continue;
      pairs++;
      sum += naive_jaccard(&w.train, i, j, true);
    }
  assert_int_equal(kith_relation_measure(&w.d, 5, &s), KITH_OK);
  assert_true(s.pairs == all && s.compared == pairs && pairs < all && s.n_valid == 0 && s.n_test == 0);
  assert_true(fabs(s.overlap - sum / pairs) < 1e-12);
  world_free(&w);
}

/* Two worlds of users, who are friends within their own and read its items alone. */
static void friends_who_read_alike_overlap_more_than_pairs_at_random(void **state) {
  (void)state;
  world w = {.train = {.n_row = USERS, .n_col = ITEMS}, .tie = {{.n_row = USERS, .n_col = USERS}}};
  kith_relation_stats s;
  for (int u = 0; u < USERS; u++) {
    for (int i = 0; i < ITEMS; i++) w.train.has[u][i] = i % 2 == u % 2;
    for (int v = 0; v < USERS; v++) w.tie[0].has[u][v] = v != u && v % 2 == u % 2;
  }
  w.d.schema = (kith_schema){.n_type = 2, .type = {"user", "item"}};
  w.d.n[KITH_USER] = USERS;
  w.d.n[KITH_ITEM] = ITEMS;
  w.d.train = rows_of(&w.train);
  world_relation(&w.d, "friend", KITH_USER, KITH_USER, &w.tie[0]);
  assert_int_equal(kith_relation_measure(&w.d, 0, &s), KITH_OK);
  assert_true(s.overlap == 1);
  assert_true(s.overlap_random > 0.3 && s.overlap_random < 0.7); /* half of the pairs are of one world */
  world_free(&w);
}

/* A ring of friends larger than the bound; every one reads the item of its number, so that none overlap. */
static void many_pairs_are_sampled_within_the_bound(void **state) {
  (void)state;
  enum { RING = 4 * KITH_HOMOPHILY_PAIRS };
  kith_dataset d = {.schema = {.n_type = 2, .n_relation = 1, .type = {"user", "item"}}};
  kith_relation_stats s[2];
  kith_ragged *l = &d.relation[0].edges;
  d.n[KITH_USER] = d.n[KITH_ITEM] = l->n_row = d.train.n_row = RING;
  assert_int_equal(KITH_NEW(l->start, RING + 1), KITH_OK);
  assert_int_equal(KITH_NEW(l->value, RING), KITH_OK);
  assert_int_equal(KITH_NEW(d.train.start, RING + 1), KITH_OK);
  assert_int_equal(KITH_NEW(d.train.value, RING), KITH_OK);
  for (int i = 0; i < RING; i++) {
    l->start[i + 1] = d.train.start[i + 1] = i + 1;
    l->value[i] = (i + 1) % RING;
    d.train.value[i] = i / 2; /* every second pair has the same item */
  }
  for (int k = 0; k < 2; k++) assert_int_equal(kith_relation_measure(&d, 0, &s[k]), KITH_OK);
  assert_true(s[0].pairs == RING && s[0].overlap == s[1].overlap && s[0].compared == s[1].compared);
  assert_true(fabs((double)s[0].compared / KITH_HOMOPHILY_PAIRS - 1) < 0.02);
  assert_true(fabs(s[0].overlap - 0.5) < 0.01 && s[0].overlap_random < 0.001);
  kith_ragged_free(l);
  kith_ragged_free(&d.train);
}

static void times_are_bounded(void **state) {
  (void)state;
  world w;
  kith_relation_stats s;
  world_make(&w);
  kith_relation_edges *e = &w.d.relation[2];
  int64_t n = e->edges.start[ITEMS], time[ITEMS * TAGS];
  for (int64_t k = 0; k < n; k++) time[k] = 50 + (k * 37) % 100;
  time[n / 2] = -4;
  time[n / 3] = 900;
  e->time = time;
  assert_int_equal(kith_relation_measure(&w.d, 2, &s), KITH_OK);
  assert_true(s.first_time == -4 && s.last_time == 900);
  world_free(&w);
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(ties_are_counted_and_compared_as_pairs),
      cmocka_unit_test(edges_that_one_end_reads_are_no_pairs),
      cmocka_unit_test(pairs_of_other_kinds_are_other_pairs),
      cmocka_unit_test(relations_of_two_types_have_degrees_at_both_ends),
      cmocka_unit_test(held_out_pairs_are_counted_whatever_the_direction),
      cmocka_unit_test(nodes_under_other_names_are_users_and_items),
      cmocka_unit_test(friends_who_read_alike_overlap_more_than_pairs_at_random),
      cmocka_unit_test(many_pairs_are_sampled_within_the_bound),
      cmocka_unit_test(times_are_bounded),
  };
  test_begin(&argc, &argv);
  return test_end(cmocka_run_group_tests(tests, NULL, NULL));
}
