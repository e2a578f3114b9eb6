/* ranks: 1 2 */
/*
 * Negatives follow their law, are never known to the user, and belong to the edge.  Counts of draws are held
 * against their expectations; the draws are keyed, so an outcome is the same in every run.
 */
#include "support/mpi_main.h"
#include "support/negatives.h"

#include "loss/pairs.h"
#include "sample/complement.h"

enum { USERS = 40, ITEMS = 60, EDGES = 700, DRAWS = 60000 };

static test_graph graph;
static kith_graph *share;

static void check_distribution(kith_negative_options o) {
  kith_negative_distribution *z = test_distribution(share, o);
  double p[ITEMS], count[ITEMS] = {0};
  test_distribution_law(&graph, o, NULL, p);
  for (uint64_t i = 0; i < DRAWS; i++) {
    kith_draw r = kith_random(7, KITH_RNG_NEGATIVE, i, 0, 0);
    count[kith_negative_distribution_sample(z, &r)]++;
  }
  expect_distribution(ITEMS, count, p, DRAWS);
  for (int i = 0; i < ITEMS; i++)
    if (p[i] > 0)
      assert_true(fabs(kith_negative_distribution_log_prob(z, i) - log(p[i])) <
                  1e-5); /* weights are rounded to 2^-20 */
  kith_negative_distribution_destroy(&z);
}

static void draws_follow_the_distribution(void **state) {
  (void)state;
  check_distribution((kith_negative_options){.alpha = 0.75});
  check_distribution((kith_negative_options){.popularity = 1, .alpha = 0.75});
  check_distribution((kith_negative_options){.popularity = 1, .alpha = 1});
  check_distribution((kith_negative_options){.popularity = 1, .alpha = 0});
  check_distribution((kith_negative_options){.popularity = 0.3, .alpha = 0.5});
  check_distribution((kith_negative_options){.inbatch = 1});
  check_distribution((kith_negative_options){.popularity = 0.3, .alpha = 0.5, .inbatch = 0.4});
}

static void an_item_without_interactions_has_no_popularity(void **state) {
  (void)state;
  kith_negative_distribution *z =
      test_distribution(share, (kith_negative_options){.popularity = 1, .alpha = 0.75});
  for (int i = 0; i < ITEMS; i++) {
    bool met = false;
    for (int64_t e = 0; e < graph.n_edge; e++) met = met || graph.item[e] == i;
    assert_true(met == (z->degree_alpha.cdf[i + 1] > z->degree_alpha.cdf[i]));
  }
  kith_negative_distribution_destroy(&z);
}

/* The law of a user's negatives is the noise's without the user's items. */
static void negatives_follow_the_distribution_without_the_users_items(void **state) {
  (void)state;
  kith_negative_options o = {.popularity = 0.5, .alpha = 0.75};
  kith_negative_distribution *z = test_distribution(share, o);
  kith_edge_order *e = NULL;
  assert_int_equal(KITH_OK, kith_edge_order_create(share, NULL, 16, 3, &e));
  for (kith_lid u = 0; u < share->n_own_of[KITH_USER]; u += 9) {
    double p[ITEMS], count[ITEMS] = {0};
    test_distribution_law(&graph, o, NULL, p);
    test_distribution_without(&share->train, u, ITEMS, p);
    for (int i = 0; i < 20000; i++) count[kith_negative_draw(z, e, u, u, i % 100, i / 100, NULL)]++;
    expect_distribution(ITEMS, count, p, 20000);
  }
  kith_edge_order_destroy(&e);
  kith_negative_distribution_destroy(&z);
}

/* How many draws of a pair among others fall on each item; never on one that its user knows. */
static void count_draws(const kith_negative_distribution *z, const kith_edge_order *e,
                        const kith_train_edge *s, const kith_inbatch_pairs *inbatch_pairs, int n,
                        double *count) {
  for (int i = 0; i < n; i++) {
    int32_t item =
        kith_negative_draw(z, e, kith_train_edge_id(share, s), s->user, i % 100, i / 100, inbatch_pairs);
    assert_false(kith_ragged_has(&share->train, s->user, item));
    count[item]++;
  }
}

/* Of a step, every other pair is drawn alike. */
static void check_step(const kith_negative_distribution *z, kith_negative_options o, const kith_edge_order *e,
                       const kith_batch *b, int64_t step) {
  double p[ITEMS], count[ITEMS] = {0};
  if (e->own_start[step] == e->own_start[step + 1]) return;
  const kith_train_edge *s = &e->edges[e->own_start[step]];
  kith_inbatch_pairs inbatch_pairs = {.n = b->n_global, .item = b->step_item};
  test_distribution_law(&graph, o, &inbatch_pairs, p);
  test_distribution_without(&share->train, s->user, ITEMS, p);
  count_draws(z, e, s, &inbatch_pairs, 20000, count);
  expect_distribution(ITEMS, count, p, 20000);
}

