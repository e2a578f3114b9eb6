/* ranks: 1 2 */
/* The negatives of a step: hard ones out of pools, those that all pairs share, and what is refused. */
#include "support/mpi_main.h"
#include "support/negatives.h"

#include "loss/pairs.h"

enum { USERS = 40, ITEMS = 60, EDGES = 700, DRAWS = 60000 };

static test_graph graph;
static kith_graph *share;

static void the_share_of_hard_negatives_is_the_share_asked_for(void **state) {
  (void)state;
  const double shares[] = {0, 0.25, 0.8, 1};
  for (int k = 0; k < 4; k++) {
    kith_negative_distribution *z =
        test_distribution(share, (kith_negative_options){.hard = shares[k], .pool = 4});
    kith_edge_order e = {.g = share, .rng_seed = 5};
    double hard = 0, spread = sqrt(DRAWS * shares[k] * (1 - shares[k]));
    for (int i = 0; i < DRAWS; i++) hard += kith_negative_is_hard(z, &e, i / 3, i % 3);
    assert_true(fabs(hard - DRAWS * shares[k]) <= TEST_LEVEL * spread);
    kith_negative_distribution_destroy(&z);
  }
}

/* Rows that a step wants, with scores by item number, so that the hardest of a pool is known. */
static void fill_rows(const kith_batch *b, kith_tensor *rows) {
  for (kith_lid i = 0; i < b->n_recv; i++) {
    rows->value[i] = 1;
    for (int item = 0; item < ITEMS; item++)
      if (share->item_number[item] == b->recv_gid[i]) rows->value[i] = (float)(item % 7);
  }
}

/* How often L2 counts each wanted node: as user, as positive, as negative, but not as a draw of a pool,
 * picked or not. */
static void check_counted(kith_batch *b, const kith_edge_order *e, int64_t step) {
  enum { NODES = USERS + ITEMS };
  int count[NODES] = {0};
  int64_t pooled = 0;
  for (kith_lid i = 0; i < b->n_pair; i++) {
    count[share->first[test_comm->rank] + share->row_of[KITH_USER][e->edges[e->own_start[step] + i].user]]++;
    count[share->item_number[b->item[i]]]++;
    for (int j = 0; j < b->shape.n_negative; j++) {
      const int32_t *drawn = b->negative_item + ((int64_t)i * b->shape.n_negative + j) * b->shape.n_pool;
      if (drawn[1] < 0) count[share->item_number[drawn[0]]]++;
      else pooled++;
    }
  }
  kith_batch_gather_seed_nodes(b);
  for (kith_lid p = 0; p < b->gather_index.n_unique; p++) {
    assert_int_equal(b->gather_index.l2_count[p], count[b->seed_node[p]]);
    count[b->seed_node[p]] = 0;
  }
  for (int k = 0; k < NODES; k++) assert_int_equal(count[k], 0);
  assert_true(pooled > 0 || b->n_pair == 0);
}

static void check_picks(const kith_batch *b, kith_tape *t) {
  kith_tensor *rows = kith_tape_tensor(t, kith_batch_max_recv(b), 1);
  kith_lid picked[3 * 128];
  int hard = 0, k = b->shape.n_negative, m = b->shape.n_pool;
  assert_non_null(rows);
  fill_rows(b, rows);
  kith__hardest_negatives(b, rows, picked);
  for (kith_lid i = 0; i < b->n_pair * k; i++) {
    const int32_t *drawn = b->negative_item + (size_t)i * (size_t)m;
    int most = drawn[0] % 7, first = 0;
    for (int c = 1; c < m && drawn[c] >= 0; c++)
      if (drawn[c] % 7 > most) {
        most = drawn[c] % 7;
        first = c;
      }
    assert_int_equal(most, b->negative_item[picked[i]] % 7);
    assert_int_equal(picked[i], i * m + first); /* of equals the first */
    assert_true(rows->value[b->negative_row[picked[i]]] == (float)most);
    assert_true(share->item_number[b->negative_item[picked[i]]] == b->recv_gid[b->negative_row[picked[i]]]);
    hard += drawn[1] >= 0;
  }
  int64_t sum[2] = {hard, b->n_pair * k};
  kith_comm_sum_int(test_comm, 2, sum);
  assert_in_range(sum[0], sum[1] / 4, 3 * sum[1] / 4);
}

