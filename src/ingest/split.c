/*
 * Choose the interactions that are held out.  Random numbers are keyed by (user, item), so the choice for an
 * interaction does not depend on the rest of the list.
 */
#include "base/order.h"
#include "graph/drift.h"
#include "ingest/split.h"

static const uint64_t split_rounding =
    UINT64_MAX; /* instead of an item: key of the random rounding of a user's share */

/* ---- ratio: shares of each user ---- */

/* share * n, with random rounding, so that the mean over users is unbiased. */
static int64_t split_round(double share, int64_t n, uint64_t bits) {
  return (int64_t)(share * (double)n + kith_random_unit(bits));
}

/* Number of a user's n interactions that are held out; at least one stays in training.  Shares of the core
 * are rounded to the nearest number. */
static void split_sizes(const kith_split *s, int64_t user, int64_t n, int64_t *valid, int64_t *test) {
  kith_draw draw = kith_random(s->seed, KITH_RNG_SPLIT, (uint64_t)user, split_rounding, 0);
  bool core = s->method == KITH_SPLIT_CORE;
  *test = core ? (int64_t)(s->test * (double)n + 0.5) : split_round(s->test, n, draw.bits[0]);
  *valid = core ? (int64_t)(s->valid * (double)n + 0.5) : split_round(s->valid, n, draw.bits[1]);
  if (*test > n - 1) *test = n > 0 ? n - 1 : 0;
  if (*valid > n - 1 - *test) *valid = n > 0 ? n - 1 - *test : 0;
}

/* The k-th smallest key, k = 0 … n - 1: a histogram of the upper byte leaves few keys to sort. */
static uint64_t split_kth(int64_t n, const uint64_t *key, int64_t k, uint64_t *few) {
  int64_t count[256] = {0}, n_few = 0;
  uint64_t byte = 0;
  for (int64_t i = 0; i < n; i++) count[key[i] >> 56]++;
  for (; k >= count[byte]; byte++) k -= count[byte];
  for (int64_t i = 0; i < n; i++)
    if (key[i] >> 56 == byte) few[n_few++] = key[i];
  kith__radix_sort(n_few, 24, few, few + n_few);
  return few[k];
}

/* Of the entries that no mark takes out of training, the smallest random numbers are test, the next ones
 * validation.  Keys (random, index) are distinct. */
static void split_ratio_row(const kith_split *s, const kith_ragged *l, int64_t row, int64_t user,
                            uint64_t *key, uint64_t *few, uint8_t *mark) {
  kith_eid begin = l->start[row];
  int64_t n = 0, valid, test;
  for (int64_t k = 0; k < l->start[row + 1] - begin; k++) {
    if (mark[begin + k] != KITH__TRAIN) continue;
    kith_draw draw = kith_random(s->seed, KITH_RNG_SPLIT, (uint64_t)user, (uint64_t)l->value[begin + k], 0);
    key[n++] = (draw.bits[0] & ~(uint64_t)UINT32_MAX) | (uint64_t)k;
  }
  split_sizes(s, user, n, &valid, &test);
  if (valid + test == 0) return;
  uint64_t test_end = split_kth(n, key, test, few), valid_end = split_kth(n, key, test + valid, few);
  for (int64_t k = 0; k < n; k++)
    if (key[k] < valid_end) mark[begin + (uint32_t)key[k]] = key[k] < test_end ? KITH__TEST : KITH__VALID;
}

static kith_status split_ratio(const kith_split *s, const kith_ragged *l, int64_t first, uint8_t *mark) {
  kith_status st = KITH_OK;
  uint64_t *key = NULL, *few = NULL;
  const int64_t most = kith_longest_row(l->n_row, l->start);
  KITH_TRY(KITH_NEW(key, most));
  KITH_TRY(KITH_NEW(few, 2 * most));
  for (int64_t u = 0; u < l->n_row; u++) split_ratio_row(s, l, u, first + u, key, few, mark);
done:
  KITH_FREE(key);
  KITH_FREE(few);
  return st;
}

/* ---- leave-last-out ---- */

typedef struct last_out {
  const kith_split *split;
  const kith__split_share *share;
  const kith__edge_csr *rows;
  uint8_t *mark;
} last_out;

