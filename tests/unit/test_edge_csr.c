/* ranks: 1 */
/* Pairs become sorted rows without repeats, and splits take their shares out of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ingest/lists.h"

enum { USERS = 60, ITEMS = 70000, PAIRS = 20000 };

/* What a pair is known by: kept in reading order. */
typedef struct pair {
  int32_t user, item;
  int64_t time;
  float weight;
  int place;
  uint16_t kind;
} pair;

/* Few users with long rows, one with a single pair, some with none; about a third of the pairs are repeats.
 */
static void draw_pairs(pair *all) {
  for (int i = 0; i < PAIRS; i++) {
    kith_draw r = kith_random(7, KITH_RNG_PROTOCOL, (uint64_t)i, 0, 0);
    int64_t again = i > 0 && r.bits[0] % 3 == 0 ? (int64_t)kith_random_below(r.bits[1], (uint64_t)i) : -1;
    all[i] = (pair){.user = (int32_t)(r.bits[1] % 7 ? r.bits[1] % 5 : 8 + r.bits[1] % 40),
                    .item = (int32_t)(r.bits[2] % ITEMS)};
    if (again >= 0) all[i] = (pair){.user = all[again].user, .item = all[again].item};
    all[i].time = (int64_t)(r.bits[3] % 1000);
    all[i].weight = (float)(r.bits[3] % 97);
    all[i].place = i;
  }
  all[0] = (pair){.user = 59, .item = 3, .time = 5};
}

static int by_user_item_time_place(const void *a, const void *b) {
  const pair *p = a, *q = b;
  if (p->user != q->user) return p->user < q->user ? -1 : 1;
  if (p->item != q->item) return p->item < q->item ? -1 : 1;
  if (p->time != q->time) return p->time < q->time ? -1 : 1;
  return p->place - q->place;
}

static void fill(const pair *all, bool has_time, bool has_weight, kith__edge_list *pairs) {
  *pairs = (kith__edge_list){.has_time = has_time, .has_weight = has_weight};
  for (int i = 0; i < PAIRS; i++)
    assert_int_equal(kith__edge_list_add(pairs, all[i].user, all[i].item, all[i].time, all[i].weight, 0),
                     KITH_OK);
}

static void make_rows(bool has_time, bool has_weight, kith__edge_csr *rows, int64_t *duplicates) {
  pair *all = malloc(PAIRS * sizeof *all);
  kith__edge_list pairs;
  draw_pairs(all);
  fill(all, has_time, has_weight, &pairs);
  assert_int_equal(kith__edge_csr_build(&pairs, USERS, rows, duplicates), KITH_OK);
  assert_null(pairs.first);
  free(all);
}

static void rows_equal_a_plain_sort_with_the_earliest_time_kept(void **state) {
  (void)state;
  pair *all = malloc(PAIRS * sizeof *all);
  for (int timed = 0; timed < 2; timed++) {
    kith__edge_csr rows;
    int64_t duplicates, n = 0;
    kith_eid e = 0;
    draw_pairs(all);
    make_rows(timed, true, &rows, &duplicates);
    for (int i = 0; i < PAIRS; i++) all[i].time = timed ? all[i].time : 0;
    qsort(all, PAIRS, sizeof *all, by_user_item_time_place);
    for (int i = 0; i < PAIRS; i++) {
      if (i > 0 && all[i].user == all[i - 1].user && all[i].item == all[i - 1].item) continue;
      assert_true(e >= rows.ragged.start[all[i].user] && e < rows.ragged.start[all[i].user + 1]);
      assert_int_equal(rows.ragged.value[e], all[i].item);
      if (timed) assert_int_equal(rows.time[e], all[i].time);
      assert_true(rows.weight[e] == all[i].weight);
      e++, n++;
    }
    assert_int_equal(e, rows.ragged.start[USERS]);
    assert_int_equal(duplicates, PAIRS - n);
    kith__edge_csr_free(&rows);
  }
  free(all);
}

static int by_kind(const void *a, const void *b) {
  const pair *p = a, *q = b;
  if (p->user != q->user) return p->user < q->user ? -1 : 1;
  if (p->item != q->item) return p->item < q->item ? -1 : 1;
  if (p->kind != q->kind) return p->kind < q->kind ? -1 : 1;
  return p->place - q->place;
}

