/* ranks: 1 2 3 4 */
/* Steps of clusters: who reads whom is what a slow count says, and so are the scales. */
#include <omp.h>

#include "support/mpi_main.h"
#include "support/sampled.h"

/* Which parts are in a step is asked of the one function that says so; who reads whom is counted here. */
static void check_clusters(kith_cluster_edges cut) {
  kith_sampler_options o = {.mode = KITH_CLUSTER, .clusters = CLUSTERS, .cluster_edges = cut};
  test_sampled s = test_sampled_make(CUT, o, false);
  kith_gid number[NODES], seed[SEEDS];
  test_sampled_numbers(&s, number);
  kith_lid n = test_sampled_seeds(number, seed);
  for (uint64_t step = 0; step < 2 * STEPS_OF_ROUND; step++) {
    test_sampled_outcome *out = test_sampled_plan(&s, n, seed, step);
    bool here[CUT];
    for (int p = 0; p < CUT; p++)
      here[p] = kith_cluster_step_of_part(5, (int64_t)step / STEPS_OF_ROUND, CUT, CLUSTERS, p) ==
                (int64_t)step % STEPS_OF_ROUND;
    for (int a = 0; a < NODES; a++) {
      int reads = 0;
      if (out->weight[HOPS - 1][a][0] < 0) continue;
      for (int b = 0; b < NODES; b++) {
        bool in =
            here[test_sampled_part(b)] && (cut == KITH_CLUSTER_EDGES_KEEP || !here[test_sampled_part(a)] ||
                                           test_sampled_part(a) == test_sampled_part(b));
        bool expected = in && (a < USERS) != (b < USERS) && test_sampled_linked(&s.t, a, b);
        assert_int_equal(expected, out->weight[HOPS - 1][a][b] > 0);
        reads += expected;
      }
      for (int b = 0; b < NODES; b++)
        if (out->weight[HOPS - 1][a][b] > 0)
          assert_true(
              fabs(out->weight[HOPS - 1][a][b] -
                   sqrt((double)test_sampled_degree(&s.t, a) / test_sampled_degree(&s.t, b)) / reads) < 1e-6);
    }
    free(out);
  }
  test_sampled_free(&s);
}

static void cluster_rows_read_the_neighbors_of_the_definition(void **state) {
  (void)state;
  check_clusters(KITH_CLUSTER_EDGES_KEEP);
  check_clusters(KITH_CLUSTER_EDGES_DROP);
}

/* Clusters that keep the size: what is drawn stands for all neighbors but the targets. */
static void scale_of_kept_clusters_counts_eligible_neighbors(void **state) {
  (void)state;
  for (int cut = 0; cut < 2; cut++) {
    test_sampled s = test_sampled_make(CUT,
                                       (kith_sampler_options){.mode = KITH_CLUSTER,
                                                              .clusters = CLUSTERS,
                                                              .cluster_edges = cut ? KITH_CLUSTER_EDGES_DROP
                                                                                   : KITH_CLUSTER_EDGES_KEEP},
                                       false);
    kith_gid number[NODES], seed[SEEDS];
    kith_pair excluded[EDGES];
    test_sampled_numbers(&s, number);
    int64_t n_excluded = test_sampled_targets(&s, number, excluded);
    kith_sampler_plan(s.s, test_sampled_seeds(number, seed), seed, 1, n_excluded, excluded);
    const kith_block *h = kith_sampler_block(s.s, HOPS - 1);
    for (kith_lid p = 0; p < h->csr->n_row; p++) {
      int a = test_sampled_node(h->dst, h->csr->perm[p]), left = 0;
      double sum = 0;
      for (int64_t e = 0; e < s.t.n_edge; e++)
        left += e % 3 != 0 && (s.t.user[e] == a || USERS + s.t.item[e] == a);
      for (kith_eid e = h->csr->start[p]; e < h->csr->start[p + 1]; e++) sum += (double)h->scale[e];
      assert_true(h->csr->start[p] == h->csr->start[p + 1] || fabs(sum - left) < 1e-4);
    }
    test_sampled_free(&s);
  }
}

/* Of the ways to take `m` of the parts of which one is (inside) or is not part a, the share that has part b
 * too, by writing them all down. */
static double probability_of_part(int m, bool inside) {
  int ways = 0, both = 0;
  for (unsigned set = 0; set < 1u << CUT; set++) {
    if (__builtin_popcount(set) != m || (set & 1) != inside) continue;
    ways++;
    both += (set & 2) != 0;
  }
  return (double)both / ways;
}

static void reweighted_clusters_have_inverse_probabilities(void **state) {
  (void)state;
  test_sampled s = test_sampled_make(CUT,
                                     (kith_sampler_options){.mode = KITH_CLUSTER,
                                                            .clusters = CLUSTERS,
                                                            .cluster_edges = KITH_CLUSTER_EDGES_REWEIGHT},
                                     false);
  kith_gid number[NODES], seed[SEEDS];
  int64_t checked[3] = {0};
  test_sampled_numbers(&s, number);
  for (uint64_t step = 0; step < 3 * STEPS_OF_ROUND; step++) {
    bool here[CUT];
    int m = 0;
    for (int p = 0; p < CUT; p++)
      m += here[p] = kith_cluster_step_of_part(5, (int64_t)step / STEPS_OF_ROUND, CUT, CLUSTERS, p) ==
                     (int64_t)step % STEPS_OF_ROUND;
    kith_sampler_plan(s.s, test_sampled_seeds(number, seed), seed, step, 0, NULL);
    const kith_block *h = kith_sampler_block(s.s, HOPS - 1);
    for (kith_lid p = 0; p < h->csr->n_row && m > 1; p++)
      for (kith_eid e = h->csr->start[p]; e < h->csr->start[p + 1]; e++) {
        int own = test_sampled_part(test_sampled_node(h->dst, h->csr->perm[p])),
            other = test_sampled_part(test_sampled_node(h->src, h->csr->col[e]));
        assert_true(here[other]);
        double chance = own == other ? 1 : probability_of_part(m, here[own]);
        assert_true(fabs((double)h->scale[e] * chance - 1) < 1e-6);
        checked[own == other ? 0 : 1 + here[own]]++;
      }
  }
  kith_comm_sum_int(test_comm, 3, checked);
  assert_true(checked[0] > 0 && checked[1] > 0 && checked[2] > 0);
  test_sampled_free(&s);
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(cluster_rows_read_the_neighbors_of_the_definition),
      cmocka_unit_test(scale_of_kept_clusters_counts_eligible_neighbors),
      cmocka_unit_test(reweighted_clusters_have_inverse_probabilities),
  };
  test_begin(&argc, &argv);
  omp_set_num_threads(2); /* whose chunks have gaps between them */
  return test_end(cmocka_run_group_tests(tests, NULL, NULL));
}