static void the_hardest_of_a_pool_is_picked(void **state) {
  (void)state;
  kith_negative_options o = {.count = 3, .popularity = 0.4, .alpha = 0.75, .hard = 0.5, .pool = 6};
  kith_batch_shape shape = {.pairs = 128, .n_negative = o.count, .n_pool = o.pool};
  kith_negative_distribution *z = NULL;
  kith_dist_csr *a = NULL;
  kith_batch *b = NULL;
  kith_edge_order *e = NULL;
  kith_tape *t = NULL;
  assert_int_equal(KITH_OK, kith_negative_distribution_create(test_comm, share, &o, &z).status);
  assert_int_equal(KITH_OK, kith_dist_csr_create(test_comm, share, 1, &a).status);
  assert_int_equal(KITH_OK, kith_batch_create(test_comm, share, a, z, &shape, &b).status);
  assert_int_equal(KITH_OK, kith_edge_order_create(share, NULL, 128, 3, &e));
  assert_int_equal(KITH_OK, kith_tape_create(&t));
  kith_edge_order_set_epoch(e, 0);
  for (int64_t step = 0; step < e->n_step; step++) {
    kith_batch_fill_pairs(b, e, step);
    for (kith_lid i = 0; i < b->n_pair * o.count * o.pool; i++)
      assert_false(b->negative_item[i] >= 0 &&
                   kith_ragged_has(&share->train, e->edges[e->own_start[step] + i / (o.count * o.pool)].user,
                                   b->negative_item[i]));
    check_picks(b, t);
    check_counted(b, e, step);
  }
  kith_tape_destroy(&t);
  kith_edge_order_destroy(&e);
  kith_batch_destroy(&b);
  kith_dist_csr_destroy(&a);
  kith_negative_distribution_destroy(&z);
}

/* All pairs of a step by position, each from the rank that owns its user. */
static void all_pairs(const kith_edge_order *e, int64_t step, int32_t *user, int32_t *item) {
  for (int64_t i = 0; i < kith_edge_order_step_size(e, step); i++) user[i] = item[i] = -1;
  for (kith_eid s = e->own_start[step]; s < e->own_start[step + 1]; s++) {
    const kith_train_edge *edge = &e->edges[s];
    kith_lid row = share->row_of[KITH_USER][edge->user];
    int64_t at = edge->position - e->step_start[step];
    user[at] = (int32_t)share->original[row];
    item[at] = share->train.value[share->train.start[edge->user] + edge->local_edge - share->start[row]];
  }
  int n = (int)kith_edge_order_step_size(e, step);
  KITH_MPI(MPI_Allreduce(MPI_IN_PLACE, user, n, MPI_INT32_T, MPI_MAX, test_comm->mpi));
  KITH_MPI(MPI_Allreduce(MPI_IN_PLACE, item, n, MPI_INT32_T, MPI_MAX, test_comm->mpi));
}

/* Marks of candidates first … first + m->n - 1 of b->item, where this rank processes the pair or the
 * candidate: items that the user of the pair knows, but a pair's own item. */
static void check_marks(const kith_batch *b, const kith_false_negative_mask *m, const int64_t *split,
                        int64_t first, bool own, const int32_t *user) {
  int me = test_comm->rank;
  bool known[USERS][ITEMS] = {{false}};
  for (int64_t i = 0; i < graph.n_edge; i++) known[graph.user[i]][graph.item[i]] = true;
  for (int64_t p = 0; p < b->n_global; p++)
    for (int c = 0; c < m->n; c++) {
      bool row = p >= b->tile_first[me] && p < b->tile_first[me + 1],
           column = c >= split[me] && c < split[me + 1];
      bool marked = m->mask[c / 64 * b->n_global + p] >> c % 64 & 1;
      if (row || column) assert_true(marked == (known[user[p]][b->item[first + c]] && !(own && c == p)));
    }
}

static void check_mask(const kith_batch *b, const kith_edge_order *e, int64_t step) {
  int32_t user[EDGES], item[EDGES];
  all_pairs(e, step, user, item);
  check_marks(b, &b->shared.mask, b->shared.first, b->n_global, false, user);
  if (b->shape.mask) check_marks(b, &b->mask, b->tile_first, 0, true, user);
}

