/* ranks: 1 */
/* Weights make sampled sums unbiased, with and without excluded edges.  Several ranks draw what one does:
 * test_sampler.c. */
#include "support/mpi_main.h"
#include "support/sampled.h"

static kith_sampler_options neighbor(int n, int first, int second) {
  return (kith_sampler_options){.mode = KITH_NEIGHBOR, .fanouts = {n, {first, second}}};
}

/* y = A x, all in double, by brute force. */
static void multiply(const test_graph *t, const double x[NODES], double y[NODES]) {
  for (int a = 0; a < NODES; a++) y[a] = 0;
  for (int64_t e = 0; e < t->n_edge; e++) {
    int a = t->user[e], b = USERS + t->item[e];
    double w = 1 / sqrt((double)test_sampled_degree(t, a) * test_sampled_degree(t, b));
    y[a] += w * x[b];
    y[b] += w * x[a];
  }
}

/* h = the estimate of A x in every row of a hop; rows of the frame that it reads are looked up in x by row.
 */
static void hop_multiply(const kith_block *h, const double *x, double *y) {
  for (kith_lid p = 0; p < h->csr->n_row; p++) {
    double *sum = &y[h->csr->perm[p]];
    *sum = 0;
    for (kith_eid e = h->csr->start[p]; e < h->csr->start[p + 1]; e++)
      *sum += (double)h->csr->weight[e] * x[h->csr->col[e]];
  }
}

/*
 * Mean over many steps of the weighted sum through both hops, against A A x: within 5 standard errors
 * (seeded; a false alarm of one of the dozens of rows has a chance of about 3e-5).  One set for both hops
 * does not bias it: no edge joins a node to itself.
 */
static void check_unbiased(kith_sampler_options o, int64_t n_step) {
  test_sampled s = test_sampled_make(5, o, false);
  kith_gid number[NODES], seed[SEEDS];
  double sum[SEEDS] = {0}, square[SEEDS] = {0}, value[NODES], once[NODES], truth[NODES], leaf[NODES],
         middle[NODES], y[SEEDS];
  for (int i = 0; i < NODES; i++) value[i] = sin(i + 1.0);
  multiply(&s.t, value, once);
  multiply(&s.t, once, truth);
  test_sampled_numbers(&s, number);
  kith_lid n = test_sampled_seeds(number, seed);
  for (int64_t step = 0; step < n_step; step++) {
    kith_sampler_plan(s.s, n, seed, (uint64_t)step, 0, NULL);
    const kith_node_map *leaves = kith_sampler_input_nodes(s.s);
    for (kith_lid i = 0; i < leaves->n; i++) leaf[i] = value[test_sampled_node(leaves, i)];
    hop_multiply(kith_sampler_block(s.s, 0), leaf, middle);
    hop_multiply(kith_sampler_block(s.s, 1), middle, y);
    for (kith_lid p = 0; p < n; p++) {
      sum[p] += y[p];
      square[p] += y[p] * y[p];
    }
  }
  for (kith_lid p = 0; p < n; p++) {
    int a = test_sampled_node(kith_sampler_input_nodes(s.s), p);
    double mean = sum[p] / (double)n_step,
           error = sqrt((square[p] / (double)n_step - mean * mean) / (double)n_step);
    if (!(fabs(mean - truth[a]) <= 5 * error + 1e-6))
      fail_msg("%s: node %d: mean %g, truth %g, standard error %g", kith_sampler_mode_text(o.mode), a, mean,
               truth[a], error);
    assert_true(error > 0 || test_sampled_degree(&s.t, a) == 0); /* it is drawn, not copied */
  }
  test_sampled_free(&s);
}

/* Sums over the steps of the estimates in a hop's rows of the seeds, each of which counts in some of them. */
typedef struct estimates {
  double times[SEEDS], sum[SEEDS], square[SEEDS];
} estimates;

/* Mean of a seed's estimates, and its standard error. */
static double estimate(const estimates *e, kith_lid p, double *error) {
  double mean = e->sum[p] / e->times[p];
  *error = sqrt(fmax(0, e->square[p] / e->times[p] - mean * mean) / e->times[p]);
  return mean;
}

/* Whether an estimate is to be unbiased in a step: of clusters, where a node's own part and another one are
 * in it. */