/* Few items, so that most edges are parallel; kinds are wide, so that all of their bits decide. */
static void edges_of_other_kinds_stay_apart_and_ascend(void **state) {
  (void)state;
  pair *all = malloc(PAIRS * sizeof *all);
  kith__edge_list pairs = {.has_kind = true, .has_weight = true};
  kith__edge_csr rows;
  int64_t duplicates, n = 0;
  draw_pairs(all);
  for (int i = 0; i < PAIRS; i++) {
    kith_draw x = kith_random(8, KITH_RNG_PROTOCOL, (uint64_t)i, 0, 0);
    all[i].item = (int32_t)(x.bits[0] % 9);
    all[i].kind = (uint16_t)(x.bits[1] % 3 ? x.bits[2] % 4 * 16383 : x.bits[2] % UINT16_MAX);
    all[i].place = i;
    assert_int_equal(kith__edge_list_add(&pairs, all[i].user, all[i].item, 0, (float)i, all[i].kind),
                     KITH_OK);
  }
  assert_int_equal(kith__edge_csr_build(&pairs, USERS, &rows, &duplicates), KITH_OK);
  qsort(all, PAIRS, sizeof *all, by_kind);
  for (int i = 0; i < PAIRS; i++) {
    const pair *last = i > 0 ? &all[i - 1] : NULL;
    if (last && last->user == all[i].user && last->item == all[i].item && last->kind == all[i].kind) continue;
    assert_true(n >= rows.ragged.start[all[i].user] && n < rows.ragged.start[all[i].user + 1]);
    assert_true(rows.ragged.value[n] == all[i].item && rows.kind[n] == all[i].kind);
    assert_true(rows.weight[n] == (float)all[i].place);
    assert_true(kith_ragged_has_kind(&rows.ragged, rows.kind, all[i].user, all[i].item, all[i].kind));
    n++;
  }
  assert_true(n == rows.ragged.start[USERS] && duplicates == PAIRS - n && duplicates > 100);
  assert_false(kith_ragged_has_kind(&rows.ragged, rows.kind, 0, 3, 11111));
  assert_true(kith_ragged_has_kind(&rows.ragged, NULL, 0, 3, 11111));
  assert_false(kith_ragged_has_kind(&rows.ragged, NULL, 0, 9, 0));
  kith__edge_csr_free(&rows);
  free(all);
}

static void keys_are_sorted_whatever_their_number_and_width(void **state) {
  (void)state;
  static uint64_t key[5000], other[5000];
  for (int n = 0; n <= 5000; n = n < 40 ? n + 1 : n * 5)
    for (int bits = 1; bits <= 32; bits += 5) {
      uint64_t sum = 0;
      for (int i = 0; i < n; i++)
        sum += key[i] = (kith_random(1, KITH_RNG_SPLIT, (uint64_t)i, (uint64_t)n, 0).bits[0] >> (64 - bits))
                            << 32 |
                        (uint64_t)i;
      kith__radix_sort(n, bits, key, other);
      for (int i = 0; i < n; i++) {
        sum -= key[i];
        if (i > 0) assert_true(key[i - 1] < key[i]);
      }
      assert_true(sum == 0);
    }
}

/* ---- splits ---- */

typedef struct parts {
  kith__edge_csr train, valid, test;
  kith_split_report report;
} parts;

static kith__edge_csr none; /* outside of the core, where a split cuts none */

static parts split_into(kith_split_method method, double valid, double test, uint64_t seed) {
  parts p;
  int64_t duplicates;
  kith_split s = {.method = method, .valid = valid, .test = test, .seed = seed};
  make_rows(true, true, &p.train, &duplicates);
  assert_int_equal(kith__split(&s, true, NULL, &p.train, &p.valid, &p.test, &none, &p.report), KITH_OK);
  return p;
}

static void parts_free(parts *p) {
  kith__edge_csr_free(&p->train);
  kith__edge_csr_free(&p->valid);
  kith__edge_csr_free(&p->test);
}

static int64_t size_of(const kith__edge_csr *rows) { return rows->ragged.start[USERS]; }
static bool same_lists(const kith__edge_csr *a, const kith__edge_csr *b) {
  return size_of(a) == size_of(b) && memcmp(a->ragged.value, b->ragged.value, (size_t)size_of(a) * 4) == 0 &&
         memcmp(a->ragged.start, b->ragged.start, (USERS + 1) * sizeof *a->ragged.start) == 0;
}

