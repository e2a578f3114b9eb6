/* ranks: 1 2 */
/*
 * Negatives follow their law, are never known to the user, and belong to the edge.  Counts of draws are held
 * against their expectations by chi-square at the level 1e-5; the draws are keyed, so an outcome is the same
 * in every run.
 */
#include "support/cut.h"
#include "support/mpi_main.h"

#include "loss/pairs.h"
#include "sample/complement.h"

enum { USERS = 40, ITEMS = 60, EDGES = 700, DRAWS = 60000 };
static const double LEVEL = 4.265; /* standard normal quantile of 1 - 1e-5 */

static test_graph graph;
static kith_graph *share;

/* The quantile of chi-square with n degrees of freedom (Wilson and Hilferty 1931). */
static double chi_quantile(int n) { return n * pow(1 - 2.0 / (9 * n) + LEVEL * sqrt(2.0 / (9 * n)), 3); }

static kith_negative_distribution *distribution_of(kith_negative_options o) {
  kith_negative_distribution *z = NULL;
  assert_int_equal(KITH_OK, kith_negative_distribution_create(test_comm, share, &o, &z).status);
  return z;
}

static void expected_distribution(kith_negative_options o, double *p) {
  double degree[ITEMS] = {0}, sum = 0;
  for (int64_t e = 0; e < graph.n_edge; e++) degree[graph.item[e]]++;
  for (int i = 0; i < ITEMS; i++) sum += pow(degree[i], o.alpha);
  for (int i = 0; i < ITEMS; i++)
    p[i] = o.popularity * pow(degree[i], o.alpha) / sum + o.inbatch * degree[i] / (double)graph.n_edge +
           (1 - o.popularity - o.inbatch) / ITEMS;
}

/* The law of those that a user does not know. */
static void distribution_without(kith_lid user, double *p) {
  double left = 0;
  for (int i = 0; i < ITEMS; i++) left += p[i] *= !kith_ragged_has(&share->train, user, i);
  for (int i = 0; i < ITEMS; i++) p[i] /= left;
}

/* Cells that expect fewer than five draws are joined. */
static void expect_distribution(const double *count, const double *p, double n) {
  double chi = 0, rest[2] = {0};
  int cells = 0;
  for (int i = 0; i < ITEMS; i++)
    if (n * p[i] < 5) {
      rest[0] += count[i];
      rest[1] += n * p[i];
    } else {
      chi += (count[i] - n * p[i]) * (count[i] - n * p[i]) / (n * p[i]);
      cells++;
    }
  if (rest[1] > 0) chi += (rest[0] - rest[1]) * (rest[0] - rest[1]) / rest[1];
  else assert_true(rest[0] == 0);
  int freedom = cells - (rest[1] == 0);
  assert_true(freedom > 0 ? chi < chi_quantile(freedom) : chi < 1e-9 * n); /* of one item all draws are */
}