static bool counts(const kith_sampler_options *o, uint64_t step, int node) {
  if (o->mode != KITH_CLUSTER) return true;
  return kith_cluster_step_of_part(5, (int64_t)step / STEPS_OF_ROUND, CUT, CLUSTERS,
                                   test_sampled_part(node)) == (int64_t)step % STEPS_OF_ROUND &&
         (step + 1) % STEPS_OF_ROUND != 0;
}

/* The estimates of A value in hop l of the seeds, over all steps. */
static estimates estimate_all(test_sampled *s, const kith_sampler_options *o, int l, kith_lid n,
                              const kith_gid *seed, const double *value, int64_t n_step, int64_t n_excluded,
                              const kith_pair *excluded) {
  estimates e = {.times = {0}};
  double leaf[NODES], y[NODES];
  for (int64_t step = 0; step < n_step; step++) {
    kith_sampler_plan(s->s, n, seed, (uint64_t)step, n_excluded, excluded);
    const kith_block *h = kith_sampler_block(s->s, l);
    for (kith_lid i = 0; i < h->src->n; i++) leaf[i] = value[test_sampled_node(h->src, i)];
    hop_multiply(h, leaf, y);
    for (kith_lid p = 0; p < n; p++) {
      if (!counts(o, (uint64_t)step, test_sampled_node(h->src, p))) continue;
      e.times[p]++;
      e.sum[p] += y[p];
      e.square[p] += y[p] * y[p];
    }
  }
  return e;
}

/*
 * The same of one hop, in the seeds' rows of it: through two hops nodes of one set come together more often
 * than chances of single edges tell.  Chances that are counted have errors of their own: a twentieth of the
 * sum is allowed for them.
 */
static void check_unbiased_sum(kith_sampler_options o, int l, int64_t n_step) {
  test_sampled s = test_sampled_make(CUT, o, false);
  kith_gid number[NODES], seed[SEEDS];
  double value[NODES], truth[NODES];
  for (int i = 0; i < NODES; i++) value[i] = 1 + sin(i + 1.0);
  multiply(&s.t, value, truth);
  test_sampled_numbers(&s, number);
  kith_lid n = test_sampled_seeds(number, seed);
  estimates e = estimate_all(&s, &o, l, n, seed, value, n_step, 0, NULL);
  for (kith_lid p = 0; p < n; p++) {
    int a = test_sampled_node(kith_sampler_input_nodes(s.s), p);
    double error, mean = estimate(&e, p, &error);
    if (!(fabs(mean - truth[a]) <= 5 * error + truth[a] / 20))
      fail_msg("%s, hop %d: node %d: mean %g, truth %g, standard error %g", kith_sampler_mode_text(o.mode), l,
               a, mean, truth[a], error);
  }
  test_sampled_free(&s);
}

static void multiply_without_excluded(const test_graph *t, const double x[NODES], double y[NODES]) {
  for (int a = 0; a < NODES; a++) y[a] = 0;
  for (int64_t e = 0; e < t->n_edge; e++) {
    int a = t->user[e], b = USERS + t->item[e];
    double w = 1 / sqrt((double)test_sampled_degree(t, a) * test_sampled_degree(t, b));
    if (e % 3 == 0) continue;
    y[a] += w * x[b];
    y[b] += w * x[a];
  }
}

/*
 * The estimate is of the neighbors that are left: within 5 standard errors of the seeds' rows, whose hop is
 * the last one. `slack`: what the errors of counted chances may add, as a share.
 */
static void check_unbiased_without_excluded(kith_sampler_options o, int64_t n_step, double slack) {
  test_sampled s = test_sampled_make(CUT, o, false);
  kith_gid number[NODES], seed[SEEDS];
  kith_pair excluded[EDGES];
  double value[NODES], truth[NODES], far = 0;
  for (int i = 0; i < NODES; i++) value[i] = 1 + sin(i + 1.0);
  multiply_without_excluded(&s.t, value, truth);
  test_sampled_numbers(&s, number);
  kith_lid n = test_sampled_seeds(number, seed);
  int64_t n_excluded = test_sampled_targets(&s, number, excluded);
  estimates e = estimate_all(&s, &o, HOPS - 1, n, seed, value, n_step, n_excluded, excluded);
  for (kith_lid p = 0; p < n; p++) {
    int a = test_sampled_node(kith_sampler_input_nodes(s.s), p);
    double error, mean = estimate(&e, p, &error);
    if (!(fabs(mean - truth[a]) <= 5 * error + slack * truth[a] + 1e-6))
      fail_msg("%s without targets: node %d: mean %g, truth %g, standard error %g",
               kith_sampler_mode_text(o.mode), a, mean, truth[a], error);
    far += truth[a] > 0 ? 5 * error / truth[a] / n : 0;
  }
  assert_true(far < 0.3); /* a third of the edges is left out: as if they were not, the means would be half as
                             large again */
  test_sampled_free(&s);
}