static void an_inbatch_draw_is_the_item_of_a_random_pair(void **state) {
  (void)state;
  kith_negative_options all = {.inbatch = 1}, mixed = {.popularity = 0.3, .alpha = 0.5, .inbatch = 0.4};
  kith_batch_shape shape = {.pairs = 50, .n_negative = 1, .n_pool = 1, .inbatch = true};
  for (int k = 0; k < 2; k++) {
    kith_negative_options o = k == 0 ? all : mixed;
    kith_negative_distribution *z = test_distribution(share, o);
    kith_dist_csr *a = NULL;
    kith_batch *b = NULL;
    kith_edge_order *e = NULL;
    assert_int_equal(KITH_OK, kith_dist_csr_create(test_comm, share, 1, &a).status);
    assert_int_equal(KITH_OK, kith_batch_create(test_comm, share, a, z, &shape, &b).status);
    assert_int_equal(KITH_OK, kith_edge_order_create(share, NULL, 50, 3, &e));
    kith_edge_order_set_epoch(e, 0);
    for (int64_t step = 0; step < e->n_step; step += 3) {
      kith_batch_fill_pairs(b, e, step);
      check_step(z, o, e, b, step);
    }
    kith_edge_order_destroy(&e);
    kith_batch_destroy(&b);
    kith_dist_csr_destroy(&a);
    kith_negative_distribution_destroy(&z);
  }
}

/* Over epochs, whose steps are random samples of the training pairs: one draw an epoch, since those of a step
 * share its pairs. */
static void inbatch_draws_over_epochs_follow_the_degrees(void **state) {
  (void)state;
  enum { BATCH = 128, EPOCHS = 3000 };
  kith_negative_options o = {.inbatch = 1};
  kith_batch_shape shape = {.pairs = BATCH, .n_negative = 1, .n_pool = 1, .inbatch = true};
  kith_negative_distribution *z = test_distribution(share, o);
  kith_dist_csr *a = NULL;
  kith_batch *b = NULL;
  kith_edge_order *e = NULL;
  double p[ITEMS], count[ITEMS] = {0};
  int64_t drawn = 0;
  assert_int_equal(KITH_OK, kith_dist_csr_create(test_comm, share, 1, &a).status);
  assert_int_equal(KITH_OK, kith_batch_create(test_comm, share, a, z, &shape, &b).status);
  assert_int_equal(KITH_OK, kith_edge_order_create(share, NULL, BATCH, 3, &e));
  test_distribution_law(&graph, o, NULL, p);
  test_distribution_without(&share->train, 0, ITEMS, p);
  for (int64_t epoch = 0; epoch < EPOCHS; epoch++) {
    kith_edge_order_set_epoch(e, epoch);
    kith_batch_fill_pairs(b, e, 0);
    kith_lid i = 0;
    while (i < b->n_pair && e->edges[i].user != 0) i++;
    if (i == b->n_pair) continue;
    count[b->negative_item[i]]++;
    drawn++;
  }
  assert_true(drawn > EPOCHS / 2);
  expect_distribution(ITEMS, count, p, (double)drawn);
  kith_edge_order_destroy(&e);
  kith_batch_destroy(&b);
  kith_dist_csr_destroy(&a);
  kith_negative_distribution_destroy(&z);
}

/* A step of one pair, and one whose other pairs have nothing that the user does not know. */
static void without_other_pairs_all_training_edges_are_drawn_from(void **state) {
  (void)state;
  kith_negative_options o = {.inbatch = 1};
  kith_negative_distribution *z = test_distribution(share, o);
  kith_edge_order *e = NULL;
  assert_int_equal(KITH_OK, kith_edge_order_create(share, NULL, 16, 3, &e));
  kith_edge_order_set_epoch(e, 0);
  const kith_train_edge *s = &e->edges[0];
  int32_t item = share->train.value[share->train.start[s->user]], items[] = {item, item, item};
  for (int64_t n = 1; n <= 3; n += 2) {
    kith_inbatch_pairs inbatch_pairs = {.n = n, .item = items};
    double p[ITEMS], count[ITEMS] = {0};
    test_distribution_law(&graph, o, NULL, p);
    test_distribution_without(&share->train, s->user, ITEMS, p);
    count_draws(z, e, s, &inbatch_pairs, 3000, count);
    expect_distribution(ITEMS, count, p, 3000);
  }
  kith_edge_order_destroy(&e);
  kith_negative_distribution_destroy(&z);
}

