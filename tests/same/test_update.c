/* ranks: 1 3 */
/*
 * What an update's steps learn from, how rows of new nodes begin, and how rows of known nodes are held: each
 * against a plain repetition on the whole graph, which every rank holds.
 */
#include "support/cut.h"
#include "support/mpi_main.h"

#include "sample/edge_order.h"
#include "train/train.h"

enum { USERS = 40, ITEMS = 60, EDGES = 500, KNOWN_USERS = 33, KNOWN_ITEMS = 50, NODES = USERS + ITEMS };
enum { COLD_USER = 3, COLD_ITEM = 7 }; /* in the parent, without pairs there */
enum { WIDTH = 5, BATCH = 64, EPOCHS = 2 };

static test_graph whole;
static kith_comm *alone;

static bool pair_is_new(int64_t u, int64_t i) {
  return u >= KNOWN_USERS || i >= KNOWN_ITEMS || u == COLD_USER || i == COLD_ITEM || (u * 7 + i * 3) % 6 == 0;
}

/* A cut of the graph that says what is new in it. */
static kith_graph *cut(const kith_comm *comm, int parts, uint64_t seed) {
  kith_graph *g = test_graph_cut(&whole, comm, parts, seed);
  g->parent = (kith_parent){.is = true, .n = {KNOWN_USERS, KNOWN_ITEMS}};
  assert_int_equal(KITH_OK, KITH_NEW(g->is_new, g->start[g->n_own]));
  for (kith_lid i = 0; i < g->n_own; i++) {
    kith_eid at = g->start[i];
    for (int64_t e = 0; e < whole.n_edge; e++) /* ascending by either end */
      if ((g->type[i] == KITH_USER ? whole.user[e] : whole.item[e]) == g->original[i])
        g->is_new[at++] = (int8_t)pair_is_new(whole.user[e], whole.item[e]);
    assert_int_equal(at, g->start[i + 1]);
  }
  return g;
}

/* ---- which pairs ---- */

/* position [n_edge] of each training edge in an epoch, plus 1; 0: it is not in it. */
static void positions(const kith_comm *comm, const kith_graph *g, const kith_replay *r, int64_t epoch,
                      int64_t *position) {
  kith_edge_order *order = NULL;
  assert_int_equal(KITH_OK, kith_edge_order_create_replay(g, NULL, r, BATCH, 3, &order));
  kith_edge_order_set_epoch(order, epoch);
  memset(position, 0, (size_t)whole.n_edge * sizeof *position);
  for (kith_eid e = 0; e < order->own_start[order->n_step]; e++)
    position[kith_train_edge_id(g, &order->edges[e])] = order->edges[e].position + 1;
  kith_comm_sum_int(comm, (int)whole.n_edge, position);
  kith_edge_order_destroy(&order);
}

/* The definition: new pairs, numbered by user and item, then old ones in the order of a permutation of them.
 */
static void positions_by_hand(int64_t n_new, int64_t n_old, int64_t n_draw, int64_t epoch,
                              int64_t *position) {
  const kith_permutation order = kith_permutation_make(3, KITH_RNG_SHUFFLE, (uint64_t)epoch,
                                                       (uint64_t)(n_new + n_draw)),
                         drawn = kith_permutation_make(3, KITH_RNG_REPLAY, (uint64_t)epoch, (uint64_t)n_old);
  int64_t at[2] = {0, 0};
  for (int64_t e = 0; e < whole.n_edge; e++) {
    int is_old = !pair_is_new(whole.user[e], whole.item[e]);
    int64_t k = at[is_old]++,
            number = is_old ? n_new + (int64_t)kith_permutation_inverse(&drawn, (uint64_t)k) : k;
    position[e] =
        number < n_new + n_draw ? (int64_t)kith_permutation_inverse(&order, (uint64_t)number) + 1 : 0;
  }
}

static void an_epoch_has_all_new_pairs_and_drawn_old_ones(void **unused) {
  (void)unused;
  static const double shares[] = {0, 0.5, 0.97};
  kith_graph *g = cut(test_comm, 7, 2);
  int64_t found[EDGES], expected[EDGES], n_new = 0, n_old = 0;
  for (int64_t e = 0; e < whole.n_edge; e++) pair_is_new(whole.user[e], whole.item[e]) ? n_new++ : n_old++;
  for (int s = 0; s < 3; s++) {
    kith_replay *r = NULL;
    int64_t draw = (int64_t)((double)n_new * shares[s] / (1 - shares[s]) + 0.5);
    if (draw > n_old) draw = n_old;
    assert_int_equal(KITH_OK, kith_replay_create(test_comm, g, NULL, shares[s], &r).status);
    assert_int_equal(n_new, r->n_new);
    assert_int_equal(n_old, r->n_old);
    assert_int_equal(draw, r->n_draw);
    for (int64_t epoch = 7; epoch < 9; epoch++) {
      positions(test_comm, g, r, epoch, found);
      positions_by_hand(n_new, n_old, draw, epoch, expected);
      assert_memory_equal(expected, found, (size_t)whole.n_edge * sizeof *found);
    }
    kith_replay_destroy(&r);
  }
  kith_graph_destroy(&g);
}