/* Key of the random numbers: the node's id, which does not depend on the order of lines. */
static uint64_t last_key(const last_out *l, int type, int64_t i) {
  const kith_ids *ids = l->share->ids ? &l->share->ids[type] : NULL;
  if (!ids) return (uint64_t)(i + (type == KITH_USER ? l->share->first : 0));
  if (ids->number) return (uint64_t)ids->number[i];
  uint64_t key = 0xcbf29ce484222325u; /* FNV-1a */
  const char *cell = ids->text + i * ids->width;
  for (int k = 0; k < ids->width && cell[k]; k++) key = (key ^ (unsigned char)cell[k]) * 0x100000001b3u;
  return key;
}

/* Counter (user, item, 1); ratio splits use (user, item, 0). */
static uint64_t last_draw(const last_out *l, int64_t user, kith_eid e) {
  return kith_random(l->split->seed, KITH_RNG_SPLIT, last_key(l, KITH_USER, user),
                     last_key(l, KITH_ITEM, l->rows->ragged.value[e]), 1)
      .bits[0];
}

/* Mark the latest unmarked interaction, unless it is the only one; ties: the one with the largest random
 * number. */
static void last_mark(const last_out *l, int64_t user, uint8_t as, int64_t *marked, int64_t *tied) {
  const int64_t *time = l->rows->time;
  kith_eid last = -1;
  int64_t left = 0, equal = 0;
  uint64_t most = 0;
  for (kith_eid e = l->rows->ragged.start[user]; e < l->rows->ragged.start[user + 1]; e++) {
    if (l->mark[e] != KITH__TRAIN) continue;
    left++;
    if (last < 0 || time[e] > time[last]) {
      last = e;
      equal = 1;
    } else if (time[e] == time[last]) {
      if (equal++ == 1) most = last_draw(l, user, last);
      uint64_t draw = last_draw(l, user, e);
      if (draw > most) last = e;
      if (draw > most) most = draw;
    }
  }
  if (left < 2) return;
  l->mark[last] = as;
  ++*marked;
  *tied += equal > 1;
}

static void split_last(const kith__split_share *share, const kith_split *s, const kith__edge_csr *rows,
                       uint8_t *mark, /* NOLINT(readability-non-const-parameter): last_mark() writes it */
                       kith_split_report *r) {
  const last_out l = {.split = s, .share = share, .rows = rows, .mark = mark};
  bool test = s->test > 0, valid = s->valid > 0;
  int64_t before = 0;
  for (int64_t u = 0; u < rows->ragged.n_row; u++) {
    if (test) last_mark(&l, u, KITH__TEST, &r->users, &r->tied);
    if (valid) last_mark(&l, u, KITH__VALID, test ? &before : &r->users, test ? &r->tied_before : &r->tied);
  }
  if (!share->comm) return;
  int64_t n[] = {r->users, r->tied, r->tied_before};
  kith_comm_sum_int(share->comm, 3, n);
  r->users = n[0];
  r->tied = n[1];
  r->tied_before = n[2];
}

/* ---- time: the latest of all ---- */

static int64_t time_held(double share, int64_t n) { return (int64_t)(share * (double)n + 0.5); }

int64_t kith__time_cut(const kith_comm *comm, int64_t all, int64_t n, const int64_t *time, double share) {
  int64_t held = time_held(share, all);
  if (held == 0) return INT64_MAX;
  int64_t cut = kith_nth_time(comm, n, time, all - held), before = 0;
  for (int64_t i = 0; i < n; i++) before += time[i] < cut;
  if (comm) kith_comm_sum_int(comm, 1, &before);
  return before == all - held ? cut : cut + 1;
}

/* Later interactions than those of the slice were not read. */
static void split_slice(const kith_split *s, const kith__edge_csr *rows, uint8_t *mark) {
  for (int64_t e = 0; e < rows->ragged.start[rows->ragged.n_row]; e++)
    if (rows->time[e] >= s->from) mark[e] = KITH__TEST;
}

static void split_time(const kith_comm *comm, const kith_split *s, const kith__edge_csr *rows, uint8_t *mark,
                       kith_split_report *r) {
  const int64_t n = rows->ragged.start[rows->ragged.n_row];
  int64_t all = n, held[2] = {0, 0}; /* for test, and for either */
  if (comm) kith_comm_sum_int(comm, 1, &all);
  if (all == 0) return;
  int64_t test = kith__time_cut(comm, all, n, rows->time, s->test);
  int64_t valid = s->valid > 0 ? kith__time_cut(comm, all, n, rows->time, s->test + s->valid) : test;
  for (int64_t e = 0; e < n; e++) {
    if (rows->time[e] < valid) continue;
    mark[e] = rows->time[e] >= test ? KITH__TEST : KITH__VALID;
    held[0] += mark[e] == KITH__TEST;
    held[1]++;
  }
  if (comm) kith_comm_sum_int(comm, 2, held);
  r->kept_test = time_held(s->test, all);
  r->kept = s->valid > 0 ? time_held(s->test + s->valid, all) : r->kept_test;
  r->kept_test -= held[0];
  r->kept -= held[1];
}

