/* ranks: 2 16 */
/* What kith plan counts of a cut, read by one rank: sizes are those of each rank's share, rows and messages
 * those that a trainer sends, and what crosses nodes is what sets of rows say. */
#include "support/cut.h"
#include "support/mpi_main.h"

#include "diagnose/memory_estimate.h"
#include "plan/plan.h"

enum { USERS = 90, ITEMS = 70, EDGES = 700, PARTS = 19, DIM = 8, LAYERS = 3, STEPS = 2 };
static const kith_comm alone = {.mpi = MPI_COMM_SELF, .rank = 0, .size = 1};
static test_graph list;
static kith_graph *whole, *share;

/* ---- sets of rows, by brute force ---- */

/* Rows that nodes of `per` ranks read of other nodes, or of those of node `of` alone. */
static int64_t rows_of_node(int size, int per, int node, int of) {
  int64_t n = 0;
  for (kith_gid k = 0; k < USERS + ITEMS; k++) {
    int owner = -1, reads = 0;
    for (int r = 0; r < size; r++) {
      kith_gid low = whole->part_first[kith_chunk_begin(PARTS, size, r)],
               high = whole->part_first[kith_chunk_begin(PARTS, size, r + 1)];
      if (k >= low && k < high) owner = r / per;
      for (kith_eid e = whole->start[low]; e < whole->start[high] && r / per == node; e++)
        reads += whole->neighbor[e] == k;
    }
    n += reads > 0 && owner != node && (of < 0 || owner == of);
  }
  return n;
}

static void check_sets(int size, int per) {
  int nodes = (size + per - 1) / per;
  int64_t rows = 0, messages = 0, most = 0;
  kith_plan_cut one, cut;
  assert_int_equal(kith_plan_count(whole, NULL, size, 1, &one), KITH_OK);
  assert_int_equal(kith_plan_count(whole, NULL, size, per, &cut), KITH_OK);
  for (int a = 0; a < size; a++) {
    int64_t n = rows_of_node(size, 1, a, -1);
    rows += n;
    most = n > most ? n : most;
    for (int b = 0; b < size; b++) messages += rows_of_node(size, 1, a, b) > 0;
  }
  assert_true(cut.rows == (double)rows && cut.most_rows == (double)most && cut.messages == (double)messages);
  assert_true(one.node_rows == one.rows && one.node_rows_once == one.rows && one.node_pairs == one.messages);
  rows = messages = 0;
  for (int a = 0; a < nodes; a++) {
    rows += rows_of_node(size, per, a, -1);
    for (int b = 0; b < nodes; b++) messages += rows_of_node(size, per, a, b) > 0;
  }
  assert_int_equal(cut.n_node, nodes);
  assert_true(cut.node_rows_once == (double)rows && cut.node_pairs == (double)messages);
  assert_true(cut.node_rows >= cut.node_rows_once && cut.node_rows <= cut.rows);
}

static void the_matrix_is_what_sets_say(void **state) {
  enum { SIZE = 6 };
  int64_t rows[SIZE * SIZE];
  (void)state;
  assert_int_equal(kith_plan_matrix(whole, NULL, SIZE, rows), KITH_OK);
  for (int a = 0; a < SIZE; a++)
    for (int b = 0; b < SIZE; b++)
      assert_int_equal(rows[a * SIZE + b], a == b ? 0 : rows_of_node(SIZE, 1, a, b));
}

static void what_crosses_nodes_is_what_sets_say(void **state) {
  (void)state;
  check_sets(6, 2);
  check_sets(7, 3);
  check_sets(PARTS, 19);
}

/* ---- this rank's share, and its steps ---- */

static void sizes_are_those_of_shares(void **state) {
  kith_graph_sizes said, real;
  (void)state;
  assert_int_equal(kith_graph_sizes_of(whole, test_comm->size, test_comm->rank, &said), KITH_OK);
  assert_int_equal(kith_graph_sizes_local(share, test_comm->size, test_comm->rank, &real), KITH_OK);
  assert_true(said.n_own == real.n_own && said.n_ghost == real.n_ghost && said.n_entry == real.n_entry);
  assert_true(said.n_pair == real.n_pair && said.n_own_of[KITH_ITEM] == real.n_own_of[KITH_ITEM]);
  assert_true(said.n_held_out == real.n_held_out && said.size == real.size && said.n_part == real.n_part);
}