/* Whether user u's list in a part goes on with `item` at place `at`. */
static bool next_is(const kith__edge_csr *part, int64_t u, kith_eid at, int32_t item) {
  return at < part->ragged.start[u + 1] && part->ragged.value[at] == item;
}

/* Each entry of the unsplit rows is in exactly one part, with its time and weight. */
static void assert_parts_are_the_whole(parts *p) {
  kith__edge_csr whole;
  int64_t duplicates;
  const kith__edge_csr *part[] = {&p->train, &p->valid, &p->test};
  make_rows(true, true, &whole, &duplicates);
  assert_int_equal(size_of(&p->train) + size_of(&p->valid) + size_of(&p->test), size_of(&whole));
  for (int64_t u = 0; u < USERS; u++) {
    kith_eid at[3] = {part[0]->ragged.start[u], part[1]->ragged.start[u], part[2]->ragged.start[u]};
    for (kith_eid e = whole.ragged.start[u]; e < whole.ragged.start[u + 1]; e++) {
      int in = 0;
      while (in < 2 && !next_is(part[in], u, at[in], whole.ragged.value[e])) in++;
      assert_true(next_is(part[in], u, at[in], whole.ragged.value[e]));
      assert_int_equal(part[in]->time[at[in]], whole.time[e]);
      assert_true(part[in]->weight[at[in]] == whole.weight[e]);
      at[in]++;
    }
    for (int k = 0; k < 3; k++) assert_int_equal(at[k], part[k]->ragged.start[u + 1]);
  }
  kith__edge_csr_free(&whole);
}

static void every_split_deals_each_interaction_to_one_list(void **state) {
  (void)state;
  for (int m = KITH_SPLIT_NONE; m <= KITH_SPLIT_TIME; m++) {
    parts p = split_into((kith_split_method)m, 0.1, 0.2, 1);
    assert_parts_are_the_whole(&p);
    parts_free(&p);
  }
}

static void a_ratio_split_gives_each_user_his_shares_and_leaves_him_one(void **state) {
  (void)state;
  parts p = split_into(KITH_SPLIT_RATIO, 0.1, 0.2, 1), greedy = split_into(KITH_SPLIT_RATIO, 0.02, 0.97, 1);
  for (int64_t u = 0; u < USERS; u++) {
    double n[3], all;
    const kith__edge_csr *part[] = {&p.train, &p.valid, &p.test};
    for (int k = 0; k < 3; k++) n[k] = (double)(part[k]->ragged.start[u + 1] - part[k]->ragged.start[u]);
    all = n[0] + n[1] + n[2];
    if (all == 0) continue;
    assert_true(n[0] >= 1);
    assert_true(n[1] >= 0.1 * all - 1 && n[1] <= 0.1 * all + 1);
    assert_true(n[2] >= 0.2 * all - 1 && n[2] <= 0.2 * all + 1);
    assert_true(greedy.train.ragged.start[u + 1] > greedy.train.ragged.start[u]);
  }
  parts_free(&p);
  parts_free(&greedy);
}

static uint64_t item_draw(int32_t i) {
  return kith_random(3, KITH_RNG_SPLIT, (uint64_t)i, UINT64_MAX, 2).bits[0] >> 32;
}
static int by_draw(const void *a, const void *b) {
  uint64_t x = item_draw(*(const int32_t *)a), y = item_draw(*(const int32_t *)b);
  return x != y ? (x < y ? -1 : 1)
                : (*(const int32_t *)a > *(const int32_t *)b) - (*(const int32_t *)a < *(const int32_t *)b);
}

/* Naively: which list each item is dealt to. */
static void deal_items(double valid, double test, char *to) {
  static int32_t item[PAIRS];
  int n = 0;
  kith__edge_csr whole;
  int64_t duplicates;
  make_rows(true, true, &whole, &duplicates);
  memset(to, 'n', ITEMS);
  for (int64_t e = 0; e < size_of(&whole); e++) {
    int32_t i = whole.ragged.value[e];
    if (to[i] == 'n') item[n++] = i;
    to[i] = 't';
  }
  qsort(item, (size_t)n, sizeof *item, by_draw);
  int n_test = (int)(test * n + 0.5), n_valid = (int)(valid * n + 0.5);
  for (int k = 0; k < n_test + n_valid; k++) to[item[k]] = k < n_test ? 'h' : 'v';
  kith__edge_csr_free(&whole);
}