static void check_distribution(kith_negative_options o) {
  kith_negative_distribution *z = distribution_of(o);
  double p[ITEMS], count[ITEMS] = {0};
  expected_distribution(o, p);
  for (uint64_t i = 0; i < DRAWS; i++) {
    kith_draw r = kith_random(7, KITH_RNG_NEGATIVE, i, 0, 0);
    count[kith_negative_distribution_sample(z, &r)]++;
  }
  expect_distribution(count, p, DRAWS);
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
  kith_negative_distribution *z = distribution_of((kith_negative_options){.popularity = 1, .alpha = 0.75});
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
  kith_negative_distribution *z = distribution_of(o);
  kith_edge_order *e = NULL;
  assert_int_equal(KITH_OK, kith_edge_order_create(share, NULL, 16, 3, &e));
  for (kith_lid u = 0; u < share->n_own_of[KITH_USER]; u += 9) {
    double p[ITEMS], count[ITEMS] = {0};
    expected_distribution(o, p);
    distribution_without(u, p);
    for (int i = 0; i < 20000; i++) count[kith_negative_draw(z, e, u, u, i % 100, i / 100, NULL)]++;
    expect_distribution(count, p, 20000);
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
  double inbatch = o.inbatch, p[ITEMS], count[ITEMS] = {0};
  if (e->own_start[step] == e->own_start[step + 1]) return;
  const kith_train_edge *s = &e->edges[e->own_start[step]];
  kith_inbatch_pairs inbatch_pairs = {.n = b->n_global, .pair = b->pair};
  o.inbatch = 0;
  expected_distribution(o, p);
  for (int i = 0; i < ITEMS; i++) p[i] -= inbatch / ITEMS;
  for (int64_t q = 0; q < inbatch_pairs.n; q++) p[b->pair[q].item] += inbatch / (double)inbatch_pairs.n;
  distribution_without(s->user, p);
  count_draws(z, e, s, &inbatch_pairs, 20000, count);
  expect_distribution(count, p, 20000);
}

static void an_inbatch_draw_is_the_item_of_a_random_pair(void **state) {
  (void)state;
  kith_negative_options all = {.inbatch = 1}, mixed = {.popularity = 0.3, .alpha = 0.5, .inbatch = 0.4};
  kith_batch_shape shape = {.pairs = 50, .n_negative = 1, .n_pool = 1, .inbatch = true};
  for (int k = 0; k < 2; k++) {
    kith_negative_options o = k == 0 ? all : mixed;
    kith_negative_distribution *z = distribution_of(o);
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
  kith_negative_distribution *z = distribution_of(o);
  kith_dist_csr *a = NULL;
  kith_batch *b = NULL;
  kith_edge_order *e = NULL;
  double p[ITEMS], count[ITEMS] = {0};
  int64_t drawn = 0;
  assert_int_equal(KITH_OK, kith_dist_csr_create(test_comm, share, 1, &a).status);
  assert_int_equal(KITH_OK, kith_batch_create(test_comm, share, a, z, &shape, &b).status);
  assert_int_equal(KITH_OK, kith_edge_order_create(share, NULL, BATCH, 3, &e));
  expected_distribution(o, p);
  distribution_without(0, p);
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
  expect_distribution(count, p, (double)drawn);
  kith_edge_order_destroy(&e);
  kith_batch_destroy(&b);
  kith_dist_csr_destroy(&a);
  kith_negative_distribution_destroy(&z);
}

/* A step of one pair, and one whose other pairs have nothing that the user does not know. */
static void without_other_pairs_all_training_edges_are_drawn_from(void **state) {
  (void)state;
  kith_negative_options o = {.inbatch = 1};
  kith_negative_distribution *z = distribution_of(o);
  kith_edge_order *e = NULL;
  assert_int_equal(KITH_OK, kith_edge_order_create(share, NULL, 16, 3, &e));
  kith_edge_order_set_epoch(e, 0);
  const kith_train_edge *s = &e->edges[0];
  int64_t item = share->train.value[share->train.start[s->user]];
  kith_pair pair[] = {{.item = item}, {.item = item}, {.item = item}};
  for (int64_t n = 1; n <= 3; n += 2) {
    kith_inbatch_pairs inbatch_pairs = {.n = n, .pair = pair};
    double p[ITEMS], count[ITEMS] = {0};
    expected_distribution(o, p);
    distribution_without(s->user, p);
    count_draws(z, e, s, &inbatch_pairs, 3000, count);
    expect_distribution(count, p, 3000);
  }
  kith_edge_order_destroy(&e);
  kith_negative_distribution_destroy(&z);
}

/* A graph in which user u has all items but the first `lacks[u]` that the random graph does not give it; -1:
 * as it is. */
static test_graph graph_with_missing_items(const int lacks[USERS]) {
  test_graph t = {.n_user = USERS,
                  .n_item = ITEMS,
                  .user = calloc(USERS * ITEMS, sizeof *t.user),
                  .item = calloc(USERS * ITEMS, sizeof *t.item)};
  for (int u = 0; u < USERS; u++)
    for (int i = 0, left = lacks[u]; i < ITEMS; i++) {
      bool has = false;
      for (int64_t e = 0; e < graph.n_edge; e++) has = has || (graph.user[e] == u && graph.item[e] == i);
      if (!has && (lacks[u] < 0 || left-- > 0)) continue;
      t.user[t.n_edge] = u;
      t.item[t.n_edge++] = i;
    }
  return t;
}

static const kith_negative_options every_distribution[] = {
    {.alpha = 0.75},
    {.popularity = 1, .alpha = 0.75},
    {.popularity = 0.3, .alpha = 0.5},
    {.inbatch = 1},
    {.popularity = 0.3, .alpha = 0.5, .inbatch = 0.4},
};
enum { DISTRIBUTIONS = sizeof every_distribution / sizeof *every_distribution };

/* The law of a graph of its own, with the items of `others` for what is drawn in the batch; null: of all
 * pairs. */
static void distribution_on(const test_graph *t, kith_negative_options o,
                            const kith_inbatch_pairs *inbatch_pairs, double *p) {
  double degree[ITEMS] = {0}, sum = 0;
  for (int64_t e = 0; e < t->n_edge; e++) degree[t->item[e]]++;
  for (int i = 0; i < ITEMS; i++) sum += pow(degree[i], o.alpha);
  for (int i = 0; i < ITEMS; i++)
    p[i] = o.popularity * pow(degree[i], o.alpha) / sum +
           (inbatch_pairs ? 0 : o.inbatch * degree[i] / (double)t->n_edge) +
           (1 - o.popularity - o.inbatch) / ITEMS;
  for (int64_t q = 0; inbatch_pairs && q < inbatch_pairs->n; q++)
    p[inbatch_pairs->pair[q].item] += o.inbatch / (double)inbatch_pairs->n;
}

/* Of users who lack one item, two, three and many, by the direct draw alone and behind the rejection. */
static void users_of_most_items_draw_from_the_complement(void **state) {
  (void)state;
  int lacks[USERS];
  for (int u = 0; u < USERS; u++) lacks[u] = u % 5 < 3 ? u % 5 + 1 : u % 5 == 3 ? 20 : -1;
  test_graph t = graph_with_missing_items(lacks);
  kith_graph *g = test_graph_cut(&t, test_comm, 5, 2);
  kith_pair pair[ITEMS];
  for (int i = 0; i < ITEMS; i++) pair[i].item = i / 2;
  for (int k = 0; k < DISTRIBUTIONS; k++)
    for (int way = 0; way < 4; way++) {
      kith_negative_distribution *z = NULL;
      kith_edge_order e = {.g = g, .rng_seed = 5, .epoch = 1};
      kith_inbatch_pairs some = {.n = ITEMS, .pair = pair}, *inbatch_pairs = way % 2 ? &some : NULL;
      assert_int_equal(KITH_OK,
                       kith_negative_distribution_create(test_comm, g, &every_distribution[k], &z).status);
      for (kith_lid u = 0; u < g->n_own_of[KITH_USER]; u += 3) {
        double p[ITEMS], count[ITEMS] = {0}, left = 0;
        distribution_on(&t, every_distribution[k], inbatch_pairs, p);
        for (int i = 0; i < ITEMS; i++) left += p[i] *= !kith_ragged_has(&g->train, u, i);
        if (left < 1e-12) distribution_on(&t, every_distribution[k], NULL, p); /* it knows the whole batch */
        left = 0;
        for (int i = 0; i < ITEMS; i++) left += p[i] *= !kith_ragged_has(&g->train, u, i);
        for (int i = 0; i < ITEMS; i++) p[i] /= left;
        int n = way < 2 ? 20000
                        : 1000; /* the direct draw is cheap, and must show in which component it is made */
        for (int i = 0; i < n; i++) {
          kith_draw r = kith_random(3, KITH_RNG_NEGATIVE, (uint64_t)u, (uint64_t)i, 0);
          count[way < 2 ? kith__complement_draw(z, &g->train, u, inbatch_pairs, &r)
                        : kith_negative_draw(z, &e, u, u, i % 100, i / 100, inbatch_pairs)]++;
        }
        expect_distribution(count, p, n);
      }
      kith_negative_distribution_destroy(&z);
    }
  kith_graph_destroy(&g);
  test_graph_free(&t);
}

/* Each third user has every item. */
static bool has_all(int64_t user) { return user % 3 == 1; }

static test_graph graph_of_some_who_have_all(void) {
  int lacks[USERS];
  for (int u = 0; u < USERS; u++) lacks[u] = has_all(u) ? 0 : -1;
  return graph_with_missing_items(lacks);
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
  test_graph t = graph_with_missing_items(lacks);
  kith_graph *g = test_graph_cut(&t, test_comm, 5, 2);
  kith_saturated_users *s = NULL;
  assert_int_equal(KITH_EDATA, kith_saturated_users_create(test_comm, g, true, &s).status);
  assert_null(s);
  kith_graph_destroy(&g);
  test_graph_free(&t);
}

static void the_first_negative_never_changes(void **state) {
  (void)state;
  kith_negative_distribution *z = distribution_of((kith_negative_options){.popularity = 0});
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

static void the_share_of_hard_negatives_is_the_share_asked_for(void **state) {
  (void)state;
  const double shares[] = {0, 0.25, 0.8, 1};
  for (int k = 0; k < 4; k++) {
    kith_negative_distribution *z = distribution_of((kith_negative_options){.hard = shares[k], .pool = 4});
    kith_edge_order e = {.g = share, .rng_seed = 5};
    double hard = 0, spread = sqrt(DRAWS * shares[k] * (1 - shares[k]));
    for (int i = 0; i < DRAWS; i++) hard += kith_negative_is_hard(z, &e, i / 3, i % 3);
    assert_true(fabs(hard - DRAWS * shares[k]) <= LEVEL * spread);
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

/* Every rank holds the marks of all pairs; each mark is checked by the rank that knows the user. */
static void check_mask(const kith_batch *b, const kith_edge_order *e, int64_t step) {
  for (kith_eid s = e->own_start[step]; s < e->own_start[step + 1]; s++) {
    int64_t place = e->edges[s].position - e->step_start[step];
    for (int c = 0; c < b->shared.n; c++) {
      bool marked = b->shared.mask.mask[c / 64 * b->n_global + place] >> c % 64 & 1;
      assert_true(marked == kith_ragged_has(&share->train, e->edges[s].user, b->item[b->n_global + c]));
    }
  }
}

static void shared_negatives_follow_the_distribution_and_are_masked(void **state) {
  (void)state;
  enum { SHARED = 100, PAIRS = 50 };
  kith_batch_shape shape = {
      .pairs = PAIRS, .softmax = true, .n_negative = 1, .n_pool = 1, .n_shared = SHARED};
  kith_negative_options popular = {.popularity = 0.4, .alpha = 0.75};
  kith_negative_distribution *z = distribution_of(popular);
  kith_dist_csr *a = NULL;
  kith_batch *b = NULL;
  kith_edge_order *e = NULL;
  double p[ITEMS], count[ITEMS] = {0}, drawn = 0;
  expected_distribution(popular, p);
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
  expect_distribution(count, p, drawn);
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

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(draws_follow_the_distribution),
      cmocka_unit_test(an_item_without_interactions_has_no_popularity),
      cmocka_unit_test(negatives_follow_the_distribution_without_the_users_items),
      cmocka_unit_test(users_of_most_items_draw_from_the_complement),
      cmocka_unit_test(users_of_all_items_are_found_on_every_rank),
      cmocka_unit_test(pairs_of_users_of_all_items_are_in_no_step),
      cmocka_unit_test(clusters_leave_users_of_all_items_out_too),
      cmocka_unit_test(a_user_of_all_items_that_are_drawn_is_saturated),
      cmocka_unit_test(a_graph_whose_users_all_have_all_items_is_refused),
      cmocka_unit_test(the_first_negative_never_changes),
      cmocka_unit_test(the_share_of_hard_negatives_is_the_share_asked_for),
      cmocka_unit_test(the_hardest_of_a_pool_is_picked),
      cmocka_unit_test(shared_negatives_follow_the_distribution_and_are_masked),
      cmocka_unit_test(an_inbatch_draw_is_the_item_of_a_random_pair),
      cmocka_unit_test(inbatch_draws_over_epochs_follow_the_degrees),
      cmocka_unit_test(without_other_pairs_all_training_edges_are_drawn_from),
      cmocka_unit_test(shares_of_draws_add_up_to_one_at_most),
      cmocka_unit_test(a_loss_without_candidates_is_refused),
      cmocka_unit_test(a_step_of_too_many_rows_is_refused)};
  test_begin(&argc, &argv);
  graph = test_graph_random(USERS, ITEMS, EDGES, 8);
  share = test_graph_cut(&graph, test_comm, 5, 2);
  int failures = cmocka_run_group_tests(tests, NULL, NULL);
  kith_graph_destroy(&share);
  test_graph_free(&graph);
  return test_end(failures);
}
