/* ranks: 1 3 */
/* The events of a stream, and what is known before each, against lists that are searched from the start. */
#include "support/folder.h"
#include "support/mpi_main.h"
#include "support/parts.h"

#include "ingest/ingest.h"
#include "stream/rules.h"
#include "stream/stream.h"

enum { EVENTS = 60, USERS = 7, ITEMS = 9, PARTS = 5 };

enum { FEATURES = 2 };
static char folder[KITH_PATH];

/* Line i of the list: ids of users and items differ from their numbers; times are not in order, and tied. */
static int user_of(int i) { return i < USERS ? i : (i * i + i / 3) % USERS; }
static int item_of(int i) { return i < ITEMS ? ITEMS - 1 - i : (3 * i + i * i / 7) % ITEMS; }
static int64_t time_of(int i) { return 1000 + i / 4 * 10 - (i % 11 == 0 ? 25 : 0); }

/* Lines in order of time, those of equal times in their order. */
static void in_order(int line[EVENTS]) {
  for (int i = 0; i < EVENTS; i++) {
    int at = i;
    for (; at > 0 && time_of(line[at - 1]) > time_of(i); at--) line[at] = line[at - 1];
    line[at] = i;
  }
}

static kith_graph *stream_graph(char graph[KITH_PATH], double valid, double test) {
  static kith_ingest_report report;
  char text[EVENTS * 32] = "", parts[KITH_PATH];
  size_t size = 0;
  kith_graph *g = NULL;
  kith_ingest_options o = {.interactions = {.format = KITH_EDGES, .time = "3", .features = "5,4"},
                           .split = {.method = KITH_SPLIT_STREAM, .valid = valid, .test = test}};
  for (int i = 0; i < EVENTS; i++)
    size += (size_t)snprintf(text + size, sizeof text - size, "%d,%d,%lld,%d,%.1f\n", 70 - user_of(i),
                             5 + item_of(i), (long long)time_of(i), i, .5 * i);
  test_path(folder, "list", o.interactions.path);
  if (test_comm->rank == 0) test_file_write(folder, "list", text, size, o.interactions.path);
  KITH_MPI(MPI_Barrier(test_comm->mpi));
  assert_int_equal(KITH_OK,
                   kith_ingest(test_comm, &o, "", test_path(folder, "graph.h5", graph), &report).status);
  assert_int_equal(EVENTS, report.split.events);
  assert_int_equal(EVENTS, report.train + report.valid + report.test + report.duplicates);
  test_path(folder, "parts.h5", parts);
  kith_status st =
      test_comm->rank == 0 ? test_parts_write(graph, parts, PARTS, KITH_PARTITION_HASH).status : KITH_OK;
  assert_int_equal(KITH_OK, kith_agree(test_comm, st).status);
  assert_int_equal(KITH_OK, kith_graph_read(test_comm, parts, &g).status);
  return g;
}

/* The events as the list has them, in order; ids are numbered by first appearance, which is that of i above.
 */
static void expected_events(const kith_graph *g, kith_event e[EVENTS]) {
  static float feature[EVENTS][FEATURES];
  int line[EVENTS];
  int64_t user[USERS] = {0};
  for (kith_lid i = 0; i < g->n_own; i++)
    if (g->type[i] == KITH_USER) user[g->original[i]] = g->first[test_comm->rank] + i;
  kith_comm_sum_int(test_comm, USERS, user);
  in_order(line);
  for (int i = 0; i < EVENTS; i++) {
    int item = ITEMS - 1 - item_of(line[i]);
    feature[line[i]][0] = .5f * (float)line[i];
    feature[line[i]][1] = (float)line[i];
    e[i] =
        (kith_event){time_of(line[i]), user[user_of(line[i])], g->item_number[item], user_of(line[i]), item,
                     feature[line[i]]};
  }
}

static void events_are_in_order_of_time_on_every_rank(void **state) {
  (void)state;
  char path[KITH_PATH];
  kith_graph *g = stream_graph(path, .2, .1);
  kith_stream *s = NULL;
  kith_event want[EVENTS];
  const kith_event *e;
  expected_events(g, want);
  assert_int_equal(KITH_OK, kith_stream_open(test_comm, g, path, &s).status);
  kith_stream_range range = kith_stream_ranges(s);
  assert_int_equal(EVENTS, range.n);
  assert_int_equal(FEATURES, kith_stream_n_feature(s));
  assert_true(range.n - range.test <= 6 && range.n - range.test > 0);
  assert_true(range.n - range.valid <= 18 && range.test > range.valid);
  assert_true(want[range.test - 1].time < want[range.test].time);
  assert_true(want[range.valid - 1].time < want[range.valid].time);
  for (int begin = 0; begin < EVENTS; begin += 7) {
    int end = begin + 7 < EVENTS ? begin + 7 : EVENTS;
    kith_stream_events(s, begin, end, &e);
    for (int i = begin; i < end; i++) {
      assert_int_equal(want[i].time, e[i - begin].time);
      assert_int_equal(want[i].user, e[i - begin].user);
      assert_int_equal(want[i].item, e[i - begin].item);
      assert_int_equal(want[i].item_number, e[i - begin].item_number);
      assert_memory_equal(want[i].feature, e[i - begin].feature, FEATURES * sizeof(float));
    }
  }
  kith_stream_destroy(&s);
  kith_graph_destroy(&g);
}