static void an_items_split_deals_all_interactions_of_an_item_to_one_list(void **state) {
  (void)state;
  parts p = split_into(KITH_SPLIT_ITEMS, 0.1, 0.2, 3);
  const kith__edge_csr *part[] = {&p.train, &p.valid, &p.test};
  static char to[ITEMS];
  deal_items(0.1, 0.2, to);
  assert_parts_are_the_whole(&p);
  for (int k = 0; k < 3; k++) {
    assert_true(size_of(part[k]) > 0);
    for (int64_t e = 0; e < size_of(part[k]); e++) assert_int_equal(to[part[k]->ragged.value[e]], "tvh"[k]);
  }
  parts_free(&p);
  p = split_into(KITH_SPLIT_ITEMS, 0.49999, 0.5, 3);
  assert_true(size_of(&p.train) > 0); /* of one item */
  parts_free(&p);
}

static void a_ratio_split_follows_from_its_seed(void **state) {
  (void)state;
  parts a = split_into(KITH_SPLIT_RATIO, 0.1, 0.2, 1), b = split_into(KITH_SPLIT_RATIO, 0.1, 0.2, 1),
        c = split_into(KITH_SPLIT_RATIO, 0.1, 0.2, 2);
  assert_true(same_lists(&a.test, &b.test) && same_lists(&a.valid, &b.valid));
  assert_false(same_lists(&a.test, &c.test));
  bool same_sizes = memcmp(a.test.ragged.start, c.test.ragged.start, (USERS + 1) * sizeof(kith_eid)) == 0;
  assert_false(same_sizes); /* shares are rounded by draws, too */
  parts_free(&a);
  parts_free(&b);
  parts_free(&c);
}

/* The least and the greatest random number of a user's interactions in a part, keyed by user and item. */
static void draw_bounds(const kith__edge_csr *part, int64_t u, uint64_t *least, uint64_t *most) {
  *least = UINT32_MAX;
  *most = 0;
  for (kith_eid e = part->ragged.start[u]; e < part->ragged.start[u + 1]; e++) {
    uint64_t item = (uint64_t)part->ragged.value[e],
             draw = kith_random(1, KITH_RNG_SPLIT, (uint64_t)u, item, 0).bits[0] >> 32;
    if (draw < *least) *least = draw;
    if (draw > *most) *most = draw;
  }
}

/* So that an interaction's fate does not depend on what else is in the list. */
static void a_ratio_split_draws_by_user_and_item(void **state) {
  (void)state;
  parts p = split_into(KITH_SPLIT_RATIO, 0.1, 0.2, 1);
  for (int64_t u = 0; u < USERS; u++) {
    uint64_t least[3], most[3];
    const kith__edge_csr *part[] = {&p.test, &p.valid, &p.train};
    for (int k = 0; k < 3; k++) draw_bounds(part[k], u, &least[k], &most[k]);
    assert_true(most[0] <= least[1] && most[0] <= least[2] && most[1] <= least[2]);
  }
  parts_free(&p);
}

static void leave_last_out_takes_the_two_latest_of_each_user(void **state) {
  (void)state;
  parts p = split_into(KITH_SPLIT_LEAVE_LAST_OUT, 0.1, 0.1, 1);
  for (int64_t u = 0; u < USERS; u++) {
    int64_t n = p.train.ragged.start[u + 1] - p.train.ragged.start[u];
    int64_t valid = p.valid.ragged.start[u + 1] - p.valid.ragged.start[u],
            test = p.test.ragged.start[u + 1] - p.test.ragged.start[u];
    assert_int_equal(test, n + valid + test >= 2);
    assert_int_equal(valid, n + valid + test >= 3);
    if (valid) assert_true(p.valid.time[p.valid.ragged.start[u]] <= p.test.time[p.test.ragged.start[u]]);
    for (kith_eid e = p.train.ragged.start[u]; e < p.train.ragged.start[u + 1] && valid; e++)
      assert_true(p.train.time[e] <= p.valid.time[p.valid.ragged.start[u]]);
  }
  parts_free(&p);
}

