/* ranks: 1 */
/* The split core: a naive peeling as oracle, the shares of its users, and what the report says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "graph/graph.h"
#include "ingest/lists.h"

enum { USERS = 120, ITEMS = 90, PAIRS = 1500, CORE = 8 };

/* Few items are frequent, and users are active to different degrees, so that peeling takes several rounds. */
static void draw_rows(kith__edge_csr *rows) {
  kith__edge_list pairs = {.has_time = true, .has_weight = true};
  int64_t duplicates;
  for (int i = 0; i < PAIRS; i++) {
    kith_draw r = kith_random(3, KITH_RNG_PROTOCOL, (uint64_t)i, 0, 0);
    double u = kith_random_unit(r.bits[0]), v = kith_random_unit(r.bits[1]);
    assert_int_equal(kith__edge_list_add(&pairs, (int32_t)(USERS * u * u), (int32_t)(ITEMS * v * v * v),
                                         i % 17, (float)(i % 5), 0),
                     KITH_OK);
  }
  assert_int_equal(kith__edge_csr_build(&pairs, USERS, rows, &duplicates), KITH_OK);
}

typedef struct matrix {
  char has[USERS][ITEMS];
} matrix;

static void add(const kith__edge_csr *rows, char as, matrix *m) {
  for (int u = 0; u < USERS && rows->ragged.start; u++)
    for (kith_eid e = rows->ragged.start[u]; e < rows->ragged.start[u + 1]; e++) {
      assert_int_equal(m->has[u][rows->ragged.value[e]], 0); /* none is in two lists */
      m->has[u][rows->ragged.value[e]] = as;
    }
}

static int count_user(const matrix *m, int u) {
  int n = 0;
  for (int i = 0; i < ITEMS; i++) n += m->has[u][i] != 0;
  return n;
}

static int count_item(const matrix *m, int i) {
  int n = 0;
  for (int u = 0; u < USERS; u++) n += m->has[u][i] != 0;
  return n;
}

/* Empty rows and columns with fewer than k until there are none. */
static int naive_core(int k, matrix *m) {
  int rounds = 0;
  for (bool changed = true; changed; rounds++) {
    matrix before = *m;
    for (int u = 0; u < USERS; u++)
      if (count_user(m, u) < k) memset(m->has[u], 0, ITEMS);
    for (int i = 0; i < ITEMS; i++)
      for (int u = 0, n = count_item(m, i); u < USERS && n < k; u++) m->has[u][i] = 0;
    changed = memcmp(&before, m, sizeof *m) != 0;
  }
  return rounds;
}

typedef struct lists {
  matrix whole, core, dealt; /* dealt: 't', 'v', 'h' for test, 'o' for outside */
  kith_split_report report;
} lists;

static void deal(kith_split s, bool keep_test, lists *l) {
  kith__edge_csr train, valid, test, outside;
  memset(l, 0, sizeof *l);
  draw_rows(&train);
  add(&train, 1, &l->whole);
  l->core = l->whole;
  naive_core(s.core, &l->core);
  assert_int_equal(kith__split(&s, keep_test, NULL, &train, &valid, &test, &outside, &l->report), KITH_OK);
  assert_non_null(outside.time);
  assert_non_null(outside.weight);
  add(&train, 't', &l->dealt);
  add(&valid, 'v', &l->dealt);
  add(&test, 'h', &l->dealt);
  add(&outside, 'o', &l->dealt);
  kith__edge_csr_free(&train);
  kith__edge_csr_free(&valid);
  kith__edge_csr_free(&test);
  kith__edge_csr_free(&outside);
}

static const kith_split fifth = {.method = KITH_SPLIT_CORE, .valid = 0.2, .core = CORE, .seed = 5};

static void pairs_outside_are_those_of_a_naive_peeling(void **state) {
  (void)state;
  static lists l;
  for (int k = 1; k <= CORE; k++) {
    kith_split s = fifth;
    s.core = k;
    deal(s, true, &l);
    for (int u = 0; u < USERS; u++)
      for (int i = 0; i < ITEMS; i++) {
        char is = l.dealt.has[u][i];
        assert_int_equal(is != 0, l.whole.has[u][i]); /* none is lost, none is new */
        assert_int_equal(is != 0 && is != 'o', l.core.has[u][i]);
      }
  }
  l.core = l.whole;
  assert_true(naive_core(CORE, &l.core) > 3); /* or the lists are too easy */
}