static void shared_negatives_follow_the_distribution_and_are_masked(void **state) {
  (void)state;
  enum { SHARED = 100, PAIRS = 50 };
  kith_batch_shape shape = {
      .pairs = PAIRS, .softmax = true, .n_negative = 1, .n_pool = 1, .n_shared = SHARED};
  kith_negative_options popular = {.popularity = 0.4, .alpha = 0.75};
  kith_negative_distribution *z = test_distribution(share, popular);
  kith_dist_csr *a = NULL;
  kith_batch *b = NULL;
  kith_edge_order *e = NULL;
  double p[ITEMS], count[ITEMS] = {0}, drawn = 0;
  test_distribution_law(&graph, popular, NULL, p);
  assert_int_equal(KITH_OK, kith_dist_csr_create(test_comm, share, 1, &a).status);
  assert_int_equal(KITH_OK, kith_batch_create(test_comm, share, a, z, &shape, &b).status);
  assert_int_equal(KITH_OK, kith_edge_order_create(share, NULL, PAIRS, 3, &e));
  for (int64_t epoch = 0; epoch < 20; epoch++) {
    kith_edge_order_set_epoch(e, epoch);
    for (int64_t step = 0; step < e->n_step; step++) {
      kith_batch_fill_softmax(b, e, step);
      assert_int_equal(b->shared.n, SHARED);
      for (int c = 0; c < SHARED; c++) count[b->item[b->n_global + c]]++;
      for (int c = 0; c < SHARED; c++)
        assert_true(fabs((double)b->shared.log_expected[c] - log(SHARED * p[b->item[b->n_global + c]])) <
                    1e-5);
      drawn += SHARED;
      check_mask(b, e, step);
    }
  }
  expect_distribution(ITEMS, count, p, drawn);
  kith_edge_order_destroy(&e);
  kith_batch_destroy(&b);
  kith_dist_csr_destroy(&a);
  kith_negative_distribution_destroy(&z);
}

static void a_loss_without_candidates_is_refused(void **state) {
  (void)state;
  kith_loss_options loss = kith_loss_defaults();
  kith_negative_options negatives = kith_negative_defaults();
  assert_int_equal(KITH_OK, kith_loss_check(&loss, &negatives));
  loss.name = KITH_SOFTMAX;
  loss.inbatch = false;
  assert_int_equal(KITH_ECONFIG, kith_loss_check(&loss, &negatives));
  loss.shared = 1;
  assert_int_equal(KITH_OK, kith_loss_check(&loss, &negatives));
  loss.name = KITH_NCE;
  negatives.hard = 0.1;
  assert_int_equal(KITH_ECONFIG, kith_loss_check(&loss, &negatives));
}

static void shares_of_draws_add_up_to_one_at_most(void **state) {
  (void)state;
  kith_loss_options loss = kith_loss_defaults();
  kith_negative_options negatives = {.count = 1, .popularity = 0.3, .inbatch = 0.7};
  assert_int_equal(KITH_OK, kith_loss_check(&loss, &negatives));
  loss.name = KITH_SOFTMAX;
  assert_int_equal(KITH_ECONFIG,
                   kith_loss_check(&loss, &negatives)); /* which has in-batch candidates of its own */
  loss.name = KITH_NCE;
  assert_int_equal(KITH_OK, kith_loss_check(&loss, &negatives));
  negatives.popularity = 0.4;
  assert_int_equal(KITH_ECONFIG, kith_loss_check(&loss, &negatives));
}

static void a_step_of_too_many_rows_is_refused(void **state) {
  (void)state;
  kith_batch_shape shape = {.pairs = 10000000, .n_negative = 1000, .n_pool = 1};
  kith_batch *b = NULL;
  assert_int_equal(KITH_ECONFIG, kith_batch_create(test_comm, share, NULL, NULL, &shape, &b).status);
  assert_null(b);
}

/* A rank knows the pairs of its users, of its items and of its tiles, each once; and of all what softmax or
 * in-batch draws read. */
