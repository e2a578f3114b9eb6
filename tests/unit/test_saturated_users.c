/* ranks: 1 2 */
/* Users who have all items that can be drawn: found on every rank, and left out of every step. */
#include "support/mpi_main.h"
#include "support/negatives.h"

enum { USERS = 40, ITEMS = 60, EDGES = 700 };

static test_graph graph;

/* Each third user has every item. */
static bool has_all(int64_t user) { return user % 3 == 1; }

static test_graph graph_of_some_who_have_all(void) {
  int lacks[USERS];
  for (int u = 0; u < USERS; u++) lacks[u] = has_all(u) ? 0 : -1;
  return test_graph_with_missing_items(&graph, lacks);
}

static void users_of_all_items_are_found_on_every_rank(void **state) {
  (void)state;
  test_graph t = graph_of_some_who_have_all();
  kith_graph *g = test_graph_cut(&t, test_comm, 5, 2);
  kith_saturated_users *s = NULL;
  int64_t n = 0;
  assert_int_equal(KITH_OK, kith_saturated_users_create(test_comm, g, true, &s).status);
  for (kith_lid u = 0; u < g->n_own_of[KITH_USER]; u++)
    assert_true(s->is_saturated[u] == has_all(g->original[g->row_of[KITH_USER][u]]));
  for (int64_t e = 0; e < t.n_edge; e++) {
    assert_int_equal(kith_saturated_users_pairs_before(s, e), n);
    if (has_all(t.user[e]) && t.item[e] == 0) n += ITEMS; /* all of the user's, behind its first edge */
  }
  assert_int_equal(s->n_pair, n);
  assert_int_equal(s->n_user, n / ITEMS);
  kith_saturated_users_destroy(&s);
  kith_graph_destroy(&g);
  test_graph_free(&t);
}

/* Of the pairs that are left, numbered in the order of graph.h5, the order is the keyed permutation, on any
 * cut. */
static void pairs_of_users_of_all_items_are_in_no_step(void **state) {
  (void)state;
  test_graph t = graph_of_some_who_have_all();
  kith_graph *g = test_graph_cut(&t, test_comm, 5, 2);
  kith_saturated_users *s = NULL;
  kith_edge_order *e = NULL;
  int64_t n = 0, *number = calloc((size_t)t.n_edge, sizeof *number), sum = 0;
  for (int64_t k = 0; k < t.n_edge; k++) number[k] = has_all(t.user[k]) ? -1 : n++;
  assert_int_equal(KITH_OK, kith_saturated_users_create(test_comm, g, true, &s).status);
  assert_int_equal(KITH_OK, kith_edge_order_create(g, s, 50, 3, &e));
  assert_int_equal(e->n_step, (n + 49) / 50);
  for (int64_t epoch = 0; epoch < 2; epoch++) {
    kith_permutation order = kith_permutation_make(3, KITH_RNG_SHUFFLE, (uint64_t)epoch, (uint64_t)n);
    kith_edge_order_set_epoch(e, epoch);
    for (kith_eid i = 0; i < e->own_start[e->n_step]; i++) {
      int64_t k = number[kith_train_edge_id(g, &e->edges[i])];
      assert_true(k >= 0);
      assert_int_equal(e->edges[i].position, kith_permutation_inverse(&order, (uint64_t)k));
    }
    sum += e->own_start[e->n_step];
  }
  kith_comm_sum_int(test_comm, 1, &sum);
  assert_int_equal(sum, 2 * n);
  kith_edge_order_destroy(&e);
  kith_saturated_users_destroy(&s);
  kith_graph_destroy(&g);
  test_graph_free(&t);
  free(number);
}