static void steps_send_what_was_counted(void **state) {
  kith_model_options model = kith_model_defaults();
  kith_train_options train = kith_train_defaults();
  kith_trainer *t = NULL;
  kith_plan_cut cut;
  (void)state;
  model.name = KITH_GCNII; /* whose last layer sends all ghosts */
  model.dim = DIM;
  model.layers = LAYERS;
  train.batch = EDGES / STEPS;
  setenv("KITH_RANKS_PER_HOST", "1", 1); /* ranks of one host would read rows in place */
  assert_int_equal(kith_trainer_create(test_comm, share, &model, &train, &t).status, KITH_OK);
  kith_trainer_set_epoch(t, 0);
  for (int s = 0; s < STEPS; s++) (void)kith_trainer_step(t, s, KITH_REQUEST_NONE);
  (void)kith_trainer_inference(t); /* which is none of the steps */
  int64_t sent[2] = {kith_trainer_halo_bytes(t), kith_trainer_halo_messages(t)};
  kith_comm_sum_int(test_comm, 2, sent);
  kith_trainer_destroy(&t);
  assert_int_equal(kith_plan_count(whole, NULL, test_comm->size, 4, &cut), KITH_OK);
  const kith_plan_work w = {.exchanges = 2 * LAYERS, .row_bytes = 2 * LAYERS * DIM * sizeof(float)};
  const kith_plan_design each = {.in_place = false};
  const kith_plan_step step = kith_plan_step_counts(&cut, &w, &each);
  assert_true(step.bytes > 0 && (double)sent[0] == STEPS * step.bytes);
  assert_true(step.messages > 0 && (double)sent[1] == STEPS * step.messages);
}

/* ---- what is assumed ---- */

static kith_plan_degrees degrees_of(const kith_graph *g, int32_t *degree, uint8_t *is_item) {
  for (kith_lid i = 0; i < g->n_own; i++) {
    degree[i] = (int32_t)(g->start[i + 1] - g->start[i]);
    is_item[i] = g->type[i] == KITH_ITEM;
  }
  return (kith_plan_degrees){.n = g->n_own, .degree = degree, .is_item = is_item};
}

static bool is_near(double a, double b, double part) { return fabs(a - b) <= part * fabs(b); }

static void cuts_at_random_have_the_ghosts_that_are_expected(void **state) {
  enum { SIZE = 5, CUTS = 30 };
  int32_t degree[USERS + ITEMS];
  uint8_t is_item[USERS + ITEMS];
  const kith_plan_degrees d = degrees_of(whole, degree, is_item);
  kith_plan_cut said, cut;
  double rows = 0, pairs = 0;
  (void)state;
  for (uint64_t seed = 1; seed <= CUTS; seed++) {
    kith_graph *g = test_graph_cut(&list, &alone, SIZE, seed);
    assert_int_equal(kith_plan_count(g, NULL, SIZE, 1, &cut), KITH_OK);
    rows += cut.rows / CUTS;
    pairs += cut.cut_pairs / CUTS;
    kith_graph_destroy(&g);
  }
  kith_plan_assume(&d, 2 * list.n_edge, SIZE, 1, KITH_PLAN_HASH, &said);
  assert_true(is_near(said.rows, rows, 0.03) && is_near(said.cut_pairs, pairs, 0.03));
  kith_plan_assume(&d, 2 * list.n_edge, SIZE, 1, KITH_PLAN_METIS, &cut);
  assert_true(is_near(cut.rows, said.rows * kith_plan_metis_share(SIZE), 1e-12) && cut.rows < said.rows);
  assert_true(kith_plan_metis_share(1) == 1 && kith_plan_metis_share(4) == 0.37);
}