/* Rows of one user with these times. */
static void timed_rows(int n, const int64_t *time, kith__edge_csr *rows) {
  kith__edge_list pairs = {.has_time = time != NULL};
  int64_t duplicates;
  for (int i = 0; i < n; i++)
    assert_int_equal(kith__edge_list_add(&pairs, 0, i, time ? time[i] : 0, 0, 0), KITH_OK);
  assert_int_equal(kith__edge_csr_build(&pairs, 1, rows, &duplicates), KITH_OK);
}

enum { TIED = 4000 };

/* Users with five interactions each: one early, four at the same time.  Which of them is held out, by their
 * places 1 … 4. */
static void split_tied(uint64_t seed, const kith_ids *ids, kith_split_report *r, int *test, int *valid) {
  kith__edge_csr train, held[2];
  kith__edge_list pairs = {.has_time = true};
  kith_split s = {.method = KITH_SPLIT_LEAVE_LAST_OUT, .valid = 0.1, .test = 0.1, .seed = seed};
  int64_t duplicates;
  for (int u = 0; u < TIED; u++)
    for (int i = 0; i < 5; i++) assert_int_equal(kith__edge_list_add(&pairs, u, i, i > 0, 0, 0), KITH_OK);
  assert_int_equal(kith__edge_csr_build(&pairs, TIED, &train, &duplicates), KITH_OK);
  assert_int_equal(kith__split(&s, true, ids, &train, &held[1], &held[0], &none, r), KITH_OK);
  for (int u = 0; u < TIED; u++)
    for (int k = 0; k < 2; k++) {
      assert_int_equal(held[k].ragged.start[u + 1], u + 1);
      (k == 0 ? test : valid)[u] = held[k].ragged.value[u];
    }
  kith__edge_csr_free(&train);
  kith__edge_csr_free(&held[0]);
  kith__edge_csr_free(&held[1]);
}

/* Every ordered pair of two of the four is as likely as any other; bounds of five standard deviations. */
static void ties_of_time_are_drawn_alike(void **state) {
  (void)state;
  static int test[3][TIED], valid[3][TIED];
  kith_split_report r;
  int count[5][5] = {{0}}, same = 0;
  for (int run = 0; run < 3; run++) split_tied(run < 2 ? 1 : 2, NULL, &r, test[run], valid[run]);
  assert_memory_equal(test[0], test[1], sizeof test[0]);
  assert_memory_equal(valid[0], valid[1], sizeof valid[0]);
  for (int u = 0; u < TIED; u++) {
    count[test[0][u]][valid[0][u]]++;
    same += test[0][u] == test[2][u];
  }
  for (int a = 1; a <= 4; a++)
    for (int b = 1; b <= 4; b++) {
      double p = 1 / 12.0, off = count[a][b] - TIED * p;
      assert_true(a == b ? count[a][b] == 0 : off * off < 25 * TIED * p * (1 - p));
    }
  double off = same - TIED / 4.0; /* another seed draws anew */
  assert_true(off * off < 25 * TIED * 0.25 * 0.75);
  assert_true(r.users == TIED && r.tied == TIED && r.tied_before == TIED && r.kept == 0);
}

/* Two of the same time are a tie of the first to be held out, and none of the second. */
static void ties_are_counted_where_they_decide(void **state) {
  (void)state;
  const int64_t time[][4] = {{1, 5, 5, 2}, {1, 5, 6, 5}, {1, 2, 3, 4}};
  const int64_t tied[3][2] = {{1, 0}, {0, 1}, {0, 0}};
  for (int i = 0; i < 3; i++) {
    kith__edge_csr train, valid, test;
    kith_split_report r;
    kith_split s = {.method = KITH_SPLIT_LEAVE_LAST_OUT, .test = 0.1, .valid = 0.1, .seed = 1};
    timed_rows(4, time[i], &train);
    assert_int_equal(kith__split(&s, true, NULL, &train, &valid, &test, &none, &r), KITH_OK);
    assert_true(r.users == 1 && r.tied == tied[i][0] && r.tied_before == tied[i][1]);
    kith__edge_csr_free(&train);
    kith__edge_csr_free(&valid);
    kith__edge_csr_free(&test);
  }
}