static void without_new_pairs_an_order_has_one_old_pair(void **unused) {
  (void)unused;
  kith_graph *g = cut(test_comm, 7, 2);
  kith_replay *r = NULL;
  memset(g->is_new, 0, (size_t)g->start[g->n_own]);
  assert_int_equal(KITH_OK, kith_replay_create(test_comm, g, NULL, 0.5, &r).status);
  assert_int_equal(0, r->n_new);
  assert_int_equal(whole.n_edge, r->n_old);
  assert_int_equal(1, r->n_draw);
  kith_replay_destroy(&r);
  kith_graph_destroy(&g);
}

/* ---- rows ---- */

static kith_trainer *create(const kith_comm *comm, const kith_graph *g, kith_model_name name,
                            kith_sampler_mode mode, const kith_update_options *update) {
  kith_model_options model = kith_model_defaults();
  kith_train_options train = kith_train_defaults();
  kith_trainer *t = NULL;
  model.name = name;
  model.dim = WIDTH;
  model.layers = name == KITH_MF ? 0 : 2;
  train.batch = BATCH;
  train.optimizer.lr = 0.05;
  train.loss.name = KITH_SOFTMAX;
  train.sampler.mode = mode;
  train.sampler.fanouts = (kith_fanouts){.n = 2, .of = {3, 3}};
  train.update = *update;
  train.update.on = true;
  train.update.replay = 0.5;
  assert_int_equal(KITH_OK, kith_trainer_create(comm, g, &model, &train, &t).status);
  return t;
}

/* Input rows of all nodes by original number, users first: out [NODES, WIDTH].  Collective. */
static void gather(const kith_comm *comm, const kith_graph *g, const float *x, float *out) {
  kith_exact_sum *sum = calloc(NODES * WIDTH, sizeof *sum);
  for (kith_lid i = 0; i < g->n_own; i++)
    for (int j = 0; j < WIDTH; j++)
      kith_exact_sum_add(&sum[(g->type[i] * USERS + g->original[i]) * WIDTH + j], (double)x[i * WIDTH + j]);
  kith_comm_sum(comm, NODES * WIDTH, sum);
  for (int k = 0; k < NODES * WIDTH; k++) out[k] = (float)kith_exact_sum_value(&sum[k]);
  free(sum);
}

static bool node_is_cold(int node) { return node == COLD_USER || node == USERS + COLD_ITEM; }

/* With pairs in the parent. */
static bool node_is_known(int node) {
  return !node_is_cold(node) && (node < USERS ? node < KNOWN_USERS : node - USERS < KNOWN_ITEMS);
}

/* The mean of known partners; false if there are none. */
static bool mean_by_hand(const float *x, int node, float *out) {
  double sum[WIDTH] = {0};
  int n = 0;
  for (int64_t e = 0; e < whole.n_edge; e++) {
    int ends[2] = {whole.user[e], USERS + whole.item[e]}, side = node >= USERS;
    if (ends[side] != node || !node_is_known(ends[!side])) continue;
    for (int j = 0; j < WIDTH; j++) sum[j] += (double)x[ends[!side] * WIDTH + j];
    n++;
  }
  for (int j = 0; j < WIDTH && n > 0; j++) out[j] = (float)(sum[j] / n);
  return n > 0;
}

static void new_rows_begin_as_means_of_known_partners(void **unused) {
  (void)unused;
  kith_graph *g = cut(test_comm, 7, 2);
  float before[NODES * WIDTH], after[NODES * WIDTH], mean[WIDTH];
  kith_update_result begun = {.alike_rows = -1};
  int64_t drawn = 0;
  kith_trainer *t =
      create(test_comm, g, KITH_MF, KITH_FULL, &(kith_update_options){.init = KITH_UPDATE_MEAN});
  gather(test_comm, g, kith_trainer_state(t).x, before);
  assert_int_equal(KITH_OK, kith_trainer_begin_new(t, NULL, &begun).status);
  gather(test_comm, g, kith_trainer_state(t).x, after);
  for (int node = 0; node < NODES; node++) {
    bool made = !node_is_known(node) && mean_by_hand(before, node, mean);
    drawn += !made && !node_is_known(node);
    assert_memory_equal(made ? mean : before + node * WIDTH, after + node * WIDTH, sizeof mean);
  }
  assert_int_equal(drawn, begun.drawn_rows);
  assert_int_equal(0, begun.alike_rows);
  assert_int_equal(2, begun.cold_rows);
  kith_trainer_destroy(&t);
  t = create(test_comm, g, KITH_MF, KITH_FULL, &(kith_update_options){.init = KITH_UPDATE_ZERO});
  assert_int_equal(KITH_OK, kith_trainer_begin_new(t, NULL, &begun).status);
  gather(test_comm, g, kith_trainer_state(t).x, after);
  assert_int_equal(0, begun.drawn_rows);
  assert_int_equal(2, begun.cold_rows);
  for (int node = 0; node < NODES; node++)
    for (int j = 0; j < WIDTH; j++)
      assert_true(after[node * WIDTH + j] == (node_is_known(node) ? before[node * WIDTH + j] : 0));
  kith_trainer_destroy(&t);
  kith_graph_destroy(&g);
}

