/* ranks: 1 2 3 4 */
/*
 * Sampled hops, by every way of sampling: ranks together draw what one of them draws alone on the same cut;
 * rows have as many neighbors as is asked for, by their weights; targets are left out.
 */
#include <omp.h>

#include "support/mpi_main.h"
#include "support/sampled.h"

static kith_sampler_options neighbor(int n, int first, int second) {
  return (kith_sampler_options){.mode = KITH_NEIGHBOR, .fanouts = {n, {first, second}}};
}

static void each_row_has_as_many_neighbors_as_its_fanout(void **state) {
  (void)state;
  test_sampled s = test_sampled_make(7, neighbor(2, 3, 5), false);
  kith_gid number[NODES], seed[SEEDS];
  test_sampled_numbers(&s, number);
  free(test_sampled_plan(&s, test_sampled_seeds(number, seed), seed, 4));
  for (int l = 0; l < HOPS; l++) {
    const kith_block *h = kith_sampler_block(s.s, l);
    int fan = l == HOPS - 1 ? 3 : 5; /* the last layer's hop is the seeds' own */
    for (kith_lid p = 0; p < h->csr->n_row; p++) {
      int a = test_sampled_node(h->dst, h->csr->perm[p]), degree = test_sampled_degree(&s.t, a);
      assert_int_equal(h->degree[h->csr->perm[p]], degree);
      assert_int_equal(h->csr->start[p + 1] - h->csr->start[p], degree < fan ? degree : fan);
      for (kith_eid e = h->csr->start[p]; e < h->csr->start[p + 1]; e++) {
        assert_true(test_sampled_linked(&s.t, a, test_sampled_node(h->src, h->csr->col[e])));
        for (kith_eid d = h->csr->start[p]; d < e; d++) assert_true(h->csr->col[d] != h->csr->col[e]);
      }
    }
  }
  test_sampled_free(&s);
}

static void seed_nodes_are_the_first_rows_of_every_block(void **state) {
  (void)state;
  test_sampled s = test_sampled_make(7, neighbor(1, 4, 0), true);
  kith_gid number[NODES], seed[SEEDS];
  test_sampled_numbers(&s, number);
  kith_lid n = test_sampled_seeds(number, seed), n_want;
  kith_sampler_plan(s.s, n, seed, 1, 0, NULL);
  for (int l = 0; l < HOPS; l++) {
    const kith_block *h = kith_sampler_block(s.s, l);
    for (kith_lid i = 0; i < n; i++) assert_int_equal(number[test_sampled_node(h->src, i)], seed[i]);
    for (kith_lid p = 0; p < h->csr->n_row; p++)
      assert_int_equal(h->csr->col[h->csr->start[p]], h->csr->perm[p]); /* loops come first */
  }
  const kith_gid *want;
  const kith_lid *row;
  kith_sampler_input_gids(s.s, &n_want, &want, &row);
  assert_int_equal(n_want, kith_sampler_input_nodes(s.s)->n);
  for (kith_lid i = 0; i < n_want; i++)
    assert_int_equal(want[i], number[test_sampled_node(kith_sampler_input_nodes(s.s), row[i])]);
  test_sampled_free(&s);
}

static const kith_sampler_options every_mode[] = {
    {.mode = KITH_NEIGHBOR, .fanouts = {1, {3}}},
    {.mode = KITH_NEIGHBOR, .fanouts = {2, {3, 2}}, .weighting = KITH_IMPORTANCE},
    {.mode = KITH_NEIGHBOR, .fanouts = {1, {2}}, .weighting = KITH_EDGE_WEIGHT},
    {.mode = KITH_LAYERWISE, .budget = 12},
    {.mode = KITH_SAINT_NODE, .budget = 15},
    {.mode = KITH_CLUSTER, .clusters = CLUSTERS, .cluster_edges = KITH_CLUSTER_EDGES_KEEP},
    {.mode = KITH_CLUSTER, .clusters = CLUSTERS, .cluster_edges = KITH_CLUSTER_EDGES_DROP},
    {.mode = KITH_CLUSTER, .clusters = CLUSTERS, .cluster_edges = KITH_CLUSTER_EDGES_REWEIGHT},
    {.mode = KITH_SAINT_EDGE, .budget = 5, .coverage = 3},
    {.mode = KITH_SAINT_WALK, .budget = 4, .walk_length = 3, .coverage = 3},
};
enum { MODES = sizeof every_mode / sizeof *every_mode };

/* Each rank plans its own seeds with the others, and alone with the whole graph, on another cut unless it
 * matters: to the last bit the same. */