/* The last layer sends a part of its rows; in place, a node gets a row once, and nothing on one node. */
static void designs_send_less(void **state) {
  const kith_plan_work w = {.exchanges = 6, .row_bytes = 6, .last_bytes = 2, .ghost_chance = 0.5};
  const kith_plan_design each = {.in_place = false}, last = {.reads_last = true}, once = {.in_place = true};
  kith_plan_cut cut;
  (void)state;
  assert_int_equal(kith_plan_count(whole, NULL, 6, 2, &cut), KITH_OK);
  assert_true(kith_plan_step_counts(&cut, &w, &each).bytes == 6 * cut.rows);
  const kith_plan_step fewer = kith_plan_step_counts(&cut, &w, &last); /* forward none, backward half */
  assert_true(is_near(fewer.bytes, cut.rows * (4 + 0.5 + 0.25), 1e-12) && fewer.whole_bytes == 4 * cut.rows);
  assert_true(fewer.messages == 7 * cut.messages);
  const kith_plan_step in_place = kith_plan_step_counts(&cut, &w, &once);
  assert_true(in_place.bytes == 6 * cut.node_rows_once && in_place.messages == 6 * cut.node_pairs);
  const kith_plan_design cut_up = {.reads_last = true, .strips = 4};
  const kith_plan_step strips = kith_plan_step_counts(&cut, &w, &cut_up);
  assert_true(strips.bytes == fewer.bytes && strips.messages == (4 * 6 + 1) * cut.messages);
  assert_int_equal(kith_plan_count(whole, NULL, 6, 6, &cut), KITH_OK);
  assert_true(kith_plan_step_counts(&cut, &w, &once).bytes == 0);
}

/* A sampler that takes all neighbors reads what is around the batch; all pairs at once: every node. */
static void samples_are_counted(void **state) {
  int32_t degree[USERS + ITEMS];
  uint8_t is_item[USERS + ITEMS];
  const kith_plan_degrees d = degrees_of(whole, degree, is_item);
  kith_plan_fans all = {.n = 1, .fan = {0}, .n_edge = (double)list.n_edge, .batch = 1e6, .row_bytes = 4},
                 few = all;
  kith_plan_sampled s;
  kith_plan_cut cut;
  double nodes = 0, entries = 0, drawn = 0;
  (void)state;
  for (int64_t i = 0; i < d.n; i++) {
    nodes += degree[i] > 0;
    entries += degree[i];
    drawn += degree[i] < 3 ? degree[i] : 3;
  }
  kith_plan_assume(&d, 2 * list.n_edge, 1, 1, KITH_PLAN_HASH, &cut);
  assert_int_equal(kith_plan_sample(&d, &all, &cut, &s), KITH_OK);
  assert_true(is_near(s.rows, nodes, 1e-9) && is_near(s.drawn, entries, 1e-9) && s.messages == 0);
  few.fan[0] = 3;
  assert_int_equal(kith_plan_sample(&d, &few, &cut, &s), KITH_OK);
  assert_true(is_near(s.drawn, drawn, 1e-9) && s.bytes == 0);
}

static void profiles_are_read_as_they_were_written(void **state) {
  const kith_machine *m = kith_machine_find("typical");
  kith_machine_rates r = {
      .ranks = 4, .gather = 8e10, .stream = 8e10, .product = 1, .exchange = 1, .ranking = 1};
  kith_machine read, more = *m;
  char text[KITH_MACHINE_TEXT], again[KITH_MACHINE_TEXT];
  (void)state;
  assert_int_equal(kith_machine_put(&more, &r), KITH_OK);
  kith_machine_print(&more, text);
  assert_int_equal(kith_machine_parse("profile", text, &read), KITH_OK);
  kith_machine_print(&read, again);
  assert_string_equal(text, again);
  assert_int_equal(read.n, m->n + 1);
  assert_true(read.of[1].ranks == 4 && kith_machine_at(&read, 4).gather == 8e10);
  assert_true(is_near(kith_machine_at(&read, 10).gather, 8e10 + (m->of[1].gather - 8e10) / 2, 1e-9));
  assert_true(kith_machine_at(m, 1000).gather == m->of[m->n - 1].gather);
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_crosses_nodes_is_what_sets_say),
      cmocka_unit_test(the_matrix_is_what_sets_say),
      cmocka_unit_test(sizes_are_those_of_shares),
      cmocka_unit_test(steps_send_what_was_counted),
      cmocka_unit_test(cuts_at_random_have_the_ghosts_that_are_expected),
      cmocka_unit_test(designs_send_less),
      cmocka_unit_test(samples_are_counted),
      cmocka_unit_test(profiles_are_read_as_they_were_written),
  };
  test_begin(&argc, &argv);
  list = test_graph_random(USERS, ITEMS, EDGES, 5);
  whole = test_graph_cut(&list, &alone, PARTS, 7);
  share = test_graph_cut(&list, test_comm, PARTS, 7);
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  kith_graph_destroy(&whole);
  kith_graph_destroy(&share);
  test_graph_free(&list);
  return test_end(failed);
}