/* The same ids in another order are drawn as they were: user u of one is user TIED - 1 - u of the other. */
static void draws_among_ties_belong_to_ids(void **state) {
  (void)state;
  static int test[2][TIED], valid[2][TIED];
  static char text[TIED][8];
  static int64_t number[TIED];
  kith_split_report r;
  for (int words = 0; words < 2; words++) {
    for (int back = 0; back < 2; back++) {
      for (int u = 0; u < TIED; u++) {
        number[u] = 7 + (back ? TIED - 1 - u : u);
        memset(text[u], 0, sizeof text[u]);
        snprintf(text[u], sizeof text[u], "u%d", (int)number[u]);
      }
      int64_t items[] = {50, 51, 52, 53, 54};
      const kith_ids ids[KITH_SIDES] = {
          {.n = TIED, .number = words ? NULL : number, .text = words ? text[0] : NULL, .width = 8},
          {.n = 5, .number = items}};
      split_tied(1, ids, &r, test[back], valid[back]);
    }
    int alike = 0;
    for (int u = 0; u < TIED; u++) {
      assert_true(test[0][u] == test[1][TIED - 1 - u] && valid[0][u] == valid[1][TIED - 1 - u]);
      alike += test[0][u] == test[0][0];
    }
    assert_true(alike < TIED / 2); /* each user's ids count, to their last letter */
  }
}

static void a_time_split_cuts_all_at_two_moments(void **state) {
  (void)state;
  parts p = split_into(KITH_SPLIT_TIME, 0.1, 0.2, 1);
  int64_t train = INT64_MIN, valid[2] = {INT64_MAX, INT64_MIN}, test = INT64_MAX,
          n = size_of(&p.train) + size_of(&p.valid) + size_of(&p.test);
  for (kith_eid e = 0; e < size_of(&p.train); e++) train = p.train.time[e] > train ? p.train.time[e] : train;
  for (kith_eid e = 0; e < size_of(&p.valid); e++) {
    valid[0] = p.valid.time[e] < valid[0] ? p.valid.time[e] : valid[0];
    valid[1] = p.valid.time[e] > valid[1] ? p.valid.time[e] : valid[1];
  }
  for (kith_eid e = 0; e < size_of(&p.test); e++) test = p.test.time[e] < test ? p.test.time[e] : test;
  assert_true(train < valid[0] && valid[1] < test);
  /* A thousand moments: the share falls short by less than one of them. */
  assert_true((double)size_of(&p.test) <= 0.2 * (double)n + 0.5 &&
              (double)size_of(&p.test) > 0.195 * (double)n);
  assert_true((double)size_of(&p.valid) > 0.095 * (double)n && (double)size_of(&p.valid) < 0.105 * (double)n);
  parts_free(&p);
}

static void a_time_split_finds_its_moment_in_any_range(void **state) {
  (void)state;
  const int64_t far = (INT64_C(1) << 62) - 1;
  const int64_t time[][10] = {{0, 1, 2, 3, 4, 5, 6, 7, 8, 9},
                              {-far, -1, 0, 1, 2, 3, 4, 5, 6, far},
                              {5, 5, 5, 5, 5, 5, 5, 5, 6, 6},
                              {9, 8, 7, 6, 5, 4, 3, 2, 1, 0},
                              {1000000000000, 0, 0, 0, 0, 0, 0, 0, 0, 1000000000001}};
  for (int i = 0; i < 5; i++) {
    kith__edge_csr train, valid, test;
    kith_split_report report;
    kith_split s = {.method = KITH_SPLIT_TIME, .test = 0.2};
    timed_rows(10, time[i], &train);
    assert_int_equal(kith__split(&s, true, NULL, &train, &valid, &test, &none, &report), KITH_OK);
    assert_int_equal(test.ragged.start[1], 2);
    for (int k = 0; k < 2; k++)
      for (int e = 0; e < 8; e++) assert_true(train.time[e] < test.time[k]);
    kith__edge_csr_free(&train);
    kith__edge_csr_free(&valid);
    kith__edge_csr_free(&test);
  }
}