static void blocks_are_those_of_one_rank(void **state) {
  (void)state;
  kith_comm *self = NULL;
  assert_int_equal(KITH_OK, kith_comm_create(MPI_COMM_SELF, &self).status);
  for (int w = 0; w < MODES; w++) {
    int cut = every_mode[w].mode == KITH_CLUSTER ? CUT : 2;
    test_sampled s = test_sampled_make(CUT, every_mode[w], false),
                 alone = test_sampled_make_on(self, cut, every_mode[w], false);
    kith_gid number[NODES], seed[SEEDS], number_alone[NODES], seed_alone[SEEDS];
    int64_t drawn = 0, left = 0;
    test_sampled_numbers(&s, number);
    for (kith_lid i = 0; i < NODES; i++) number_alone[alone.g->type[i] * USERS + alone.g->original[i]] = i;
    kith_lid n = test_sampled_seeds(number, seed);
    test_sampled_seeds(number_alone, seed_alone);
    for (uint64_t step = 0; step < 6; step++) {
      test_sampled_outcome *here = test_sampled_plan(&s, n, seed, step),
                           *there = test_sampled_plan(&alone, n, seed_alone, step);
      assert_memory_equal(here, there, sizeof *here);
      for (int a = 0; a < NODES; a++)
        left += here->weight[HOPS - 1][a][0] >= 0 ? test_sampled_degree(&s.t, a) : 0;
      for (int a = 0; a < NODES; a++)
        for (int b = 0; b < NODES; b++) drawn += here->weight[HOPS - 1][a][b] > 0;
      free(here);
      free(there);
    }
    assert_true(drawn > 0 && drawn < left); /* some are drawn, some are not */
    test_sampled_free(&s);
    test_sampled_free(&alone);
  }
  kith_comm_destroy(&self);
}

/* What is drawn before comes in pieces, a hop of all walks each. */
static int min_stages(const kith_sampler_options *o) {
  int walk = o->mode == KITH_SAINT_WALK ? o->walk_length + 1 : o->mode == KITH_SAINT_EDGE ? 2 : 0;
  return HOPS + walk;
}

/* While a step's plan is made in pieces, that of the step before is shown. */
static void a_plan_under_way_leaves_the_current_one_unchanged(void **state) {
  (void)state;
  for (int w = 0; w < MODES; w++) {
    test_sampled s = test_sampled_make(CUT, every_mode[w], false);
    kith_gid number[NODES], seed[SEEDS];
    int pieces = 0;
    test_sampled_numbers(&s, number);
    kith_lid n = test_sampled_seeds(number, seed);
    test_sampled_outcome *first = test_sampled_plan(&s, n, seed, 0),
                         *second = test_sampled_plan(&s, n, seed, 1), *now = NULL;
    assert_memory_not_equal(first, second, sizeof *first);
    free(test_sampled_plan(&s, n, seed, 0));
    kith_sampler_begin(s.s, n, seed, 1, 0, NULL);
    for (bool made = false; !made; pieces++) {
      now = test_sampled_current(&s);
      assert_memory_equal(now, first, sizeof *now);
      free(now);
      made = kith_sampler_advance(s.s);
    }
    assert_true(pieces >= min_stages(&every_mode[w]));
    kith_sampler_swap(s.s);
    now = test_sampled_current(&s);
    assert_memory_equal(now, second, sizeof *now);
    free(now);
    free(first);
    free(second);
    test_sampled_free(&s);
  }
}

/* A sampler may go while its messages travel. */
static void a_plan_under_way_can_be_destroyed(void **state) {
  (void)state;
  for (int w = 0; w < MODES; w++)
    for (int pieces = 0; pieces < 12; pieces++) {
      test_sampled s = test_sampled_make(CUT, every_mode[w], false);
      kith_gid number[NODES], seed[SEEDS];
      test_sampled_numbers(&s, number);
      kith_sampler_begin(s.s, test_sampled_seeds(number, seed), seed, 1, 0, NULL);
      for (int i = 0; i < pieces; i++) (void)kith_sampler_advance(s.s);
      test_sampled_free(&s);
    }
}

/* Of every row: no target is drawn, all other edges are, since all neighbors are asked for. */
static void check_excluded(const test_sampled *s, const kith_block *h, int64_t which, int64_t n_excluded,
                           const kith_pair *excluded) {
  for (kith_lid p = 0; p < h->csr->n_row; p++) {
    int a = test_sampled_node(h->dst, h->csr->perm[p]), left = 0;
    for (int64_t e = 0; e < s->t.n_edge; e++)
      left += e % 3 != which && (s->t.user[e] == a || USERS + s->t.item[e] == a);
    assert_int_equal(h->csr->start[p + 1] - h->csr->start[p], left);
    for (kith_eid e = h->csr->start[p]; e < h->csr->start[p + 1]; e++) {
      int b = test_sampled_node(h->src, h->csr->col[e]), user = a < b ? a : b, item = a < b ? b : a;
      for (int64_t i = 0; i < n_excluded; i++)
        assert_false(excluded[i].user == user && USERS + excluded[i].item == item);
    }
  }
}

/* Every third edge is a target, others in every step: those of the step before are drawn again.  In the
 * second step every target is named twice, as by a batch that has a pair twice. */