static void the_first_negative_never_changes(void **state) {
  (void)state;
  kith_negative_distribution *z = test_distribution(share, (kith_negative_options){.popularity = 0});
  kith_edge_order e = {.g = share, .rng_seed = 5, .epoch = 2};
  for (kith_eid edge = 0; edge < 200; edge++) {
    int32_t item = -1;
    for (uint64_t try = 0; item < 0 || kith_ragged_has(&share->train, 0, item); try++)
      item = (int32_t)kith_random_below(kith_random(5, KITH_RNG_NEGATIVE, 2, (uint64_t)edge, try).bits[0],
                                        ITEMS);
    assert_int_equal(item, kith_negative_draw(z, &e, edge, 0, 0, 0, NULL));
  }
  kith_negative_distribution_destroy(&z);
}

static const kith_negative_options every_distribution[] = {
    {.alpha = 0.75},
    {.popularity = 1, .alpha = 0.75},
    {.popularity = 0.3, .alpha = 0.5},
    {.inbatch = 1},
    {.popularity = 0.3, .alpha = 0.5, .inbatch = 0.4},
};
enum { DISTRIBUTIONS = sizeof every_distribution / sizeof *every_distribution };

/* Of users who lack one item, two, three and many, by the direct draw alone and behind the rejection. */
static void users_of_most_items_draw_from_the_complement(void **state) {
  (void)state;
  int lacks[USERS];
  for (int u = 0; u < USERS; u++) lacks[u] = u % 5 < 3 ? u % 5 + 1 : u % 5 == 3 ? 20 : -1;
  test_graph t = test_graph_with_missing_items(&graph, lacks);
  kith_graph *g = test_graph_cut(&t, test_comm, 5, 2);
  int32_t items[ITEMS];
  for (int i = 0; i < ITEMS; i++) items[i] = i / 2;
  for (int k = 0; k < DISTRIBUTIONS; k++)
    for (int way = 0; way < 4; way++) {
      kith_negative_distribution *z = test_distribution(g, every_distribution[k]);
      kith_edge_order e = {.g = g, .rng_seed = 5, .epoch = 1};
      kith_inbatch_pairs some = {.n = ITEMS, .item = items}, *inbatch_pairs = way % 2 ? &some : NULL;
      for (kith_lid u = 0; u < g->n_own_of[KITH_USER]; u += 3) {
        double p[ITEMS], count[ITEMS] = {0};
        test_distribution_law(&t, every_distribution[k], inbatch_pairs, p);
        if (test_distribution_without(&g->train, u, ITEMS, p) < 1e-12) { /* it knows the whole batch */
          test_distribution_law(&t, every_distribution[k], NULL, p);
          test_distribution_without(&g->train, u, ITEMS, p);
        }
        int n = way < 2 ? 20000
                        : 1000; /* the direct draw is cheap, and must show in which component it is made */
        for (int i = 0; i < n; i++) {
          kith_draw r = kith_random(3, KITH_RNG_NEGATIVE, (uint64_t)u, (uint64_t)i, 0);
          count[way < 2 ? kith__complement_draw(z, &g->train, u, inbatch_pairs, &r)
                        : kith_negative_draw(z, &e, u, u, i % 100, i / 100, inbatch_pairs)]++;
        }
        expect_distribution(ITEMS, count, p, n);
      }
      kith_negative_distribution_destroy(&z);
    }
  kith_graph_destroy(&g);
  test_graph_free(&t);
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(draws_follow_the_distribution),
      cmocka_unit_test(an_item_without_interactions_has_no_popularity),
      cmocka_unit_test(negatives_follow_the_distribution_without_the_users_items),
      cmocka_unit_test(an_inbatch_draw_is_the_item_of_a_random_pair),
      cmocka_unit_test(inbatch_draws_over_epochs_follow_the_degrees),
      cmocka_unit_test(without_other_pairs_all_training_edges_are_drawn_from),
      cmocka_unit_test(the_first_negative_never_changes),
      cmocka_unit_test(users_of_most_items_draw_from_the_complement),
  };
  test_begin(&argc, &argv);
  graph = test_graph_random(USERS, ITEMS, EDGES, 8);
  share = test_graph_cut(&graph, test_comm, 5, 2);
  int failures = cmocka_run_group_tests(tests, NULL, NULL);
  kith_graph_destroy(&share);
  test_graph_free(&graph);
  return test_end(failures);
}