static void check_known(const kith_batch *b, const kith_edge_order *e, int64_t step) {
  int32_t user[EDGES], item[EDGES], known[EDGES] = {0};
  int me = test_comm->rank, size = test_comm->size, degree[ITEMS] = {0};
  all_pairs(e, step, user, item);
  for (int64_t i = 0; i < graph.n_edge; i++) degree[graph.item[i]]++;
  for (int64_t i = 0; i < b->n_known; i++) {
    const kith_pair *p = &b->pair[i];
    assert_int_equal(p->user, user[p->position]);
    assert_int_equal(p->item, item[p->position]);
    assert_true(p->log_degree == (float)log(degree[p->item]));
    known[p->position] = 1 + kith_owner(size, share->first, p->user_gid);
    assert_true(known[p->position] == 1 + me || i >= e->own_start[step + 1] - e->own_start[step]);
  }
  int64_t n = 0;
  for (int64_t i = 0; i < b->n_global; i++) {
    bool tile = b->shape.softmax && i >= b->tile_first[me] && i < b->tile_first[me + 1],
         mine = kith_owner(size, share->first, share->item_number[item[i]]) == me;
    if (tile || mine) assert_true(known[i] > 0);
    else if (known[i] > 0) assert_int_equal(known[i], 1 + me);
    n += known[i] > 0;
    if (b->shape.softmax) assert_int_equal(b->item[i], item[i]);
    if (b->shape.softmax) assert_true(b->log_degree[i] == (float)log(degree[item[i]]));
    if (b->shape.inbatch) assert_int_equal(b->step_item[i], item[i]);
  }
  assert_int_equal(n, b->n_known);
}

static void pairs_go_to_the_ranks_that_need_them(void **state) {
  (void)state;
  for (int softmax = 0; softmax < 2; softmax++) {
    kith_negative_options o = {.count = 1, .inbatch = softmax ? 0 : 0.5};
    kith_batch_shape shape = {.pairs = 300,
                              .softmax = softmax > 0,
                              .mask = softmax > 0,
                              .n_shared = softmax ? 130 : 0,
                              .n_negative = 1,
                              .n_pool = 1,
                              .excluded = true,
                              .inbatch = softmax == 0};
    kith_negative_distribution *z = test_distribution(share, o);
    kith_dist_csr *a = NULL;
    kith_batch *b = NULL;
    kith_edge_order *e = NULL;
    assert_int_equal(KITH_OK, kith_dist_csr_create(test_comm, share, 1, &a).status);
    assert_int_equal(KITH_OK, kith_batch_create(test_comm, share, a, z, &shape, &b).status);
    assert_int_equal(KITH_OK, kith_edge_order_create(share, NULL, 300, 3, &e));
    kith_edge_order_set_epoch(e, 0);
    for (int64_t step = 0; step < 2 * e->n_step; step++) {
      if (step >= e->n_step && b->travel.tiles > 2) b->travel.tiles = 2; /* masks travel in several rounds */
      if (softmax) kith_batch_fill_softmax(b, e, step % e->n_step);
      else kith_batch_fill_pairs(b, e, step % e->n_step);
      check_known(b, e, step % e->n_step);
      if (softmax) check_mask(b, e, step % e->n_step);
    }
    kith_edge_order_destroy(&e);
    kith_batch_destroy(&b);
    kith_dist_csr_destroy(&a);
    kith_negative_distribution_destroy(&z);
  }
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_share_of_hard_negatives_is_the_share_asked_for),
      cmocka_unit_test(the_hardest_of_a_pool_is_picked),
      cmocka_unit_test(shared_negatives_follow_the_distribution_and_are_masked),
      cmocka_unit_test(pairs_go_to_the_ranks_that_need_them),
      cmocka_unit_test(a_loss_without_candidates_is_refused),
      cmocka_unit_test(shares_of_draws_add_up_to_one_at_most),
      cmocka_unit_test(a_step_of_too_many_rows_is_refused),
  };
  test_begin(&argc, &argv);
  graph = test_graph_random(USERS, ITEMS, EDGES, 8);
  share = test_graph_cut(&graph, test_comm, 5, 2);
  int failures = cmocka_run_group_tests(tests, NULL, NULL);
  kith_graph_destroy(&share);
  test_graph_free(&graph);
  return test_end(failures);
}