static void excluded_edges_are_not_sampled(void **state) {
  (void)state;
  test_sampled s = test_sampled_make(7, neighbor(1, 0, 0), false);
  kith_gid number[NODES], seed[SEEDS];
  kith_pair excluded[EDGES];
  test_sampled_numbers(&s, number);
  for (int64_t which = 0; which < 3; which++) {
    int64_t n_excluded = 0;
    for (int64_t e = which; e < s.t.n_edge; e += 3)
      excluded[n_excluded++] =
          (kith_pair){.user_gid = number[s.t.user[e]], .user = s.t.user[e], .item = s.t.item[e]};
    for (int64_t e = 0, n = n_excluded; which == 1 && e < n; e++) excluded[n_excluded++] = excluded[e];
    kith_sampler_plan(s.s, test_sampled_seeds(number, seed), seed, (uint64_t)which, n_excluded, excluded);
    for (int l = 0; l < HOPS; l++)
      check_excluded(&s, kith_sampler_block(s.s, l), which, n_excluded, excluded);
  }
  test_sampled_free(&s);
}

/* Seeds have rows in every hop: a neighbor that is in one layer's set and not in the other's is there with
 * `layerwise` only. */
static void layerwise_has_a_set_a_layer_and_saint_one(void **state) {
  (void)state;
  for (int once = 0; once < 2; once++) {
    test_sampled s = test_sampled_make(
        5, (kith_sampler_options){.mode = once ? KITH_SAINT_NODE : KITH_LAYERWISE, .budget = 25}, false);
    kith_gid number[NODES], seed[SEEDS];
    int64_t differ = 0;
    test_sampled_numbers(&s, number);
    kith_lid n = test_sampled_seeds(number, seed);
    for (uint64_t step = 0; step < 20; step++) {
      test_sampled_outcome *out = test_sampled_plan(&s, n, seed, step);
      for (int a = 0; a < NODES; a++)
        for (int b = 0; b < NODES && out->weight[0][a][0] >= 0 && out->weight[HOPS - 1][a][0] >= 0; b++)
          differ += (out->weight[0][a][b] > 0) != (out->weight[HOPS - 1][a][b] > 0);
      free(out);
    }
    assert_true(once ? differ == 0 : differ > 0);
    test_sampled_free(&s);
  }
}

/* With one draw of each node a neighbor's factor is one over its chance, which `sampler.weighting` says. */
static void check_weighting(kith_neighbor_weighting draw) {
  test_sampled s =
      test_sampled_make(5,
                        (kith_sampler_options){.mode = KITH_NEIGHBOR, .fanouts = {1, {1}}, .weighting = draw},
                        false);
  kith_gid number[NODES], seed[SEEDS];
  test_sampled_numbers(&s, number);
  for (uint64_t step = 0; step < 30; step++) {
    kith_sampler_plan(s.s, test_sampled_seeds(number, seed), seed, step, 0, NULL);
    const kith_block *h = kith_sampler_block(s.s, HOPS - 1);
    for (kith_lid p = 0; p < h->csr->n_row; p++) {
      int a = test_sampled_node(h->dst, h->csr->perm[p]);
      double all = 0, of[NODES] = {0};
      for (int64_t e = 0; e < s.t.n_edge; e++) {
        int u = s.t.user[e], i = USERS + s.t.item[e];
        if (u != a && i != a) continue;
        int b = u == a ? i : u;
        of[b] = draw == KITH_UNIFORM      ? 1
                : draw == KITH_IMPORTANCE ? 1.0 / test_sampled_degree(&s.t, b)
                                          : 0.5 + (u * 7 + (i - USERS) * 3) % 5;
        all += of[b];
      }
      for (kith_eid e = h->csr->start[p]; e < h->csr->start[p + 1]; e++)
        assert_true(fabs((double)h->scale[e] * of[test_sampled_node(h->src, h->csr->col[e])] / all - 1) <
                    1e-5);
    }
  }
  test_sampled_free(&s);
}

static void neighbors_are_sampled_by_their_weighting(void **state) {
  (void)state;
  check_weighting(KITH_UNIFORM);
  check_weighting(KITH_IMPORTANCE);
  check_weighting(KITH_EDGE_WEIGHT);
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(each_row_has_as_many_neighbors_as_its_fanout),
      cmocka_unit_test(seed_nodes_are_the_first_rows_of_every_block),
      cmocka_unit_test(blocks_are_those_of_one_rank),
      cmocka_unit_test(a_plan_under_way_leaves_the_current_one_unchanged),
      cmocka_unit_test(a_plan_under_way_can_be_destroyed),
      cmocka_unit_test(excluded_edges_are_not_sampled),
      cmocka_unit_test(layerwise_has_a_set_a_layer_and_saint_one),
      cmocka_unit_test(neighbors_are_sampled_by_their_weighting),
  };
  test_begin(&argc, &argv);
  omp_set_num_threads(2); /* whose chunks have gaps between them */
  return test_end(cmocka_run_group_tests(tests, NULL, NULL));
}