/* ---- items: all interactions of some items ---- */

/* Key of each item with an interaction, distinct; their number.  key [items], chosen [items] */
static int64_t items_keys(const kith__split_share *share, const kith_split *s, const kith__edge_csr *rows,
                          int64_t n_item, uint64_t *key, uint8_t *chosen) {
  const last_out l = {.split = s, .share = share};
  int64_t n = 0;
  for (kith_eid e = 0; e < rows->ragged.start[rows->ragged.n_row]; e++) chosen[rows->ragged.value[e]] = 1;
  if (share->comm) kith_comm_reduce(share->comm, n_item, MPI_UINT8_T, MPI_MAX, chosen);
  for (int64_t i = 0; i < n_item; i++) {
    if (!chosen[i]) continue;
    kith_draw draw = kith_random(s->seed, KITH_RNG_SPLIT, last_key(&l, KITH_ITEM, i), split_rounding, 2);
    key[n++] = (draw.bits[0] & ~(uint64_t)UINT32_MAX) | (uint64_t)i;
  }
  return n;
}

/* The items with the smallest keys are test, the next ones validation; at least one stays in training. */
static void items_mark(const kith_split *s, const kith__edge_csr *rows, int64_t n, const uint64_t *key,
                       uint64_t *few, uint8_t *as, uint8_t *mark) {
  int64_t test = kith_min((int64_t)(s->test * (double)n + 0.5), n - 1);
  int64_t valid = kith_min((int64_t)(s->valid * (double)n + 0.5), n - 1 - test);
  uint64_t test_end = split_kth(n, key, test, few), valid_end = split_kth(n, key, test + valid, few);
  for (int64_t k = 0; k < n; k++)
    as[(uint32_t)key[k]] = key[k] < test_end ? KITH__TEST : key[k] < valid_end ? KITH__VALID : KITH__TRAIN;
  for (kith_eid e = 0; e < rows->ragged.start[rows->ragged.n_row]; e++) mark[e] = as[rows->ragged.value[e]];
}

int64_t kith__split_n_item(const kith_comm *comm, const kith_ragged *rows) {
  int64_t n = 0;
  for (kith_eid e = 0; e < rows->start[rows->n_row]; e++)
    if (rows->value[e] >= n) n = rows->value[e] + 1;
  return comm ? kith_comm_max(comm, n) : n;
}

static kith_status items_alloc(int64_t n, uint64_t **key, uint64_t **few, uint8_t **as) {
  kith_status st = KITH_OK;
  KITH_TRY(KITH_NEW(*key, n));
  KITH_TRY(KITH_NEW(*few, 2 * n));
  KITH_TRY(KITH_NEW(*as, n));
done:
  return st;
}

static kith_agreed split_items(const kith__split_share *share, const kith_split *s,
                               const kith__edge_csr *rows, uint8_t *mark) {
  kith_agreed st = {KITH_OK};
  uint64_t *key = NULL, *few = NULL;
  uint8_t *as = NULL;
  const int64_t n = kith__split_n_item(share->comm, &rows->ragged);
  if (n == 0) return st;
  KITH_TRY(kith__split_agree(share->comm, items_alloc(n, &key, &few, &as)));
  items_mark(s, rows, items_keys(share, s, rows, n, key, as), key, few, as, mark);
done:
  KITH_FREE(key);
  KITH_FREE(few);
  KITH_FREE(as);
  return st;
}

/* ---- split ---- */

static kith_status split_check(const kith_split *s, const kith__edge_csr *train) {
  kith_status st = KITH_OK;
  bool timed = s->method == KITH_SPLIT_LEAVE_LAST_OUT || s->method == KITH_SPLIT_TIME;
  KITH_CHECK(s->valid >= 0 && s->test >= 0 && s->valid + s->test < 1, KITH_ECONFIG,
             "split: valid %g and test %g, expected shares of 0 or more that leave some for training",
             s->valid, s->test);
  KITH_CHECK(!timed || train->time, KITH_ECONFIG,
             "split: method %s needs times, and the interactions name no time column",
             s->method == KITH_SPLIT_TIME ? "time" : "leave-last-out");
  KITH_CHECK(s->method != KITH_SPLIT_CORE || s->core >= 1, KITH_ECONFIG,
             "split: core %d, expected 1 or more interactions", s->core);
done:
  return st;
}