static void weighted_sums_are_unbiased(void **state) {
  (void)state;
  check_unbiased(neighbor(1, 2, 0), 800);
  check_unbiased(
      (kith_sampler_options){.mode = KITH_NEIGHBOR, .fanouts = {1, {3}}, .weighting = KITH_IMPORTANCE}, 800);
  check_unbiased(
      (kith_sampler_options){.mode = KITH_NEIGHBOR, .fanouts = {1, {3}}, .weighting = KITH_EDGE_WEIGHT}, 800);
  check_unbiased((kith_sampler_options){.mode = KITH_LAYERWISE, .budget = 20}, 2000);
  check_unbiased((kith_sampler_options){.mode = KITH_SAINT_NODE, .budget = 20}, 2000);
  for (int l = 0; l < HOPS; l++) { /* a seed's rows of farther hops are in the set or not */
    check_unbiased_sum((kith_sampler_options){.mode = KITH_LAYERWISE, .budget = 20}, l, 2000);
    check_unbiased_sum((kith_sampler_options){.mode = KITH_SAINT_NODE, .budget = 20}, l, 2000);
    check_unbiased_sum((kith_sampler_options){.mode = KITH_SAINT_EDGE, .budget = 10, .coverage = 400}, l,
                       4000);
    check_unbiased_sum(
        (kith_sampler_options){.mode = KITH_SAINT_WALK, .budget = 6, .walk_length = 2, .coverage = 400}, l,
        4000);
  }
  check_unbiased_sum((kith_sampler_options){.mode = KITH_CLUSTER,
                                            .clusters = CLUSTERS,
                                            .cluster_edges = KITH_CLUSTER_EDGES_REWEIGHT},
                     HOPS - 1, 2000);
}

static void sums_without_excluded_edges_are_unbiased(void **state) {
  (void)state;
  check_unbiased_without_excluded(neighbor(1, 2, 0), 2000, 0);
  check_unbiased_without_excluded((kith_sampler_options){.mode = KITH_NEIGHBOR,
                                                         .fanouts = {1, {3}},
                                                         .weighting = KITH_IMPORTANCE},
                                  2000, 0);
  check_unbiased_without_excluded((kith_sampler_options){.mode = KITH_NEIGHBOR,
                                                         .fanouts = {1, {3}},
                                                         .weighting = KITH_EDGE_WEIGHT},
                                  2000, 0);
  check_unbiased_without_excluded((kith_sampler_options){.mode = KITH_LAYERWISE, .budget = 20}, 4000, 0);
  check_unbiased_without_excluded((kith_sampler_options){.mode = KITH_SAINT_NODE, .budget = 20}, 4000, 0);
  check_unbiased_without_excluded(
      (kith_sampler_options){.mode = KITH_SAINT_EDGE, .budget = 10, .coverage = 400}, 4000, 0.05);
  check_unbiased_without_excluded(
      (kith_sampler_options){.mode = KITH_SAINT_WALK, .budget = 6, .walk_length = 2, .coverage = 400}, 4000,
      0.05);
  check_unbiased_without_excluded((kith_sampler_options){.mode = KITH_CLUSTER,
                                                         .clusters = CLUSTERS,
                                                         .cluster_edges = KITH_CLUSTER_EDGES_REWEIGHT},
                                  8000, 0);
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(weighted_sums_are_unbiased),
      cmocka_unit_test(sums_without_excluded_edges_are_unbiased),
  };
  test_begin(&argc, &argv);
  return test_end(cmocka_run_group_tests(tests, NULL, NULL));
}