static int count_dealt(const lists *l, int u, char as) {
  int n = 0;
  for (int i = 0; i < ITEMS; i++) n += l->dealt.has[u][i] == as;
  return n;
}

static void users_of_the_core_have_their_rounded_shares_held_out(void **state) {
  (void)state;
  static lists l, both;
  kith_split s = fifth;
  deal(s, true, &l);
  s.test = 0.3;
  deal(s, true, &both);
  for (int u = 0; u < USERS; u++) {
    int n = count_user(&l.core, u);
    assert_true(n == 0 || n >= CORE);
    assert_int_equal(count_dealt(&l, u, 'v'), (int)(0.2 * n + 0.5));
    assert_int_equal(count_dealt(&l, u, 'h'), 0);
    assert_int_equal(count_dealt(&both, u, 'v'), (int)(0.2 * n + 0.5));
    assert_int_equal(count_dealt(&both, u, 'h'), (int)(0.3 * n + 0.5));
  }
  deal(s, false, &both); /* with a list of its own for testing, the test share is not read */
  assert_memory_equal(&both.dealt, &l.dealt, sizeof l.dealt);
}

static void the_share_follows_from_the_seed(void **state) {
  (void)state;
  static lists a, b;
  kith_split s = fifth;
  deal(s, true, &a);
  deal(s, true, &b);
  assert_memory_equal(&a.dealt, &b.dealt, sizeof a.dealt);
  s.seed++;
  deal(s, true, &b);
  assert_memory_not_equal(&a.dealt, &b.dealt, sizeof a.dealt);
}

static void the_report_counts_both_sides_of_the_cut(void **state) {
  (void)state;
  static lists l;
  deal(fifth, true, &l);
  const kith_split_report *r = &l.report;
  int64_t pairs[2] = {0}, users[2] = {0}, items[2] = {0};
  for (int u = 0; u < USERS; u++) {
    int all = count_user(&l.whole, u), n = count_user(&l.core, u);
    pairs[0] += n;
    pairs[1] += all - n;
    users[0] += n > 0;
    users[1] += n == 0 && all > 0;
  }
  for (int i = 0; i < ITEMS; i++) {
    items[0] += count_item(&l.core, i) > 0;
    items[1] += count_item(&l.core, i) == 0 && count_item(&l.whole, i) > 0;
  }
  assert_true(r->core_pairs == pairs[0] && r->outside_pairs == pairs[1]);
  assert_true(r->core_users == users[0] && r->outside_users == users[1]);
  assert_true(r->core_items == items[0] && r->outside_items == items[1]);
  assert_true(users[1] > 0 && items[1] > 0 && pairs[1] > 0);
}

static void an_empty_core_is_refused(void **state) {
  (void)state;
  kith__edge_csr train, valid, test, outside;
  kith_split_report report;
  kith_split s = fifth;
  draw_rows(&train);
  s.core = 60;
  assert_int_equal(kith__split(&s, true, NULL, &train, &valid, &test, &outside, &report), KITH_EDATA);
  assert_non_null(strstr(kith_error_text(), "data.split.core: 60: no users and items have 60 or more"));
  s.core = 0;
  assert_int_equal(kith__split(&s, true, NULL, &train, &valid, &test, &outside, &report), KITH_ECONFIG);
  kith__edge_csr_free(&train);
}

static void nothing_stays_alive(void **state) {
  (void)state;
  assert_int_equal(kith_alloc_live(), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(pairs_outside_are_those_of_a_naive_peeling),
                                     cmocka_unit_test(users_of_the_core_have_their_rounded_shares_held_out),
                                     cmocka_unit_test(the_share_follows_from_the_seed),
                                     cmocka_unit_test(the_report_counts_both_sides_of_the_cut),
                                     cmocka_unit_test(an_empty_core_is_refused),
                                     cmocka_unit_test(nothing_stays_alive)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