/* The last ten times, of which three are 5: what a share would take and the cut leaves is counted. */
static void what_a_time_split_keeps_together_is_counted(void **state) {
  (void)state;
  const int64_t time[] = {0, 1, 2, 3, 4, 5, 5, 5, 9, 9};
  const struct {
    double valid, test;
    int64_t n_valid, n_test, kept_test, kept;
  } given[] = {{0, 0.3, 0, 2, 1, 1}, {0.2, 0.3, 3, 2, 1, 0}, {0.1, 0.2, 0, 2, 0, 1}, {0, 0.5, 0, 5, 0, 0}};
  for (size_t i = 0; i < sizeof given / sizeof *given; i++) {
    kith__edge_csr train, valid, test;
    kith_split_report r;
    kith_split s = {.method = KITH_SPLIT_TIME, .valid = given[i].valid, .test = given[i].test};
    timed_rows(10, time, &train);
    kith_status st = kith__split(&s, true, NULL, &train, &valid, &test, &none, &r);
    assert_int_equal(st, i == 2 ? KITH_EDATA : KITH_OK); /* nothing is left for validation */
    assert_true(r.kept_test == given[i].kept_test && r.kept == given[i].kept && r.users == 0 && r.tied == 0);
    if (st == KITH_OK)
      assert_true(test.ragged.start[1] == given[i].n_test && valid.ragged.start[1] == given[i].n_valid);
    kith__edge_csr_free(&train);
    kith__edge_csr_free(&valid);
    kith__edge_csr_free(&test);
  }
}

static void assert_split_refused(const int64_t *time, kith_split s, kith_status code, const char *expected) {
  kith__edge_csr train, valid, test;
  kith_split_report report;
  timed_rows(4, time, &train);
  assert_int_equal(kith__split(&s, true, NULL, &train, &valid, &test, &none, &report), code);
  assert_non_null(strstr(kith_error_text(), expected));
  assert_null(valid.ragged.start);
  assert_null(test.ragged.start);
  kith__edge_csr_free(&train);
}

static void impossible_splits_are_refused(void **state) {
  (void)state;
  const int64_t same[] = {5, 5, 5, 5};
  assert_split_refused(NULL, (kith_split){.method = KITH_SPLIT_TIME, .test = 0.5}, KITH_ECONFIG,
                       "needs times");
  assert_split_refused(NULL, (kith_split){.method = KITH_SPLIT_LEAVE_LAST_OUT, .test = 0.5}, KITH_ECONFIG,
                       "needs times");
  assert_split_refused(same, (kith_split){.method = KITH_SPLIT_TIME, .test = 0.5}, KITH_EDATA,
                       "held out for test");
  assert_split_refused(same, (kith_split){.method = KITH_SPLIT_RATIO, .test = 0.5, .valid = 0.5},
                       KITH_ECONFIG, "shares");
  assert_split_refused(same, (kith_split){.method = KITH_SPLIT_RATIO, .test = -0.5}, KITH_ECONFIG, "shares");
}

static void nothing_stays_alive(void **state) {
  (void)state;
  assert_int_equal(kith_alloc_live(), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(rows_equal_a_plain_sort_with_the_earliest_time_kept),
      cmocka_unit_test(edges_of_other_kinds_stay_apart_and_ascend),
      cmocka_unit_test(keys_are_sorted_whatever_their_number_and_width),
      cmocka_unit_test(every_split_deals_each_interaction_to_one_list),
      cmocka_unit_test(a_ratio_split_gives_each_user_his_shares_and_leaves_him_one),
      cmocka_unit_test(an_items_split_deals_all_interactions_of_an_item_to_one_list),
      cmocka_unit_test(a_ratio_split_follows_from_its_seed),
      cmocka_unit_test(a_ratio_split_draws_by_user_and_item),
      cmocka_unit_test(leave_last_out_takes_the_two_latest_of_each_user),
      cmocka_unit_test(ties_of_time_are_drawn_alike),
      cmocka_unit_test(ties_are_counted_where_they_decide),
      cmocka_unit_test(draws_among_ties_belong_to_ids),
      cmocka_unit_test(what_a_time_split_keeps_together_is_counted),
      cmocka_unit_test(a_time_split_cuts_all_at_two_moments),
      cmocka_unit_test(a_time_split_finds_its_moment_in_any_range),
      cmocka_unit_test(impossible_splits_are_refused),
      cmocka_unit_test(nothing_stays_alive),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