/* The k latest neighbors of a node before event n. */
static void assert_latest(const kith_stream_latest *l, const kith_graph *g, const kith_event *e, int n,
                          int k) {
  kith_stream_neighbor got[4];
  for (kith_lid row = 0; row < g->n_own; row++) {
    kith_gid node = g->first[test_comm->rank] + row;
    int m = kith_stream_latest_get(l, row, got), at = 0;
    for (int i = n - 1; i >= 0 && at < k; i--) {
      if (e[i].user != node && e[i].item != node) continue;
      assert_true(at < m);
      assert_int_equal(e[i].user == node ? e[i].item : e[i].user, got[at].node);
      assert_int_equal(e[i].time, got[at].time);
      assert_memory_equal(e[i].feature, kith_stream_latest_feature(l, row, at), FEATURES * sizeof(float));
      assert_int_equal(i, got[at++].event);
    }
    assert_int_equal(at, m);
  }
}

static void assert_recent(const kith_stream_recent *r, const kith_graph *g, const kith_event *e, int n) {
  for (kith_lid row = 0; row < g->n_own; row++) {
    if (g->type[row] != KITH_USER) continue;
    const kith_stream_met *met;
    int m = kith_stream_recent_get(r, row, &met), at = 0;
    bool seen[ITEMS] = {false};
    for (int i = n - 1; i >= 0; i--) {
      if (e[i].user != g->first[test_comm->rank] + row || seen[e[i].item_number]) continue;
      int count = 0;
      for (int j = 0; j <= i; j++) count += e[j].user == e[i].user && e[j].item == e[i].item;
      assert_true(at < m);
      assert_int_equal(e[i].item_number, met[at].item_number);
      assert_int_equal(e[i].time, met[at].time);
      assert_int_equal(count, met[at++].count);
      seen[e[i].item_number] = true;
    }
    assert_int_equal(at, m);
  }
}

static void assert_popular(const kith_stream_popular *p, const kith_event *e, int n, double half_life) {
  int64_t now = n > 0 ? e[n - 1].time + 7 : 0;
  for (int item = 0; item < ITEMS; item++) {
    double count = 0;
    for (int i = 0; i < n; i++)
      if (e[i].item_number == item) count += pow(2, -(double)(now - e[i].time) / half_life);
    assert_true(fabs(count - kith_stream_popular_get(p, item, now)) < 1e-12);
  }
}

static void what_is_known_before_an_event_is_what_happened_before_it(void **state) {
  (void)state;
  char path[KITH_PATH];
  kith_graph *g = stream_graph(path, .1, .1);
  kith_event e[EVENTS];
  kith_stream_latest *latest = NULL;
  kith_stream_recent *recent = NULL;
  kith_stream_popular *popular = NULL;
  expected_events(g, e);
  assert_int_equal(KITH_OK, kith_stream_latest_create(g, test_comm->rank, 4, FEATURES, &latest));
  assert_int_equal(KITH_OK, kith_stream_recent_create(g, test_comm->rank, &recent));
  assert_int_equal(KITH_OK, kith_stream_popular_create(ITEMS, 30, &popular));
  for (int again = 0; again < 2; again++) {
    for (int n = 0; n < EVENTS; n += 3) {
      assert_latest(latest, g, e, n, 4);
      assert_recent(recent, g, e, n);
      assert_popular(popular, e, n, 30);
      kith_stream_latest_add(latest, n, 3, e + n);
      kith_stream_recent_add(recent, 3, e + n);
      kith_stream_popular_add(popular, 3, e + n);
    }
    kith_stream_latest_reset(latest);
    kith_stream_recent_reset(recent);
    kith_stream_popular_reset(popular);
  }
  kith_stream_latest_destroy(&latest);
  kith_stream_recent_destroy(&recent);
  kith_stream_popular_destroy(&popular);
  kith_graph_destroy(&g);
}

/* A model that ranks items by a table, and adds `right` to the score of an event's own item. */
typedef struct table_model {
  float right;
  int64_t next; /* the first event that was not observed; -1: not reset */
  int64_t n_begun;
} table_model;