/* Rows before a first step, and after it. */
static void step_once(kith_model_name name, kith_sampler_mode mode, double hold, float *before,
                      float *after) {
  kith_graph *g = cut(test_comm, 7, 2);
  kith_trainer *t = create(test_comm, g, name, mode, &(kith_update_options){.hold = hold});
  gather(test_comm, g, kith_trainer_state(t).x, before);
  assert_int_equal(KITH_OK, kith_trainer_hold(t));
  kith_trainer_set_epoch(t, 0);
  kith_trainer_step(t, 0, KITH_REQUEST_NONE);
  gather(test_comm, g, kith_trainer_state(t).x, after);
  kith_trainer_destroy(&t);
  kith_graph_destroy(&g);
}

/* The minimum of |z - free|^2 / 2 + lr hold/2 |z - before|^2 over z. */
static void known_rows_are_held_where_they_were(void **unused) {
  (void)unused;
  static float before[NODES * WIDTH], moved[NODES * WIDTH], held[NODES * WIDTH];
  static const double holds[] = {4, 1e9};
  for (int k = 0; k < 4; k++) {
    const kith_sampler_mode mode = k < 2 ? KITH_FULL : KITH_NEIGHBOR;
    const double a = 0.05 * holds[k % 2];
    int n_moved = 0;
    step_once(KITH_LIGHTGCN, mode, 0, before, moved);
    step_once(KITH_LIGHTGCN, mode, holds[k % 2], before, held);
    for (int i = 0; i < NODES * WIDTH; i++) {
      double expected =
          node_is_known(i / WIDTH) ? ((double)moved[i] + a * (double)before[i]) / (1 + a) : (double)moved[i];
      assert_true(fabs(expected - (double)held[i]) < 1e-6);
      n_moved += moved[i] != before[i];
    }
    assert_true(n_moved > NODES);
  }
}

/* ---- all of it ---- */

static void train(const kith_comm *comm, int parts, uint64_t seed, float *out) {
  kith_graph *g = cut(comm, parts, seed);
  kith_trainer *t = create(comm, g, KITH_LIGHTGCN, KITH_FULL, &(kith_update_options){.hold = 0.5});
  kith_update_result begun;
  assert_int_equal(KITH_OK, kith_trainer_begin_new(t, NULL, &begun).status);
  assert_int_equal(KITH_OK, kith_trainer_hold(t));
  kith_trainer_set_optimizer_step(t, 5, 0, 1000);
  for (int e = 5; e < 5 + EPOCHS; e++) {
    kith_trainer_set_epoch(t, e);
    for (int64_t s = 0; s < kith_trainer_n_step(t); s++) kith_trainer_step(t, s, KITH_REQUEST_NONE);
  }
  assert_int_equal(1000 + EPOCHS * kith_trainer_n_step(t), kith_trainer_optimizer_step(t, 5 + EPOCHS, 0));
  gather(comm, g, kith_trainer_state(t).x, out);
  kith_trainer_destroy(&t);
  kith_graph_destroy(&g);
}

static void an_update_has_the_same_bits_on_any_ranks(void **unused) {
  (void)unused;
  static float one[NODES * WIDTH], all[NODES * WIDTH];
  train(alone, 1, 5, one);
  train(test_comm, 7, 2, all);
  assert_memory_equal(one, all, sizeof one);
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(an_epoch_has_all_new_pairs_and_drawn_old_ones),
                                     cmocka_unit_test(without_new_pairs_an_order_has_one_old_pair),
                                     cmocka_unit_test(new_rows_begin_as_means_of_known_partners),
                                     cmocka_unit_test(known_rows_are_held_where_they_were),
                                     cmocka_unit_test(an_update_has_the_same_bits_on_any_ranks)};
  test_begin(&argc, &argv);
  assert_int_equal(KITH_OK, kith_comm_create(MPI_COMM_SELF, &alone).status);
  whole = test_graph_random(USERS, ITEMS, EDGES, 11);
  int failures = cmocka_run_group_tests(tests, NULL, NULL);
  test_graph_free(&whole);
  kith_comm_destroy(&alone);
  return test_end(failures);
}