/* In rounds of clusters too each other pair comes once an epoch, at a place of its own in its part's step. */
static void clusters_leave_users_of_all_items_out_too(void **state) {
  (void)state;
  enum { PARTS = 7, TAKEN = 2 };
  test_graph t = graph_of_some_who_have_all();
  kith_graph *g = test_graph_cut(&t, test_comm, PARTS, 2);
  kith_saturated_users *s = NULL;
  kith_edge_order *e = NULL;
  assert_int_equal(KITH_OK, kith_saturated_users_create(test_comm, g, true, &s).status);
  assert_int_equal(KITH_OK, kith_edge_order_create_clusters(test_comm, g, s, 40, TAKEN, 3, &e).status);
  assert_true(e->rounds > 1);
  int64_t n = t.n_edge - s->n_pair, *seen = calloc((size_t)(t.n_edge + n), sizeof *seen);
  kith_edge_order_set_epoch(e, 1);
  assert_int_equal(e->step_start[e->n_step], n);
  for (int64_t step = 0; step < e->n_step; step++)
    for (kith_eid i = e->own_start[step]; i < e->own_start[step + 1]; i++) {
      kith_lid row = g->row_of[KITH_USER][e->edges[i].user];
      int part = test_part(2, PARTS, KITH_USER, g->original[row]);
      int64_t steps = kith_cluster_steps_per_round(PARTS, TAKEN), round = e->rounds + step / steps;
      assert_int_equal(kith_cluster_step_of_part(3, round, PARTS, TAKEN, part), step % steps);
      assert_in_range(e->edges[i].position, e->step_start[step], e->step_start[step + 1] - 1);
      seen[kith_train_edge_id(g, &e->edges[i])]++;
      seen[t.n_edge + e->edges[i].position]++;
    }
  kith_comm_sum_int(test_comm, (int)(t.n_edge + n), seen);
  for (int64_t k = 0; k < t.n_edge; k++) assert_int_equal(seen[k], !has_all(t.user[k]));
  for (int64_t k = 0; k < n; k++) assert_int_equal(seen[t.n_edge + k], 1);
  kith_edge_order_destroy(&e);
  kith_saturated_users_destroy(&s);
  kith_graph_destroy(&g);
  test_graph_free(&t);
  free(seen);
}

/* Popular and in-batch draws never reach an item that nobody met: who knows all others is saturated for them.
 */
static void a_user_of_all_items_that_are_drawn_is_saturated(void **state) {
  (void)state;
  test_graph t = {.n_user = 2,
                  .n_item = 4,
                  .n_edge = 4,
                  .user = (int32_t[]){0, 0, 0, 1},
                  .item = (int32_t[]){0, 1, 3, 1}};
  kith_graph *g = test_graph_cut(&t, test_comm, 2, 2);
  const struct {
    kith_negative_options o;
    int n_user;
  } law[] = {{{.alpha = 0.75}, 0},
             {{.popularity = 0.9, .alpha = 0.75}, 0},
             {{.popularity = 1, .alpha = 0}, 0},
             {{.popularity = 1, .alpha = 0.75}, 1},
             {{.inbatch = 1}, 1},
             {{.popularity = 0.1, .alpha = 1, .inbatch = 0.9}, 1}};
  for (size_t k = 0; k < sizeof law / sizeof *law; k++) {
    kith_negative_distribution *z = NULL;
    kith_saturated_users *s = NULL;
    assert_int_equal(KITH_OK, kith_negative_distribution_create(test_comm, g, &law[k].o, &z).status);
    assert_int_equal(
        KITH_OK,
        kith_saturated_users_create(test_comm, g, kith_negative_distribution_covers_all(z), &s).status);
    assert_int_equal(s->n_user, law[k].n_user);
    assert_int_equal(s->n_pair, 3 * law[k].n_user);
    kith_saturated_users_destroy(&s);
    kith_negative_distribution_destroy(&z);
  }
  kith_graph_destroy(&g);
}

static void a_graph_whose_users_all_have_all_items_is_refused(void **state) {
  (void)state;
  int lacks[USERS] = {0};
  test_graph t = test_graph_with_missing_items(&graph, lacks);
  kith_graph *g = test_graph_cut(&t, test_comm, 5, 2);
  kith_saturated_users *s = NULL;
  assert_int_equal(KITH_EDATA, kith_saturated_users_create(test_comm, g, true, &s).status);
  assert_null(s);
  kith_graph_destroy(&g);
  test_graph_free(&t);
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(users_of_all_items_are_found_on_every_rank),
      cmocka_unit_test(pairs_of_users_of_all_items_are_in_no_step),
      cmocka_unit_test(clusters_leave_users_of_all_items_out_too),
      cmocka_unit_test(a_user_of_all_items_that_are_drawn_is_saturated),
      cmocka_unit_test(a_graph_whose_users_all_have_all_items_is_refused),
  };
  test_begin(&argc, &argv);
  graph = test_graph_random(USERS, ITEMS, EDGES, 8);
  int failures = cmocka_run_group_tests(tests, NULL, NULL);
  test_graph_free(&graph);
  return test_end(failures);
}