static void table_reset(void *context) { ((table_model *)context)->next = 0; }

static kith_agreed table_begin(void *context, int64_t first, int n, const kith_event *event) {
  table_model *m = context;
  assert_int_equal(m->next, first);
  assert_true(n > 0 && event[0].time > 0);
  m->n_begun++;
  return (kith_agreed){KITH_OK};
}

static void table_score(void *context, int n, const int *index, const kith_event *event, float *score) {
  const table_model *m = context;
  for (int i = 0; i < n; i++) {
    const kith_event *e = &event[index[i]];
    for (int j = 0; j < ITEMS; j++) score[i * ITEMS + j] += (float)((j * 7 + e->user_number * 3) % ITEMS) / 2;
    score[i * ITEMS + e->item_number] += m->right;
  }
}

static kith_agreed table_observe(void *context, int64_t first, int n, const kith_event *event) {
  table_model *m = context;
  assert_int_equal(m->next, first);
  assert_true(event[n - 1].time >= event[0].time);
  m->next += n;
  return (kith_agreed){KITH_OK};
}

/* Figures of the test events by the rules of o and the model; share: of each. */
static void evaluate_with(kith_graph *g, kith_stream *s, const kith_stream_options *o,
                          const kith_stream_scorer *model, double *share, kith_stream_figures *out) {
  const kith_stream_range range = kith_stream_ranges(s);
  const int k[2] = {1, 3};
  kith_stream_rules *rules = NULL;
  assert_int_equal(KITH_OK, kith_stream_rules_create(test_comm, g, o, model, &rules));
  assert_int_equal(2 * (5 + o->popular.n + 1) + 1, kith_stream_rules_n(rules));
  assert_int_equal(KITH_OK, kith_stream_rules_fit(rules, s, 4, range.valid, range.test, share).status);
  kith_stream_scorer scorer = kith_stream_rules_scorer(rules);
  assert_int_equal(
      KITH_OK, kith_stream_evaluate(test_comm, g, s, 1, &scorer, 4, range.test, range.n, 2, k, out).status);
  kith_stream_rules_destroy(&rules);
}

static void a_model_is_one_rule_more(void **state) {
  (void)state;
  char path[KITH_PATH];
  kith_graph *g = stream_graph(path, .4, .3);
  kith_stream *s = NULL;
  table_model m = {.next = -1};
  const kith_stream_scorer model = {.context = &m,
                                    .reset = table_reset,
                                    .begin = table_begin,
                                    .score = table_score,
                                    .observe = table_observe};
  const kith_stream_options none = {.batch = 4},
                            all = {.recent = true, .own = true, .around = true, .popular = {2, {50, 0}}};
  const int k[2] = {1, 3};
  double share[KITH_RULE_PARTS];
  kith_stream_figures alone[KITH_STREAM_FIGURES], mixed[KITH_STREAM_FIGURES];
  assert_int_equal(KITH_OK, kith_stream_open(test_comm, g, path, &s).status);
  const kith_stream_range range = kith_stream_ranges(s);
  assert_int_equal(
      KITH_OK, kith_stream_evaluate(test_comm, g, s, 1, &model, 4, range.test, range.n, 2, k, alone).status);
  assert_int_equal(range.n, m.next);
  assert_int_equal((range.n - range.test + 3) / 4, m.n_begun);
  assert_int_equal(range.n - range.test, alone[KITH_STREAM_ALL].n);
  evaluate_with(g, s, &none, &model, share, mixed); /* softmax and powers keep the order among new items */
  assert_memory_equal(&alone[KITH_STREAM_AMONG_NEW], &mixed[KITH_STREAM_AMONG_NEW], sizeof *alone);
  assert_true(fabs(share[5] + share[11] + share[12] - 1) < 1e-12 && alone[KITH_STREAM_ALL].mrr < .8);
  m.right = 30;
  evaluate_with(g, s, &all, &model, share, mixed);
  assert_true(share[7] + share[15] + share[16] > .95 && mixed[KITH_STREAM_AMONG_NEW].mrr == 1);
  m.right = (float)NAN;
  assert_int_equal(
      KITH_ENUMERIC,
      kith_stream_evaluate(test_comm, g, s, 1, &model, 4, range.test, range.n, 2, k, alone).status);
  kith_stream_destroy(&s);
  kith_graph_destroy(&g);
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(events_are_in_order_of_time_on_every_rank),
                                     cmocka_unit_test(
                                         what_is_known_before_an_event_is_what_happened_before_it),
                                     cmocka_unit_test(a_model_is_one_rule_more)};
  test_begin(&argc, &argv);
  test_folder_begin(folder);
  int failures = cmocka_run_group_tests(tests, NULL, NULL);
  test_folder_end(folder);
  return test_end(failures);
}