/* An empty share would otherwise only be noticed by empty metrics. */
static kith_status split_check_result(const kith_comm *comm, const kith_split *s, const kith_ragged *valid,
                                      const kith_ragged *test) {
  kith_status st = KITH_OK;
  bool all = s->method == KITH_SPLIT_NONE;
  int64_t n[] = {valid->start[valid->n_row], test->start[test->n_row]};
  if (comm) kith_comm_sum_int(comm, 2, n);
  KITH_CHECK(all || s->test <= 0 || n[1] > 0, KITH_EDATA,
             "split: no interaction could be held out for test; too few of them, or too many at one time");
  KITH_CHECK(
      all || s->valid <= 0 || n[0] > 0, KITH_EDATA,
      "split: no interaction could be held out for validation; too few of them, or too many at one time");
done:
  return st;
}

kith_status kith__split_extract(kith__edge_csr *train, uint8_t *mark, kith__edge_csr *valid,
                                kith__edge_csr *test) {
  kith_status st = KITH_OK;
  KITH_TRY(kith__edge_csr_extract(train, mark, KITH__TEST, test));
  KITH_TRY(kith__edge_csr_extract(train, mark, KITH__VALID, valid));
done:
  return st;
}

/* Mark the interactions; the core first. */
static kith_agreed split_mark(const kith__split_share *share, const kith_split *s,
                              const kith__edge_csr *train, uint8_t *mark, kith_split_report *report) {
  kith_agreed st = {KITH_OK};
  if (s->method == KITH_SPLIT_CORE) KITH_TRY(kith__core(share->comm, &train->ragged, s->core, mark, report));
  if (s->method == KITH_SPLIT_RATIO || s->method == KITH_SPLIT_CORE)
    KITH_TRY(kith__split_agree(share->comm, split_ratio(s, &train->ragged, share->first, mark)));
  if (s->method == KITH_SPLIT_LEAVE_LAST_OUT) split_last(share, s, train, mark, report);
  if (s->method == KITH_SPLIT_ITEMS) KITH_TRY(split_items(share, s, train, mark));
  if (s->method == KITH_SPLIT_TIME && s->between) split_slice(s, train, mark);
  else if (s->method == KITH_SPLIT_TIME) split_time(share->comm, s, train, mark, report);
done:
  return st;
}

/* Move what is marked. */
static kith_status split_move(const kith_split *s, kith__edge_csr *train, uint8_t *mark,
                              kith__edge_csr *valid, kith__edge_csr *test, kith__edge_csr *outside) {
  kith_status st = KITH_OK;
  KITH_TRY(kith__split_extract(train, mark, valid, test));
  if (s->method == KITH_SPLIT_CORE) KITH_TRY(kith__edge_csr_extract(train, mark, KITH__OUTSIDE, outside));
done:
  return st;
}

kith_agreed kith__split_shared(const kith__split_share *share, const kith_split *asked, bool keep_test,
                               kith__edge_csr *train, kith__edge_csr *valid, kith__edge_csr *test,
                               kith__edge_csr *outside, kith_split_report *report) {
  kith_agreed st = {KITH_OK};
  uint8_t *mark = NULL;
  kith_split s = *asked;
  if (!keep_test) s.test = 0;
  *valid = *test = *outside = (kith__edge_csr){0};
  *report = (kith_split_report){0};
  KITH_TRY(kith_agreed_same(split_check(&s, train)));
  KITH_TRY(kith__split_agree(share->comm, KITH_NEW(mark, train->ragged.start[train->ragged.n_row])));
  KITH_TRY(split_mark(share, &s, train, mark, report));
  KITH_TRY(kith__split_agree(share->comm, split_move(&s, train, mark, valid, test, outside)));
  KITH_TRY(kith_agreed_same(split_check_result(share->comm, &s, &valid->ragged, &test->ragged)));
done:
  KITH_FREE(mark);
  if (kith_is_bad(st)) {
    kith__edge_csr_free(test);
    kith__edge_csr_free(valid);
    kith__edge_csr_free(outside);
  }
  return st;
}

kith_status kith__split(const kith_split *asked, bool keep_test, const kith_ids *ids, kith__edge_csr *train,
                        kith__edge_csr *valid, kith__edge_csr *test, kith__edge_csr *outside,
                        kith_split_report *report) {
  const kith__split_share alone = {.ids = ids};
  return kith__split_shared(&alone, asked, keep_test, train, valid, test, outside, report).status;
}
